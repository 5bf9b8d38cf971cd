"""Many episodes at once on threads: each takes its next job when it is done, so nothing waits for the slowest.

jobs --(at most `concurrency` + `lookahead` taken)--> [worker: env, rollout] x concurrency --> results as they finish
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from queue import SimpleQueue
from typing import Any

import gymnasium

from assaygym.agents.policy import Policy, SamplingParams
from assaygym.agents.rollout import derived_seed, rollout
from assaygym.errors import ConfigError
from assaygym.types import StopReason, Trajectory

__all__ = ["EpisodeJob", "rollout_many"]

GRACE_SECONDS = 5.0
"""How long an early stop waits for the turns that are being taken; the threads are daemons and hold up no exit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeJob:
    """One episode to play: `key` names it in a run's record, `sample` counts the episodes of one task."""

    key: str
    seed: int | None = None
    options: Mapping[str, Any] | None = None
    sample: int = 0


AnyEnv = gymnasium.Env[str, str]
Result = tuple[EpisodeJob, Trajectory]


def rollout_many(
    make_env: Callable[[], AnyEnv],
    policy: Policy,
    jobs: Iterable[EpisodeJob],
    *,
    concurrency: int = 16,
    lookahead: int = 16,
    params: SamplingParams | None = None,
    timeout: float | None = None,
    max_tokens: int | None = None,
    strict: bool = False,
) -> Iterator[Result]:
    """Play every job exactly once; yields (job, trajectory) as episodes finish, in any order.

    Each worker makes one environment and uses it again, unless an episode failed in it. Closing the iterator, or an
    interrupt, stops every episode at its next turn. With a concurrency of 1 all runs in the calling thread, in order.

    Args:
        make_env: makes a worker's environment; called in the worker.
        policy: shared by all workers.
        jobs: taken as they are needed, at most `concurrency + lookahead` ahead of what was yielded.
        concurrency: episodes at once.
        lookahead: jobs taken in advance.
        params: as in `rollout`; every job samples with a seed derived from `params.seed`, its key and its sample.
        timeout: seconds of each episode.
        max_tokens: sampled tokens of each episode.
        strict: the first failed episode ends the run with its exception.

    Raises:
        ConfigError: `concurrency` is below 1 or `lookahead` below 0.
        Exception: whatever `make_env` or `jobs` raises.
    """
    if concurrency < 1 or lookahead < 0:
        raise ConfigError(f"concurrency={concurrency}, lookahead={lookahead}; expected at least 1 and at least 0")
    limits = {"timeout": timeout, "max_tokens": max_tokens, "strict": strict}
    crew = _Crew(make_env, policy, params or SamplingParams(), limits)
    if concurrency == 1:
        return crew.alone(iter(jobs))
    return crew.together(iter(jobs), concurrency, concurrency + lookahead)


class _Crew:
    """What the workers of one run share."""

    def __init__(
        self, make_env: Callable[[], AnyEnv], policy: Policy, params: SamplingParams, limits: Mapping[str, Any]
    ) -> None:
        self.make_env, self.policy, self.params, self.limits = make_env, policy, params, limits
        self.todo: SimpleQueue[EpisodeJob | None] = SimpleQueue()
        self.done: SimpleQueue[Result | BaseException] = SimpleQueue()
        self.stopped = threading.Event()

    def alone(self, jobs: Iterator[EpisodeJob]) -> Iterator[Result]:
        """All jobs in this thread."""
        env: AnyEnv | None = None
        try:
            for job in jobs:
                env = self.make_env() if env is None else env
                trajectory = self._play(env, job)
                env = self._kept(env, trajectory)
                yield job, trajectory
        finally:
            if env is not None:
                env.close()

    def together(self, jobs: Iterator[EpisodeJob], workers: int, window: int) -> Iterator[Result]:
        """All jobs on threads, at most `window` of them taken and not yet yielded."""
        threads: list[threading.Thread] = []
        pending = 0
        try:
            while True:
                for job in islice(jobs, window - pending):
                    self.todo.put(job)
                    pending += 1
                    if len(threads) < min(workers, pending):
                        threads.append(self._thread(len(threads)))
                if not pending:
                    break
                yield self._taken()
                pending -= 1
        finally:
            self._dismiss(threads, waiting=not pending)

    def _thread(self, number: int) -> threading.Thread:
        thread = threading.Thread(target=self._work, name=f"assay-rollout-{number}", daemon=True)
        thread.start()
        return thread

    def _taken(self) -> Result:
        result = self.done.get()
        if isinstance(result, BaseException):
            raise result
        return result

    def _dismiss(self, threads: list[threading.Thread], waiting: bool) -> None:
        if not waiting:
            self.stopped.set()
        for _ in threads:
            self.todo.put(None)
        share = None if waiting else GRACE_SECONDS / max(len(threads), 1)
        for thread in threads:
            thread.join(share)

    def _work(self) -> None:
        env: AnyEnv | None = None
        try:
            while (job := self.todo.get()) is not None and not self.stopped.is_set():
                env = self.make_env() if env is None else env
                trajectory = self._play(env, job)
                env = self._kept(env, trajectory)
                self.done.put((job, trajectory))
        except BaseException as error:  # not swallowed: the consumer's thread raises it
            self.done.put(error)
        finally:
            if env is not None:
                env.close()

    def _play(self, env: AnyEnv, job: EpisodeJob) -> Trajectory:
        params = self.params
        if params.seed is not None:
            params = replace(params, seed=derived_seed(params.seed, job.key, job.seed, job.sample))
        return rollout(
            env,
            self.policy,
            seed=job.seed,
            options=job.options,
            params=params,
            cancelled=self.stopped.is_set,
            **self.limits,
        )

    def _kept(self, env: AnyEnv, trajectory: Trajectory) -> AnyEnv | None:
        """The environment, unless an episode failed in it: then the next one gets a fresh one."""
        if trajectory.stop_reason is not StopReason.ERROR:
            return env
        env.close()
        return None
