"""How a program ends: as the interpreter that it was written for ends it."""

from __future__ import annotations

from assaygym.sandbox.base import ExecStatus, Limits, Sandbox
from assaygym.sandbox.contract.promises import Contract

EXITS = {
    "sys.exit()": (0, ""),
    "sys.exit(None)": (0, ""),
    "sys.exit(0)": (0, ""),
    "sys.exit(False)": (0, ""),
    "sys.exit(True)": (1, ""),
    "sys.exit(256 + 3)": (3, ""),
    "sys.exit(-1)": (255, ""),
    "sys.exit('a reason')": (1, "a reason\n"),
    "sys.exit((1, 2))": (1, "(1, 2)\n"),
    "raise type('Mine', (SystemExit,), {})(5)": (5, ""),
    "threading.Thread(target=sys.exit, args=(9,)).start()": (0, ""),
}
"""Statement to exit code and standard error."""
LATE = """
import atexit, threading, time
def work():
    time.sleep(0.2)
    print("thread")
class Last:
    def __del__(self): print("deleted")
atexit.register(print, "registered first")
atexit.register(print, "registered last")
threading.Thread(target=work).start()
last = Last()
print("body")
"""


class EndingContract(Contract):
    """Of exit codes, late output and tracebacks."""

    def test_every_way_to_exit_has_its_code(self, sandbox: Sandbox) -> None:
        """As `python3 main.py` has it."""
        for statement, (code, stderr) in EXITS.items():
            result = sandbox.run(f"import sys, threading\ntry: {statement}\nfinally: print('last')")
            expected = ExecStatus.NONZERO_EXIT if code else ExecStatus.OK
            assert (result.status, result.exit_code) == (expected, code), statement
            assert (result.stdout, result.stderr) == ("last\n", stderr), statement

    def test_what_comes_late_is_still_done(self, sandbox: Sandbox) -> None:
        """Threads end first, then exit functions from last to first, then objects."""
        result = sandbox.run(LATE)
        assert (result.status, result.stderr) == (ExecStatus.OK, "")
        assert result.stdout == "body\nthread\nregistered last\nregistered first\ndeleted\n"

    def test_daemon_threads_are_not_waited_for(self, sandbox: Sandbox) -> None:
        """The program ends without them."""
        program = """
import threading, time
def forever():
    time.sleep(60)
    print("never")
threading.Thread(target=forever, daemon=True).start()
print("body")
"""
        result = sandbox.run(program, limits=Limits(wall_seconds=30))
        assert (result.status, result.stdout) == (ExecStatus.OK, "body\n")

    def test_exit_functions_run_after_a_failure_too(self, sandbox: Sandbox) -> None:
        """But not after `os._exit`."""
        program = "import atexit, os\natexit.register(print, 'late')\n{}"
        assert sandbox.run(program.format("1 / 0")).stdout == "late\n"
        assert sandbox.run(program.format("exit(2)")).stdout == "late\n"
        assert sandbox.run(program.format("os._exit(2)")).stdout == ""

    def test_files_on_descriptor_1_are_written_out_at_the_end(self, sandbox: Sandbox) -> None:
        """Whichever way the program opened it."""
        text = sandbox.run("kept = open(1, 'w', closefd=False)\nkept.write('text')")
        bare = sandbox.run("import os\nkept = os.fdopen(os.dup(1), 'wb')\nkept.write(b'bytes')")
        assert (text.stdout, bare.stdout) == ("text", "bytes")

    def test_a_program_may_close_its_streams(self, sandbox: Sandbox) -> None:
        """What it wrote before is there, and nothing fails."""
        for close in ("sys.stdout.close()", "sys.stdout.flush(); os.close(1)", "sys.stderr.close()", "os.close(2)"):
            result = sandbox.run(f"import os, sys\nprint('x')\n{close}")
            assert (result.status, result.stdout, result.stderr) == (ExecStatus.OK, "x\n", ""), close

    def test_a_traceback_shows_the_source_of_every_line(self, sandbox: Sandbox) -> None:
        """Of the program and of its modules, causes included."""
        files = {"helper.py": b"def call(f):\n    return f()  # in the helper\n"}
        program = """import helper
def inner():
    return {}["key"]  # the cause
try:
    helper.call(inner)  # the call
except KeyError as error:
    raise ValueError("told") from error  # the end
"""
        result = sandbox.run(program, files=files)
        assert result.status is ExecStatus.NONZERO_EXIT
        for comment in ("# in the helper", "# the cause", "# the call", "# the end", "direct cause"):
            assert result.stderr.count(comment) == 1, comment
        assert result.stderr.endswith("ValueError: told\n")
        assert result.stderr.count("File ") == 4

    def test_a_syntax_error_shows_its_line(self, sandbox: Sandbox) -> None:
        """And the program has not begun."""
        result = sandbox.run("print('begun')\nx = (1,\ny = 2]\n")
        assert (result.status, result.exit_code, result.stdout) == (ExecStatus.NONZERO_EXIT, 1, "")
        assert "y = 2]" in result.stderr
        assert "SyntaxError" in result.stderr

    def test_recursion_ends_as_in_any_interpreter(self, sandbox: Sandbox) -> None:
        """At the same depth or nearly so, and deeper where the program asks for that."""
        program = "import sys\ndef f(n): return n and 1 + f(n - 1)\n{}"
        assert sandbox.run(program.format("print(f(950))")).stdout == "950\n"
        beyond = sandbox.run(program.format("f(1000)"))
        assert (beyond.status, beyond.exit_code) == (ExecStatus.NONZERO_EXIT, 1)
        assert "RecursionError: maximum recursion depth exceeded" in beyond.stderr
        assert sandbox.run(program.format("sys.setrecursionlimit(9999); print(f(9000))")).stdout == "9000\n"

    def test_an_interrupt_that_nobody_handles_is_a_signal(self, sandbox: Sandbox) -> None:
        """With the traceback of a `KeyboardInterrupt`."""
        result = sandbox.run("import os, signal\nos.kill(os.getpid(), signal.SIGINT)")
        assert (result.status, result.signal) == (ExecStatus.SIGNALED, 2)
        assert "KeyboardInterrupt" in result.stderr

    def test_a_program_that_ends_well_in_its_last_moment_is_ok(self, sandbox: Sandbox) -> None:
        """Its limits are not those of the machine that runs it."""
        result = sandbox.run("import time; time.sleep(0.5)", limits=Limits(wall_seconds=5))
        assert (result.status, result.exit_code) == (ExecStatus.OK, 0)
