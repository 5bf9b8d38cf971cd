"""Weights of a linear rubric from ranked answers: a hinge loss on pairs, solved to a certified optimum.

The problem is that of a support vector machine without intercept on differences of features: convex, with one optimum.
It is solved by an interior-point method: no learning rate, no random order, the same result every time, and the
distance to the optimum is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from assaygym.errors import ConfigError, DataError

__all__ = ["Example", "Fit", "fit_linear"]

Floats = NDArray[np.float64]
LEAST = 1e-9
"""Length of a difference in features that counts."""


@dataclass(frozen=True, slots=True)
class Example:
    """One answer with what the graders found. Only answers of one `group` (a prompt) are compared.

    Args:
        group: the prompt.
        grade: how good the answer is, higher is better; answers of one grade are not compared.
        features: what each grader found; `features_of` asks them.
    """

    group: str
    grade: float
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Fit:
    """The weights, and how well they rank.

    `loss` is the mean hinge loss without the penalty, `gap` a bound on how far the whole objective is from its least
    value.
    """

    weights: dict[str, float]
    pairs: int
    loss: float
    ordered: float
    """The share of pairs in which the better answer gets the greater sum."""
    gap: float


def fit_linear(
    examples: Iterable[Example],
    *,
    margin: float = 1.0,
    l2: float = 1e-3,
    fixed: Mapping[str, float] | None = None,
    tolerance: float = 1e-6,
    max_rounds: int = 200,
) -> Fit:
    """The weights that minimise `mean_pairs max(0, margin - (w·x_better - w·x_worse)) + l2 |w|^2 / 2`.

    The hinge loss of rule-based rewards (arXiv 2411.01111, openai/safety-rbr-code-and-data), with a penalty in place of
    early stopping.

    Args:
        examples: at least one pair of one group with different grades.
        margin: by how much a better answer's sum should be greater.
        l2: weight of the penalty; above 0, which makes the solution unique.
        fixed: weights that are not fitted: 1 for a base reward model among the features, 0 for features to leave out.
        tolerance: largest gap to the least value of the objective.
        max_rounds: Newton steps at most; twenty are usual.

    Raises:
        ConfigError: a number is out of range, or `fixed` names what is no feature.
        DataError: the examples do not all have the same features, one is not finite, or no two can be compared.
    """
    if margin <= 0 or l2 <= 0 or tolerance <= 0 or max_rounds < 1:
        raise ConfigError(
            f"margin={margin}, l2={l2}, tolerance={tolerance}, max_rounds={max_rounds}; expected all above 0"
        )
    rows = list(examples)
    names, table_NF = _table(rows)
    held = dict(fixed or {})
    if unknown := held.keys() - set(names):
        raise ConfigError(f"fixed weights for {', '.join(sorted(unknown))}; the features are {', '.join(names)}")
    differences_PF = _differences(rows, table_NF)
    free = np.array([name not in held for name in names])
    weights_F = np.array([held.get(name, 0.0) for name in names])
    wanted_P = margin - differences_PF @ weights_F
    weights_F[free], gap = _solve(differences_PF[:, free], wanted_P, l2, tolerance, max_rounds)
    sums_P = differences_PF @ weights_F
    return Fit(
        weights={name: float(weight) for name, weight in zip(names, weights_F, strict=True)},
        pairs=len(sums_P),
        loss=float(np.maximum(0.0, margin - sums_P).mean()),
        ordered=float((sums_P > 0).mean()),
        gap=gap,
    )


def _table(rows: Sequence[Example]) -> tuple[list[str], Floats]:
    names = list(rows[0].features) if rows else []
    for row in rows:
        if row.features.keys() != set(names):
            raise DataError(f"an example has the features {', '.join(row.features)}; another {', '.join(names)}")
    table_NF = np.array([[row.features[name] for name in names] for row in rows], dtype=np.float64)
    if not np.isfinite(table_NF).all() or not np.isfinite([row.grade for row in rows]).all():
        raise DataError("an example has a feature or a grade that is not finite; leave examples out that failed")
    return names, table_NF


def _differences(rows: Sequence[Example], table_NF: Floats) -> Floats:
    """`[P, F]`: features of the better answer of each pair less those of the worse."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        groups[row.group].append(number)
    pairs = [
        (one, other) if rows[one].grade > rows[other].grade else (other, one)
        for members in groups.values()
        for one, other in combinations(members, 2)
        if rows[one].grade != rows[other].grade
    ]
    if not pairs:
        raise DataError(f"{len(rows)} examples, of which no two of one group have different grades: nothing to rank")
    better_P, worse_P = np.array(pairs).T
    difference_PF: Floats = table_NF[better_P] - table_NF[worse_P]
    return difference_PF


def _solve(
    differences_PF: Floats, wanted_P: Floats, l2: float, tolerance: float, max_rounds: int
) -> tuple[Floats, float]:
    """Weights that minimise `mean max(0, wanted - w·d) + l2 |w|^2 / 2`, and the duality gap.

    Equal pairs are one row with their share of all: propositions that are true or false leave few. Pairs that no
    feature tells apart add the same to the objective and to its dual, whatever the weights.
    """
    keyed_PF = np.column_stack([differences_PF, wanted_P])
    rows_UF, counts_U = np.unique(keyed_PF, axis=0, return_counts=True)
    tells_U = (rows_UF[:, :-1] ** 2).sum(1) > LEAST**2
    point = _Point.start(rows_UF[tells_U, :-1], rows_UF[tells_U, -1], (counts_U / counts_U.sum())[tells_U], l2)
    for _ in range(max_rounds):
        if point.gap() <= tolerance:
            break
        point.step()
    return point.weights_F, point.gap()


@dataclass(slots=True)
class _Point:
    """A point inside the feasible region: losses and slacks are above 0, duals between 0 and the shares.

    minimise `shares·losses + l2 |w|^2 / 2` with `D w + losses - wanted = slacks >= 0`, `losses >= 0`; at the optimum
    `l2 w = D' duals`, `duals * slacks = 0`, `(shares - duals) * losses = 0`.
    """

    rows_UF: Floats
    wanted_U: Floats
    shares_U: Floats
    l2: float
    weights_F: Floats
    duals_U: Floats
    losses_U: Floats

    @classmethod
    def start(cls, rows_UF: Floats, wanted_U: Floats, shares_U: Floats, l2: float) -> _Point:
        """The point of no weights."""
        losses_U = np.maximum(0.0, wanted_U) + 1.0
        return cls(rows_UF, wanted_U, shares_U, l2, np.zeros(rows_UF.shape[1]), shares_U / 2, losses_U)

    def gap(self) -> float:
        """The objective less its dual: no weights are better by more."""
        losses_U = np.maximum(0.0, self.wanted_U - self.rows_UF @ self.weights_F)
        pull_F = self.duals_U @ self.rows_UF
        primal = self.shares_U @ losses_U + self.l2 * self.weights_F @ self.weights_F / 2
        return float(primal - self.duals_U @ self.wanted_U + pull_F @ pull_F / (2 * self.l2))

    def step(self) -> None:
        """One Newton step to where all products are a tenth of their mean."""
        slacks_U = self.rows_UF @ self.weights_F + self.losses_U - self.wanted_U
        spare_U = self.shares_U - self.duals_U
        target = 0.1 * (self.duals_U @ slacks_U + spare_U @ self.losses_U) / (2 * len(slacks_U))
        stiff_U = slacks_U / self.duals_U + self.losses_U / spare_U
        pull_U = target / self.duals_U - slacks_U - target / spare_U + self.losses_U
        system_FF = self.l2 * np.eye(len(self.weights_F)) + (self.rows_UF.T / stiff_U) @ self.rows_UF
        missing_F = (self.duals_U + pull_U / stiff_U) @ self.rows_UF - self.l2 * self.weights_F
        weights_F = np.linalg.solve(system_FF, missing_F)
        duals_U = (pull_U - self.rows_UF @ weights_F) / stiff_U
        losses_U = (target + self.losses_U * duals_U) / spare_U - self.losses_U
        moves = [(self.duals_U, duals_U), (spare_U, -duals_U), (self.losses_U, losses_U)]
        moves.append((slacks_U, self.rows_UF @ weights_F + losses_U))
        reach = min(1.0, 0.99 * min(_reach(at_U, by_U) for at_U, by_U in moves))
        self.weights_F = self.weights_F + reach * weights_F
        self.duals_U = self.duals_U + reach * duals_U
        self.losses_U = self.losses_U + reach * losses_U


def _reach(at_U: Floats, by_U: Floats) -> float:
    """How many times one can move before a number that is above 0 is no longer."""
    falling_U = by_U < 0
    return float((at_U[falling_U] / -by_U[falling_U]).min(initial=np.inf))
