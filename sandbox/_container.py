"""One container that lives as long as its owner and starts workers on demand. Theory of operation in `docker.py`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from assaygym.errors import ConfigError, IsolationError, MissingDependencyError, SandboxError
from assaygym.sandbox._confinement import USER, options
from assaygym.sandbox._helper import native_helper
from assaygym.sandbox.base import Limits
from assaygym.sandbox.guest.container import FULL, STARTED

GUEST = Path(__file__).parent / "guest"
GUEST_THERE = "/run/assaygym/guest"
HOST_THERE = "/run/assaygym/host"
HELPER_THERE = "/run/assaygym/clone.so"
"""Where `native_helper` is shown, if there is one."""
COMMAND = ("python3", "-I", "-S", "-B", f"{GUEST_THERE}/launcher.py")
SOCKET = "line"
START_SECONDS = 60.0
REPLY_SECONDS = 60.0
FULL_SECONDS = 5.0
"""How long to wait for a place among the container's processes."""
REMOVE_SECONDS = 30
DAEMON = "unix:///var/run/docker.sock"
START_ONE = (
    "start one with scripts/docker.sh or systemctl start docker, as root; talking with it takes root or group docker"
)


class Container:
    """A running container and the line to its first process, which ends when the line does.

    It is removed by `close`, when this object is collected, and when this process ends in whatever way. In the child of
    a fork it is nobody's: `usable` is False there.

    Args:
        client: a `docker.DockerClient` that nobody else uses: it is closed with the container.
        image: with a `python3` of at least 3.9.
        workers: how many will be alive at once; the container's limits are those of all of them together.
        limits: of one worker's program.
        guest: folder with `container.py` and `launcher.py`, shown to the container.

    Raises:
        ConfigError: the daemon has no such image.
        IsolationError: the daemon cannot start the container, or it does not get through to us.
    """

    def __init__(self, client: Any, image: str, workers: int, limits: Limits, guest: Path = GUEST) -> None:
        self._lock = threading.Lock()
        self._line, name = _start(client, image, options(client.info(), workers, limits), guest)
        self.id = name
        self._end = weakref.finalize(self, _end, client, self._line, name, os.getpid())
        _containers.add(self)

    @property
    def usable(self) -> bool:
        """Whether it can take orders: not after `close`, its end, or a fork."""
        return self._line.fileno() >= 0

    def connect_worker(
        self,
        *arguments: str,
        script: str = "launcher.py",
        flags: Sequence[str] = ("-I", "-S", "-B"),
        environment: Mapping[str, str] | None = None,
        folder: str = "",
    ) -> tuple[socket.socket, BinaryIO]:
        """A fresh launcher in the container: `python3 FLAGS SCRIPT ARGUMENTS DESCRIPTOR`.

        Args:
            arguments: before the last, which is the number of the descriptor that it inherits.
            script: its name in the guest folder.
            flags: of the interpreter.
            environment: all of its variables, but PATH and LD_LIBRARY_PATH, which are the image's unless given here.
            folder: to be made for it, and removed when it has ended; "" for none.

        Returns:
            Our end of the stream socket that it inherits, and the reading end of its stderr. The socket is the worker's
            leash as well: when all copies of our end are closed, the launcher and its process group are killed; when
            the launcher ends in whatever way, its group is killed and then the socket is at its end.

        Raises:
            SandboxError: it could not be started; the container has ended if `usable` is False now.
        """
        order = {
            "script": script,
            "arguments": arguments,
            "flags": flags,
            "environment": dict(environment or {}),
            "folder": folder,
        }
        end = time.monotonic() + FULL_SECONDS
        while True:
            ours, theirs = socket.socketpair()
            reading, writing = os.pipe()
            with theirs, os.fdopen(writing, "wb", buffering=0) as stderr:
                answer = self._give(json.dumps(order).encode(), [theirs.fileno(), stderr.fileno()])
            words = os.fdopen(reading, "rb")
            if answer == STARTED:
                return ours, words
            ours.close()
            words.close()
            if answer != FULL or time.monotonic() > end:
                raise SandboxError(f"no worker started in the container {self.id[:12]}: {answer.decode()}")
            time.sleep(0.02)  # what was killed a moment ago is about to be gone

    def _give(self, order: bytes, descriptors: list[int]) -> bytes:
        """Hand an order and what belongs to it to the container; returns its answer."""
        try:
            with self._lock:
                socket.send_fds(self._line, [order], descriptors)
                if answer := self._line.recv(1024):
                    return answer
            reason = "it has ended"
        except OSError as error:
            reason = str(error)
        self._line.close()
        return f"it takes no orders any more: {reason}".encode()

    def _let_go(self) -> None:
        self._lock = threading.Lock()
        self._line.close()

    def close(self) -> None:
        """End the container with everything in it, and wait until it is removed; calling it again does nothing."""
        self._end()


def connect() -> Any:
    """A client of the daemon that DOCKER_HOST names, by default the one of this machine.

    Raises:
        MissingDependencyError: the docker SDK is not installed.
        IsolationError: no daemon answers.
    """
    try:
        import docker
        from docker.errors import DockerException
    except ImportError:
        raise MissingDependencyError.of("docker", "docker", "the docker sandbox") from None
    address = os.environ.get("DOCKER_HOST") or DAEMON
    try:
        _knock(address)
        return docker.from_env()
    except (OSError, DockerException) as error:
        raise IsolationError(f"no docker daemon answers at {address} ({error}); {START_ONE}") from error


def _knock(address: str) -> None:
    """See whether somebody listens; the SDK, where nobody does, forgets to close its socket."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as daemon:
            daemon.connect(address.removeprefix("unix://"))


def _start(client: Any, image: str, settings: dict[str, Any], guest: Path) -> tuple[socket.socket, str]:
    """Start the container; returns the line to it, and its id."""
    from docker.errors import APIError

    with _listening() as (listener, folder):
        mounts = [_shown(str(guest), GUEST_THERE), _shown(folder, HOST_THERE)]
        if helper := native_helper():
            mounts.append(_shown(helper, HELPER_THERE))
        container = _create(client, image, settings, mounts)
        try:
            container.start()
            return _accept(listener, container, image), container.id
        except BaseException as error:
            with suppress(APIError):
                container.remove(force=True)
            if isinstance(error, APIError):
                raise IsolationError(f"the docker daemon does not start {image!r}: {error}") from error
            raise


def _create(client: Any, image: str, settings: dict[str, Any], mounts: list[Any]) -> Any:
    from docker.errors import APIError, ImageNotFound
    from docker.types import LogConfig, Ulimit

    try:
        return client.containers.create(
            image,
            entrypoint=[*COMMAND, "container", f"{HOST_THERE}/{SOCKET}"],
            mounts=mounts,
            log_config=LogConfig(type="none"),
            ulimits=[Ulimit(name="core", soft=0, hard=0)],
            **settings,
        )
    except ImageNotFound as error:
        raise ConfigError(f"the docker daemon has no image {image!r}; docker pull it, or give another") from error
    except APIError as error:
        raise IsolationError(f"the docker daemon makes no container of {image!r}: {error}") from error


def _shown(folder: str, target: str) -> Any:
    from docker.types import Mount

    return Mount(target, folder, type="bind", read_only=True)


@contextmanager
def _listening() -> Iterator[tuple[socket.socket, str]]:
    """A socket in a folder to be shown to the container, and the folder. Both vanish when the container has called."""
    private = tempfile.mkdtemp(prefix="assaygym-")  # other users of this machine cannot look in
    try:
        folder = os.path.join(private, "host")
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        directory = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
                listener.bind(f"/proc/self/fd/{directory}/{SOCKET}")  # whatever the length of the folder's name
                os.chmod(os.path.join(folder, SOCKET), 0o666)
                listener.listen(1)
                yield listener, folder
        finally:
            os.close(directory)
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _accept(listener: socket.socket, container: Any, image: str) -> socket.socket:
    """The call of the container's first process.

    Raises:
        IsolationError: it ended first, or nothing came in time.
    """
    listener.settimeout(0.25)
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with suppress(TimeoutError):
            line, _ = listener.accept()
            line.settimeout(REPLY_SECONDS)
            return line
        if not _is_running(container):
            raise IsolationError(
                f"a container of {image!r} ended before it was ready. It needs Python 3.9 or newer, and its user "
                f"{USER} has to be able to read {GUEST}. Look with: docker run "
                f"--rm --entrypoint python3 {image} --version"
            )
    raise IsolationError(
        f"the container did not call within {START_SECONDS:.0f} s: the docker daemon has to run on this machine and to "
        f"see the folder {tempfile.gettempdir()} (TMPDIR names another)"
    )


def _is_running(container: Any) -> bool:
    from docker.errors import NotFound

    try:
        container.reload()
    except NotFound:
        return False
    return bool(container.status == "running")


def _end(client: Any, line: socket.socket, name: str, owner: int) -> None:
    """End the line, and so the container; wait until the daemon has removed it."""
    line.close()
    if os.getpid() != owner:
        return
    from docker.errors import APIError

    try:
        container = client.containers.get(name)
        try:
            container.wait(condition="removed", timeout=REMOVE_SECONDS)
        except OSError:
            container.remove(force=True)
    except (APIError, OSError):
        pass  # it is removed, or the daemon is gone, which removes it when it is back
    finally:
        client.close()


_containers: weakref.WeakSet[Container] = weakref.WeakSet()


def _after_fork() -> None:
    """In the child of a fork: as long as it held the line, the container would outlive the parent."""
    for container in list(_containers):
        container._let_go()


os.register_at_fork(after_in_child=_after_fork)
