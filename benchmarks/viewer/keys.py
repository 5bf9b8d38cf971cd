"""The viewer's keys, in one table: what they do, and what the help says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding, BindingType

__all__ = ["HINTS", "HINTS_OF_TWO", "KEYS", "Key", "bindings"]

HINTS = "? help  q quit  j/k move  n/p failed  f filter  / search  s sort  w why  r raw  t tokens  g metrics"
HINTS_OF_TWO = "? help  q quit  d differs  [ ] sample  j/k move  n/p failed  f filter  / search  s sort  w why  r raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What the help says of one or two keys, and the actions of the app that they are bound to."""

    shown: str
    told: str
    actions: Sequence[tuple[str, str]] = ()
    """(key, action); none for a key that the half of the screen with the keys handles."""


KEYS = (
    Key(shown="j k", told="next, previous line of the list", actions=[("j", "step(1)"), ("k", "step(-1)")]),
    Key(shown="n p", told="next, previous that is not correct", actions=[("n", "failed(1)"), ("p", "failed(-1)")]),
    Key(shown="d", told="two runs: next task that came out otherwise", actions=[("d", "differing")]),
    Key(
        shown="[ ]",
        told="two runs: previous, next sample of the task",
        actions=[("left_square_bracket", "sample(-1)"), ("right_square_bracket", "sample(1)")],
    ),
    Key(shown="f", told="filter by outcome, category, flag, truncated", actions=[("f", "filter")]),
    Key(shown="/", told="search in ids and reasons; escape ends it", actions=[("slash", "search")]),
    Key(shown="s S", told="next order of the list; backwards", actions=[("s", "order"), ("S", "backwards")]),
    Key(shown="tab", told="to the next half; arrows and page keys move in it"),
    Key(shown="enter", told="read the episode; escape: back to the list", actions=[("escape", "leave")]),
    Key(shown="J K", told="mark the next, previous part that folds", actions=[("J", "mark(1)"), ("K", "mark(-1)")]),
    Key(shown="space", told="open or close the marked part", actions=[("space", "turn")]),
    Key(shown="x", told="open all parts, close all, as at first", actions=[("x", "turn_all")]),
    Key(shown="w", told="the verdict and why, nothing else", actions=[("w", "mode('why')")]),
    Key(shown="t", told="tokens with their log-probabilities", actions=[("t", "mode('tokens')")]),
    Key(shown="g", told="metrics", actions=[("g", "mode('metrics')")]),
    Key(shown="r", told="the line of the log as JSON", actions=[("r", "mode('raw')")]),
    Key(shown="z", told="hide the list, show it", actions=[("z", "zoom")]),
    Key(shown="R", told="read the log anew (it is followed anyway)", actions=[("R,f5", "reload")]),
    Key(shown="q", told="quit", actions=[("q", "quit")]),
    Key(shown="?", told="these keys", actions=[("question_mark", "help")]),
)


def bindings() -> list[BindingType]:
    """The keys of the app; the search is begun before the next key is looked at, which is for its line."""
    return [
        Binding(key, action, each.told, show=False, priority=action == "search")
        for each in KEYS
        for key, action in each.actions
    ]
