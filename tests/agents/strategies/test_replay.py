"""Agentic replay: a success of earlier rounds in a lost group."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.jobs import AnyCrew
from assaygym.agents.policy import SamplingParams
from assaygym.agents.strategies import Branching, Group, Replay, ReplayBuffer
from assaygym.errors import ConfigError, DataError
from assaygym.types import Completion, Message, StopReason, Trajectory, Turn


def trajectory(name: str, reward: float, task: str = "t", **fields: Any) -> Trajectory:
    said = Completion(
        message=Message(role="assistant", content=f"{name} of {task}"), token_ids=(1, 2), logprobs=(-0.1, -0.25)
    )
    done = StopReason.ERROR if reward != reward else StopReason.COMPLETED
    return Trajectory(
        env_id="e", task_id=task, seed=0, split="all", turns=(Turn(observation=(), completion=said, reward=reward),),
        score=None, stop_reason=done, id=name, **fields,
    )  # fmt: skip


def group(*rewards: float, key: str = "k", **fields: Any) -> Group:
    return Group(key=key, trajectories=tuple(trajectory(f"{key}/{i}", r, **fields) for i, r in enumerate(rewards)))


class Given:
    """These groups."""

    def __init__(self, *groups: Group) -> None:
        self.groups = groups

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        yield from self.groups


CREW: Any = Crew(lambda: None, None, params=SamplingParams(seed=1))  # type: ignore[arg-type,return-value]


def replayed(buffer: ReplayBuffer, *groups: Group, **bounds: float) -> list[Group]:
    return list(Replay(Given(*groups), buffer, **bounds).collect(CREW, ()))


def test_the_first_of_a_lost_group_makes_room_for_a_stored_success() -> None:
    buffer = ReplayBuffer()
    _, mixed = replayed(buffer, group(1.0, 0.0), group(0.0, 0.0, 0.0, key="later"))
    assert [one.id for one in mixed.trajectories] == ["later/1", "later/2", "later/3"]
    assert mixed.trajectories[-1].notes == {"replayed": "k/0"}
    assert mixed.trajectories[-1].turns[0].completion.message.content == "k/0 of t"
    assert mixed.rewards == (0.0, 0.0, 1.0)
    assert [one.id for one in mixed.pruned] == ["later/0"]


@pytest.mark.parametrize(
    ("rewards", "is_lost"),
    [((0.0, 0.0), True), ((0.15, 0.19), True), ((0.0, 0.1), False), ((0.2, 0.2), False), ((0.0, float("nan")), True),
     ((float("nan"),), False)],
)  # fmt: skip
def test_a_group_is_lost_where_its_rewards_are_low_and_alike(rewards: tuple[float, ...], is_lost: bool) -> None:
    buffer = ReplayBuffer()
    buffer.add(trajectory("old/0", 1.0))
    [found] = replayed(buffer, group(*rewards))
    assert any("replayed" in one.notes for one in found.trajectories) is is_lost
    assert len(found.trajectories) == len(rewards)


def test_a_failed_trajectory_is_not_the_one_that_makes_room() -> None:
    buffer = ReplayBuffer()
    buffer.add(trajectory("old/0", 1.0))
    [found] = replayed(buffer, group(float("nan"), 0.0))
    assert [one.id for one in found.pruned] == ["k/1"]


def test_without_a_success_of_the_task_the_group_stays() -> None:
    buffer = ReplayBuffer()
    first, second = replayed(buffer, group(1.0, 0.0, task="other"), group(0.0, 0.0))
    assert (first, second) == (group(1.0, 0.0, task="other"), group(0.0, 0.0))


def test_what_was_replayed_or_hinted_is_not_stored_again() -> None:
    buffer = ReplayBuffer()
    assert buffer.add(trajectory("a/0", 1.0, notes={"tree": 1}))
    assert not buffer.add(trajectory("a/1", 1.0, notes={"hint": 0.25}))
    assert not buffer.add(trajectory("a/2", 1.0, notes={"replayed": "a/0"}))
    assert not buffer.add(trajectory("a/3", 0.1))
    assert not buffer.add(trajectory("a/4", float("nan")))
    replayed(buffer, group(0.0, 0.0), group(0.0, 0.0))
    assert len(buffer) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1)), max_size=60), st.integers(1, 4), st.integers(1, 4))
def test_the_buffer_keeps_the_latest_of_the_latest_tasks_and_goes_through_json_and_pickle(
    rows: list[tuple[int, float]], per_task: int, tasks: int
) -> None:
    buffer = ReplayBuffer(per_task, tasks=tasks)
    good: dict[str, list[str]] = {}
    for i, (task, reward) in enumerate(rows):
        assert buffer.add(trajectory(f"k/{i}", reward, str(task))) is (reward > 0.1)
        if reward > 0.1:
            good[str(task)] = [*good.pop(str(task), []), f"k/{i}"][-per_task:]
            good = dict(list(good.items())[-tasks:])
    for copy in (
        buffer,
        pickle.loads(pickle.dumps(buffer)),
        ReplayBuffer.from_dict(json.loads(json.dumps(buffer.to_dict()))),
    ):
        assert copy.to_dict() == buffer.to_dict()
        assert len(copy) == sum(map(len, good.values())) <= per_task * tasks
        for name, ids in good.items():
            assert [one.id for one in copy.of(trajectory("x/0", 0.0, name))] == ids


def test_a_task_that_is_read_stays() -> None:
    buffer = ReplayBuffer(tasks=2)
    for task in ("a", "b"):
        buffer.add(trajectory("k/0", 1.0, task))
    buffer.of(trajectory("k/0", 1.0, "a"))
    buffer.add(trajectory("k/0", 1.0, "c"))
    assert [bool(buffer.of(trajectory("k/0", 1.0, task))) for task in "abc"] == [True, False, True]


@pytest.mark.parametrize(
    "state", [{}, {"per_task": 1, "above": 0.1, "tasks": 1, "trajectories": [{}]}, {"per_task": "x"}]
)
def test_a_state_that_is_none_is_told(state: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="expected what"):
        ReplayBuffer.from_dict(state)


def test_a_buffer_without_room_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected at least 1 each"):
        ReplayBuffer(0)


def test_a_stored_fork_stands_alone_and_a_replaced_parent_still_owns_its_turns(
    ledger: Any, token_policy: Any, check: Any
) -> None:
    crew = Crew(lambda: ledger(split="all"), token_policy(), params=SamplingParams(seed=2), concurrency=4)
    inner = Branching(6, 2, base=1.0, vocabulary=100)
    job = EpisodeJob(key="k", seed=1)
    [first] = inner.collect(crew, [job])
    buffer = ReplayBuffer(above=-1.0)
    stored = next(one for one in first.trajectories if one.parent is not None)
    assert buffer.add(stored)
    [mixed] = Replay(inner, buffer, std=9.0, mean=9.0).collect(crew, [job])
    [stand_in] = [one for one in mixed.trajectories if "replayed" in one.notes]
    assert (stand_in.parent, stand_in.notes["replayed"], stand_in.turns) == (None, stored.id, stored.turns)
    assert [one.id for one in mixed.pruned] == ["k/0"]
    assert len(mixed.trajectories) == 6
    check(mixed)
