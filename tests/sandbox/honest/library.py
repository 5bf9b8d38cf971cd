"""What honest programs do with the language, with themselves and with the standard library."""

from assaygym.sandbox import Limits
from tests.sandbox.honest.honest import Honest

MIB = 1 << 20

PROGRAMS = (
    Honest(name="the usual guard", program="def main(): print('main')\nif __name__ == '__main__': main()", says="main"),
    Honest(
        name="its own file",
        program="import os\nprint(os.path.basename(__file__), open(__file__).read())",
        says="main.py import os",
    ),
    Honest(
        name="its own file by pathlib",
        program="from pathlib import Path\nhere = Path(__file__).resolve().parent\nprint((here / 'main.py').exists())",
        says="True",
    ),
    Honest(
        name="its own module",
        program="""
import __main__, sys
x = 5
print(__main__.x, sys.modules['__main__'] is __main__, __main__.__file__ == __file__)
""",
        says="5 True True",
    ),
    Honest(
        name="names of a fresh module",
        program="print(sorted(name for name in globals() if name.startswith('__')), __doc__, __package__, __spec__)",
        says="'__name__'",
    ),
    Honest(name="its own text as documentation", program="'''About this.'''\nprint(__doc__)", says="About this."),
    Honest(
        name="its arguments",
        program="import os, sys\nprint(os.path.basename(sys.argv[0]), sys.argv[1:])",
        argv=("a b", "--c", "ä"),
        says="main.py ['a b', '--c', 'ä']",
    ),
    Honest(
        name="arguments by argparse",
        program="""
import argparse
p = argparse.ArgumentParser()
p.add_argument('n', type=int)
print(p.parse_args().n + 1)
""",
        argv=("41",),
        says="42",
    ),
    Honest(
        name="wrong arguments by argparse",
        program="import argparse\np = argparse.ArgumentParser()\np.add_argument('n', type=int)\np.parse_args()",
        argv=("x",),
    ),
    Honest(
        name="a module beside it",
        program="import helper\nfrom pack.inner import g\nprint(helper.f(), g())",
        files={
            "helper.py": b"def f(): return 'helped'",
            "pack/__init__.py": b"",
            "pack/inner.py": b"from pack import __name__ as n\ndef g(): return n",
        },
        says="helped pack",
    ),
    Honest(
        name="an error in a module beside it",
        program="import helper\nhelper.f()",
        files={"helper.py": b"def f():\n    raise ValueError('here')\n"},
    ),
    Honest(
        name="files beside it",
        program="""
print(open('data/in.txt').read())
open('out.txt', 'w').write('x')
print(sorted(__import__('os').listdir('data')))
""",
        files={"data/in.txt": b"content"},
        says="content",
    ),
    Honest(
        name="its own source by inspect",
        program="""
import inspect
def f(x):
    # a comment
    return x * 2
print(inspect.getsource(f), inspect.signature(f))
""",
        says="# a comment",
    ),
    Honest(
        name="the source of a class by inspect",
        program="""
import inspect
class A:
    def m(self): pass
print(inspect.getsource(A), inspect.getmodule(A).__name__)
""",
        says="def m",
    ),
    Honest(
        name="lines and frames by inspect",
        program="""
import inspect, sys
print(inspect.currentframe().f_lineno, sys._getframe().f_back, len(inspect.stack()), inspect.stack()[0].function)
""",
        says="None 1 <module>",
    ),
    Honest(
        name="a pickle of a class of its own",
        program="""
import pickle
from dataclasses import dataclass
@dataclass
class P:
    x: int
print(pickle.loads(pickle.dumps([P(1), P(2)])), P.__module__)
""",
        says="[P(x=1), P(x=2)] __main__",
    ),
    Honest(
        name="dataclasses",
        program="""
from dataclasses import *
@dataclass(frozen=True, order=True, slots=True)
class P:
    x: int
    y: list = field(default_factory=list, compare=False)
print(sorted([P(2), P(1)]), replace(P(1), x=9), asdict(P(3)))
try: P(1).x = 2
except FrozenInstanceError as e: print(e)
""",
        says="cannot assign",
    ),
    Honest(
        name="annotations and their evaluation",
        program="""
from typing import get_type_hints
class A:
    x: int
    y: 'A'
def f(a: list[int]) -> 'A': ...
print(get_type_hints(A), get_type_hints(f), A.__annotations__)
""",
        says="__main__.A",
    ),
    Honest(
        name="doctests of its own",
        program="'''\n>>> 1 + 1\n2\n>>> 1 + 2\n4\n'''\nimport doctest\nprint(doctest.testmod().failed)",
        says="1",
        errors=False,
    ),
    Honest(
        name="unit tests of its own",
        program="""
import unittest
class T(unittest.TestCase):
    def test_a(self): self.assertEqual(1, 1)
    def test_b(self): self.assertTrue(False)
unittest.main()
""",
        errors=False,
    ),
    Honest(
        name="a recursion that asks for depth",
        program="""
import sys
sys.setrecursionlimit(10 ** 6)
def f(n): return 0 if n == 0 else 1 + f(n - 1)
print(f(20_000))
""",
        says="20000",
    ),
    Honest(
        name="a recursion in a thread with a large stack",
        program="""
import sys, threading
sys.setrecursionlimit(10 ** 6)
threading.stack_size(128 << 20)
def f(n): return 0 if n == 0 else 1 + f(n - 1)
t = threading.Thread(target=lambda: print(f(50_000)))
t.start(); t.join()
""",
        says="50000",
        limits=Limits(wall_seconds=20, memory_bytes=512 * MIB),
    ),
    Honest(
        name="a recursion that is remembered",
        program="""
from functools import cache, lru_cache
@lru_cache(maxsize=None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(300), fib.cache_info())
""",
        says="CacheInfo",
    ),
    Honest(
        name="decimals and fractions",
        program="""
from decimal import *
from fractions import Fraction
getcontext().prec = 50
print(Decimal(2).sqrt(), Fraction(1, 3) + Fraction(1, 6), Decimal('NaN'))
""",
        says="1.4142135623730950488016887242096980785696718753769",
    ),
    Honest(
        name="large numbers",
        program="""
import math, sys
sys.set_int_max_str_digits(0)
print(len(str(7 ** 20_000)), math.factorial(50), pow(3, -1, 7), math.isqrt(10 ** 40))
""",
        says="16902",
    ),
    Honest(
        name="places and their languages",
        program="""
import locale
print(locale.setlocale(locale.LC_ALL, 'C'), locale.format_string('%d', 1234567, grouping=True), f'{1234567:,}')
""",
        says="1,234,567",
    ),
    Honest(
        name="zones of time",
        program="""
from datetime import datetime, timezone
from zoneinfo import ZoneInfo
print(datetime(2024, 7, 1, tzinfo=timezone.utc).astimezone(ZoneInfo('Europe/Zurich')))
""",
        says="2024-07-01 02:00:00+02:00",
    ),
    Honest(
        name="dates",
        program="""
from datetime import *
import calendar, time
print(date(2024, 2, 29) + timedelta(365), calendar.monthrange(2024, 2), time.gmtime(0).tm_year,
    datetime.fromisoformat('2024-01-01T00:00:00Z'))
""",
        says="2025-02-28",
    ),
    Honest(
        name="logging",
        program="""
import logging
logging.basicConfig(level=logging.INFO, format='%(levelname)s:%(name)s:%(filename)s:%(lineno)d:%(message)s')
logging.info('hello')
logging.getLogger('x').warning('careful')
try: 1 / 0
except ZeroDivisionError: logging.exception('failed')
""",
    ),
    Honest(
        name="contexts",
        program="""
from contextlib import *
@contextmanager
def tag(name):
    print('<', name)
    try: yield name
    finally: print('>', name)
with ExitStack() as stack, suppress(KeyError):
    [stack.enter_context(tag(n)) for n in 'ab']
    {}['x']
print('after')
""",
        says="> b\n> a\nafter",
    ),
    Honest(
        name="temporary files",
        program="""
import os, tempfile
with tempfile.TemporaryDirectory() as d, tempfile.NamedTemporaryFile('w+', dir=d) as f:
    f.write('x'); f.flush()
    print(open(f.name).read(), os.listdir(d) == [os.path.basename(f.name)])
print(os.path.exists(d), os.path.isdir(tempfile.gettempdir()))
""",
        says="x True\nFalse True",
    ),
    Honest(
        name="a database in memory and in a file",
        program="""
import sqlite3
for name in (':memory:', 'db.sqlite'):
    with sqlite3.connect(name) as c:
        c.execute('create table t (a integer primary key, b text)')
        c.executemany('insert into t (b) values (?)', [('x',), ('y',)])
        print(c.execute('select * from t order by a desc').fetchall())
""",
        says="[(2, 'y'), (1, 'x')]",
    ),
    Honest(
        name="packed files",
        program="""
import bz2, gzip, io, lzma, zipfile, zlib
d = b'x' * 10_000
print([m.decompress(m.compress(d)) == d for m in (bz2, gzip, lzma, zlib)])
b = io.BytesIO()
with zipfile.ZipFile(b, 'w') as z: z.writestr('a', 'b')
print(zipfile.ZipFile(b).read('a'))
""",
        says="[True, True, True, True]",
    ),
    Honest(
        name="digests and secrets",
        program="""
import hashlib, hmac, secrets, uuid
print(hashlib.sha256(b'x').hexdigest(), hmac.new(b'k', b'm', 'md5').hexdigest(),
    len(secrets.token_hex(8)), uuid.uuid5(uuid.NAMESPACE_DNS, 'x'))
""",
        says="2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    ),
    Honest(
        name="random numbers of a seed of its own",
        program="""
import random
random.seed(7)
print(random.random(), random.sample(range(100), 5), random.Random(3).gauss(0, 1))
""",
        says="0.32383276483316237",
    ),
    Honest(name="hashes of a fixed seed", program="print(hash('abc'), list({'b', 'a', 'c', 'd'}))", says="["),
    Honest(
        name="heaps, counters and the like",
        program="""
import bisect, heapq, itertools, operator
from collections import *
h = [3, 1, 2]
heapq.heapify(h)
print(heapq.nsmallest(2, h), Counter('aab').most_common(), deque([1, 2], 1), bisect.bisect([1, 3],
    2), [*itertools.pairwise('abc')], ChainMap({1: 2})[1], operator.itemgetter(1)('ab'), defaultdict(list)['x'])
""",
        says="[('a', 2), ('b', 1)]",
    ),
    Honest(
        name="patterns of text",
        program="""
import re, string, textwrap
print(re.sub(r'(\\w+) (\\w+)', r'\\2 \\1', 'a b'), re.findall(r'\\d+', '1 22'),
    string.Template('$x').substitute(x=1), textwrap.fill('word ' * 9, 20))
""",
        says="b a ['1', '22'] 1",
    ),
    Honest(
        name="data as text",
        program="""
import ast, csv, io, json, tomllib
print(json.dumps({'a': [1, None, 'ä']}, indent=1), ast.literal_eval('(1, {2})'),
    tomllib.loads('a = 1'), [*csv.reader(io.StringIO('a,"b c"'))])
""",
        says="{'a': 1}",
    ),
    Honest(
        name="types made on the way",
        program="""
import enum, abc, types, typing
class C(enum.Flag):
    A = 1
    B = 2
class S(abc.ABC):
    @abc.abstractmethod
    def f(self): ...
try: S()
except TypeError as e: print(e)
print(C.A | C.B, type('T', (), {'x': 1}).x, types.SimpleNamespace(a=1), typing.NamedTuple('N', [('a', int)])(1))
""",
        says="N(a=1)",
    ),
    Honest(
        name="generators and coroutines",
        program="""
def g():
    x = yield 1
    print('sent', x)
    yield from (2, 3)
i = g()
print(next(i), i.send('v'), [*i])
async def c(): return 5
try: c().send(None)
except StopIteration as e: print(e.value)
""",
        says="5",
    ),
    Honest(
        name="matching",
        program="""
def f(v):
    match v:
        case {'k': [a, *rest]}: return a, rest
        case int() | str() as x: return x
        case _: return None
print(f({'k': [1, 2, 3]}), f(5), f(2.0))
""",
        says="(1, [2, 3]) 5 None",
    ),
    Honest(
        name="asyncio",
        program="""
import asyncio
async def work(n):
    await asyncio.sleep(0.01 * n)
    return n
async def main():
    async with asyncio.TaskGroup() as group: tasks = [group.create_task(work(n)) for n in (3, 1, 2)]
    print([t.result() for t in tasks], await asyncio.to_thread(lambda: 'thread'))
    try: await asyncio.wait_for(asyncio.sleep(9), 0.05)
    except TimeoutError: print('late')
asyncio.run(main())
""",
        says="[3, 1, 2] thread\nlate",
    ),
    Honest(
        name="asyncio with a program and a pipe",
        program="""
import asyncio
async def main():
    p = await asyncio.create_subprocess_exec('/bin/cat', stdin=-1, stdout=-1)
    print(await p.communicate(b'through'))
asyncio.run(main())
""",
        says="b'through'",
    ),
    Honest(
        name="asyncio with a socket of its own",
        program="""
import asyncio
async def main():
    async def serve(r, w):
        w.write((await r.readline()).upper()); w.close()
    async with await asyncio.start_unix_server(serve, 's'):
        r, w = await asyncio.open_unix_connection('s')
        w.write(b'hello\\n')
        print(await r.read())
asyncio.run(main())
""",
        says="b'HELLO\\n'",
    ),
    Honest(
        name="an interrupt of asyncio",
        program="""
import asyncio, os, signal
async def main():
    asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
    await asyncio.sleep(9)
try: asyncio.run(main())
except KeyboardInterrupt: print('interrupted')
""",
        says="interrupted",
    ),
    Honest(
        name="files mapped into memory",
        program="""
import mmap
open('m', 'wb').write(b'x' * 5000)
with open('m', 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
    m[0:3] = b'abc'
    print(m[:5], m.size(), m.find(b'c'))
""",
        says="b'abcxx' 5000 2",
    ),
    Honest(
        name="native calls",
        program="""
import ctypes
libc = ctypes.CDLL(None)
libc.strlen.restype = ctypes.c_size_t
print(libc.strlen(b'four'), ctypes.sizeof(ctypes.c_void_p))
CMP = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
a = (ctypes.c_int * 3)(3, 1, 2)
libc.qsort(a, 3, 4, CMP(lambda x, y: x[0] - y[0]))
print(list(a))
""",
        says="[1, 2, 3]",
    ),
    Honest(
        name="weak references and the collector",
        program="""
import gc, weakref
class A: pass
a = A(); a.self = a
r = weakref.ref(a, lambda _: print('gone'))
del a
print(gc.collect() > 0, r() is None)
""",
        says="gone\nTrue True",
    ),
    Honest(
        name="a hundred megabytes that are freed",
        program="""
x = [bytes(1 << 20) for _ in range(100)]
print(len(x))
del x
y = bytearray(100 << 20)
print(len(y))
""",
        says="104857600",
    ),
    Honest(
        name="limits of its own",
        program="""
import resource
r = resource.getrusage(resource.RUSAGE_SELF)
print(r.ru_maxrss > 0)
resource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print('set')
""",
        says="True\nset",
    ),
    Honest(
        name="time that passes",
        program="""
import time
a, b, c = time.monotonic(), time.perf_counter(), time.process_time()
time.sleep(0.1)
print(time.monotonic() - a >= 0.1, time.perf_counter() > b, time.process_time() - c < 0.1, time.time() > 1.7e9)
""",
        says="True True True True",
    ),
    Honest(
        name="a small interpreter of its own",
        program="""
import code
i = code.InteractiveInterpreter()
i.runsource('x = 1 + 1\\nprint(x)', '<in>', 'exec')
i.runsource('1 / 0')
""",
        says="2",
        errors=False,
    ),
    Honest(
        name="a profile of itself",
        program="""
import cProfile, pstats, io
p = cProfile.Profile()
p.runcall(sorted, range(1000))
s = io.StringIO()
pstats.Stats(p, stream=s).print_stats()
print('sorted' in s.getvalue())
""",
        says="True",
    ),
    Honest(
        name="modules found and loaded",
        program="""
import importlib, importlib.util, pkgutil, runpy
m = importlib.import_module('colorsys')
importlib.reload(m)
print(importlib.util.find_spec('nosuch'),
    len([*pkgutil.iter_modules()]) > 100, runpy.run_module('colorsys')['ONE_THIRD'])
""",
        says="None True 0.3333333333333333",
    ),
    Honest(
        name="users and machines",
        program="""
import getpass, os, platform, pwd, socket
print(bool(getpass.getuser()), bool(pwd.getpwuid(os.getuid()).pw_name), platform.system(),
    bool(socket.gethostname()), os.cpu_count() > 0, os.path.expanduser('~') != '~')
""",
        says="True True Linux True True True",
    ),
    Honest(
        name="random bytes and the null device",
        program="""
import os
print(len(os.urandom(16)), open('/dev/null').read() == '', len(open('/dev/urandom', 'rb').read(8)),
    open('/dev/zero', 'rb').read(3))
""",
        says="16 True 8 b'\\x00\\x00\\x00'",
    ),
)
