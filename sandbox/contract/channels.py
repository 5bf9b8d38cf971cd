"""What a spawned program and we can say to each other."""

from __future__ import annotations

import os
import time

from assaygym.sandbox.base import ExecStatus, Limits, Sandbox
from assaygym.sandbox.contract.promises import Contract, promises
from assaygym.sandbox.contract.runs import DESCRIPTORS

ECHO = """
import socket
wire = socket.socket(fileno=3).makefile("rwb")
while header := wire.read(4):
    wire.write(header + wire.read(int.from_bytes(header, "big"))[::-1])
    wire.flush()
print("bye")
"""
"""A program that answers every message with its bytes reversed, until we close the channel."""


@promises("message_channel")
class ChannelContract(Contract):
    """Of `spawn` and `Process`."""

    def test_messages_go_both_ways(self, sandbox: Sandbox) -> None:
        """Empty, small and large ones, in order."""
        process = sandbox.spawn(ECHO)
        for message in (b"abc", b"", bytes(range(256)) * 4000, b"z"):
            process.send(message)
            assert process.recv(10) == message[::-1]
        result = process.finish()
        assert (result.status, result.stdout) == (ExecStatus.OK, "bye\n")
        assert process.recv(1) is None
        assert process.finish() is result

    def test_a_spawned_program_that_floods_stdout_still_answers(self, sandbox: Sandbox) -> None:
        """Its streams are emptied while we talk."""
        noisy = ECHO.replace("wire.flush()", "wire.flush(); print('x' * 300_000)")
        process = sandbox.spawn(noisy)
        for _ in range(5):
            process.send(b"ab")
            assert process.recv(10) == b"ba"
        assert len(process.finish().stdout) == 5 * 300_001 + 4

    def test_two_that_both_send_much_do_not_deadlock(self, sandbox: Sandbox) -> None:
        """We send while the program does not read but send."""
        program = (
            "import socket; s = socket.socket(fileno=3); n = 3_000_000\n"
            "s.sendall(n.to_bytes(4, 'big') + b'p' * n)\nprint(len(s.makefile('rb').read(n + 4)))"
        )
        process = sandbox.spawn(program)
        process.send(b"h" * 3_000_000, timeout=10)
        assert process.recv(10) == b"p" * 3_000_000
        assert process.finish().stdout == "3000004\n"

    def test_a_library_is_there_for_each_program_as_it_was_for_the_first(self, sandbox: Sandbox) -> None:
        """Under its name, with nothing of another program's doing."""
        library = (
            "import os\nseen = []\ndef tell():\n    os.write(3, bytes([0, 0, 0, 1, len(seen)]))\n    seen.append(1)"
        )
        program = "import library, os\nlibrary.tell()\nlibrary.seen.append(2)\nlibrary.tell()\nos.read(3, 1)"
        for _ in range(3):
            process = sandbox.spawn(program, library=library)
            assert [process.recv(10), process.recv(10)] == [b"\x00", b"\x02"]
            assert process.finish().status is ExecStatus.OK

    def test_without_a_program_the_main_function_of_the_library_is_called(self, sandbox: Sandbox) -> None:
        """In a worker that has rehearsed, where the library can do that; what it left is there."""
        library = (
            "import os, sys\ndone = []\ndef rehearse(): done.append(1)\n"
            "def main():\n    os.write(3, bytes([0, 0, 0, 1, len(done)]))\n    done.append(2)\n    sys.exit(7)"
        )
        for _ in range(2):
            process = sandbox.spawn("", library=library)
            assert process.recv(10) == b"\x01"
            assert process.finish().exit_code == 7

    def test_one_can_wait_for_the_end_and_receive_after_it(self, sandbox: Sandbox) -> None:
        """What it sent is not lost, and ending it anew changes nothing."""
        process = sandbox.spawn("import os\nos.read(3, 1)\nos.write(3, bytes([0, 0, 0, 1, 65]) * 2)")
        assert not process.wait(0.05)
        process.send(b"")
        assert process.wait(10)
        assert [process.recv(1), process.recv(1), process.recv(1)] == [b"A", b"A", None]
        assert process.kill().status is ExecStatus.OK
        assert process.wait(0)

    def test_a_program_without_the_library_does_not_find_another_ones(self, sandbox: Sandbox) -> None:
        """Workers that have one ready are used for nothing else."""
        sandbox.spawn("import library", library="x = 1").finish()
        for library in ("", "y = 2"):
            process = sandbox.spawn("import library\nlibrary.x", library=library)
            assert process.finish().status is ExecStatus.NONZERO_EXIT

    def test_recv_is_none_when_nothing_comes_in_time(self, sandbox: Sandbox) -> None:
        """And the program may still answer later."""
        process = sandbox.spawn(ECHO)
        start = time.monotonic()
        assert process.recv(0.1) is None
        assert 0.09 <= time.monotonic() - start < 5
        process.send(b"ab")
        assert process.recv(10) == b"ba"
        process.kill()

    def test_recv_is_none_for_broken_or_overlong_framing(self, sandbox: Sandbox) -> None:
        """Also when the program ends in the middle of a message."""
        for sent in ("b'\\0\\0\\0\\x09abc'", "b'\\xff\\xff\\xff\\xffabc'", "b'\\x04\\0\\0\\x01'", "b''"):
            process = sandbox.spawn(f"import socket; socket.socket(fileno=3).sendall({sent})")
            assert process.recv(10) is None, sent
            assert process.finish().status is ExecStatus.OK

    def test_a_message_sent_before_the_end_is_still_received(self, sandbox: Sandbox) -> None:
        """However the program ended."""
        process = sandbox.spawn("import os; os.write(3, b'\\0\\0\\0\\x02hi'); os.abort()")
        time.sleep(0.3)
        assert (process.recv(10), process.recv(10)) == (b"hi", None)
        assert process.finish().status is ExecStatus.SIGNALED

    def test_sending_to_a_program_that_is_gone_raises_nothing(self, sandbox: Sandbox) -> None:
        """`recv` tells, and so does the result."""
        process = sandbox.spawn("raise SystemExit(3)")
        assert process.recv(10) is None
        process.send(b"x" * 1_000_000)
        assert process.finish().exit_code == 3

    def test_a_program_that_never_reads_does_not_hold_us(self, sandbox: Sandbox) -> None:
        """`send` gives up at its time-out."""
        process = sandbox.spawn("import time; time.sleep(60)")
        start = time.monotonic()
        process.send(b"x" * 5_000_000, timeout=0.2)
        assert time.monotonic() - start < 5
        assert process.kill().signal == 9

    def test_a_killed_program_is_signaled(self, sandbox: Sandbox) -> None:
        """At once, long before its limits."""
        process = sandbox.spawn(
            "print('up', flush=True)\nimport os, time\nos.write(3, b'\\0\\0\\0\\0')\ntime.sleep(60)"
        )
        assert process.recv(10) == b""
        result = process.kill()
        assert (result.status, result.signal, result.stdout) == (ExecStatus.SIGNALED, 9, "up\n")

    def test_a_spawned_program_ends_at_the_wall_limit(self, sandbox: Sandbox) -> None:
        """Whatever we wait for."""
        process = sandbox.spawn("import time; time.sleep(60)", limits=Limits(wall_seconds=0.4))
        assert process.recv(20) is None
        assert process.finish().status is ExecStatus.TIMEOUT

    def test_a_spawned_program_inherits_its_channel_and_no_other_descriptor(self, sandbox: Sandbox) -> None:
        """3, beside the standard ones."""
        with open(os.devnull) as file:
            os.set_inheritable(file.fileno(), True)
            assert sandbox.spawn(DESCRIPTORS).finish().stdout.split() == ["0", "1", "2", "3"]
