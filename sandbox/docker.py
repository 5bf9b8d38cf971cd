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
4. What the image's interpreter is, which packages it finds and which commands are on its PATH is asked of it once, by
   `guest/survey.py`. Programs run on that interpreter with those packages, and see of the image its /usr and /opt, its
   interpreter's folders and nothing else.
5. Inside, the worker builds the same jail as on this machine: Docker's own profile forbids namespaces, ours allows
   them, and a user namespace needs no privilege. Where the host forbids those as well, the worker shuts itself in by
   Landlock (`_alone.py`), each in a folder of its own in the container's scratch.
6. A container that ended under us is replaced by another, and a run that was lost with it is done again.

What the container adds to the jail is a second boundary that does not rest on ours, and limits that hold for the sum of
all processes. What it costs is its start, a fraction of a second; a run costs what it costs in the jail.

The lists `COVERED` and `NOT_COVERED` below are shown by `assay doctor`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from contextlib import closing

from assaygym.errors import ConfigError, IsolationError, SandboxError, did_you_mean
from assaygym.sandbox._build import Builder
from assaygym.sandbox._container import HELPER_THERE, Container, connect
from assaygym.sandbox._helper import native_helper
from assaygym.sandbox._image import worker_image
from assaygym.sandbox._local import KINDS, MODULES, LocalSandbox
from assaygym.sandbox._order import ENVIRONMENT
from assaygym.sandbox._survey import Surroundings, look_around
from assaygym.sandbox._view import SCRATCH, STDIN_FILE
from assaygym.sandbox._wire import Boot
from assaygym.sandbox._worker import Worker, WorkerLost
from assaygym.sandbox.base import Limits, Sandbox
from assaygym.sandbox.jail import TIERS
from assaygym.sandbox.languages import Language, language

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
    "where the host forbids namespaces in the container: what the jail's tier without them does not cover",
    "memory of one program summed over its processes: programs of one sandbox share the container's",
    "what stands in the image can be read",
)


FLAGS = ("-s", "-S", "-B")


class DockerSandbox(LocalSandbox):
    """Runs programs in a container of its own; see the module.

    The image's `python3` has to be at least 3.9, whatever the version here. Before 3.10 each run costs a quarter of a
    second more: the interpreter closes descriptors one by one.

    Args:
        workers: how many programs run at once; default: the cores this process may use.
        limits: of every run that gives none. The container's are these times `workers`: a run that asks for more than
            these does so at the expense of the others.
        image: name of an image that the daemon has; programs get its packages and the languages whose tools are on its
            PATH. Default: one made of this machine's interpreter, with NumPy where that is installed.
        tier: of the jail inside: "userns", "landlock", or "auto": the first of these that the container can.

    Raises:
        ConfigError: `workers` is not positive, or there is no such image or tier.
        MissingDependencyError: the docker SDK is not installed.
        IsolationError: no daemon answers, or it cannot start the container, or no worker can build its jail in it; the
            message says what mends it.
    """

    name = "docker"
    jailed = True
    stdin_file = STDIN_FILE

    def __init__(
        self,
        workers: int | None = None,
        limits: Limits | None = None,
        *,
        image: str | None = None,
        tier: str = "auto",
    ) -> None:
        if tier not in ("auto", *TIERS):
            raise ConfigError(f"there is no tier {tier!r} of the jail; {did_you_mean(tier, ('auto', *TIERS))}")
        super().__init__(workers, limits)
        self._numbers = itertools.count()
        self._builder = Builder(self._execute, locate=self._locate)
        self._image = image or _image_of_this_machine()
        self._container: Container | None = None
        try:
            self._container, self._there = self._start()
            self._choose(TIERS if tier == "auto" else (tier,))
        except BaseException:
            self.close()
            raise

    def _start_anew(self) -> None:
        self._starting = threading.Lock()
        super()._start_anew()

    def close(self) -> None:
        """End whatever runs and the container, and remove it; calling it again does nothing."""
        super().close()
        with self._starting:
            container, self._container = self._container, None
        if container is not None:
            container.close()

    session = Sandbox.session  # it has none

    def _language(self, name: str) -> Language:
        return language(name, here=False)

    def _locate(self, tool: str) -> str | None:
        return self._there.commands.get(tool)

    def _start_worker(self, kind: str) -> Worker:
        """A new worker.

        A container that ended (the machine ran short of memory, somebody removed it) is replaced by another one, and so
        is, in the child of a fork, the parent's.
        """
        container = self._usable()
        try:
            return self._worker_in(container, kind)
        except SandboxError:
            if container.usable:
                raise
        return self._worker_in(self._usable(), kind)

    def _worker_in(self, container: Container, kind: str) -> Worker:
        alone = self._tier == "landlock"
        scratch = f"{SCRATCH}/{next(self._numbers)}" if alone else SCRATCH
        environment = {name: value for name, value in ENVIRONMENT.items() if name != "PATH"}  # the image's own
        environment.update(HOME=scratch, TMPDIR=scratch)
        folder = scratch if alone else ""
        link, last_words = container.connect_worker("worker", flags=FLAGS, environment=environment, folder=folder)
        return Worker(link, None, self._boot(kind, scratch), last_words)

    def _boot(self, kind: str, scratch: str) -> Boot:
        there, alone = self._there, self._tier == "landlock"
        boot: Boot = {
            "tier": self._tier,
            "view": None if alone else there.view(),
            "host": 0,
            "scratch": scratch,
            "scratch_bytes": self.limits.file_bytes,
            "helper": HELPER_THERE if native_helper() and not alone else "",
            "executable": there.executable,
            "packages": there.packages,
            "modules": [name for name in (*MODULES, *self._imported(kind)) if name in there.modules],
            "library": self._libraries.get(kind, ""),
            "cgroups": [],
            "more_isolation": [self.name],
        }
        return {**boot, "confinement": there.confinement(scratch)} if alone else boot

    def _usable(self) -> Container:
        with self._starting:
            if self._container is None:
                raise SandboxError("the docker sandbox is closed; open another with open_sandbox('docker')")
            if not self._container.usable:
                self._container, self._there = self._start()
            return self._container

    def _start(self) -> tuple[Container, Surroundings]:
        container = Container(connect(), self._image, self.workers, self.limits)
        try:
            return container, look_around(container, [*MODULES, *(name for kind in KINDS.values() for name in kind)])
        except BaseException:
            container.close()
            raise

    def _choose(self, tiers: Sequence[str]) -> None:
        """Take the first tier in which a program runs: what the daemon and the kernel allow is only known by asking."""
        failures = list[str]()
        for tier in tiers:
            self._tier = tier
            self.jailed, self.stdin_file = (True, STDIN_FILE) if tier == "userns" else (False, "")
            try:
                result = self.run("print(6 * 7)")
            except WorkerLost:  # which says nothing of the tier
                raise
            except SandboxError as error:
                failures.append(f"{tier}: {error}")
                continue
            if result.stdout == "42\n":
                return
            failures.append(f"{tier}: a first program ended with {result.status}, {result.stderr!r}")
        raise IsolationError(f"no jail can be built in a container of {self._image!r}; {'; '.join(failures)}")


def _image_of_this_machine() -> str:
    with closing(connect()) as client:
        return worker_image(client)
