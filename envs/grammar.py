"""How tool calls are written in an assistant's text: named grammars, each parsing and rendering.

A malformed call is never dropped in silence and never repaired in silence: it comes back as an error for the agent to
read, or as a call with `repaired` set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assaygym.errors import ConfigError, did_you_mean
from assaygym.types import ToolCall

__all__ = ["GRAMMARS", "Grammar", "ParsedTurn", "grammar"]


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

    def parse(self, text: str) -> ParsedTurn:
        """Take a turn apart; never raises, in linear time."""
        ...

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The text that `parse` reads back as this content and these calls."""
        ...


class Hermes:
    """`<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, repeated: Hermes, Qwen 2.5 and Qwen 3.

    The JSON value is read by a decoder and not up to the closing tag, which may stand inside a string argument.
    """

    name = "hermes"
    OPEN, CLOSE = "<tool_call>", "</tool_call>"

    def parse(self, text: str) -> ParsedTurn:
        """Take a turn apart."""
        content: list[str] = []
        calls: list[ToolCall] = []
        errors: list[str] = []
        repaired = False
        position = 0
        while (start := text.find(self.OPEN, position)) >= 0:
            content.append(text[position:start])
            body = start + len(self.OPEN)
            try:
                value, end = _decode(text, body)
                call, lenient = _call_of(value, len(calls))
            except ValueError as error:
                errors.append(f"{error}; write {self.OPEN}" + '{"name": ..., "arguments": {...}}' + self.CLOSE)
                close = text.find(self.CLOSE, body)
                position = len(text) if close < 0 else close + len(self.CLOSE)
                continue
            calls.append(call)
            rest = text[end:].lstrip() if len(text) - end < 64 else text[end : end + 64].lstrip()
            closed = rest.startswith(self.CLOSE)
            repaired = repaired or lenient or not closed
            position = text.index(self.CLOSE, end) + len(self.CLOSE) if closed else end
        content.append(text[position:])
        return ParsedTurn(content="".join(content).strip(), calls=tuple(calls), errors=tuple(errors), repaired=repaired)

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The turn as text."""
        blocks = [
            f'{self.OPEN}\n{{"name": {json.dumps(c.name)}, "arguments": {c.arguments}}}\n{self.CLOSE}' for c in calls
        ]
        return "\n".join([content, *blocks] if content else blocks)


class Fence:
    """A fenced Python block is a call of the tool `python` with the argument `code` (CodeAct, ToRA)."""

    name = "fence"
    OPEN = re.compile(r"^```(?:python|py)[ \t]*$", re.MULTILINE)
    CLOSE = re.compile(r"^```[ \t]*$", re.MULTILINE)

    def parse(self, text: str) -> ParsedTurn:
        """Take a turn apart; an unclosed block reaches to the end and counts as repaired."""
        content: list[str] = []
        calls: list[ToolCall] = []
        repaired = False
        position = 0
        while start := self.OPEN.search(text, position):
            content.append(text[position : start.start()])
            close = self.CLOSE.search(text, start.end())
            code = text[start.end() + 1 : close.start() if close else len(text)]
            calls.append(ToolCall(id=f"call_{len(calls)}", name="python", arguments=json.dumps({"code": code})))
            position = close.end() if close else len(text)
            repaired = repaired or close is None
        content.append(text[position:])
        return ParsedTurn(content="".join(content).strip(), calls=tuple(calls), repaired=repaired)

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The turn as text.

        Raises:
            ConfigError: a call of another tool than `python`.
        """
        blocks = []
        for call in calls:
            if call.name != "python":
                raise ConfigError(f"the fence grammar writes calls of the tool 'python' only, not {call.name!r}")
            blocks.append(f"```python\n{json.loads(call.arguments)['code'].rstrip()}\n```")
        return "\n".join([content, *blocks] if content else blocks)


GRAMMARS: dict[str, Grammar] = {"hermes": Hermes(), "fence": Fence()}


def grammar(name: str) -> Grammar:
    """The grammar of this name.

    Raises:
        ConfigError: there is none.
    """
    if name not in GRAMMARS:
        raise ConfigError(f"no tool-call grammar {name!r}; {did_you_mean(name, GRAMMARS)}")
    return GRAMMARS[name]


def _decode(text: str, start: int) -> tuple[Any, int]:
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise ValueError(f"the tool call is not JSON: {error.msg} at character {error.pos - start}") from error
    except RecursionError:
        raise ValueError("the tool call is nested too deeply") from None
    return value, end


def _call_of(value: Any, index: int) -> tuple[ToolCall, bool]:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise ValueError('the tool call is not an object with a "name"')
    arguments = value.get("arguments", {})
    lenient = isinstance(arguments, str)  # some models encode the arguments twice
    raw = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return ToolCall(id=f"call_{index}", name=value["name"], arguments=raw), lenient
