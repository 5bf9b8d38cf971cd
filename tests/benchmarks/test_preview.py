"""A dry run tells what would be played, and plays, writes and asks nothing."""

from __future__ import annotations

import inspect
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.openai_usage import Meter, Prices, Tokens
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.benchmarks.preview import FEW, spread
from assaygym.benchmarks.runner import _prepared, evaluate, preview
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import ConfigError, RunError
from assaygym.types import Completion, Score


def pose(rng: random.Random) -> tuple[str, str]:
    return f"{'Say it. ' * 50}{rng.randrange(10**9)}", "x"


ASK = TaskDefinition("test/ask-v0", pose, verifier=lambda response, gold: Score.of(False))


class Paid:
    name = "paid"

    def __init__(self) -> None:
        self.meter = Meter(self.name, Prices(prompt=1.0, completion=10.0), None)
        self.asked = 0

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        self.asked += 1
        self.meter.answered(Tokens(prompt=1_000_000))
        return [said("no")]


def test_nothing_is_asked_and_nothing_is_written(tmp_path: Path) -> None:
    policy = Paid()
    plan = preview(ASK, policy, n=30, k=2, split="all", out=tmp_path / "run")
    assert (plan.tasks, plan.samples, plan.planned, plan.left) == (30, 2, 60, 60)
    assert policy.asked == 0
    assert not (tmp_path / "run").exists()
    assert plan.estimate is not None
    assert plan.estimate.prompt_tokens.low == pytest.approx(60 * 409 / 4, rel=0.01)
    assert plan.estimate.cost is not None
    assert plan.estimate.cost.high == pytest.approx(60 * (409 / 4 + 1024 * 10) / 1e6, rel=0.01)


def test_what_is_there_already_is_taken_off_and_makes_the_estimate(tmp_path: Path) -> None:
    evaluate(ASK, Paid(), n=5, split="all", out=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.json*")}
    plan = preview(ASK, Paid(), n=8, split="all", out=tmp_path)
    assert (plan.left, plan.planned) == (3, 8)
    assert plan.estimate is not None
    assert plan.estimate.cost is not None
    assert plan.estimate.cost.likely == 3.0
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.json*")} == before
    assert preview(ASK, Paid(), n=8, split="all", out=tmp_path, overwrite=True).left == 8
    assert preview(ASK, Paid(), n=5, split="all", out=tmp_path).estimate is None


def test_another_configuration_is_refused_as_it_would_be(tmp_path: Path) -> None:
    evaluate(ASK, Paid(), n=2, split="all", out=tmp_path)
    with pytest.raises(RunError, match="seed is 0 there and 3 here"):
        preview(ASK, Paid(), n=2, split="all", out=tmp_path, seed=3)


def test_the_configuration_is_that_of_the_run(tmp_path: Path) -> None:
    plan = preview(ASK, Paid(), n=2, split="all", timeout=3.0)
    evaluate(ASK, Paid(), n=2, split="all", out=tmp_path, timeout=3.0)
    assert preview(ASK, Paid(), n=2, split="all", out=tmp_path, timeout=3.0).config_hash == plan.config_hash
    assert dict(plan.rows())["folder"] == "none: nothing would be kept"


def test_a_wrong_argument_is_told_without_playing() -> None:
    with pytest.raises(ConfigError, match="k is 0"):
        preview(ASK, "null", k=0)


def test_a_preview_takes_what_an_evaluation_takes_with_the_same_defaults() -> None:
    def options(function: Any) -> dict[str, Any]:
        return {name: each.default for name, each in inspect.signature(function).parameters.items()}

    assert options(_prepared) == {
        name: default for name, default in options(evaluate).items() if name not in ("out", "overwrite")
    }


@pytest.mark.parametrize(("tasks", "picked"), [(3, [0, 1, 2]), (8, list(range(8))), (15, [0, 1, 3, 5, 7, 9, 11, 13])])
def test_the_first_few_are_of_different_tasks_from_all_over_the_plan(tasks: int, picked: list[int]) -> None:
    keys = [(task, sample) for task in range(tasks) for sample in range(4)]
    found = spread(keys)
    assert found == [(task, 0) for task in picked]
    assert len(found) <= FEW
    assert spread([]) == []
