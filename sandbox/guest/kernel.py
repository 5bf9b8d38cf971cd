"""The few kernel calls that Python does not offer, each raising `OSError` that names the call. Runs in the launcher."""

from __future__ import annotations

import ctypes
import os
import signal

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_NOATIME = 1024
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1,
    2,
    4,
    8,
    32,
    4096,
    16384,
    1 << 18,
)
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, ATTR_NOEXEC = 1, 2, 4, 8
MNT_DETACH = 2
CAP_SYS_ADMIN = 21
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 36, 38
LAST_CAPABILITY = 63
CAPABILITY_VERSION_3 = 0x20080522
SYS_MOUNT_SETATTR = 442
AT_FDCWD, AT_RECURSIVE = -100, 0x8000

_libc = ctypes.CDLL(None, use_errno=True)


_python_libc = ctypes.PyDLL(None, use_errno=True)
"""Keeps hold of the interpreter during a call, which a call that returns twice needs."""
SYS_CLONE = {"x86_64": 56}
"""220 on every architecture that came later."""


def clone(flags: int) -> int:
    """Fork without Python's or the C library's hooks: the child's number, 0 in the child. One thread only."""
    zero = ctypes.c_long(0)
    number = SYS_CLONE.get(os.uname().machine, 220)
    pid: int = _python_libc.syscall(ctypes.c_long(number), ctypes.c_long(flags), zero, zero, zero, zero)
    _checked(pid, f"clone({flags:#x})")
    return pid


def _checked(result: int, call: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the namespaces in `flags` for new ones."""
    _checked(_libc.unshare(flags), f"unshare({flags:#x})")


def mount(source: str | None, target: str, kind: str | None = None, flags: int = 0, options: str | None = None) -> None:
    """Mount, bind or remount."""
    text = [None if part is None else os.fsencode(part) for part in (source, target, kind, options)]
    result = _libc.mount(text[0], text[1], text[2], ctypes.c_ulong(flags), text[3])
    _checked(result, f"mount({source} on {target})")


def set_mount_attributes(target: str, attributes: int) -> None:
    """Add attributes to a mount and to all below it."""
    wanted = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(SYS_MOUNT_SETATTR),
        ctypes.c_int(AT_FDCWD),
        os.fsencode(target),
        ctypes.c_uint(AT_RECURSIVE),
        wanted,
        ctypes.c_size_t(ctypes.sizeof(wanted)),
    )
    _checked(result, f"mount_setattr({target})")


def unmount(target: str) -> None:
    """Take a mount away, whoever still uses it."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount2({target})")


def pivot_here() -> None:
    """Make the working directory, a mount point, the root, and let go of the old one."""
    _checked(_libc.pivot_root(b".", b"."), "pivot_root")
    _checked(_libc.umount2(b".", MNT_DETACH), "umount2(old root)")
    os.chdir("/")


def set_host_name(name: str) -> None:
    """The name in the present UTS namespace."""
    _checked(_libc.sethostname(name.encode(), ctypes.c_size_t(len(name))), "sethostname")


def prctl(option: int, value: int) -> None:
    """One of the process controls that take a number."""
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero), f"prctl({option})")


def follow_parent(parent: int) -> None:
    """End when the parent ends. To be called after the last change of credentials, which undoes it."""
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent and os.getppid() != parent:
        os._exit(0)


def drop_bounding_set() -> None:
    """See to it that no program executed from here on gains a capability."""
    for capability in range(LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            if capability == 0:
                raise
            break  # the first number this kernel does not know


_CAPABILITY_HEADER = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
_NO_CAPABILITIES = (ctypes.c_uint32 * 6)()


def keep_capabilities(*kept: int) -> None:
    """Give up every capability but these (all below 32)."""
    mask = sum(1 << capability for capability in kept)
    _checked(_libc.capset(_CAPABILITY_HEADER, (ctypes.c_uint32 * 6)(mask, mask)), "capset")


def drop_capabilities() -> None:
    """Give up every capability, for good."""
    drop_bounding_set()
    clear_capabilities()


def clear_capabilities() -> None:
    """Give up every capability; where the bounding set is empty already, that is for good."""
    _checked(_libc.capset(_CAPABILITY_HEADER, _NO_CAPABILITIES), "capset")


def install_filter(program: bytes) -> None:
    """Put a seccomp filter on this thread and all that it starts."""

    class _Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    block = _Program(len(program) // 8, program)
    zero = ctypes.c_ulong(0)
    result = _libc.prctl(22, ctypes.c_ulong(2), ctypes.byref(block), zero, zero)
    _checked(result, "prctl(PR_SET_SECCOMP)")


def enter_namespaces(process: int, flags: int) -> None:
    """Go over into the namespaces in `flags` of the process behind a pidfd."""
    _checked(_libc.setns(process, flags), f"setns({flags:#x})")
