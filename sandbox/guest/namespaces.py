"""Shuts the launcher into namespaces of its own with a root of its own. Runs in the launcher; theory in `jail.py`."""

from __future__ import annotations

import os

from assaygym.sandbox.guest import kernel
from assaygym.sandbox.guest.kernel import ATTR_NODEV, ATTR_NOEXEC, ATTR_NOSUID, ATTR_RDONLY, MS_NODEV, MS_NOSUID
from assaygym.sandbox.guest.scratch import SHARED_MEMORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox._wire import View

DEVICES = ("null", "zero", "full", "random", "urandom")
PRIVATE_IDS = (2_000_000_000, 65534)
"""User ids that root takes off to: one that no system hands out, or, where that is not mapped, nobody's."""
INNER_ID = 1000
MOUNT_POINTS = ("/mnt", "/srv", "/media", "/sys", "/run", "/opt", "/var")
OOM_SCORE = 500
"""So that a machine short of memory kills programs before the process that judges them."""
NAMESPACES = ("userns", "mntns", "pidns", "netns", "ipcns", "utsns")
REST = kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWIPC | kernel.NEWUTS


def enter_jail(view: View, *, processes: bool = True) -> list[str]:
    """Enter the jail, with every capability inside it.

    Args:
        view: what it shows.
        processes: whether the next child is the first process of a process namespace.

    Returns:
        What is in force now.

    Raises:
        OSError: a step was refused; the message names it.
    """
    give_way()
    proc = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY)  # the new root has no /proc
    private = private_id()
    if private is not None:  # the root comes first: the private id cannot reach an interpreter below /root
        kernel.unshare(kernel.NEWNS)
        _build_root(view)
        take_id(private)
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.NEWUSER | (REST if processes else REST & ~kernel.NEWPID))
    _map_ids(proc, user, group)
    if private is None:
        _build_root(view)
    os.close(proc)
    kernel.set_host_name("sandbox")
    return [*NAMESPACES, "ro_root"]


def give_way() -> None:
    """Let the kernel choose this process and its programs first when the machine is short of memory."""
    with open("/proc/self/oom_score_adj", "r+") as score:
        if int(score.read()) < OOM_SCORE:  # in a container it may be higher, and only root may lower it
            score.write(str(OOM_SCORE))


def private_id() -> int | None:
    """The id that root can take so as to own nothing; None for ordinary users and for the root of a small namespace."""
    if os.geteuid() != 0:
        return None
    for number in PRIVATE_IDS:
        if is_mapped(number):
            return number
    return None


def is_mapped(number: int) -> bool:
    """Whether our user namespace has such a user and such a group."""
    return _is_in("/proc/self/uid_map", number) and _is_in("/proc/self/gid_map", number)


def _is_in(path: str, number: int) -> bool:
    with open(path) as ranges:
        fields = [[int(field) for field in line.split()] for line in ranges]
    return any(first <= number < first + count for first, _, count in fields)


def take_id(number: int) -> None:
    """Become that user, with that group alone."""
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or /proc/self would stay root's, and the id maps with it


def _map_ids(proc: int, user: int, group: int) -> None:
    maps = {"setgroups": "deny", "uid_map": f"{INNER_ID} {user} 1", "gid_map": f"{INNER_ID} {group} 1"}
    for name, text in maps.items():
        descriptor = os.open(name, os.O_WRONLY, dir_fd=proc)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def _build_root(view: View) -> None:
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    root = _mount_point(view["binds"])
    kernel.mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,mode=755")
    for path in view["binds"]:
        _show(root, path)
    for target, path in view["packages"].items():
        _bind(path, root + target, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV)
    for path in view["masks"]:
        kernel.mount("tmpfs", root + path, "tmpfs", kernel.MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k,mode=755")
    os.mkdir(root + "/dev")
    for name in DEVICES:
        _bind(f"/dev/{name}", f"{root}/dev/{name}", ATTR_NOSUID | ATTR_NOEXEC)
    for path, text in view["texts"].items():
        _write(root + path, text)
    for path, target in view["links"].items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        os.symlink(target, root + path)
    for path in (view["scratch"], SHARED_MEMORY):
        os.mkdir(root + path)
    os.chdir(root)
    kernel.pivot_here()
    kernel.mount(None, "/", None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | MS_NOSUID | MS_NODEV)


def _mount_point(binds: list[str]) -> str:
    """A folder of the host to build on; building hides it, so nothing that is to be shown may lie below."""
    for point in MOUNT_POINTS:
        if os.path.isdir(point) and not any(path.startswith(point + "/") for path in binds):
            return point
    raise OSError(f"none of {', '.join(MOUNT_POINTS)} is a folder that the jail could be built on; create /mnt")


def _show(root: str, path: str) -> None:
    if os.path.islink(path):
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        os.symlink(os.readlink(path), root + path)
    elif os.path.exists(path):
        _bind(path, root + path, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV)


def _bind(path: str, target: str, attributes: int) -> None:
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        _write(target, "")
    kernel.mount(path, target, None, kernel.MS_BIND | kernel.MS_REC)
    kernel.set_mount_attributes(target, attributes)


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "x", encoding="utf-8") as file:
        file.write(text)
