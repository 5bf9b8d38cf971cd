"""The processes of sessions as a tree: which are templates, which are still needed, and who ends them.

A process that copied itself is an ancestor of its copies, and the kernel ends them with it. So it is ended only when no
session stands on it and no copy is left.
"""

from __future__ import annotations

import errno
import select
import signal
import socket
from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple

from assaygym.errors import SandboxError
from assaygym.sandbox.guest.cells import COPIED, READY
from assaygym.sandbox.sessions._line import Line
from assaygym.sandbox.sessions._resident import READY_SECONDS, Ends, Reply, Resident

BATCH = 32
"""Copies made at once: the kernel bounds the descriptors on their way between processes."""


class Sizes(NamedTuple):
    """What every process of a session and of its copies may have."""

    scratch: tuple[str, str]
    """Mount options of its scratch and its shared-memory folder."""
    processes: int


class Birth:
    """A copy that is being made: its ends, and the keeper's end of the socket over which it is helped."""

    def __init__(self) -> None:
        self.ends = Ends()
        self.keepers, self._theirs = socket.socketpair()
        self.keepers.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # the kernel tells who says hello

    def hand_to(self, original: Resident) -> None:
        """Pass the far ends on to the process that copies itself."""
        original.pass_on([*self.ends.far, self._theirs.fileno()])
        self.ends.close_far()
        self._theirs.close()

    def await_hello(self) -> None:
        """Wait until the copy is there, so that its keeper need not.

        Raises:
            SandboxError: it does not come.
        """
        poll = select.poll()
        poll.register(self.keepers, select.POLLIN)
        if not poll.poll(READY_SECONDS * 1000):
            raise SandboxError(f"a copy of a session did not start within {READY_SECONDS} s")

    def close(self) -> None:
        """The birth failed."""
        self.ends.close()
        self.keepers.close()
        self._theirs.close()


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
                births: list[Birth] = []
                fresh = not self.template
                threads = self._clone(seeds[at : at + BATCH], births, first=fresh)
                if fresh and threads > 1:
                    self._clone([None], births, first=False)
                made += self._adopt(births)
                if fresh and threads > 1:
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

    def _clone(self, seeds: Sequence[str | None], births: list[Birth], *, first: bool) -> int:
        """Have the process copy itself; the copies, added to `births`, wait to be adopted. Returns its threads."""
        mine = [Birth() for _ in seeds]
        births += mine
        try:
            self.line.ask("limit", pid=self.resident.pid, processes=0)
            self.resident.signal(signal.SIGCONT)
            self.resident.send({"do": "copy", "seeds": list(seeds), "first": first})
            for birth in mine:
                birth.hand_to(self.resident)
            reply = self.resident.reply(COPIED)
            if reply is None or reply.error is not None:
                raise SandboxError(_refusal(reply))
            for birth in mine:
                birth.await_hello()
        except BaseException:
            _give_up(births)
            if not self.template and self.line.alive:
                self.line.ask("limit", pid=self.resident.pid, processes=self.sizes.processes)
            raise
        return int(reply.value) if reply.value is not None and reply.value.isdecimal() else 1

    def _adopt(self, births: list[Birth]) -> list[Node]:
        """Have the keeper stop this process and equip its copies; wait until they are ready."""
        self.template = True
        with self._tree:
            kin = [node.resident.pid for node in self.children]
        try:
            reply, processes = self.line.ask(
                "adopt",
                [self.resident.process, *(birth.keepers.fileno() for birth in births)],
                pid=self.resident.pid,
                kin=kin,
                scratch=self.sizes.scratch,
                processes=self.sizes.processes,
            )
        except BaseException:
            _give_up(births)
            raise
        nodes = []
        for birth, pid, process in zip(births, reply["pids"], processes, strict=True):
            birth.keepers.close()
            nodes.append(Node(self.line, Resident(birth.ends, pid, process), self.sizes, self))
        try:
            for node in nodes:
                ready(node.resident)
        except BaseException:
            for node in nodes:
                node.release()
            raise
        return nodes


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


def _give_up(births: list[Birth]) -> None:
    for birth in births:
        birth.close()
    births.clear()
