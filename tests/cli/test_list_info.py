"""`assay list` and `assay info`."""

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from assaygym.envs.catalogue import BUILT_IN

Run = Callable[..., Result]


def test_the_list_has_every_built_in_environment(run: Run) -> None:
    result = run("list")
    assert all(spec.id in result.stdout for spec in BUILT_IN)


def test_a_kind_narrows_the_list(run: Run) -> None:
    rows = json.loads(run("list", "--kind", "tool", "--json").stdout)
    assert {row["kind"] for row in rows} == {"tool"}


def test_the_list_as_json_tells_what_each_needs(run: Run) -> None:
    rows = {row["id"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows["assay/PythonCalc-v0"]["needs"] == ["sandbox"]
    assert rows["assay/Reverse-v0"]["needs"] == []


def test_info_shows_prompt_knobs_verifier_and_oracle(run: Run) -> None:
    text = run("info", "assay/Reverse-v0").stdout
    for part in ("[user] ", "knob length", "verifier", "oracle", "yes"):
        assert part in text


def test_info_shows_the_prompt_of_a_seed_and_level(run: Run) -> None:
    one, other = (json.loads(run("info", "assay/Reverse-v0", "--json", "--level", level).stdout) for level in "02")
    assert one["values"]["length"] < other["values"]["length"]
    assert one["prompt"] != other["prompt"]


def test_info_shows_tools_with_their_schemas(run: Run, tasks: str) -> None:
    facts = json.loads(run("info", "mine/door-v0", "--import", tasks, "--json").stdout)
    (tool,) = facts["tools"]
    assert tool["parameters"]["required"] == ["door"]
    assert facts["verifier"] == "the final state of the episode"
    assert "tool open_door: Open a door." in run("info", "mine/door-v0", "--import", tasks).stdout


def test_text_that_looks_like_markup_is_shown_as_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "marked_tasks.py").write_text(
        "import assaygym as ag\n"
        "@ag.task('marked/a-v0', summary='[bold]not bold[/bold]')\n"
        "def a(rng):\n    return '[red]What[/red] [/] is [link=x]?', 1\n"
    )
    result = run("info", "marked/a-v0", "--import", "marked_tasks.py")
    assert "[red]What[/red] [/] is [link=x]?" in result.stdout
    assert "[bold]not bold[/bold]" in run("list").stdout


def test_a_task_that_cannot_be_posed_is_told(run: Run, tasks: str) -> None:
    result = run("info", "mine/cannot-pose-v0", "--import", tasks)
    assert result.exit_code == 2
    assert "posing a task of mine/cannot-pose-v0 raised ZeroDivisionError" in result.stderr
