"""From the arguments of `Sandbox.run` to the order that a worker takes, everything checked."""

from __future__ import annotations

import marshal
import math
import operator
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from assaygym.errors import ConfigError
from assaygym.sandbox.base import Limits
from assaygym.sandbox.guest.protocol import FINALIZES, HAS_FEED, HAS_FILES, LEAVE, LIMIT_NAMES, ON_TOP, START

if TYPE_CHECKING:
    from assaygym.sandbox.guest.protocol import Payload, Surroundings

INFINITY = (1 << 64) - 1
FINALIZING = re.compile(rb"open|__del__|Writer|Wrapper|Buffered|File|weakref|exec|eval|import_|getattr")
"""Programs whose objects may have something to do when they go: an unwritten buffer, a last word. Only for these are
the objects looked for at the end."""

PROGRAM = "main.py"
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""All that a program finds in its environment, beside HOME and TMPDIR. Without a bound on its arenas, malloc reserves
64 MiB of address space a thread, and a few threads reach the memory limit."""
OVERHEAD_BYTES = 64 << 20
"""Address space granted on top of the memory limit: stacks of threads, libraries."""
GROUP_BYTES = 192 << 20
"""What a worker's control group may hold on top of the limit and of its files: the worker itself, and so much that one
process alone reaches its address space first, which it is told by a MemoryError."""
PIPE_BYTES = 60_000
"""Standard input up to here waits in a pipe; more comes as a file."""
PAGE = 4096
STACK_BYTES = 64 << 20
"""Of a compiled program, which recurses on it."""
MOST_FILES = 2000
MOST_SECONDS = 1e6
"""What a longer time comes to: eleven days."""
MOST_BYTES = 1 << 50
"""What more memory or larger files come to."""
MOST_PROCESSES = 1 << 22
"""As many as Linux has numbers for."""
MOST_OUTPUT = 1 << 30
"""It is collected in memory, twice."""
MOST_PAYLOAD = 1 << 30
LONGEST_ARGUMENT = (128 << 10) - 1
MOST_ARGUMENTS = 1 << 20
"""Bytes of a command line that the kernel takes in any case."""
LISTED = 100
"""What an item of a list takes in memory beside its content, at most."""
UNPACKED = 4
"""How many times the content of an order is in the memory of the process that unpacks it, at most."""
WATCHERS = 3
"""Processes of ours that count among a jailed program's: keeper, zygote, the first process."""
WANTS_ITS_FILE = re.compile(
    rb"__file__|main\.py|Thread|thread|multiprocessing|ProcessPool|runpy|argv\s*\[\s*0|spec_from_file|import_module|import\s+main\b"
)
"""Programs that may look for their own file: it is laid out for these only, since a clean scratch costs nothing. Each
word begins with a letter that is given: a search for `[Tt]` takes three times as long."""


@dataclass(frozen=True, slots=True)
class Order:
    """One run."""

    payload: Payload
    flags: int
    limits: tuple[int, ...]
    """A soft and a hard one for each of `LIMITED`."""
    wall_seconds: float
    output_bytes: int
    scratch_bytes: int
    fetch: tuple[str, ...]
    stdin: bytes
    """What is too much for a pipe."""
    memory_bytes: int
    """What all its processes may hold together, with its files and the worker itself."""

    def packed(self, along: int = 0) -> bytes:
        """The payload on the wire; `along` are flags for what goes with it."""
        rest = marshal.dumps(self.payload)  # type: ignore[arg-type]  # plain values
        return START.pack(len(rest), self.flags | along, *self.limits) + rest


@lru_cache
def usable(limits: Limits) -> Limits:
    """The same limits in whole numbers, those too large to matter brought down to what the kernel can count.

    Raises:
        ConfigError: `output_bytes` is over 1 GiB.
    """
    if limits.output_bytes > MOST_OUTPUT:
        raise ConfigError(
            f"Limits.output_bytes is {limits.output_bytes}; expected at most {MOST_OUTPUT}, since output is kept in "
            "memory; have the program write a file and fetch it"
        )
    return replace(
        limits,
        cpu_seconds=min(limits.cpu_seconds, MOST_SECONDS),
        wall_seconds=min(limits.wall_seconds, MOST_SECONDS),
        memory_bytes=math.ceil(min(limits.memory_bytes, MOST_BYTES)),
        output_bytes=math.ceil(limits.output_bytes),
        file_bytes=math.ceil(min(limits.file_bytes, MOST_BYTES)),
        processes=math.ceil(min(limits.processes, MOST_PROCESSES)),
    )


def order(
    body: bytes,
    *,
    how: str = "source",
    argv: Sequence[str],
    stdin_file: str = "",
    stdin: str = "",
    files: Mapping[str, bytes] | None = None,
    executables: Collection[str] = (),
    limits: Limits,
    jailed: bool,
    fetch: Sequence[str] = (),
    seed: int = 0,
    source: bytes = b"",
    address_space: bool = True,
) -> Order:
    """The order of one run.

    Args:
        body: the program: source, or its marshalled code.
        how: see `Payload`.
        argv: the program's name and its arguments; for a command the whole line.
        stdin_file: where its standard input has a name; "" for nowhere.
        stdin: its standard input.
        files: what else lies in its directory.
        executables: those of them that may be executed.
        limits: of the run, as `usable` gives them.
        jailed: whether processes are counted in a namespace of their own.
        fetch: what is to be handed back.
        seed: of its random generators.
        source: of the program, when `body` is code.
        address_space: whether memory is limited by address space, rather than by data.

    Raises:
        ConfigError: an argument or a file name is not usable.
    """
    line = [argument.encode("utf-8", "surrogatepass") for argument in checked_line(argv)]
    if how == "command":
        _check_room(line)
    source = source or body
    laid = checked_files(files, fetch, taken=PROGRAM if how != "command" else "")
    if how != "command" and WANTS_ITS_FILE.search(source):
        laid[PROGRAM] = source
    fed = stdin.encode("utf-8", "surrogatepass")
    large = len(fed) > PIPE_BYTES
    named = stdin_file and any(b"/dev/stdin" in text for text in (source, *laid.values()))
    surroundings: Surroundings = {
        "files": laid,
        "executables": list(executables),
        "file_bytes": limits.file_bytes,
        "stdin": b"" if large else fed,
        "stdin_file": stdin_file if named else "",
        "seed": operator.index(seed),
    }
    needed = laid or fed or named or seed
    flags = HAS_FEED * (named or (bool(fed) and not large)) | HAS_FILES * bool(laid) | ON_TOP * (how != "command")
    ours = sum(len(content) + 2 * PAGE for content in laid.values())
    memory = max(limits.memory_bytes, UNPACKED * _carried(body, source, line, ours))
    return Order(
        (how, body, source, list(argv), surroundings if needed else None),
        flags | FINALIZES * bool(laid or FINALIZING.search(source)),
        _limits(limits, memory + OVERHEAD_BYTES, jailed=jailed, command=how == "command", address_space=address_space),
        limits.wall_seconds,
        limits.output_bytes,
        limits.file_bytes + ours,
        tuple(fetch),
        fed if large else b"",
        memory + max(GROUP_BYTES, OVERHEAD_BYTES + 2 * limits.output_bytes) + 2 * limits.file_bytes + ours,
    )


def _carried(body: bytes, source: bytes, line: Sequence[bytes], files: int) -> int:
    """What the program's process has to unpack. It can do so whatever the memory limit: no program fails before it
    begins.

    Raises:
        ConfigError: more than an order can carry.
    """
    size = len(body) + len(source) + files + sum(map(len, line)) + LISTED * len(line)
    if size > MOST_PAYLOAD:
        raise ConfigError(
            f"the program, its files and its arguments have {size} bytes together; a run takes at most {MOST_PAYLOAD}"
        )
    return size


def checked_line(argv: Sequence[str]) -> Sequence[str]:
    """The arguments, checked.

    Raises:
        ConfigError: one is no text, or holds a NUL.
    """
    for argument in argv:
        if not isinstance(argument, str):
            raise ConfigError(f"argv holds {argument!r}, a {type(argument).__name__}; expected str")
        if "\0" in argument:
            raise ConfigError("argv holds a NUL character, which no program can be given; remove it")
    return argv


def _check_room(line: Sequence[bytes]) -> None:
    longest, together = max(map(len, line)), sum(len(argument) + 9 for argument in line)
    if longest > LONGEST_ARGUMENT or together > MOST_ARGUMENTS:
        raise ConfigError(
            f"argv has {together} bytes, its longest argument {longest}; a command takes at most {MOST_ARGUMENTS} "
            f"and {LONGEST_ARGUMENT}; give it a file or standard input instead"
        )


@lru_cache
def _limits(limits: Limits, memory: int, *, jailed: bool, command: bool, address_space: bool) -> tuple[int, ...]:
    cpu = math.ceil(limits.cpu_seconds)
    processes = limits.processes + WATCHERS
    wanted = {
        "CPU": (cpu, cpu + 1),
        "FSIZE": (limits.file_bytes, limits.file_bytes),
        "AS": (memory, memory) if address_space else (LEAVE, LEAVE),
        "DATA": (LEAVE, LEAVE) if address_space else (memory, memory),
        "NPROC": (processes, processes) if jailed else (LEAVE, LEAVE),  # elsewhere all of the user's would count
        "STACK": (STACK_BYTES, INFINITY) if command and address_space else (LEAVE, LEAVE),
    }
    return tuple(value for name in LIMIT_NAMES for value in wanted[name])


def checked_files(files: Mapping[str, bytes] | None, fetch: Sequence[str] = (), *, taken: str = "") -> dict[str, bytes]:
    """The files of a run.

    Args:
        files: relative path to content.
        fetch: names of files to hand back.
        taken: the name of the program's own file; "" for none.

    Raises:
        ConfigError: a name, here or in `fetch`, is absolute, leaves the folder, or is not a plain path; or there are
            too many.
    """
    result = dict[str, bytes]()
    if not files and not fetch:
        return result
    for name, content in (files or {}).items():
        _check_name(name, "files")
        if not isinstance(content, bytes):
            raise ConfigError(f"files[{name!r}] is a {type(content).__name__}; expected bytes")
        if name == taken:
            raise ConfigError(f"files holds {name!r}, which is the program itself; give it another name")
        result[name] = content
    check_fetch(fetch)
    if len(result) > MOST_FILES:
        raise ConfigError(f"files holds {len(result)} files; a run takes at most {MOST_FILES}")
    folders = {str(folder) for name in result for folder in PurePosixPath(name).parents}
    if clash := sorted(folders & {*result, *([taken] if taken else [])}):
        raise ConfigError(f"files holds {clash[0]!r} both as a file and as a folder; rename one")
    return result


def check_fetch(fetch: Sequence[str]) -> None:
    """See to it that the names of files to hand back are plain relative paths.

    Raises:
        ConfigError: one is not.
    """
    if isinstance(fetch, str):
        raise ConfigError(f"fetch is the text {fetch!r}; expected a sequence of names")
    for name in fetch:
        _check_name(name, "fetch")


def _check_name(name: str, where: str) -> None:
    parts = name.split("/")
    plain = name.isprintable() and not set(parts) & {"", ".", ".."}
    if not plain or len(name) > 1000 or any(len(part.encode()) > 255 for part in parts):
        raise ConfigError(
            f"{where} holds {name!r}; expected a plain relative path such as 'data/input.txt', without '..'"
        )
