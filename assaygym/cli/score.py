"""`assay score`: a recorded run judged anew, without generating."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import FOUND_SOMETHING, Json
from assaygym.cli.output import emit_json, say, show_table

if TYPE_CHECKING:
    from assaygym.benchmarks.rescore import Rescored, Rescoring

EVERY = 10.0
"""Seconds between lines of progress."""
WIDTH = 100
"""Characters of a reason in the table."""


def score(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of an evaluation.")],
    data: Annotated[Path | None, typer.Option(help="The suite's file or folder; the Hub without it.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Episodes at once.")] = 8,
    write: Annotated[
        bool, typer.Option("--write", help="Store the new scores beside the old, as rescored-N.json and .jsonl.")
    ] = False,
    show: Annotated[int, typer.Option(min=0, help="Episodes listed.")] = 20,
    json: Json = False,
) -> int:
    """Judge a recorded run anew and list the flips. Exit code 1: a verdict is another one, or can be had no more."""
    from assaygym.benchmarks.rescore import rescore, write_rescoring

    found = rescore(run, data=data, concurrency=concurrency, progress=_Lines())
    path = write_rescoring(found) if write else None
    if json:
        emit_json(_facts(found, path))
    else:
        _print(found, show)
    if path is not None:
        say(f"new scores: {path}; the old ones stay as they are")
    return FOUND_SOMETHING if found.flips or found.lost else 0


class _Lines:
    """A line on standard error every ten seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, done: int, planned: int) -> None:
        if (now := time.monotonic()) - self._last >= EVERY:
            self._last = now
            say(f"{done}/{planned} episodes judged")


def _facts(found: Rescoring, path: Path | None) -> dict[str, Any]:
    return {
        "verifier": found.verifier,
        "verifier_before": found.run.target.get("verifier", ""),
        "episodes": len(found.episodes),
        "kinds": found.kinds,
        "flips": [_fact(each) for each in found.flips],
        "lost": [_fact(each) for each in found.lost],
        "before": found.before.to_dict(),
        "after": found.after.to_dict(),
        "written": None if path is None else str(path),
    }


def _fact(each: Rescored) -> dict[str, Any]:
    sides = {
        side: {"outcome": record.outcome.value, "value": record.value, "explanation": record.explanation}
        for side, record in (("before", each.before), ("after", each.after))
    }
    return {"task": each.before.task, "sample": each.before.sample, "task_id": each.before.task_id, **sides}


def _print(found: Rescoring, most: int) -> None:
    idle = sum(bool(each.reason) for each in found.episodes) - len(found.lost)
    same = len(found.episodes) - len(found.flips) - len(found.lost) - idle
    print(f"before: {found.before.headline()}  verifier {found.run.target.get('verifier') or 'not recorded'}")
    print(f"after:  {found.after.headline()}  verifier {found.verifier}")
    print(f"{len(found.episodes)} episodes: {same} judged alike, {len(found.flips)} otherwise")
    if idle:
        print(f"{idle} had nothing to judge (errors, cut before an answer): they stay as they are")
    for kind, count in found.kinds.items():
        print(f"  {count} {kind}")
    if found.lost:
        print(f"{len(found.lost)} cannot be judged anew; they count as errors, not as wrong")
    rows = [(each, each.after.explanation) for each in (*found.flips, *found.lost)]
    if rows[:most]:
        show_table(
            ("task", "sample", "before", "after", "why"),
            [
                (r.before.task_id or r.before.task, r.before.sample, _shown(r.before), _shown(r.after), why[:WIDTH])
                for r, why in rows[:most]
            ],
        )
    if len(rows) > most:
        print(f"and {len(rows) - most} more; --show or --json tell them")


def _shown(record: Any) -> str:
    return f"{record.outcome.value} {record.value:g}" if record.outcome.scored else str(record.outcome.value)
