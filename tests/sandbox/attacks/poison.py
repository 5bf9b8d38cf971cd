"""Poisoning of the warm interpreter: whatever a program does to its own, the next run's is as it was made."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import Attack

ANY_END = (ExecStatus.OK, ExecStatus.NONZERO_EXIT, ExecStatus.SIGNALED)

ATTACKS = (
    Attack(
        name="a builtin that was replaced is whole",
        program="""
import builtins
print('held')
builtins.len = lambda one: 42
""",
    ),
    Attack(
        name="every builtin that was deleted is whole",
        program="import builtins\nprint('held', flush=True)\nfor name in list(vars(builtins)): delattr(builtins, name)",
        ends=ANY_END,
    ),
    Attack(
        name="builtin errors that were swapped are whole",
        program="""
import builtins
print('held')
builtins.AssertionError = builtins.SystemExit
builtins.SystemExit = builtins.OSError = KeyError
""",
        ends=ANY_END,
    ),
    Attack(
        name="an import that lies is whole",
        program="""
import builtins
print('held')
real = builtins.__import__
builtins.__import__ = lambda name, *rest: real('types', *rest)
""",
    ),
    Attack(
        name="modules that were replaced are whole",
        program="""
import sys, types
print('held', flush=True)
for name in ('json', 'os', 'marshal', 'struct', 'random', 'math', 'time'):
    sys.modules[name] = types.ModuleType(name)
""",
    ),
    Attack(
        name="modules that were dropped are there",
        program="import sys\nprint('held', flush=True)\nsys.modules.clear()",
        ends=ANY_END,
    ),
    Attack(
        name="functions of the library that were replaced are whole",
        program="""
import json, marshal, math, re, struct
print("held")
json.dumps = lambda *_, **__: '{"passed": true}'
json.loads = marshal.loads = lambda *_: [1]
marshal.dumps = struct.pack = lambda *_: b"1"
math.sqrt = lambda _: 0.0
re.findall = lambda *_: ["PASSED"]
""",
    ),
    Attack(
        name="calls of the system that were replaced are whole",
        program="""
import os, posix, time
print("held", flush=True)
for place in (os, posix):
    place.fork = lambda: 0
    place.waitpid = place.wait4 = lambda *_: (1, 0)
    place.kill = place.setsid = place.dup2 = lambda *_: None
time.time = time.monotonic = lambda: 0.0
""",
    ),
    Attack(
        name="classes of the library that were patched are whole",
        program="""
import collections, subprocess, tempfile, threading
print("held")
threading.Thread.start = lambda self: None
subprocess.Popen.wait = lambda self, timeout=None: 0
collections.Counter.__getitem__ = lambda self, key: 99
tempfile.TemporaryFile = open
tempfile.tempdir = "/nowhere"
""",
    ),
    Attack(
        name="finders of modules that were added are gone",
        program="""
import sys
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None): return None
print("held")
sys.meta_path.insert(0, Finder)
sys.path_hooks.insert(0, Finder)
sys.path.insert(0, "/tmp/evil")
sys.path_importer_cache["/tmp/evil"] = None
""",
    ),
    Attack(
        name="a module and its compiled form beside the program are gone",
        program="""
import importlib, os, py_compile, sys
os.makedirs("/tmp/__pycache__", exist_ok=True)
open("/tmp/evil.py", "w").write("print('evil')")
py_compile.compile("/tmp/evil.py", cfile=f"/tmp/__pycache__/evil.{sys.implementation.cache_tag}.pyc")
py_compile.compile("/tmp/evil.py", cfile="/tmp/json.pyc")
print("held")
""",
    ),
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
        name="the random state is as before",
        program="import random\nprint('held')\nrandom.seed(12345)\nrandom.random = lambda: 0.5",
    ),
    Attack(
        name="the collector of garbage is as before",
        program="""
import gc
print('held')
gc.disable()
gc.set_threshold(1, 1, 1)
gc.set_debug(gc.DEBUG_SAVEALL)
gc.callbacks.append(lambda *_: None)
gc.freeze()
""",
    ),
    Attack(
        name="hooks of threads are as before",
        program="""
import threading
print('held')
threading.settrace(lambda *_: None)
threading.setprofile(lambda *_: None)
threading.excepthook = lambda *_: None
threading.stack_size(1 << 20)
""",
    ),
    Attack(
        name="hooks of the interpreter are as before",
        program="""
import sys
print('held')
sys.excepthook = sys.displayhook = sys.unraisablehook = sys.breakpointhook = lambda *_: None
sys.set_asyncgen_hooks(print, print)
sys.set_coroutine_origin_tracking_depth(5)
""",
    ),
    Attack(
        name="settings of the interpreter are as before",
        program="""
import sys
print('held')
sys.setrecursionlimit(60)
sys.setswitchinterval(100)
sys.set_int_max_str_digits(640)
sys.tracebacklimit = 0
sys.dont_write_bytecode = False
sys.argv[:] = ['evil']
sys.executable = '/bin/false'
""",
        ends=ANY_END,
    ),
    Attack(
        name="a function that traces every line is gone",
        program="import sys\nprint('held')\nsys.settrace(lambda *_: None)\nsys.setprofile(lambda *_: None)",
    ),
    Attack(
        name="a hook that audits and refuses everything is gone",
        program="""
import sys
print('held', flush=True)
def hook(name, arguments):
    if name in ('import', 'open', 'exec', 'compile'): raise PermissionError(name)
sys.addaudithook(hook)
""",
        ends=ANY_END,
    ),
    Attack(
        name="work left for the end is not done in the next run",
        program="import atexit\natexit.register(print, 'held')\natexit.register(open, '/tmp/left', 'w')",
    ),
    Attack(
        name="streams that were replaced are whole",
        program="""
import io, sys
print('held', flush=True)
sys.stdout = sys.__stdout__ = io.StringIO()
sys.stdin = io.StringIO('fake')
sys.stderr = sys.stdout
""",
    ),
    Attack(
        name="streams that were closed or changed are whole",
        program="""
import sys
print('held', flush=True)
sys.stdout.reconfigure(encoding='utf-16', errors='ignore', write_through=True)
sys.stdin.close()
sys.stderr.close()
""",
        ends=ANY_END,
        stdout=None,
    ),
    Attack(
        name="output that was never flushed is not printed by the next run",
        program="""
import os, sys
sys.stdout.write('left')
sys.stdout.buffer.write(b'left')
os.write(1, b'held\\n')
os._exit(0)
""",
        after="print('held')",
    ),
    Attack(
        name="input that was never read is not read by the next run",
        program="print('held')",
        stdin="left\n" * 1000,
        after="import sys\nprint('held' if sys.stdin.read() == '' else 'left')",
    ),
    Attack(
        name="a helper that dumps and ends on a crash or a delay is gone",
        program="""
import faulthandler, tracemalloc
print('held', flush=True)
faulthandler.enable()
faulthandler.dump_traceback_later(60, exit=True)
tracemalloc.start()
""",
    ),
    Attack(
        name="sources that were put into the cache of lines are gone",
        program="import linecache\nprint('held')\nlinecache.cache['evil.py'] = (1, None, ['left'], 'evil.py')",
    ),
    Attack(
        name="the language of the place and the context of decimals are as before",
        program="""
import decimal, locale, warnings
print('held')
locale.setlocale(locale.LC_ALL, 'C')
decimal.getcontext().prec = 3
decimal.DefaultContext.prec = 3
warnings.simplefilter('error')
warnings.filters.append(('ignore', None, Warning, None, 0))
""",
    ),
    Attack(
        name="the zone of time is as before",
        program="import os, time\nprint('held')\nos.environ['TZ'] = 'XYZ-9'\ntime.tzset()",
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
    Attack(
        name="tables of the library that are filled while it works are as before",
        program="""
import abc, codecs, collections.abc, copyreg, encodings.aliases, functools, re
print("held")
codecs.register(lambda name: None)
codecs.register_error("strict", lambda error: ("", error.end))
encodings.aliases.aliases["utf8"] = "rot_13"
collections.abc.Sequence.register(int)
copyreg.pickle(int, lambda one: (int, (42,)))
re.compile("a+")
re._cache.update({key: re.compile("b") for key in re._cache})
""",
        ends=ANY_END,
        after="""
import codecs, collections.abc, pickle, re
try: b"\\xff".decode()
except UnicodeDecodeError: strict = True
else: strict = False
same = pickle.loads(pickle.dumps(7)) == 7 and re.findall("a+", "aab") == ["aa"] and "x".encode("utf8") == b"x"
print("held" if strict and same and not isinstance(1, collections.abc.Sequence) else "lied")
""",
    ),
    Attack(
        name="names of the program are not names of the next",
        program="""
import builtins, sys
left = 1
_ = 2
builtins.left = builtins._ = 3
sys.last_value = sys.left = 4
print('held')
""",
        after="""
import builtins, sys
print('left' if {'left', '_'} & {*globals(), *vars(builtins)} or hasattr(sys, 'left') else 'held')
""",
    ),
    Attack(
        name="hooks of forks are not called by the next run's forks",
        program="""
import os
os.register_at_fork(before=lambda: os.write(1, b'left'), after_in_child=lambda: os._exit(3))
print('held')
""",
        after="""
import os
pid = os.fork()
if pid == 0: os._exit(7)
print('held' if os.wait() == (pid, 7 << 8) else 'lied')
""",
    ),
    Attack(
        name="a strict filter that the program put on itself is not on the next",
        program="import ctypes, os\nprint('held', flush=True)\nctypes.CDLL(None).prctl(22, 1, 0, 0, 0)",
        ends=ANY_END,
        after="import os\nprint('held' if os.getpid() else '')",
    ),
)
