"""Measure rollouts: what an episode costs beside its model, whether any is lost, and what waiting for others costs.

    python -m assaygym.benchmarks.speed.rollouts
    python -m assaygym.benchmarks.speed.rollouts --only cost --rounds 9 --json rollouts.json
    python -m assaygym.benchmarks.speed.rollouts --only barrier --most 0.2 --generation 0.01

`cost` plays single-turn episodes of a scripted policy in one process. `count` plays many with failures mixed in, and
accounts for every one. `barrier` plays episodes of several turns whose tool calls take random times: each episode on
its own, in lockstep with the calls of a turn all at once, and in a plain loop with the calls one after the other. The
calls are drawn from an even distribution, and from a skewed one over the same range, where most calls are quick and few
are slow. Exit code 0 where every goal that was measured is met, 1 where one is not.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assaygym.benchmarks.speed.document import machine, versions
from assaygym.benchmarks.speed.rollout_loads import Work, cost, count, in_a_loop, in_lockstep, without_barrier
from assaygym.benchmarks.speed.script import parser_of, run_script
from assaygym.benchmarks.speed.terminal import positive, progress

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["goals", "main", "take"]

ENVS = ("assay/Reverse-v0", "assay/ChainSum-v0", "assay/Countdown-v0")
GOAL_ENVS = ENVS[:2]
THREADS = (0, 1, 2, 16)
"""Of `rollout_many`; 0 is `rollout`."""
SKEWS = {"even": 1.0, "skewed": 3.0}
PARTS = ("cost", "count", "barrier")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_script(arguments, _parser(), take, show, missed=_missed)


def take(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options ask for; returns the document."""
    parts = options.only or PARTS
    before = os.getloadavg()[0]
    with progress(sum(_steps(options)[part] for part in parts)) as tell:
        done = 0

        def step(text: str) -> None:
            nonlocal done
            done += 1
            tell(done, text)

        measure = {"cost": _cost, "count": _count, "barrier": _barrier}
        found = {part: measure[part](options, step) for part in PARTS if part in parts}
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load": [round(before, 2), round(os.getloadavg()[0], 2)],
        "versions": {name: version for name, version in versions().items() if name in ("python", "assaygym")},
        **found,
        "goals": goals(found),
    }


def _steps(options: argparse.Namespace) -> dict[str, int]:
    return {
        "cost": options.rounds * len(ENVS) * len(THREADS),
        "count": options.count // 1000,
        "barrier": len(SKEWS) * (2 * options.rounds + 1),
    }


def _cost(options: argparse.Namespace, step: Callable[[str], object]) -> list[dict[str, Any]]:
    """Episodes a second by environment and threads: medians over the rounds, which go back and forth."""
    pairs = [(env_id, threads) for env_id in ENVS for threads in THREADS]
    times: dict[tuple[str, int], list[tuple[float, float]]] = {pair: [] for pair in pairs}
    for number in range(options.rounds):
        for env_id, threads in pairs if number % 2 == 0 else reversed(pairs):
            step(f"round {number + 1}/{options.rounds}  {env_id}  {threads} threads")
            times[env_id, threads].append(cost(env_id, options.episodes, threads))
    return [
        {
            "env": env_id,
            "through": "rollout" if threads == 0 else f"rollout_many({threads})",
            "per_second": round(options.episodes / statistics.median(wall for wall, _ in taken)),
            "best_per_second": round(options.episodes / min(wall for wall, _ in taken)),
            "cpu_us": round(1e6 * statistics.median(cpu for _, cpu in taken) / options.episodes, 1),
        }
        for (env_id, threads), taken in times.items()
    ]


def _count(options: argparse.Namespace, step: Callable[[str], object]) -> dict[str, Any]:
    tally = count(
        options.count, options.concurrency, options.fail, options.seed, lambda done: step(f"{done} episodes counted")
    )
    return {**asdict(tally), "concurrency": options.concurrency, "fail": options.fail}


def _barrier(options: argparse.Namespace, step: Callable[[str], object]) -> list[dict[str, Any]]:
    return [_waiting(name, skew, options, step) for name, skew in SKEWS.items()]


def _waiting(name: str, skew: float, options: argparse.Namespace, step: Callable[[str], object]) -> dict[str, Any]:
    """The same work three ways; the plain loop once, as it takes as long as all calls together."""
    work = Work.drawn(options.workers, options.turns, options.most, options.generation, options.seed, skew)
    free, lockstep = [], []
    for number in range(options.rounds):
        step(f"round {number + 1}/{options.rounds}  {name} calls  without barrier")
        free.append(without_barrier(work))
        step(f"round {number + 1}/{options.rounds}  {name} calls  in lockstep")
        lockstep.append(in_lockstep(work))
    step(f"{name} calls  in a loop")
    looped = in_a_loop(work)
    wall = statistics.median(free)
    return {
        "calls": name,
        "episodes": len(work.tools),
        "turns": work.turns,
        "longest_s": round(work.longest, 3),
        "free_s": round(wall, 3),
        "lockstep_s": round(statistics.median(lockstep), 3),
        "loop_s": round(looped, 3),
        "free_over_longest": round(wall / work.longest, 3),
        "lockstep_over_free": round(statistics.median(a / b for a, b in zip(lockstep, free, strict=True)), 3),
        "lockstep_over_free_bound": round(work.in_step / work.longest, 3),
        "loop_over_free": round(looped / wall, 3),
    }


def goals(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every goal with what was measured; `met` is None for what was not asked for."""
    rates = {row["env"]: row["per_second"] for row in found.get("cost", ()) if row["through"] == "rollout"}
    tally = found.get("count", {})
    rows = {row["calls"]: row for row in found.get("barrier", ())}
    even, skewed = rows.get("even", {}), rows.get("skewed", {})
    wrong = sum(tally[name] for name in ("lost", "duplicated", "miscounted", "threads_left")) if tally else None
    return [
        *(_goal(f"{name}: episodes/s of rollout in one process", rates.get(name), 20_000, False) for name in GOAL_ENVS),
        _goal("episodes lost, duplicated or miscounted, and threads left over", wrong, 0, True),
        _goal("even calls: wall over the longest episode's own time", even.get("free_over_longest"), 1.15, True),
        _goal("skewed calls: wall over the longest episode's own time", skewed.get("free_over_longest"), 1.15, True),
        _goal("even calls: a lockstep loop over no barrier", even.get("loop_over_free"), 2, False),
        _goal("skewed calls: a lockstep loop over no barrier", skewed.get("loop_over_free"), 2, False),
        _goal("skewed calls: lockstep, calls at once, over no barrier", skewed.get("lockstep_over_free"), 2, False),
    ]


def _goal(name: str, measured: float | None, bound: float, most: bool) -> dict[str, Any]:
    met = None if measured is None else measured <= bound if most else measured >= bound
    return {"name": name, "measured": measured, "goal": f"at {'most' if most else 'least'} {bound:,g}", "met": met}


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print the document as tables."""
    machine_ = found["machine"]
    lines = [
        f"{machine_['cores']} cores of {machine_['processor']}, Linux {machine_['kernel']}, load "
        f"{' to '.join(map(str, found['load']))}, {found['date']}",
        ", ".join(f"{name} {version}" for name, version in found["versions"].items()),
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True, style="dim")
    for part in PARTS:
        rows = found.get(part)
        if rows:
            _print_table(console, part, rows if isinstance(rows, list) else [rows])
    told = {True: "met", False: "not met", None: "not measured"}
    _print_table(console, "goals", [{**goal, "met": told[goal["met"]]} for goal in found["goals"]])


def _print_table(console: Console, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for name, value in rows[0].items():
        table.add_column(name.replace("_", " "), justify="left" if isinstance(value, str) else "right")
    for row in rows:
        table.add_row(*("-" if value is None else f"{value:,}" if value == value and isinstance(value, int | float)
                        else str(value) for value in row.values()))  # fmt: skip
    console.print(table)


def _missed(options: argparse.Namespace, found: Mapping[str, Any]) -> bool:
    return any(goal["met"] is False for goal in found["goals"])


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("rollouts", __doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part; may be given more than once")
    parser.add_argument("--rounds", type=positive, default=5, help="times that each is measured (%(default)s)")
    parser.add_argument("--episodes", type=positive, default=5000, help="of each measurement of cost (%(default)s)")
    parser.add_argument("--count", type=positive, default=100_000, help="episodes to account for (%(default)s)")
    parser.add_argument("--concurrency", type=positive, default=16, help="threads that play them (%(default)s)")
    parser.add_argument("--fail", type=float, default=0.1, help="the share of them that is made to fail (%(default)s)")
    parser.add_argument("--workers", type=positive, default=64, help="episodes whose tools take time (%(default)s)")
    parser.add_argument("--turns", type=positive, default=8, help="at most so many turns each (%(default)s)")
    parser.add_argument("--most", type=float, default=0.2, help="seconds of the slowest tool call (%(default)s)")
    parser.add_argument("--generation", type=float, default=0.01, help="seconds of a generation (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
