"""What a program notices of not being started by `python3 main.py`: nothing that an honest one looks at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assaygym.sandbox import Limits, Sandbox

NOISE = "import sys; sys.stdout.write('begun\\n')\n"
PROGRAMS = {
    "a large exit code": "raise SystemExit(2**70)",
    "a large negative exit code": "raise SystemExit(-(2**70))",
    "the largest exit code of C": "raise SystemExit(2**63 - 1)",
    "the smallest exit code of C": "raise SystemExit(-(2**63))",
    "an exit code of one byte more": "raise SystemExit(257)",
    "an exit text": "raise SystemExit('sorry')",
    "an exit tuple": "raise SystemExit((1, 2))",
    "a true exit": "raise SystemExit(True)",
    "an exit with a code that fails to print": "class A:\n  def __str__(self): 1 / 0\nraise SystemExit(A())",
    "an exit by a float": "raise SystemExit(2.5)",
    "an interrupt": "raise KeyboardInterrupt",
    "an interrupt that a hook tells": "import sys\nsys.excepthook = lambda *a: print('hook')\nraise KeyboardInterrupt",
    "a group": "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])",
    "a note": "e = ValueError('v'); e.add_note('note'); raise e",
    "a cause": "try: 1 / 0\nexcept ZeroDivisionError as e: raise ValueError('x') from e",
    "a thread that fails": "import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
    "what fails too late to be raised": (
        "import atexit, sys\n"
        "sys.unraisablehook = lambda lost: print('lost', lost.exc_type, lost.exc_value)\n"
        "class A:\n  def __del__(self): raise ValueError('late')\n"
        "atexit.register(lambda: sys.exit(9)); atexit.register(lambda: 1 / 0)\n"
        "a = A()"
    ),
    "a closed stdout": "import sys; sys.stdout.close()",
    "a stdout of None": "import sys; sys.stdout = None",
    "a warning": "import warnings; warnings.warn('careful'); warnings.warn('old', DeprecationWarning)",
    "a warning of the compiler": "x = 1 is 1",
    "a signal for the first thread": (
        "import signal, threading, time\n"
        "signal.signal(signal.SIGUSR2, lambda *a: print('got'))\n"
        "t = threading.Thread(target=lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR2))\n"
        "t.start(); t.join(); time.sleep(0.05)"
    ),
    "numbers of threads": (
        "import os, threading\nprint(threading.get_native_id() == os.getpid() == threading.main_thread().native_id)"
    ),
    "numbers of threads after a fork": (
        "import os, threading\n"
        "if not os.fork(): print(threading.get_native_id() == os.getpid()); raise SystemExit\n"
        "os.wait(); print(threading.main_thread().native_id == os.getpid())"
    ),
    "processors of the first thread": (
        "import ctypes\n"
        "libc = ctypes.CDLL(None); libc.pthread_self.restype = ctypes.c_void_p\n"
        "room = ctypes.create_string_buffer(128)\n"
        "own = ctypes.c_void_p(libc.pthread_self())\n"
        "print(libc.pthread_getaffinity_np(own, 128, room), libc.pthread_setaffinity_np(own, 128, room))"
    ),
    "signals": (
        "import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, []))\n"
        "print([signal.getsignal(number) for number in range(1, 32)])"
    ),
    "streams": (
        "import sys\n"
        "for s in (sys.stdin, sys.stdout, sys.stderr):\n"
        "  print(s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.write_through, s.newlines, s.isatty())"
    ),
    "names": "print(sorted(globals()), __name__, __spec__, __doc__, __package__)",
    "builtins": "import builtins; print(sorted(dir(builtins)))",
    "arguments": "import sys; print(sys.argv[1:], len(sys.argv))",
    "filters of warnings": "import warnings; print(warnings.filters)",
    "settings": (
        "import sys, gc, faulthandler\n"
        "print(sys.getswitchinterval(), gc.isenabled(), gc.get_threshold(), sys.gettrace(), faulthandler.is_enabled())"
    ),
    "deep recursion": "def f(n):\n  return n if n == 0 else f(n - 1)\nprint(f(900))\nf(10**5)",
    "input by lines": "import sys\nprint(input()); print(sys.stdin.readline()); print(sys.stdin.buffer.read())",
    "input that UTF-8 does not know": "import sys; print(ascii(sys.stdin.read()))",
    "the end of input": "import sys; sys.stdin.read(); input()",
    "a source line that is shown": "def f():\n    return {}['missing']\n\nf()",
    "a syntax error": "x = (1,\n  2",
    "a tab error": "if 1:\n\tx = 1\n        y = 2",
    "an encoding": "# -*- coding: latin-1 -*-\nprint(ascii('é'))",
    "a future": "from __future__ import annotations\ndef f(x: y): pass\nprint(f.__annotations__)",
    "a child that ends so too": "import os\nprint('once', flush=True)\nif os.fork(): os.wait()\nprint('twice')",
    "a lasting thread": (
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()\n"
        "print('main')"
    ),
    "a daemon": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint(1)"
    ),
}
FIRST_LINES = ("an encoding", "a future")
STDIN = "first\nsecond\nthird é\n"


@pytest.fixture(scope="module")
def interpreter(jail: Sandbox) -> str:
    """The interpreter that the jail runs, which may be another than the one of a virtual environment."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_behaves_as_under_the_bare_interpreter(
    jail: Sandbox, interpreter: str, tmp_path: Path, name: str
) -> None:
    program = PROGRAMS[name] if name in FIRST_LINES else NOISE + PROGRAMS[name]
    (tmp_path / "main.py").write_text(program, encoding="utf-8")
    environment = {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"}
    bare = subprocess.run(
        [interpreter, "-s", str(tmp_path / "main.py")],
        input=STDIN.encode(), capture_output=True, check=False, env=environment, cwd=tmp_path,
    )  # fmt: skip
    jailed = jail.run(program, stdin=STDIN, limits=Limits(wall_seconds=5))
    code = jailed.exit_code if jailed.signal is None else -jailed.signal
    shown = (code, jailed.stdout, jailed.stderr.replace("/tmp/main.py", "main.py"))
    expected = (bare.returncode, bare.stdout.decode(), bare.stderr.decode().replace(f"{tmp_path}/main.py", "main.py"))
    assert shown == expected
