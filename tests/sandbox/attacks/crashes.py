"""Recursion without end and native crashes: the true signal is told, and the next run does not notice."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import Attack, bomb

KILLED = (ExecStatus.SIGNALED,)
FAILED = (ExecStatus.NONZERO_EXIT,)
NEXT = "print('held')"
ANY_END = (ExecStatus.SIGNALED, ExecStatus.NONZERO_EXIT, ExecStatus.OUT_OF_MEMORY, ExecStatus.TIMEOUT)
ROOMY = bomb(wall=5, memory_mib=256)

ATTACKS = (
    Attack(
        name="a null pointer that is read is a segmentation fault",
        program="import ctypes\nctypes.string_at(0)",
        ends=KILLED,
        stdout="",
        signal=11,
        after=NEXT,
    ),
    Attack(
        name="a write through a wild pointer is a segmentation fault",
        program="import ctypes\nctypes.memmove(0x10, b'x' * 8, 8)",
        ends=KILLED,
        stdout="",
        signal=11,
    ),
    Attack(name="an abort is an abort", program="import os\nos.abort()", ends=KILLED, stdout="", signal=6, after=NEXT),
    Attack(
        name="an abort whose signal is ignored and blocked is an abort",
        program="""
import os, signal
signal.signal(6, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {6})
os.abort()
""",
        ends=KILLED,
        stdout="",
        signal=6,
    ),
    Attack(
        name="an illegal instruction is told as one",
        program="""
import ctypes, mmap, os
area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
area.write(b"\\x0f\\x0b" if os.uname().machine == "x86_64" else b"\\0\\0\\0\\0")
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(area)))()
""",
        ends=KILLED,
        stdout="",
        signal=4,
    ),
    Attack(
        name="a bus error is told as one",
        program="""
import mmap
open('f', 'w+b').truncate(4096)
f = open('f', 'r+b')
area = mmap.mmap(f.fileno(), 4096)
f.truncate(0)
print(area[0])
""",
        ends=KILLED,
        stdout="",
        signal=7,
    ),
    Attack(
        name="the stack of the interpreter that is used up is a segmentation fault",
        program="""
import sys
sys.setrecursionlimit(10 ** 9)
class Deep:
    def __getattr__(self, name): return getattr(self, name + "x")
def down(n): return max([n], key=lambda value: down(value + 1))
down(0)
""",
        ends=ANY_END,
        stdout="",
        limits=ROOMY,
        after=NEXT,
    ),
    Attack(
        name="a recursion without end is an error of the program",
        program="def down(): return down()\ndown()",
        ends=FAILED,
        stdout="",
        error="RecursionError",
        exit_code=1,
    ),
    Attack(
        name="a recursion in the repr of the error itself is an error of the program",
        program="class Bad(Exception):\n    def __str__(self): return str(self)\n    __repr__ = __str__\nraise Bad",
        ends=FAILED,
        stdout="",
        exit_code=1,
    ),
    Attack(
        name="a chain of errors as long as memory allows is an error of the program",
        program="""
error = None
for _ in range(5000):
    new = ValueError('x'); new.__cause__ = error; error = new
raise error
""",
        ends=(*FAILED, ExecStatus.OUTPUT_LIMIT, ExecStatus.SIGNALED),
        stdout="",
        limits=ROOMY,
    ),
    Attack(
        name="a deep structure that is freed crashes at most its own run",
        program="""
import ctypes
deep = None
for _ in range(2_000_000): deep = (deep,)
del deep
print("held")
""",
        limits=ROOMY,
    ),
    Attack(
        name="a crash in a thread is the crash of the program",
        program="""
import ctypes, threading, time
threading.Thread(target=lambda: ctypes.string_at(0)).start()
time.sleep(30)
""",
        ends=KILLED,
        stdout="",
        signal=11,
        limits=bomb(wall=5),
    ),
    Attack(
        name="a crash in the handler of a crash ends",
        program="""
import ctypes, faulthandler, signal
faulthandler.enable()
signal.signal(11, lambda *_: ctypes.string_at(0))
ctypes.string_at(0)
""",
        ends=(*KILLED, ExecStatus.TIMEOUT),
        stdout="",
        limits=bomb(wall=0.6),
        after=NEXT,
    ),
    Attack(
        name="a crash while the interpreter ends is told",
        program="import atexit, ctypes\natexit.register(ctypes.string_at, 0)\nprint('held')",
        ends=KILLED,
        signal=11,
    ),
    Attack(
        name="a fatal error of the interpreter is told as an abort",
        program="import ctypes\nctypes.pythonapi.Py_FatalError(b'held')",
        ends=KILLED,
        stdout="",
        signal=6,
    ),
    Attack(
        name="bytecode made by hand crashes at most its own run",
        program="""
def run(): pass
run.__code__ = run.__code__.replace(co_code=bytes([100, 255, 116, 255, 151, 0, 83, 0] * 50), co_stacksize=1)
run()
""",
        ends=ANY_END,
        stdout="",
        after=NEXT,
    ),
    Attack(
        name="a reference count that is broken crashes at most its own run",
        program="""
import ctypes
for _ in range(20):
    for one in (None, True, (), "", 0, int, str, list, dict, object):
        ctypes.c_ssize_t.from_address(id(one)).value = 1
        del one
x = [object() for _ in range(10000)]
""",
        ends=(ExecStatus.OK, *ANY_END),
        stdout=None,
        limits=bomb(wall=2),
        after=NEXT,
    ),
    Attack(
        name="the interpreter that is ended from within tells no success it had not",
        program="import ctypes\nctypes.pythonapi.Py_Exit(3)",
        ends=FAILED,
        stdout="",
        exit_code=3,
    ),
    Attack(
        name="a module state that is torn down under the program crashes at most its own run",
        program="import ctypes\nctypes.pythonapi.Py_FinalizeEx()\nprint('x')",
        ends=(ExecStatus.OK, *ANY_END),
        stdout=None,
        limits=bomb(wall=2),
        after=NEXT,
    ),
    Attack(
        name="a foreign calling convention kills the program and not the sandbox",
        program="""
import ctypes, os
libc = ctypes.CDLL(None)
print("held", flush=True)
libc.syscall(ctypes.c_long(0x40000000 + 39))
if os.uname().machine == "x86_64": print("got through")
else: os.kill(os.getpid(), 31)
""",
        ends=KILLED,
        signal=31,
        after=NEXT,
        harmless=True,
    ),
    Attack(
        name="a failed start of a program is the failure of that program",
        program="import os\nopen('x', 'w').write('no program')\nos.chmod('x', 0o755)\nos.execv('./x', ['x'])",
        ends=FAILED,
        stdout="",
        exit_code=1,
        error="OSError",
    ),
)
