"""Trajectories as JSON and back."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaygym.agents.parquet import TrajectoryWriter, read_trajectories
from assaygym.agents.record import group_from_dict, group_to_dict, json_safe, trajectory_from_dict, trajectory_to_dict
from assaygym.agents.strategies.group import Group
from assaygym.errors import DataError
from assaygym.types import Completion, Message, Score, StopReason, ToolCall, Trajectory, Turn, Verdict

TEXT = st.text(st.characters(), max_size=8) | st.just("half a pair: \ud800")
FLOATS = st.floats(width=64)
IDS = st.lists(st.integers(0, 2**31 - 1), max_size=4).map(tuple)
CALLS = st.lists(st.builds(ToolCall, id=TEXT, name=TEXT, arguments=TEXT), max_size=2).map(tuple)
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=TEXT,
    reasoning=st.none() | TEXT,
    tool_calls=CALLS,
    tool_call_id=st.none() | TEXT,
)
OPTIONAL_FLOATS = st.none() | st.lists(FLOATS, max_size=4).map(tuple)
COMPLETIONS = st.builds(
    Completion,
    message=MESSAGES,
    finish_reason=st.sampled_from(["stop", "length", "tool_calls"]),
    prompt_ids=IDS,
    token_ids=IDS,
    logprobs=OPTIONAL_FLOATS,
    entropies=OPTIONAL_FLOATS,
    top_k_entropies=OPTIONAL_FLOATS,
    cached=st.booleans(),
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
TURNS = st.builds(
    Turn,
    observation=st.lists(MESSAGES, max_size=2).map(tuple),
    completion=COMPLETIONS,
    reward=FLOATS,
    info=st.dictionaries(TEXT, PLAIN, max_size=2),
)
DETAILS = {
    "extracted": st.none() | TEXT,
    "explanation": TEXT,
    "metrics": st.dictionaries(TEXT, FLOATS, max_size=2),
    "flags": st.lists(TEXT, max_size=2).map(tuple),
}
SCORES = st.builds(
    Score,
    value=st.floats(0, 1),
    verdict=st.sampled_from([v for v in Verdict if v is not Verdict.INVALID]),
    **DETAILS,
) | st.builds(Score, value=st.just(math.nan), verdict=st.just(Verdict.INVALID), **DETAILS)
TRAJECTORIES = st.builds(
    Trajectory,
    env_id=TEXT,
    task_id=TEXT,
    seed=st.integers(),
    split=TEXT,
    turns=st.lists(TURNS, max_size=2).map(tuple),
    score=st.none() | SCORES,
    stop_reason=st.sampled_from(StopReason),
    parent=st.none() | st.tuples(TEXT, st.integers(0, 10**6)),
    id=TEXT,
    error=st.none() | TEXT,
    notes=st.dictionaries(TEXT, PLAIN, max_size=2),
)


def numbered(key: str, trajectories: list[Trajectory], pruned: int) -> Group:
    """A group whose first trajectory was sampled from the prompt, the others forked from those before them."""
    made = [
        dataclasses.replace(t, id=f"{key}/{n}", parent=(f"{key}/{n - 1}", n) if n else None)
        for n, t in enumerate(trajectories)
    ]
    return Group(key=key, trajectories=tuple(made[pruned:]), pruned=tuple(made[:pruned]))


GROUPS = st.builds(
    numbered, key=st.text("abc", max_size=3), trajectories=st.lists(TRAJECTORIES, max_size=3), pruned=st.integers(0, 1)
)
ONE = Trajectory(
    env_id="test/one-v0",
    task_id="t",
    seed=3,
    split="eval",
    turns=(
        Turn(observation=(), completion=Completion(message=Message(role="assistant", content="4")), reward=math.nan),
    ),
    score=Score.invalid("the verifier died"),
    stop_reason=StopReason.COMPLETED,
    parent=("root", 2),
)


def same(a: object, b: object) -> bool:
    """Equality of values and types in which NaN equals NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return a == b


@settings(max_examples=100, deadline=None)
@given(TRAJECTORIES)
def test_a_trajectory_survives_strict_json(trajectory: Trajectory) -> None:
    line = json.dumps(trajectory_to_dict(trajectory), allow_nan=False)
    assert same(trajectory_from_dict(json.loads(line)), trajectory)


@settings(max_examples=30, deadline=None)
@given(GROUPS)
def test_a_group_survives_strict_json(group: Group) -> None:
    row = json.loads(json.dumps(group_to_dict(group), allow_nan=False))
    assert same(group_from_dict(row), group)
    assert len(row["segments"]) == len(group.segments)


def continued(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The turns as a policy with tokens makes them: each prompt goes on from all ids before it."""
    fed: tuple[int, ...] = ()
    made = []
    for turn in turns:
        completion = dataclasses.replace(turn.completion, prompt_ids=fed + turn.completion.prompt_ids)
        fed = completion.prompt_ids + completion.token_ids
        made.append(dataclasses.replace(turn, completion=completion))
    return tuple(made)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trajectories=st.lists(TRAJECTORIES, max_size=4), rows=st.integers(1, 3))
def test_trajectories_survive_parquet(tmp_path: Path, trajectories: list[Trajectory], rows: int) -> None:
    trajectories += [dataclasses.replace(t, turns=continued(t.turns)) for t in trajectories]
    with TrajectoryWriter(tmp_path / "t.parquet", rows_per_group=rows) as writer:
        for trajectory in trajectories:
            writer.write(trajectory)
    assert same(list(read_trajectories(tmp_path / "t.parquet")), trajectories)


def test_every_field_is_written() -> None:
    row = trajectory_to_dict(ONE)
    assert row.keys() == {field.name for field in dataclasses.fields(Trajectory)}
    assert row["turns"][0].keys() == {field.name for field in dataclasses.fields(Turn)}
    assert row["turns"][0]["reward"] is None
    assert row["score"]["verdict"] == "invalid"
    assert row["parent"] == ["root", 2]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (math.nan, None),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), None),
        (np.arange(3), [0, 1, 2]),
        ((1, {2: {3}}), [1, {"2": [3]}]),
        (Verdict.CORRECT, "correct"),
        (ValueError("no"), "no"),
        (True, True),
    ],
)
def test_free_values_become_what_json_has(value: object, plain: object) -> None:
    assert same(json_safe(value), plain)


@given(MESSAGES)
def test_what_the_environment_read_survives_json_and_a_line_of_before_has_none(action: Message) -> None:
    turns = (dataclasses.replace(ONE.turns[0], action=action),)
    row = json.loads(json.dumps(trajectory_to_dict(dataclasses.replace(ONE, turns=turns))))
    assert trajectory_from_dict(row).turns[0].action == action
    del row["turns"][0]["action"]
    assert trajectory_from_dict(row).turns[0].action is None


def test_an_unknown_key_is_passed_over() -> None:
    row = {**trajectory_to_dict(ONE), "later": 1}
    assert same(trajectory_from_dict(row), ONE)


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in trajectory_to_dict(ONE).items() if k != key}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (without("turns"), "field 'turns' is missing"),
        ({**trajectory_to_dict(ONE), "stop_reason": "bored"}, "'bored' is not a valid StopReason"),
        ({**trajectory_to_dict(ONE), "turns": 3}, "not a record of a trajectory"),
        ({**trajectory_to_dict(ONE), "score": {"value": 2.0}}, "field 'verdict' is missing"),
    ],
)
def test_a_row_that_is_not_a_record_says_what_is_wrong(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        trajectory_from_dict(row)


@pytest.mark.parametrize("row", [{}, {"key": "k", "trajectories": 3, "pruned": []}, {"key": "k", "trajectories": [{}]}])
def test_a_row_that_is_no_group_says_so(row: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="not a record of a"):
        group_from_dict(row)
