"""What was said in an episode, taken apart for a person to read: for `assay show`, `assay view` and the page.

    trajectory row --dialogue--> [Block(role, text, reasoning, calls, reward, ...), ...]      record --ending--> Ending

The texts are as the model wrote them, which may be anything: `visible` is for a terminal, a page escapes for itself.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assaygym.benchmarks.records import EpisodeRecord
from assaygym.foreign_json import read_json

__all__ = ["Block", "Call", "Ending", "dialogue", "ending", "visible"]

_THOUGHT = re.compile(r"\s*(?:<think>)?(.*?)</think>", re.DOTALL)
_OPEN_THOUGHT = re.compile(r"\s*<think>(.*)", re.DOTALL)
_SHORT = {"\r": r"\r", "\x1b": r"\e", "\x00": r"\0", "\x07": r"\a", "\x08": r"\b"}
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool call, as the environment read it; where it read none, as the model made it."""

    name: str
    raw: str
    """The arguments' text."""
    arguments: Mapping[str, Any] | None
    """What it reads as; None where it is no JSON object."""
    failure: str = ""
    """Why it cannot be read; empty where it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One message of an episode. What follows `calls` is told of the agent's turns alone."""

    turn: int
    """From 0; a message that the agent was shown belongs to the turn that answered it."""
    role: str
    """system, user, assistant or tool."""
    text: str
    """What stands outside reasoning and calls."""
    reasoning: str = ""
    answers: str = ""
    """Of a tool's message: the name of the tool, where it is known."""
    calls: tuple[Call, ...] = ()
    failures: tuple[str, ...] = ()
    """What the environment could not read as a call; the text is whole then, and the answer to it says why."""
    reward: float | None = None
    """What the turn earned; None where the block is no turn of the agent, or the reward is not known."""
    info: Mapping[str, Any] = field(default_factory=dict[str, Any])
    finish: str = ""
    cached: bool = False
    seconds: float | None = None
    """Sampling and environment together, of wall clock."""
    tokens: tuple[int, ...] = ()
    """The sampled ids."""
    logprobs: tuple[float | None, ...] = ()
    """Of the ids, in nats; None for one that is not a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an episode came out, and why."""

    outcome: str
    value: float
    """In [0, 1]; NaN where there is no score."""
    lenient: float | None
    explanation: str
    extracted: str | None
    flags: tuple[str, ...]
    stop_reason: str
    """Why it ended; empty where that was not recorded."""
    error: str
    metrics: Mapping[str, Any]
    notes: Mapping[str, Any]
    """How the episode came about, where that is not by plain sampling."""
    seconds: float | None
    """Of the verdict."""


def dialogue(trajectory: Mapping[str, Any]) -> list[Block]:
    """The messages of an episode in the order they were said.

    Args:
        trajectory: as `trajectory_to_dict` writes it; an empty one has none.
    """
    blocks: list[Block] = []
    asked: dict[str, str] = {}
    turns: Sequence[Mapping[str, Any]] = trajectory.get("turns") or ()
    for number, turn in enumerate(turns):
        for message in turn["observation"]:
            answers = asked.get(str(message.get("tool_call_id") or ""), "")
            blocks.append(_shown(message, number, answers))
        said = _said(turn, number)
        asked = {call["id"]: call["name"] for message in _told(turn) for call in message.get("tool_calls") or ()}
        blocks.append(said)
    return blocks


def ending(record: EpisodeRecord) -> Ending:
    """How the episode of this record, trajectory included, came out."""
    row = record.trajectory
    score = row.get("score") or {}
    return Ending(
        outcome=record.outcome.value,
        value=record.value,
        lenient=record.lenient,
        explanation=record.explanation,
        extracted=record.extracted,
        flags=record.flags,
        stop_reason=str(row.get("stop_reason") or ""),
        error=str(row.get("error") or ""),
        metrics=dict(score.get("metrics") or {}),
        notes=dict(row.get("notes") or {}),
        seconds=score.get("seconds"),
    )


def visible(text: str) -> str:
    r"""The text with everything that a terminal obeys or does not show written as an escape: `\e`, `\u202e`.

    Control and format characters (bidirectional overrides, zero widths), line separators and halves of surrogate
    pairs; newlines stay, a tab becomes four spaces.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(letter: str) -> str:
    if letter == "\n" or letter.isprintable():
        return letter
    if letter == "\t":
        return "    "
    if unicodedata.category(letter) not in _UNSEEN:
        return letter
    code = ord(letter)
    return _SHORT.get(letter) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def _shown(message: Mapping[str, Any], turn: int, answers: str) -> Block:
    """A message that the agent was shown."""
    calls = tuple(_call(call["name"], call["arguments"]) for call in message.get("tool_calls") or ())
    reasoning = message.get("reasoning") or ""
    return Block(
        turn=turn, role=message["role"], text=message["content"], reasoning=reasoning, answers=answers, calls=calls
    )


def _said(turn: Mapping[str, Any], number: int) -> Block:
    """What the agent said in a turn."""
    completion, info = turn["completion"], turn["info"]
    message = completion["message"]
    read = next((each for each in reversed(_told(turn)) if each.get("tool_calls")), message)
    text, reasoning = read["content"], message.get("reasoning") or ""
    if not reasoning:
        reasoning, text = _thought(text)
    return Block(
        turn=number,
        role=message["role"],
        text=text,
        reasoning=reasoning,
        calls=tuple(_call(call["name"], call["arguments"]) for call in read.get("tool_calls") or ()),
        failures=_refused(info),
        reward=_finite(turn["reward"]),
        info=info,
        finish=completion["finish_reason"],
        cached=bool(completion["cached"]),
        seconds=_sum(turn.get("sampling_seconds"), turn.get("step_seconds")),
        tokens=tuple(completion["token_ids"]),
        logprobs=tuple(map(_finite, completion["logprobs"] or ())),
    )


def _told(turn: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The agent's message, then that message as the environment read it, where the two differ."""
    message, action = turn["completion"]["message"], turn.get("action")
    return [message] if action is None else [message, action]


def _refused(info: Mapping[str, Any]) -> tuple[str, ...]:
    """One sentence where the environment took a turn for calls and could read none."""
    if info.get("tool_calls") == 0 and info.get("tool_errors"):
        return ("the environment's answer says why",)
    return ()


def _call(name: str, raw: str) -> Call:
    try:
        value = read_json(raw or "{}")
    except ValueError as error:
        return Call(name=name, raw=raw, arguments=None, failure=f"the arguments are not JSON: {error}")
    if not isinstance(value, dict):
        return Call(name=name, raw=raw, arguments=None, failure="the arguments are no JSON object")
    return Call(name=name, raw=raw, arguments=value)


def _thought(text: str) -> tuple[str, str]:
    """What the model thought aloud before it answered, and the answer."""
    if closed := _THOUGHT.match(text):
        return closed[1].strip(), text[closed.end() :].strip()
    if opened := _OPEN_THOUGHT.match(text):
        return opened[1].strip(), ""
    return "", text


def _finite(value: Any) -> float | None:
    """The number; None for the spellings of what is none (`null`, "inf")."""
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _sum(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) if known else None
