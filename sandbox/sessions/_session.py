"""A session on a process that serves cells, as `Session` asks; and one on a tree of processes that can be forked."""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Self

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox._outcome import too_busy
from assaygym.sandbox.base import ExecResult, Limits, Session
from assaygym.sandbox.crowd import is_crowded
from assaygym.sandbox.sessions._exchange import Exchange
from assaygym.sandbox.sessions._results import of_cell, of_command, of_end, of_later
from assaygym.sandbox.sessions._tree import Node


class Place:
    """Where a session stands in the tree; it moves when the session is forked and goes on."""

    def __init__(self, node: Node) -> None:
        self.node: Node | None = node

    def leave(self) -> None:
        """Stand nowhere, and end what is no longer needed; calling it again, or in a fork of the host, does nothing."""
        node, self.node = self.node, None
        if node is not None and node.line.owner == os.getpid():
            node.release()


class CellSession(ABC):
    """What all sessions share, whatever their copies are.

    Args:
        node: its process, which nobody else holds.
        language: of its cells.
        limits: of each cell that gives none.
        seed: what its random generators started from; that of its copies is made of it and their number.
        isolation: what is in force.
    """

    def __init__(self, node: Node, language: str, limits: Limits, seed: str, isolation: tuple[str, ...]) -> None:
        self._place = Place(node)
        self._language, self._limits, self._seed, self._isolation = language, limits, seed, isolation
        self._copies = 0
        self._end: ExecResult | None = None
        self._leave = weakref.finalize(self, self._place.leave)

    @property
    def alive(self) -> bool:
        """Whether the interpreter is there to take another cell."""
        node = self._place.node
        return node is not None and self._end is None and node.line.alive and not node.resident.ended()

    def run(self, code: str, *, limits: Limits | None = None) -> ExecResult:
        """Run one cell; see `Session.run`. Its CPU time is that of the interpreter, without processes it started.

        Raises:
            ConfigError: the limits ask for the network.
            SandboxError: the sandbox itself failed, or the session was closed; or the machine is too busy to tell
                whether the cell needs too long, and so the session is closed now.
        """
        limits = limits or self._limits
        if limits.network:
            raise ConfigError("network=True is not offered by sessions; leave it False")
        node = self._standing()
        if self._end is not None:
            return of_later(self._end)
        node = self._place.node = node.wake()
        order = {"do": "cell", "source": code, "cap": limits.output_bytes, "cpu_seconds": limits.cpu_seconds}
        heard = Exchange(node.resident, order, limits, node.turns).hold()
        if heard.cause == "crowd" and is_crowded():  # without it: it was killed
            self.close()
            raise too_busy(heard.wall_seconds, heard.cpu_seconds)
        if heard.reply is not None and self._language == "bash":
            return of_command(heard, limits, self._isolation)
        if heard.reply is not None:
            return of_cell(heard, self._isolation)
        self._end = of_end(heard, node.wait_status(), self._isolation)
        return self._end

    @abstractmethod
    def fork(self, n: int) -> list[Session]:
        """`n` independent copies; see `Session.fork`."""

    def close(self) -> None:
        """End the interpreter and everything it started; calling it again does nothing."""
        self._leave()

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        """A fork: a copy of what holds this session (an environment) goes on from the same state, apart from it."""
        memo[id(self)] = copy = self.fork(1)[0]
        return copy

    def _standing(self) -> Node:
        node = self._place.node
        if node is None:
            raise SandboxError("this session is closed; open another one")
        if node.line.owner != os.getpid():
            raise SandboxError("this session belongs to the process that was forked; open a new one here")
        return node

    def _seeds(self, n: int) -> list[str]:
        """What the next `n` copies start from.

        Raises:
            ConfigError: `n` is negative.
            SandboxError: the session was closed or has ended.
        """
        if n < 0:
            raise ConfigError(f"n is {n}; expected 0 or more copies")
        self._standing()
        if self._end is not None:
            raise SandboxError(of_later(self._end).stderr.strip())
        self._copies += n
        return [f"{self._seed}/{number}" for number in range(self._copies - n, self._copies)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ForkedSession(CellSession):
    """A `Session` whose copies are forks of its process."""

    def fork(self, n: int) -> list[Session]:
        """`n` independent copies; see `Session.fork`. The session's threads and child processes end.

        Raises:
            ConfigError: `n` is negative.
            SandboxError: the sandbox itself failed, or the session was closed or has ended.
        """
        seeds = self._seeds(n)
        if not seeds:
            return []
        node = self._standing()
        nodes, successor = node.copy(seeds)
        if successor is not None:
            successor.resident.inherit(node.resident)
            self._place.node = successor
            node.release()
        return [
            ForkedSession(copy, self._language, self._limits, seed, self._isolation)
            for copy, seed in zip(nodes, seeds, strict=True)
        ]
