"""What a group says of its trajectories."""

from __future__ import annotations

import math
from typing import Any

import pytest

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.policy import SamplingParams
from assaygym.agents.strategies import Feed, Group, Independent, Strategy
from assaygym.agents.strategies.group import in_order, next_sample, sample_of
from assaygym.errors import ConfigError, DataError
from assaygym.types import Completion, Message, StopReason, Trajectory, Turn


def turns(*names: str, reward: float = 0.0) -> tuple[Turn, ...]:
    said = [Completion(message=Message(role="assistant", content=name), token_ids=(1,)) for name in names]
    return tuple(Turn(observation=(), completion=one, reward=reward * (one is said[-1])) for one in said)


def leaf(name: str, its: tuple[Turn, ...], parent: tuple[str, int] | None = None, **fields: Any) -> Trajectory:
    given = {"stop_reason": StopReason.COMPLETED, **fields}
    return Trajectory(
        env_id="e", task_id="t", seed=0, split="all", turns=its, score=None, id=name, parent=parent, **given
    )


def segments(group: Group) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(segment.owner, segment.turn, segment.leaves) for segment in group.segments]


A = turns("a0", "a1", "a2", reward=1.0)
B = (*A[:1], *turns("b1", "b2"))
C = (*B[:2], *turns("c2", "c3"))
ROOT, FORK, FORK_OF_FORK = leaf("k/0", A), leaf("k/0.1", B, ("k/0", 1)), leaf("k/0.1.1", C, ("k/0.1", 2))


def test_a_shared_turn_is_one_segment_with_all_its_leaves() -> None:
    assert segments(Group(key="k", trajectories=(ROOT, FORK, FORK_OF_FORK))) == [
        ("k/0", 0, ("k/0", "k/0.1", "k/0.1.1")),
        ("k/0", 1, ("k/0",)),
        ("k/0", 2, ("k/0",)),
        ("k/0.1", 1, ("k/0.1", "k/0.1.1")),
        ("k/0.1", 2, ("k/0.1",)),
        ("k/0.1.1", 2, ("k/0.1.1",)),
        ("k/0.1.1", 3, ("k/0.1.1",)),
    ]


def test_a_turn_that_was_sampled_in_a_pruned_leaf_is_still_shared() -> None:
    group = Group(key="k", trajectories=(ROOT, FORK_OF_FORK), pruned=(FORK,))
    assert segments(group)[:1] == [("k/0", 0, ("k/0", "k/0.1.1"))]
    assert ("k/0.1", 1, ("k/0.1.1",)) in segments(group)
    assert [turn.completion.message.content for turn in group.sampled()] == ["a0", "a1", "a2", "c2", "c3", "b1", "b2"]


@pytest.mark.parametrize("parents", [{"k/0": "k/0"}, {"k/0": "k/1", "k/1": "k/0"}])
def test_trajectories_that_are_forks_of_themselves_are_refused(parents: dict[str, str]) -> None:
    group = Group(key="k", trajectories=tuple(leaf(name, A, (parent, 2)) for name, parent in parents.items()))
    with pytest.raises(DataError, match="a fork of itself"):
        segments(group)


def test_a_failed_trajectory_has_no_share_in_a_segment() -> None:
    failed = leaf("k/0.1", B, ("k/0", 1), stop_reason=StopReason.ERROR)
    group = Group(key="k", trajectories=(ROOT, failed, FORK_OF_FORK))
    assert [leaves for _, _, leaves in segments(group)] == [
        ("k/0", "k/0.1.1"), ("k/0",), ("k/0",), ("k/0.1.1",), ("k/0.1.1",), ("k/0.1.1",)
    ]  # fmt: skip
    assert len(list(group.sampled())) == 7
    assert group.rewards == (1.0, 0.0)


@pytest.mark.parametrize("idle", [leaf("k/0.1", A[:1], ("k/0", 1)), leaf("k/1", ())], ids=["fork", "sample"])
def test_a_trajectory_that_took_no_turn_is_not_judged(idle: Trajectory) -> None:
    group = Group(key="k", trajectories=(ROOT, idle))
    assert group.judged == (ROOT,)
    assert [leaves for _, _, leaves in segments(group)] == [("k/0",)] * 3


@pytest.mark.parametrize(
    ("rewards", "spread"), [([], 0.0), ([1.0], 0.0), ([0.1, 0.1, 0.1], 0.0), ([0.0, 1.0], 0.5), ([math.nan, 1.0], 0.0)]
)
def test_the_spread_is_the_deviation_of_what_was_judged(rewards: list[float], spread: float) -> None:
    group = Group(
        key="k", trajectories=tuple(leaf(f"k/{i}", turns("a", reward=reward)) for i, reward in enumerate(rewards))
    )
    assert group.spread == spread


def test_trajectories_stand_in_the_order_of_their_numbers() -> None:
    names = ["a/b/10", "a/b/2", "a/b/2.10", "a/b/2.9.1", "a/b/2.9", "a/b/0"]
    ordered = [one.id for one in in_order(leaf(name, ()) for name in names)]
    assert ordered == ["a/b/0", "a/b/2", "a/b/2.9", "a/b/2.9.1", "a/b/2.10", "a/b/10"]
    assert next_sample(Group(key="a/b", trajectories=(leaf("a/b/4.7", ()),), pruned=(leaf("a/b/6", ()),))) == 7


def test_another_sample_of_a_job_is_the_same_task() -> None:
    job = EpisodeJob(key="k", seed=3, options={"index": 1}, hint=lambda env: "hint")
    other = sample_of(job, 5)
    assert (other.key, other.seed, other.options, other.hint, other.sample) == ("k", 3, {"index": 1}, job.hint, 5)


def test_a_feed_pauses_and_goes_on_with_what_is_to_be_played_again() -> None:
    first, second = EpisodeJob(key="a"), EpisodeJob(key="b")
    feed = Feed([first])
    assert list(feed) == [first]
    feed.again(second)
    assert list(feed) == [second]
    assert next(feed, None) is None


def test_independent_samples_number_on_from_the_jobs_own(ledger: Any, token_policy: Any) -> None:
    crew = Crew(lambda: ledger(split="all"), token_policy(), params=SamplingParams(seed=1), concurrency=3)
    [group] = Independent(3).collect(crew, [EpisodeJob(key="k", seed=1, sample=4)])
    assert [one.id for one in group.trajectories] == ["k/4", "k/5", "k/6"]
    assert len({str(one.turns) for one in group.trajectories}) == 3
    assert isinstance(Independent(3), Strategy)
    with pytest.raises(ConfigError, match="expected at least 1"):
        Independent(0)
