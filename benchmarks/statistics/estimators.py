"""What `k` tries at a task would give, from the `n` samples there are: means over all subsets of `k` samples.

Each is one task's own number and knows only its own `n`. A mean over subsets does not depend on the order of the
samples. All are NaN for `k > n`: fewer samples than `k` cannot tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

__all__ = ["best_of_k", "pass_at_k", "pass_hat_k"]


def pass_at_k(n: int, c: int, k: int) -> float:
    """Unbiased chance that at least one of `k` samples succeeds: `1 - C(n-c, k) / C(n, k)`, as a product.

    Chen et al. 2021, "Evaluating Large Language Models Trained on Code", equation 1.

    Returns:
        NaN when `k > n`.

    Raises:
        ValueError: `k < 1`, or `c` is outside [0, n].
    """
    _check("pass_at_k", n, c, k)
    if k > n:
        return math.nan
    if n - c < k:
        return 1.0
    return 1.0 - math.prod((n - c - i) / (n - i) for i in range(k))


def pass_hat_k(n: int, c: int, k: int) -> float:
    """Unbiased chance that all of `k` samples succeed, pass^k: `C(c, k) / C(n, k)`, as a product.

    Yao et al. 2024, "tau-bench: A Benchmark for Tool-Agent-User Interaction in Real-World Domains".

    Returns:
        NaN when `k > n`.

    Raises:
        ValueError: `k < 1`, or `c` is outside [0, n].
    """
    _check("pass_hat_k", n, c, k)
    if k > n:
        return math.nan
    return math.prod((c - i) / (n - i) for i in range(k)) if c >= k else 0.0


def best_of_k(values: Sequence[float], k: int, rewards: Sequence[float] | None = None) -> float:
    """Expected value of the sample with the highest reward among `k` drawn without replacement.

    With the samples sorted by reward, the one at place `i` (from 1) is the highest in `C(i-1, k-1) / C(n, k)` of the
    subsets; samples of equal reward stand in for one another, so each counts as the mean of them. With `rewards` None
    the values themselves select, which is the expected maximum: pass@k for graded values.

    Args:
        values: the score of each sample.
        k: how many are drawn.
        rewards: what selects, one for each sample.

    Raises:
        ValueError: `k < 1`, the lengths differ, or something is NaN.
    """
    keys = values if rewards is None else rewards
    if k < 1 or len(keys) != len(values) or any(map(math.isnan, (*keys, *values))):
        raise ValueError(
            f"best_of_k of {len(values)} values by {len(keys)} rewards with k={k}; "
            "expected k >= 1, as many rewards as values, and no NaN: leave out what could not be scored"
        )
    n = len(values)
    if k > n:
        return math.nan
    expected, place = 0.0, 0
    for _, alike in groupby(sorted(zip(keys, values, strict=True), key=_reward), key=_reward):
        tied = [value for _, value in alike]
        chance = pass_hat_k(n, place + len(tied), k) - pass_hat_k(n, place, k)
        expected += chance * math.fsum(tied) / len(tied)
        place += len(tied)
    return expected


def _reward(pair: tuple[float, float]) -> float:
    return pair[0]


def _check(name: str, n: int, c: int, k: int) -> None:
    if k < 1 or not 0 <= c <= n:
        raise ValueError(f"{name}(n={n}, c={c}, k={k}); expected k >= 1 and 0 <= c <= n")
