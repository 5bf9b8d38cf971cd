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
)
