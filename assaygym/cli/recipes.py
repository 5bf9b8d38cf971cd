"""`assay recipes`: the methods side by side, one of them whole, or what two of them do differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import Json
from assaygym.cli.output import emit_json, show_paragraph, show_table

if TYPE_CHECKING:
    from assaygym.agents.recipes import Recipe

__all__ = ["recipes"]


def _brief(one: Recipe, slot: str) -> str:
    held: Any = getattr(one, slot)
    parts = held if isinstance(held, tuple) else (held,) if held is not None else ()
    return " + ".join(part.brief() for part in parts) or "-"


def recipes(
    first: Annotated[str | None, typer.Argument(metavar="[RECIPE]", help="Show this one whole.")] = None,
    second: Annotated[str | None, typer.Argument(metavar="[OTHER]", help="Show what it does differently.")] = None,
    json: Json = False,
) -> int:
    """The training methods: all as a table method by part, one whole, or two compared.

    The table leaves out what is the default of a part.
    """
    from assaygym.agents.parts.base import SLOTS
    from assaygym.agents.recipes import RECIPES, recipe
    from assaygym.agents.recipes.table import as_dict, difference

    if first is None:
        if json:
            emit_json([as_dict(one) for one in RECIPES.values()])
        else:
            show_table(
                ("method", *SLOTS), [[one.name, *(_brief(one, slot) for slot in SLOTS)] for one in RECIPES.values()]
            )
        return 0
    if second is None:
        one = recipe(first)
        if json:
            emit_json(as_dict(one))
            return 0
        show_paragraph(f"{one.name}: {one.summary}")
        show_paragraph(one.paper, indent=2)
        show_table(("slot", "part"), list(one.described().items()))
        return 0
    rows = difference(recipe(first), recipe(second))
    if json:
        emit_json([row._asdict() for row in rows])
    else:
        show_table(("slot", "", first, second), rows)
    return 0
