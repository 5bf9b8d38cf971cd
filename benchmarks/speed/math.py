"""Measure the math verifier beside Math-Verify: the same pairs, one core, one run; and what hostile pairs do to each.

    python -m assaygym.benchmarks.speed.math
    python -m assaygym.benchmarks.speed.math --pairs FILE --peer-python ~/peer/bin/python --rounds 5 --json math.json
    python -m assaygym.benchmarks.speed.math --no-peer --no-hostile --count 500

A file of pairs has JSON lines with `gold`, `pred`, `expected` (true, false, null) and maybe `form` ("answer" for a bare
one, which the peer gets in a box). Without one a mix is generated. Math-Verify is installed into a virtual environment
of its own for the while, unless an interpreter that has it is named.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assaygym.benchmarks.speed.document import machine, versions
from assaygym.benchmarks.speed.math_contest import OURS, PEER, Contestant, attack, contestants, peer_python, run
from assaygym.benchmarks.speed.math_pairs import Pair, generated, hostile, read_pairs
from assaygym.benchmarks.speed.script import parser_of, run_script
from assaygym.benchmarks.speed.terminal import positive, progress
from assaygym.benchmarks.speed.timing import percentile

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["figures", "main", "ratios", "take"]

GROUPS = {0: "as they come", 1: "1 a gold", 8: "8 a gold"}
"""Predictions for each gold: the pairs one after the other, equal golds read once; every pair with a gold of its own; a
group of responses to one task."""
FILES = ("--pairs", "--peer-python")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_script(arguments, _parser(), take, show, files=FILES)


def take(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options ask for; returns the document."""
    pairs = read_pairs(options.pairs) if options.pairs else generated(options.count)
    core = max(os.sched_getaffinity(0))
    with ExitStack() as stack:
        python = stack.enter_context(peer_python(options.peer_python)) if options.peer else None
        field = contestants(python, core)
        inputs = hostile() if options.hostile else []
        steps = (options.rounds * len(GROUPS) + len(inputs)) * len(field)
        tell = stack.enter_context(progress(steps, lines=10))
        rounds, found = _rounds(field, pairs, options.rounds, _Steps(tell))
        attacks = {one.name: attack(one, inputs, _Steps(tell, options.rounds * len(GROUPS) * len(field)))
                   for one in field} if inputs else {}  # fmt: skip
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {name: version for name, version in versions().items() if name in ("python", "assaygym")} | found,
        "pairs": {"count": len(pairs), "plain": sum(pair.plain for pair in pairs),
                  "labelled": sum(pair.expected is not None for pair in pairs)},
        "rounds": options.rounds,
        "rows": [{"verifier": name, "group": group, **_median(cells)} for (name, group), cells in rounds.items()],
        "ratios": ratios(rounds),
        "hostile": {name: _attack(rows) for name, rows in attacks.items()},
    }  # fmt: skip


class _Steps:
    """Counts the steps for the progress line."""

    def __init__(self, tell: Any, done: int = 0) -> None:
        self._tell, self._done = tell, done

    def __call__(self, text: str) -> None:
        self._done += 1
        self._tell(self._done, text)


def _rounds(
    field: Sequence[Contestant], pairs: Sequence[Pair], count: int, step: _Steps
) -> tuple[dict[tuple[str, int], list[dict[str, Any]]], dict[str, str]]:
    """All rounds' figures by verifier and group, and the versions of what was measured."""
    cells: dict[tuple[str, int], list[dict[str, Any]]] = {}
    found: dict[str, str] = {}
    for number in range(count):
        for group in GROUPS:
            for one in field if number % 2 == 0 else reversed(field):
                step(f"round {number + 1}/{count}  {one.name}  {GROUPS[group]}")
                seen, told = run(one, pairs, group)
                found |= {f"{name} ({one.name})" if name == "sympy" else name: text for name, text in told.items()}
                cells.setdefault((one.name, group), []).append(figures(pairs, seen))
    return cells, found


def figures(pairs: Sequence[Pair], seen: Mapping[str, Any]) -> dict[str, Any]:
    """What one round showed: times in microseconds, shares of the labelled pairs."""
    seconds, verdicts = seen["seconds"], seen["verdicts"]
    plain = [taken for pair, taken in zip(pairs, seconds, strict=True) if pair.plain]
    labelled = [
        (pair.expected, verdict) for pair, verdict in zip(pairs, verdicts, strict=True) if pair.expected is not None
    ]
    times = {f"p{round(100 * share)}_us": _micro(percentile(seconds, share)) for share in (0.5, 0.9, 0.99)}
    return {
        "per_second": round(len(seconds) / sum(seconds), 1),
        **times,
        "max_us": _micro(max(seconds)),
        "plain_p50_us": _micro(percentile(plain, 0.5)) if plain else None,
        "growth_mb": round(seen["rss_mb"][1] - seen["rss_mb"][0], 1),
        "peak_mb": seen["peak_mb"],
        "accuracy": round(
            sum(expected is (verdict is True) for expected, verdict in labelled) / max(1, len(labelled)), 4
        ),
        "false_accepts": sum(verdict is True and not expected for expected, verdict in labelled),
        "false_rejects": sum(verdict is not True and expected is True for expected, verdict in labelled),
    }


def _micro(seconds: float) -> float:
    return round(1e6 * seconds, 1)


def _median(cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The median of each figure over the rounds."""
    return {
        name: None if cells[0][name] is None else round(statistics.median(cell[name] for cell in cells), 4)
        for name in cells[0]
    }


def ratios(rounds: Mapping[tuple[str, int], Sequence[Mapping[str, Any]]]) -> dict[str, float]:
    """By group: our pairs a second over the peer's in the same round, the median over the rounds."""
    return {
        str(group): round(statistics.median(
            ours["per_second"] / peer["per_second"]
            for ours, peer in zip(rounds[OURS, group], rounds[PEER, group], strict=True)
        ), 1)
        for group in GROUPS if (PEER, group) in rounds
    }  # fmt: skip


def _attack(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By class of hostile pairs: how many, how slow at worst, what they filled, and what they ran."""
    found = []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        some = [row for row in rows if row["kind"] == kind]
        found.append(
            {
                "kind": kind,
                "pairs": len(some),
                "max_seconds": round(max(row["seconds"] for row in some), 3),
                "over_1.5_s": sum(row["seconds"] > 1.5 for row in some),
                "killed": sum(row["killed"] for row in some),
                "growth_mb": max((row["growth_mb"] for row in some if row["growth_mb"] is not None), default=None),
                "executed": sum(row["executed"] for row in some),
                "accepted": sum(row["accepted"] for row in some),
            }
        )
    return found


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print the document as tables."""
    machine_, pairs = found["machine"], found["pairs"]
    lines = [
        f"one core of {machine_['processor']}, Linux {machine_['kernel']}, {found['date']}",
        ", ".join(f"{name} {version}" for name, version in found["versions"].items()),
        f"{pairs['count']} pairs, {pairs['labelled']} labelled, {pairs['plain']} of them text or rationals; medians of "
        f"{found['rounds']} rounds, each in fresh processes",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True, style="dim")
    _print_table(
        console, "pairs", [{**row, "verifier": f"{row['verifier']}, {GROUPS[row['group']]}"} for row in found["rows"]]
    )
    for group, ratio in found["ratios"].items():
        console.print(f"{GROUPS[int(group)]}: {ratio} times the pairs a second of {PEER}", highlight=False)
    for name, rows in found["hostile"].items():
        _print_table(console, f"hostile: {name}", rows)


def _print_table(console: Console, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.table import Table

    names = [name for name in rows[0] if name != "group"]
    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(name.replace("_", " "), justify="left" if name == names[0] else "right")
    for row in rows:
        table.add_row(*("-" if row[name] is None else str(row[name]) for name in names))
    console.print(table)


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("math", __doc__)
    parser.add_argument("--pairs", metavar="FILE", help="labelled pairs, JSON lines; a generated mix by default")
    parser.add_argument("--count", type=positive, default=400, help="pairs of the generated mix (%(default)s)")
    parser.add_argument("--rounds", type=positive, default=3, help="times that everything is measured (%(default)s)")
    parser.add_argument(
        "--peer-python", metavar="PATH", help="an interpreter that has Math-Verify; else it is installed"
    )
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="measure this package alone")
    parser.add_argument("--no-hostile", dest="hostile", action="store_false", help="leave the hostile pairs out")
    return parser


if __name__ == "__main__":
    sys.exit(main())
