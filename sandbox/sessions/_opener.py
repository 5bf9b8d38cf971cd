"""What all ways to open a session share: checks, one keeper that is started when needed, and the end of all."""

from __future__ import annotations

import shutil
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox._order import checked_files
from assaygym.sandbox.base import Limits, Session
from assaygym.sandbox.sessions._line import Line
from assaygym.sandbox.sessions._tree import Node, ready

LANGUAGES = ("python", "bash")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a session is opened with."""

    language: str
    files: dict[str, bytes]
    limits: Limits
    seed: int

    def start(self) -> dict[str, object]:
        """The guest's `Start`."""
        return {
            "language": self.language,
            "seed": self.seed,
            "files": self.files,
            "memory_bytes": self.limits.memory_bytes,
            "file_bytes": self.limits.file_bytes,
            "processes": self.limits.processes,
        }


class Opener(ABC):
    """Opens sessions. Thread-safe; a context manager. In a fork of the process, make another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._closed = False

    def session(
        self,
        language: str = "python",
        *,
        files: Mapping[str, bytes] | None = None,
        limits: Limits | None = None,
        seed: int = 0,
    ) -> Session:
        """A new session; see `Sandbox.session`.

        Raises:
            ConfigError: the language, a limit or a file name is not usable.
            SandboxError: the sandbox itself failed, or was closed.
        """
        limits = limits or Limits()
        if language not in LANGUAGES:
            raise ConfigError(f"language {language!r} has no sessions; expected one of: {', '.join(LANGUAGES)}")
        if language == "bash" and shutil.which("bash", path="/usr/bin:/bin") is None:
            raise ConfigError("this machine has no bash in /usr/bin or /bin; install it, or open a python session")
        if limits.network:
            raise ConfigError("network=True is not offered by sessions; leave it False")
        return self._session(Plan(language, checked_files(files), limits, seed))

    def close(self) -> None:
        """End all sessions; calling it again does nothing."""
        with self._lock:
            self._closed = True
            if self._line is not None:
                self._line.close()

    def begun(self, plan: Plan) -> tuple[Node, tuple[str, ...]]:
        """A process ready for its first cell, and what isolates it.

        Raises:
            SandboxError: the sandbox itself failed, or was closed.
        """
        line = self._living_line()
        node = self._node(line, plan)
        try:
            node.resident.send(plan.start())
            told = ready(node.resident).value or ""
        except BaseException:
            node.release()
            raise
        return node, line.isolation or (*told.split(), "rlimits")

    @abstractmethod
    def _session(self, plan: Plan) -> Session:
        """The session on a new process."""

    @abstractmethod
    def _node(self, line: Line, plan: Plan) -> Node:
        """A new process that waits for its start."""

    @abstractmethod
    def _new_line(self) -> Line:
        """Start a keeper."""

    def _living_line(self) -> Line:
        with self._lock:
            if self._closed:
                raise SandboxError("the sandbox is closed; open another with open_sandbox()")
            if self._line is None or not self._line.alive:
                self._line = self._new_line()
            return self._line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
