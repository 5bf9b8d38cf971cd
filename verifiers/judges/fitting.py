"""Weights of a linear rubric from ranked answers: a hinge loss on pairs, solved to a certified optimum.

The problem is that of a support vector machine without intercept on differences of features, so it is solved in its
dual, coordinate by coordinate (Hsieh et al., ICML 2008): no learning rate, no random order, the same result every time,
and the distance to the optimum is known.
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
    max_rounds: int = 10_000,
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
        max_rounds: passes over all pairs.

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

    Equal pairs are one coordinate, which may grow by their number: propositions that are true or false leave few. Pairs
    that no feature tells apart add the same to the objective and to its dual, whatever the weights.
    """
    keyed_PF = np.column_stack([differences_PF, wanted_P])
    unique_UF, counts_U = np.unique(keyed_PF, axis=0, return_counts=True)
    rows_UF, wanted_U = np.ascontiguousarray(unique_UF[:, :-1]), unique_UF[:, -1]
    shares_U = counts_U / counts_U.sum()
    tells_U = (rows_UF**2).sum(1) > LEAST**2
    rows_UF, wanted_U, shares_U = rows_UF[tells_U], wanted_U[tells_U], shares_U[tells_U]
    curvature_U = (rows_UF**2).sum(1) / l2
    duals_U, weights_F = np.zeros(len(rows_UF)), np.zeros(rows_UF.shape[1])
    gap = _gap(rows_UF, wanted_U, shares_U, duals_U, weights_F, l2)
    for _ in range(max_rounds):
        if gap <= tolerance:
            break
        for u in range(len(rows_UF)):
            step = (wanted_U[u] - rows_UF[u] @ weights_F) / curvature_U[u]
            grown = min(shares_U[u], max(0.0, duals_U[u] + step))
            weights_F += (grown - duals_U[u]) / l2 * rows_UF[u]
            duals_U[u] = grown
        gap = _gap(rows_UF, wanted_U, shares_U, duals_U, weights_F, l2)
    return weights_F, gap


def _gap(rows_UF: Floats, wanted_U: Floats, shares_U: Floats, duals_U: Floats, weights_F: Floats, l2: float) -> float:
    """The objective less its dual."""
    losses_U = np.maximum(0.0, wanted_U - rows_UF @ weights_F)
    return float(shares_U @ losses_U + l2 * weights_F @ weights_F - duals_U @ wanted_U)
