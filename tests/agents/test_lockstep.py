"""Episodes that take their turns together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from assaygym.agents.jobs import EpisodeJob
from assaygym.agents.lockstep import LockstepCrew, play_in_lockstep
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.agents.strategies import Independent, Refill
from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.agents.transformers_policy import TransformersPolicy
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
    while names := [t.name for t in threading.enumerate() if t.name.startswith("assay-lockstep")]:
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


@pytest.mark.parametrize(("quick", "here"), [(60.0, 5), (0.0, 0)])
def test_environments_step_in_the_calling_thread_unless_they_take_long(
    dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch, quick: float, here: int
) -> None:
    monkeypatch.setattr("assaygym.agents.lockstep.QUICK", quick)
    mine, stepped = threading.current_thread(), list[threading.Thread]()

    def watched() -> Any:
        env = dialogue()
        step = env.step

        def told(action: str) -> Any:
            time.sleep(0.001)
            stepped.append(threading.current_thread())
            return step(action)

        env.step = told
        return env

    played = play_in_lockstep(watched, Batches(), jobs(6), SamplingParams())
    assert [one.seed for one in played] == list(range(6))
    assert [one.reward for one in played] == [1.0] * 6
    assert (len(stepped), stepped.count(mine)) == (6, here)


def test_what_steps_slowly_after_what_was_quick_is_handed_to_threads(
    dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assaygym.agents.lockstep.QUICK", 0.05)
    mine, stepped = threading.current_thread(), dict[int, bool]()

    def watched() -> Any:
        env = dialogue()
        step = env.step

        def slowly(action: str) -> Any:
            seed = env._running().seed
            time.sleep(0.1 if seed >= 3 else 0.0)
            stepped[seed] = threading.current_thread() is mine
            return step(action)

        env.step = slowly
        return env

    play_in_lockstep(watched, Batches(), jobs(6), SamplingParams())
    assert [stepped[seed] for seed in range(6)] == [False, True, True, True, False, False]


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


def test_a_fault_that_ends_the_run_closes_every_environment(dialogue: MakeEnv) -> None:
    made: list[Any] = []

    def make() -> Any:
        if len(made) == 5:
            raise ConfigError("no more of them")
        made.append(dialogue())
        return made[-1]

    with pytest.raises(ConfigError, match="no more of them"):
        play_in_lockstep(make, Batches(), jobs(8), SamplingParams())
    assert [env.closed for env in made] == [True] * 5
    assert left_over() == []


def test_an_environment_is_used_again_unless_an_episode_failed_in_it(dialogue: MakeEnv) -> None:
    made: list[Any] = []

    def make() -> Any:
        made.append(dialogue(faults={0: RuntimeError("broken")} if not made else None))
        return made[-1]

    crew = LockstepCrew(make, Batches(), episodes=1)
    groups = list(Independent(1).collect(crew, jobs(4)))
    assert [group.trajectories[0].stop_reason for group in groups] == [StopReason.ERROR] + [StopReason.COMPLETED] * 3
    assert len(made) == 2
    assert all(env.closed for env in made)


def test_no_more_episodes_are_live_than_allowed_before_a_plan_is_begun(dialogue: MakeEnv) -> None:
    policy = Batches()
    list(Independent(2).collect(LockstepCrew(dialogue, policy, episodes=4), jobs(5)))
    assert policy.sizes == [4, 4, 2]


def test_a_strategy_may_hand_over_tasks_because_of_what_came_back(dialogue: MakeEnv) -> None:
    right = iter("rwrwrrwwrrrr")
    policy = Batches(lambda prompt: "right" if next(right) == "r" else "wrong")
    refill = Refill(Independent(2), groups=2, max_groups=6)
    groups = list(refill.collect(LockstepCrew(dialogue, policy, episodes=2), jobs(6)))
    assert [group.rewards for group in groups] == [(1.0, 0.0), (1.0, 0.0)]


def test_each_round_samples_with_a_seed_of_its_own(dialogue: MakeEnv) -> None:
    seeds: list[int | None] = []

    class Seeded(Batches):
        def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
            seeds.append(params.seed)
            return super().generate(prompts, params)

    play_in_lockstep(lambda: dialogue(turns=3), Seeded(), jobs(2), SamplingParams(seed=7))
    assert len(set(seeds)) == 3


@pytest.mark.parametrize("limit", ["episodes", "threads"])
def test_a_limit_below_one_is_refused(dialogue: MakeEnv, limit: str) -> None:
    with pytest.raises(ConfigError, match=f"{limit}=0"):
        LockstepCrew(dialogue, Batches(), **{limit: 0})  # type: ignore[arg-type]


def test_a_policy_that_answers_too_few_fails_those_episodes_alone(dialogue: MakeEnv) -> None:
    class Short(Batches):
        def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
            return super().generate(prompts, params)[1:]

    played = play_in_lockstep(dialogue, Short(), jobs(2), SamplingParams())
    assert all("answered 1 prompts with 0" in str(one.error) for one in played)


def test_what_an_episode_samples_does_not_depend_on_who_plays_beside_it(dialogue: MakeEnv) -> None:
    tokenizer = tiny_tokenizer()
    policy = TransformersPolicy(tiny_model(tokenizer, hidden=32, layers=1), tokenizer)

    def played(some: Sequence[EpisodeJob]) -> dict[int, list[tuple[int, ...]]]:
        found = play_in_lockstep(lambda: dialogue(turns=2), policy, some, SamplingParams(max_tokens=8, seed=1))
        return {one.seed: [turn.completion.token_ids for turn in one.turns] for one in found}

    together, alone = played(jobs(5)), played(jobs(5)[3:4])
    assert alone[3] == together[3]
    assert alone[3][0] != alone[3][1]
