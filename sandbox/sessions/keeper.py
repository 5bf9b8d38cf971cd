"""Sessions of the jail: one keeper a sandbox, started with the first session and again when it was lost."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox._order import checked_files
from assaygym.sandbox._wire import View
from assaygym.sandbox.base import Limits, Session
from assaygym.sandbox.sessions._line import Line
from assaygym.sandbox.sessions._resident import Ends, Resident
from assaygym.sandbox.sessions._session import ForkedSession
from assaygym.sandbox.sessions._tree import Node, Sizes, ready

SHARED_MEMORY_BYTES = 32 << 20
INODES = 8192
PAGE = 4096
LANGUAGES = ("python", "bash")


class SessionKeeper:
    """Opens sessions in namespaces. Thread-safe. In a fork of the process, make another.

    Args:
        view: what sessions see of the machine.
        python: the interpreter's real executable.
    """

    def __init__(self, view: View, python: str) -> None:
        self._view, self._python = view, python
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
            SandboxError: the sandbox itself failed.
        """
        limits = limits or Limits()
        if language not in LANGUAGES:
            raise ConfigError(f"language {language!r} has no sessions; expected one of: {', '.join(LANGUAGES)}")
        if language == "bash" and shutil.which("bash", path="/usr/bin:/bin") is None:
            raise ConfigError("this machine has no bash in /usr/bin or /bin; install it, or open a python session")
        if limits.network:
            raise ConfigError("network=True is not offered by sessions; leave it False")
        placed = checked_files(files)
        sizes = Sizes(_scratch(limits.file_bytes, placed), limits.processes)
        node = self._begun(sizes)
        try:
            node.resident.send(
                {
                    "language": language,
                    "seed": seed,
                    "files": placed,
                    "memory_bytes": limits.memory_bytes,
                    "file_bytes": limits.file_bytes,
                    "processes": limits.processes,
                }
            )
            ready(node.resident)
        except BaseException:
            node.release()
            raise
        return ForkedSession(node, limits, str(seed), language)

    def close(self) -> None:
        """End all sessions; calling it again does nothing."""
        with self._lock:
            self._closed = True
            if self._line is not None:
                self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begun(self, sizes: Sizes) -> Node:
        line = self._living_line()
        ends = Ends()
        try:
            reply, [process] = line.ask("open", ends.far, scratch=sizes.scratch)
        except BaseException:
            ends.close()
            raise
        ends.close_far()
        return Node(line, Resident(ends, reply["pids"][0], process), sizes)

    def _living_line(self) -> Line:
        with self._lock:
            if self._closed:
                raise SandboxError("the sandbox is closed; open another with open_sandbox()")
            if self._line is None or not self._line.alive:
                self._line = Line(self._view, self._python)
            return self._line


def _scratch(file_bytes: int, files: Mapping[str, bytes]) -> tuple[str, str]:
    """Mount options; what we place does not count against the session's share."""
    ours = sum(len(content) + 2 * PAGE for content in files.values())
    inodes = INODES + 8 * len(files)
    sizes = (file_bytes + ours, min(file_bytes, SHARED_MEMORY_BYTES))
    first, second = (f"size={size},nr_inodes={inodes},mode=1777" for size in sizes)
    return first, second
