"""What an evaluation is to the statistics: tasks, each with its samples, scored or not."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from assaygym.errors import ConfigError

__all__ = ["Sample", "Status", "TaskSamples"]


class Status(StrEnum):
    """Whether a sample has a score, or why it has none."""

    SCORED = "scored"
    INVALID = "invalid"
    """The task, the verifier or the sandbox failed."""
    ERRORED = "errored"
    """The policy or the environment raised."""
    TRUNCATED = "truncated"
    """A limit cut it before there was a verdict."""
    MISSING = "missing"
    """Planned, but never run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One try at a task.

    Raises:
        ConfigError: `value` or `lenient` is outside [0, 1], or `value` is NaN although SCORED (or the reverse).
    """

    value: float = math.nan
    """The score, format required; NaN exactly when not SCORED."""
    lenient: float | None = None
    """The score of the answer that was extracted, whatever its format; None where the two cannot differ."""
    answer: str | None = None
    """The answer in the verifier's canonical form; None when none was read."""
    reward: float | None = None
    """What would select this sample among several; None for the score itself."""
    status: Status = Status.SCORED

    def __post_init__(self) -> None:
        if math.isnan(self.value) != (self.status is not Status.SCORED):
            raise ConfigError(f"value {self.value} does not go with status {self.status}: NaN exactly when not scored")
        for score in (self.value, self.lenient):
            if score is not None and not math.isnan(score) and not 0 <= score <= 1:
                raise ConfigError(f"a sample's score is {score}; expected a number in [0, 1]")

    @property
    def scored(self) -> bool:
        """Whether it has a score."""
        return self.status is Status.SCORED

    @property
    def leniently(self) -> float:
        """The lenient score, which is the strict one where they cannot differ."""
        return self.value if self.lenient is None else self.lenient


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSamples:
    """The samples of one task.

    Raises:
        ConfigError: there are more samples than were planned.
    """

    task: str
    """Names the task in every run: never its place in a list."""
    samples: tuple[Sample, ...]
    planned: int = 0
    """Samples asked for; those that are not here are MISSING. 0: as many as there are."""
    category: str | None = None
    cluster: str | None = None
    """What the task shares with others (a template, a source document, a database); None when it stands alone."""
    scored: tuple[Sample, ...] = field(init=False, repr=False, compare=False)
    """The samples that have a score."""

    def __post_init__(self) -> None:
        if 0 < self.planned < len(self.samples):
            raise ConfigError(f"task {self.task!r} has {len(self.samples)} samples, planned were {self.planned}")
        object.__setattr__(self, "scored", tuple(sample for sample in self.samples if sample.scored))

    @property
    def asked(self) -> int:
        """Samples planned, or made where nothing was planned."""
        return self.planned or len(self.samples)

    @property
    def unscored(self) -> int:
        """Planned samples without a score."""
        return self.asked - len(self.scored)

    @property
    def group(self) -> tuple[str, str]:
        """The cluster to count it in: its own where it stands alone."""
        return ("task", self.task) if self.cluster is None else ("cluster", self.cluster)
