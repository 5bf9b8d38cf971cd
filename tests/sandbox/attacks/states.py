"""The process below the interpreter, and the interpreter's own memory: as they were made, whatever the last run did."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import Attack

ANY_END = (ExecStatus.OK, ExecStatus.NONZERO_EXIT, ExecStatus.SIGNALED)

ATTACKS = (
    Attack(
        name="variables of the environment are as before",
        program="""
import os
print('held')
os.environ.update(PYTHONPATH='/tmp', LD_PRELOAD='/tmp/x.so', PATH='/tmp', HOME='/', TZ='Asia/Tokyo')
del os.environ['LANG']
""",
        ends=ANY_END,
    ),
    Attack(
        name="variables that were set behind the interpreter's back are as before",
        program="""
import os
print('held')
os.putenv('LD_PRELOAD', '/tmp/x.so')
os.putenv('PYTHONSTARTUP', '/tmp/x.py')
os.unsetenv('PATH')
""",
    ),
    Attack(name="the mask of new files is as before", program="import os\nprint('held')\nos.umask(0)"),
    Attack(name="the working folder is as before", program="import os\nprint('held')\nos.chdir('/usr')"),
    Attack(
        name="limits that were lowered are as before",
        program="""
import resource
print('held', flush=True)
for name, value in (('NOFILE', 8), ('FSIZE', 0), ('NPROC', 1), ('CPU', 1), ('STACK', 1 << 18)):
    resource.setrlimit(getattr(resource, 'RLIMIT_' + name), (value, value))
""",
        ends=ANY_END,
    ),
    Attack(
        name="handlers of signals are as before",
        program="""
import signal
print('held')
for number in signal.valid_signals():
    try: signal.signal(number, lambda *_: None if number % 2 else signal.SIG_IGN)
    except (OSError, ValueError): pass
""",
    ),
    Attack(
        name="signals that are ignored and those that are blocked are as before",
        program="import signal\nprint('held')\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        "for number in (1, 2, 13, 15, 17):\n    signal.signal(number, signal.SIG_IGN)",
    ),
    Attack(
        name="signals that wait to be taken are not handed on",
        program="""
import os, signal
print('held')
signal.pthread_sigmask(signal.SIG_BLOCK, {10, 12, 15, 34})
for number in (10, 12, 15, 34): os.kill(os.getpid(), number)
""",
    ),
    Attack(
        name="timers are not handed on",
        program="""
import os, signal
print('held', flush=True)
signal.signal(14, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 30, 30)
signal.signal(27, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_PROF, 30)
""",
    ),
    Attack(
        name="modes of the standard descriptors are as before",
        program="""
import fcntl, os
print('held', flush=True)
for number in range(3):
    os.set_blocking(number, False)
    fcntl.fcntl(number, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(number, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    try: fcntl.fcntl(number, 1031, 4096)
    except OSError: pass
""",
        ends=ANY_END,
    ),
    Attack(
        name="controls of the process are as before",
        program="""
import ctypes, os
print("held", flush=True)
libc = ctypes.CDLL(None)
for option, value in ((15, b"evil"), (29, 10 ** 9), (41, 1), (4, 0), (1, 15), (36, 1), (8, 0)):
    libc.prctl(option, ctypes.c_char_p(value) if isinstance(value, bytes) else ctypes.c_long(value), 0, 0, 0)
""",
    ),
    Attack(
        name="priority and cores are as before",
        program="""
import os
print('held')
os.nice(10)
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
""",
    ),
    Attack(
        name="a strict filter that the program put on itself is not on the next",
        program="import ctypes, os\nprint('held', flush=True)\nctypes.CDLL(None).prctl(22, 1, 0, 0, 0)",
        ends=ANY_END,
        after="import os\nprint('held' if os.getpid() else '')",
    ),
    Attack(
        name="a small integer that was overwritten is whole",
        program="import ctypes\nprint('held', flush=True)\nctypes.c_uint32.from_address(id(7) + 24).value = 8",
        ends=ANY_END,
    ),
    Attack(
        name="many small integers that were overwritten are whole",
        program="""
import ctypes, os
print('held', flush=True)
for number in range(100, 250): ctypes.c_uint32.from_address(id(number) + 24).value = 5
""",
        ends=ANY_END,
    ),
    Attack(
        name="truth and falsehood that were swapped are whole",
        program="""
import ctypes, os
print('held', flush=True)
ctypes.c_uint32.from_address(id(True) + 24).value = 0
os._exit(0)
""",
        after="print('held' if True + True == 2 and not False else 'lied')",
    ),
    Attack(
        name="a string that all share and that was overwritten is whole",
        program="""
import ctypes, sys
print('held', flush=True)
shared = sys.intern('utf-8')
ctypes.memmove(id(shared) + sys.getsizeof('') - 1, b'utf-9', 5)
name = sys.intern('abc')
ctypes.memmove(id(name) + sys.getsizeof('') - 1, b'xyz', 3)
""",
        ends=ANY_END,
    ),
    Attack(
        name="methods of built-in types that were replaced are whole",
        program="""
import ctypes, gc
print('held', flush=True)
space = gc.get_referents(str.__dict__)[0]
space['upper'] = lambda self: 'PASSED'
space['left'] = 1
ctypes.pythonapi.PyType_Modified(ctypes.py_object(str))
""",
        ends=ANY_END,
    ),
    Attack(
        name="a slot of a built-in type that was overwritten is whole",
        program="""
import ctypes, os
print("held", flush=True)
ctypes.memset(id(float) + 96, 0, 8)
os._exit(0)
""",
        after="print('held' if 1.5 + 1.5 == 3.0 and repr(2.5) == '2.5' else 'lied')",
    ),
    Attack(
        name="code of the C library that was overwritten in memory is whole",
        program="""
import ctypes, os
print("held", flush=True)
libc = ctypes.CDLL(None, use_errno=True)
place = ctypes.cast(libc.getppid, ctypes.c_void_p).value
for call in (libc.getppid, libc.getpid, libc.setsid, libc.wait4):
    place = ctypes.cast(call, ctypes.c_void_p).value
    if libc.mprotect(ctypes.c_void_p(place & ~4095), ctypes.c_size_t(8192), 7) == 0:
        ctypes.memmove(place, b"\\x31\\xc0\\xc3", 3)
os._exit(0)
""",
        after="""
import os
pid = os.fork()
if pid == 0: os._exit(7)
print('held' if os.getpid() > 0 and os.wait() == (pid, 7 << 8) else 'lied')
""",
    ),
)
