"""EEPO: half of a group, then the other half by a policy that was made to forget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from assaygym.agents.crew import Budget, Crew, EpisodeJob
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.scripted import ScriptedPolicy
from assaygym.agents.strategies import Group, Refill, SampleThenForget
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Completion

JOBS = [EpisodeJob(key=f"t{i}", seed=i) for i in range(5)]


class Fickle(ScriptedPolicy):
    """Says "right" after it forgot, "wrong" otherwise."""

    def __init__(self) -> None:
        super().__init__(self.answer)
        self.forgot = False
        self.seen: list[list[str]] = []

    def answer(self, prompt: Prompt) -> str:
        return "right" if self.forgot else "wrong"

    @contextmanager
    def forget(self, groups: Sequence[Group]) -> Iterator[None]:
        self.seen.append(sorted(one.id for group in groups for one in group.trajectories))
        self.forgot = True
        try:
            yield
        finally:
            self.forgot = False


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize(("episodes", "first"), [(2, 1), (5, 3), (8, 4)])
def test_the_second_half_is_sampled_by_the_changed_policy_and_marked(
    dialogue: Any, episodes: int, first: int, threads: int
) -> None:
    policy = Fickle()
    crew = Crew(dialogue, policy, params=SamplingParams(seed=1), concurrency=threads)
    groups = list(SampleThenForget(episodes, policy.forget).collect(crew, JOBS))
    assert {group.key for group in groups} == {job.key for job in JOBS}
    for group in groups:
        assert [one.id for one in group.trajectories] == [f"{group.key}/{i}" for i in range(episodes)]
        assert group.rewards == (0.0,) * first + (1.0,) * (episodes - first)
        assert [one.notes for one in group.trajectories] == [{}] * first + [{"forgotten": True}] * (episodes - first)
    assert policy.seen == [sorted(f"t{i}/{j}" for i in range(5) for j in range(first))]


def test_the_policy_is_itself_again_when_the_groups_are_taken(dialogue: Any) -> None:
    policy = Fickle()
    for _ in SampleThenForget(2, policy.forget).collect(Crew(dialogue, policy), JOBS):
        assert not policy.forgot


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("fault", [PolicyError("gone"), KeyboardInterrupt()])
def test_the_policy_is_restored_whatever_happens(dialogue: Any, fault: BaseException, threads: int) -> None:
    policy = Fickle()

    def answer(prompt: Prompt) -> str:
        if policy.forgot:
            raise fault
        return "wrong"

    policy._responses = answer
    crew = Crew(dialogue, policy, concurrency=threads, strict=True)
    with pytest.raises(type(fault)):
        list(SampleThenForget(2, policy.forget).collect(crew, JOBS))
    assert not policy.forgot


def test_after_an_interrupt_the_groups_that_are_whole_are_kept(dialogue: Any) -> None:
    policy = Fickle()
    late = 0

    def answer(prompt: Prompt) -> str:
        nonlocal late
        late += policy.forgot
        if late == 3:
            raise KeyboardInterrupt
        return "wrong"

    policy._responses = answer
    groups = SampleThenForget(2, policy.forget).collect(Crew(dialogue, policy, concurrency=1), JOBS)
    kept = [next(groups), next(groups)]
    with pytest.raises(KeyboardInterrupt):
        next(groups)
    assert [len(group.judged) for group in kept] == [2, 2]


def test_a_failed_unlearning_step_ends_the_run_with_its_error(dialogue: Any) -> None:
    @contextmanager
    def forget(groups: Sequence[Group]) -> Iterator[None]:
        raise PolicyError("no weights")
        yield

    with pytest.raises(PolicyError, match="no weights"):
        list(SampleThenForget(2, forget).collect(Crew(dialogue, Fickle()), JOBS))


def test_it_goes_through_its_stages_again_for_further_tasks(dialogue: Any) -> None:
    policy = Fickle()

    def answer(prompt: Prompt) -> str:
        assert prompt.env is not None
        return "right" if policy.forgot and prompt.env._running().seed > 1 else "wrong"

    policy._responses = answer
    refill = Refill(SampleThenForget(2, policy.forget), 2)
    groups = list(refill.collect(Crew(dialogue, policy, concurrency=3), JOBS))
    assert {group.key for group in groups} == {"t2", "t3"}
    assert policy.seen == [["t0/0", "t1/0"], ["t2/0", "t3/0"]]


def test_first_halves_are_kept_where_the_run_ends_before_the_second(dialogue: Any) -> None:
    class Costly(Fickle):
        """Uses up the run's tokens with one answer of the second half."""

        def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
            return [replace(one, token_ids=(1,) * 10 * self.forgot) for one in super().generate(prompts, params)]

    policy = Costly()
    crew = Crew(dialogue, policy, concurrency=1, lookahead=0, budget=Budget(run_max_tokens=5))
    groups = {group.key: group.trajectories for group in SampleThenForget(2, policy.forget).collect(crew, JOBS)}
    assert [len(groups[job.key]) for job in JOBS] == [2, 1, 1, 1, 1]


def test_no_tasks_give_no_groups(dialogue: Any) -> None:
    policy = Fickle()
    assert list(SampleThenForget(2, policy.forget).collect(Crew(dialogue, policy), [])) == []
    assert not policy.seen


def test_a_group_of_one_has_no_two_stages() -> None:
    with pytest.raises(ConfigError, match="expected at least 2"):
        SampleThenForget(1, Fickle().forget)
