"""Many episodes at once, one by one: every job is played, and yielded as soon as it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from assaygym.agents.crew import Budget, Crew, EpisodeJob
from assaygym.agents.live import AnyEnv, LiveEpisode
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.types import Completion, Trajectory

__all__ = ["EpisodeJob", "rollout_many"]

Result = tuple[EpisodeJob, Trajectory]


def rollout_many(
    make_env: Callable[[], AnyEnv],
    policy: Policy,
    jobs: Iterable[EpisodeJob],
    *,
    concurrency: int = 16,
    lookahead: int = 16,
    params: SamplingParams | None = None,
    budget: Budget | None = None,
    strict: bool = False,
) -> Iterator[Result]:
    """Play every job exactly once; yields (job, trajectory) as episodes finish, in any order.

    When the run's own budget is used up, the jobs that are left are not played.

    Args:
        make_env: as in `Crew`, like all that follow.
        policy: who plays.
        jobs: taken as they are needed, at most `concurrency + lookahead` ahead of what was yielded.
        concurrency: episodes at once.
        lookahead: jobs taken in advance.
        params: how to sample.
        budget: limits of each episode and of the run.
        strict: the first failed episode ends the run with its exception.

    Raises:
        ConfigError: `concurrency` is below 1 or `lookahead` below 0.
        Exception: whatever `make_env` or `jobs` raises.
    """
    crew = Crew(
        make_env, policy, params=params, concurrency=concurrency, lookahead=lookahead, budget=budget, strict=strict
    )
    return _results(crew, jobs)


def _results(crew: Crew, jobs: Iterable[EpisodeJob]) -> Iterator[Result]:
    for single in crew.run(_Single(job) for job in jobs):
        assert single.trajectory is not None  # it has ended
        yield single.job, single.trajectory


class _Single:
    """The plan of one episode."""

    __slots__ = ("job", "trajectory")

    def __init__(self, job: EpisodeJob) -> None:
        self.job = job
        self.trajectory: Trajectory | None = None

    def begin(self) -> Sequence[EpisodeJob]:
        return (self.job,)

    def answered(self, live: LiveEpisode, completion: Completion) -> Sequence[LiveEpisode]:
        return ()

    def ended(self, trajectory: Trajectory) -> Sequence[EpisodeJob]:
        self.trajectory = trajectory
        return ()
