from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.agents.scripted import OraclePolicy
from assaygym.benchmarks.compare import compare
from assaygym.benchmarks.recorded import load_run, run_pair
from assaygym.benchmarks.records import Outcome
from assaygym.benchmarks.rescore import rescore, write_rescoring
from assaygym.benchmarks.runner import evaluate
from assaygym.envs.definition import TaskDefinition
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import call, tool
from assaygym.errors import ConfigError, PolicyError, RunError
from assaygym.types import Completion, Score


def pose(rng: random.Random, *, size: int = 1000) -> tuple[str, str]:
    return f"What is twice {(number := rng.randrange(size))}?", str(2 * number)


def exactly(response: str, gold: str) -> bool:
    return response == gold


def within(response: str, gold: str) -> Score:
    return Score.of(gold in response, explanation=f"{gold} in {response}")


def out(response: str, gold: str) -> Score:
    raise RuntimeError("the judge is out")


def twice(verifier: Any = exactly, pose: Any = pose) -> TaskDefinition:
    return TaskDefinition("test/rescored-v0", pose, verifier=verifier)


class Boxed:
    """Right, but in a box, every other time bare; the third time the server is down."""

    name = "boxed"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        env = prompts[0].env
        assert env is not None
        seed = env._episode.seed  # type: ignore[union-attr]
        if seed % 5 == 4:
            raise PolicyError("the server is down")
        text = env.oracle_action()
        return [said(text if seed % 2 else text.strip("\\boxed{}"))]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Ten tasks: even seeds right, odd ones boxed (wrong to `exactly`), 4 and 9 without an answer."""
    evaluate(twice(), Boxed(), out=tmp_path, n=10, split="all", concurrency=1)
    return tmp_path


def log(folder: Path) -> bytes:
    return (folder / "episodes.jsonl").read_bytes()


def test_the_same_verifier_gives_the_same_verdicts(run: Path) -> None:
    found = rescore(run, target=twice())
    assert (found.flips, found.lost, found.kinds) == ((), (), {})
    assert found.before == found.after
    assert found.verifier == found.run.target["verifier"]


def test_progress_is_told_to_the_end(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr("assaygym.benchmarks.rescore.CHUNK", 2)
    rescore(run, target=twice(), concurrency=2, progress=lambda *counts: told.append(counts))
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_another_verifier_flips_what_it_judges_otherwise(run: Path) -> None:
    found = rescore(run, target=twice(within))
    assert [each.before.task for each in found.flips] == [1, 3, 5, 7]
    assert found.kinds == {"incorrect -> correct": 4}
    assert (found.before.score.mean, found.after.score.mean) == (0.5, 1.0)
    assert found.flips[0].after.explanation.endswith("}")
    assert found.verifier != found.run.target["verifier"]


def test_what_had_no_answer_stays_as_it_was(run: Path) -> None:
    found = rescore(run, target=twice(within))
    idle = [each for each in found.episodes if each.reason]
    assert [(each.before.task, each.after) for each in idle] == [(each.before.task, each.before) for each in idle]
    assert [each.before.task for each in idle] == [4, 9]
    assert found.lost == ()


def test_a_verifier_that_fails_gives_no_zeros(run: Path) -> None:
    found = rescore(run, target=twice(out))
    assert {each.after.outcome for each in found.flips} == {Outcome.INVALID}
    assert (found.after.scored, len(found.flips)) == (0, 8)


def test_a_task_that_is_posed_otherwise_has_no_verdict_and_is_not_wrong(run: Path) -> None:
    def reworded(rng: random.Random, *, size: int = 1000) -> tuple[str, str]:
        prompt, gold = pose(rng, size=size)
        return prompt.replace("twice", "two times"), gold

    found = rescore(run, target=twice(pose=reworded))
    assert {each.reason for each in found.lost} == {"the prompt is another one now"}
    assert (len(found.lost), found.after.scored, found.after.counts["error"]) == (8, 0, 10)


def test_a_run_with_knobs_of_its_own_is_posed_with_them(tmp_path: Path) -> None:
    evaluate(twice(), OraclePolicy(), out=tmp_path, n=3, split="all", size=7)
    assert rescore(tmp_path, target=twice()).lost == ()


class Porter(ToolEnv, id="test/porter-v0", max_turns=3):
    """You are a porter."""

    answers = "open"
    needed = 1

    def setup(self, rng: random.Random) -> str:
        self.opened: list[str] = []
        self.target = rng.choice("ABCDEFGH")
        return f"Open door {self.target}."

    @tool
    def open_door(self, door: str) -> str:
        """Open a door."""
        self.opened.append(door)
        return type(self).answers

    def verify(self) -> bool:
        return self.opened.count(self.target) >= type(self).needed

    def solve(self) -> Iterator[Any]:
        yield call("open_door", door=self.target)
        yield "Done."


@pytest.fixture
def tooled(tmp_path: Path) -> Path:
    evaluate("test/porter-v0", "oracle", out=tmp_path, n=4, split="all")
    return tmp_path


def test_recorded_calls_are_made_again(tooled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rescore(tooled).before.score.mean == rescore(tooled).after.score.mean == 1.0
    monkeypatch.setattr(Porter, "needed", 2)
    assert rescore(tooled).kinds == {"correct -> incorrect": 4}


def test_an_environment_that_says_something_else_is_not_judged(tooled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Porter, "answers", "it is open")
    assert {each.reason for each in rescore(tooled).lost} == {
        "what the environment said before turn 2 is another one now"
    }


def test_an_episode_that_ends_elsewhere_is_not_judged(tooled: Path) -> None:
    rows = [json.loads(line) for line in log(tooled).splitlines()]
    for row in rows:
        row["trajectory"]["turns"].pop()
    (tooled / "episodes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert {each.reason for each in rescore(tooled).lost} == {"it does not end after its 1 turns any more"}


def test_another_target_is_refused(tooled: Path) -> None:
    with pytest.raises(RunError, match="its id was test/porter-v0, and is assay/Reverse-v0 now"):
        rescore(tooled, target="assay/Reverse-v0")


def test_a_run_with_another_limit_of_turns_is_replayed_with_that(tmp_path: Path) -> None:
    evaluate("test/porter-v0", "oracle", out=tmp_path, n=2, split="all", max_turns=1)
    found = rescore(tmp_path)
    assert (found.before.score.mean, found.flips, found.lost) == (1.0, (), ())


def test_new_scores_are_stored_beside_the_old_and_can_be_compared(run: Path) -> None:
    before, summary = log(run), (run / "summary.json").read_bytes()
    paths = [write_rescoring(rescore(run, target=twice(within))) for _ in range(2)]
    assert [path.name for path in paths] == ["rescored-1.json", "rescored-2.json"]
    assert (log(run), (run / "summary.json").read_bytes()) == (before, summary)
    later = load_run(paths[0])
    assert compare(*run_pair(load_run(run), later), allow=["verifier"]).result.difference == 0.5
    with pytest.raises(ConfigError, match=r"another verifier: exactly#.* within#"):
        compare(*run_pair(load_run(run), later))


def test_overwriting_a_run_deletes_its_later_scores(run: Path) -> None:
    write_rescoring(rescore(run, target=twice(within)))
    evaluate(twice(), OraclePolicy(), out=run, n=1, split="all", overwrite=True)
    assert not list(run.glob("rescored-*"))


def test_only_the_last_record_of_an_episode_counts(run: Path) -> None:
    evaluate(twice(), Boxed(), out=run, n=10, split="all", concurrency=1)  # tries 4 and 9 again
    assert len(log(run).splitlines()) == 12
    assert len(rescore(run, target=twice()).episodes) == 10


def test_a_suite_on_a_file_needs_that_file(tmp_path: Path) -> None:
    rows = [{"question": f"{i} + 1?", "answer": f"#### {i + 1}"} for i in range(3)]
    data, other = tmp_path / "rows.jsonl", tmp_path / "other.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    other.write_text("".join(json.dumps(row) + "\n" for row in rows[::-1]))
    evaluate("gsm8k", "oracle", data=data, out=tmp_path / "run")
    with pytest.raises(ConfigError, match="give it again with --data"):
        rescore(tmp_path / "run")
    with pytest.raises(RunError, match="its data was"):
        rescore(tmp_path / "run", data=other)
    assert rescore(tmp_path / "run", data=data).after.score.mean == 1.0


def test_scores_alone_cannot_be_scored_again(run: Path) -> None:
    path = write_rescoring(rescore(run, target=twice()))
    with pytest.raises(ConfigError, match="give the folder of the run"):
        rescore(path)
    with pytest.raises(RunError, match=r"is no rescored-N.json"):
        load_run(run / "report.md")
