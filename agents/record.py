"""Trajectories and groups as JSON and back: what a run writes down (`assaygym.agents.parquet`: for other trainers).

A float that JSON has no word for is spelled: NaN as null, the infinities as "inf" and "-inf". Free-form values
(`Turn.info`) come back as JSON has them: a tuple as a list, a key as a string, an unknown object as its `str`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from assaygym.errors import DataError
from assaygym.types import Completion, Message, Score, StopReason, ToolCall, Trajectory, Turn, Verdict

if TYPE_CHECKING:
    from assaygym.agents.strategies.group import Group

__all__ = ["group_from_dict", "group_to_dict", "json_safe", "trajectory_from_dict", "trajectory_to_dict"]


def trajectory_to_dict(trajectory: Trajectory) -> dict[str, Any]:
    """Every field of the trajectory as plain JSON values."""
    fields = json_safe(trajectory)
    assert isinstance(fields, dict)
    return fields


def trajectory_from_dict(row: Mapping[str, Any]) -> Trajectory:
    """The trajectory that `trajectory_to_dict` wrote; keys it does not know are passed over.

    Raises:
        DataError: a field is missing or is not of its kind.
    """
    try:
        return _trajectory(row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        raise DataError(f"not a record of a trajectory: {what}; expected what trajectory_to_dict writes") from error


def group_to_dict(group: Group) -> dict[str, Any]:
    """Every field of the group as plain JSON values; `segments` too, which follow from the others."""
    return {**json_safe(group), "segments": json_safe(group.segments)}


def group_from_dict(row: Mapping[str, Any]) -> Group:
    """The group that `group_to_dict` wrote.

    Raises:
        DataError: a field is missing or is not of its kind.
    """
    from assaygym.agents.strategies.group import Group

    try:
        kinds = {name: tuple(map(trajectory_from_dict, row[name])) for name in ("trajectories", "pruned")}
        return Group(key=str(row["key"]), **kinds)
    except (KeyError, TypeError) as error:
        raise DataError(f"not a record of a group ({error!r}); expected what group_to_dict writes") from error


def json_safe(value: object) -> Any:
    """The value in JSON's own types, as this module spells them."""
    if value is None or isinstance(value, (bool, int, str)):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, float):
        return _spell(value)
    if isinstance(value, Mapping):
        return {str(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_safe(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: json_safe(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if callable(tolist := getattr(value, "tolist", None)):  # arrays and their scalars, without importing NumPy
        return json_safe(tolist())
    return str(value)


def _spell(value: float) -> float | str | None:
    if math.isfinite(value):
        return float(value)
    return None if math.isnan(value) else str(float(value))


def _number(value: float | str | None) -> float:
    return math.nan if value is None else float(value)


def _numbers(values: Sequence[float | str | None] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(map(_number, values))


def _trajectory(row: Mapping[str, Any]) -> Trajectory:
    return Trajectory(
        env_id=row["env_id"],
        task_id=row["task_id"],
        seed=row["seed"],
        split=row["split"],
        turns=tuple(map(_turn, row["turns"])),
        score=None if row["score"] is None else _score(row["score"]),
        stop_reason=StopReason(row["stop_reason"]),
        id=row["id"],
        parent=None if row["parent"] is None else (row["parent"][0], row["parent"][1]),
        error=row["error"],
        notes=dict(row["notes"]),
    )


def _turn(row: Mapping[str, Any]) -> Turn:
    return Turn(
        observation=tuple(map(_message, row["observation"])),
        completion=_completion(row["completion"]),
        reward=_number(row["reward"]),
        info=dict(row["info"]),
        action=None if row.get("action") is None else _message(row["action"]),
        sampling_seconds=row.get("sampling_seconds"),
        step_seconds=row.get("step_seconds"),
    )


def _completion(row: Mapping[str, Any]) -> Completion:
    return Completion(
        message=_message(row["message"]),
        finish_reason=row["finish_reason"],
        prompt_ids=tuple(row["prompt_ids"]),
        token_ids=tuple(row["token_ids"]),
        logprobs=_numbers(row["logprobs"]),
        entropies=_numbers(row["entropies"]),
        top_k_entropies=_numbers(row["top_k_entropies"]),
        cached=row["cached"],
    )


def _message(row: Mapping[str, Any]) -> Message:
    calls = tuple(ToolCall(id=call["id"], name=call["name"], arguments=call["arguments"]) for call in row["tool_calls"])
    return Message(
        role=row["role"],
        content=row["content"],
        reasoning=row["reasoning"],
        tool_calls=calls,
        tool_call_id=row["tool_call_id"],
    )


def _score(row: Mapping[str, Any]) -> Score:
    return Score(
        value=_number(row["value"]),
        verdict=Verdict(row["verdict"]),
        extracted=row["extracted"],
        explanation=row["explanation"],
        metrics={name: _number(value) for name, value in row["metrics"].items()},
        flags=tuple(row["flags"]),
        seconds=row.get("seconds"),
    )
