"""The kinds of conversations that a chat template is checked with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assaygym.types import Message, ToolCall, ToolSpec

__all__ = ["CONVERSATIONS", "Conversation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One kind of conversation; it ends with an assistant's turn."""

    name: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()


def _say(role: Any, content: str, **fields: Any) -> Message:
    return Message(role=role, content=content, **fields)


def _call(n: int, arguments: Mapping[str, Any]) -> ToolCall:
    return ToolCall(id=f"callnum{n:02}", name="add", arguments=json.dumps(arguments))


def _result(n: int, content: str) -> Message:
    return _say("tool", content, tool_call_id=f"callnum{n:02}")


_ASK, _DONE, _MORE = _say("user", "What is 17 + 25?"), _say("assistant", "It is 42."), _say("user", "And plus 8?")
_LAST = _say("assistant", "It is 50.")
_TOOLS = (
    ToolSpec(
        name="add",
        description="Add two numbers.",
        parameters={"type": "object", "properties": {"b": {"type": "integer"}, "a": {"type": "integer"}}},
    ),
)
_ONE_CALL = _say("assistant", "", tool_calls=(_call(0, {"a": 17, "b": 25}),))
_TWO_CALLS = _say("assistant", "", tool_calls=(_call(0, {"a": 17, "b": 25}), _call(1, {"a": 42, "b": 8})))
_TURNED = _say("assistant", "", tool_calls=(_call(0, {"b": 25, "a": 17}),))

CONVERSATIONS = (
    Conversation(name="several turns", messages=(_ASK, _DONE, _MORE, _LAST)),
    Conversation(name="system prompt", messages=(_say("system", "Be brief."), _ASK, _DONE, _MORE, _LAST)),
    Conversation(
        name="reasoning in the text",
        messages=(_ASK, _say("assistant", "<think>\n17 + 25\n</think>\n\nIt is 42."), _MORE, _LAST),
    ),
    Conversation(
        name="reasoning in a field",
        messages=(_ASK, _say("assistant", "It is 42.", reasoning="17 + 25"), _MORE, _LAST),
    ),
    Conversation(name="one tool call", messages=(_ASK, _ONE_CALL, _result(0, "42"), _DONE), tools=_TOOLS),
    Conversation(
        name="several tool calls",
        messages=(_ASK, _TWO_CALLS, _result(0, "42"), _result(1, "50"), _DONE),
        tools=_TOOLS,
    ),
    Conversation(
        name="a turn after a tool call",
        messages=(_ASK, _ONE_CALL, _result(0, "42"), _DONE, _MORE, _LAST),
        tools=_TOOLS,
    ),
    Conversation(name="arguments in another order", messages=(_ASK, _TURNED, _result(0, "42"), _DONE), tools=_TOOLS),
    Conversation(
        name="a call that is broken off",
        messages=(_ASK, _say("assistant", '<tool_call>{"name": "add"'), _say("user", "That is no call."), _DONE),
        tools=_TOOLS,
    ),
    Conversation(name="empty answer", messages=(_ASK, _say("assistant", ""), _MORE, _LAST)),
    Conversation(name="space before the answer", messages=(_ASK, _say("assistant", "\n It is 42."), _MORE, _LAST)),
    Conversation(name="space after the answer", messages=(_ASK, _say("assistant", "It is 42. \n"), _MORE, _LAST)),
)
"""What `check_template` plays."""
