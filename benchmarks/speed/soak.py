"""Long runs of the sandbox: what it endures.

    python -m assaygym.benchmarks.speed.soak runs --runs 200000 --hostile 0.01
    python -m assaygym.benchmarks.speed.soak chaos --jobs 20000 --kill-every 0.05

`runs` writes a line for each window to its log; after an interruption the same command goes on where it stopped.
Exit code 0 where all is well, 1 where something leaked, slowed down or was wrong, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assaygym.benchmarks.speed.chaos import ChaosReport, run_chaos
from assaygym.benchmarks.speed.document import machine, portable, versions
from assaygym.benchmarks.speed.marathon import Course, Lap, Report, run_course
from assaygym.benchmarks.speed.terminal import positive, progress
from assaygym.errors import AssayError

__all__ = ["main"]

FILES = ("--log", "--json")
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.act(options))
    except AssayError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; `runs` goes on from its log when the same command is given again", file=sys.stderr)
        return INTERRUPTED


def _runs(options: argparse.Namespace) -> int:
    course = Course(
        window=options.window,
        hostile=options.hostile,
        seed=options.seed,
        backend=options.backend,
        workers=options.workers,
    )
    with progress(options.runs) as step:

        def told(lap: Lap) -> None:
            memory = ((lap.census["memory"] or 0) + (lap.census["family_memory"] or 0)) >> 20
            text = f"{lap.rate:,.0f} honest/s  {memory} MiB  {lap.census['processes']} processes"
            step((lap.index + 1) * course.window, f"{text}  {len(lap.complaints)} complaints")

        found = run_course(course, options.runs, Path(options.log), told)
    _tell(_marathon_lines(found), {**asdict(found), "change": found.change}, options.json)
    return 0 if found.clean and found.steady else 1


def _marathon_lines(found: Report) -> Iterator[str]:
    yield f"{found.runs:,} runs, {found.wrong} wrong"
    change, machine_itself = (f"{100 * share:+.1f} %" for share in (found.change, found.machine))
    yield f"honest runs/s: {found.first_rate:,.1f} in the first tenth, {found.last_rate:,.1f} in the last: {change}"
    yield f"the machine itself meanwhile, by its own yardstick: {machine_itself}"
    yield from (f"LEAK  {leak}" for leak in found.leaks)
    yield from (f"LEFT  {left}" for left in found.left)
    yield from (f"WRONG {complaint}" for complaint in found.complaints)
    yield "no leak" if not (found.leaks or found.left) else "leaks"
    yield "steady" if found.steady else "NOT STEADY: it is to stay within 5 %"


def _chaos(options: argparse.Namespace) -> int:
    with progress(options.jobs) as step:

        def told(found: ChaosReport) -> None:
            done = found.right + found.failed + len(found.false)
            step(done, f"{found.kills} kills  {found.failed} failed  {len(found.false)} false")

        found = run_chaos(
            options.jobs,
            options.kill_every,
            seed=options.seed,
            backend=options.backend,
            workers=options.workers,
            step=told,
        )
    _tell(_chaos_lines(found), asdict(found), options.json)
    return 0 if found.clean else 1


def _chaos_lines(found: ChaosReport) -> Iterator[str]:
    yield f"{found.jobs:,} jobs in {found.seconds:,.1f} s, {found.kills} kills"
    yield f"{found.right} right, {found.failed} failed as a fault of the sandbox"
    yield f"{len(found.false)} false, {len(found.lost)} lost, {len(found.repeated)} answered more than once"
    yield from (f"FALSE {text}" for text in found.false[:20])
    yield from (f"LEFT  {text}" for text in found.left)
    yield from (f"      {count} x {reason} ..." for reason, count in found.reasons.items())


def _tell(lines: Iterator[str], found: dict[str, Any], target: str | None) -> None:
    for line in lines:
        print(line)
    if target is not None:
        document = {
            "command": ["python", "-m", "assaygym.benchmarks.speed.soak", *portable(sys.argv[1:], FILES)],
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "host": machine(),
            "versions": versions(),
            **found,
        }
        Path(target).write_text(f"{json.dumps(document, indent=1)}\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m assaygym.benchmarks.speed.soak", description="What it endures.")
    commands = parser.add_subparsers(required=True, metavar="runs|chaos")
    runs = commands.add_parser("runs", help="many programs in a row, some of them hostile")
    runs.add_argument("--runs", type=positive, default=200_000, help="how many in all (%(default)s)")
    runs.add_argument("--hostile", type=float, default=0.01, help="share of hostile ones (%(default)s)")
    runs.add_argument("--window", type=positive, default=1000, help="programs between two looks (%(default)s)")
    runs.add_argument("--log", default="runs/soak.jsonl", help="where each window is written (%(default)s)")
    runs.set_defaults(act=_runs)
    chaos = commands.add_parser("chaos", help="workers killed at random while jobs run")
    chaos.add_argument("--jobs", type=positive, default=20_000, help="how many (%(default)s)")
    chaos.add_argument("--kill-every", type=float, default=0.05, help="seconds between two kills (%(default)s)")
    chaos.set_defaults(act=_chaos)
    for command in (runs, chaos):
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--backend", default="jail")
        command.add_argument("--workers", type=int, help="the number of cores where it is not given")
        command.add_argument("--json", metavar="FILE", help="write the verdict and its figures there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
