r"""`assay/Calculator-v0`: a product of two numbers, with a calculator that may be asked once.

    37*84?          the question
    C37*84;         a turn that is a call and nothing else
    3108|           what the calculator shows
    3108            the answer: the number alone, or in `\boxed{}` or after `Answer:`

A first turn that is no call is the answer. The second turn always is. A call is neither paid nor punished.

Calls have a grammar of their own, eight characters long, since this family is for models of characters that are trained
on the spot: a call in JSON would be ten times as many tokens to learn, and none of them about when to call. With
`terse` the rules are left out of the prompt, which is then as short as the question.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from assaygym.envs.core import Env, Reply
from assaygym.envs.difficulty import Difficulty, resolve
from assaygym.envs.seeding import digest
from assaygym.errors import ConfigError
from assaygym.types import Message, Score, Task
from assaygym.verifiers.text import exact

__all__ = ["Calculator"]

ID = "assay/Calculator-v0"
DIGITS = (2, 3, 4, 5, 6)
CALL = re.compile(r"C([0-9]{1,9})\*([0-9]{1,9});")
"""Longer numbers than any question has, and short enough to multiply at no cost."""
RULES = (
    "You are asked for a product. You may ask the calculator once: write C, the product and a semicolon, such as "
    "C12*34; and nothing else, and you are shown the result. Then, or at once, answer with the number alone."
)


class Calculator(Env):
    """Multiply two numbers of `digits` digits, by asking the calculator or without it.

    `terse` leaves the rules out of the prompt.
    """

    difficulty: ClassVar[Difficulty] = {"digits": DIGITS}

    def __init__(
        self,
        *,
        split: str = "train",
        render_mode: str | None = None,
        max_turns: int = 2,
        level: int | None = None,
        **knobs: Any,
    ) -> None:
        chosen = resolve(ID, self.difficulty, level, knobs, {"terse": False})
        if chosen["digits"] not in DIGITS or not isinstance(chosen["terse"], bool):
            raise ConfigError(
                f"Calculator: digits {chosen['digits']!r}, terse {chosen['terse']!r}; expected {DIGITS[0]} to "
                f"{DIGITS[-1]}, True or False"
            )
        super().__init__(ID, split=split, render_mode=render_mode, max_turns=max_turns, knobs=chosen)

    def _pose(self, rng: random.Random) -> Task[str]:
        one, other = (_number(rng, self.knobs["digits"]) for _ in range(2))
        rules = () if self.knobs["terse"] else (Message(role="system", content=RULES),)
        prompt = (*rules, Message(role="user", content=f"{one}*{other}?"))
        return Task(id=f"{ID}:{digest(prompt)[:12]}", prompt=prompt, answer=str(one * other))

    def _reply(self, action: Message) -> Reply:
        called = CALL.fullmatch(action.content.strip()) if self.turns == 1 else None
        if called is None:
            assert self.task is not None  # a running episode has one
            return Reply(score=exact()(action.content, self.task.answer))
        shown = Message(role="user", content=f"{int(called[1]) * int(called[2])}|")
        return Reply(messages=(shown,), info={"tool_calls": 1, "tool_errors": 0})

    def _conclude(self) -> Score:
        return Score.of(0.0, explanation="the calculator was asked and no answer given")

    def _solve(self) -> Iterator[str]:
        assert self.task is not None  # a running episode has one
        yield f"C{self.task.prompt[-1].content.removesuffix('?')};"
        yield str(self.task.answer)


def _number(rng: random.Random, digits: int) -> int:
    """Of that many digits, and no power of ten: the product would stand in the question."""
    return rng.randrange(10 ** (digits - 1) + 1, 10**digits)
