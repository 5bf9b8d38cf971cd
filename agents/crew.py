"""Threads that play episodes: each takes the next one when it is done, so nothing waits for the slowest.

    plans --begin--> [ready episodes] --> worker: env, LiveEpisode.play --> plan.ended --> further episodes of the plan
                            ^                     | before each step             |
                            +---- forks ---- plan.answered                       +--> nothing left: the plan is done

A *plan* says how the episodes of one group come about. Episodes of plans that have begun go before new plans.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from assaygym.agents.live import AnyEnv, LiveEpisode, derived_seed
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.envs.core import Env
from assaygym.errors import ConfigError, told
from assaygym.types import Completion, StopReason, Trajectory

__all__ = ["Budget", "Crew", "EpisodeJob", "Plan"]

GRACE_SECONDS = 5.0
"""How long an early stop waits for the turns that are being taken; the threads are daemons and hold up no exit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeJob:
    """One episode to play: `key` names its task in a run's record, `sample` counts the episodes of one task."""

    key: str
    seed: int | None = None
    options: Mapping[str, Any] | None = None
    sample: int = 0
    hint: Callable[[Env], str] | None = None
    """Text for the end of the prompt, of the environment after its reset."""

    @property
    def id(self) -> str:
        """The id of its trajectory."""
        return f"{self.key}/{self.sample}"


Next = EpisodeJob | LiveEpisode
"""An episode to start, or a fork to go on with."""


class Plan(Protocol):
    """How the episodes of one group come about. Its methods are called by one thread at a time."""

    def begin(self) -> Iterable[Next]:
        """The first episodes."""
        ...

    def answered(self, live: LiveEpisode, completion: Completion) -> Iterable[LiveEpisode]:
        """Forks to play beside `live`, made as it is before the environment sees this completion."""
        ...

    def ended(self, trajectory: Trajectory) -> Iterable[Next]:
        """Take the trajectory; further episodes to play."""
        ...


P = TypeVar("P", bound=Plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What episodes may use; None is no limit. Tokens are sampled ones, as far as the policy reports them."""

    timeout: float | None = None
    """Seconds of one episode."""
    max_tokens: int | None = None
    """Of one episode."""
    run_timeout: float | None = None
    """Seconds of the whole run. When they are over, no group is begun and episodes end at their next turn."""
    run_max_tokens: int | None = None
    """Of the whole run, with the same end."""


@dataclass(slots=True)
class _Open(Generic[P]):
    """A plan under way."""

    plan: P
    lock: threading.Lock
    episodes: int = 0
    """Queued or being played."""


class Crew:
    """Plays plans with one policy and environments of one kind.

    Args:
        make_env: called in a worker for its environment, which is used again unless an episode failed in it.
        policy: shared by all workers.
        params: how to sample; every episode samples with a seed derived from `params.seed`, its key, seed and sample.
        concurrency: episodes at once. With 1 all runs in the calling thread, in order.
        lookahead: episodes begun in advance.
        budget: limits of each episode and of the run.
        strict: the first failed episode ends the run with its exception.

    Raises:
        ConfigError: `concurrency` is below 1 or `lookahead` below 0.
    """

    def __init__(
        self,
        make_env: Callable[[], AnyEnv],
        policy: Policy,
        *,
        params: SamplingParams | None = None,
        concurrency: int = 16,
        lookahead: int = 16,
        budget: Budget | None = None,
        strict: bool = False,
    ) -> None:
        if concurrency < 1 or lookahead < 0:
            raise ConfigError(f"concurrency={concurrency}, lookahead={lookahead}; expected at least 1 and at least 0")
        self.make_env, self.policy, self.params = make_env, policy, params or SamplingParams()
        self.concurrency, self.lookahead, self.strict = concurrency, lookahead, strict
        self.budget = budget or Budget()

    def run(self, plans: Iterable[P]) -> Iterator[P]:
        """Play all plans; yields each as soon as its last episode has ended, in any order.

        Closing the iterator, or an interrupt, stops every episode at its next turn. An interrupt that comes while the
        next plan is awaited is raised after those that are done have been yielded.

        Raises:
            Exception: whatever `make_env`, `plans` or a plan raises.
        """
        run: _Run[P] = _Run(self)
        return run.plans(iter(plans))


class _Run(Generic[P]):
    """The state of one `Crew.run`."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.ready: deque[tuple[_Open[P], Next]] = deque()
        self.changed = threading.Condition()
        self.events: SimpleQueue[_Open[P] | BaseException | None] = SimpleQueue()
        """A plan that is done, an exception, or None: an episode ended."""
        self.stopped = False
        self.under_way = 0
        """Episodes queued or being played, and plans done that were not yielded; read and written under `changed`."""
        self.spent = 0
        seconds = crew.budget.run_timeout
        self.deadline = float("inf") if seconds is None else time.monotonic() + seconds

    def plans(self, plans: Iterator[P]) -> Iterator[P]:
        threads: list[threading.Thread] = []
        finished = False
        alone = _Worker(self) if self.crew.concurrency == 1 else None
        pending = 0
        try:
            while True:
                pending += self._begin(plans, threads)
                if not pending:
                    break
                event = self._event(alone)
                if isinstance(event, BaseException):
                    raise event
                if event is not None:
                    pending -= 1
                    self._count(-1)
                    yield event.plan
            finished = True
        except KeyboardInterrupt:
            self._stop()
            yield from self._done_already()
            raise
        finally:
            self._stop()
            if alone is not None:
                alone.close()
            share = None if finished else GRACE_SECONDS / max(len(threads), 1)
            for thread in threads:
                thread.join(share)

    def _begin(self, plans: Iterator[P], threads: list[threading.Thread]) -> int:
        """Begin plans until there is enough to do; how many."""
        begun = 0
        limit = 1 if self.crew.concurrency == 1 else self.crew.concurrency + self.crew.lookahead
        while self.under_way < limit and self._over() is None:
            plan = next(plans, None)
            if plan is None:
                break
            begun += 1
            opened = _Open(plan, threading.Lock())
            self._add(opened, plan.begin())
            if not opened.episodes:
                self._count(1)
                self.events.put(opened)
        if self.crew.concurrency > 1:
            while len(threads) < min(self.crew.concurrency, self.under_way):
                threads.append(_Worker(self).thread(len(threads)))
        return begun

    def _event(self, alone: _Worker[P] | None) -> _Open[P] | BaseException | None:
        while alone is not None and self.events.empty():
            alone.play_next()
        return self.events.get()

    def _done_already(self) -> Iterator[P]:
        while not self.events.empty():
            if isinstance(event := self.events.get(), _Open):
                yield event.plan

    def _add(self, opened: _Open[P], more: Iterable[Next], *, first: bool = False) -> None:
        """Queue episodes of this plan; `first`, ahead of all that wait, so that groups that began end early."""
        added = [(opened, one) for one in more]
        if not added:
            return
        with self.changed:
            if first:
                self.ready.extendleft(reversed(added))
            else:
                self.ready.extend(added)
            opened.episodes += len(added)
            self.under_way += len(added)
            self.changed.notify(len(added))

    def _count(self, more: int) -> None:
        with self.changed:
            self.under_way += more

    def take(self) -> tuple[_Open[P], Next] | None:
        """The next episode; None when the run is over. Waits for one."""
        with self.changed:
            while not self.ready and not self.stopped:
                self.changed.wait()
            return None if self.stopped else self.ready.popleft()

    def ended(self, opened: _Open[P], trajectory: Trajectory) -> None:
        """Hand a trajectory to its plan."""
        with opened.lock:
            self._add(opened, opened.plan.ended(trajectory), first=True)
            opened.episodes -= 1
            last = not opened.episodes
        if not last:
            self._count(-1)
        self.events.put(opened if last else None)

    def answered(self, opened: _Open[P], live: LiveEpisode, completion: Completion) -> None:
        """Count the turn and queue what the plan forks off."""
        tokens = max(len(completion.token_ids), len(completion.logprobs or ()))
        with opened.lock:
            self._add(opened, opened.plan.answered(live, completion), first=True)
        if tokens:
            with self.changed:
                self.spent += tokens

    def halted(self) -> StopReason | None:
        """Why no further turn may be taken, if so."""
        if self.stopped:
            raise InterruptedError("the run was stopped before the episode ended")
        return self._over()

    def _over(self) -> StopReason | None:
        budget = self.crew.budget
        if budget.run_max_tokens is not None and self.spent >= budget.run_max_tokens:
            return StopReason.MAX_TOKENS
        return StopReason.TIMEOUT if time.monotonic() >= self.deadline else None

    def _stop(self) -> None:
        with self.changed:
            self.stopped = True
            self.changed.notify_all()


class _Worker(Generic[P]):
    """Plays one episode after the other in an environment of its own."""

    def __init__(self, run: _Run[P]) -> None:
        self.run, self.crew = run, run.crew
        self.env: AnyEnv | None = None

    def thread(self, number: int) -> threading.Thread:
        thread = threading.Thread(target=self._work, name=f"assay-rollout-{number}", daemon=True)
        thread.start()
        return thread

    def _work(self) -> None:
        try:
            while (taken := self.run.take()) is not None:
                self._play(*taken)
        except BaseException as error:  # not swallowed: the consumer's thread raises it
            self.run.events.put(error)
        finally:
            self.close()

    def play_next(self) -> None:
        if (taken := self.run.take()) is not None:
            self._play(*taken)

    def _play(self, opened: _Open[P], what: Next) -> None:
        trajectory = self._fork(opened, what) if isinstance(what, LiveEpisode) else self._fresh(opened, what)
        self.run.ended(opened, trajectory)

    def _fork(self, opened: _Open[P], live: LiveEpisode) -> Trajectory:
        try:
            return self._played(opened, live)
        finally:
            live.env.close()

    def _fresh(self, opened: _Open[P], job: EpisodeJob) -> Trajectory:
        if self.env is None:
            self.env = self.crew.make_env()
        params, budget = self.crew.params, self.crew.budget
        if params.seed is not None:
            params = replace(params, seed=derived_seed(params.seed, job.key, job.seed, job.sample))
        live = LiveEpisode(self.env, params, id=job.id, timeout=budget.timeout, max_tokens=budget.max_tokens)
        trajectory = self._started(live, job) or self._played(opened, live)
        if trajectory.stop_reason is StopReason.ERROR:
            self.close()
        return trajectory

    def _started(self, live: LiveEpisode, job: EpisodeJob) -> Trajectory | None:
        """None, or the record of an episode that could not start."""
        try:
            live.start(job.seed, job.options, job.hint)
        except Exception as fault:  # the boundary: see `LiveEpisode.play`
            if self.crew.strict:
                raise
            return live.trajectory(StopReason.ERROR, told(fault))
        return None

    def _played(self, opened: _Open[P], live: LiveEpisode) -> Trajectory:
        def watch(live: LiveEpisode, completion: Completion) -> None:
            self.run.answered(opened, live, completion)

        return live.play(self.crew.policy, watch=watch, halted=self.run.halted, strict=self.crew.strict)

    def close(self) -> None:
        env, self.env = self.env, None
        if env is not None:
            env.close()
