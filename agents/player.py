"""One worker's hands: plays jobs in an environment of its own, and forks in theirs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from assaygym.agents.jobs import Budget, EpisodeJob, Next
from assaygym.agents.live import AnyEnv, LiveEpisode, derived_seed
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.errors import told
from assaygym.types import Completion, StopReason, Trajectory, Verdict

__all__ = ["Player", "Referee", "all_of", "close_env", "close_forks", "params_of", "spoilt"]


class Referee(Protocol):
    """Who is asked and told while an episode is played. What it raises passes through when it is no `Exception`."""

    def answered(self, live: LiveEpisode, completion: Completion) -> None:
        """The policy has answered; the environment has not seen it yet."""
        ...

    def halted(self) -> StopReason | None:
        """Why no further turn may be taken, if so."""
        ...

    def spend(self, tokens: int) -> None:
        """So many tokens were sampled."""
        ...


class Player:
    """Plays one episode after the other.

    Args:
        make_env: called for the environment of jobs, when there is none yet or an episode failed in the last one.
        policy: who answers.
        params: how to sample; each job samples with a seed derived from `params.seed`, its key, seed and sample.
        budget: limits of each episode.
        strict: raise what a part of ours raises instead of recording it.
    """

    def __init__(
        self, make_env: Callable[[], AnyEnv], policy: Policy, params: SamplingParams, budget: Budget, strict: bool
    ) -> None:
        self.make_env, self.policy, self.params = make_env, policy, params
        self.budget, self.strict = budget, strict
        self.env: AnyEnv | None = None

    def play(self, what: Next, referee: Referee) -> Trajectory:
        """Play an episode to its end; a fork's environment is closed behind it.

        Raises:
            Exception: whatever `make_env` raises.
        """
        if not isinstance(what, LiveEpisode):
            return self._fresh(what, referee)
        try:
            return self._played(what, referee)
        finally:
            close_env(what.env)

    def close(self) -> None:
        """Close the environment, if there is one."""
        env, self.env = self.env, None
        if env is not None:
            close_env(env)

    def _fresh(self, job: EpisodeJob, referee: Referee) -> Trajectory:
        if self.env is None:
            self.env = self.make_env()
        budget = self.budget
        params = params_of(job, self.params)
        live = LiveEpisode(self.env, params, id=job.id, timeout=budget.timeout, max_tokens=budget.max_tokens)
        unstarted = live.started(job.seed, job.options, job.hint, strict=self.strict)
        trajectory = unstarted or self._played(live, referee)
        if spoilt(trajectory):
            self.close()
        return trajectory

    def _played(self, live: LiveEpisode, referee: Referee) -> Trajectory:
        counted = live.spent

        def count() -> None:
            nonlocal counted
            if live.spent > counted:
                referee.spend(live.spent - counted)
                counted = live.spent

        def halted() -> StopReason | None:
            count()
            return referee.halted()

        try:
            return live.play(self.policy, watch=referee.answered, halted=halted, strict=self.strict)
        finally:
            count()


def params_of(job: EpisodeJob, params: SamplingParams) -> SamplingParams:
    """How this episode samples: with a seed of its own."""
    if params.seed is None:
        return params
    return replace(params, seed=derived_seed(params.seed, job.key, job.seed, job.sample))


def all_of(more: Iterable[Next]) -> list[Next]:
    """What a plan asks for. When it fails on the way, the forks that it made so far are closed."""
    found: list[Next] = []
    try:
        found.extend(more)
    except BaseException:
        close_forks(found)
        raise
    return found


def close_forks(what: Iterable[Next]) -> None:
    """Close the environments of forks that nobody will play."""
    for one in what:
        if isinstance(one, LiveEpisode):
            close_env(one.env)


def close_env(env: AnyEnv) -> None:
    """Close an environment that no episode is in; a failure is a `RuntimeWarning`."""
    try:
        env.close()
    except Exception as fault:  # the episodes in it have ended: what they gave stands
        warnings.warn(f"an environment could not be closed: {told(fault)}", RuntimeWarning, stacklevel=2)


def spoilt(trajectory: Trajectory) -> bool:
    """Whether a part of ours failed in the episode, the environment perhaps: it is not used again."""
    score = trajectory.score
    return trajectory.stop_reason is StopReason.ERROR or (score is not None and score.verdict is Verdict.INVALID)
