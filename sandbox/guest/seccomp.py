"""A seccomp filter on top of the namespaces: what no honest program needs is refused before the kernel acts on it.

Refused: tracing and reading other processes, mounting and new namespaces, modules, clocks, keys, System V and POSIX
message queues (they outlive a run), io_uring, BPF, userfaultfd, anonymous files (memory that no limit counts), sockets
other than Unix ones, typing into a terminal, limits of other processes, and every call newer than this table. A foreign
calling convention kills.

A filter is an array of 8-byte instructions (linux/filter.h): code, jump if true, jump if false, operand.
"""

from __future__ import annotations

import errno
import struct

LOAD, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT, SECOND_ARGUMENT_AT = 0, 4, 16, 24
FIRST_FOREIGN = 0x40000000
"""From here on x86-64 takes calls in the x32 convention."""
FIRST_UNKNOWN = 451
NEW_NAMESPACE_FLAGS = 0x7E020000
AF_UNIX = 1
TERMINAL_REQUESTS = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX."""

SAME_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 440, 442, 443, 447)
"""io_uring_*, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, pidfd_getfd, process_madvise, mount_setattr,
quotactl_fd, memfd_secret: numbers that all architectures share."""
CLONE3 = 435

TABLES: dict[str, dict[str, tuple[int, ...]]] = {
    "x86_64": {
        "architecture": (0xC000003E,),
        "tracing": (101, 310, 311, 312),
        "mounts": (165, 166, 155, 161),
        "namespaces": (308, 272),
        "machine": (175, 313, 176, 246, 320, 169, 167, 168, 170, 171, 172, 173, 103, 163, 179, 153, 135, 154),
        "clocks": (164, 227, 305, 159),
        "handles": (303, 304, 300, 301, 212),
        "probes": (321, 298, 323),
        "keys": (248, 249, 250),
        "system_v": (29, 30, 31, 67, 64, 65, 66, 220, 68, 69, 70, 71),
        "queues": (240, 241, 242, 243, 244, 245),
        "memory": (279, 256, 237, 238, 319),
        "clone": (56,),
        "sockets": (41, 53),
        "ioctl": (16,),
        "others": (302,),
    },
    "aarch64": {
        "architecture": (0xC00000B7,),
        "tracing": (117, 270, 271, 272),
        "mounts": (40, 39, 41, 51),
        "namespaces": (268, 97),
        "machine": (105, 273, 106, 104, 294, 142, 224, 225, 161, 162, 116, 89, 60, 58, 92),
        "clocks": (170, 112, 266, 171),
        "handles": (264, 265, 262, 263, 18),
        "probes": (280, 241, 282),
        "keys": (217, 218, 219),
        "system_v": (194, 195, 196, 197, 190, 191, 192, 193, 186, 187, 188, 189),
        "queues": (180, 181, 182, 183, 184, 185),
        "memory": (239, 238, 235, 237, 279),
        "clone": (220,),
        "sockets": (198, 199),
        "ioctl": (29,),
        "others": (261,),
    },
}
SPECIAL = {"architecture", "clone", "sockets", "ioctl", "others"}
"""`others` is prlimit64, left to a program for itself (process number 0) alone: the kernel would let it set the limits
of the first process, which has the same user, and so have the kernel kill it."""


def filter_program(machine: str) -> bytes | None:
    """The filter for a machine as `os.uname` names it; None when there is no table for it."""
    table = TABLES.get(machine)
    if table is None:
        return None
    refused = [number for name, numbers in table.items() if name not in SPECIAL for number in numbers]
    lines = [
        _line(LOAD, ARCHITECTURE_AT),
        *_if(JUMP_EQUAL, table["architecture"][0], otherwise=KILL),
        _line(LOAD, NUMBER_AT),
        *_if(JUMP_GREATER_EQUAL, FIRST_FOREIGN, then=KILL),
        *_if(JUMP_GREATER_EQUAL, FIRST_UNKNOWN, then=ERROR | errno.ENOSYS),
        *_if(JUMP_EQUAL, CLONE3, then=ERROR | errno.ENOSYS),  # its flags are in memory, where no filter looks
    ]
    for number in sorted([*refused, *SAME_EVERYWHERE]):
        lines += _if(JUMP_EQUAL, number, then=ERROR | errno.EPERM)
    lines += _on_argument(table["clone"], FIRST_ARGUMENT_AT, JUMP_SET, (NEW_NAMESPACE_FLAGS,), ERROR | errno.EPERM)
    lines += _on_argument(table["ioctl"], SECOND_ARGUMENT_AT, JUMP_EQUAL, TERMINAL_REQUESTS, ERROR | errno.EPERM)
    for number in table["others"]:
        checks = [_line(LOAD, FIRST_ARGUMENT_AT), *_if(JUMP_EQUAL, 0, otherwise=ERROR | errno.EPERM)]
        lines += _block(number, checks)
    for number in table["sockets"]:
        checks = [_line(LOAD, FIRST_ARGUMENT_AT), *_if(JUMP_EQUAL, AF_UNIX, otherwise=ERROR | errno.EAFNOSUPPORT)]
        lines += _block(number, checks)
    return b"".join([*lines, _line(RETURN, ALLOW)])


def _line(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, operand)


def _if(test: int, operand: int, *, then: int | None = None, otherwise: int | None = None) -> list[bytes]:
    """Return `then` when the test holds, or `otherwise` when it does not; else go on."""
    if then is not None:
        return [_line(test, operand, 0, 1), _line(RETURN, then)]
    return [_line(test, operand, 1, 0), _line(RETURN, otherwise or KILL)]


def _on_argument(
    calls: tuple[int, ...], offset: int, test: int, operands: tuple[int, ...], verdict: int
) -> list[bytes]:
    checks = [_line(LOAD, offset)]
    for operand in operands:
        checks += _if(test, operand, then=verdict)
    return [line for number in calls for line in _block(number, checks)]


def _block(number: int, checks: list[bytes]) -> list[bytes]:
    """The checks of one call: skipped for all others; allowed when they find nothing."""
    body = [*checks, _line(RETURN, ALLOW)]
    return [_line(JUMP_EQUAL, number, 0, len(body)), *body]
