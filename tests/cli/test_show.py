"""`assay show`: the episodes of a run as a table, and one of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.record import trajectory_to_dict
from assaygym.benchmarks.folder import Plan, open_run
from assaygym.benchmarks.records import EpisodeLog, EpisodeRecord, Outcome, judgement
from assaygym.types import Completion, Message, Score, StopReason, ToolCall, Trajectory, Turn, Verdict

EVIL = "fine\x1b[2J\x1b]0;owned\x07\x9b31m\r\u202edone\ud800"


def turn(said: str, asked: str, reward: float = 0.0, *calls: ToolCall, role: Any = "user") -> Turn:
    message = Message(role="assistant", content=said, tool_calls=calls)
    completion = Completion(message=message, prompt_ids=(1, 2), token_ids=(7, 8), logprobs=(-0.5, -1.25))
    observation = (Message(role=role, content=asked),)
    info = {"tool_calls": len(calls)}
    return Turn(
        observation=observation, completion=completion, reward=reward, info=info, sampling_seconds=1.5, step_seconds=0.5
    )


def episode(task: int, sample: int, score: Score | None, *turns: Turn, **fields: Any) -> EpisodeRecord:
    trajectory = Trajectory(
        env_id="e", task_id=f"shop/{task}", seed=task, split="all", turns=turns, score=score,
        stop_reason=StopReason.COMPLETED,
    )  # fmt: skip
    outcome = Outcome.UNFINISHED if score is None else Outcome(score.verdict.value)
    row = trajectory_to_dict(trajectory)
    known = {**judgement(score, outcome), "task_id": f"shop/{task}", **fields}
    return EpisodeRecord(task=task, sample=sample, config="", trajectory=row, **known)


RIGHT = Score(
    value=1.0,
    verdict=Verdict.CORRECT,
    extracted="W7",
    explanation="as expected",
    metrics={"missing": 0.0},
    seconds=0.25,
)
WRONG = Score(value=0.0, verdict=Verdict.INCORRECT, extracted=EVIL, explanation=f"is not W7: {EVIL}", flags=("exit",))
CALL = ToolCall(id="c", name="find", arguments='{"name": "Ünal"}')
EPISODES = (
    episode(0, 0, RIGHT, turn("", "Where is it?", 0.25, CALL), turn("W7", "found W7", 0.75, role="tool"), category="a"),
    episode(0, 1, WRONG, turn(EVIL, "Where is it?")),
    episode(1, 0, None, turn("thinking", "And this?"), turn("...", "Go on."), turn("...", "Go on.")),
    episode(12, 0, RIGHT, category="b"),
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A run of four episodes in `run`."""
    config = {"target": {"id": "shop", "kind": "environment"}, "policy": {"name": "somebody"}}
    folder = tmp_path / "run"
    with open_run(folder, config, Plan(tasks=(0, 1, 12), samples=2)) as run, EpisodeLog(run.episodes) as log:
        for each in EPISODES:
            log.append(replace(each, config=run.config_hash))
    return folder


@pytest.fixture
def listed(run: Any, made: Path) -> Any:
    """`listed("--failed")`: the episodes in the table, in its order."""

    def names(*options: str) -> list[str]:
        result = run("show", "run", *options, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        return [f"{row['task']}/{row['sample']}" for row in json.loads(result.stdout)["shown"]]

    return names


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ["0/0", "0/1", "1/0", "12/0"]),
        (("--failed",), ["0/1", "1/0"]),
        (("--outcome", "correct", "--outcome", "unfinished"), ["0/0", "1/0", "12/0"]),
        (("--category", "b"), ["12/0"]),
        (("--flag", "exit"), ["0/1"]),
        (("--flag", "other"), []),
        (("--grep", "WHERE IS"), ["0/0", "0/1"]),
        (("--grep", "ünal"), ["0/0"]),
        (("--grep", "where is", "--failed"), ["0/1"]),
        (("--grep", "as expected"), []),
        (("--sort", "-turns"), ["1/0", "0/0", "0/1", "12/0"]),
        (("--sort", "turns"), ["12/0", "0/1", "0/0", "1/0"]),
        (("--sort", "value"), ["0/1", "0/0", "12/0", "1/0"]),
        (("--sort", "-value"), ["0/0", "12/0", "0/1", "1/0"]),
        (("--limit", "1"), ["0/0"]),
        (("--failed", "--limit", "1"), ["0/1"]),
        (("--limit", "0"), ["0/0", "0/1", "1/0", "12/0"]),
    ],
)
def test_the_table_holds_what_is_asked_for_in_the_order_asked_for(
    listed: Any, options: tuple[str, ...], expected: list[str]
) -> None:
    assert listed(*options) == expected


def test_the_table_says_how_many_it_leaves_out(run: Any, made: Path) -> None:
    result = run("show", "run", "--limit", "2")
    assert [line.split()[:4] for line in result.stdout.splitlines()] == [
        ["episode", "task", "outcome", "value"],
        ["0/0", "shop/0", "correct", "1"],
        ["0/1", "shop/0", "incorrect", "0"],
    ]
    assert result.stderr == "2 of 4 episodes; --limit 0 lists all\n"
    assert run("show", "run", "--failed", "--category", "a").stderr == "run holds no such episode\n"


def test_an_episode_is_shown_whole_with_its_reward_where_it_was_earned(run: Any, made: Path) -> None:
    assert run("show", "run", "0/0").stdout.splitlines() == [
        "episode 0/0  shop/0",
        "shop by somebody; 2 turns, 1 call, 4 tokens, 4 s",
        "",
        "user",
        "Where is it?",
        "",
        "assistant, turn 1",
        '-> find {"name": "Ünal"}',
        "[reward 0.25, 2 s]",
        "",
        "tool",
        "found W7",
        "",
        "assistant, turn 2",
        "W7",
        "[reward 0.75, 2 s]",
        "",
        "verdict: correct 1",
        "why        as expected",
        "extracted  W7",
        "metrics    missing 0.0",
        "seconds    0.25 for the verdict",
        "stopped    completed",
    ]


def test_why_is_the_verdict_alone(run: Any, made: Path) -> None:
    text = run("show", "run", "0/0", "--why").stdout
    assert text.startswith("verdict: correct 1\nwhy ")
    assert "Where is it?" not in text


def test_tokens_are_the_sampled_ids_with_their_log_probabilities(run: Any, made: Path) -> None:
    text = run("show", "run", "0/0", "--tokens").stdout
    assert text.count("2 tokens in, 2 tokens out, as id:log-probability\n  7:-0.500 8:-1.250\n") == 2


def test_raw_is_the_line_of_the_log(run: Any, made: Path) -> None:
    line = (made / "episodes.jsonl").read_bytes().splitlines()[1]
    assert run("show", "run", "0/1", "--raw").stdout_bytes == line + b"\n"


def test_json_is_the_record_with_what_it_took(run: Any, made: Path) -> None:
    found = json.loads(run("show", "run", "0/0", "--json").stdout)
    assert (found["outcome"], len(found["trajectory"]["turns"]), found["measures"]["turns"]) == ("correct", 2, 2)


@pytest.mark.parametrize("options", [("0/1",), ("0/1", "--why"), ("0/1", "--tokens"), ("0/1", "--json"), ()])
def test_nothing_that_a_model_wrote_is_obeyed_by_the_terminal(run: Any, made: Path, options: tuple[str, ...]) -> None:
    shown = run("show", "run", *options).stdout_bytes.decode()
    assert "done" in shown
    assert not set(EVIL) & {letter for letter in shown if not letter.isprintable() and letter != "\n"}
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in shown.replace("\n", ""))


@pytest.mark.parametrize(("given", "key"), [("0/0", [0, 0]), ("12", [12, 0]), ("shop/12", [12, 0]), ("shop/1", [1, 0])])
def test_an_episode_is_found_by_its_numbers_or_its_task(run: Any, made: Path, given: str, key: list[int]) -> None:
    found = json.loads(run("show", "run", given, "--json").stdout)
    assert [found["task"], found["sample"]] == key


def test_of_a_task_with_several_samples_the_first_is_shown_and_the_others_are_named(run: Any, made: Path) -> None:
    result = run("show", "run", "shop/0")
    assert result.stdout.startswith("episode 0/0")
    assert result.stderr == "this is 0/0; the task has 1 more: 0/1\n"


def test_later_scores_are_shown_in_place_of_the_recorded_ones(run: Any, made: Path) -> None:
    config = json.loads((made / "run.json").read_text())["config_hash"]
    later = replace(EPISODES[1], config=config, outcome=Outcome.CORRECT, value=1.0, explanation="now", trajectory={})
    (made / "rescored-1.json").write_text("{}")
    assert "has no rescored-1.jsonl beside it" in run("show", "run/rescored-1.json").stderr
    (made / "rescored-1.jsonl").write_bytes(later.line())
    (row,) = json.loads(run("show", "run/rescored-1.json", "--json").stdout)["shown"]
    assert (row["sample"], row["outcome"], row["measures"]["turns"]) == (1, "correct", 1)
    text = run("show", "run/rescored-1.json", "0/1").stdout
    assert "Where is it?" in text
    assert "verdict: correct 1\nwhy        now\n" in text
    assert "before: incorrect: is not W7" in text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("run", "7/7"), "run holds no episode '7/7'; assay show run lists what it holds"),
        (("run", "shop"), "holds no episode 'shop'"),
        (("run", "--outcome", "corect"), "--outcome 'corect' is no outcome; did you mean 'correct'?"),
        (("run", "--sort", "second"), "--sort 'second' is no column; did you mean 'seconds'?"),
        (("run", "--why"), "give its TASK/SAMPLE"),
        (("nowhere",), "nowhere holds no run"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_sentence(run: Any, made: Path, options: tuple[str, ...], told: str) -> None:
    result = run("show", *options)
    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr


def test_a_run_without_an_episode_yet_is_no_error(run: Any, made: Path) -> None:
    (made / "episodes.jsonl").unlink()
    result = run("show", "run")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "run holds no episode yet\n")


def test_showing_an_episode_loads_no_verifier(made: Path) -> None:
    program = (
        "import sys; from assaygym.cli import main\ntry: main()\nfinally: print('assaygym.verifiers' in sys.modules)"
    )
    command = [sys.executable, "-c", program, "show", str(made), "0/0"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.endswith("False\n")
