"""What happens at each limit."""

from __future__ import annotations

import time

from assaygym.sandbox.base import ExecStatus, Limits, Sandbox
from assaygym.sandbox.contract.promises import Contract, promises


class LimitsContract(Contract):
    """Of CPU time, wall clock, memory, output, standard input and file size."""

    def test_a_sleeping_program_ends_at_the_wall_limit(self, sandbox: Sandbox) -> None:
        """TIMEOUT, soon after the limit, with what it had printed."""
        start = time.monotonic()
        result = sandbox.run("print('here', flush=True); import time; time.sleep(60)", limits=Limits(wall_seconds=1))
        assert (result.status, result.stdout) == (ExecStatus.TIMEOUT, "here\n")
        assert 1 <= result.wall_seconds <= time.monotonic() - start < 10

    def test_a_busy_program_ends_at_the_cpu_limit(self, sandbox: Sandbox) -> None:
        """TIMEOUT, with the CPU time it took."""
        result = sandbox.run("while True: pass", limits=Limits(cpu_seconds=1, wall_seconds=30))
        assert result.status is ExecStatus.TIMEOUT
        assert 0.5 <= result.cpu_seconds < 5

    @promises("child_processes")
    def test_children_count_in_the_cpu_time(self, sandbox: Sandbox) -> None:
        """Work handed to a child is not free."""
        program = "import os, time\nif os.fork() == 0:\n    while time.process_time() < 0.4: pass\nelse: os.wait()"
        assert sandbox.run(program).cpu_seconds >= 0.4

    @promises("cpu_measured")
    def test_waiting_costs_no_cpu_time(self, sandbox: Sandbox) -> None:
        """Which differs from the time on the wall."""
        result = sandbox.run("import time; time.sleep(0.8)")
        assert result.cpu_seconds < 0.5 < result.wall_seconds

    def test_too_much_memory_is_out_of_memory(self, sandbox: Sandbox) -> None:
        """A `MemoryError` that ends the program; one that it handles is its own affair."""
        limits = Limits(memory_bytes=100 << 20)
        assert sandbox.run("x = bytearray(300 << 20)", limits=limits).status is ExecStatus.OUT_OF_MEMORY
        handled = "try: x = bytearray(300 << 20)\nexcept MemoryError: print('ok')"
        assert sandbox.run(handled, limits=limits).status is ExecStatus.OK

    @promises("memory_measured")
    def test_memory_within_the_limit_is_granted_and_measured(self, sandbox: Sandbox) -> None:
        """The whole of the limit can be used."""
        result = sandbox.run("x = b'x' * (100 << 20)", limits=Limits(memory_bytes=100 << 20))
        assert result.status is ExecStatus.OK
        assert result.peak_memory_bytes is not None
        assert 100 << 20 <= result.peak_memory_bytes < 164 << 20

    def test_a_flood_is_cut_at_the_cap_and_ended(self, sandbox: Sandbox) -> None:
        """OUTPUT_LIMIT on either stream, with exactly the capped bytes."""
        for stream in ("stdout", "stderr"):
            program = f"import sys\nwhile True: sys.{stream}.write('x' * 1000)"
            result = sandbox.run(program, limits=Limits(output_bytes=10_000))
            assert (result.status, result.truncated) == (ExecStatus.OUTPUT_LIMIT, True)
            assert getattr(result, stream) == "x" * 10_000

    def test_output_of_just_the_cap_is_whole(self, sandbox: Sandbox) -> None:
        """The cap itself is allowed."""
        result = sandbox.run("print('x' * 9_999)", limits=Limits(output_bytes=10_000))
        assert (result.status, result.truncated, len(result.stdout)) == (ExecStatus.OK, False, 10_000)

    def test_both_streams_together_do_not_deadlock(self, sandbox: Sandbox) -> None:
        """Megabytes on stdout and stderr in turns."""
        program = "import sys\nfor _ in range(2000):\n    sys.stdout.write('o' * 500); sys.stderr.write('e' * 500)"
        result = sandbox.run(program)
        assert (len(result.stdout), len(result.stderr)) == (1_000_000, 1_000_000)

    def test_megabytes_of_stdin_arrive(self, sandbox: Sandbox) -> None:
        """Whole, while the program already writes."""
        result = sandbox.run("import sys\nfor line in sys.stdin: print(len(line))", stdin=("x" * 99 + "\n") * 50_000)
        assert (result.status, result.stdout) == (ExecStatus.OK, "100\n" * 50_000)

    def test_stdin_that_nobody_reads_is_no_fault(self, sandbox: Sandbox) -> None:
        """Whether the program ends or closes its standard input."""
        for program in ("pass", "import os, time; os.close(0); time.sleep(0.1)"):
            assert sandbox.run(program, stdin="x" * 5_000_000).status is ExecStatus.OK

    def test_a_file_beyond_the_limit_is_refused(self, sandbox: Sandbox) -> None:
        """The write fails, as on a full disk."""
        result = sandbox.run("open('f', 'wb').write(b'x' * 3_000_000)", limits=Limits(file_bytes=1_000_000))
        assert "OSError" in result.stderr
        assert "File too large" in result.stderr
