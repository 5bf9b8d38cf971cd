"""What the viewer's list holds at the moment: the lines, what was asked of them, the words of the status line."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from assaygym.benchmarks.viewer.listing import ORDERS, TWO_ORDERS, Choice, Filter, arranged, choices, next_where
from assaygym.benchmarks.viewer.rows import Item, Row, mean, paired, singles

__all__ = ["Listing"]


class Listing:
    """The lines of one run, or of the tasks of two.

    Args:
        two: whether there are two runs.
        by_id: whether their tasks are the same by what the data call them, not by their number.
    """

    def __init__(self, *, two: bool = False, by_id: bool = False) -> None:
        self._two = two
        self._by_id = by_id
        self.every: list[Item] = []
        self.items: list[Item] = []
        """Those that pass, in their order."""
        self.filter = Filter()
        self.order = ORDERS[0]
        self.backwards = False
        self._mean = math.nan

    def have(self, rows: Sequence[Sequence[Row]]) -> None:
        """Hold these episodes of each run instead."""
        self.every = paired(rows[0], rows[1], by_id=self._by_id) if self._two else singles(rows[0])
        self._arrange()

    def choose(self, chosen: frozenset[Choice]) -> None:
        """Keep what was chosen, of what the search leaves."""
        self.filter = Filter(chosen=chosen, text=self.filter.text)
        self._arrange()

    def search(self, text: str) -> None:
        """Keep what has this text; empty: end the search."""
        self.filter = Filter(chosen=self.filter.chosen, text=text.strip())
        self._arrange()

    def next_order(self) -> None:
        """Order by the next thing."""
        orders = TWO_ORDERS if self._two else ORDERS
        self.order, self.backwards = orders[(orders.index(self.order) + 1) % len(orders)], False
        self._arrange()

    def turn_round(self) -> None:
        """The order the other way round."""
        self.backwards = not self.backwards
        self._arrange()

    def place(self, held: Item | None) -> int:
        """Where the line of this name stands now; 0 where it is gone."""
        if held is None:
            return 0
        return next((place for place, item in enumerate(self.items) if item.name == held.name), 0)

    def jump(self, start: int, step: int, test: Callable[[Item], bool]) -> int | None:
        """Where the next line that passes stands; None at the end."""
        return next_where(self.items, start, step, test)

    def choices(self) -> list[tuple[Choice, int]]:
        """What a filter can ask for."""
        return choices(self.every)

    def hint(self) -> str:
        """Why there is no line, if there is none."""
        if self.items:
            return ""
        return "nothing passes f and /" if self.every else "no episode yet"

    def told(self, planned: int) -> list[str]:
        """How many there are, of how many planned episodes, their mean, and what was asked of the list."""
        kind = "tasks" if self._two else "episodes"
        whole = str(planned) if not self._two and len(self.every) < planned else ""
        parts = [f"{len(self.items)} of {len(self.every)} {kind}" if self.filter else f"{len(self.every)} {kind}"]
        parts += [f"{whole} planned"] if whole else []
        parts += [f"reward {self._mean:.3f}"] if self.items and not self._two else []
        parts += [f"filter {self.filter}"] if self.filter else []
        parts += [f"by {self.order}{', backwards' if self.backwards else ''}"] if self.order != "task" else []
        return parts

    def _arrange(self) -> None:
        self.items = arranged(self.every, self.filter, self.order, backwards=self.backwards)
        self._mean = mean([row for item in self.items for row in item.a])
