"""Which system calls a program may make: what no honest program needs is refused before the kernel acts on it.

Refused in every variant: tracing and reading other processes, mounting and new namespaces, modules, clocks, keys,
System V and POSIX message queues (they outlive a run), io_uring (its calls pass no filter), BPF, userfaultfd,
anonymous files (memory that no limit counts), extended attributes and file flags (they could mark the scratch folder
for the next run), leases (they hold up others who open a file), watching folders (it tells which files others open),
sockets other than Unix ones, typing into a terminal, limits of other processes. `sync` succeeds and does nothing: the
program has no disk, and a wait for the host's cannot be killed. Calls newer than the table, and `clone3` (its flags
lie in memory, where no filter looks), do not exist. A foreign calling convention kills.

The first process of a run belongs to the same user as its programs, so a program could slow it down; number 1 is hence
refused where priorities, processors or schedulers are set, and so are all processes of a user at once. Threads and own
children, whose numbers are any others, stay open to that: `pthread_setaffinity_np` passes a thread's number.

Variants:
    run: above, with `clone` for the one process namespace that the zygote makes per run; programs inherit the filter
        and lack the capability.
    session: run, and the namespaces of a session that copies itself.
    landlock: run, and the calls by which a process restricts itself, for the zygote where there are no namespaces.
    alone: for a program beside the host's processes, on top of Landlock. See `_alone`.
"""

from __future__ import annotations

import errno
import functools
import struct
from collections.abc import Mapping

from assaygym.sandbox.guest.bpf import ALLOW, ERROR, KILL, Check, Rule, compile_filter
from assaygym.sandbox.guest.syscalls import ARCHITECTURES, FIRST_FOREIGN, FIRST_UNKNOWN, numbers

VARIANTS = ("run", "session", "landlock", "alone")

PERMIT = Rule(ALLOW)
DENIED = ERROR | errno.EPERM
REFUSED = Rule(DENIED)
UNKNOWN = Rule(ERROR | errno.ENOSYS)
UNSUPPORTED = Rule(ERROR | errno.EOPNOTSUPP)
AGAIN = Rule(ERROR | errno.EAGAIN)
PRETENDED = Rule(ERROR)
FOREIGN = Rule(KILL)
NO_FAMILY = ERROR | errno.EAFNOSUPPORT

REFUSED_GROUPS = (
    "tracing", "mounts", "namespaces", "machine", "clocks", "handles", "keys", "system_v", "queues", "memory", "rings",
    "landlock", "watches",
)  # fmt: skip

SIGCHLD = 17
CLONE_VM, CLONE_THREAD, CLONE_NEWNS = 0x100, 0x10000, 0x20000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
NEW_NAMESPACES = 0x7E020000
"""All flags of `clone` that ask for one; that for clocks is taken by `unshare` and `clone3` alone."""
RUN_CLONES = (CLONE_NEWPID | SIGCHLD, CLONE_NEWPID | CLONE_VM | SIGCHLD)
COPY = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | SIGCHLD
SESSION_CLONES = (*RUN_CLONES, COPY | CLONE_NEWNET, COPY)

AF_UNIX = 1
DATAGRAM_BIT = 2
"""In the type of a Unix socket: set in SOCK_DGRAM and SOCK_RAW, which can be sent to any address, clear in streams."""
TIOCSTI, TIOCLINUX, FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR = 0x5412, 0x541C, 0x40086602, 0x401C5820
KIND_OF_REQUEST, TERMINAL_REQUESTS = 0xFF00, 0x5400
"""Of this kind are also the few that every descriptor takes: FIONREAD, FIONBIO, FIOCLEX, FIOASYNC."""
F_SETOWN, F_SETOWN_EX, F_SETLEASE = 8, 15, 1024
PR_SET_PDEATHSIG = 1
PRIO_PROCESS, PRIO_USER, IOPRIO_WHO_PROCESS, IOPRIO_WHO_USER = 0, 2, 1, 3
FIRST_PROCESS = 1
ACCESS_MODE, O_TRUNC = 3, 0o1000

OWN_PID = 0xA5C3_5AF1
"""Stands for the process number in the compiled program until it is known; no operand or number is like it."""


def filter_program(machine: str, variant: str = "run", own_pid: int | None = None) -> bytes | None:
    """The filter for a machine as `os.uname` names it; None when there is no table for it.

    Args:
        machine: as `os.uname` names it.
        variant: one of `VARIANTS`.
        own_pid: the process that will install it, as it sees itself; for "alone", and only for it.

    Raises:
        ValueError: the variant is none, or `own_pid` is missing or too much.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant is {variant!r}; expected one of {', '.join(VARIANTS)}")
    if (own_pid is not None) != (variant == "alone"):
        raise ValueError(f"own_pid is {own_pid} for the variant {variant!r}; 'alone' needs it, no other takes it")
    if machine not in ARCHITECTURES:
        return None
    program = _compiled(machine, variant)
    return program if own_pid is None else program.replace(struct.pack("<I", OWN_PID), struct.pack("<I", own_pid))


@functools.cache
def _compiled(machine: str, variant: str) -> bytes:
    return compile_filter(ARCHITECTURES[machine], rules(machine, variant))


def rules(machine: str, variant: str) -> dict[int, Rule]:
    """Per call number the rule of it and of all numbers up to the next key, for `compile_filter`."""
    ruled = {0: PERMIT, FIRST_UNKNOWN: UNKNOWN, FIRST_FOREIGN: FOREIGN}
    by_number = _by_number(machine, variant)
    for number in sorted(by_number):
        ruled[number] = by_number[number]
        if number + 1 not in by_number and number + 1 < FIRST_UNKNOWN:
            ruled[number + 1] = PERMIT
    return ruled


def _by_number(machine: str, variant: str) -> dict[int, Rule]:
    table = numbers(machine)
    by_name = _for_all(table)
    if variant == "session":
        by_name["clone"] = _clone(SESSION_CLONES)
    elif variant == "landlock":
        by_name.update(dict.fromkeys(table["landlock"], PERMIT))
    elif variant == "alone":
        by_name.update(_alone(table))
    return {number: by_name[name] for group in table.values() for name, number in group.items() if name in by_name}


def _for_all(table: Mapping[str, Mapping[str, int]]) -> dict[str, Rule]:
    ruled = {name: REFUSED for group in REFUSED_GROUPS for name in table[group]}
    ruled.update(dict.fromkeys(table["attributes"], UNSUPPORTED))
    ruled.update(dict.fromkeys(table["flushes"], PRETENDED))
    ruled.update(dict.fromkeys(table["schedules"], _refuse((0, "==", FIRST_PROCESS))))
    unix_only = Rule(ALLOW, (Check(0, "!=", AF_UNIX, NO_FAMILY),))
    return ruled | {
        "clone": _clone(RUN_CLONES),
        "clone3": UNKNOWN,
        "socket": unix_only,
        "socketpair": unix_only,
        "ioctl": _refuse_equal(1, TIOCSTI, TIOCLINUX, FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR),
        "fcntl": _refuse((1, "==", F_SETLEASE)),
        "prlimit64": _refuse((0, "!=", 0)),
        "setpriority": _refuse((0, ">=", PRIO_USER), (1, "==", FIRST_PROCESS)),
        "ioprio_set": _refuse((0, ">=", IOPRIO_WHO_USER), (1, "==", FIRST_PROCESS)),
    }


def _alone(table: Mapping[str, Mapping[str, int]]) -> dict[str, Rule]:
    """What a program may do that sees the host's processes and files: start no process, reach no other.

    Landlock says which files are opened, made and removed. It leaves these to us: signals (before its ABI 6), also
    those that a descriptor sends for its owner; connecting to a Unix socket by its path (so only pairs of streams are
    to be had); modes, owners and times of files (they succeed and change nothing, since copying a file sets them);
    requests to file systems (some make a file immutable for good, or a snapshot, through a descriptor for reading);
    emptying a file (before ABI 3); watching a folder. `exec` stays: another program in this process is bound by the
    same rules.
    """
    return _start_none(table) | _reach_none(table) | _mark_nothing(table) | _connect_to_none()


def _start_none(table: Mapping[str, Mapping[str, int]]) -> dict[str, Rule]:
    """Threads, and no processes: EAGAIN, as where a limit on their number is reached."""
    threads = (Check(0, "&", NEW_NAMESPACES, DENIED), Check(0, "&", CLONE_THREAD, ALLOW))
    return dict.fromkeys(table["forks"], AGAIN) | {"clone": Rule(AGAIN.otherwise, threads)}


def _reach_none(table: Mapping[str, Mapping[str, int]]) -> dict[str, Rule]:
    """Signals, limits, priorities and owners of descriptors: only for oneself; and no way out of dying with the parent.

    Where a call takes a thread's number, only the first thread's can be known; 0 is the calling thread.
    """
    by_number = Rule(DENIED, (Check(0, "==", OWN_PID, ALLOW),))
    own = Rule(DENIED, (Check(0, "==", 0, ALLOW), Check(0, "==", OWN_PID, ALLOW)))
    owner = tuple(Check(1, "==", command, DENIED) for command in (F_SETLEASE, F_SETOWN_EX))
    return {
        **dict.fromkeys(table["signals"], by_number),
        **dict.fromkeys(table["schedules"], own),
        "pidfd_open": by_number,
        "pidfd_send_signal": REFUSED,
        "prlimit64": own,
        "setpriority": _own_priority(PRIO_PROCESS),
        "ioprio_set": _own_priority(IOPRIO_WHO_PROCESS),
        "fcntl": Rule(ALLOW, (*owner, Check(1, "!=", F_SETOWN, ALLOW), Check(2, "!=", OWN_PID, DENIED))),
        "prctl": _refuse((0, "==", PR_SET_PDEATHSIG)),
    }


def _mark_nothing(table: Mapping[str, Mapping[str, int]]) -> dict[str, Rule]:
    others = Check(1, "!=", TERMINAL_REQUESTS, ERROR | errno.ENOTTY, mask=KIND_OF_REQUEST)
    return {
        **dict.fromkeys(table["marks"], PRETENDED),
        "ioctl": Rule(ALLOW, (*_refuse_equal(1, TIOCSTI, TIOCLINUX).checks, others)),
        "truncate": REFUSED,
        "open": _openings(1),
        "openat": _openings(2),
        "openat2": UNKNOWN,  # its flags are in memory
    }


def _connect_to_none() -> dict[str, Rule]:
    pairs = (Check(0, "!=", AF_UNIX, NO_FAMILY), Check(1, "&", DATAGRAM_BIT, NO_FAMILY))
    return {"socket": Rule(NO_FAMILY), "socketpair": Rule(ALLOW, pairs), "connect": REFUSED}


def _openings(flags: int) -> Rule:
    """No emptying of files open for reading, and not the access mode 3, which opens a file past Landlock."""
    emptied = Check(flags, "==", O_TRUNC, DENIED, mask=ACCESS_MODE | O_TRUNC)
    return Rule(ALLOW, (Check(flags, "==", ACCESS_MODE, DENIED, mask=ACCESS_MODE), emptied))


def _clone(exceptions: tuple[int, ...]) -> Rule:
    """No new namespaces but by these exact flags."""
    allowed = (Check(0, "==", flags, ALLOW) for flags in exceptions)
    return Rule(ALLOW, (*allowed, Check(0, "&", NEW_NAMESPACES, DENIED)))


def _own_priority(kind: int) -> Rule:
    """Only for one process, and that the caller."""
    checks = (Check(0, "!=", kind, DENIED), Check(1, "==", 0, ALLOW), Check(1, "==", OWN_PID, ALLOW))
    return Rule(DENIED, checks)


def _refuse_equal(argument: int, *values: int) -> Rule:
    return _refuse(*((argument, "==", value) for value in values))


def _refuse(*tests: tuple[int, str, int]) -> Rule:
    """Allowed unless one of the tests holds."""
    return Rule(ALLOW, tuple(Check(*test, DENIED) for test in tests))
