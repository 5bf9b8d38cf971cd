"""Pairing the items of two collections, each used once, whatever their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.objects.context import Context
from assaygym.verifiers.maths.objects.thing import Thing, equal

__all__ = ["distinct", "matched"]

MAX_PAIRS = 2500
"""Most pairs of items that are compared; items with the same key (exact values) are paired before, in linear time."""


def matched(layer: str, gold: Sequence[Thing], pred: Sequence[Thing], context: Context) -> Finding:
    """Whether the items can be paired so that the items of each pair are the same."""
    if len(gold) != len(pred):
        return differ(layer, f"{len(pred)} items, not {len(gold)}")
    places, left = _rest(gold, pred, context)
    if not places:
        return same(layer, "the same items")
    if len(places) * len(left) > MAX_PAIRS:
        return undecided(layer, f"{len(places)} items that are no plain numbers")
    findings: list[Finding] = []

    def are_same(row: int, column: int) -> bool:
        if (gold[places[row]].kind == "collection") != (left[column].kind == "collection"):
            return False  # as a member, the set of one thing is not the thing
        finding = equal(gold[places[row]], left[column], context.with_gap(places[row]))
        if not finding.decided:
            findings.append(finding)
        return finding.equal

    if _pair(len(places), are_same):
        return same(layer, "the same items")
    why = findings[0].why if findings else ""
    return Finding(False, layer, f"an item without a counterpart{': ' + why if why else ''}", not findings)


def _rest(gold: Sequence[Thing], pred: Sequence[Thing], context: Context) -> tuple[list[int], list[Thing]]:
    """The places of gold items, and the predicted items, that are left once those with the same key are paired."""
    waiting: dict[object, list[Thing]] = {}
    left = []
    for thing in pred:
        key = thing.key(context)
        if key is None:
            left.append(thing)
        else:
            waiting.setdefault(key, []).append(thing)
    places = []
    for place, thing in enumerate(gold):
        same_key = waiting.get(thing.key(context))
        if same_key:
            same_key.pop()
        else:
            places.append(place)
    return places, [*left, *(thing for things in waiting.values() for thing in things)]


def _pair(count: int, are_same: Callable[[int, int], bool]) -> bool:
    """Whether rows and columns can be paired perfectly (augmenting paths)."""
    known: dict[tuple[int, int], bool] = {}
    row_of: list[int | None] = [None] * count

    def edge(row: int, column: int) -> bool:
        if (row, column) not in known:
            known[row, column] = are_same(row, column)
        return known[row, column]

    def place(row: int, tried: set[int]) -> bool:
        for column in range(count):
            if column in tried or not edge(row, column):
                continue
            tried.add(column)
            holder = row_of[column]
            if holder is None or place(holder, tried):
                row_of[column] = row
                return True
        return False

    return all(place(row, set()) for row in range(count))


def distinct(things: Sequence[Thing], context: Context) -> list[Thing]:
    """The things without repetitions, as the members of a set."""
    keys: set[object] = set()
    found: list[Thing] = []
    for thing in things:
        key = thing.key(context)
        if key is not None:
            if key in keys:
                continue
            keys.add(key)
        elif len(found) <= 40 and any(
            equal(other, thing, context).equal for other in found if other.kind == thing.kind
        ):
            continue
        found.append(thing)
    return found
