"""What a run gives: streams, exit codes, files, a clean surrounding; and `run_many` and `close`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox.base import ExecResult, ExecStatus, Job, Limits, Sandbox
from assaygym.sandbox.contract.promises import Contract, promises

DESCRIPTORS = "import os\nfor n in range(256):\n    try: os.fstat(n); print(n)\n    except OSError: pass"
"""Prints the descriptors that it has."""


def refusal(kind: type[Exception], call: Callable[..., object], *arguments: object, **named: object) -> str:
    """The message of the error that a call must raise."""
    try:
        call(*arguments, **named)
    except kind as error:
        return str(error)
    raise AssertionError(f"{call} with {arguments}, {named} raised no {kind.__name__}")


class RunContract(Contract):
    """Of `run`, `run_many` and `close`."""

    def test_a_program_reads_stdin_and_writes_stdout(self, sandbox: Sandbox) -> None:
        """Text goes in and comes out as it is."""
        result = sandbox.run("print(input()[::-1])", stdin="h\u00e9llo\n")
        assert (result.status, result.exit_code, result.signal) == (ExecStatus.OK, 0, None)
        assert (result.stdout, result.stderr, result.truncated) == ("oll\u00e9h\n", "", False)

    def test_an_exit_code_is_reported(self, sandbox: Sandbox) -> None:
        """`exit`, `quit`, `sys.exit` and `os._exit` alike."""
        for program in ("exit(7)", "quit(7)", "raise SystemExit(7)", "import os; os._exit(7)"):
            result = sandbox.run(program)
            assert (result.status, result.exit_code) == (ExecStatus.NONZERO_EXIT, 7), program

    def test_a_traceback_names_main_py_and_the_line(self, sandbox: Sandbox) -> None:
        """An uncaught exception looks as it does everywhere."""
        result = sandbox.run("def f():\n    return 1 / 0\nf()\n")
        assert (result.status, result.exit_code) == (ExecStatus.NONZERO_EXIT, 1)
        assert 'main.py", line 2, in f\n    return 1 / 0' in result.stderr
        assert result.stderr.endswith("ZeroDivisionError: division by zero\n")

    def test_a_signal_is_reported(self, sandbox: Sandbox) -> None:
        """The true one, also for signals that a first process of a namespace would not get."""
        for number in (6, 9, 15):
            result = sandbox.run(f"import os; os.kill(os.getpid(), {number})")
            assert (result.status, result.signal, result.exit_code) == (ExecStatus.SIGNALED, number, None)

    @promises("raw_bytes_output")
    def test_undecodable_output_is_replaced(self, sandbox: Sandbox) -> None:
        """Bytes that are not UTF-8 become U+FFFD."""
        assert sandbox.run("import os; os.write(1, b'a\\xff')").stdout == "a\ufffd"

    def test_text_that_utf8_cannot_encode_is_the_programs_fault(self, sandbox: Sandbox) -> None:
        """A lone surrogate or a NUL in the source is a syntax error there, not an error here."""
        for program in ("# \ud800", "1 +\0"):  # Pythons before 3.11.4 read up to the NUL
            result = sandbox.run(program)
            assert (result.status, result.stdout) == (ExecStatus.NONZERO_EXIT, ""), program
            assert "SyntaxError" in result.stderr

    def test_arguments_and_the_name_of_main(self, sandbox: Sandbox) -> None:
        """The program is `__main__` and sees its arguments."""
        result = sandbox.run("import sys; print(__name__, sys.argv[1:])", argv=["a b", "\u00e9"])
        assert result.stdout == "__main__ ['a b', '\u00e9']\n"

    def test_files_lie_in_the_working_directory(self, sandbox: Sandbox) -> None:
        """Data in sub-folders, and modules that import."""
        files = {"data/in.bin": b"\x00\x01", "helper.py": b"def f(): return 42"}
        result = sandbox.run("import helper; print(helper.f(), open('data/in.bin', 'rb').read())", files=files)
        assert result.stdout == "42 b'\\x00\\x01'\n"

    def test_a_file_name_that_leaves_the_directory_is_refused(self, sandbox: Sandbox) -> None:
        """Before anything is run."""
        for name in ("/etc/x", "../x", "a/../../x", "", ".", "a//b", "a/", "main.py", "a\0b"):
            assert repr(name) in refusal(ConfigError, sandbox.run, "pass", files={name: b""})

    def test_an_unknown_language_is_refused(self, sandbox: Sandbox) -> None:
        """With the names of those supported."""
        message = refusal(ConfigError, sandbox.run, "x", language="cobol")
        assert "cobol" in message
        assert "python" in message

    def test_each_run_starts_clean(self, sandbox: Sandbox) -> None:
        """No file of a run is seen by the next; its own may be there."""
        sandbox.run("open('left', 'w').write('x')")
        assert sandbox.run("import os; print({*os.listdir('.')} - {'main' + '.py'})").stdout == "set()\n"

    def test_hashing_is_the_same_in_every_run(self, sandbox: Sandbox) -> None:
        """So that sets print in one order."""
        program = "print(hash('assay'), list({'a', 'b', 'c', 'd'}))"
        assert sandbox.run(program).stdout == sandbox.run(program).stdout

    def test_the_environment_of_the_host_is_not_inherited(self, sandbox: Sandbox) -> None:
        """Not one of its variables, keys to paid services among them."""
        os.environ["ASSAYGYM_SECRET_OF_THE_TEST"] = "1"
        try:
            seen = sandbox.run("import os; print(*os.environ)").stdout.split()
        finally:
            del os.environ["ASSAYGYM_SECRET_OF_THE_TEST"]
        ours = {"PATH", "HOME", "TMPDIR", "LANG", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "MALLOC_ARENA_MAX"}
        ours |= {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
        assert set(seen) <= {*ours, "LC_CTYPE"}

    def test_no_descriptor_but_the_standard_ones_is_inherited(self, sandbox: Sandbox) -> None:
        """0, 1 and 2."""
        with open(os.devnull) as file:
            os.set_inheritable(file.fileno(), True)
            assert sandbox.run(DESCRIPTORS).stdout.split() == ["0", "1", "2"]

    def test_the_standard_library_and_threads_work(self, sandbox: Sandbox) -> None:
        """What honest programs use."""
        program = """
import asyncio, ctypes, decimal, json, sqlite3, tempfile, threading
threads = [threading.Thread(target=print, args=("t",)) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
with tempfile.TemporaryFile() as f: f.write(b"x")
asyncio.run(asyncio.sleep(0))
"""
        result = sandbox.run(program)
        assert (result.status, result.stderr, result.stdout) == (ExecStatus.OK, "", "t\n" * 8)

    @promises("child_processes")
    def test_programs_start_other_programs(self, sandbox: Sandbox) -> None:
        """A shell, and workers of their own."""
        program = """
import multiprocessing, subprocess
print(subprocess.run(["/bin/sh", "-c", "echo sh"], capture_output=True, text=True).stdout, end="")
with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(abs, [-1, -2]))
"""
        result = sandbox.run(program)
        assert (result.status, result.stderr, result.stdout) == (ExecStatus.OK, "", "sh\n[1, 2]\n")

    @promises("local_limits_named")
    def test_isolation_names_what_was_in_force(self, sandbox: Sandbox) -> None:
        """At least the limits, each once."""
        isolation = sandbox.run("pass").isolation
        assert "rlimits" in isolation
        assert len(set(isolation)) == len(isolation)

    def test_run_many_yields_every_job_once(self, sandbox: Sandbox) -> None:
        """With its own result, whatever the order."""
        jobs = [Job(program=f"print({n}, input())", stdin=str(n)) for n in range(7)]
        seen = dict(sandbox.run_many(jobs))
        outputs = {n: result.stdout for n, result in seen.items() if isinstance(result, ExecResult)}
        assert outputs == {n: f"{n} {n}\n" for n in range(7)}

    def test_run_many_goes_on_whatever_its_programs_do(self, sandbox: Sandbox) -> None:
        """Each has its own end, the others theirs."""
        ends = {
            "pass": ExecStatus.OK,
            "exit(3)": ExecStatus.NONZERO_EXIT,
            "1 +": ExecStatus.NONZERO_EXIT,
            "import os; os.abort()": ExecStatus.SIGNALED,
            "import os; os.kill(os.getpid(), 9)": ExecStatus.SIGNALED,
            "import time; time.sleep(60)": ExecStatus.TIMEOUT,
            "x = bytearray(1 << 40)": ExecStatus.OUT_OF_MEMORY,
            "while True: print('x' * 9999)": ExecStatus.OUTPUT_LIMIT,
        }
        short, long = Limits(wall_seconds=1), Limits(wall_seconds=10)
        jobs = [Job(program=one, limits=short if "sleep" in one else long) for one in (*ends, "print('whole')")]
        seen = dict(sandbox.run_many(jobs))
        found = [result.status for _, result in sorted(seen.items()) if isinstance(result, ExecResult)]
        assert found == [*ends.values(), ExecStatus.OK]

    def test_a_job_that_is_not_usable_is_the_callers_error(self, sandbox: Sandbox) -> None:
        """It says nothing of any program."""
        jobs = [Job(program="pass", files={"../x": b""})]
        assert "'../x'" in refusal(ConfigError, lambda: list(sandbox.run_many(jobs)))

    def test_run_many_looks_ahead_only_so_far(self, sandbox: Sandbox) -> None:
        """An endless source of jobs is taken as results are."""
        taken = 0

        def source() -> Iterator[Job]:
            nonlocal taken
            while True:
                taken += 1
                yield Job(program="pass")

        results = sandbox.run_many(source())
        next(results)
        assert taken < 100
        results.close()  # type: ignore[attr-defined]

    def test_the_network_is_never_promised_in_vain(self, sandbox: Sandbox) -> None:
        """A backend that cannot give it says so."""
        assert "network" in refusal(ConfigError, sandbox.run, "pass", limits=Limits(network=True))

    def test_after_close_nothing_runs(self, sandbox: Sandbox) -> None:
        """A clear error; closing again does nothing."""
        sandbox.close()
        sandbox.close()
        assert "closed" in refusal(SandboxError, sandbox.run, "pass")
        assert "closed" in refusal(SandboxError, sandbox.spawn, "pass")
