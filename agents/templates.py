"""What a chat template does to a conversation that goes on: does it leave alone what the model was fed before?

A rollout never depends on it (see `assaygym.agents.chat`), but whatever renders a conversation anew does: a trainer
that tokenises messages, a chat server between two turns, supervised data. Each kind of conversation is played once: the
prompt of every assistant turn and the text that is sampled there must stand unchanged in the next rendering.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from assaygym.agents.chat import ANCHOR, Chat
from assaygym.agents.conversations import CONVERSATIONS, Conversation
from assaygym.agents.policy import Prompt
from assaygym.agents.quiet import no_progress_bars
from assaygym.errors import ConfigError, MissingDependencyError, PolicyError
from assaygym.types import Completion, Message, ToolSpec

__all__ = [
    "Drift",
    "Finding",
    "History",
    "TemplateReport",
    "check_template",
    "first_drift",
    "load_chat",
]


class History(StrEnum):
    """What became of the tokens that a model was fed and sampled, in a later rendering."""

    KEPT = "kept"
    RETOKENISED = "retokenised"
    """The text is kept, but encoding it in one piece gives other ids than its parts."""
    REWRITTEN = "rewritten"
    """The text itself changed."""
    REFUSED = "refused"
    """The template renders no such conversation."""


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
    rewritten: bool
    """Whether the text changed, and not only its ids."""

    def __str__(self) -> str:
        """The finding as a sentence."""
        return f"after turn {self.turn + 1}, token {self.position} changes from {self.before!r} to {self.after!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a template does with one kind of conversation."""

    conversation: str
    history: History
    drift: Drift | None = None
    refusal: str = ""
    """Why the template renders no such conversation."""
    rollout: str = ""
    """Why a rollout refuses it; empty where each turn is appended to the ids before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateReport:
    """The findings, one for each of `CONVERSATIONS`."""

    findings: tuple[Finding, ...]

    @property
    def prefix_preserving(self) -> bool:
        """Whether nothing that the template renders drifts, in text or in ids."""
        return all(finding.drift is None for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {"prefix_preserving": self.prefix_preserving, "conversations": [asdict(f) for f in self.findings]}


def check_template(chat: Chat) -> TemplateReport:
    """Play every kind of conversation with this template."""
    return TemplateReport(findings=tuple(_finding(chat, conversation) for conversation in CONVERSATIONS))


def first_drift(chat: Chat, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> Drift | None:
    """The first token that a later rendering of this conversation changes, or None if none does.

    Where some turns change in their text and others in their ids alone, the first of the former is told. What is
    sampled is an assistant's content as it stands, or, with calls or with `reasoning`, the template's own form of the
    turn, its arguments in the order they have.

    Raises:
        PolicyError: the template refuses the conversation.
    """
    turns = [index for index, message in enumerate(messages) if message.role == "assistant"]
    found: Drift | None = None
    for turn, index in enumerate(turns):
        opened = chat.render(messages[:index], tools, generation=True)
        own = _own_text(chat, messages[: index + 1], tools, opened)
        nxt = turns[turn + 1] if turn + 1 < len(turns) else None
        later = chat.render(messages[:nxt], tools, generation=nxt is not None)
        drift = _difference(chat, turn, (opened, own), later)
        if drift is not None and drift.rewritten:
            return drift
        found = found or drift
    return found


def load_chat(model: str) -> Chat:
    """The chat template of a local folder, or of an id on the Hugging Face Hub.

    Raises:
        ConfigError: there is no such tokenizer.
        MissingDependencyError: transformers is not installed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingDependencyError.of("transformers", "train", "a chat template") from error
    try:
        local = _is_local(model)
        with no_progress_bars() if local else nullcontext():
            return Chat(AutoTokenizer.from_pretrained(model, local_files_only=local))
    except Exception as error:  # files of others and the network: whatever it is, the sentence carries it
        raise ConfigError(
            f"cannot load the tokenizer of {model!r}: expected a folder that holds one, or an id on the Hugging Face "
            f"Hub, which must be reachable or in the cache: {(str(error).splitlines() or [type(error).__name__])[0]}"
        ) from error


def _is_local(name: str) -> bool:
    """Whether a folder or the cache holds the tokenizer; raises at once where there is none (loading retries)."""
    from huggingface_hub import HfApi, try_to_load_from_cache

    if Path(name).is_dir() or isinstance(try_to_load_from_cache(name, "tokenizer_config.json"), str):
        return True
    HfApi().model_info(name, timeout=10)
    return False


def _finding(chat: Chat, conversation: Conversation) -> Finding:
    rollout = _refusal_of_rollout(chat, conversation)
    try:
        drift = first_drift(chat, conversation.messages, conversation.tools)
    except PolicyError as error:
        return Finding(
            conversation=conversation.name,
            history=History.REFUSED,
            refusal=str(error.__cause__ or error),
            rollout=rollout,
        )
    history = History.KEPT if drift is None else History.REWRITTEN if drift.rewritten else History.RETOKENISED
    return Finding(conversation=conversation.name, history=history, drift=drift, rollout=rollout)


def _refusal_of_rollout(chat: Chat, conversation: Conversation) -> str:
    """Play the conversation as `Chat.prompt_ids` does, each turn sampled as its content."""
    previous, seen = None, 0
    try:
        for index, message in enumerate(conversation.messages):
            if message.role != "assistant":
                continue
            prompt = Prompt(
                messages=conversation.messages[:index],
                tools=conversation.tools,
                previous=previous,
                observation=conversation.messages[seen:index],
            )
            ids = chat.prompt_ids(prompt)
            previous, seen = (
                Completion(message=message, prompt_ids=ids, token_ids=chat.encode(message.content)),
                index + 1,
            )
    except PolicyError as error:
        return str(error)
    return ""


def _own_text(chat: Chat, messages: Sequence[Message], tools: Sequence[ToolSpec], opened: str) -> str:
    """What is sampled for the last message, after the prompt `opened`.

    White space that the template itself puts before an answer is sampled with it. A turn with calls or `reasoning` is
    in the template's form.
    """
    *before, message = messages
    twin, names = _twin(message)
    closed = chat.render((*before, twin), tools, generation=False)
    own = closed[len(opened) :] if closed.startswith(opened) else ""
    if not message.tool_calls and message.reasoning is None:
        space = own.partition(ANCHOR)[0]
        return message.content if space.strip() else space + message.content
    for made, name in names.items():
        own = own.replace(made, name)
    return own or message.content


def _twin(message: Message) -> tuple[Message, dict[str, str]]:
    """A message whose form shows what the template adds, and the true names of its arguments.

    A plain answer is replaced by a mark; arguments get names that are in alphabetical order.
    """
    if not message.tool_calls and message.reasoning is None:
        return replace(message, content=ANCHOR), {}
    names: dict[str, str] = {}
    calls = []
    for call in message.tool_calls:
        arguments = json.loads(call.arguments)
        made = {f"argument{len(names) + n:03}q": name for n, name in enumerate(arguments)}
        names |= made
        calls.append(replace(call, arguments=json.dumps({short: arguments[name] for short, name in made.items()})))
    return replace(message, tool_calls=tuple(calls)), names


def _difference(chat: Chat, turn: int, fed: tuple[str, str], later: str) -> Drift | None:
    opened, own = fed
    rewritten = not later.startswith(opened + own)
    before, after = [*chat.encode(opened), *_until_end(chat, chat.encode(own))], chat.encode(later)
    shared = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    if shared is None:
        if len(before) <= len(after) and not rewritten:
            return None
        shared = min(len(before), len(after))
    token = [chat.tokenizer.decode(list(ids[shared : shared + 1])) for ids in (before, after)]
    return Drift(turn=turn, position=shared, before=token[0], after=token[1], rewritten=rewritten)


def _until_end(chat: Chat, ids: tuple[int, ...]) -> tuple[int, ...]:
    """The ids of a turn that a model samples: what the template writes after the end of a turn is not among them."""
    at = max((at for at, i in enumerate(ids) if i in chat.end_ids), default=len(ids))
    return ids[: at + 1]
