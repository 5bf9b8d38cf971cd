"""A policy under observation: what each episode takes, which are under way, and that none begins past a limit.

A worker's thread plays one episode at a time, so what a thread asks belongs to the episode that it plays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import cast

from assaygym.agents.crew import Budget, Crew, EpisodeJob
from assaygym.agents.live import AnyEnv, LiveEpisode, sampled_tokens
from assaygym.agents.openai_usage import MeteredPolicy
from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.benchmarks.limits import Spending, Used
from assaygym.errors import SpendingLimitError
from assaygym.types import Completion, Trajectory

__all__ = ["Played", "Playing", "WatchedPolicy", "play"]


@dataclass(slots=True, kw_only=True)
class Playing:
    """An episode under way."""

    name: str
    """The task's id."""
    started: float
    turn: int = 1
    """The one that is being taken, from 1."""
    used: Used = field(default_factory=Used)
    abandoned: bool = False
    """A limit of the run lets it not go on: it is nobody's result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """An episode that has ended, and what it took."""

    job: EpisodeJob
    trajectory: Trajectory
    used: Used


class WatchedPolicy:
    """Passes prompts on to a policy, one at a time, and counts.

    Args:
        policy: who answers.
        spending: is told what each turn takes; once it has reached a limit no episode has a first turn.
        clock: a monotonic clock in seconds.
    """

    def __init__(self, policy: Policy, spending: Spending, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.policy, self.spending = policy.name, policy, spending
        self._meter = policy.meter if isinstance(policy, MeteredPolicy) else None
        self._clock = clock
        self._playing: dict[int, Playing] = {}
        self._lock = threading.Lock()

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """The policy's answers.

        Raises:
            SpendingLimitError: a limit is reached, of the run or of the policy; the episode is abandoned.
            PolicyError: as the policy.
        """
        playing = self._turn(prompts[0])
        if playing.turn == 1 and (reached := self.spending.reached()) is not None:
            playing.abandoned = True
            raise SpendingLimitError(reached.sentence)
        before = self._metered()
        try:
            given = self.policy.generate(prompts, params)
        except SpendingLimitError as error:
            playing.abandoned = True
            self.spending.end("policy", str(error))
            raise
        used = _difference(self._metered(), before) if before is not None else _counted(given)
        playing.used += used
        self.spending.add(used)
        self._need_counts()
        return given

    def ended(self) -> Playing | None:
        """The episode that the calling thread played, which is over; None if it never had a turn."""
        with self._lock:
            playing = self._playing.pop(threading.get_ident(), None)
        if playing is not None:
            taken = Used(seconds=max(0.0, self._clock() - playing.started))
            playing.used += taken
            self.spending.add(taken)
        return playing

    def slowest(self) -> tuple[Playing, float] | None:
        """The episode that has been under way for longest, and its seconds."""
        with self._lock:
            playing = min(self._playing.values(), key=lambda each: each.started, default=None)
        return None if playing is None else (playing, self._clock() - playing.started)

    def _turn(self, prompt: Prompt) -> Playing:
        with self._lock:
            if prompt.turn == 0:
                task = prompt.env.task if prompt.env is not None else None
                started = Playing(name=task.id if task is not None else "", started=self._clock())
                self._playing[threading.get_ident()] = started
            playing = self._playing[threading.get_ident()]
            playing.turn = prompt.turn + 1
        return playing

    def _need_counts(self) -> None:
        """End a run whose limit cannot be kept, since the server does not count."""
        limits = self.spending.limits
        name = "cost" if limits.cost is not None else "tokens" if limits.tokens is not None else ""
        if name and self._meter is not None and self._meter.usage_here().unmetered:
            self.spending.end(name, f"the server does not say how many tokens an answer took: no limit of {name} holds")

    def _metered(self) -> Used | None:
        """What this thread has used so far, where the policy knows."""
        if self._meter is None:
            return None
        usage = self._meter.usage_here()
        return Used(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens, cost=usage.cost)


def play(
    make_env: Callable[[], AnyEnv],
    policy: WatchedPolicy,
    jobs: Iterable[EpisodeJob],
    *,
    concurrency: int,
    params: SamplingParams,
    budget: Budget,
) -> Generator[Played]:
    """Play jobs until there are no more or a limit is reached; yields each episode as it ends, none that was abandoned.

    Raises:
        ConfigError: `concurrency` is below 1.
        Exception: whatever `make_env` or `jobs` raises.
    """
    crew = Crew(make_env, policy, params=params, concurrency=concurrency, budget=budget)
    plans = (_Single(job, policy) for job in _until(jobs, policy.spending))
    with closing(cast("Generator[_Single]", crew.run(plans))) as singles:
        for single in singles:
            assert single.trajectory is not None  # it has ended
            if not single.abandoned:
                yield Played(job=single.job, trajectory=single.trajectory, used=single.used)


def _until(jobs: Iterable[EpisodeJob], spending: Spending) -> Generator[EpisodeJob]:
    for job in jobs:
        if spending.reached() is not None:
            return
        yield job


class _Single:
    """The plan of one episode."""

    __slots__ = ("abandoned", "job", "policy", "trajectory", "used")

    def __init__(self, job: EpisodeJob, policy: WatchedPolicy) -> None:
        self.job, self.policy = job, policy
        self.trajectory: Trajectory | None = None
        self.used, self.abandoned = Used(), False

    def begin(self) -> Sequence[EpisodeJob]:
        return (self.job,)

    def answered(self, live: LiveEpisode, completion: Completion) -> Sequence[LiveEpisode]:
        return ()

    def ended(self, trajectory: Trajectory) -> Sequence[EpisodeJob]:
        self.trajectory = trajectory
        if (playing := self.policy.ended()) is not None:
            self.used, self.abandoned = playing.used, playing.abandoned
        return ()


def _difference(after: Used | None, before: Used) -> Used:
    assert after is not None  # a policy does not forget that it counts
    return Used(
        prompt_tokens=after.prompt_tokens - before.prompt_tokens,
        completion_tokens=after.completion_tokens - before.completion_tokens,
        cost=after.cost - before.cost,
    )


def _counted(given: object) -> Used:
    """The tokens in answers; in what is no answer, which the episode's own boundary tells, none."""
    answers = [one for one in given if isinstance(one, Completion)] if isinstance(given, list) else []
    return Used(
        prompt_tokens=sum(len(answer.prompt_ids) for answer in answers),
        completion_tokens=sum(map(sampled_tokens, answers)),
    )
