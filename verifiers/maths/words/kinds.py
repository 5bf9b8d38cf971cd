"""What an answer in words is, once read."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["KINDS", "Words"]

KINDS: Final = {
    "choice": "the letters chosen, a frozenset of capitals",
    "date": "(year, month, day, weekday from Monday = 0), None for what is not said; or the text of an ambiguous one",
    "time": "(hour, minute, second, clock); the clock is am, pm, 24, or empty where the hour may be of either half",
    "quantity": "(kind of quantity, total in its smallest unit, the units named), as `2 hours 30 minutes`",
    "number": "the tree of the number, quantity or percentage",
    "saying": "the name of a fixed answer: yes, true, no solution, north, ...",
    "list": "(whether `and` joins it, the items as `Words`)",
    "hedge": "the items between `or`, a frozenset of folded texts",
    "phrase": "the folded words, a tuple",
}
"""The kinds of `Words`, each with what its `value` is."""


class Words(NamedTuple):
    """An answer that is no formula."""

    kind: str
    value: Any
    text: str
    """The answer folded: case, punctuation, articles, hyphens and spaces do not matter to it."""
    tree: Node | None = None
    """The mathematics that the words stand for (`fifteen`, `no solution`, `all real numbers`), where they do."""
    content: str = ""
    """Of a choice: what was said after the letter, as written."""
    certain: bool = True
    """Whether it cannot be mathematics too, as `7:45` (a ratio) and `mass` (a product of names) can."""
