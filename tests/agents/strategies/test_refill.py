"""Dynamic sampling: further tasks in the place of groups without spread."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.jobs import AnyCrew
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.strategies import Branching, Group, Independent, Refill
from assaygym.errors import ConfigError
from assaygym.types import Completion, Message, StopReason, Trajectory, Turn


def trajectory(name: str, reward: float | None) -> Trajectory:
    completion = Completion(message=Message(role="assistant", content="a"), token_ids=(1, 2, 3))
    return Trajectory(
        env_id="e", task_id="t", seed=0, split="all", turns=(Turn(observation=(), completion=completion,
        reward=reward or 0.0),), score=None, id=name,
        stop_reason=StopReason.ERROR if reward is None else StopReason.COMPLETED,
    )  # fmt: skip


class Known:
    """Groups with known rewards, a few of them under way at once."""

    def __init__(self, rewards: Mapping[str, Sequence[float | None]], at_once: int = 3) -> None:
        self.rewards, self.at_once = rewards, at_once
        self.begun: list[str] = []

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        tasks, under_way = iter(tasks), list[str]()
        while True:
            while len(under_way) < self.at_once and (job := next(tasks, None)) is not None:
                under_way.append(job.key)
                self.begun.append(job.key)
            if not under_way:
                return
            key = under_way.pop(len(self.begun) % len(under_way))  # groups end in any order
            rewards = self.rewards[key]
            yield Group(key=key, trajectories=tuple(trajectory(f"{key}/{i}", r) for i, r in enumerate(rewards)))


def jobs(n: int | None = None) -> Iterator[EpisodeJob]:
    return (EpisodeJob(key=f"t{i}", seed=i) for i in (count() if n is None else range(n)))


CREW: Any = None
Rewards = Sequence[float | None]
GOOD: Rewards = [0.0, 1.0]
FLAT: Rewards = [1.0, 1.0]
LOST: Rewards = [1.0, None]


@given(kinds=st.lists(st.sampled_from([GOOD, FLAT, LOST]), min_size=1, max_size=30), wanted=st.integers(1, 6),
       at_once=st.integers(1, 8))  # fmt: skip
def test_exactly_the_first_tasks_that_hold_enough_groups_are_drawn(
    kinds: list[Rewards], wanted: int, at_once: int
) -> None:
    inner = Known({f"t{i}": kind for i, kind in enumerate(kinds)}, at_once)
    refill = Refill(inner, wanted, max_groups=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = {group.key for group in refill.collect(CREW, jobs(len(kinds)))}
    good = [f"t{i}" for i, kind in enumerate(kinds) if kind == GOOD][:wanted]
    drawn = len(kinds) if len(good) < wanted else int(good[-1][1:]) + 1
    assert (found, inner.begun) == (set(good), [f"t{i}" for i in range(drawn)])
    stats = refill.stats
    assert (stats.drawn, stats.kept) == (drawn, len(good))
    assert (stats.flat, stats.unjudged) == (kinds[:drawn].count(FLAT), kinds[:drawn].count(LOST))
    assert (stats.episodes, stats.tokens) == (2 * (drawn - len(good)), 6 * (drawn - len(good)))


def test_at_the_cap_it_ends_with_what_there_is_and_says_so() -> None:
    refill = Refill(Known({f"t{i}": FLAT if i else GOOD for i in range(99)}), 3, max_groups=7)
    with pytest.warns(RuntimeWarning, match="1 of 3 groups at the cap of 7 tasks: 6 groups had no spread"):
        found = [group.key for group in refill.collect(CREW, jobs())]
    assert found == ["t0"]
    assert (refill.stats.drawn, refill.stats.capped) == (7, True)


def test_at_the_end_of_the_tasks_it_says_so() -> None:
    refill = Refill(Known({"t0": LOST, "t1": GOOD}), 2)
    with pytest.warns(RuntimeWarning, match="1 of 2 groups at the end, after 2 tasks: .* 1 could not be judged"):
        assert len(list(refill.collect(CREW, jobs(2)))) == 1
    assert not refill.stats.capped


@pytest.mark.parametrize(("rewards", "kept"), [([0.0, 0.3], False), ([0.0, 0.5], True), ([0.0, None, None], False)])
def test_the_spread_must_be_above_the_bound_and_failed_episodes_are_none(
    rewards: list[float | None], kept: bool
) -> None:
    refill = Refill(Known({"t0": rewards, "t1": GOOD}), 1, spread=0.2)
    assert [group.key for group in refill.collect(CREW, jobs())] == (["t0"] if kept else ["t1"])


def test_the_statistics_are_those_of_the_latest_collection() -> None:
    refill = Refill(Known({f"t{i}": GOOD for i in range(9)}), 2)
    for _ in range(2):
        list(refill.collect(CREW, jobs()))
        assert (refill.stats.drawn, refill.stats.kept) == (2, 2)


@pytest.mark.parametrize("inner", [Independent(4), Branching(4, 2, vocabulary=100)], ids=["independent", "branching"])
def test_the_groups_do_not_depend_on_the_threads(ledger: Any, token_policy: Any, inner: Any) -> None:
    drawn = set()
    found = []
    for concurrency in (1, 8):
        params = SamplingParams(seed=4)
        crew = Crew(lambda: ledger(split="all"), token_policy(), params=params, concurrency=concurrency)
        refill = Refill(inner, 5)
        found.append({group.key: group for group in refill.collect(crew, jobs())})
        drawn.add(refill.stats.drawn)
    assert found[0] == found[1]
    assert len(found[0]) == 5
    assert len(drawn) == 1
    assert drawn.pop() > 5


def test_failed_episodes_alone_never_fill_the_groups(ledger: Any, token_policy: Any) -> None:
    def fails(prompt: Prompt, rng: Any) -> bool:
        return bool(rng.random() < 0.9)

    crew = Crew(lambda: ledger(split="all"), token_policy(fails=fails), params=SamplingParams(seed=4), concurrency=4)
    refill = Refill(Independent(2), 4, max_groups=30)
    with pytest.warns(RuntimeWarning, match="of 4 groups at the cap of 30 tasks"):
        found = list(refill.collect(crew, jobs()))
    assert refill.stats.unjudged > 20
    assert all(len(group.judged) == 2 for group in found)


def test_closing_it_ends_the_crew(ledger: Any, token_policy: Any) -> None:
    groups = Refill(Independent(4), 5).collect(
        Crew(lambda: ledger(split="all"), token_policy(), params=SamplingParams(seed=4), concurrency=4), jobs()
    )
    next(groups)
    groups.close()  # type: ignore[attr-defined]
    assert next(groups, None) is None


@pytest.mark.parametrize("wrong", [{"groups": 0}, {"groups": 5, "max_groups": 4}, {"groups": 1, "spread": -1.0}])
def test_numbers_outside_their_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="expected at least 1, at least as many"):
        Refill(Independent(2), **wrong)
