"""Many episodes at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest

from assaygym.agents.crew import Budget
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.agents.scripted import OraclePolicy, ScriptedPolicy
from assaygym.agents.workers import EpisodeJob, rollout_many
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Completion, StopReason

pytestmark = pytest.mark.alone  # deadlines, and threads that have ended by now
MakeEnv = Callable[..., Any]


def jobs(n: int) -> list[EpisodeJob]:
    return [EpisodeJob(key=f"job-{i}", seed=i) for i in range(n)]


def workers() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("assay-rollout")}


class Fails:
    """Fails where the task's seed says so."""

    name = "fails"

    def __init__(self, fails: Callable[[Prompt], bool]) -> None:
        self.fails = fails

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        if any(map(self.fails, prompts)):
            raise PolicyError("no answer")
        return [said("right") for _ in prompts]


class SeedPolicy:
    """Says the seed it is asked to sample with."""

    name = "seed"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        return [said(str(params.seed)) for _ in prompts]


@pytest.mark.parametrize(("concurrency", "lookahead"), [(1, 0), (2, 0), (8, 16), (64, 1)])
def test_every_job_is_played_exactly_once(dialogue: MakeEnv, concurrency: int, lookahead: int) -> None:
    results = rollout_many(dialogue, OraclePolicy(), jobs(300), concurrency=concurrency, lookahead=lookahead)
    seen = Counter((job.key, job.seed, trajectory.seed, trajectory.reward) for job, trajectory in results)
    assert seen == Counter((f"job-{i}", i, i, 1.0) for i in range(300))
    assert not workers()


def test_no_jobs_give_no_results_and_start_no_thread(dialogue: MakeEnv) -> None:
    assert list(rollout_many(dialogue, OraclePolicy(), [])) == []
    assert not workers()


def test_a_worker_uses_its_environment_again_and_closes_it(dialogue: MakeEnv) -> None:
    made: list[Any] = []

    def make() -> Any:
        made.append(dialogue())
        return made[-1]

    assert len(list(rollout_many(make, OraclePolicy(), jobs(50), concurrency=4))) == 50
    assert 1 <= len(made) <= 4
    assert all(env.closed for env in made)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_one_failed_episode_is_recorded_and_the_others_go_on(dialogue: MakeEnv, concurrency: int) -> None:
    def third(prompt: Prompt) -> bool:
        assert prompt.env is not None
        return prompt.env._running().seed == 3

    results = list(rollout_many(dialogue, Fails(third), jobs(10), concurrency=concurrency))
    failed = [job.key for job, trajectory in results if trajectory.stop_reason is StopReason.ERROR]
    assert (len(results), failed) == (10, ["job-3"])


@pytest.mark.parametrize("concurrency", [1, 4])
def test_strict_ends_the_run_with_the_first_failure(dialogue: MakeEnv, concurrency: int) -> None:
    with pytest.raises(PolicyError, match="no answer"):
        list(rollout_many(dialogue, Fails(lambda prompt: True), jobs(10), concurrency=concurrency, strict=True))
    assert not workers()


@pytest.mark.parametrize("concurrency", [1, 4])
def test_an_environment_that_cannot_be_made_ends_the_run(concurrency: int) -> None:
    def make() -> Any:
        raise ConfigError("no such environment")

    with pytest.raises(ConfigError, match="no such environment"):
        list(rollout_many(make, OraclePolicy(), jobs(10), concurrency=concurrency))
    assert not workers()


def test_a_failed_episode_costs_its_environment(dialogue: MakeEnv) -> None:
    made: list[Any] = []

    def make() -> Any:
        made.append(dialogue())
        return made[-1]

    list(rollout_many(make, Fails(lambda prompt: True), jobs(3), concurrency=1))
    assert [env.closed for env in made] == [True] * 3


def test_jobs_are_taken_only_a_bounded_way_ahead(dialogue: MakeEnv) -> None:
    taken = 0

    def endless() -> Iterator[EpisodeJob]:
        nonlocal taken
        for i in count():
            taken += 1
            yield EpisodeJob(key=str(i), seed=i)

    results = rollout_many(dialogue, OraclePolicy(), endless(), concurrency=3, lookahead=2)
    for yielded in range(20):
        next(results)
        assert taken <= yielded + 1 + 3 + 2
    results.close()  # type: ignore[attr-defined]
    assert not workers()


def test_closing_early_stops_the_episodes_at_their_next_turn(dialogue: MakeEnv) -> None:
    def slow(prompt: Prompt) -> str:
        time.sleep(0.01)
        return "more"

    def make() -> Any:
        return dialogue(turns=10**6, max_turns=10**6)

    short = rollout_many(make, ScriptedPolicy(slow), jobs(8), concurrency=4, budget=Budget(timeout=0.05))
    next(short)
    started = time.monotonic()
    short.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 2.0
    assert not workers()


def test_an_interrupt_of_the_consumer_stops_the_workers(dialogue: MakeEnv) -> None:
    def consume() -> None:
        for _ in rollout_many(dialogue, OraclePolicy(), jobs(100), concurrency=4):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        consume()
    deadline = time.monotonic() + 5
    while workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not workers()


def test_results_come_as_episodes_finish(dialogue: MakeEnv) -> None:
    go_on = threading.Event()

    def answer(prompt: Prompt) -> str:
        assert prompt.env is not None
        if prompt.env._running().seed == 0:
            go_on.wait(10)
        return "right"

    order = []
    for job, _ in rollout_many(dialogue, ScriptedPolicy(answer), jobs(5), concurrency=2):
        order.append(job.key)
        if len(order) == 4:
            go_on.set()
    assert order[-1] == "job-0"


def said_by(make: MakeEnv, batch: list[EpisodeJob], seed: int | None, concurrency: int) -> dict[int, str]:
    results = rollout_many(make, SeedPolicy(), batch, params=SamplingParams(seed=seed), concurrency=concurrency)
    return {job.sample: trajectory.turns[0].completion.message.content for job, trajectory in results}


def test_samples_of_one_task_sample_with_seeds_of_their_own_whatever_the_threads(dialogue: MakeEnv) -> None:
    batch = [EpisodeJob(key="t", seed=1, sample=i) for i in range(8)]
    said = said_by(dialogue, batch, 5, concurrency=1)
    assert len(set(said.values())) == 8
    assert said_by(dialogue, batch, 5, concurrency=4) == said
    assert set(said_by(dialogue, batch, None, concurrency=2).values()) == {"None"}


@pytest.mark.parametrize(("concurrency", "lookahead"), [(0, 1), (1, -1)])
def test_a_senseless_concurrency_is_refused_at_once(dialogue: MakeEnv, concurrency: int, lookahead: int) -> None:
    with pytest.raises(ConfigError, match="expected at least 1"):
        rollout_many(dialogue, OraclePolicy(), [], concurrency=concurrency, lookahead=lookahead)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_jobs_that_are_left_when_the_budget_of_the_run_is_used_up_are_not_played(
    dialogue: MakeEnv, concurrency: int
) -> None:
    answer = Completion(message=said("right").message, token_ids=(1, 2, 3))
    policy = Fails(lambda prompt: False)
    policy.generate = lambda prompts, params: [answer for _ in prompts]  # type: ignore[method-assign]
    budget = Budget(run_max_tokens=30)
    results = list(rollout_many(dialogue, policy, jobs(100), concurrency=concurrency, lookahead=2, budget=budget))
    played = [trajectory for _, trajectory in results if trajectory.turns]
    assert 10 <= len(played) < 10 + concurrency
    assert len(results) <= len(played) + concurrency + 2
    assert {trajectory.stop_reason for _, trajectory in results[: len(results) - concurrency - 2]} == {
        StopReason.COMPLETED
    }
