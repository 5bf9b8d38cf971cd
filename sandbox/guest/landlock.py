"""Landlock: a process gives up the files, ports and processes it does not need, without privileges (linux/landlock.h).

Covered, as far as the kernel's ABI goes: opening, making, renaming and removing files (1; between folders 2), emptying
them (3), TCP (4), requests to devices (5), signals and abstract Unix sockets beyond the own domain (6).
Not covered by any ABI known here, and so left to the `alone` variant of `seccomp`: modes, owners, times and attributes
of files, Unix sockets with a path, watching folders. Names, sizes and targets of links can be looked up everywhere.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterable
from types import TracebackType

SYS_CREATE, SYS_ADD_RULE, SYS_RESTRICT = 444, 445, 446
ASK_VERSION = 1
PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
FILES_OF_ABI = ((5, (1 << 16) - 1), (3, (1 << 15) - 1), (2, (1 << 14) - 1), (1, (1 << 13) - 1))
"""From which ABI on which rights to files are known."""
READING = EXECUTE | READ_FILE | READ_DIR
WRITING = ((1 << 15) - 1) & ~(MAKE_CHAR | MAKE_BLOCK)
DEVICE = READ_FILE | WRITE_FILE
ON_A_FILE = EXECUTE | READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV
"""What can be granted on something that is no folder."""
TCP_BIND_AND_CONNECT, TCP_ABI = 3, 4
ABSTRACT_SOCKETS_AND_SIGNALS, SCOPE_ABI = 3, 6
QUIET, QUIET_ABI = 0b101, 7
"""No audit record of what is refused: programs could fill the log of the machine."""

_libc = ctypes.CDLL(None, use_errno=True)


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


class Ruleset:
    """A prepared set of rules, to be put in force any number of times; it owns a descriptor.

    Attributes:
        names: what it puts in force: "landlock" (files), "landlock_net", "landlock_scope"; those that the kernel knows.
    """

    def __init__(self, descriptor: int | None, names: tuple[str, ...]):
        self.descriptor, self.names = descriptor, names

    def __enter__(self) -> Ruleset:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the descriptor; what was put in force stays."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None
            self.names = ()


def abi() -> int:
    """The version that the kernel speaks; 0 where it has none, or hides it."""
    result = _libc.syscall(ctypes.c_long(SYS_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION))
    return max(int(result), 0)


def ruleset(
    read: Iterable[str] = (),
    write: Iterable[str] = (),
    devices: Iterable[str] = (),
    look: Iterable[str] = (),
    *,
    files: bool = True,
    network: bool = True,
    scope: bool = True,
) -> Ruleset:
    """Rules that refuse everything the kernel's ABI knows but what is granted here.

    Args:
        read: files and folders to read and execute, with all below them. Paths that do not exist grant nothing.
        write: the same to change as well: make, write, empty, rename, remove; no device nodes.
        devices: device files to read and write, not to send requests to.
        look: folders whose names can be listed, with those of all folders below them.
        files: whether files are restricted at all.
        network: whether TCP is: neither bind nor connect, to no port.
        scope: whether signals and abstract Unix sockets reach only what lies in the same domain or one below.

    Returns:
        The rules, with no name and no effect where the kernel knows none of what was asked for.

    Raises:
        OSError: the kernel refused; the message names the call.
    """
    version = abi()
    rights = next((rights for first, rights in FILES_OF_ABI if version >= first), 0) if files else 0
    ports = TCP_BIND_AND_CONNECT if network and version >= TCP_ABI else 0
    scopes = ABSTRACT_SOCKETS_AND_SIGNALS if scope and version >= SCOPE_ABI else 0
    parts = (("landlock", rights), ("landlock_net", ports), ("landlock_scope", scopes))
    names = tuple(name for name, handled in parts if handled)
    if not names:
        return Ruleset(None, ())
    descriptor = _create(rights, ports, scopes)
    granted = ((read, READING), (write, WRITING), (devices, DEVICE), (look, READ_DIR))
    try:
        for path, access in [(path, access & rights) for paths, access in granted for path in paths if rights]:
            _grant(descriptor, path, access)
    except BaseException:
        os.close(descriptor)
        raise
    return Ruleset(descriptor, names)


def restrict(rules: Ruleset) -> tuple[str, ...]:
    """Put rules in force for this thread and all that it starts, for good, on top of those already in force.

    Returns:
        The names of what is in force by it.

    Raises:
        OSError: the kernel refused, as it does before "no new privileges" is set.
    """
    if rules.descriptor is not None:
        flags = QUIET if abi() >= QUIET_ABI else 0
        _call("landlock_restrict_self", SYS_RESTRICT, ctypes.c_int(rules.descriptor), ctypes.c_uint32(flags))
    return rules.names


def _create(*handled: int) -> int:
    while handled[-1] == 0:  # an older kernel takes a shorter structure, and every kernel takes one without its zeros
        handled = handled[:-1]
    block = (ctypes.c_uint64 * len(handled))(*handled)
    size = ctypes.c_size_t(ctypes.sizeof(block))
    return _call("landlock_create_ruleset", SYS_CREATE, block, size, ctypes.c_uint32(0))


def _grant(descriptor: int, path: str, access: int) -> None:
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(folder).st_mode):
            access &= ON_A_FILE
        rule = _PathBeneath(access, folder)
        arguments = (ctypes.c_int(descriptor), ctypes.c_int(PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
        _call(f"landlock_add_rule({path})", SYS_ADD_RULE, *arguments)
    finally:
        os.close(folder)


def _call(name: str, number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        hint = "; set 'no new privileges' first" if code == errno.EPERM else ""
        raise OSError(code, f"{name}: {os.strerror(code)}{hint}")
    return result
