"""The last moments: a failure whose telling is disturbed stays a failure, and never becomes a fault of the sandbox.

Where a program ran in an interpreter that was there before it, code that is not its own ends it. That code runs in the
program's own process and under its limits, so what is at stake is the truth of the result, no right of any kind.
"""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import Attack, bomb

FAILED = (ExecStatus.NONZERO_EXIT,)
NO_SUCCESS = (ExecStatus.NONZERO_EXIT, ExecStatus.SIGNALED, ExecStatus.OUT_OF_MEMORY, ExecStatus.TIMEOUT)
NEXT = "print('held')"


def last(name: str, program: str, ends: tuple[ExecStatus, ...] = FAILED, stdout: str | None = "") -> Attack:
    """A program that fails, after it did something to how failures are told."""
    return Attack(name=name, program=program, ends=ends, stdout=stdout, limits=bomb(wall=3, memory_mib=96), after=NEXT)


ATTACKS = (
    last(
        "an end that was replaced by success is a failure",
        "import os\nreal = os._exit\nos._exit = lambda code: real(0)\n1 / 0",
    ),
    last(
        "an end that was replaced by nothing ends",
        "import os, posix, sys\nos._exit = posix._exit = sys.exit = lambda *_: None\n1 / 0",
    ),
    last(
        "printers of errors that were replaced by success tell a failure",
        """
import linecache, sys, traceback
def lie(*_, **__): raise SystemExit(0)
for name in ("print_exception", "print_exc", "format_exception", "TracebackException", "StackSummary", "walk_tb"):
    setattr(traceback, name, lie)
linecache.getline = linecache.getlines = linecache.checkcache = lie
1 / 0
""",
    ),
    last(
        "steps of the end that were replaced by success do not hide a failure",
        """
import atexit, gc, io, signal, sys, threading
def lie(*_, **__): raise SystemExit(0)
threading._shutdown = atexit._run_exitfuncs = gc.collect = signal.signal = lie
1 / 0
""",
    ),
    last(
        "streams whose flush exits with success do not hide a failure",
        """
import sys
class Lie:
    def write(self, text): raise SystemExit(0)
    def flush(self): raise SystemExit(0)
    def __getattr__(self, name): raise SystemExit(0)
sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Lie()
1 / 0
""",
    ),
    last(
        "functions of the frames below that were replaced are no fault of the sandbox",
        """
import sys, types
frame = sys._getframe().f_back
def lie(*_, **__): raise SystemExit(0)
while frame:
    for name, value in list(frame.f_globals.items()):
        if isinstance(value, (types.FunctionType, types.BuiltinFunctionType)): frame.f_globals[name] = lie
    frame = frame.f_back
1 / 0
""",
        (ExecStatus.OK, *NO_SUCCESS),
    ),
    last(
        "a signal's handler that raises at every moment does not hide a failure",
        """
import signal
def ring(*_): raise SystemExit(0) if armed else KeyError
armed = False
signal.signal(signal.SIGALRM, ring)
class Late(Exception):
    def __str__(self):
        global armed
        armed = True
        signal.setitimer(signal.ITIMER_REAL, 0.00005, 0.00005)
        return "late"
raise Late
""",
        (ExecStatus.OK, *NO_SUCCESS),
        None,
    ),
    last(
        "a profile that raises at every call is no fault of the sandbox",
        """
import sys
def profile(frame, event, argument): raise SystemExit(0)
sys.setprofile(profile)
""",
        (ExecStatus.OK, *NO_SUCCESS),
    ),
    last(
        "errors thrown at the main thread from another are no fault of the sandbox",
        """
import ctypes, threading, time
main = ctypes.c_ulong(threading.main_thread().ident)
def throw():
    while True: ctypes.pythonapi.PyThreadState_SetAsyncExc(main, ctypes.py_object(SystemExit))
threading.Thread(target=throw, daemon=True).start()
time.sleep(0.2)
1 / 0
""",
        (ExecStatus.OK, *NO_SUCCESS),
        None,
    ),
    last(
        "an end without any depth of calls left is a failure",
        """
import sys
for depth in range(1, 60):
    try: sys.setrecursionlimit(depth)
    except RecursionError: continue
    break
1 / 0
""",
        NO_SUCCESS,
    ),
    last(
        "an end in the deepest recursion is a failure",
        "import sys\ndef down():\n    try: down()\n    except RecursionError: down()\ndown()",
        NO_SUCCESS,
    ),
    last(
        "an end without any memory left is a failure",
        """
kept = []
for size in (1 << 20, 1 << 16, 1 << 12, 1 << 8, 1 << 4):
    try:
        while True: kept.append(bytearray(size))
    except MemoryError: pass
1 / 0
""",
        NO_SUCCESS,
    ),
    last(
        "an end without any descriptor left is a failure",
        "import os\ntry:\n    while True: os.dup(0)\nexcept OSError: pass\n1 / 0",
    ),
    last(
        "an end under limits that allow nothing is a failure",
        """
import resource
for name in ("FSIZE", "NOFILE", "NPROC", "MEMLOCK", "STACK", "DATA"):
    resource.setrlimit(getattr(resource, "RLIMIT_" + name), (0, 0))
1 / 0
""",
        NO_SUCCESS,
    ),
    last(
        "an error with a trace and a cause of its own making is a failure",
        """
class Bad(Exception):
    __traceback__ = property(lambda self: exit(0))
    __cause__ = __context__ = __suppress_context__ = __notes__ = property(lambda self: exit(0))
    def with_traceback(self, trace): exit(0)
raise Bad
""",
    ),
    last(
        "an exit whose code is a trap is a failure",
        """
class Bad(SystemExit):
    @property
    def code(self): raise KeyError
    @code.setter
    def code(self, value): pass
raise Bad(0)
""",
        (ExecStatus.OK, *NO_SUCCESS),
    ),
)
