"""The tier without namespaces: what a worker gives up for good, and what each of its programs gives up on top.

A worker leaves root where it can, has no capability, and sees only what Landlock lets it open. Its programs inherit
that. Each of them, before it gets its order, also shuts itself off from its worker (a Landlock domain of its own) and
takes the filter "alone", with which it is one process for good: nothing can outlive it but by being it.
"""

from __future__ import annotations

import os
from contextlib import suppress

from assaygym.sandbox.guest import kernel
from assaygym.sandbox.guest.clone import FIRST_TO_GO, AloneCloner, Prepared
from assaygym.sandbox.guest.landlock import restrict, ruleset
from assaygym.sandbox.guest.namespaces import give_way, take_id
from assaygym.sandbox.guest.seccomp import filter_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assaygym.sandbox._wire import Confinement


def leave_root(user: int) -> int:
    """Give up all capabilities, and our user for another unless that is 0.

    Returns:
        A descriptor of this process's score, for `Cloner`.

    Raises:
        OSError: a step was refused; the message names it.
    """
    give_way()
    score = os.open("/proc/self/oom_score_adj", os.O_RDWR)  # no longer ours afterwards
    with suppress(PermissionError):  # an ordinary user's programs gain none anyway, once "no new privileges" is set
        kernel.drop_bounding_set()
    if user:
        take_id(user)
    kernel.clear_capabilities()
    return score


def shut_in(confinement: Confinement) -> list[str]:
    """Let go of all files but those granted, of the network and of other processes.

    Returns:
        What is in force now.

    Raises:
        OSError: a step was refused; the message names it.
    """
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    read, write, devices, look = (confinement[name] for name in ("read", "write", "devices", "look"))
    with ruleset(read, write, devices, look) as rules:
        names = restrict(rules)
    kernel.install_filter(_filter("landlock"))
    user = ["private_user"] if confinement["user"] else []
    return [*names, *user, "no_capabilities", "no_new_privs", "seccomp", "no_processes"]


class Seal:
    """What each program gives up on top. Made once by the worker, called in the program's process."""

    def __init__(self) -> None:
        self._worker = os.getpid()
        self._scope = ruleset(files=False, network=False)
        _filter("alone", self._worker)  # compiled now, once for all

    def __call__(self) -> None:
        """Shut this process off.

        Raises:
            OSError: a step was refused; the message names it.
        """
        kernel.follow_parent(self._worker)
        restrict(self._scope)
        kernel.install_filter(_filter("alone", os.getpid()))


class Cloner(AloneCloner):
    """Makes programs that the kernel chooses before their worker when memory is short.

    Args:
        score: from `leave_root`.
        mapped: see `PlainCloner`.
        directory: see `PlainCloner`.
    """

    def __init__(self, score: int, mapped: int, directory: str) -> None:
        super().__init__(Seal(), mapped, directory)
        self._score, self._own = score, os.pread(score, 16, 0)

    def __call__(self, descriptors: tuple[int, ...]) -> Prepared | None:
        """As `AloneCloner`."""
        os.write(self._score, FIRST_TO_GO)  # which is inherited; a program's own can only be written where it may open
        try:
            return super().__call__(descriptors)
        finally:
            os.write(self._score, self._own)  # the worker's, in whichever process


def _filter(variant: str, own_pid: int | None = None) -> bytes:
    program = filter_program(os.uname().machine, variant, own_pid)
    if program is None:
        raise OSError(f"there is no filter for {os.uname().machine}")
    return program
