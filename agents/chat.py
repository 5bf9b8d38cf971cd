"""Messages to token ids, without ever tokenising again what was sampled.

The first turn is rendered by the tokenizer's own chat template. A later turn continues the ids that are there:

    prompt_ids(t+1) = prompt_ids(t) + token_ids(t) + suffix(observation)

where the suffix closes the assistant's turn if sampling did not, holds the new messages, and opens the next turn. It is
rendered against a dummy conversation, since the template might write the real history anew (drop its reasoning,
normalise its tool calls): `drift` says whether it would, and where.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from assaygym.agents.policy import Prompt
from assaygym.errors import PolicyError
from assaygym.types import Message, ToolCall, ToolSpec

__all__ = ["PLAIN_TEMPLATE", "Chat", "Drift", "chat_dict", "tool_dict"]

PLAIN_TEMPLATE = (
    "{% if tools %}{{ 'tools: ' + (tools | tojson) + '\\n' }}{% endif %}"
    "{% for message in messages %}"
    "{% set calls %}{% for call in message.tool_calls or [] %}"
    "{{ '<tool_call>' + (call.function | tojson) + '</tool_call>' }}{% endfor %}{% endset %}"
    "{{ message.role + ': ' + message.content + calls }}"
    "{{ (eos_token or '') + '\\n' if message.role == 'assistant' else '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)
"""For tokenizers that bring no template: `role: text` lines, the assistant's closed by the end-of-sequence token."""

ANCHOR = "§anchor§"
"""Marks the end of the dummy turn. ASCII-only vocabularies lose the sign, which is why text is searched and not ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Where a template rewrites what a model was fed before."""

    turn: int
    """The assistant turn (from 0) after which the history changed."""
    position: int
    """Index of the first id that differs."""
    before: str
    """The token that was fed."""
    after: str
    """The token that a later rendering has in its place; empty where it ends."""

    def __str__(self) -> str:
        """The finding as a sentence."""
        return (
            f"the chat template is not prefix-preserving: after turn {self.turn + 1}, token {self.position} "
            f"changes from {self.before!r} to {self.after!r}"
        )


class Chat:
    """A tokenizer's chat template, as ids. Thread-safe as far as the tokenizer is.

    Args:
        tokenizer: of `transformers`; where it has no chat template, `PLAIN_TEMPLATE` is used.
        template: a template to use in its place.
    """

    def __init__(self, tokenizer: Any, template: str | None = None) -> None:
        self.tokenizer = tokenizer
        self.template = template or (None if tokenizer.chat_template else PLAIN_TEMPLATE)

    def prompt_ids(self, prompt: Prompt) -> tuple[int, ...]:
        """All ids to feed the model for this prompt; those of its previous turn are kept as they were.

        Raises:
            PolicyError: the template cannot render the messages, or cannot be continued.
        """
        previous = prompt.previous
        if previous is None or not previous.prompt_ids:
            return self.render_ids(prompt.messages, prompt.tools, generation=True)
        suffix = self.suffix_ids(prompt.observation, prompt.tools, _calls_before(prompt))
        if previous.token_ids and previous.token_ids[-1] in self.closing_ids:
            suffix = suffix[self.closing_ids.index(previous.token_ids[-1]) + 1 :]  # the sampled turn closed itself
        return previous.prompt_ids + previous.token_ids + suffix

    def suffix_ids(
        self, observation: Sequence[Message], tools: Sequence[ToolSpec] = (), calls: Sequence[ToolCall] = ()
    ) -> tuple[int, ...]:
        """The ids from the end of an assistant's text to where it writes next: `closing_ids`, messages, opening.

        Args:
            observation: the messages after the assistant's turn.
            tools: as in the prompt.
            calls: what the turn called, for templates that name the tool beside its result.

        Raises:
            PolicyError: the template does not render a turn in a way that lets it be continued.
        """
        reasons = []
        for dummy_calls in ((), tuple(calls)) if calls else ((),):
            try:
                return self._continuation(observation, tools, dummy_calls)
            except PolicyError as error:
                reasons.append(str(error))
        roles = ", ".join(message.role for message in observation)
        raise PolicyError(f"cannot continue a conversation with ({roles}) by this chat template: {'; '.join(reasons)}")

    @cached_property
    def closing_ids(self) -> tuple[int, ...]:
        """What the template writes after an assistant's text, before the next message; empty where it cannot tell."""
        try:
            text = self.render(_dummy(), (), generation=False)
        except PolicyError:
            return ()
        return self.encode(text.split(ANCHOR)[1]) if text.count(ANCHOR) == 1 else ()

    @cached_property
    def end_ids(self) -> frozenset[int]:
        """The ids that end a turn: end of sequence, and the first special token the template closes a turn with."""
        special = [i for i in self.closing_ids if i in self.tokenizer.all_special_ids]
        return frozenset(i for i in (self.tokenizer.eos_token_id, *special[:1]) if i is not None)

    def drift(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> Drift | None:
        """The first token that a later rendering of this conversation changes, or None if none does.

        Each assistant turn is compared with the next: what was fed for it, and its own text, must both stay.
        """
        fed: tuple[int, ...] = ()
        turn = -1
        for index, message in enumerate(messages):
            if message.role != "assistant":
                continue
            now = self.render_ids(messages[:index], tools, generation=True)
            if found := self._difference(fed, now, turn):
                return found
            turn += 1
            fed = now + self.encode(message.content)
        last = self.render_ids(messages, tools, generation=False)
        return self._difference(fed, last, turn)

    def render(self, messages: Sequence[Message], tools: Sequence[ToolSpec], *, generation: bool) -> str:
        """The conversation as the template's text, opening the assistant's turn when `generation` is set.

        Raises:
            PolicyError: the template refuses the messages.
        """
        names = {call.id: call.name for message in messages for call in message.tool_calls}
        try:
            text = self.tokenizer.apply_chat_template(
                [chat_dict(message, names.get(message.tool_call_id or "")) for message in messages],
                tools=[tool_dict(tool) for tool in tools] or None,
                chat_template=self.template,
                add_generation_prompt=generation,
                tokenize=False,
            )
        except Exception as error:  # a template is a program of its author's: jinja raises anything
            roles = ", ".join(message.role for message in messages)
            raise PolicyError(f"the chat template cannot render the messages ({roles}): {error}") from error
        return str(text)

    def render_ids(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), *, generation: bool
    ) -> tuple[int, ...]:
        """The rendered conversation as ids.

        Raises:
            PolicyError: the template refuses the messages.
        """
        return self.encode(self.render(messages, tools, generation=generation))

    def encode(self, text: str) -> tuple[int, ...]:
        """The ids of a text, nothing added."""
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _continuation(
        self, observation: Sequence[Message], tools: Sequence[ToolSpec], calls: tuple[ToolCall, ...]
    ) -> tuple[int, ...]:
        start = _dummy(calls)
        text = self.render((*start, *observation), tools, generation=True)
        if calls:
            return self._after_calls(text, self.render(start, tools, generation=False))
        if text.count(ANCHOR) != 1:
            raise PolicyError("the text of an earlier assistant turn is not rendered as it was written")
        head, tail = text.split(ANCHOR)
        if not tail:
            raise PolicyError("nothing follows the assistant's turn")
        head_ids, all_ids = self.encode(head + ANCHOR), self.encode(text)
        if all_ids[: len(head_ids)] == head_ids:
            return all_ids[len(head_ids) :]
        return self.encode(tail)

    def _after_calls(self, text: str, start: str) -> tuple[int, ...]:
        """The suffix where a tool message needs the call it answers: from the end-of-turn token of the dummy on."""
        start_ids, all_ids = self.encode(start), self.encode(text)
        ends = [at for at, i in enumerate(start_ids) if i in self.end_ids]
        if all_ids[: len(start_ids)] != start_ids or not ends:
            raise PolicyError("the end of a turn with tool calls cannot be found in it")
        return all_ids[ends[-1] :]

    def _difference(self, fed: tuple[int, ...], now: tuple[int, ...], turn: int) -> Drift | None:
        if now[: len(fed)] == fed:
            return None
        at = next((i for i, (a, b) in enumerate(zip(fed, now, strict=False)) if a != b), min(len(fed), len(now)))
        after = self.tokenizer.decode([now[at]]) if at < len(now) else ""
        return Drift(turn=turn, position=at, before=self.tokenizer.decode([fed[at]]), after=after)


def chat_dict(message: Message, tool: str | None = None) -> dict[str, Any]:
    """The message as chat templates read it: arguments as an object where they are one, a result with its tool."""
    row: dict[str, Any] = {"role": message.role, "content": message.content}
    if tool is not None:
        row["name"] = tool
    if message.reasoning is not None:
        row["reasoning_content"] = message.reasoning
    if message.tool_calls:
        row["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": _arguments(c.arguments)}}
            for c in message.tool_calls
        ]
    if message.tool_call_id is not None:
        row["tool_call_id"] = message.tool_call_id
    return row


def tool_dict(tool: ToolSpec) -> dict[str, Any]:
    """The tool as chat templates and chat servers read it."""
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _dummy(calls: tuple[ToolCall, ...] = ()) -> tuple[Message, ...]:
    return (
        Message(role="user", content="question"),
        Message(role="assistant", content=ANCHOR, tool_calls=tuple(replace(c, arguments="{}") for c in calls)),
    )


def _calls_before(prompt: Prompt) -> tuple[ToolCall, ...]:
    """The calls of the turn that the observation answers, as the environment read them."""
    before = prompt.messages[: len(prompt.messages) - len(prompt.observation)]
    return before[-1].tool_calls if before else ()


def _arguments(raw: str) -> Any:
    try:
        value = json.loads(raw)
    except ValueError:
        return raw
    return value if isinstance(value, dict) else raw
