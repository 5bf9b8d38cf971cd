"""Where an oracle that is to fail makes its mistake."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from assaygym.agents.erring import next_mistake
from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import OraclePolicy
from assaygym.envs.core import Env, Reply
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import call, tool
from assaygym.types import Message, Score, Task


class Post(ToolEnv, id="test/post-v0", max_turns=6):
    """Look up the address, send the letter, say goodbye: only what is sent counts."""

    def setup(self, rng: Any) -> str:
        self.sent: list[str] = []
        return "Send a letter to Ada."

    @tool
    def address(self, name: str) -> str:
        """Look it up."""
        return f"{name} Street"

    @tool
    def send(self, to: str) -> str:
        """Send it."""
        self.sent.append(to)
        return "sent"

    def verify(self) -> bool:
        return self.sent == ["Ada Street"]

    def solve(self) -> Any:
        yield call("address", name="Ada")
        yield call("send", to="Ada Street")
        yield "Bye."


class Generous(Post, id="test/generous-post-v0", max_turns=6):
    """Everybody is right."""

    def verify(self) -> bool:
        return True


class Patient(Env):
    """Asks again until the answer is right."""

    def __init__(self) -> None:
        super().__init__("test/patient-v0", split="all", max_turns=4)

    def _pose(self, rng: Any) -> Task[Any]:
        return Task(id="t", prompt=(Message(role="user", content="3 + 4?"),), answer="7")

    def _reply(self, action: Message) -> Reply:
        if action.content == "7":
            return Reply(score=Score.of(True))
        return Reply(messages=(Message(role="user", content="No. Again?"),))

    def _solve(self) -> list[str]:
        return ["7"] * 4


def started(kind: type[Post]) -> Post:
    env = kind(split="all")
    env.reset(seed=0)
    return env


def test_a_mistake_is_where_it_counts_and_never_in_the_farewell() -> None:
    env = started(Post)
    found = [next_mistake(env, Random(seed)) for seed in range(60)]
    turns = Counter(None if mistake is None else mistake.turn for mistake in found)
    assert set(turns) == {0, 1}
    assert min(turns.values()) > 10
    assert all(mistake is not None and mistake.miss.final for mistake in found)


def test_the_environment_is_left_as_it_was() -> None:
    env = started(Post)
    next_mistake(env, Random(0))
    assert (env.sent, env.turns) == ([], 0)
    assert "address" in env.oracle_action()


def test_after_a_mistake_that_counts_there_is_none() -> None:
    env = started(Post)
    env.send("Bob Street")
    assert next_mistake(env, Random(0)) is None


def test_where_every_mistake_can_be_put_right_one_follows_the_other() -> None:
    found = rollout(Patient(), OraclePolicy(1.0), seed=0, strict=True)
    assert [turn.completion.message.content == "7" for turn in found.turns] == [False] * 4
    assert found.reward == 0


def test_an_episode_that_nothing_makes_wrong_ends_right_and_is_no_error() -> None:
    found = [rollout(Generous(split="all"), OraclePolicy(1.0), seed=seed, strict=True) for seed in range(5)]
    assert [each.reward for each in found] == [1.0] * 5
