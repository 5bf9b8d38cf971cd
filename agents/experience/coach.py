"""The coach: a chat model that says what went differently in a group of attempts, and how the lessons should change.

Three questions, as in Training-Free GRPO (arXiv 2510.08191, section 3): what happened in each attempt; what tells the
good ones from the bad ones, as changes of the lessons; and, for all groups of a step, one list of changes without
doubles and contradictions. Changes are asked for as a JSON list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from assaygym.agents.experience.lessons import Change, Lessons
from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.agents.strategies.group import Group
from assaygym.errors import DataError
from assaygym.foreign_json import read_json_at
from assaygym.types import Message, Trajectory

__all__ = ["Coach", "read_changes"]

LIST = re.compile(r"\[\s*[{\]]")
TRIES = 64
"""Places of an answer that are looked at for the list."""

SUMMARISE = """\
Below is one attempt at a task, and what it earned (0 is nothing, 1 is everything). Say in a few lines what was done
step by step, which decision mattered most, and, if it did not earn everything, where it went wrong.

<attempt reward="{reward:g}">
{attempt}
</attempt>"""

COMPARE = """\
Several attempts at one task are summarised below, each with what it earned. Lessons that are known so far:

{lessons}

{summaries}

What did the better attempts do that the others did not? Write it as changes of the lessons: general advice that helps
with other tasks of this kind, each a sentence or two, and at most {most} of them. Never state the answer of this task.
{form}"""

MERGE = """\
Lessons that are known so far:

{lessons}

These changes were proposed, each by somebody who saw another task:

{changes}

Make one list of them: say what is proposed several times only once, drop what contradicts the others or holds for a
single task, and prefer modifying a lesson to adding one that says nearly the same.
{form}"""

FORM = """\
Answer with a JSON list and nothing else. Its items are {"kind": "add", "text": "..."},
{"kind": "modify", "key": "L3", "text": "..."} or {"kind": "delete", "key": "L3"}; the list may be empty."""


@dataclass(slots=True)
class Coach:
    """Asks a policy the three questions.

    Args:
        policy: any that chats.
        most: changes that one group may propose.
        params: how the coach samples.

    Attributes:
        unread: answers in which no list of changes could be found, since the coach was made.
    """

    policy: Policy
    most: int = 2
    params: SamplingParams = field(default_factory=lambda: SamplingParams(temperature=0.7, max_tokens=2048))
    unread: int = 0

    def changes(self, groups: Sequence[Group], lessons: Lessons) -> list[Change]:
        """What these groups say should change, already merged.

        Raises:
            PolicyError: the policy could not answer.
        """
        proposed = [change for group in groups for change in self._compared(group, lessons)]
        if len(groups) < 2 or not proposed:
            return proposed
        listed = json.dumps([_as_dict(change) for change in proposed], ensure_ascii=False, indent=1)
        answer = self._ask([MERGE.format(lessons=_known(lessons), changes=listed, form=FORM)])[0]
        merged = self._read(answer)
        return proposed if merged is None else merged

    def _compared(self, group: Group, lessons: Lessons) -> list[Change]:
        attempts = [SUMMARISE.format(reward=one.reward, attempt=_told(one)) for one in group.judged]
        summaries = "\n\n".join(
            f'<attempt reward="{one.reward:g}">\n{summary}\n</attempt>'
            for one, summary in zip(group.judged, self._ask(attempts), strict=True)
        )
        question = COMPARE.format(lessons=_known(lessons), summaries=summaries, most=self.most, form=FORM)
        return (self._read(self._ask([question])[0]) or [])[: self.most]

    def _ask(self, questions: Sequence[str]) -> list[str]:
        prompts = [_prompt(question) for question in questions]
        return [completion.message.content for completion in self.policy.generate(prompts, self.params)]

    def _read(self, answer: str) -> list[Change] | None:
        changes = read_changes(answer)
        self.unread += changes is None
        return changes


def read_changes(answer: str) -> list[Change] | None:
    """The changes in the first JSON list of an answer, malformed items left out; None where there is no list."""
    for start in islice(LIST.finditer(answer), TRIES):
        try:
            found, _ = read_json_at(answer, start.start())
        except ValueError:
            continue
        if isinstance(found, list):
            return [change for item in found if (change := _change(item)) is not None]
    return None


def _change(item: Any) -> Change | None:
    if not isinstance(item, dict):
        return None
    text, key = item.get("text", ""), item.get("key")
    if not isinstance(text, str) or not (key is None or isinstance(key, str)):
        return None
    try:
        return Change(kind=item.get("kind", ""), text=text, key=key)
    except DataError:
        return None


def _as_dict(change: Change) -> dict[str, str]:
    named = {} if change.key is None else {"key": change.key}
    return {"kind": change.kind, **named, **({"text": change.text} if change.text else {})}


def _known(lessons: Lessons) -> str:
    return lessons.listed() or "(none yet)"


def _prompt(question: str) -> Prompt:
    message = (Message(role="user", content=question),)
    return Prompt(messages=message, observation=message)


def _told(trajectory: Trajectory) -> str:
    lines = []
    for turn in trajectory.turns:
        lines += [f"{message.role}: {message.content}" for message in turn.observation]
        lines.append(f"assistant: {turn.completion.message.content}")
    return "\n".join(lines)
