"""What the tests of policies and rollouts share: small environments, a tiny model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assaygym.envs.core import Env, Reply
from assaygym.types import Message, Score, Task


class Dialogue(Env):
    """Asks for `turns` answers and rewards the last one if it is "right"; `faults` maps a turn to what it raises."""

    def __init__(self, turns: int = 1, *, faults: dict[int, Exception] | None = None, max_turns: int = 10) -> None:
        super().__init__("test/dialogue-v0", split="all", max_turns=max_turns)
        self.wanted, self.faults, self.closed = turns, faults or {}, False

    def _pose(self, rng: Any) -> Task[Any]:
        number = rng.randrange(10**9)
        prompt = (Message(role="system", content="Answer."), Message(role="user", content=f"Question {number}?"))
        return Task(id=f"q{number}", prompt=prompt, answer="right")

    def _reply(self, action: Message) -> Reply:
        if self.turns >= self.wanted:
            return Reply(score=Score.of(action.content == "right"), info={"length": len(action.content)})
        return Reply(messages=(Message(role="user", content=f"Go on after {action.content!r}."),))

    def _solve(self) -> list[str]:
        return ["more"] * (self.wanted - 1) + ["right"]

    def step(self, action: str) -> Any:
        if self.turns in self.faults:
            raise self.faults[self.turns]
        return super().step(action)

    def close(self) -> None:
        self.closed = True
        super().close()


@pytest.fixture
def dialogue() -> Callable[..., Dialogue]:
    return Dialogue
