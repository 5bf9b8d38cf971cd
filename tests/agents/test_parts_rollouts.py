"""What a rollout part declares is what the strategy does."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from assaygym.agents.parts.base import Rollout
from assaygym.agents.parts.rollouts import (
    IID,
    Branch,
    Forget,
    Greedy,
    Hinted,
    Replayed,
    Retry,
    TreeSearch,
    WithReference,
)
from assaygym.agents.strategies import (
    Branching,
    Hint,
    Independent,
    Replay,
    SampleThenForget,
    Tree,
    Unlearn,
)
from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.envs.retry_on_wrong import RetryOnWrong
from assaygym.errors import ConfigError

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def policy() -> TransformersPolicy:
    tokenizer = tiny_tokenizer()
    return TransformersPolicy(tiny_model(tokenizer, hidden=32, layers=1), tokenizer)


def made(part: Rollout, policy: TransformersPolicy) -> Any:
    return part.strategy(policy, temperature=0.7)


def test_independent_samples(policy: TransformersPolicy) -> None:
    strategy = made(IID(5), policy)
    assert (type(strategy), strategy.episodes) == (Independent, 5)


def test_branches(policy: TransformersPolicy) -> None:
    strategy = made(Branch(12, 6, beam=3, base=0.1, weight=0.3, tokens=4), policy)
    numbers = (strategy.group, strategy.initial, strategy.beam, strategy.base, strategy.weight, strategy.tokens)
    assert (type(strategy), numbers) == (Branching, (12, 6, 3, 0.1, 0.3, 4))


def test_trees(policy: TransformersPolicy) -> None:
    strategy = made(TreeSearch(3, 4, 2, 5), policy)
    numbers = (strategy.trees, strategy.expansions, strategy.rounds, strategy.leaves)
    assert (type(strategy), numbers) == (Tree, (3, 4, 2, 5))


def test_a_forgetting_step_between_two_halves(policy: TransformersPolicy) -> None:
    strategy = made(Forget(6, rate=0.5, entropy_below=1.5), policy)
    assert (type(strategy), strategy.episodes, type(strategy.forget)) == (SampleThenForget, 6, Unlearn)
    unlearn = strategy.forget
    assert (unlearn.policy, unlearn.learning_rate, unlearn.entropy_below) == (policy, 0.5, 1.5)
    assert unlearn.temperature == 0.7


def test_without_a_gate_the_forgetting_step_is_always_taken(policy: TransformersPolicy) -> None:
    assert made(Forget(), policy).forget.entropy_below == float("inf")


def test_replays(policy: TransformersPolicy) -> None:
    strategy = made(Replayed(4, per_task=2, above=0.3, std=0.01, mean=0.5), policy)
    buffer = strategy.buffer
    assert (type(strategy), strategy.inner.episodes, strategy.std, strategy.mean) == (Replay, 4, 0.01, 0.5)
    assert (buffer.per_task, buffer.above) == (2, 0.3)


def test_hints(policy: TransformersPolicy) -> None:
    strategy = made(Hinted(4, ladder=(0.1, 1.0)), policy)
    assert (type(strategy), strategy.inner.episodes, strategy.ladder) == (Hint, 4, (0.1, 1.0))


def test_further_attempts_are_a_wrapper_around_the_environment(policy: TransformersPolicy, dialogue: Any) -> None:
    part = Retry(3, attempts=4)
    env: Any = part.wrapped(partial(dialogue, turns=1))()
    assert (type(env), env.attempts) == (RetryOnWrong, 4)
    assert made(part, policy).episodes == 3


@pytest.mark.parametrize(
    ("part", "companion", "count"),
    [(IID(2), None, 0), (Greedy(1), "greedy", 1), (WithReference(2, 5), "reference", 5)],
)
def test_the_companions_of_a_group(part: Rollout, companion: str | None, count: int) -> None:
    assert (part.companion, part.companions) == (companion, count)


@pytest.mark.parametrize("kind", [IID, Greedy, Retry])
def test_a_group_of_none_is_refused(kind: type[IID]) -> None:
    with pytest.raises(ConfigError, match="episodes is 0; expected at least 1"):
        kind(0)


def test_a_part_reads_as_its_name_and_numbers() -> None:
    assert str(Forget(8)) == "forget(episodes=8, rate=1e-05)"
    assert str(IID(4)) == "iid(episodes=4)"
