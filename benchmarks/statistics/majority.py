"""maj@k: what the answer that most of `k` samples give is worth, in expectation over subsets and over ties.

Exact for any number of samples, without enumeration. Fix the winners' number of votes `j`. Going through the answers
one by one, a table over (votes cast, answers with `j` votes) holds the weight of all ways to draw samples in which no
answer has more than `j`, and a second one these weights times the sum of the winners' values. The second, divided by
the number of winners, is the mean over ties; summed over `j` it is the expectation. An answer with `m` samples gives
`i` votes with the binomial weight `C(m,i) q^i (1-q)^(m-i)`, q = k/n, instead of `C(m,i)`: given that `k` are drawn in
all, the distribution is the same, and these neither overflow nor cancel. Time is O(n k^2)
times the number of answers: milliseconds for 64 samples, seconds for 1,000.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["maj_at_k"]

Table = NDArray[np.float64]


def maj_at_k(answers: Sequence[Hashable | None], values: Sequence[float], k: int) -> float:
    """Expected value of the most frequent answer among `k` samples drawn without replacement, ties broken at random.

    The vote is by answer alone: samples with one answer vote together even where their values differ, as they may when
    the value also looks at the format; the winner is worth the mean of its samples. An answer of None casts no vote,
    and a draw without any vote is worth 0. Wang et al. 2023, "Self-Consistency Improves Chain of Thought Reasoning in
    Language Models", made unbiased as pass@k is.

    Args:
        answers: of each scored sample, in the canonical form of its verifier ("033" and "33" are two answers here).
        values: the score of each.
        k: how many vote.

    Returns:
        NaN when `k` is more than the samples.

    Raises:
        ValueError: `k < 1`, the lengths differ, or a value is NaN.
    """
    if k < 1 or len(answers) != len(values) or any(map(math.isnan, values)):
        raise ValueError(
            f"maj_at_k of {len(answers)} answers with {len(values)} values and k={k}; "
            "expected k >= 1, as many values as answers, and no NaN: leave out what could not be scored"
        )
    n = len(answers)
    if k > n:
        return math.nan
    camps: dict[Hashable | None, list[float]] = {}
    for answer, value in zip(answers, values, strict=True):
        camps.setdefault(answer, []).append(value)
    silent = len(camps.pop(None, ()))
    if not camps:
        return 0.0
    groups = sorted((len(own), math.fsum(own) / len(own)) for own in camps.values())
    return _expected(tuple(groups), silent, k)


@lru_cache(maxsize=4096)
def _expected(groups: tuple[tuple[int, float], ...], silent: int, k: int) -> float:
    """The expectation for answers of so many samples and such a mean value each, and `silent` samples without one.

    Tasks of one run look alike in this, mostly, which is why it is kept.
    """
    n = silent + sum(size for size, _ in groups)
    tables = np.zeros((2, min(k, groups[-1][0]), k + 1, min(k, len(groups)) + 1))  # ways or worth, j - 1, cast, winners
    abstaining = _weights(silent, k / n)[: k + 1]
    tables[0, :, : len(abstaining), 0] = abstaining
    for size, value in groups:
        tables = _with_answer(tables, _weights(size, k / n)[: k + 1], value)
    won = float(np.sum(tables[1, :, k, 1:] / np.arange(1, tables.shape[-1])))
    return min(max(value for _, value in groups), won / float(_weights(n, k / n)[k]))  # rounding may step past the end


def _weights(m: int, q: float) -> Table:
    """Binomial weights of 0..m out of `m`: the chance that i are drawn when each is with chance `q`."""
    if q == 1:
        certain: Table = np.eye(m + 1)[m]
        return certain
    i = np.arange(m + 1, dtype=np.float64)
    logs = [math.lgamma(m + 1) - math.lgamma(x + 1) - math.lgamma(m - x + 1) for x in range(m + 1)]
    weights: Table = np.exp(np.array(logs) + i * math.log(q) + (m - i) * math.log1p(-q))
    return weights


def _with_answer(tables: Table, weights: Table, value: float) -> Table:
    """The tables after one more answer: it loses with fewer than j votes, wins with j and may not have more."""
    after = np.zeros_like(tables)
    rows = tables.shape[2]
    for cast in np.flatnonzero(weights):
        after[:, cast:, cast:] += weights[cast] * tables[:, cast:, : rows - cast]
        if cast:
            tied = weights[cast] * tables[:, cast - 1, : rows - cast, :-1]
            tied[1] += value * tied[0]
            after[:, cast - 1, cast:, 1:] += tied
    return after
