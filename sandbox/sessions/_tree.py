"""The processes of sessions as a tree: which are templates, which are still needed, and who ends them.

A process that copied itself is an ancestor of its copies, and the kernel ends them with it. So it is ended only when no
session stands on it and no copy is left.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from threading import Lock
from typing import NamedTuple

from assaygym.errors import SandboxError
from assaygym.sandbox.guest.cells import COPIED, READY
from assaygym.sandbox.guest.turns import Turns
from assaygym.sandbox.sessions._line import Line, receive
from assaygym.sandbox.sessions._resident import Ends, Reply, Resident

BATCH = 32
"""Copies made at once: the kernel bounds the descriptors on their way between processes."""
REPORT_SECONDS = 40.0
"""How long to wait until copies are equipped: longer than the helper waits for them."""


class Sizes(NamedTuple):
    """What every process of a session and of its copies may have."""

    scratch: tuple[str, str]
    """Mount options of its scratch and its shared-memory folder."""
    processes: int


class Brood:
    """Copies that are being made: their ends, and the socket over which they are reported when they are equipped."""

    def __init__(self, count: int) -> None:
        self.ends = [Ends() for _ in range(count)]
        self._report, self._far_report = socket.socketpair()
        self._report.settimeout(REPORT_SECONDS)
        self._births = [socket.socketpair() for _ in range(count)]
        for keepers, _ in self._births:
            keepers.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # the kernel tells who says hello

    def hand_to_keeper(self, node: Node) -> None:
        """Have the keeper equip the copies that a process will make."""
        sockets = [self._far_report, *(keepers for keepers, _ in self._births)]
        node.line.ask(
            "equip",
            [node.resident.process, *(each.fileno() for each in sockets)],
            pid=node.resident.pid,
            scratch=node.sizes.scratch,
            processes=node.sizes.processes,
        )
        for each in sockets:
            each.close()

    def hand_to(self, original: Resident) -> None:
        """Pass the far ends on to the process that copies itself."""
        for ends, (_, copys) in zip(self.ends, self._births, strict=True):
            original.pass_on([*ends.far, copys.fileno()])
            ends.close_far()
            copys.close()

    def born(self) -> list[Resident]:
        """The copies, equipped.

        Raises:
            SandboxError: they are not.
        """
        try:
            with self._report:
                told, processes = receive(self._report)
        except OSError as error:
            raise SandboxError(
                f"the copies of a session were not reported ({error or type(error).__name__})"
            ) from error
        if "fault" in told or len(processes) != len(self.ends):
            raise SandboxError(f"the copies of a session could not be equipped: {told.get('fault')}")
        ends, self.ends = self.ends, []
        return [Resident(*parts) for parts in zip(ends, told["pids"], processes, strict=True)]

    def close(self) -> None:
        """Let go of all that was not handed on; calling it again does nothing."""
        for each in (self._report, self._far_report, *(end for pair in self._births for end in pair)):
            each.close()
        for ends in self.ends:
            ends.close()
        self.ends = []


class Node:
    """One process of a session.

    Args:
        line: its keeper.
        resident: its ends.
        sizes: what it may have.
        parent: what it is a copy of.
        tidy: called when it has ended.
    """

    def __init__(
        self,
        line: Line,
        resident: Resident,
        sizes: Sizes,
        parent: Node | None = None,
        tidy: Callable[[], None] | None = None,
    ) -> None:
        self.line, self.resident, self.sizes, self.parent = line, resident, sizes, parent
        self.turns = Turns(_proc(), resident.pid, like=line.pid)
        """What its processes wait and use."""
        self._tidy = tidy
        self.children: set[Node] = set()
        self.held = True
        """Whether a session stands on it."""
        self.template = False
        """Whether it is stopped, since it has copies."""
        self._tree: Lock = Lock() if parent is None else parent._tree
        if parent is not None:
            with self._tree:
                parent.children.add(self)

    def wake(self) -> Node:
        """A process on which the session can go on: this one, unless it has copies; then a copy that goes on as it.

        Raises:
            SandboxError: the copy could not be made.
        """
        if not self.template:
            return self
        with self._tree:
            lonely = not self.children
        if not lonely:
            [copy], _ = self.copy([None])
            copy.resident.inherit(self.resident)
            self.release()
            return copy
        self.line.ask("limit", pid=self.resident.pid, processes=self.sizes.processes)
        self.resident.signal(signal.SIGCONT)
        self.template = False
        return self

    def copy(self, seeds: Sequence[str | None]) -> tuple[list[Node], Node | None]:
        """Copies of this process, which becomes a template.

        Args:
            seeds: for each copy, what its random generators start from; None: they go on as this process's.

        Returns:
            The copies; and, where this process has threads, which would run on whenever a template is resumed, one more
            on which the session must go on.

        Raises:
            SandboxError: they could not be made.
        """
        made: list[Node] = []
        successor: Node | None = None
        try:
            for at in range(0, len(seeds), BATCH):
                nodes, alone = self._batch(seeds[at : at + BATCH])
                made += nodes
                if not alone:
                    successor = made.pop()
        except BaseException:
            for node in made:
                node.release()
            raise
        return made, successor

    def release(self) -> None:
        """No session stands here any more: end what is no longer needed, and wait until it is gone."""
        with self._tree:
            self.held = False
            ending: list[Node] = []
            node: Node | None = self
            while node is not None and not node.held and not node.children:
                ending.append(node)
                if node.parent is not None:
                    node.parent.children.discard(node)
                node = node.parent
        for node in ending:
            node.end()

    def end(self) -> None:
        """End the process and all below it."""
        self.resident.kill()
        if self.parent is None and self.line.alive:
            self.line.ask("ended", pid=self.resident.pid)
        self.resident.close()
        if self._tidy is not None:
            self._tidy()

    def wait_status(self) -> int | None:
        """How a process that has ended did so.

        Raises:
            SandboxError: its keeper is gone, and so it was not the program that ended it.
        """
        reply, _ = self.line.ask("ended", pid=self.resident.pid)
        status: int | None = reply["status"]
        return status

    def _batch(self, seeds: Sequence[str | None]) -> tuple[list[Node], bool]:
        """Some copies; False with a last one more, when this process was found to have threads."""
        fresh = not self.template
        with ExitStack() as broods:
            threads, brood = self._clone(seeds, broods, first=fresh)
            alone = not fresh or threads == 1
            families = [brood] if alone else [brood, self._clone([None], broods, first=False)[1]]
            self.template = True
            self.line.ask("stop", [self.resident.process], pid=self.resident.pid)
            nodes = [Node(self.line, resident, self.sizes, self) for family in families for resident in family.born()]
        try:
            with self._tree:
                kin = [node.resident.pid for node in self.children]
            self.line.ask("sweep", pid=self.resident.pid, kin=kin)
            for node in nodes:
                ready(node.resident)
        except BaseException:
            for node in nodes:
                node.release()
            raise
        return nodes, alone

    def _clone(self, seeds: Sequence[str | None], broods: ExitStack, *, first: bool) -> tuple[int, Brood]:
        """Have the process copy itself; returns how many threads it has, and the copies."""
        brood = Brood(len(seeds))
        broods.callback(brood.close)
        try:
            brood.hand_to_keeper(self)
            self.resident.signal(signal.SIGCONT)
            self.resident.send({"do": "copy", "seeds": list(seeds), "first": first})
            brood.hand_to(self.resident)
            reply = self.resident.reply(COPIED)
            if reply is None or reply.error is not None:
                raise SandboxError(_refusal(reply))
        except BaseException:
            if not self.template and self.line.alive:
                self.line.ask("limit", pid=self.resident.pid, processes=self.sizes.processes)
            raise
        return int(reply.value) if reply.value is not None and reply.value.isdecimal() else 1, brood


def ready(resident: Resident) -> Reply:
    """Wait until a process is ready for its next cell; returns what it said.

    Raises:
        SandboxError: it is not, or says why it will never be.
    """
    reply = resident.reply(READY)
    if reply is None:
        raise SandboxError("a session's process ended, or did not get ready, before its first cell")
    if reply.error is not None:
        raise SandboxError(f"a copy of a session could not take over its files: {reply.error}")
    return reply


@cache
def _proc() -> int:
    """A descriptor of /proc, which stays open; -1 where there is none."""
    with suppress(OSError):
        return os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    return -1


def _refusal(reply: Reply | None) -> str:
    if reply is None or reply.error is None:
        return "the session ended, or did not answer, while it was to copy itself"
    number = reply.error.split()[0]
    if number in (str(errno.ENOSPC), str(errno.EUSERS)):
        return (
            f"a session could not be copied ({reply.error}): the kernel nests copies of copies some 30 deep, "
            "and bounds how many namespaces there are; close some sessions, or fork one nearer to the first"
        )
    return f"a session could not be copied ({reply.error})"
