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
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Generic, TypeVar

from assaygym.agents.jobs import Budget, EpisodeJob, Next, Plan
from assaygym.agents.live import AnyEnv, LiveEpisode
from assaygym.agents.player import Player, all_of, close_forks
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.errors import ConfigError
from assaygym.types import Completion, StopReason, Trajectory

__all__ = ["Budget", "Crew", "EpisodeJob", "Next", "Plan"]

GRACE_SECONDS = 5.0
"""How long an early stop waits for the turns that are being taken; the threads are daemons and hold up no exit."""

P = TypeVar("P", bound=Plan)


class _Stopped(BaseException):
    """The run has ended: unwinds an episode, through the boundary that would record it as failed."""


class Crew:
    """Plays plans with one policy and environments of one kind.

    Args:
        make_env: called in a worker for its environment, which is used again unless an episode failed in it.
        policy: shared by all workers.
        params: how to sample; every episode samples with a seed derived from `params.seed`, its key, seed and sample.
        concurrency: episodes at once, each on a thread. With 1 all runs in the calling thread, in order.
        lookahead: episodes begun in advance.
        budget: limits of each episode and of the run.
        strict: the first failed episode ends the run with its exception.
        on_stop: called when a run ends before its plans do, so that a policy can let go of turns that it holds back.

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
        on_stop: Callable[[], object] | None = None,
    ) -> None:
        if concurrency < 1 or lookahead < 0:
            raise ConfigError(f"concurrency={concurrency}, lookahead={lookahead}; expected at least 1 and at least 0")
        self.make_env, self.policy, self.params = make_env, policy, params or SamplingParams()
        self.concurrency, self.lookahead, self.strict = concurrency, lookahead, strict
        self.budget, self.on_stop = budget or Budget(), on_stop

    def run(self, plans: Iterable[P]) -> Iterator[P]:
        """Play all plans; yields each as soon as its last episode has ended, in any order.

        `plans` is asked again after each plan that was yielded, also when it had nothing more before.

        Closing the iterator stops every episode at its next turn. So does an interrupt, or an exception of those below,
        that comes while the next plan is awaited; it is raised after the plans that are done have been yielded.

        Raises:
            Exception: whatever `make_env`, `plans` or a plan raises.
            ConfigError: the machine does not start so many threads.
        """
        run: _Run[P] = _Run(self)
        return run.plans(iter(plans))


class _Run(Generic[P]):
    """The state of one `Crew.run`."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.ready: deque[tuple[_Open[P], Next]] = deque()
        self.tokens: SimpleQueue[None] = SimpleQueue()
        """One for each of `ready`; once the run has stopped, one that the workers hand on."""
        self.events: SimpleQueue[_Open[P] | BaseException | None] = SimpleQueue()
        """A plan that is done, what ends the run, or None: more may be begun."""
        self.lock = threading.Lock()
        """Guards what follows; taken inside a plan's lock, never around it."""
        self.threads: list[threading.Thread] = []
        self.episodes = 0
        """Queued or being played."""
        self.done = 0
        """Plans done that were not yielded."""
        self.spent = 0
        self.stopped = False
        self.deadline = float("inf")

    def plans(self, plans: Iterator[P]) -> Iterator[P]:
        """See `Crew.run`."""
        if self.crew.budget.run_timeout is not None:
            self.deadline = time.monotonic() + self.crew.budget.run_timeout
        alone: _Worker[P] | None = _Worker(self) if self.crew.concurrency == 1 else None
        early = True
        try:
            while self._begin(plans):
                event = self._event(alone)
                if isinstance(event, BaseException):
                    raise event
                if event is not None:
                    yield self._taken(event)
            early = False
        except GeneratorExit:
            raise
        except BaseException:  # what is done is not lost with what is not
            self._stop(early)
            while not self.events.empty():
                if isinstance(event := self.events.get(), _Open):
                    yield event.plan
            raise
        finally:
            self._stop(early)
            if alone is not None:
                alone.player.close()
            self._join(GRACE_SECONDS if early else None)

    def _begin(self, plans: Iterator[P]) -> bool:
        """Begin plans until there is enough to do; whether any is under way."""
        while self._has_room() and self._over() is None:
            plan = next(plans, None)
            if plan is None:
                break
            self.add(_Open(self, plan), all_of(plan.begin()))
        with self.lock:  # an episode that ends goes from one count to the other
            return self.episodes > 0 or self.done > 0

    def _has_room(self) -> bool:
        return self.episodes + self.done < self.crew.concurrency + self.crew.lookahead

    def _event(self, alone: _Worker[P] | None) -> _Open[P] | BaseException | None:
        while alone is not None and self.events.empty():
            alone.play_next()
        return self.events.get()

    def _taken(self, opened: _Open[P]) -> P:
        with self.lock:
            self.done -= 1
        return opened.plan

    def _stop(self, early: bool) -> None:
        with self.lock:
            before, self.stopped = self.stopped, True
        self.tokens.put(None)
        if early and not before and self.crew.on_stop is not None:
            self.crew.on_stop()

    def _join(self, seconds: float | None) -> None:
        """Wait for the workers; close the forks that none of them took."""
        until = time.monotonic() + (seconds or 0)
        for thread in self.threads:
            thread.join(None if seconds is None else max(0.0, until - time.monotonic()))
        close_forks([what for _, what in self.ready])
        self.ready.clear()

    def take(self) -> tuple[_Open[P], Next] | None:
        """The next episode; None when the run is over. Waits for one."""
        self.tokens.get()
        if self.stopped:
            self.tokens.put(None)
            return None
        return self.ready.popleft()

    def spend(self, tokens: int) -> None:
        """Count sampled tokens."""
        with self.lock:
            self.spent += tokens

    def halted(self) -> StopReason | None:
        """Why no further turn may be taken, if so."""
        if self.stopped:
            raise _Stopped
        return self._over()

    def _over(self) -> StopReason | None:
        tokens = self.crew.budget.run_max_tokens
        if tokens is not None and self.spent >= tokens:
            return StopReason.MAX_TOKENS
        return StopReason.TIMEOUT if time.monotonic() >= self.deadline else None

    def add(self, opened: _Open[P], more: list[Next], *, first: bool = False, ended: int = 0) -> None:
        """Queue episodes of this plan after `ended` others, and tell the consumer when there are none left.

        With `first` they go ahead of all that wait, so that groups that began end early.
        """
        with self.lock:
            if self.stopped:
                close_forks(more)
                raise _Stopped
            if first:
                self.ready.extendleft((opened, one) for one in reversed(more))
            else:
                self.ready.extend((opened, one) for one in more)
            opened.episodes += len(more) - ended
            self.episodes += len(more) - ended
            if not opened.episodes:
                self.done += 1
                self.events.put(opened)  # here, so that a stop finds all that is done
            elif ended and self._has_room() and 2 * len(self.ready) <= self.crew.lookahead:
                self.events.put(None)
            self._staff()
        for _ in more:
            self.tokens.put(None)

    def _staff(self) -> None:
        """A thread for each episode, as far as the concurrency goes; `lock` is held."""
        concurrency = self.crew.concurrency
        while concurrency > 1 and len(self.threads) < min(concurrency, self.episodes):
            number = len(self.threads)
            thread = threading.Thread(target=_Worker(self).work, name=f"assay-rollout-{number}", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                raise ConfigError(
                    f"no thread could be started after {number} for concurrency={concurrency} ({error}): lower the "
                    "concurrency, or raise this machine's limit of processes or of memory"
                ) from error
            self.threads.append(thread)


class _Open(Generic[P]):
    """A plan under way, and the referee of its episodes."""

    def __init__(self, run: _Run[P], plan: P) -> None:
        self.run, self.plan = run, plan
        self.lock = threading.Lock()
        """Held while a method of the plan runs."""
        self.episodes = 0
        """Queued or being played."""
        self.halted, self.spend = run.halted, run.spend

    def answered(self, live: LiveEpisode, completion: Completion) -> None:
        """Queue what the plan forks off."""
        with self.lock:
            if self.run.stopped:
                raise _Stopped
            try:
                if forks := all_of(self.plan.answered(live, completion)):
                    self.run.add(self, forks, first=True)
            except Exception as error:  # the episode's boundary would take the plan's fault for the episode's
                self.run.events.put(error)
                raise _Stopped from error

    def ended(self, trajectory: Trajectory) -> None:
        """Hand the trajectory to the plan."""
        with self.lock:
            if self.run.stopped:
                raise _Stopped
            self.run.add(self, all_of(self.plan.ended(trajectory)), first=True, ended=1)


class _Worker(Generic[P]):
    """Takes one episode after the other."""

    def __init__(self, run: _Run[P]) -> None:
        crew = run.crew
        self.run, self.player = run, Player(crew.make_env, crew.policy, crew.params, crew.budget, crew.strict)

    def work(self) -> None:
        """All of a thread's life."""
        try:
            while (taken := self.run.take()) is not None:
                self._play(*taken)
        except _Stopped:
            pass
        except BaseException as error:  # not swallowed: the consumer's thread raises it
            self.run.events.put(error)
        finally:
            self.player.close()

    def play_next(self) -> None:
        """One episode, in the consumer's thread."""
        if (taken := self.run.take()) is not None:
            with suppress(_Stopped):  # its reason stands among the events
                self._play(*taken)

    def _play(self, opened: _Open[P], what: Next) -> None:
        opened.ended(self.player.play(what, opened))
