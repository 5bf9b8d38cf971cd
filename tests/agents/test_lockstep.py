"""Episodes that take their turns together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from assaygym.agents import crew as crew_module
from assaygym.agents.crew import EpisodeJob
from assaygym.agents.lockstep import Lockstep, play_in_lockstep
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.errors import ConfigError, ContextOverflowError
from assaygym.types import Completion, StopReason

MakeEnv = Callable[..., Any]


class Batches:
    """Keeps how many prompts it was asked at once; answers through a function, or raises what that returns."""

    name = "batches"

    def __init__(self, answer: Callable[[Prompt], str | Exception] = lambda prompt: "right") -> None:
        self.answer, self.sizes, self.seeds = answer, list[int](), list[int]()

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        self.sizes.append(len(prompts))
        answers = [self.answer(prompt) for prompt in prompts]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        self.seeds += [prompt.env._running().seed for prompt in prompts if prompt.env is not None]
        return [said(str(answer)) for answer in answers]


def jobs(n: int) -> list[EpisodeJob]:
    return [EpisodeJob(key=f"job-{i}", seed=i) for i in range(n)]


def left_over() -> list[str]:
    deadline = time.monotonic() + 5
    while names := [t.name for t in threading.enumerate() if t.name.startswith("assay-rollout")]:
        if time.monotonic() > deadline:
            return names
        time.sleep(0.01)
    return []


def seed_of(prompt: Prompt) -> int:
    assert prompt.env is not None
    return prompt.env._running().seed


def test_every_turn_is_one_batch_of_those_still_playing(dialogue: MakeEnv) -> None:
    policy = Batches(lambda prompt: "right")
    turns = iter(range(1, 5))
    played = play_in_lockstep(lambda: dialogue(turns=next(turns)), policy, jobs(4), SamplingParams())
    assert policy.sizes == [4, 3, 2, 1]
    assert [one.reward for one in played] == [1.0] * 4


def test_the_order_in_a_batch_is_that_of_tasks_and_seeds_whatever_the_threads(dialogue: MakeEnv) -> None:
    def orders() -> list[int]:
        policy = Batches()
        play_in_lockstep(dialogue, policy, jobs(8), SamplingParams(seed=1))
        return policy.seeds

    assert orders() == orders()


def test_trajectories_come_in_the_order_of_the_jobs(dialogue: MakeEnv) -> None:
    played = play_in_lockstep(dialogue, Batches(), [*jobs(6), *jobs(2)], SamplingParams())
    assert [one.seed for one in played] == [0, 1, 2, 3, 4, 5, 0, 1]


@pytest.mark.parametrize("n", [0, 1])
def test_no_episode_and_one_alone_are_played_too(dialogue: MakeEnv, n: int) -> None:
    assert len(play_in_lockstep(dialogue, Batches(), jobs(n), SamplingParams())) == n


def test_a_prompt_that_fails_a_batch_fails_alone(dialogue: MakeEnv) -> None:
    policy = Batches(lambda prompt: ContextOverflowError("too long") if seed_of(prompt) == 2 else "right")
    played = play_in_lockstep(dialogue, policy, jobs(4), SamplingParams())
    assert [one.stop_reason is StopReason.CONTEXT_OVERFLOW for one in played] == [False, False, True, False]


def test_an_episode_that_cannot_start_holds_nobody_up(dialogue: MakeEnv) -> None:
    broken = EpisodeJob(key="broken", seed=-1)
    played = play_in_lockstep(dialogue, Batches(), [broken, *jobs(3)], SamplingParams())
    assert [one.stop_reason for one in played] == [StopReason.ERROR] + [StopReason.COMPLETED] * 3


def test_a_fault_that_ends_the_run_lets_the_others_go(dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_module, "GRACE_SECONDS", 60.0)
    made = iter(range(8))

    def make() -> Any:
        if next(made) == 5:
            raise ConfigError("no more of them")
        return dialogue()

    started = time.monotonic()
    with pytest.raises(ConfigError, match="no more of them"):
        play_in_lockstep(make, Batches(), jobs(8), SamplingParams())
    assert time.monotonic() - started < 20
    assert left_over() == []


def test_a_release_does_not_wait_for_a_policy_that_is_at_work() -> None:
    go_on = threading.Event()

    def slow(prompt: Prompt) -> str:
        go_on.wait(10)
        return "right"

    together = Lockstep(Batches(slow), 2)
    prompt = Prompt(messages=())
    asking = [threading.Thread(target=_quietly, args=(together, prompt)) for _ in range(2)]
    for thread in asking:
        thread.start()
    while not together.policy.sizes:  # type: ignore[attr-defined]
        time.sleep(0.001)
    started = time.monotonic()
    together.release()
    assert time.monotonic() - started < 5
    go_on.set()
    for thread in asking:
        thread.join(10)
        assert not thread.is_alive()


def _quietly(together: Lockstep, prompt: Prompt) -> None:
    together.generate([prompt], SamplingParams())
