"""All live episodes take their turn together: one call of the policy a round, its rows in a fixed order.

    plans --begin--> [seats] --> round: one prompt a seat -> policy.generate -> plan.answered -> environments step
                        ^                                                                             |
                        +--------------------- forks, further episodes <--- plan.ended <--------------+

A policy that batches whatever happens to wait gives the same tokens but for rounding, which depends on the number of
rows in a matrix product. Rounds fix the rows, so that a training run repeats bit for bit. It costs time: every turn
waits for the slowest tool call of the turn before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from assaygym.agents.jobs import EpisodeJob, Next, Plan
from assaygym.agents.live import AnyEnv, LiveEpisode, derived_seed
from assaygym.agents.player import all_of, close_env, params_of, spoilt
from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Completion, StopReason, Trajectory

__all__ = ["LockstepCrew", "play_in_lockstep"]

P = TypeVar("P", bound=Plan)

QUICK = 5e-4
"""Seconds: environments that step faster do so in the calling thread, since to hand them to another takes longer."""


class LockstepCrew:
    """Plays plans as `Crew` does, round by round in the calling thread: the same seeds give the same trajectories.

    Args:
        make_env: called for an environment, which is used again unless an episode failed in it.
        policy: asked once a round. Each prompt has a seed of its own episode and turn, so that what is sampled does not
            depend on who else is asked.
        params: how to sample; every episode has a seed derived from `params.seed`, its key, seed and sample.
        episodes: plans are begun while fewer than this are live.
        threads: environments that step at the same time.

    Raises:
        ConfigError: `episodes` or `threads` is below 1.
    """

    def __init__(
        self,
        make_env: Callable[[], AnyEnv],
        policy: Policy,
        *,
        params: SamplingParams | None = None,
        episodes: int = 1024,
        threads: int = 8,
    ) -> None:
        if episodes < 1 or threads < 1:
            raise ConfigError(f"episodes={episodes}, threads={threads}; expected at least 1 each")
        self.make_env, self.policy, self.params = make_env, policy, params or SamplingParams()
        self.episodes, self.threads = episodes, threads

    def run(self, plans: Iterable[P]) -> Iterator[P]:
        """Play all plans; yields each as soon as its last episode has ended.

        `plans` is asked again after each plan that was yielded, also when it had nothing more before.

        Raises:
            Exception: whatever `make_env`, `plans` or a plan raises.
        """
        run: _Run[P] = _Run(self)
        try:
            yield from run.plans(iter(plans))
        finally:
            run.close()


@dataclass(slots=True)
class _Open(Generic[P]):
    """A plan under way, and how many of its episodes have not ended."""

    plan: P
    episodes: int = 0


@dataclass(slots=True)
class _Seat(Generic[P]):
    """A live episode of a plan."""

    opened: _Open[P]
    live: LiveEpisode
    borrowed: bool
    """Whether its environment goes back to the others."""


@dataclass(slots=True)
class _Run(Generic[P]):
    """The state of one `LockstepCrew.run`."""

    crew: LockstepCrew
    seats: list[_Seat[P]] = field(default_factory=list["_Seat[P]"])
    done: list[P] = field(default_factory=list[P])
    free: list[AnyEnv] = field(default_factory=list[AnyEnv])
    opened: dict[int, AnyEnv] = field(default_factory=dict[int, AnyEnv])
    """All that are not closed."""
    pool: ThreadPoolExecutor | None = None
    rounds: int = 0

    def plans(self, plans: Iterator[P]) -> Iterator[P]:
        """See `LockstepCrew.run`."""
        while True:
            while len(self.seats) < self.crew.episodes and (plan := next(plans, None)) is not None:
                opened = _Open(plan)
                self._add(opened, all_of(plan.begin()))
                self._settle(opened)
            if self.done:
                yield self.done.pop(0)
            elif self.seats:
                self._round()
            else:
                return

    def close(self) -> None:
        """End all environments."""
        if self.pool is not None:
            self.pool.shutdown()
        for env in list(self.opened.values()):
            self._close(env)

    def _add(self, opened: _Open[P], more: Sequence[Next]) -> None:
        """Seat these episodes; one that cannot start has ended."""
        opened.episodes += len(more)
        for what in more:
            if isinstance(what, LiveEpisode):
                self.opened[id(what.env)] = what.env
                self.seats.append(_Seat(opened, what, borrowed=False))
            else:
                self._start(opened, what)

    def _start(self, opened: _Open[P], job: EpisodeJob) -> None:
        env = self.free.pop() if self.free else self.crew.make_env()
        self.opened[id(env)] = env
        seat = _Seat(opened, LiveEpisode(env, params_of(job, self.crew.params), id=job.id), borrowed=True)
        unstarted = seat.live.started(job.seed, job.options, job.hint)
        if unstarted is None:
            self.seats.append(seat)
        else:
            self._end(seat, unstarted)

    def _round(self) -> None:
        """One turn of everyone."""
        seats, self.seats = self.seats, []
        asked = [(seat, seat.live.ask()) for seat in seats if seat.live.fault is None]
        answers = self._answers([replace(prompt, seed=params.seed) for _, (prompt, params) in asked])
        answered = [(seat, answer) for (seat, _), answer in zip(asked, answers, strict=True)]
        for seat, answer in answered:
            if isinstance(answer, Completion):
                forks = all_of(seat.opened.plan.answered(seat.live, answer))
                self._add(seat.opened, forks)
        ends = dict(zip(map(id, (seat for seat, _ in answered)), self._stepped(answered), strict=True))
        for seat in seats:
            fault = seat.live.fault
            end = ends[id(seat)] if fault is None else seat.live.failed(fault)
            if end is None:
                self.seats.append(seat)
            else:
                self._end(seat, end)
        self.seats.sort(key=lambda seat: seat.live.id.partition("/")[0])

    def _answers(self, prompts: Sequence[Prompt]) -> list[Completion | Exception]:
        """One completion a prompt, or why there is none."""
        params, self.rounds = self.crew.params, self.rounds + 1
        if params.seed is not None:
            params = replace(params, seed=derived_seed(params.seed, "round", self.rounds))
        try:
            return _all_answered(self.crew.policy, prompts, params)
        except Exception:  # one prompt can fail them all (a conversation too long): let it fail alone
            return [_alone(self.crew.policy, prompt, params, i) for i, prompt in enumerate(prompts)]

    def _stepped(self, answered: Sequence[tuple[_Seat[P], Completion | Exception]]) -> list[Trajectory | None]:
        """What became of each episode; None where it goes on."""
        if not answered:
            return []
        if self.pool is None:
            self.pool = ThreadPoolExecutor(self.crew.threads, thread_name_prefix="assay-lockstep")
        first = self.pool.submit(_taken, answered[0])
        quick, here = bool(wait([first], QUICK).done), list[Trajectory | None]()
        while quick and len(here) < len(answered) - 1:
            begun = time.perf_counter()
            here.append(_taken(answered[1 + len(here)]))
            quick = time.perf_counter() - begun < QUICK
        return [first.result(), *here, *self.pool.map(_taken, answered[1 + len(here) :])]

    def _end(self, seat: _Seat[P], trajectory: Trajectory) -> None:
        if not seat.borrowed or spoilt(trajectory):
            self._close(seat.live.env)
        else:
            self.free.append(seat.live.env)
        self._add(seat.opened, all_of(seat.opened.plan.ended(trajectory)))
        seat.opened.episodes -= 1
        self._settle(seat.opened)

    def _close(self, env: AnyEnv) -> None:
        del self.opened[id(env)]
        close_env(env)

    def _settle(self, opened: _Open[P]) -> None:
        if not opened.episodes:
            self.done.append(opened.plan)


def play_in_lockstep(
    make_env: Callable[[], AnyEnv], policy: Policy, jobs: Sequence[EpisodeJob], params: SamplingParams
) -> list[Trajectory]:
    """All episodes at once, each in an environment of its own; in the order of `jobs`.

    Raises:
        Exception: whatever `make_env` raises.
    """
    plans = [_Single(job) for job in jobs]
    crew = LockstepCrew(make_env, policy, params=params, episodes=max(len(jobs), 1))
    for _ in crew.run(plans):
        pass
    return [plan.played[0] for plan in plans]


@dataclass(slots=True)
class _Single:
    """The plan of one episode."""

    job: EpisodeJob
    played: list[Trajectory] = field(default_factory=list[Trajectory])

    def begin(self) -> Sequence[EpisodeJob]:
        return (self.job,)

    def answered(self, live: LiveEpisode, completion: Completion) -> Sequence[LiveEpisode]:
        return ()

    def ended(self, trajectory: Trajectory) -> Sequence[EpisodeJob]:
        self.played.append(trajectory)
        return ()


def _all_answered(policy: Policy, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion | Exception]:
    answers = list(policy.generate(prompts, params)) if prompts else []
    if len(answers) != len(prompts):
        raise PolicyError(f"{policy.name}.generate answered {len(prompts)} prompts with {len(answers)} completions")
    return list(answers)


def _alone(policy: Policy, prompt: Prompt, params: SamplingParams, row: int) -> Completion | Exception:
    """The answer with the seed that the prompt has as row `row`."""
    if params.seed is not None:
        params = replace(params, seed=params.seed + row)
    try:
        return _all_answered(policy, [prompt], params)[0]
    except Exception as error:  # the boundary of the episode: recorded there
        return error


def _taken(answered: tuple[_Seat[P], Completion | Exception]) -> Trajectory | None:
    """The end of the episode, if this answer is its last."""
    seat, answer = answered
    if isinstance(answer, Exception):
        return seat.live.failed(answer)
    try:
        end: StopReason | None = seat.live.take(answer)
    except Exception as fault:  # the boundary: one failed episode is recorded and never ends a run
        return seat.live.failed(fault)
    return None if end is None else seat.live.trajectory(end)
