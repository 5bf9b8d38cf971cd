"""What a tool-call grammar is, and the readers that several of them share.

A malformed call is never dropped in silence and never repaired in silence: it comes back as an error for the agent to
read, or as a call with `repaired` set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assaygym.foreign_json import read_json_at
from assaygym.types import ToolCall, ToolSpec

__all__ = ["Grammar", "ParsedTurn", "after_space", "call_of", "decode", "encode", "joined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedTurn:
    """A turn's text taken apart."""

    content: str
    """The text outside the calls."""
    calls: tuple[ToolCall, ...] = ()
    errors: tuple[str, ...] = ()
    """One sentence for each call that could not be read, for the agent."""
    repaired: bool = False
    """Whether leniency was needed to read a call."""


class Grammar(Protocol):
    """One way to write tool calls as text."""

    name: str

    def parse(self, text: str, tools: Sequence[ToolSpec] = ()) -> ParsedTurn:
        """Take a turn apart; never raises, in linear time.

        Args:
            text: of the turn.
            tools: the tools on offer; grammars that write values without types read them by these schemas.
        """
        ...

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The text that `parse` reads back as this content and these calls."""
        ...


def decode(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at `start` (after white space) and where it ends.

    A decoder finds the end, not the closing tag, which may stand inside a string.

    Raises:
        ValueError: there is none; the message is for the agent.
    """
    start = after_space(text, start)
    try:
        return read_json_at(text, start)
    except json.JSONDecodeError as error:
        raise ValueError(f"the tool call is not JSON: {error.msg} (character {error.pos - start})") from error
    except ValueError as error:
        raise ValueError(f"the tool call cannot be read: {error}") from error


def after_space(text: str, start: int) -> int:
    """Where white space that begins at `start` ends."""
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    return start


def call_of(value: Any, index: int, key: str = "arguments") -> tuple[ToolCall, bool]:
    """The call that a JSON object stands for, and whether leniency was needed.

    Raises:
        ValueError: it stands for none; the message is for the agent.
    """
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        raise ValueError('the tool call is not an object with a "name"')
    arguments = value.get(key, {})
    lenient = isinstance(arguments, str)  # some models encode the arguments twice
    raw = arguments if isinstance(arguments, str) else encode(arguments)
    return ToolCall(id=f"call_{index}", name=value["name"], arguments=raw), lenient


def encode(value: Any) -> str:
    """The JSON text of a value that was decoded.

    Half a surrogate pair stays escaped, so that the text can be written anywhere.

    Raises:
        ValueError: it is nested more deeply than can be written; the message is for the agent.
    """
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:  # the encoder's limit is a little below the decoder's
        raise ValueError("the tool call is nested too deeply") from None
    return text if _is_whole(text) else json.dumps(value)


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def joined(content: str, blocks: Sequence[str], separator: str = "\n") -> str:
    """Content and blocks, without an empty line where there is no content."""
    return separator.join([content, *blocks] if content else blocks)
