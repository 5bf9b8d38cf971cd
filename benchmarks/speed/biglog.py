"""Measure what a long log costs to open, to show and to report: wall seconds and memory of processes of their own.

    python -m assaygym.benchmarks.speed.biglog
    python -m assaygym.benchmarks.speed.biglog --episodes 20000 --folder runs/big --json biglog.json

A run of made-up episodes is written (`assaygym.benchmarks.speed.biglog_episodes`), then read by one process after the
other: its index made from nothing, opened again, the summary, one episode as `assay show` prints it (each time another
one), the failed ones as a table, and the page of `assay report`. Wall seconds are medians and begin with the start of
the process; memory is the most that a process had resident. Exit code 1 where a goal is not met.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assaygym.benchmarks.speed.biglog_episodes import SAMPLES
from assaygym.benchmarks.speed.document import machine, versions
from assaygym.benchmarks.speed.script import parser_of, run_script
from assaygym.benchmarks.speed.terminal import positive, progress

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["goals", "main", "measure", "take"]

ASSAY = (sys.executable, "-c", "from assaygym.cli import main; main()")
OPEN = """
import sys
from pathlib import Path
from assaygym.benchmarks.folder import EPISODES, read_run
from assaygym.benchmarks.index import EpisodeIndex
folder = Path(sys.argv[1])
with EpisodeIndex(folder / EPISODES, read_run(folder)[0]["config_hash"]) as index:
    assert len(index) == int(sys.argv[2]), len(index)
"""
SUMMARY = """
import sys
from assaygym.benchmarks import load_summary
assert load_summary(sys.argv[1]).done == int(sys.argv[2])
"""
MAKE = """
import sys
from pathlib import Path
from assaygym.benchmarks.speed.biglog_episodes import make
make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
"""
LOOK = 10
"""Milliseconds between two looks at a process's memory."""
SECONDS, MEGABYTES, SHOWN = 60, 1000, 0.5
"""The goals: of a report, of its memory, and seconds to show one episode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process took."""

    wall: float
    """Seconds."""
    cpu: float
    peak: float
    """Megabytes resident at once."""
    failure: str = ""
    """The last line that it complained, where it did not end well."""


def measure(command: Sequence[str]) -> Cost:
    """Run a command to its end; what it prints is passed over."""
    with tempfile.TemporaryFile() as complaints:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints)
        peak = _peak_until_end(child.pid)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        complaints.seek(0)
        told = complaints.read().decode(errors="replace").strip().splitlines() or [f"exit code {child.returncode}"]
    failure = told[-1] if child.returncode else ""
    return Cost(wall=wall, cpu=used.ru_utime + used.ru_stime, peak=peak, failure=failure)


def _peak_until_end(pid: int) -> float:
    """The most megabytes that the process had resident; `ru_maxrss` would begin with what its parent has."""
    peak, end = 0.0, select.poll()
    descriptor = os.pidfd_open(pid)
    try:
        end.register(descriptor, select.POLLIN)
        while not end.poll(LOOK):
            told = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
            peak = max([peak, *(int(kilobytes) / 1000 for kilobytes in re.findall(r"VmHWM:\s*(\d+) kB", told))])
    finally:
        os.close(descriptor)
    return peak


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_script(arguments, _parser(), take, show, files=("--folder",), missed=_missed)


def take(options: argparse.Namespace) -> dict[str, Any]:
    """Write the log, and measure everything that is read of it; returns the document.

    Raises:
        RuntimeError: the log could not be made.
    """
    before = os.getloadavg()[0]
    with ExitStack() as stack:
        folder = (
            options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-biglog-"))) / "run"
        )
        commands = _commands(folder, options)
        tell = stack.enter_context(progress(sum(map(len, commands.values())) + 1))
        tell(0, f"writing {options.episodes} episodes")
        made = measure((sys.executable, "-c", MAKE, str(folder), str(options.episodes), str(options.seed)))
        if made.failure:
            raise RuntimeError(f"the log could not be made: {made.failure}")
        rows, done = [_row("write the log", [made])], 1
        for name, all_of_it in commands.items():
            costs = []
            for command in all_of_it:
                done += 1
                tell(done, name)
                costs.append(measure(command))
            rows.append(_row(name, costs))
        log, index = (folder / name for name in ("episodes.jsonl", "episodes.index"))
        sizes = {"log_mb": _megabytes(log), "index_mb": _megabytes(index)}
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load": [round(before, 2), round(os.getloadavg()[0], 2)],
        "versions": {name: version for name, version in versions().items() if name in ("python", "assaygym")},
        "log": {"episodes": options.episodes, **sizes},
        "rows": rows,
        "goals": goals(rows),
    }


def _commands(folder: Path, options: argparse.Namespace) -> dict[str, list[tuple[str, ...]]]:
    """What is measured, in this order: the first one makes the index."""
    count, where = str(options.episodes), str(folder)
    opened = (sys.executable, "-c", OPEN, where, count)
    tasks = [options.episodes // SAMPLES * number // options.rounds for number in range(options.rounds)]
    return {
        "make the index": [opened],
        "open": [opened] * options.rounds,
        "summary": [(sys.executable, "-c", SUMMARY, where, count)],
        "show one": [(*ASSAY, "show", where, f"{task}/0") for task in tasks],
        "show --failed": [(*ASSAY, "show", where, "--failed", "--limit", "20")],
        "report": [(*ASSAY, "report", where, "--html", str(folder / "page.html"))],
    }


def _row(name: str, costs: Sequence[Cost]) -> dict[str, Any]:
    return {
        "what": name,
        "wall_s": round(statistics.median(cost.wall for cost in costs), 3),
        "cpu_s": round(statistics.median(cost.cpu for cost in costs), 3),
        "peak_mb": round(max(cost.peak for cost in costs), 1),
        "failure": next((cost.failure for cost in costs if cost.failure), ""),
        "runs": [asdict(cost) for cost in costs],
    }


def _megabytes(path: Path) -> float:
    return round(path.stat().st_size / 1e6, 1) if path.exists() else 0.0


def goals(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every goal with what was measured; `met` is None for what failed."""
    well = {row["what"]: row for row in rows if not row["failure"]}
    report, shown = well.get("report", {}), well.get("show one", {})
    wanted = (
        ("assay report: seconds", report.get("wall_s"), SECONDS),
        ("assay report: MB resident", report.get("peak_mb"), MEGABYTES),
        ("assay show of one episode: seconds, the start of the process included", shown.get("wall_s"), SHOWN),
    )
    return [
        {"name": name, "measured": found, "goal": f"under {most:g}", "met": None if found is None else found < most}
        for name, found, most in wanted
    ]


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print the document as tables."""
    from rich.table import Table

    about, log = found["machine"], found["log"]
    console.print(
        f"{about['cores']} cores of {about['processor']}, Linux {about['kernel']}, load "
        f"{' to '.join(map(str, found['load']))}, {found['date']}",
        f"{log['episodes']:,} episodes, {log['log_mb']:,} MB, index {log['index_mb']:,} MB",
        sep="\n", markup=False, highlight=False, soft_wrap=True, style="dim",
    )  # fmt: skip
    costs = Table("what", "wall s", "CPU s", "MB resident", "times", "failure", title="costs", title_justify="left")
    for row in found["rows"]:
        figures = (f"{row[name]:,}" for name in ("wall_s", "cpu_s", "peak_mb"))
        costs.add_row(row["what"], *figures, str(len(row["runs"])), row["failure"])
    console.print(costs)
    told = {True: "met", False: "not met", None: "not measured"}
    wanted = Table("name", "measured", "goal", "met", title="goals", title_justify="left")
    for goal in found["goals"]:
        wanted.add_row(goal["name"], str(goal["measured"] or "-"), goal["goal"], told[goal["met"]])
    console.print(wanted)


def _missed(options: argparse.Namespace, found: Mapping[str, Any]) -> bool:
    return any(goal["met"] is not True for goal in found["goals"])


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("biglog", __doc__)
    parser.add_argument("--episodes", type=positive, default=200_000, help="of the log (%(default)s)")
    parser.add_argument(
        "--rounds", type=positive, default=5, help="times that opening and showing are taken (%(default)s)"
    )
    parser.add_argument("--folder", type=Path, help="where the run is written and stays; an empty or new folder")
    parser.add_argument("--seed", type=int, default=0, help="of what is made up (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
