"""One measurement as JSON values: what was run, where, with which versions, and every figure."""

from __future__ import annotations

import getpass
import importlib.metadata
import math
import os
import platform
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assaygym.benchmarks.speed.goals import FORK, judge
from assaygym.benchmarks.speed.roster import Roster
from assaygym.benchmarks.speed.timing import Cell, Figures, Plan, ratio

__all__ = ["document", "machine", "portable", "versions"]

PROGRAMS = {"bwrap": "--version", "docker": "--version"}


def document(
    command: Sequence[str], plan: Plan, roster: Roster, figures: Figures, loads: Sequence[float]
) -> dict[str, Any]:
    """Everything that the tables show, and the rounds behind it. Times in milliseconds, rates in units a second."""
    failed = {**roster.failed, **figures.failed}
    return {
        "command": list(command),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load": [round(load, 2) for load in loads],
        "versions": versions() | roster.versions,
        "plan": asdict(plan),
        "fork_modules": len(roster.modules),
        "isolation": {name: list(names) for name, names in roster.isolation.items()},
        "rows": _rows(roster, figures),
        "probes": [{"name": name, **_figures(cell)} for name, cell in figures.probes.items()],
        "absent": roster.absent,
        "failed": failed,
        "goals": [asdict(verdict) for verdict in judge(figures, plan.workers, {**roster.absent, **failed})],
    }


def _rows(roster: Roster, figures: Figures) -> list[dict[str, Any]]:
    about = {contender.name: contender.about for contender in roster.contenders}
    rows = []
    for (name, workload), cell in figures.cells.items():
        fork = figures.cells.get((FORK, workload))
        over = ratio(cell.p50s, fork.p50s) if fork else None
        row = {"contender": name, "about": about[name], "workload": workload, **_figures(cell)}
        rows.append({**row, "over_fork": over and round(over, 3)})
    return rows


def _figures(cell: Cell) -> dict[str, Any]:
    return {
        "p50_ms": _milli(cell.p50),
        "p99_ms": _milli(cell.p99),
        "per_second": None if math.isnan(cell.rate) else round(cell.rate, 2),
        "units": cell.units,
        "rounds": {
            "p50_ms": [_milli(value) for value in cell.p50s],
            "p99_ms": [_milli(value) for value in cell.p99s],
            "per_second": [round(value, 2) for value in cell.rates],
        },
    }


def _milli(seconds: float) -> float:
    return round(1e3 * seconds, 4)


def portable(given: Sequence[str], files: Collection[str]) -> list[str]:
    """The arguments without the folders of this machine, which stand in the values of the options `files`."""
    found: list[str] = []
    for text in given:
        name, equals, value = text.partition("=")
        if equals and name in files:
            text = f"{name}={Path(value).name}"
        elif found and found[-1] in files:
            text = Path(text).name
        found.append(text)
    return found


def machine() -> dict[str, Any]:
    """What the figures depend on of the machine and of who asks."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gib": round(memory / (1 << 30), 1),
        "kernel": platform.release(),
        "user": _user(),
    }


def _user() -> str:
    try:
        return getpass.getuser() if os.geteuid() == os.getuid() else str(os.geteuid())
    except (KeyError, OSError):
        return str(os.geteuid())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def versions() -> dict[str, str]:
    """Of the interpreter, this package and the programs that are measured, where they are installed."""
    found = {"python": platform.python_version()}
    try:
        found["assaygym"] = importlib.metadata.version("assaygym")
    except importlib.metadata.PackageNotFoundError:
        found["assaygym"] = "not installed"
    for program, option in PROGRAMS.items():
        path = shutil.which(program)
        if path is not None:
            seen = subprocess.run([path, option], capture_output=True, text=True, check=False)
            found[program] = seen.stdout.strip()
    return found
