"""`assay play`, scripted through standard input."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Run = Callable[..., Result]
Shell = Callable[..., subprocess.CompletedProcess[str]]

DOOR = '<tool_call>{{"name": "open_door", "arguments": {{"door": "{door}"}}}}</tool_call>\n'


def door_of(run: Run, tasks: str) -> str:
    facts = json.loads(run("info", "mine/door-v0", "--import", tasks, "--seed", "3", "--json").stdout)
    return str(facts["prompt"][-1]["content"].split()[-1].rstrip("."))


def play(run: Run, tasks: str, *args: str, stdin: str) -> Result:
    return run("play", "mine/door-v0", "--import", tasks, "--seed", "3", "--split", "all", *args, stdin=stdin)


def test_a_person_calls_a_tool_and_gets_the_verdict(run: Run, tasks: str) -> None:
    result = play(run, tasks, stdin=DOOR.format(door=door_of(run, tasks)) + "Done.\n")
    assert result.exit_code == 0
    for part in ("[user] Open door", "[tool] open_door(door): Open a door.", "[tool] open\n", "CORRECT (1)"):
        assert part in result.stdout


def test_a_wrong_answer_is_a_verdict_and_no_error(run: Run, tasks: str) -> None:
    result = play(run, tasks, stdin="I would rather not.\n")
    assert (result.exit_code, "INCORRECT (0)" in result.stdout) == (0, True)


def test_hints_are_the_oracles_turns_one_after_another(run: Run, tasks: str) -> None:
    door = door_of(run, tasks)
    result = play(run, tasks, stdin=f":hint\n:hint\n{DOOR.format(door=door)}:hint\nDone.\n")
    hints = [part.strip() for part in result.stdout.split("hint: ")[2:]]
    assert hints[0] == hints[1][: len(hints[0])]
    assert f'"door": "{door}"' in hints[0]
    assert hints[2].startswith("Done.")


def test_a_hint_after_turns_without_one_is_for_the_present_turn(run: Run, tasks: str) -> None:
    result = play(run, tasks, stdin=DOOR.format(door=door_of(run, tasks)) + ":hint\n:quit\n")
    assert "hint: Done." in result.stdout


def test_a_task_without_an_oracle_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dark_tasks.py").write_text(
        "import assaygym as ag\n"
        "@ag.task('dark/a-v0', verifier=lambda r, g: r == g['x'])\n"
        "def a(rng):\n    return f'Guess {rng.random()}', {'x': 'y'}\n"
    )
    result = run("play", "dark_tasks.py:dark/a-v0", stdin=":hint\ny\n")
    assert "has no oracle" in result.stdout
    assert "CORRECT (1)" in result.stdout


def test_quitting_and_the_end_of_input_leave_without_a_verdict(run: Run, tasks: str) -> None:
    for script in (":quit\n", ""):
        result = play(run, tasks, stdin=script)
        assert result.exit_code == 0
        assert "left before the end: no verdict" in result.stdout


def test_a_line_that_ends_in_a_backslash_goes_on(run: Run, tasks: str) -> None:
    result = play(run, tasks, "--json", stdin="first\\\nsecond\n")
    assert json.loads(result.stdout)["transcript"][-1]["content"] == "first\nsecond"


def test_json_is_alone_on_standard_output_and_the_game_on_standard_error(run: Run, tasks: str) -> None:
    result = play(run, tasks, "--json", stdin=DOOR.format(door="nowhere") + "Done.\n")
    record = json.loads(result.stdout)
    assert record["score"]["verdict"] == "incorrect"
    assert (record["turns"], record["seed"]) == (2, 3)
    assert "[user] Open door" in result.stderr


def test_a_tool_that_raises_ends_without_a_verdict_and_exit_code_1(run: Run, tasks: str) -> None:
    result = play(run, tasks, stdin=DOOR.format(door="Z0"))
    assert result.exit_code == 1
    assert "INVALID (nan): mine/door-v0 failed: RuntimeError: the hinge broke" in result.stdout


def test_it_works_as_a_process_with_a_pipe(shell: Shell) -> None:
    done = shell("play", "assay/Reverse-v0", "--seed", "1", stdin=":hint\nwrong\n")
    assert done.returncode == 0
    assert "hint: \\boxed{" in done.stdout
    assert "INCORRECT (0)" in done.stdout
