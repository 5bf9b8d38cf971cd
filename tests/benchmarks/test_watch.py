"""A watched policy counts for each episode what it took, and knows which are under way."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from assaygym.agents.crew import Budget, EpisodeJob
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.benchmarks.limits import RunLimits, Spending, Used
from assaygym.benchmarks.watch import Played, WatchedPolicy, play
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import SpendingLimitError
from assaygym.types import Completion, Message, Score, StopReason


def pose(rng: random.Random) -> tuple[str, str]:
    return f"{rng.randrange(10**9)}?", "x"


ASK = TaskDefinition("test/watched-v0", pose, verifier=lambda response, gold: Score.of(True))


def unposable(rng: random.Random) -> tuple[str, str]:
    raise ZeroDivisionError


class Ids:
    """Answers with so many token ids, or with what it is given."""

    name = "ids"

    def __init__(self, given: Any = None) -> None:
        self.given = given

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        if self.given is not None:
            answer: list[Completion] = self.given
            return answer
        message = Message(role="assistant", content="x")
        return [Completion(message=message, prompt_ids=(1, 2, 3), token_ids=(4,), logprobs=(-0.5,))]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def played(policy: Any, spending: Spending, jobs: int = 3, task: TaskDefinition = ASK) -> list[Played]:
    watched = WatchedPolicy(policy, spending, clock=Clock())
    todo = (EpisodeJob(key=str(number), seed=number) for number in range(jobs))
    make = lambda: task.make(split="all")  # noqa: E731
    return list(play(make, watched, todo, concurrency=1, params=SamplingParams(seed=0), budget=Budget()))


def test_an_episode_has_its_tokens_and_its_seconds_and_the_run_their_sum() -> None:
    spending = Spending()
    found = played(Ids(), spending)
    assert [each.used for each in found] == [Used(prompt_tokens=3, completion_tokens=1, seconds=1.0)] * 3
    assert spending.now == Used(prompt_tokens=9, completion_tokens=3, seconds=3.0)


@pytest.mark.parametrize("given", [[], [7], "text", [said("a"), said("b")], {"a": 1}])
def test_what_is_no_answer_is_told_by_the_episode_and_counts_nothing(given: Any) -> None:
    spending = Spending()
    (only,) = played(Ids(given), spending, jobs=1)
    assert only.trajectory.stop_reason is StopReason.ERROR
    assert "answered one prompt with" in str(only.trajectory.error)
    assert spending.now.tokens == 0


def test_an_episode_that_could_not_be_posed_took_nothing_and_is_recorded() -> None:
    found = played(Ids(), Spending(), task=TaskDefinition("test/none-v0", unposable, verifier=lambda r, g: True))
    assert [(each.used, each.trajectory.stop_reason) for each in found] == [(Used(), StopReason.ERROR)] * 3


def test_past_a_limit_nothing_is_asked_and_nothing_comes_of_what_was_begun() -> None:
    spending = Spending(limits=RunLimits(tokens=8))
    assert len(played(Ids(), spending, jobs=20)) == 2
    assert spending.now.tokens == 8
    prompt = Prompt(messages=(Message(role="user", content="?"),))
    with pytest.raises(SpendingLimitError, match="has used 8 tokens and its limit is 8"):
        WatchedPolicy(Ids(), spending).generate([prompt], SamplingParams())


def test_the_one_under_way_for_longest_is_told_until_it_ends() -> None:
    watched = WatchedPolicy(Ids(), Spending(), clock=Clock())
    assert watched.slowest() is None
    prompt = Prompt(messages=(Message(role="user", content="?"),))
    watched.generate([prompt], SamplingParams())
    watched.generate([Prompt(messages=prompt.messages, turn=1)], SamplingParams())
    slowest = watched.slowest()
    assert slowest is not None
    assert (slowest[0].turn, slowest[0].used.tokens, slowest[1]) == (2, 8, 1.0)
    assert watched.ended() is not None
    assert (watched.slowest(), watched.ended()) == (None, None)
