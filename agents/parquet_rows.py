"""One trajectory as the columns of `assaygym.agents.parquet`, and back."""

from __future__ import annotations

import json
import math
from itertools import islice
from typing import Any

from assaygym.agents.record import json_safe, trajectory_from_dict, trajectory_to_dict
from assaygym.types import Completion, Message, Trajectory, Turn

__all__ = ["VERSION", "VERSION_KEY", "row_of", "schema", "trajectory_of", "whole"]

VERSION_KEY, VERSION = b"assaygym.trajectories", b"1"
INT64 = 2**63


def schema() -> Any:
    """The columns of the file, with their version."""
    import pyarrow as pa

    text, floats = pa.string(), pa.list_(pa.float64())
    call = pa.struct([("id", text), ("name", text), ("arguments", text)])
    message = [("role", text), ("content", text), ("reasoning", text), ("tool_calls", pa.list_(call))]
    turn = [("observed", pa.int32()), ("row", pa.int32()), ("start", pa.int32()), ("end", pa.int32())]
    turn += [("finish_reason", text), ("cached", pa.bool_()), ("reward", pa.float64())]
    turn += [("logprobs", floats), ("entropies", floats), ("top_k_entropies", floats), ("info", text)]
    columns = [
        *((name, text) for name in ("group", "id", "parent_id")),
        *(("parent_turn", pa.int32()), ("pruned", pa.bool_())),
        *((name, text) for name in ("env_id", "task_id", "split")),
        *(("seed", pa.int64()), ("messages", pa.list_(pa.struct([*message, ("tool_call_id", text)])))),
        *(("ids", pa.list_(pa.int32())), ("mask", pa.list_(pa.int8())), ("logprobs", pa.list_(pa.float32()))),
        *(("row_starts", pa.list_(pa.int32())), ("reward", pa.float64()), ("value", pa.float64())),
        *((name, text) for name in ("verdict", "stop_reason", "error")),
        ("turns", pa.list_(pa.struct(turn))),
        *((name, text) for name in ("score", "notes", "exact")),
    ]
    return pa.schema(columns, metadata={VERSION_KEY: VERSION})


def row_of(trajectory: Trajectory) -> dict[str, Any]:
    """The columns of one trajectory; those of its group are the caller's."""
    score, parent = trajectory.score, trajectory.parent or (None, None)
    tokens, turns = _tokens(trajectory)
    return {
        "id": whole(trajectory.id),
        "parent_id": whole(parent[0]),
        "parent_turn": parent[1],
        "env_id": whole(trajectory.env_id),
        "task_id": whole(trajectory.task_id),
        "split": whole(trajectory.split),
        "seed": trajectory.seed if -INT64 <= trajectory.seed < INT64 else None,
        "messages": [_message_row(m) for t in trajectory.turns for m in (*t.observation, t.completion.message)],
        **tokens,
        "reward": _null(trajectory.reward),
        "value": None if score is None else _null(score.value),
        "verdict": None if score is None else score.verdict.value,
        "stop_reason": trajectory.stop_reason.value,
        "error": whole(trajectory.error),
        "turns": turns,
        "score": None if score is None else _json(score),
        "notes": _json(trajectory.notes),
        "exact": _json(trajectory_to_dict(trajectory)) if _too_wide(trajectory) else None,
    }


def _tokens(trajectory: Trajectory) -> tuple[dict[str, list[Any]], list[dict[str, Any]]]:
    """The columns of ids, and where each turn finds its own in them."""
    ids: list[int] = []
    mask: list[int] = []
    logprobs: list[float] = []
    starts, turns = [0], []
    for turn in trajectory.turns:
        prompt, sampled = turn.completion.prompt_ids, turn.completion.token_ids
        if not prompt and not sampled:
            turns.append(_turn_row(turn, len(ids), len(ids)))
            continue
        if tuple(ids[starts[-1] :]) != prompt[: len(ids) - starts[-1]]:
            starts.append(len(ids))
        new = prompt[len(ids) - starts[-1] :]
        ids += [*new, *sampled]
        mask += [0] * len(new) + [1] * len(sampled)
        logprobs += [0.0] * len(new) + _aligned(turn.completion)
        turns.append(_turn_row(turn, starts[-1], len(ids)))
    return {"ids": ids, "mask": mask, "logprobs": logprobs, "row_starts": starts}, turns


def _aligned(completion: Completion) -> list[float]:
    known, count = completion.logprobs, len(completion.token_ids)
    return list(known) if known is not None and len(known) == count else [math.nan] * count


def _turn_row(turn: Turn, row: int, end: int) -> dict[str, Any]:
    completion = turn.completion
    return {
        "observed": len(turn.observation),
        "row": row,
        "start": end - len(completion.token_ids),
        "end": end,
        "finish_reason": completion.finish_reason,
        "cached": completion.cached,
        "reward": turn.reward,
        "logprobs": completion.logprobs,
        "entropies": completion.entropies,
        "top_k_entropies": completion.top_k_entropies,
        "info": _json(turn.info),
    }


def _message_row(message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "content": whole(message.content),
        "reasoning": whole(message.reasoning),
        "tool_calls": [
            {"id": whole(c.id), "name": whole(c.name), "arguments": whole(c.arguments)} for c in message.tool_calls
        ],
        "tool_call_id": whole(message.tool_call_id),
    }


def _too_wide(trajectory: Trajectory) -> bool:
    """Whether a text of it is no Unicode, or its seed no int64."""
    if not -INT64 <= trajectory.seed < INT64:
        return True
    said = [message for turn in trajectory.turns for message in (*turn.observation, turn.completion.message)]
    texts = [trajectory.id, trajectory.env_id, trajectory.task_id, trajectory.split, trajectory.error]
    texts += [trajectory.parent[0]] if trajectory.parent is not None else []
    texts += [text for m in said for text in (m.content, m.reasoning, m.tool_call_id)]
    texts += [text for m in said for call in m.tool_calls for text in (call.id, call.name, call.arguments)]
    return any(whole(text) != text for text in texts)


def whole(text: str | None) -> Any:
    """The text as UTF-8 can carry it: half a surrogate pair becomes a question mark."""
    return text if text is None else text.encode("utf-8", "replace").decode()


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value


def _json(value: object) -> str:
    return json.dumps(json_safe(value), allow_nan=False)


def trajectory_of(row: dict[str, Any]) -> Trajectory:
    """The trajectory of a row.

    Raises:
        DataError: a column is missing or not of its kind.
    """
    if row["exact"] is not None:
        return trajectory_from_dict(json.loads(row["exact"]))
    messages = iter(row["messages"])
    return trajectory_from_dict(
        {
            **row,
            "turns": [_turn(turn, list(islice(messages, turn["observed"] + 1)), row["ids"]) for turn in row["turns"]],
            "score": None if row["score"] is None else json.loads(row["score"]),
            "parent": None if row["parent_id"] is None else [row["parent_id"], row["parent_turn"]],
            "notes": json.loads(row["notes"]),
        }
    )


def _turn(turn: dict[str, Any], messages: list[Any], ids: list[int]) -> dict[str, Any]:
    """The turn as `trajectory_to_dict` writes it."""
    prompt_ids, token_ids = ids[turn["row"] : turn["start"]], ids[turn["start"] : turn["end"]]
    return {
        "observation": messages[:-1],
        "completion": {**turn, "message": messages[-1], "prompt_ids": prompt_ids, "token_ids": token_ids},
        "reward": turn["reward"],
        "info": json.loads(turn["info"]),
    }
