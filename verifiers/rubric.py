"""Several verifiers weighed into one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assaygym.errors import ConfigError
from assaygym.types import Score, Verdict
from assaygym.verifiers.base import judge, name_of

__all__ = ["Rubric"]

Part = Callable[[Any, Any], Score | bool | float]


class Rubric:
    """The weighted mean of its parts' values; a verifier itself.

    Every part sees the same response and answer. The verdict is CORRECT at 1, INCORRECT at 0 and PARTIAL between, or
    that of the `primary` part where one is named: evaluation then counts as solved what the primary part finds right,
    while the reward stays the mean. One INVALID part makes the whole INVALID. `metrics` holds every value by part.

    Args:
        verifiers: the parts, by name or in a row (then called by their own names).
        weights: one for each part, in the same form; equal when left out. Only their proportions count.
        primary: name of the part that decides the verdict and whose extracted answer is reported.

    Raises:
        ConfigError: no part, two parts of one name, a weight that is negative, not finite, missing or without a part,
            all weights zero, or a primary part that does not exist.
    """

    name = "rubric"

    def __init__(
        self,
        verifiers: Mapping[str, Part] | Sequence[Part],
        weights: Mapping[str, float] | Sequence[float] | None = None,
        *,
        primary: str | None = None,
    ) -> None:
        self.parts = _named(verifiers)
        self.weights = _shares(list(self.parts), weights)
        if primary is not None and primary not in self.parts:
            raise ConfigError(f"the primary part {primary!r} is not one of {', '.join(self.parts)}")
        self.primary = primary

    def __call__(self, response: object, answer: object, /) -> Score:
        """The weighted mean of the parts' scores."""
        scores = {name: judge(part, response, answer) for name, part in self.parts.items()}
        failed = [f"{name}: {score.explanation}" for name, score in scores.items() if score.verdict is Verdict.INVALID]
        if failed:
            return Score.invalid("; ".join(failed))
        return self._mean(scores)

    def _mean(self, scores: Mapping[str, Score]) -> Score:
        mean = math.fsum(self.weights[name] * score.value for name, score in scores.items())
        value = 1.0 if all(score.value == 1.0 for score in scores.values()) else min(1.0, mean)
        lead = scores[self.primary] if self.primary else next(iter(scores.values()))
        return Score(
            value=value,
            verdict=lead.verdict if self.primary else Score.of(value).verdict,
            extracted=lead.extracted,
            explanation="; ".join(f"{name} {score.value:g} ({score.explanation})" for name, score in scores.items()),
            metrics={**_prefixed(scores), **{name: score.value for name, score in scores.items()}},
            flags=tuple(dict.fromkeys(flag for score in scores.values() for flag in score.flags)),
        )


def _prefixed(scores: Mapping[str, Score]) -> dict[str, float]:
    return {f"{name}/{key}": value for name, score in scores.items() for key, value in score.metrics.items()}


def _named(verifiers: Mapping[str, Part] | Sequence[Part]) -> dict[str, Part]:
    if isinstance(verifiers, Mapping):
        parts = dict(verifiers)
    else:
        parts = {name_of(part): part for part in verifiers}
        if len(parts) != len(verifiers):
            raise ConfigError("two parts of a rubric have the same name; give them as a dict {name: verifier}")
    if not parts:
        raise ConfigError("a rubric needs at least one verifier")
    return parts


def _shares(names: list[str], weights: Mapping[str, float] | Sequence[float] | None) -> dict[str, float]:
    """Weights that sum to 1, by name."""
    if weights is None:
        weights = [1.0] * len(names)
    if not isinstance(weights, Mapping):
        if len(weights) != len(names):
            raise ConfigError(f"{len(weights)} weights for {len(names)} verifiers; expected one for each")
        weights = dict(zip(names, weights, strict=True))
    if set(weights) != set(names):
        raise ConfigError(f"weights are given for {', '.join(weights)}; the parts are {', '.join(names)}")
    for name, weight in weights.items():
        if not math.isfinite(weight) or weight < 0:
            raise ConfigError(f"the weight of {name} is {weight}; expected a finite number, zero or more")
    total = math.fsum(weights.values())
    if not total:
        raise ConfigError("all weights of the rubric are zero; give one of them a positive weight")
    return {name: weights[name] / total for name in names}
