"""Which lines the viewer's list has, and in what order: filters, the search, the orders."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assaygym.benchmarks.viewer.rows import Item, Row, mean

__all__ = ["ORDERS", "TWO_ORDERS", "Choice", "Filter", "arranged", "choices", "disagreements", "next_where"]

ORDERS = ("task", "reward", "turns", "tokens", "seconds", "disagreement")
"""`reward` has the worst first, the others but `task` the most first; what is not known stands last."""
TWO_ORDERS = (*ORDERS, "difference")

Choice = tuple[str, str]
"""What a filter asks for and the wanted value: `("outcome", "incorrect")`."""
KINDS: Mapping[str, Callable[[Row], Iterable[str]]] = {
    "outcome": lambda row: (row.outcome.value,),
    "category": lambda row: (row.category,) if row.category else (),
    "flag": lambda row: row.flags,
    "truncated": lambda row: ("yes" if row.truncated else "no",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a row must be like: of each kind of choice one that was chosen, and the text in its id or explanation."""

    chosen: frozenset[Choice] = field(default_factory=frozenset)
    text: str = ""
    """Whatever its case."""

    def __bool__(self) -> bool:
        return bool(self.chosen or self.text)

    def test(self) -> Callable[[Item], bool]:
        """Whether a line stays: one of its episodes is like that."""
        wanted = {
            kind: {value for name, value in self.chosen if name == kind} for kind in {name for name, _ in self.chosen}
        }
        text = self.text.casefold()

        def passes(row: Row) -> bool:
            if text and text not in row.task_id.casefold() and text not in row.explanation.casefold():
                return False
            return all(not values.isdisjoint(KINDS[kind](row)) for kind, values in wanted.items())

        return lambda item: any(map(passes, item.rows))

    def __str__(self) -> str:
        kinds = [f"{kind}={value}" for kind, value in sorted(self.chosen)]
        return ", ".join([*kinds, *([f"/{self.text}"] if self.text else [])])


def choices(items: Iterable[Item]) -> list[tuple[Choice, int]]:
    """What can be chosen in these lines, with the number of episodes that are so; a kind with one value is no choice.

    Flags are, however few: one alone tells those that have it from the rest.
    """
    counts: Counter[Choice] = Counter()
    for item in items:
        for row in item.rows:
            counts.update((kind, value) for kind, values in KINDS.items() for value in values(row))
    sizes = Counter(kind for kind, _ in counts)
    order = list(KINDS)
    found = [(choice, count) for choice, count in counts.items() if sizes[choice[0]] > 1 or choice[0] == "flag"]
    return sorted(found, key=lambda each: (order.index(each[0][0]), -each[1], each[0][1]))


def disagreements(items: Iterable[Item]) -> dict[int, float]:
    """The variance of the scores of each task's samples; NaN with fewer than two. The higher of two runs."""
    sides: dict[tuple[int, int], list[Row]] = {}
    tasks: dict[int, None] = {}
    for item in items:
        for side, rows in enumerate((item.a, item.b)):
            for row in rows:
                sides.setdefault((item.rows[0].task, side), []).append(row)
                tasks.setdefault(item.rows[0].task)
    return {task: _highest(_variance(sides.get((task, side), ())) for side in (0, 1)) for task in tasks}


def arranged(items: Sequence[Item], wanted: Filter, order: str, *, backwards: bool = False) -> list[Item]:
    """The lines that pass, in this order; lines alike in it stay by task.

    Args:
        items: by task.
        wanted: what they must be like.
        order: one of `ORDERS`, or `difference` (of two runs).
        backwards: the other way round; what is not known stands last all the same.
    """
    kept = list(filter(wanted.test(), items)) if wanted else list(items)
    if order == "task":
        return kept[::-1] if backwards else kept
    measured = _measure_of(order, items)
    known = [(value, item) for item in kept if not math.isnan(value := measured(item))]
    known.sort(key=lambda each: each[0], reverse=(order != "reward") is not backwards)
    return [*(item for _, item in known), *(item for item in kept if math.isnan(measured(item)))]


def next_where(items: Sequence[Item], start: int, step: int, test: Callable[[Item], bool]) -> int | None:
    """Where the next line that passes stands, from `start` on in steps of 1 or -1; None at the end."""
    position = start + step
    while 0 <= position < len(items):
        if test(items[position]):
            return position
        position += step
    return None


def _measure_of(order: str, items: Sequence[Item]) -> Callable[[Item], float]:
    if order == "disagreement":
        known = disagreements(items)
        return lambda item: known[item.rows[0].task]
    simple: dict[str, Callable[[Item], float]] = {
        "reward": lambda item: mean(item.rows),
        "turns": lambda item: sum(row.turns for row in item.rows),
        "tokens": lambda item: sum(row.tokens for row in item.rows),
        "seconds": lambda item: math.fsum(row.seconds for row in item.rows),
        "difference": lambda item: abs(mean(item.a) - mean(item.b)),
    }
    return simple[order]


def _variance(rows: Sequence[Row]) -> float:
    values = [row.value for row in rows if not math.isnan(row.value)]
    if len(values) < 2:
        return math.nan
    centre = math.fsum(values) / len(values)
    return math.fsum((value - centre) ** 2 for value in values) / len(values)


def _highest(values: Iterable[float]) -> float:
    return max((value for value in values if not math.isnan(value)), default=math.nan)
