"""What a session gives: state from cell to cell, values, limits that spare the state, an end that is told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

import pytest

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox.base import ExecStatus, Limits, Session
from assaygym.sandbox.contract.promises import Contract, promises
from assaygym.sandbox.contract.runs import refusal

QUICK = Limits(wall_seconds=0.5)


class OpensSessions(Protocol):
    """A `Sandbox`, as far as its sessions go."""

    def session(
        self,
        language: str = "python",
        *,
        files: Mapping[str, bytes] | None = None,
        limits: Limits | None = None,
        seed: int = 0,
    ) -> Session:
        """See `Sandbox.session`."""
        ...


def value(session: Session, code: str) -> str | None:
    """The value of a cell that must run without an error."""
    result = session.run(code)
    assert (result.status, result.stderr) == (ExecStatus.OK, ""), (code, result)
    return result.value


@promises("sessions")
class SessionContract(Contract):
    """Of `Sandbox.session` and `Session.run`, `alive`, `close`. Every method takes the fixture `sandbox`."""

    def test_names_survive_from_cell_to_cell(self, sandbox: OpensSessions) -> None:
        """Variables, functions, imports."""
        with sandbox.session() as session:
            session.run("import math\nx = 20\ndef twice(n): return 2 * n")
            assert value(session, "twice(x) + math.floor(2.5)") == "42"

    def test_the_value_of_the_last_expression_is_returned(self, sandbox: OpensSessions) -> None:
        """As a notebook does: its `repr`, nothing printed, None is no value; `_` names it in the next cell."""
        with sandbox.session() as session:
            result = session.run("print('out')\n'a' + 'b'")
            assert (result.value, result.stdout, result.error) == ("'ab'", "out\n", None)
            assert value(session, "_ * 2") == "'abab'"
            for code in ("x = 1", "None", "", "# nothing", "for i in range(3): i"):
                assert value(session, code) is None, code

    def test_an_exception_is_told_and_keeps_the_state(self, sandbox: OpensSessions) -> None:
        """NONZERO_EXIT, the class in `error`, the cell's own lines in the traceback, and none of ours."""
        with sandbox.session() as session:
            session.run("x = 1")
            result = session.run("x = 2\ndef f():\n    return {}['key']\nf()")
            assert (result.status, result.exit_code, result.error) == (ExecStatus.NONZERO_EXIT, 1, "KeyError")
            assert "in f\n    return {}['key']" in result.stderr
            assert result.stderr.count("File ") == 2
            assert (value(session, "x"), session.alive) == ("2", True)

    def test_what_cannot_be_compiled_is_the_cells_error(self, sandbox: OpensSessions) -> None:
        """Also text that UTF-8 cannot encode, and NUL."""
        with sandbox.session() as session:
            assert session.run("1 +").error == "SyntaxError"
            assert session.run("x = '\0'").status is ExecStatus.NONZERO_EXIT
            assert session.run("# \ud800").status is not ExecStatus.TIMEOUT
            assert value(session, "1") == "1"

    def test_exit_is_an_error_of_the_cell(self, sandbox: OpensSessions) -> None:
        """The session goes on."""
        with sandbox.session() as session:
            for code in ("exit()", "import sys; sys.exit(3)", "raise SystemExit"):
                assert session.run(code).error == "SystemExit", code
            assert value(session, "1") == "1"

    def test_an_exception_in_repr_is_the_cells_error(self, sandbox: OpensSessions) -> None:
        """The value is shown by code of the program."""
        with sandbox.session() as session:
            session.run("class Bad:\n    def __repr__(self): raise OSError('no')")
            assert session.run("Bad()").error == "OSError"

    def test_a_long_value_is_cut_at_the_output_cap(self, sandbox: OpensSessions) -> None:
        """And `truncated` says so."""
        with sandbox.session() as session:
            result = session.run("'x' * 50_000", limits=Limits(output_bytes=10_000))
            assert (len(result.value or ""), result.truncated) == (10_000, True)

    def test_a_cell_can_await(self, sandbox: OpensSessions) -> None:
        """On one event loop for the whole session."""
        with sandbox.session() as session:
            session.run("import asyncio\nevent = asyncio.Event()")
            session.run("task = asyncio.create_task(event.wait())\nawait asyncio.sleep(0)")
            assert value(session, "event.set()\nawait task") == "True"

    def test_a_future_import_holds_for_later_cells(self, sandbox: OpensSessions) -> None:
        """As in an interpreter."""
        with sandbox.session() as session:
            session.run("from __future__ import annotations")
            assert value(session, "def f(x: unknown): ...\nf.__annotations__") == "{'x': 'unknown'}"

    def test_there_is_no_input(self, sandbox: OpensSessions) -> None:
        """`input()` meets the end at once."""
        with sandbox.session() as session:
            assert session.run("input()").error == "EOFError"

    def test_cells_are_the_main_module(self, sandbox: OpensSessions) -> None:
        """So pickling by name and `if __name__ ...` work."""
        with sandbox.session() as session:
            session.run("class A: pass")
            assert (
                value(session, "import pickle; type(pickle.loads(pickle.dumps(A()))) is A, __name__")
                == "(True, '__main__')"
            )

    def test_files_and_the_working_directory_survive(self, sandbox: OpensSessions) -> None:
        """Those given at the start, those written, and modules that a cell wrote."""
        with sandbox.session(files={"data/in.txt": b"given"}) as session:
            assert value(session, "open('data/in.txt').read()") == "'given'"
            session.run("import os\nos.mkdir('sub')\nos.chdir('sub')\nopen('mine.py', 'w').write('n = 7')")
            assert value(session, "import mine; mine.n, os.path.basename(os.getcwd())") == "(7, 'sub')"

    def test_a_session_refuses_a_file_name_that_leaves_the_directory(self, sandbox: OpensSessions) -> None:
        """Before anything is started."""
        for name in ("/etc/x", "../x", "", "a//b"):
            assert repr(name) in refusal(ConfigError, sandbox.session, files={name: b""})

    def test_the_seed_of_a_session_decides_its_random_numbers(self, sandbox: OpensSessions) -> None:
        """The same again with the same seed."""
        seen = []
        for seed in (1, 1, 2):
            with sandbox.session(seed=seed) as session:
                seen.append(value(session, "import random; random.random()"))
        assert seen[0] == seen[1] != seen[2]

    def test_the_seed_decides_the_numbers_of_numpy(self, sandbox: OpensSessions) -> None:
        """Whenever it is imported, in copies as well, which have numbers of their own."""
        draw = "import numpy; numpy.random.rand()"
        seen = []
        for seed in (1, 1, 2):
            with sandbox.session(seed=seed) as session:
                if session.run("import numpy").error == "ModuleNotFoundError":
                    pytest.skip("there is no NumPy")
                copies = session.fork(2)
                seen.append([value(each, draw) for each in (session, *copies)])
                [late] = session.fork(1)
                seen[-1].append(value(late, draw))
                seen[-1].append(value(session, draw))
                for each in (*copies, late):
                    each.close()
        assert seen[0] == seen[1]
        assert len({*seen[0], *seen[2]}) == 10

    def test_threads_and_processes_go_on_between_cells(self, sandbox: OpensSessions) -> None:
        """What they print comes with the next cell."""
        with sandbox.session() as session:
            session.run("import threading, time\ndef late(): time.sleep(0.2); print('late')")
            session.run("t = threading.Thread(target=late); t.start()")
            time.sleep(0.4)
            assert session.run("t.join()").stdout == "late\n"

    def test_output_is_cut_at_the_cap_and_the_state_kept(self, sandbox: OpensSessions) -> None:
        """OUTPUT_LIMIT on either stream, and nothing of the rest in the next cell."""
        with sandbox.session() as session:
            for stream in ("stdout", "stderr"):
                code = f"import sys\nx = '{stream}'\nwhile True: sys.{stream}.write('y' * 1000)"
                result = session.run(code, limits=Limits(output_bytes=10_000))
                assert (result.status, result.truncated) == (ExecStatus.OUTPUT_LIMIT, True)
                assert getattr(result, stream) == "y" * 10_000
                again = session.run("x")
                assert (again.value, again.stdout) == (repr(stream), "")

    def test_a_cell_over_the_wall_limit_is_interrupted_and_the_state_kept(self, sandbox: OpensSessions) -> None:
        """TIMEOUT with what it had printed; handlers run, and the session goes on."""
        with sandbox.session() as session:
            code = "import time\nx = 1\nprint('here', flush=True)\ntry: time.sleep(60)\nfinally: x = 2"
            result = session.run(code, limits=QUICK)
            assert (result.status, result.stdout, session.alive) == (ExecStatus.TIMEOUT, "here\n", True)
            assert 0.5 <= result.wall_seconds < 5
            assert value(session, "x") == "2"

    def test_a_busy_cell_is_interrupted_at_the_cpu_limit(self, sandbox: OpensSessions) -> None:
        """TIMEOUT, the CPU time of the cell alone, and the state kept."""
        with sandbox.session() as session:
            for _ in range(2):
                result = session.run("while True: pass", limits=Limits(cpu_seconds=0.3, wall_seconds=30))
                assert (result.status, session.alive) == (ExecStatus.TIMEOUT, True)
                assert 0.3 <= result.cpu_seconds < 3

    def test_too_much_memory_is_out_of_memory_and_the_state_kept(self, sandbox: OpensSessions) -> None:
        """A `MemoryError` that nobody handles."""
        with sandbox.session(limits=Limits(memory_bytes=100 << 20)) as session:
            assert session.run("x = 1\ny = bytearray(300 << 20)").status is ExecStatus.OUT_OF_MEMORY
            assert value(session, "x") == "1"
            assert value(session, "len(bytearray(60 << 20))") == str(60 << 20)

    def test_a_cell_that_cannot_be_interrupted_ends_the_session(self, sandbox: OpensSessions) -> None:
        """C code that does not look for signals: TIMEOUT now and later, `alive` tells, nothing hangs."""
        with sandbox.session() as session:
            for _ in range(2):
                assert session.run("sum(range(10 ** 14))", limits=QUICK).status is ExecStatus.TIMEOUT
                assert not session.alive
            assert "ended in an earlier cell" in session.run("1").stderr

    def test_a_cell_that_ends_the_interpreter_ends_the_session(self, sandbox: OpensSessions) -> None:
        """With its exit code, now and later, and never OK."""
        for code in (0, 3):
            with sandbox.session() as session:
                result = session.run(f"import os\nprint('last', flush=True)\nos._exit({code})")
                assert (result.status, result.exit_code, result.stdout) == (ExecStatus.NONZERO_EXIT, code, "last\n")
                later = session.run("1")
                assert (later.status, later.exit_code, later.value) == (ExecStatus.NONZERO_EXIT, code, None)
                assert not session.alive

    def test_a_native_crash_is_a_signal(self, sandbox: OpensSessions) -> None:
        """SIGNALED by SIGSEGV."""
        with sandbox.session() as session:
            result = session.run("import ctypes; ctypes.string_at(0)")
            assert (result.status, result.signal) == (ExecStatus.SIGNALED, 11)

    def test_a_cell_names_the_isolation_in_force(self, sandbox: OpensSessions) -> None:
        """At least the limits, each once."""
        with sandbox.session() as session:
            isolation = session.run("1").isolation
        assert "rlimits" in isolation
        assert len(set(isolation)) == len(isolation)

    def test_sessions_do_not_see_each_other(self, sandbox: OpensSessions) -> None:
        """Names and files."""
        with sandbox.session() as one, sandbox.session() as other:
            one.run("x = 1; open('f', 'w').close()")
            assert value(other, "import os; 'x' in globals(), os.path.exists('f')") == "(False, False)"

    def test_a_session_never_promises_the_network_in_vain(self, sandbox: OpensSessions) -> None:
        """A backend that cannot give it says so."""
        assert "network" in refusal(ConfigError, sandbox.session, limits=Limits(network=True))

    def test_a_session_in_an_unknown_language_is_refused(self, sandbox: OpensSessions) -> None:
        """With the names of those supported."""
        message = refusal(ConfigError, sandbox.session, "cobol")
        assert "cobol" in message
        assert "python" in message

    def test_a_closed_session_says_so(self, sandbox: OpensSessions) -> None:
        """Closing again does nothing."""
        session = sandbox.session()
        session.close()
        session.close()
        assert not session.alive
        assert "closed" in refusal(SandboxError, session.run, "1")
        assert "closed" in refusal(SandboxError, session.fork, 1)
