"""`assay score`: verdicts anew on what was recorded."""

import json
from pathlib import Path
from typing import Any

import pytest

MODULE = '''
import assaygym as ag

@ag.task("scored/shout-v0", verifier=lambda response, gold: {rule})
def shout(rng):
    """Shout."""
    return f"Shout ab, {{rng.random()}} times", "AB"
'''


@pytest.fixture
def scored(shell: Any, tmp_path: Path) -> Any:
    """A run whose verifier was changed since: `scored("--write")`, in a process of its own."""
    task = tmp_path / "shouting.py"
    task.write_text(MODULE.format(rule="response == gold"))
    options = ("--policy", "constant:ab", "-n", "3", "--split", "all", "--out", "run")
    made = shell("eval", "scored/shout-v0", "--import", str(task), *options)
    assert made.returncode == 0, made.stderr
    task.write_text(MODULE.format(rule="response.upper() == gold"))
    return lambda *options: shell("score", "run", "--import", str(task), *options)


def test_a_changed_verifier_flips_verdicts_and_is_exit_code_1(scored: Any, tmp_path: Path) -> None:
    before = (tmp_path / "run/episodes.jsonl").read_bytes()
    result = scored("--write")
    assert (result.returncode, result.stderr) == (
        1,
        "new scores: run/rescored-1.json; the old ones stay as they are\n",
    )
    for part in (
        "before: 0.0 %",
        "after:  100.0 %",
        "3 episodes: 0 judged alike, 3 otherwise",
        "3 incorrect -> correct",
    ):
        assert part in result.stdout
    assert (tmp_path / "run/episodes.jsonl").read_bytes() == before
    assert len((tmp_path / "run/rescored-1.jsonl").read_bytes().splitlines()) == 3


def test_an_unchanged_verifier_is_exit_code_0_and_writes_nothing_unasked(run: Any, tmp_path: Path) -> None:
    run("eval", "assay/Reverse-v0", "--policy", "null", "-n", "3", "--out", "run")
    files = set((tmp_path / "run").iterdir())
    result = run("score", "run")
    assert (result.exit_code, "3 judged alike, 0 otherwise" in result.stdout) == (0, True)
    assert set((tmp_path / "run").iterdir()) == files


def test_json_names_each_flip(run: Any, tmp_path: Path) -> None:
    run("eval", "assay/Reverse-v0", "--policy", "oracle", "-n", "2", "--out", "run")
    path = tmp_path / "run/episodes.jsonl"
    rows = [{**json.loads(line), "outcome": "incorrect", "value": 0.0} for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run("score", "run", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["kinds"], found["written"]) == (1, {"incorrect -> correct": 2}, None)
    assert sorted(flip["task"] for flip in found["flips"]) == [0, 1]
    assert found["flips"][0]["after"]["value"] == 1.0
    assert "and 1 more" in run("score", "run", "--show", "1").stdout


def test_progress_is_on_standard_error(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.cli.score.EVERY", 0.0)
    run("eval", "assay/Reverse-v0", "--policy", "null", "-n", "2", "--out", "run")
    assert run("score", "run").stderr == "2/2 episodes judged\n"


def test_a_folder_without_a_run_is_told(run: Any) -> None:
    result = run("score", "nowhere")
    assert (result.exit_code, "holds no run" in result.stderr) == (2, True)
