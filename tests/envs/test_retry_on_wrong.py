"""Answers that may be tried again."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium
import pytest

from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import ScriptedPolicy
from assaygym.envs.core import Env, Reply
from assaygym.envs.retry_on_wrong import FEEDBACK, RetryOnWrong
from assaygym.errors import ConfigError
from assaygym.types import Message, Score, StopReason, Task


class Guess(Env):
    """One guess; "hm" is none, "broken" cannot be judged, "half" is half right."""

    def __init__(self) -> None:
        super().__init__("test/guess-v0", split="all")

    def _pose(self, rng: Any) -> Task[Any]:
        return Task(id="g", prompt=(Message(role="user", content="Which?"),), answer="b")

    def _reply(self, action: Message) -> Reply:
        if action.content == "broken":
            raise RuntimeError("the judge is away")
        if action.content == "hm":
            return Reply(messages=(Message(role="user", content="Go on."),))
        return Reply(score=Score.of({"b": 1.0, "half": 0.5}.get(action.content, 0.0)))


def played(answers: list[str], attempts: int = 3) -> list[tuple[Any, ...]]:
    env = RetryOnWrong(Guess(), attempts)
    env.reset(seed=0)
    steps = []
    for answer in answers:
        steps.append(env.step(answer))
        if steps[-1][2]:
            break
    return steps


def test_a_right_answer_ends_the_episode() -> None:
    ((_, reward, terminated, truncated, info),) = played(["b"])
    assert (reward, terminated, truncated, info["attempt"]) == (1.0, True, False, 1)


def test_a_wrong_answer_is_told_to_be_wrong_and_nothing_more() -> None:
    (observation, reward, terminated, truncated, info), *_ = played(["a"])
    assert (observation, reward, terminated, truncated) == (FEEDBACK, 0.0, False, False)
    assert "score" not in info
    assert info["messages"] == (Message(role="user", content=FEEDBACK),)


def test_a_later_answer_earns_what_it_is_worth() -> None:
    steps = played(["a", "c", "b"])
    assert [step[1] for step in steps] == [0.0, 0.0, 1.0]
    assert steps[-1][4]["score"].value == 1.0


def test_the_last_attempt_ends_the_episode_and_keeps_its_partial_credit() -> None:
    steps = played(["a", "half", "half"])
    assert [(step[1], step[2]) for step in steps] == [(0.0, False), (0.0, False), (0.5, True)]


def test_what_could_not_be_judged_is_not_tried_again() -> None:
    ((_, reward, terminated, _, info),) = played(["broken"])
    assert terminated
    assert reward != reward
    assert info["score"].verdict == "invalid"


def test_a_reset_gives_all_attempts_again() -> None:
    env = RetryOnWrong(Guess(), 2)
    for _ in range(2):
        env.reset(seed=0)
        assert [env.step("a")[2] for _ in range(2)] == [False, True]


def test_what_the_environment_cut_off_has_ended() -> None:
    env = RetryOnWrong(Guess(), 5)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step("hm")
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert "attempt" not in info


def test_an_episode_that_has_not_ended_cannot_be_reopened() -> None:
    with pytest.raises(gymnasium.error.ResetNeeded, match="no episode of test/guess-v0 has ended"):
        Guess().reopen("again")


def test_a_rollout_sees_the_feedback_as_a_turn() -> None:
    trajectory = rollout(RetryOnWrong(Guess(), 3), ScriptedPolicy(["a", "b"]), seed=0)
    assert trajectory.stop_reason is StopReason.COMPLETED
    assert [turn.reward for turn in trajectory.turns] == [0.0, 1.0]
    assert trajectory.turns[1].observation[-1].content == FEEDBACK


def test_forks_of_an_episode_count_their_own_attempts() -> None:
    env = RetryOnWrong(Guess(), 2)
    env.reset(seed=0)
    env.step("a")
    twin = copy.deepcopy(env)
    assert twin.step("b")[1:3] == (1.0, True)
    assert env.step("a")[1:3] == (0.0, True)


def test_no_attempt_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="attempts is 0"):
        RetryOnWrong(Guess(), 0)
