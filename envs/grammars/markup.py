"""Grammars whose calls are lines or tags: ReAct, Qwen3-Coder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from assaygym.envs.grammars.base import ParsedTurn, decode, encode, joined
from assaygym.foreign_json import read_json
from assaygym.types import ToolCall, ToolSpec

__all__ = ["Qwen3Coder", "ReAct"]


class ReAct:
    """`Thought: ...`, `Action: name`, `Action Input: {...}`; the answer after `Final Answer:` (Yao et al., 2210.03629).

    One call a turn: whatever follows the input is an observation that the model made up and is left out, as repaired.
    """

    name = "react"
    ACTION = re.compile(r"^Action:[ \t]*(.*)$", re.MULTILINE)
    INPUT = re.compile(r"^Action Input:", re.MULTILINE)
    FINAL = re.compile(r"^Final Answer:", re.MULTILINE)

    def parse(self, text: str, tools: Sequence[ToolSpec] = ()) -> ParsedTurn:
        """Take a turn apart."""
        action = self.ACTION.search(text)
        final = self.FINAL.search(text)
        if action is None or (final is not None and final.start() < action.start()):
            return ParsedTurn(content=(text[final.end() :] if final else text).strip())
        content = text[: action.start()].strip()
        given = self.INPUT.search(text, action.end())
        if given is None:
            return ParsedTurn(content=content, errors=("an Action without an Action Input",))
        try:
            value, end = decode(text, given.end())
            call = ToolCall(id="call_0", name=action[1].strip(), arguments=encode(value))
        except ValueError as error:
            return ParsedTurn(content=content, errors=(f"{error}; write Action Input: {{...}}",))
        return ParsedTurn(content=content, calls=(call,), repaired=bool(text[end:].strip()))

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The turn as text; the grammar holds one call, the first."""
        if not calls:
            return content
        return joined(content, [f"Action: {calls[0].name}\nAction Input: {calls[0].arguments or '{}'}"])


class Qwen3Coder:
    """`<tool_call><function=name><parameter=key>value</parameter></function></tool_call>` (Qwen3-Coder, Qwen 3.5).

    Values carry no types: those of string parameters are taken as they stand, the others as JSON where they are JSON.
    """

    name = "qwen3_coder"
    OPEN = re.compile(r"<function=([^>\n]*)>")
    KEY = re.compile(r"<parameter=([^>\n]*)>")
    END, CLOSE = "</parameter>", "</function>"

    def parse(self, text: str, tools: Sequence[ToolSpec] = ()) -> ParsedTurn:
        """Take a turn apart."""
        schemas = {tool.name: tool.parameters.get("properties", {}) for tool in tools}
        content: list[str] = []
        calls: list[ToolCall] = []
        errors: list[str] = []
        position = 0
        while start := self.OPEN.search(text, position):
            content.append(text[position : start.start()])
            arguments, position, closed = self._parameters(text, start.end(), schemas.get(start[1].strip(), {}))
            if not closed:
                errors.append(f"the call of {start[1].strip()!r} has no closing </parameter> or </function>")
                position = len(text)
                break
            try:
                raw = encode(arguments)
            except ValueError as error:
                errors.append(str(error))
                continue
            calls.append(ToolCall(id=f"call_{len(calls)}", name=start[1].strip(), arguments=raw))
        content.append(text[position:])
        outside = "".join(content).replace("<tool_call>", "").replace("</tool_call>", "").strip()
        return ParsedTurn(content=outside, calls=tuple(calls), errors=tuple(errors))

    def render(self, content: str, calls: Sequence[ToolCall]) -> str:
        """The turn as text."""
        return joined(content, [self._block(call) for call in calls])

    def _parameters(self, text: str, position: int, schema: Mapping[str, Any]) -> tuple[dict[str, Any], int, bool]:
        """The arguments, where the call ends, and whether it was closed."""
        arguments: dict[str, Any] = {}
        while True:
            close = text.find(self.CLOSE, position)
            key = self.KEY.search(text, position, close if close >= 0 else len(text))
            if key is None:
                return arguments, close + len(self.CLOSE), close >= 0
            end = text.find(self.END, key.end())
            if end < 0:
                return arguments, position, False
            arguments[key[1].strip()] = _value(text[key.end() : end], schema.get(key[1].strip(), {}))
            position = end + len(self.END)

    def _block(self, call: ToolCall) -> str:
        lines = ["<tool_call>", f"<function={call.name}>"]
        for key, value in json.loads(call.arguments or "{}").items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines += [f"<parameter={key}>", text, self.END]
        return "\n".join([*lines, self.CLOSE, "</tool_call>"])


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    text = text.removeprefix("\n").removesuffix("\n")
    if schema.get("type") == "string":
        return text
    try:
        return read_json(text)
    except ValueError:
        return text
