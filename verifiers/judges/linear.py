"""A weighted sum of propositions, of which some may count against the answer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assaygym.errors import ConfigError, DataError, VerifierError
from assaygym.types import Score, Verdict
from assaygym.verifiers.base import judge
from assaygym.verifiers.judges.base import opinion

__all__ = ["LinearRubric", "features_of"]

Grader = Callable[[Any, Any], Score | bool | float]
KIND = "linear rubric"


class LinearRubric:
    """Rule-based rewards (arXiv 2411.01111): `sum_i w_i x_i`, where `x_i` in [0, 1] is what grader `i` finds.

    Unlike those of a `Rubric`, weights may be negative: a proposition may be a fault. The value is the sum's place
    between the least and the greatest that the weights allow, so it is linear in each `x_i`; `metrics["sum"]` is the
    sum itself. One INVALID grader makes the whole INVALID. The weights are someone's judgement, so the score has the
    flag `opinion` even where every grader is a proof.

    Args:
        graders: verifiers or functions of (response, answer), by name.
        weights: one for each grader, by name; `fit_linear` finds them.

    Raises:
        ConfigError: the names differ, a weight is not finite, or all are zero.
    """

    name = "linear"

    def __init__(self, graders: Mapping[str, Grader], weights: Mapping[str, float]) -> None:
        if graders.keys() != weights.keys():
            raise ConfigError(
                f"weights are given for {', '.join(weights) or 'nothing'}; the graders are "
                f"{', '.join(graders) or 'none'}: expected the same names"
            )
        if not all(math.isfinite(weight) for weight in weights.values()) or not any(weights.values()):
            raise ConfigError(f"the weights are {dict(weights)}; expected finite numbers, one of them not zero")
        self.graders = dict(graders)
        self.weights = {name: float(weights[name]) for name in graders}
        self._low = math.fsum(min(weight, 0.0) for weight in self.weights.values())
        self._high = math.fsum(max(weight, 0.0) for weight in self.weights.values())

    def __call__(self, response: object, answer: object, /) -> Score:
        """The weighted sum, mapped to [0, 1]."""
        scores = _scores(self.graders, response, answer)
        if failed := _failed(scores):
            return Score.invalid(failed)
        total = math.fsum(self.weights[name] * score.value for name, score in scores.items())
        value = min(1.0, max(0.0, (total - self._low) / (self._high - self._low)))
        found = {f"{name}/{key}": number for name, score in scores.items() for key, number in score.metrics.items()}
        told = "; ".join(f"{name} {score.value:g} x {self.weights[name]:g}" for name, score in scores.items())
        flags = [flag for score in scores.values() for flag in score.flags]
        values = {name: score.value for name, score in scores.items()}
        return opinion(value, f"sum {total:g}: {told}", {**found, **values, "sum": total}, *flags)

    def save(self, path: str | Path) -> None:
        """Write the weights as JSON; the graders are code and stay with their author."""
        Path(path).write_text(json.dumps({"kind": KIND, "weights": self.weights}, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path, graders: Mapping[str, Grader]) -> LinearRubric:
        """The rubric of saved weights.

        Raises:
            DataError: the file cannot be read, or holds no weights.
            ConfigError: its names are not those of the graders.
        """
        try:
            row = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"cannot read the weights {path}: {error}") from error
        if not isinstance(row, dict) or row.get("kind") != KIND or not _are_numbers(row.get("weights")):
            raise DataError(f"{path} holds no weights; expected what LinearRubric.save writes")
        return cls(graders, row["weights"])


def features_of(graders: Mapping[str, Grader], response: object, answer: object) -> dict[str, float]:
    """What each grader finds, for an `Example` to fit weights on.

    Raises:
        VerifierError: a grader failed: leave the example out.
    """
    scores = _scores(graders, response, answer)
    if failed := _failed(scores):
        raise VerifierError(failed)
    return {name: score.value for name, score in scores.items()}


def _scores(graders: Mapping[str, Grader], response: object, answer: object) -> dict[str, Score]:
    return {name: judge(grader, response, answer) for name, grader in graders.items()}


def _failed(scores: Mapping[str, Score]) -> str:
    return "; ".join(f"{name}: {one.explanation}" for name, one in scores.items() if one.verdict is Verdict.INVALID)


def _are_numbers(weights: object) -> bool:
    if not isinstance(weights, dict):
        return False
    return all(isinstance(weight, (int, float)) and not isinstance(weight, bool) for weight in weights.values())
