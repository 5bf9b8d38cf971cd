"""Measure TransformersPolicy beside the engine below it: equal prompts, equal numbers of tokens, one thread.

    python -m assaygym.benchmarks.speed.generation
    python -m assaygym.benchmarks.speed.generation --rounds 9 --tokens 128 --json generation.json

A round asks the same prompts of every contender in turn, in one process, and its order is reversed in the next round.
`model.generate` gets ids and returns ids; the policy renders messages and returns text, log-probabilities and
entropies as well. Then the same for completions of different lengths, where static batches wait for their longest row.
Waves are there to tell apart what comes of rows that leave and what of rows that join: where a step costs as much as it
has rows, leaving saves the work, and joining saves the waiting alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assaygym.benchmarks.speed.document import machine, versions
from assaygym.benchmarks.speed.generation_field import LENGTHS, Contender, even, installed, ragged
from assaygym.benchmarks.speed.script import parser_of, run_script
from assaygym.benchmarks.speed.terminal import positive, progress

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["GOALS", "main", "ratios", "take"]

GOALS = {"policy, one call": (0.95, 1.6), "policy, 64 threads": (0.95, 1.6), "policy, lengths differ": (0.95, 1.6)}
"""By contender: how many times the tokens a second of its yardstick it must reach, and is meant to reach."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_script(arguments, _parser(), take, show, files=("--model",))


def take(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options ask for; returns the document."""
    equal, uneven = even(options.model, options.batch, options.tokens), ragged(options.model, options.batch)
    field = [*equal, *uneven]
    with progress(options.rounds * len(field), lines=10) as tell:
        rounds = _rounds(field, options.rounds, tell)
    rows = [_row(one, rounds[one.name]) for one in field]
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {name: version for name, version in versions().items() if name in ("python", "assaygym")}
        | installed(),
        "model": options.model or "tiny, 2 layers of 64",
        "batch": options.batch,
        "tokens": options.tokens,
        "lengths": list(LENGTHS),
        "rounds": options.rounds,
        "rows": rows,
        "ratios": ratios(field, rounds),
        "goals": _goals(ratios(field, rounds)),
    }


def _rounds(
    field: Sequence[Contender], count: int, tell: Callable[[int, str], None]
) -> dict[str, list[dict[str, float]]]:
    """Each contender's rounds; one that is not counted comes first."""
    cells: dict[str, list[dict[str, float]]] = {one.name: [] for one in field}
    for one in field:
        one.run()
    for number in range(count):
        for place, one in enumerate(field if number % 2 == 0 else reversed(field)):
            cells[one.name].append(_timed(one))
            tell(number * len(field) + place + 1, f"round {number + 1}/{count}  {one.name}")
    return cells


def _timed(one: Contender) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    tokens = one.run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"seconds": wall, "cpu_seconds": cpu, "per_second": tokens / wall, "per_cpu_second": tokens / cpu}


def _row(one: Contender, cells: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    middle = {name: round(statistics.median(cell[name] for cell in cells), 4) for name in cells[0]}
    return {"contender": one.name, "about": one.about, "tokens": one.run(), **middle}


def ratios(
    field: Sequence[Contender], rounds: Mapping[str, Sequence[Mapping[str, float]]]
) -> dict[str, dict[str, float]]:
    """By contender: its tokens a second over its yardstick's in the same round, the median; by the clock and by CPU."""
    return {
        one.name: {
            name: round(statistics.median(
                own[name] / other[name]
                for own, other in zip(rounds[one.name], rounds[one.against], strict=True)
            ), 3)
            for name in ("per_second", "per_cpu_second")
        }
        for one in field if one.against is not None
    }  # fmt: skip


def _goals(found: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    return [
        {"contender": name, "ratio": found[name]["per_second"], "wanted": wanted, "aim": aim,
         "met": found[name]["per_second"] >= wanted, "aim_met": found[name]["per_second"] >= aim}
        for name, (wanted, aim) in GOALS.items()
    ]  # fmt: skip


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print the document as a table and its goals."""
    from rich.table import Table

    machine_ = found["machine"]
    lines = [
        f"one thread of {machine_['processor']}, Linux {machine_['kernel']}, {found['date']}",
        ", ".join(f"{name} {version}" for name, version in found["versions"].items()),
        f"{found['model']}; {found['batch']} prompts, {found['tokens']} new tokens each, or {found['lengths'][0]} to "
        f"{found['lengths'][1]}; medians of {found['rounds']} rounds",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True, style="dim")
    table = Table()
    for name in ("contender", "what", "tokens", "seconds", "tokens/s", "times its yardstick", "by CPU time"):
        table.add_column(name, justify="left" if name in ("contender", "what") else "right")
    for row in found["rows"]:
        ratio = found["ratios"].get(row["contender"], {})
        shown = (f"{row['tokens']:,}", f"{row['seconds']:.3f}", f"{row['per_second']:,.0f}")
        told = (str(ratio.get(name, "-")) for name in ("per_second", "per_cpu_second"))
        table.add_row(row["contender"], row["about"], *shown, *told)
    console.print(table)
    for goal in found["goals"]:
        met = "met" if goal["met"] else "NOT MET"
        aim = "met" if goal["aim_met"] else "not met"
        line = f"{goal['contender']}: {goal['ratio']} times, at least {goal['wanted']} {met}, aim {goal['aim']} {aim}"
        console.print(line, highlight=False, style="green" if goal["met"] else "red")


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("generation", __doc__)
    parser.add_argument("--model", metavar="PATH_OR_ID", help="a causal language model; by default a tiny one")
    parser.add_argument("--batch", type=positive, default=64, help="prompts at once (%(default)s)")
    parser.add_argument("--tokens", type=positive, default=64, help="new tokens of each (%(default)s)")
    parser.add_argument("--rounds", type=positive, default=7, help="times that everything is measured (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
