"""A host with things to steal and to harm, and the means to see whether they were touched."""

from __future__ import annotations

import os
import secrets
import selectors
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 3.0
"""How long processes that were killed may take to be gone."""


class Host:
    """A context manager: a secret in a file, in the environment and behind five servers, and an open folder."""

    def __init__(self) -> None:
        self.secret = f"SECRET-{secrets.token_hex(16)}"
        self.mark = f"am-{secrets.token_hex(4)}"
        """The name by which a process that outlives its run is recognised; short enough for the kernel."""
        self.variable = f"ASSAYGYM_TEST_{secrets.token_hex(4).upper()}"
        self.contacts: list[str] = []
        self._stack = ExitStack()
        self._selector = selectors.DefaultSelector()
        self._quit, self._told = socket.socketpair()

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="assay-host-"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.out = self.folder / "out"
        self.out.mkdir()
        self.file = self.folder / "secret.txt"
        self.file.write_text(self.secret)
        for path, mode in ((self.folder, 0o755), (self.out, 0o777), (self.file, 0o644)):
            path.chmod(mode)
        os.environ[self.variable] = self.secret
        self._stack.callback(os.environ.pop, self.variable, None)
        self._open_servers()
        thread = threading.Thread(target=self._serve, daemon=True)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(self._quit.send, b"q")
        self._before = self._state()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._quit.close()
        self._told.close()
        self._selector.close()

    def fill(self, program: str) -> str:
        """The program with its placeholders replaced."""
        values = {
            "SECRET_FILE": self.file,
            "SECRET_ENV": self.variable,
            "OUT_DIR": self.out,
            "TCP_PORT": self.tcp,
            "UDP_PORT": self.udp,
            "UNIX_PATH": self.unix,
            "ABSTRACT": self.abstract,
            "MARK": self.mark,
            "HOST_PID": os.getpid(),
            "PACKAGE": ROOT,
        }
        for name, value in values.items():
            program = program.replace(f"{{{{{name}}}}}", str(value))
        return program

    def steady(self) -> None:
        """Take the present state as the one that must stay: to be called when the sandbox is open and warm."""
        self._before = self._state()

    def harm(self) -> list[str]:
        """What was done to the host since `steady`; waits a little for what is about to end."""
        found = [f"a server was contacted: {contact}" for contact in self.contacts]
        if os.listdir(self.out):
            found.append(f"the open folder holds {os.listdir(self.out)}")
        if self.file.read_text() != self.secret or self.file.stat().st_mode & 0o777 != 0o644:
            found.append("the secret file was changed")
        left: list[str] = []

        def settled() -> bool:
            left[:] = self._differences() + [f"a process of the run is alive: {number}" for number in marked(self.mark)]
            return not left

        eventually(settled)
        return found + left

    def undo(self) -> None:
        """Forget what was noted and remove what an attack without a sandbox left."""
        self.contacts.clear()
        for number in marked(self.mark):
            os.kill(number, 9)
        for path in self.out.iterdir():
            path.unlink()

    def _differences(self) -> list[str]:
        now = self._state()
        return [f"{name}: {was} before, {now[name]} now" for name, was in self._before.items() if now[name] != was]

    def _state(self) -> dict[str, object]:
        return {
            "descriptors of the host's process": len(os.listdir("/proc/self/fd")),
            "working directory and umask": (os.getcwd(), _umask()),
            "living descendants": len(descendants()),
            "mounts": [line for line in Path("/proc/self/mounts").read_text().splitlines() if "docker" not in line],
            "host name": socket.gethostname(),
        }

    def _open_servers(self) -> None:
        self.unix = self.folder / "socket"
        self.abstract = f"assay-{secrets.token_hex(6)}"
        stream = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
        self.tcp = int(stream[0].getsockname()[1])
        if socket.has_dualstack_ipv6():
            stream.append(socket.create_server(("::1", self.tcp), family=socket.AF_INET6))
        stream[1].bind(str(self.unix))
        self.unix.chmod(0o777)
        stream[2].bind(f"\0{self.abstract}")
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", 0))
        self.udp = int(datagrams.getsockname()[1])
        for server in (*stream, datagrams):
            self._stack.enter_context(server)
            if server is not datagrams:
                server.listen()
            self._selector.register(server, selectors.EVENT_READ)
        self._selector.register(self._told, selectors.EVENT_READ)

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                server = key.fileobj
                assert isinstance(server, socket.socket)
                if server is self._told:
                    return
                self.contacts.append(str(server.getsockname()))
                if server.type is socket.SOCK_DGRAM:
                    server.sendto(self.secret.encode(), server.recvfrom(99)[1])
                else:
                    with server.accept()[0] as client, suppress(BrokenPipeError, ConnectionResetError):
                        client.sendall(self.secret.encode())


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds or patience is over."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)


def _umask() -> int:
    now = os.umask(0o022)
    os.umask(now)
    return now


def descendants() -> list[int]:
    """The living processes below this one."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state not in "ZX":
            parents[int(folder.name)] = int(parent)
    found, level = [], {os.getpid()}
    while level:
        level = {number for number, parent in parents.items() if parent in level}
        found += sorted(level)
    return found


def marked(mark: str) -> list[int]:
    """The processes of this machine that bear the mark as their name or in their arguments."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        try:
            text = (folder / "comm").read_text() + (folder / "cmdline").read_text(errors="replace")
            alive = (folder / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            continue
        if alive and mark in text:
            found.append(int(folder.name))
    return found
