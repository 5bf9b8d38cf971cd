"""What honest programs do with the language and with themselves."""

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
)
