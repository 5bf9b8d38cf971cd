"""The methods side by side: which part each has in which slot, and what two of them do differently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any, NamedTuple

from assaygym.agents.parts.base import SLOTS, Part
from assaygym.agents.recipes.recipe import Recipe

__all__ = ["Difference", "as_dict", "difference", "table"]

ABSENT = "-"


class Difference(NamedTuple):
    """What one recipe has here and the other there."""

    slot: str
    what: str
    """`part.field`, the part's name where only one has it, or the slot where the parts are others."""
    first: str
    second: str
    """`-` where it has nothing there."""


def table(recipes: Iterable[Recipe]) -> list[dict[str, str]]:
    """A row for each method: its name, and the parts of each slot as text (`-` for none)."""
    return [{"method": recipe.name, **recipe.described()} for recipe in recipes]


def as_dict(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain values: its texts, its settings, and in each slot a list of `{"name": ..., field: value}`."""
    slots = {slot: [{"name": part.name, **asdict(part)} for part in _parts(recipe, slot)] for slot in SLOTS}
    texts = {"name": recipe.name, "summary": recipe.summary, "paper": recipe.paper}
    return {**texts, **slots, "settings": dict(recipe.settings)}


def difference(first: Recipe, second: Recipe) -> list[Difference]:
    """What differs between two recipes, slot by slot, then `settings`; empty where all is the same."""
    rows = [row for slot in SLOTS for row in _of_slot(slot, _parts(first, slot), _parts(second, slot))]
    for name in dict.fromkeys([*first.settings, *second.settings]):
        mine, theirs = (str(recipe.settings.get(name, ABSENT)) for recipe in (first, second))
        rows += [Difference("settings", name, mine, theirs)] if mine != theirs else []
    return rows


def _of_slot(slot: str, first: tuple[Part, ...], second: tuple[Part, ...]) -> list[Difference]:
    mine, theirs = {part.name: part for part in first}, {part.name: part for part in second}
    if len(first) == len(second) == 1 and mine.keys() != theirs.keys():
        return [Difference(slot, slot, str(first[0]), str(second[0]))]
    rows: list[Difference] = []
    for name in dict.fromkeys([*mine, *theirs]):
        if name in mine and name in theirs:
            rows += _of_fields(slot, mine[name], theirs[name])
        else:
            rows.append(Difference(slot, name, str(mine.get(name, ABSENT)), str(theirs.get(name, ABSENT))))
    if not rows and list(mine) != list(theirs):
        rows.append(Difference(slot, slot, " + ".join(mine), " + ".join(theirs)))
    return rows


def _of_fields(slot: str, first: Part, second: Part) -> list[Difference]:
    pairs = [(field.name, getattr(first, field.name), getattr(second, field.name)) for field in fields(first)]
    return [Difference(slot, f"{first.name}.{name}", _text(a), _text(b)) for name, a, b in pairs if a != b]


def _text(value: object) -> str:
    return "none" if value is None else str(value)


def _parts(recipe: Recipe, slot: str) -> tuple[Part, ...]:
    """What stands in a slot, of whichever kind it is."""
    held: Part | tuple[Part, ...] | None = getattr(recipe, slot)
    if held is None:
        return ()
    return held if isinstance(held, tuple) else (held,)
