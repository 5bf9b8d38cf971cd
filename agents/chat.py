"""Messages to token ids, without ever tokenising again what was sampled.

The first turn is rendered by the tokenizer's own chat template. A later turn continues the ids that are there:

    prompt_ids(t+1) = prompt_ids(t) + token_ids(t) + suffix(observation)

where the suffix closes the assistant's turn if sampling did not, holds the new messages, and opens the next turn. It is
rendered against a dummy conversation, since the template might write the real history anew (drop its reasoning,
normalise its tool calls): `assaygym.agents.templates` says whether it would, and where.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from assaygym.agents.policy import Prompt
from assaygym.errors import PolicyError
from assaygym.foreign_json import read_object
from assaygym.types import Message, ToolCall, ToolSpec

__all__ = ["PLAIN_TEMPLATE", "Chat", "chat_dict", "tool_dict"]

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

ANCHOR = "assay-anchor-q"
"""Marks the dummy turn in the rendered text."""


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A first turn and its ids."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Suffix:
    """What follows an assistant's text; `ids[:closed]` end the turn, its end-of-turn id last (0: there is none)."""

    ids: tuple[int, ...]
    closed: int

    def after(self, sampled: Sequence[int]) -> tuple[int, ...]:
        """The ids to append to these sampled ones, which may have ended the turn themselves."""
        ended = self.closed and sampled and sampled[-1] == self.ids[self.closed - 1]
        return self.ids[self.closed :] if ended else self.ids


class Chat:
    """A tokenizer's chat template, as ids. Thread-safe as far as the tokenizer is.

    Args:
        tokenizer: of `transformers`; where it has no chat template, `PLAIN_TEMPLATE` is used.
        template: a template to use in its place.
    """

    def __init__(self, tokenizer: Any, template: str | None = None) -> None:
        self.tokenizer = tokenizer
        self.template = template or (None if tokenizer.chat_template else PLAIN_TEMPLATE)
        self._latest: _Rendered | None = None

    def prompt_ids(self, prompt: Prompt) -> tuple[int, ...]:
        """All ids to feed the model for this prompt; those of its previous turn are kept as they were.

        Raises:
            PolicyError: the template cannot render the messages, or cannot be continued.
        """
        previous = prompt.previous
        if previous is None or not previous.prompt_ids:
            return self._first_ids(prompt)
        suffix = self._suffix(prompt.observation, prompt.tools, _calls_before(prompt))
        return previous.prompt_ids + previous.token_ids + suffix.after(previous.token_ids)

    def suffix_ids(
        self, observation: Sequence[Message], tools: Sequence[ToolSpec] = (), calls: Sequence[ToolCall] = ()
    ) -> tuple[int, ...]:
        """The ids from the end of an assistant's text to where it writes next: the turn's end, messages, opening.

        Args:
            observation: the messages after the assistant's turn.
            tools: as in the prompt.
            calls: what the turn called, for templates that name the tool beside its result.

        Raises:
            PolicyError: the template does not render a turn in a way that lets it be continued.
        """
        return self._suffix(observation, tools, calls).ids

    @cached_property
    def closing_ids(self) -> tuple[int, ...]:
        """What the template writes after an assistant's text, before the next message; empty where it cannot tell."""
        try:
            text = self.render(_dummy(ANCHOR), (), generation=False)
        except PolicyError:
            return ()
        return self.encode(text.split(ANCHOR)[1]) if text.count(ANCHOR) == 1 else ()

    @cached_property
    def end_ids(self) -> frozenset[int]:
        """The ids that end a turn: end of sequence, and the first special token the template closes a turn with."""
        added = {i for i, token in self.tokenizer.added_tokens_decoder.items() if token.special}
        special = [i for i in self.closing_ids if i in added or i in self.tokenizer.all_special_ids]
        return frozenset(i for i in (self.tokenizer.eos_token_id, *special[:1]) if i is not None)

    def render(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        *,
        generation: bool,
        names: Mapping[str, str] | None = None,
    ) -> str:
        """The conversation as the template's text, opening the assistant's turn when `generation` is set.

        Args:
            messages: the conversation.
            tools: what the template may describe.
            generation: whether the assistant writes next.
            names: the tool of each call id, for results whose calls are not among the messages.

        Raises:
            PolicyError: the template refuses the messages.
        """
        names = {**(names or {}), **{call.id: call.name for message in messages for call in message.tool_calls}}
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

    def _first_ids(self, prompt: Prompt) -> tuple[int, ...]:
        """Of a first turn. The samples of a group ask for the same one after the other."""
        latest = self._latest
        if latest is None or latest.messages != prompt.messages or latest.tools != prompt.tools:
            ids = self.render_ids(prompt.messages, prompt.tools, generation=True)
            self._latest = latest = _Rendered(prompt.messages, prompt.tools, ids)
        return latest.ids

    def _suffix(self, observation: Sequence[Message], tools: Sequence[ToolSpec], calls: Sequence[ToolCall]) -> _Suffix:
        anchor = ANCHOR
        while any(anchor in message.content for message in observation):
            anchor += "q"  # an agent that is quoted must not end its own episode
        names = {call.id: call.name for call in calls}
        reasons: dict[str, None] = {}
        for given, shown in _variants(tuple(calls), tuple(observation)):
            try:
                return self._continuation((*_dummy(anchor, given), *shown), tools, names, anchor)
            except PolicyError as error:
                reasons[str(error)] = None
        roles = ", ".join(message.role for message in observation)
        raise PolicyError(
            f"cannot continue a conversation with ({roles}) by this chat template: {'; '.join(reasons)}. "
            "`assay doctor --template MODEL` shows what it can do; a template that can is set by "
            "`tokenizer.chat_template`"
        )

    def _continuation(
        self, messages: tuple[Message, ...], tools: Sequence[ToolSpec], names: Mapping[str, str], anchor: str
    ) -> _Suffix:
        text = self.render(messages, tools, generation=True, names=names)
        if messages[1].tool_calls:
            return self._after_calls(text, self.render(messages[:2], tools, generation=False), anchor)
        if text.count(anchor) != 1:
            raise PolicyError("the text of an earlier assistant turn is not rendered as it was written")
        tail = text.partition(anchor)[2]
        if not tail:
            raise PolicyError("nothing follows the assistant's turn")
        start_ids, all_ids = self.encode(anchor), self.encode(anchor + tail)
        # the same as encoding the tail alone, but for tokenizers that put a space before every text
        ids = all_ids[len(start_ids) :] if all_ids[: len(start_ids)] == start_ids else self.encode(tail)
        return _Suffix(ids, self._closed(ids))

    def _after_calls(self, text: str, start: str, anchor: str) -> _Suffix:
        """The suffix of a turn with calls, whose own text is the template's affair: from its end-of-turn token on."""
        closing, tail = start.rpartition(anchor)[2], text.rpartition(anchor)[2]
        ends = [str(self.tokenizer.convert_ids_to_tokens(i)) for i in self.end_ids]
        found = min((at for end in ends if (at := closing.find(end)) >= 0), default=-1)
        if anchor not in text or found < 0 or tail[: found + 1] != closing[: found + 1]:
            raise PolicyError("the end of a turn with tool calls cannot be found in it")
        return _Suffix(self.encode(tail[found:]), 1)

    def _closed(self, ids: tuple[int, ...]) -> int:
        """How many of the ids close the turn: up to the end-of-turn id that also stands in `closing_ids`."""
        at = next((at for at, i in enumerate(self.closing_ids) if i in self.end_ids), -1)
        return at + 1 if ids[: at + 1] == self.closing_ids[: at + 1] else 0


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


def _dummy(anchor: str, calls: tuple[ToolCall, ...] = ()) -> tuple[Message, ...]:
    """A question and an answer that makes these calls; the anchor is its text, and each call's only argument."""
    arguments = json.dumps({"x": anchor})
    said = Message(
        role="assistant", content=anchor, tool_calls=tuple(replace(call, arguments=arguments) for call in calls)
    )
    return Message(role="user", content="question"), said


def _variants(
    calls: tuple[ToolCall, ...], observation: tuple[Message, ...]
) -> Iterator[tuple[tuple[ToolCall, ...], tuple[Message, ...]]]:
    """What the dummy turn calls, with the results that answer it, from the truest to what stricter templates take."""
    if calls:
        yield calls, observation
    yield (), observation
    results = [message for message in observation if message.role == "tool"]
    if not results:
        return
    names = {call.id: call.name for call in calls}
    made = [
        ToolCall(id=f"assay{n:04}", name=names.get(m.tool_call_id or "", "tool"), arguments="")
        for n, m in enumerate(results)
    ]  # nine letters and digits: some templates take no other id
    for kept in (made, made[:1]):
        answers = iter([*kept, *[kept[-1]] * (len(made) - len(kept))])
        yield (
            tuple(kept),
            tuple(replace(m, tool_call_id=next(answers).id) if m.role == "tool" else m for m in observation),
        )


def _calls_before(prompt: Prompt) -> tuple[ToolCall, ...]:
    """The calls of the turn that the observation answers, as the environment read them."""
    before = prompt.messages[: len(prompt.messages) - len(prompt.observation)]
    return before[-1].tool_calls if before else ()


def _arguments(raw: str) -> Any:
    found = read_object(raw)
    return raw if found is None else found
