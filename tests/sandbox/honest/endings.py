"""How honest programs end: exits, signals, errors and what Python says about them."""

from assaygym.sandbox import Limits
from tests.sandbox.honest.honest import Honest

PROGRAMS = (
    Honest(name="the end of the text", program="print('x')", says="x"),
    Honest(name="exit()", program="print('x')\nexit()", says="x"),
    Honest(name="quit with a code", program="quit(3)"),
    Honest(name="sys.exit with a text", program="import sys\nprint('x')\nsys.exit('a message')", says="x"),
    Honest(name="sys.exit with odd things", program="import sys\nsys.exit((1, 2))"),
    Honest(name="sys.exit with truth", program="import sys\nsys.exit(True)"),
    Honest(name="sys.exit with nothing", program="import sys\nsys.exit(None)"),
    Honest(name="an exit code below zero", program="raise SystemExit(-1)"),
    Honest(name="an exit code above 255", program="raise SystemExit(259)"),
    Honest(
        name="os._exit after a flush", program="import os, sys\nprint('x')\nsys.stdout.flush()\nos._exit(0)", says="x"
    ),
    Honest(name="os._exit without a flush", program="import os\nprint('x')\nos._exit(2)"),
    Honest(
        name="an exit from a function of exit",
        program="import atexit, os, sys\natexit.register(lambda: (print('x'), sys.stdout.flush(), os._exit(5)))",
        says="x",
    ),
    Honest(
        name="an exit in a thread",
        program="""
import sys, threading
t = threading.Thread(target=sys.exit, args=(5,))
t.start(); t.join()
print('x')
""",
        says="x",
    ),
    Honest(name="an error", program="print('x')\n1 / 0", says="x"),
    Honest(
        name="an error in a function",
        program="def f(a):\n    return g(a + 1)\n\ndef g(b):\n    raise ValueError(f'bad {b}')\n\nf(1)",
    ),
    Honest(
        name="an error with a cause",
        program="try:\n    {}['k']\nexcept KeyError as e:\n    raise RuntimeError('outer') from e",
    ),
    Honest(name="an error in handling an error", program="try:\n    [][1]\nexcept IndexError:\n    None.x"),
    Honest(
        name="a group of errors",
        program="raise ExceptionGroup('many', [ValueError(1), ExceptionGroup('more', [TypeError('two')])])",
    ),
    Honest(name="an error with notes", program="e = ValueError('x')\ne.add_note('a note')\nraise e"),
    Honest(name="an error of a class of one's own", program="class Mine(Exception): pass\nraise Mine('text', 2)"),
    Honest(name="an error of a nested class", program="class A:\n    class B(Exception): pass\nraise A.B"),
    Honest(name="a failed assertion", program="x = 3\nassert x == 4, f'x is {x}'"),
    Honest(name="a name that is misspelled", program="value = 1\nprint(valeu)"),
    Honest(name="an error over many lines", program="x = [\n    1,\n    (2\n     + None),\n]\n"),
    Honest(name="an error in a library", program="import json\njson.loads('{')"),
    Honest(name="an import that is not there", program="import no_such_module_at_all"),
    Honest(name="an error in a comprehension", program="print([1 / (2 - n) for n in range(5)])"),
    Honest(name="an error in a class body", program="class A:\n    x = undefined"),
    Honest(
        name="an error in a thread",
        program="""
import threading
t = threading.Thread(target=lambda: 1 / 0, name='worker')
t.start(); t.join()
print('x')
""",
        says="x",
    ),
    Honest(
        name="an error in a finalizer",
        program="class A:\n    def __del__(self): raise ValueError('in del')\na = A()\ndel a\nprint('x')",
        says="x",
        errors=False,
    ),
    Honest(
        name="an error at exit",
        program="import atexit\ndef late(): raise ValueError('late')\natexit.register(late)\nprint('x')",
        says="x",
        errors=False,
    ),
    Honest(
        name="an error that a hook tells",
        program="""
import sys
sys.excepthook = lambda kind, error, trace: print('hooked', kind.__name__, error)
raise ValueError('v')
""",
        says="hooked ValueError v",
    ),
    Honest(
        name="a hook that fails",
        program="import sys\ndef hook(*_): raise KeyError('hook')\nsys.excepthook = hook\nraise ValueError('v')",
    ),
    Honest(
        name="a traceback that is printed",
        program="import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()\nprint('x')",
        says="x",
    ),
    Honest(name="a stack that is printed", program="import traceback\ndef f(): traceback.print_stack()\nf()"),
    Honest(name="a recursion too deep", program="def f(n): return f(n + 1)\nf(0)"),
    Honest(name="KeyboardInterrupt", program="print('x', flush=True)\nraise KeyboardInterrupt"),
    Honest(
        name="KeyboardInterrupt that is caught",
        program="try: raise KeyboardInterrupt\nexcept KeyboardInterrupt: print('caught')",
        says="caught",
    ),
    Honest(
        name="an interrupt by signal",
        program="""
import os, signal
try: os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt: print('caught')
""",
        says="caught",
    ),
    Honest(
        name="an end by SIGTERM",
        program="import os, signal\nprint('x', flush=True)\nos.kill(os.getpid(), signal.SIGTERM)",
        says="x",
    ),
    Honest(name="an end by abort", program="import os\nprint('x', flush=True)\nos.abort()", says="x"),
    Honest(name="an end by SIGKILL", program="import os\nprint('x', flush=True)\nos.kill(os.getpid(), 9)", says="x"),
    Honest(name="an end by an alarm", program="import signal, time\nsignal.alarm(1)\ntime.sleep(9)"),
    Honest(name="an end by a raised signal", program="import signal\nsignal.raise_signal(signal.SIGUSR1)"),
    Honest(
        name="an end by a broken pipe",
        program="""
import os, signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
r, w = os.pipe()
os.close(r)
os.write(w, b'x')
""",
    ),
    Honest(
        name="a broken pipe that is an error", program="import os\nr, w = os.pipe()\nos.close(r)\nos.write(w, b'x')"
    ),
    Honest(
        name="a handler of signals",
        program="""
import os, signal
signal.signal(signal.SIGUSR1, lambda number, frame: print('got', number))
os.kill(os.getpid(), signal.SIGUSR1)
print('x')
""",
        says="got 10\nx",
    ),
    Honest(
        name="an alarm that is caught",
        program="""
import signal, time
class Late(Exception): pass
def ring(*_): raise Late
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.1)
try:
    time.sleep(5)
except Late: print('late')
""",
        says="late",
    ),
    Honest(name="a source that is no Python", program="print('x')\nif True\n    pass\n"),
    Honest(name="a source that is indented wrongly", program="def f():\n    x = 1\n   y = 2\n"),
    Honest(name="a source with tabs and blanks mixed", program="if 1:\n        x = 1\n\ty = 2\n"),
    Honest(name="a text that is not closed", program="x = 'abc\nprint(x)\n"),
    Honest(name="a bracket that is not closed", program="x = (1,\n2\n"),
    Honest(name="an assignment to a literal", program="1 = x\n"),
    Honest(name="an error of syntax in another script", program="x = 'ä' 'ö' ü €\n"),
    Honest(name="a return outside of a function", program="return 5\n"),
    Honest(name="an error in code that is built", program="exec(compile('x = 1\\n1/0', 'built', 'exec'))"),
    Honest(name="not enough memory", program="x = bytearray(10 ** 12)", limits=Limits(wall_seconds=20)),
)
