"""What a crew is given: the episodes to play, the plans that say how they come about, and what they may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeVar

from assaygym.agents.live import AnyEnv, LiveEpisode
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.envs.core import Env
from assaygym.errors import ConfigError
from assaygym.types import Completion, Trajectory

__all__ = ["AnyCrew", "Budget", "EpisodeJob", "MakeEnv", "Next", "Plan"]


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


MakeEnv = Callable[[], AnyEnv]
"""A fresh environment."""

Next = EpisodeJob | LiveEpisode
"""An episode to start, or a fork to go on with."""


class Plan(Protocol):
    """How the episodes of one group come about.

    Its methods are called by one thread at a time, and none after the run has ended. What they raise ends the run.
    """

    def begin(self) -> Iterable[Next]:
        """The first episodes."""
        ...

    def answered(self, live: LiveEpisode, completion: Completion) -> Iterable[LiveEpisode]:
        """Forks to play beside `live`, made as it is before the environment sees this completion."""
        ...

    def ended(self, trajectory: Trajectory) -> Iterable[Next]:
        """Take the trajectory; further episodes to play. Called once for every episode that this plan asked for."""
        ...


P = TypeVar("P", bound=Plan)


class AnyCrew(Protocol):
    """Who plays plans: `Crew` on threads, or `LockstepCrew` round by round."""

    policy: Policy
    params: SamplingParams

    def run(self, plans: Iterable[P]) -> Iterator[P]:
        """Play all plans; yields each as soon as its last episode has ended, and asks `plans` again after it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What episodes may use; None is no limit. Tokens are sampled ones, as far as the policy reports them.

    Raises:
        ConfigError: a limit is not above 0.
    """

    timeout: float | None = None
    """Seconds of one episode."""
    max_tokens: int | None = None
    """Of one episode."""
    run_timeout: float | None = None
    """Seconds of the whole run. When they are over, no group is begun and episodes end at their next turn."""
    run_max_tokens: int | None = None
    """Of the whole run, with the same end. The turns that are being taken then still count on top."""

    def __post_init__(self) -> None:
        for field in fields(self):
            limit = getattr(self, field.name)
            if limit is not None and not limit > 0:
                raise ConfigError(f"the budget's {field.name} is {limit}; expected more than 0, or None for no limit")
