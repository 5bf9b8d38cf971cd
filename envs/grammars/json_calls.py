"""Grammars whose calls are JSON: Hermes, OpenAI, Llama 3, Mistral."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from assaygym.envs.grammars.base import ParsedTurn, after_space, call_of, decode, joined
from assaygym.types import ToolCall, ToolSpec

__all__ = ["Hermes", "Llama3", "Mistral", "OpenAI"]


class Hermes:
    """`<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, repeated: Hermes, Qwen 2.5 and Qwen 3."""

    name = "hermes"
    OPEN, CLOSE = "<tool_call>", "</tool_call>"
    HINT = 'write <tool_call>{"name": ..., "arguments": {...}}</tool_call>'

    def parse(self, text: str, tools: Sequence[ToolSpec] = ()) -> ParsedTurn:
        """Take a turn apart; a call without its closing tag counts as repaired."""
        content: list[str] = []
        calls: list[ToolCall] = []
        errors: list[str] = []
        repaired = False
        position = 0
        while (start := text.find(self.OPEN, position)) >= 0:
            content.append(text[position:start])
            body = start + len(self.OPEN)
            try:
                value, end = decode(text, body)
                call, lenient = call_of(value, len(calls))
            except ValueError as error:
                errors.append(f"{error}; {self.HINT}")
                position = self._after_close(text, body)
                continue
            calls.append(call)
            closed = text.startswith(self.CLOSE, after_space(text, end))
            repaired = repaired or lenient or not closed
            position = self._after_close(text, end) if closed else end
        content.append(text[position:])
        return ParsedTurn(content="".join(content).strip(), calls=tuple(calls), errors=tuple(errors), repaired=repaired)

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The turn as text."""
        bodies = (f'{{"name": {json.dumps(call.name)}, "arguments": {call.arguments or "{}"}}}' for call in calls)
        return joined(content, [f"{self.OPEN}\n{body}\n{self.CLOSE}" for body in bodies])

    def _after_close(self, text: str, start: int) -> int:
        close = text.find(self.CLOSE, start)
        return len(text) if close < 0 else close + len(self.CLOSE)


class OpenAI:
    """`{"tool_calls": [{"id", "type": "function", "function": {"name", "arguments": "<JSON>"}}]}` after the text.

    The shape of the chat completions API; xLAM's `{"name", "arguments"}` entries are read too, as repaired.
    """

    name = "openai"
    OPEN = '{"tool_calls"'

    def parse(self, text: str, tools: Sequence[ToolSpec] = ()) -> ParsedTurn:
        """Take a turn apart."""
        start = text.find(self.OPEN)
        if start < 0:
            return ParsedTurn(content=text.strip())
        content = text[:start].strip()
        try:
            value, end = decode(text, start)
            entries = value["tool_calls"]
            if not isinstance(entries, list):
                raise ValueError('"tool_calls" is not a list')
            read = [self._call(entry, index) for index, entry in enumerate(entries)]
        except ValueError as error:
            return ParsedTurn(content=content, errors=(str(error),))
        repaired = any(lenient for _, lenient in read)
        rest = text[end:].strip()
        return ParsedTurn(content=f"{content} {rest}".strip(), calls=tuple(call for call, _ in read), repaired=repaired)

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The turn as text."""
        if not calls:
            return content
        entries = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in calls
        ]
        return joined(content, [json.dumps({"tool_calls": entries}, ensure_ascii=False)])

    def _call(self, entry: Any, index: int) -> tuple[ToolCall, bool]:
        standard = isinstance(entry, dict) and isinstance(entry.get("function"), dict)
        call, encoded = call_of(entry["function"] if standard else entry, index)
        return call, not (standard and encoded)


class Llama3:
    """`<|python_tag|>{"name": ..., "parameters": {...}}`, several parted by `;`; or that JSON alone (Llama 3.x)."""

    name = "llama3"
    OPEN = "<|python_tag|>"

    def parse(self, text: str, tools: Sequence[ToolSpec] = ()) -> ParsedTurn:
        """Take a turn apart; a bare object with a name and parameters is a call."""
        start = text.find(self.OPEN)
        if start >= 0:
            content, position = text[:start].strip(), start + len(self.OPEN)
        elif text.lstrip().startswith('{"name"'):
            content, position = "", 0
        else:
            return ParsedTurn(content=text.strip())
        calls: list[ToolCall] = []
        repaired = False
        try:
            while True:
                value, end = decode(text, position)
                key = "parameters" if isinstance(value, dict) and "parameters" in value else "arguments"
                call, lenient = call_of(value, len(calls), key)
                calls.append(call)
                repaired = repaired or lenient or (key == "arguments" and "arguments" in value)
                position = after_space(text, end)
                if not text.startswith(";", position):
                    break
                position += 1
        except ValueError as error:
            return ParsedTurn(content=content, errors=(str(error),))
        return ParsedTurn(content=f"{content} {text[position:].strip()}".strip(), calls=tuple(calls), repaired=repaired)

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The turn as text."""
        bodies = [f'{{"name": {json.dumps(call.name)}, "parameters": {call.arguments or "{}"}}}' for call in calls]
        return content + self.OPEN + "; ".join(bodies) if bodies else content


class Mistral:
    """`[TOOL_CALLS][{"name": ..., "arguments": {...}}]`, or the newer `[TOOL_CALLS]name[ARGS]{...}`, repeated."""

    name = "mistral"
    OPEN, ARGS = "[TOOL_CALLS]", "[ARGS]"

    def parse(self, text: str, tools: Sequence[ToolSpec] = ()) -> ParsedTurn:
        """Take a turn apart."""
        start = text.find(self.OPEN)
        if start < 0:
            return ParsedTurn(content=text.strip())
        content, position = text[:start].strip(), start
        calls: list[ToolCall] = []
        repaired = False
        try:
            while text.startswith(self.OPEN, position):
                read, position = self._block(text, position + len(self.OPEN), len(calls))
                calls += [call for call, _ in read]
                repaired = repaired or any(lenient for _, lenient in read)
                position = after_space(text, position)
        except ValueError as error:
            return ParsedTurn(content=content, errors=(str(error),))
        rest = text[position:].strip()
        return ParsedTurn(content=f"{content} {rest}".strip(), calls=tuple(calls), repaired=repaired)

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The turn as text, in the older form, which can hold any name."""
        bodies = [f'{{"name": {json.dumps(call.name)}, "arguments": {call.arguments or "{}"}}}' for call in calls]
        return f"{content}{self.OPEN}[{', '.join(bodies)}]" if bodies else content

    def _block(self, text: str, start: int, index: int) -> tuple[list[tuple[ToolCall, bool]], int]:
        args = text.find(self.ARGS, start, start + 256)
        if args >= 0 and not text[start:args].lstrip().startswith(("[", "{")):
            value, end = decode(text, args + len(self.ARGS))
            return [call_of({"name": text[start:args].strip(), "arguments": value}, index)], end
        value, end = decode(text, start)
        entries = value if isinstance(value, list) else [value]
        return [call_of(entry, index + offset) for offset, entry in enumerate(entries)], end
