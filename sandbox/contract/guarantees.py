"""What only an isolating backend gives; another declares what it does not."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from assaygym.sandbox.base import ExecStatus, Limits, Sandbox
from assaygym.sandbox.contract.promises import Contract, promises

DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(3):
            os.close(number)
        os.execv("/bin/sleep", ["{name}", "20"])
    os._exit(0)
os.wait()
time.sleep(0.3)
"""


def processes_named(name: str) -> list[int]:
    """The processes of this machine whose first argument is `name`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            first = (folder / "cmdline").read_bytes().split(b"\0")[0]
        except OSError:
            continue  # it ended meanwhile
        if first == name.encode():
            found.append(int(folder.name))
    return found


class GuaranteeContract(Contract):
    """Of network, files, processes and space."""

    @promises("no_network")
    def test_guarantee_no_network(self, sandbox: Sandbox) -> None:
        """A server on this machine cannot be reached."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            result = sandbox.run(f"import socket; socket.create_connection(('127.0.0.1', {port}), 2); print('in')")
        assert (result.status, result.stdout) == (ExecStatus.NONZERO_EXIT, "")

    @promises("no_host_files")
    def test_guarantee_no_host_files(self, sandbox: Sandbox) -> None:
        """The source of this very file cannot be read."""
        result = sandbox.run(f"print(len(open({str(Path(__file__).resolve())!r}).read()))")
        assert (result.status, result.stdout) == (ExecStatus.NONZERO_EXIT, "")

    @promises("no_survivors", "child_processes")
    def test_guarantee_no_survivors(self, sandbox: Sandbox) -> None:
        """A process that detached itself is gone when the result is there."""
        name = f"assaygym-daemon-{os.getpid()}-{time.monotonic_ns()}"
        assert sandbox.run(DAEMON.format(name=name)).status is ExecStatus.OK
        left = processes_named(name)
        for number in left:
            os.kill(number, 9)
        assert left == []

    @promises("process_limit", "child_processes")
    def test_guarantee_process_limit(self, sandbox: Sandbox) -> None:
        """No more processes at once than the limit says."""
        program = """
import os
made = 0
try:
    for _ in range(12):
        if os.fork() == 0:
            import time; time.sleep(5)
            os._exit(0)
        made += 1
except OSError:
    pass
print(made)
os.killpg(0, 15)
"""
        result = sandbox.run(program.replace("print(made)", "print(made, flush=True)"), limits=Limits(processes=8))
        assert result.stdout == "7\n"

    @promises("scratch_limit")
    def test_guarantee_scratch_limit(self, sandbox: Sandbox) -> None:
        """All files together take no more than the limit says."""
        program = "for n in range(4): open(str(n), 'wb').write(b'x' * 1_000_000)\nprint('all')"
        result = sandbox.run(program, limits=Limits(file_bytes=2_000_000))
        assert "No space left" in result.stderr
