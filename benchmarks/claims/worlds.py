"""The tasks of the miniatures that are no family of the library: small, unregistered, each with one thing to show."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

from assaygym.agents.strategies.hint import HINT
from assaygym.envs.core import Env, Reply
from assaygym.envs.definition import TaskDefinition
from assaygym.envs.registration import make
from assaygym.envs.seeding import digest
from assaygym.types import Message, Score, Task

__all__ = ["DIGITS", "MOVES", "Grid", "addition", "dotted", "guess", "lettered", "reverse"]

DIGITS = 8
MOVES = {"u": (0, -1), "d": (0, 1), "l": (-1, 0), "r": (1, 0)}


def reverse(split: str, *, length: int = 4, alphabet: int = 6) -> partial[Any]:
    """What makes `assay/Reverse-v0`."""
    return partial(make, "assay/Reverse-v0", split=split, length=length, alphabet=alphabet)


def _word(rng: random.Random, length: int, alphabet: int) -> str:
    return "".join(rng.choices("abcdefgh"[:alphabet], k=length))


def _dotted(rng: random.Random, *, length: int = 3, alphabet: int = 6) -> tuple[str, str]:
    """Reverse a word; as many dots as one likes may stand before the answer."""
    word = _word(rng, length, alphabet)
    return f"{word}=", word[::-1]


dotted = TaskDefinition("claims/Dotted-v0", _dotted, verifier=lambda response, gold: response.lstrip(".") == gold)
"""Reverse with optional padding."""


def _lettered(rng: random.Random, *, length: int = 5, alphabet: int = 6) -> tuple[str, str]:
    """Reverse a word; every letter in its place is a test that is passed."""
    word = _word(rng, length, alphabet)
    return f"{word}=", word[::-1]


def _passed(response: str, gold: str) -> float:
    """The share of places that are right; surplus letters are wrong ones."""
    right = sum(a == b for a, b in zip(response, gold, strict=False))
    return right / max(len(response), len(gold))


lettered = TaskDefinition("claims/Lettered-v0", _lettered, verifier=_passed, solve=lambda task: str(task.answer))
"""Reverse, with a reward by tests."""


def _addition(rng: random.Random, *, hinted: float = 0.0) -> tuple[str, str, dict[str, Any]]:
    """Two-digit addition; in a share of the tasks the question ends with a part of the solution, as a ladder has it."""
    one, other = rng.randrange(10, 100), rng.randrange(10, 100)
    answer = str(one + other)
    hint = ""
    if rng.random() < hinted:
        hint = HINT + answer[: math.ceil(rng.choice((0.25, 0.5, 0.75)) * len(answer))]
    return f"{one}+{other}={hint}", answer, {"solution": answer, "identity": (one, other)}


addition = TaskDefinition("claims/Addition-v0", _addition, solve=lambda task: str(task.answer))
"""Two-digit addition."""


def _guess(rng: random.Random) -> tuple[str, str]:
    """A hidden digit: nothing tells it but being wrong."""
    return "Digit?", str(rng.randrange(DIGITS))


guess = TaskDefinition("claims/Guess-v0", _guess)
"""Guess the number; all tasks have one prompt, so it has no eval split of its own."""


class Grid(Env):
    """Walk to the far corner of a square grid, a step (u, d, l or r) a turn; walls and other words leave one in place.

    The reward is 1 at the corner and 0 after `max_turns`. An observation is the place and nothing else, so equal states
    read alike whichever way led there.
    """

    def __init__(self, *, split: str = "all", size: int = 4, max_turns: int = 10) -> None:
        super().__init__("claims/Grid-v0", split=split, max_turns=max_turns, knobs={"size": size})
        self.size = size
        self.place, self.goal = (0, 0), (size - 1, size - 1)

    def _pose(self, rng: Any) -> Task[None]:
        cells = [(x, y) for x in range(self.size) for y in range(self.size)]
        self.place = rng.choice(cells[:-1])
        prompt = (self._seen(),)
        return Task(id=f"grid:{digest(prompt)[:12]}", prompt=prompt, answer=None)

    def _reply(self, action: Message) -> Reply:
        x, y = MOVES.get(action.content.strip(), (0, 0))
        self.place = (self._held(self.place[0] + x), self._held(self.place[1] + y))
        if self.place == self.goal:
            return Reply(score=Score.of(1.0))
        return Reply(messages=(self._seen(),))

    def _solve(self) -> Iterator[str]:
        while self.place != self.goal:
            yield next(name for name, (x, y) in MOVES.items() if self._nearer(x, y))

    def _nearer(self, x: int, y: int) -> bool:
        away = (self.goal[0] - self.place[0], self.goal[1] - self.place[1])
        return x * away[0] + y * away[1] > 0

    def _held(self, value: int) -> int:
        return min(max(value, 0), self.size - 1)

    def _seen(self) -> Message:
        return Message(role="user", content="{}{}".format(*self.place))
