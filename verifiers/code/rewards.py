"""What a program earns that does not pass every test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["balanced", "grouped", "groups_passed"]


def balanced(labels: Sequence[str], passed: Sequence[bool]) -> float:
    """The mean over the expected values of the share that passed, rescaled: 0 is what one constant can earn.

    Args:
        labels: of each test what is expected, two different ones at least.
        passed: of each test whether it did.
    """
    by_label = _by_name(labels, passed)
    mean = sum(sum(held) / len(held) for held in by_label.values()) / len(by_label)
    alone = 1 / len(by_label)
    return max(0.0, (mean - alone) / (1 - alone))


def grouped(groups: Sequence[str], passed: Sequence[bool], weights: Mapping[str, float]) -> float:
    """The weight of the groups whose tests all passed, as a share of all weight: subtasks, as in the IOI.

    Args:
        groups: of each test the group.
        passed: of each test whether it did.
        weights: of each group; empty: all the same.
    """
    whole = {group: weights.get(group, 0.0) if weights else 1.0 for group in dict.fromkeys(groups)}
    return sum(whole[group] for group in groups_passed(groups, passed)) / sum(whole.values())


def groups_passed(groups: Sequence[str], passed: Sequence[bool]) -> list[str]:
    """The groups whose tests all passed."""
    return [group for group, held in _by_name(groups, passed).items() if all(held)]


def _by_name(names: Iterable[str], passed: Iterable[bool]) -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = defaultdict(list)
    for name, held in zip(names, passed, strict=True):
        found[name].append(held)
    return found
