"""Lessons: a numbered list of short texts, the changes it takes, and a policy that reads it before it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.errors import DataError
from assaygym.types import Completion, Message

__all__ = ["Change", "Lessons", "WithLessons"]

HEADING = "What earlier attempts at such tasks have taught:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of the lessons.

    Raises:
        DataError: a field is missing, or the text is empty.
    """

    kind: Literal["add", "modify", "delete"]
    text: str = ""
    """The lesson; of a deleted one, nothing."""
    key: str | None = None
    """Which lesson is modified or deleted."""

    def __post_init__(self) -> None:
        if self.kind not in ("add", "modify", "delete"):
            raise DataError(f"a change of the kind {self.kind!r}; expected add, modify or delete")
        if self.kind != "add" and self.key is None:
            raise DataError(f"a change that would {self.kind} a lesson does not say which")
        if self.kind != "delete" and not self.text.strip():
            raise DataError(f"a change that would {self.kind} a lesson has no text")


class Lessons:
    """Texts by their names `L1`, `L2`, ...; a name is never given twice.

    Args:
        limit: how many there are at most; the oldest go first.
    """

    def __init__(self, limit: int = 64) -> None:
        self.limit = limit
        self.texts: dict[str, str] = {}
        self._given = 0

    def apply(self, changes: Iterable[Change]) -> int:
        """Make these changes, in order; how many of them named a lesson that there is not, and were passed over."""
        lost = 0
        for change in changes:
            if change.kind == "add":
                self._given += 1
                self.texts[f"L{self._given}"] = change.text.strip()
            elif change.key not in self.texts:
                lost += 1
            elif change.kind == "modify":
                self.texts[change.key] = change.text.strip()
            else:
                del self.texts[change.key]
        while len(self.texts) > self.limit:
            del self.texts[next(iter(self.texts))]
        return lost

    def listed(self) -> str:
        """A line each, `[L1] ...`; empty without any."""
        return "\n".join(f"[{key}] {text}" for key, text in self.texts.items())

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        return {"limit": self.limit, "given": self._given, "texts": self.texts}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Lessons:
        """The lessons that `to_dict` wrote.

        Raises:
            DataError: a field is missing or is not of its kind.
        """
        try:
            lessons = cls(int(state["limit"]))
            lessons._given = int(state["given"])
            lessons.texts = {str(key): str(text) for key, text in state["texts"].items()}
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"not the state of lessons ({error!r}); expected what to_dict writes") from error
        return lessons


class WithLessons:
    """A policy that is told the lessons before the conversation, at the end of its system message.

    Args:
        policy: who answers.
        lessons: read at every call, so that they may change meanwhile.
    """

    def __init__(self, policy: Policy, lessons: Lessons) -> None:
        self.policy, self.lessons, self.name = policy, lessons, f"{policy.name}+lessons"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order.

        Raises:
            PolicyError: as the policy itself.
        """
        listed = self.lessons.listed()
        if listed:
            told = f"{HEADING}\n{listed}"
            prompts = [_with(prompt, told) for prompt in prompts]
        return self.policy.generate(prompts, params)


def _with(prompt: Prompt, told: str) -> Prompt:
    first, *rest = prompt.messages
    if first.role == "system":
        opening = [replace(first, content=f"{first.content}\n\n{told}"), *rest]
    else:
        opening = [Message(role="system", content=told), first, *rest]
    start = prompt.previous is None
    return replace(prompt, messages=tuple(opening), observation=tuple(opening) if start else prompt.observation)
