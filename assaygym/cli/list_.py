"""`assay list`: which environments there are."""

from __future__ import annotations

from typing import Annotated

import typer

from assaygym.cli.command import Json
from assaygym.cli.output import emit_json, show_table


def list_environments(
    kind: Annotated[str | None, typer.Option(help="Only this kind: math, code, tool, game, text or other.")] = None,
    json: Json = False,
) -> int:
    """List the environments: built in, of installed packages, and of --import."""
    from assaygym.envs.registration import KINDS, all_specs
    from assaygym.errors import ConfigError, did_you_mean

    if kind is not None and kind not in KINDS:
        raise ConfigError(f"no kind {kind!r}; {did_you_mean(kind, KINDS)}")
    specs = [spec for spec in all_specs() if kind in (None, spec.kind)]
    rows = [(spec.id, spec.kind, spec.max_turns, ", ".join(spec.requires) or "-", spec.summary) for spec in specs]
    columns = ("id", "kind", "turns", "needs", "summary")
    if json:
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        emit_json([{**record, "needs": spec.requires} for record, spec in zip(records, specs, strict=True)])
    else:
        show_table(columns, rows)
    return 0
