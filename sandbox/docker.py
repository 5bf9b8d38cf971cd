"""The `docker` backend: the jail's workers inside one long-lived container.

Theory of operation. A sandbox is one container, never one per run. It has no network, a read-only root, a user that
owns nothing, no capability, no way to new privileges, limits on memory, processes and processors that hold for all its
workers together, and a seccomp profile of ours (`_confinement.py`).

1. The image is the caller's, with a `python3` of at least 3.9, or one made of this machine's interpreter and libraries
   (`_image.py`), by content: it is imported once. Nothing is pulled or built.
2. The container's first process (`guest/container.py`; `guest/` is mounted read-only) calls us through a Unix socket in
   a mounted folder, which then vanishes on our side: nobody else can call. It ends when that line does, hence when this
   process closes the sandbox, exits, crashes or is killed. Its end is the end of all processes in the container, which
   the daemon then removes.
3. For each worker we make a pair of connected sockets and send one end along the line. The first process starts
   `guest/launcher.py` with it, as the jail does on this machine, so that what follows is the jail's: orders, results
   and descriptors go through that socket, and no daemon stands between us and a running program. To close our end kills
   the launcher; its end closes the socket.
4. Inside, the worker builds the same jail as on this machine: Docker's own profile forbids namespaces, ours allows
   them, and a user namespace needs no privilege. Where the host forbids those as well, the worker shuts itself in by
   Landlock.

What the container adds to the jail is a second boundary that does not rest on ours, and limits that hold for the sum of
all processes. What it costs is its start, a fraction of a second; a run costs what it costs in the jail.

The lists `COVERED` and `NOT_COVERED` below are shown by `assay doctor`.
"""

from __future__ import annotations

import os
import socket
import threading
import weakref
from contextlib import closing

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox._container import Container, connect
from assaygym.sandbox._image import worker_image
from assaygym.sandbox.base import Limits, Sandbox

COVERED = (
    "all that the jail covers, for each worker, by the same means",
    "files: only those of the image, read-only, whatever a program breaks out of in the jail",
    "network: none, not even for a program that left the jail",
    "memory, processes and processors: limited for the sum of all workers of the sandbox",
    "privileges: an unprivileged user without capabilities, no set-user-id, a narrow seccomp profile around the jail's",
)
NOT_COVERED = (
    "a hole in the Linux kernel: containers share the host's kernel",
    "side channels: timing, caches, the load of the machine",
    "the docker daemon: who may talk with it is root on this machine, this process included",
    "memory of one program summed over its processes: programs of one sandbox share the container's",
    "what stands in the image can be read",
)


class DockerSandbox(Sandbox):
    """Runs programs in a container of its own; see the module.

    Args:
        workers: how many programs run at once; default: the cores this process may use.
        limits: of every run that gives none. The container's are these times `workers`: a run that asks for more than
            these does so at the expense of the others.
        image: name of an image that the daemon has, with a `python3` of at least 3.9; default: one made of this
            machine's interpreter, with NumPy where that is installed.

    Raises:
        ConfigError: `workers` is not positive, or there is no such image.
        MissingDependencyError: the docker SDK is not installed.
        IsolationError: no daemon answers, or it cannot start the container; the message says what mends it.
    """

    name = "docker"

    def __init__(self, workers: int | None = None, limits: Limits | None = None, *, image: str | None = None) -> None:
        if workers is not None and workers < 1:
            raise ConfigError(f"workers is {workers}; expected at least 1, or None for the number of cores")
        self.workers = workers or len(os.sched_getaffinity(0))
        self.limits = limits or Limits()
        self._image = image or _image_of_this_machine()
        self._starting = threading.Lock()
        self._container: Container | None = self._start()
        _sandboxes.add(self)

    def close(self) -> None:
        """End the container and remove it; calling it again does nothing."""
        with self._starting:
            container, self._container = self._container, None
        if container is not None:
            container.close()

    def _connect_worker(self) -> socket.socket:
        """Our end of the socket that a fresh launcher in the container inherits; see `Container.connect_worker`.

        A container that ended (the machine ran short of memory, somebody removed it) is replaced by another one, and so
        is, in the child of a fork, the parent's.

        Raises:
            SandboxError: no worker could be started, or the sandbox is closed.
        """
        container = self._usable()
        try:
            return container.connect_worker()
        except SandboxError:
            if container.usable:
                raise
        return self._usable().connect_worker()

    def _usable(self) -> Container:
        with self._starting:
            if self._container is None:
                raise SandboxError("the docker sandbox is closed; open another with open_sandbox('docker')")
            if not self._container.usable:
                self._container = self._start()
            return self._container

    def _start(self) -> Container:
        return Container(connect(), self._image, self.workers, self.limits)


def _image_of_this_machine() -> str:
    with closing(connect()) as client:
        return worker_image(client)


_sandboxes: weakref.WeakSet[DockerSandbox] = weakref.WeakSet()


def _after_fork() -> None:
    """In the child of a fork: another thread of the parent may have held the lock."""
    for sandbox in list(_sandboxes):
        sandbox._starting = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
