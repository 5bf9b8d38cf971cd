"""Repositories with a fault, right repairs of them, and tests in many styles."""

# ruff: noqa: E501  (tables of programs)

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from assaygym.verifiers.code import RepoTests


@dataclass(frozen=True, slots=True)
class Repair:
    """A task and a patch that solves it."""

    files: dict[str, str]
    tests: dict[str, str]
    nodes: tuple[str, ...]
    patch: Any
    more: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def task(self) -> RepoTests:
        """What it is judged by."""
        return RepoTests(files=self.files, tests=self.tests, fail_to_pass=self.nodes, **self.more)

    @property
    def text(self) -> str:
        """The patch as a program."""
        return self.patch if isinstance(self.patch, str) else json.dumps(self.patch)


def one(path: str, before: str, after: str, tests: str, *names: str) -> Repair:
    """A repair of one file, judged by tests/test_it.py."""
    nodes = tuple(f"tests/test_it.py::{name}" for name in names)
    return Repair({path: before}, {"tests/test_it.py": tests}, nodes, {path: after})


POINT = """\
from dataclasses import dataclass, field

@dataclass(frozen=True)
class Point:
    x: int
    y: int
    label: str = field(default="", compare=False)

    def __add__(self, other):
        return Point(self.x + other.x, self.y {} other.y)
"""
STACK = """\
class Empty(LookupError):
    pass

class Stack:
    def __init__(self, items=()):
        self._items = list(items)
    def push(self, item):
        self._items.append(item)
        return self
    def pop(self):
        if not self._items:
            raise {}("empty stack")
        return self._items.pop()
    def __len__(self):
        return len(self._items)
    def __iter__(self):
        return iter(reversed(self._items))
    def __contains__(self, item):
        return item in self._items
"""
CLI = """\
import argparse, sys

def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--shout", action="store_true")
    args = parser.parse_args(argv)
    if not args.names:
        print("nobody", file=sys.stderr)
        return {}
    for name in args.names:
        text = f"hello {{name}}"
        print(text.upper() if args.shout else text)
    return 0

if __name__ == "__main__":
    sys.exit(main())
"""
COUNTER = """\
_count = 0

def bump():
    global _count
    _count += {}
    return _count

def reset():
    global _count
    _count = 0
"""
VECTOR = """\
import math
from collections import namedtuple
from enum import Enum

Pair = namedtuple("Pair", "low high")

class Axis(Enum):
    X = "x"
    Y = "y"

def bounds(values):
    values = sorted(values)
    return Pair(values[0], values[{}])

def longest(x, y):
    return Axis.X if abs(x) >= abs(y) else Axis.Y

def norm(x, y):
    return math.hypot(x, y)
"""
DIFF = """\
Here is the fix.

diff --git a/calc/ops.py b/calc/ops.py
--- a/calc/ops.py
+++ b/calc/ops.py
@@ -1,3 +1,3 @@
 def clip(x, lo, hi):
     "Within bounds."
-    return max(lo, x)
+    return min(hi, max(lo, x))
"""
BLOCKS = """\
calc/ops.py
```python
<<<<<<< SEARCH
    return max(lo, x)
=======
    return min(hi, max(lo, x))
>>>>>>> REPLACE
```
"""
CLIP = 'def clip(x, lo, hi):\n    "Within bounds."\n    return max(lo, x)\n'
CLIP_TESTS = "from calc.ops import clip\n\ndef test_high():\n    assert clip(9, 0, 5) == 5\n"
CLIP_NODES = ("tests/test_ops.py::test_high",)

REPAIRS: dict[str, Repair] = {
    "a diff": Repair({"calc/ops.py": CLIP}, {"tests/test_ops.py": CLIP_TESTS}, CLIP_NODES, DIFF),
    "blocks": Repair({"calc/ops.py": CLIP}, {"tests/test_ops.py": CLIP_TESTS}, CLIP_NODES, BLOCKS),
    "a conftest beside the repair": Repair(
        {"calc/ops.py": CLIP},
        {"tests/test_ops.py": CLIP_TESTS},
        CLIP_NODES,
        {"calc/ops.py": CLIP.replace("max(lo, x)", "min(hi, max(lo, x))"), "conftest.py": "", "README.md": "# calc"},
    ),
    "src layout, relative imports": Repair(
        {
            "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-n 4 --cov"\nmarkers = ["slow: slow"]\n',
            "src/pack/__init__.py": "from .core import total\n",
            "src/pack/core.py": "from . import _tools\n\ndef total(xs):\n    return _tools.add(*xs)\n",
            "src/pack/_tools.py": "def add(*xs):\n    return sum(xs[1:])\n",
        },
        {"tests/test_total.py": "import pytest\nimport pack\n\n@pytest.mark.slow\ndef test_sum():\n    assert pack.total([1, 2, 3]) == 6\n"},
        ("tests/test_total.py::test_sum",),
        {"src/pack/_tools.py": "def add(*xs):\n    return sum(xs)\n"},
    ),
    "dataclasses": one(
        "shapes.py",
        POINT.format("-"),
        POINT.format("+"),
        "from shapes import Point\n\ndef test_add():\n    assert Point(1, 2) + Point(3, 4) == Point(4, 6)\n"
        "    assert Point(1, 2, label='a') == Point(1, 2, label='b')\n    assert Point(1, 2) != Point(2, 1)\n"
        "    total = Point(0, 0) + Point(5, 5)\n    assert total == Point(5, 5, 'total')\n    assert {total: 1}[Point(5, 5)] == 1\n",
        "test_add",
    ),
    "classes and their errors": one(
        "stack.py",
        STACK.format("IndexError"),
        STACK.format("Empty"),
        "import pytest\nfrom stack import Empty, Stack\n\n@pytest.fixture\ndef stack():\n    return Stack([1, 2])\n\n"
        "def test_empty():\n    with pytest.raises(Empty, match='empty') as caught:\n        Stack().pop()\n"
        "    assert isinstance(caught.value, LookupError)\n    assert caught.value.args == ('empty stack',)\n\n"
        "def test_items(stack):\n    assert len(stack) == 2 and 2 in stack\n    assert list(stack.push(3)) == [3, 2, 1]\n"
        "    assert 9 not in stack\n    assert stack.pop() == 3\n    assert not list(Stack())\n    assert stack is stack.push(0)\n",
        "test_empty",
        "test_items",
    ),
    "a command line": one(
        "greet/__main__.py",
        CLI.format(0),
        CLI.format(2),
        "import pytest\nfrom greet.__main__ import main\n\ndef test_nobody(capsys):\n    assert main([]) == 2\n"
        "    out, err = capsys.readouterr()\n    assert out == '' and err == 'nobody\\n'\n\n"
        "def test_shout(capsys):\n    assert main(['--shout', 'zoe']) == 0\n    assert capsys.readouterr().out == 'HELLO ZOE\\n'\n\n"
        "def test_usage(capsys):\n    with pytest.raises(SystemExit) as stopped:\n        main(['--what'])\n"
        "    assert stopped.value.code == 2\n    assert 'usage' in capsys.readouterr().err\n",
        "test_nobody",
        "test_shout",
        "test_usage",
    ),
    "data files and folders": Repair(
        {
            "store/__init__.py": "",
            "store/load.py": "import json, pathlib\nHERE = pathlib.Path(__file__).parent\n\ndef rates():\n"
            "    return json.loads((HERE / 'rate.json').read_text())\n\ndef save(folder, text):\n"
            "    path = folder / 'out.txt'\n    path.write_text(text, encoding='utf-8')\n    return path\n",
            "store/rates.json": '{"eur": 1.0}',
            "data/input.csv": "a,b\n1,2\n",
        },
        {
            "tests/test_store.py": "import csv\nfrom store.load import rates, save\n\ndef test_rates():\n"
            "    assert rates() == {'eur': 1.0}\n\ndef test_save(tmp_path):\n    path = save(tmp_path, 'größe ✓')\n"
            "    assert path.read_text(encoding='utf-8') == 'größe ✓'\n    assert path.parent == tmp_path\n\n"
            "def test_input():\n    with open('data/input.csv') as file:\n        rows = list(csv.reader(file))\n"
            "    assert rows == [['a', 'b'], ['1', '2']]\n"
        },
        ("tests/test_store.py::test_rates", "tests/test_store.py::test_save", "tests/test_store.py::test_input"),
        "--- a/store/load.py\n+++ b/store/load.py\n@@ -4,1 +4,1 @@\n"
        "-    return json.loads((HERE / 'rate.json').read_text())\n+    return json.loads((HERE / 'rates.json').read_text())\n",
    ),
    "parametrized, plain": one(
        "words.py",
        "def slug(text):\n    return text.lower().replace(' ', '_')\n",
        "def slug(text):\n    return '-'.join(text.lower().split())\n",
        "import pytest\nfrom words import slug\n\n@pytest.mark.parametrize('text, expected', [('A b', 'a-b'), ('  x  y ', 'x-y'),"
        " ('É à', 'é-à'), ('', '')])\ndef test_slug(text, expected):\n    assert slug(text) == expected\n",
        "test_slug[A b-a-b]",
        "test_slug",
    ),
    "parametrized, in one process": one(
        "nums.py",
        "class Num(int):\n    def twice(self):\n        return Num(self + 2)\n",
        "class Num(int):\n    def twice(self):\n        return Num(self * 2)\n",
        "import pytest\nfrom nums import Num\n\nCASES = [(2, 4), (5, 10)]\n\n"
        "@pytest.mark.parametrize('n, expected', [(1, 2), (3, 6), (0, 0)], ids=['one', 'three', 'zero'])\n"
        "def test_ids(n, expected):\n    assert Num(n).twice() == expected\n\n"
        "@pytest.mark.parametrize(('n', 'expected'), [(1, 2), pytest.param(3, 6), (0, 0)])\n"
        "def test_params(n, expected):\n    assert Num(n).twice() == expected\n\n"
        "@pytest.mark.parametrize('n', [7, 8])\ndef test_more(n):\n    assert Num(n).twice() == n + n\n"
        "    assert isinstance(Num(n).twice(), Num)\n\n"
        "def test_loop():\n    for n, expected in CASES:\n        assert Num(n).twice() == expected\n",
        "test_ids[one]",
        "test_ids[three]",
        "test_params[3-6]",
        "test_more",
        "test_loop",
    ),
    "unittest": one(
        "bank.py",
        "class Account:\n    def __init__(self):\n        self.sum = 0\n    def pay(self, n):\n        if n < 0:\n            raise ValueError(n)\n        self.sum -= n\n",
        "class Account:\n    def __init__(self):\n        self.sum = 0\n    def pay(self, n):\n        if n < 0:\n            raise ValueError(n)\n        self.sum += n\n",
        "import unittest\nfrom bank import Account\n\nclass AccountTest(unittest.TestCase):\n    def setUp(self):\n        self.a = Account()\n\n"
        "    def test_pay(self):\n        self.a.pay(3)\n        self.assertEqual(self.a.sum, 3)\n        self.assertTrue(self.a.sum)\n"
        "        self.assertIn(self.a.sum, [3])\n        self.assertAlmostEqual(self.a.sum / 7, 0.428571, places=5)\n"
        "        self.assertGreater(self.a.sum, 2)\n        self.assertIsNone(self.a.pay(0))\n        self.assertListEqual([self.a.sum], [3])\n"
        "        with self.subTest('more'):\n            self.assertEqual(self.a.sum, 3)\n\n"
        "    def test_refuses(self):\n        with self.assertRaises(ValueError):\n            self.a.pay(-1)\n"
        "        self.assertRaises(ValueError, self.a.pay, -2)\n        self.assertFalse(self.a.sum)\n",
        "AccountTest::test_pay",
        "AccountTest::test_refuses",
    ),
    "state of a module": one(
        "counter.py",
        COUNTER.format(2),
        COUNTER.format(1),
        "import counter\nimport os\n\ndef test_first():\n    assert counter.bump() == 1\n    assert counter.bump() == 2\n    counter.reset()\n\n"
        "def test_second():\n    assert counter.bump() == 1\n    assert counter._count == 1\n    assert counter.bump() == 2\n    assert counter.bump() == 3\n"
        "    counter.reset()\n\ndef test_third():\n    assert counter._count == 0\n    counter.reset()\n",
        "test_first",
        "test_second",
        "test_third",
    ),
    "state of a module, apart": one(
        "counter.py",
        COUNTER.format(2),
        COUNTER.format(1),
        "from counter import bump, reset\n\ndef test_first():\n    assert bump() == 1\n    assert bump() == 2\n\n"
        "def test_second():\n    assert bump() == 3\n    reset()\n    assert bump() == 1\n",
        "test_first",
        "test_second",
    ),
    "named tuples and enums": one(
        "vector.py",
        VECTOR.format(-2),
        VECTOR.format(-1),
        "import pytest\nfrom vector import Axis, bounds, longest, norm\n\ndef test_bounds():\n    pair = bounds([3, 1, 2])\n"
        "    assert pair == (1, 3)\n    assert pair.high == 3\n    low, high = pair\n    assert low < high\n    assert 0 < low <= high < 4\n\n"
        "def test_axis():\n    assert longest(1, 2) is Axis.Y\n    assert longest(3, 2) == Axis.X\n    assert longest(3, 2).value == 'x'\n\n"
        "def test_norm():\n    assert norm(3, 4) == pytest.approx(5.0)\n    assert abs(norm(1, 1) - 1.41421) < 1e-4\n"
        "    assert [norm(3, 4), norm(0, 1)] == pytest.approx([5, 1])\n",
        "test_bounds",
        "test_axis",
        "test_norm",
    ),
    "generators": one(
        "gens.py",
        "def evens(n):\n    for i in range(n):\n        yield i\n\ndef forever():\n    i = 0\n    while True:\n        yield i\n        i += 1\n",
        "def evens(n):\n    for i in range(0, n, 2):\n        yield i\n\ndef forever():\n    i = 0\n    while True:\n        yield i\n        i += 1\n",
        "from itertools import islice\nfrom gens import evens, forever\n\ndef test_evens():\n    assert list(evens(5)) == [0, 2, 4]\n"
        "    it = evens(3)\n    assert next(it) == 0\n    assert sum(evens(7)) == 12\n\ndef test_forever():\n    assert list(islice(forever(), 3)) == [0, 1, 2]\n",
        "test_evens",
        "test_forever",
    ),
    "monkeypatch and time": one(
        "clock.py",
        "import time, os\n\ndef stamp():\n    return int(time.time()) + 1\n\ndef home():\n    return os.environ['APP_HOME']\n",
        "import time, os\n\ndef stamp():\n    return int(time.time())\n\ndef home():\n    return os.environ['APP_HOME']\n",
        "import clock\n\ndef test_stamp(monkeypatch):\n    monkeypatch.setattr(clock.time, 'time', lambda: 12.7)\n    assert clock.stamp() == 12\n\n"
        "def test_home(monkeypatch, tmp_path):\n    monkeypatch.setenv('APP_HOME', str(tmp_path))\n    assert clock.home() == str(tmp_path)\n",
        "test_stamp",
        "test_home",
    ),
    "a trusted conftest and helpers": Repair(
        {
            "calc/__init__.py": "",
            "calc/ops.py": "def half(x):\n    return x // 2\n",
            "conftest.py": "import pytest\n\n@pytest.fixture\ndef six():\n    return 6.0\n",
        },
        {
            "tests/__init__.py": "",
            "tests/helpers.py": "def near(a, b):\n    assert abs(a - b) < 1e-9\n",
            "tests/test_half.py": "from calc.ops import half\nfrom .helpers import near\n\ndef test_half(six):\n    near(half(six), 3)\n"
            "    near(half(5), 2.5)\n\ndef test_zero():\n    assert half(0) == 0\n",
        },
        ("tests/test_half.py::test_half", "tests/test_half.py::test_zero"),
        {"calc/ops.py": "def half(x):\n    return x / 2\n", "conftest.py": "raise SystemExit\n"},
    ),
    "not ASCII": one(
        "wörter.py",
        "def größe(wörter):\n    return {wort: len(wort.encode()) for wort in wörter}\n",
        "def größe(wörter):\n    return {wort: len(wort) for wort in wörter}\n",
        "# -*- coding: utf-8 -*-\nfrom wörter import größe\n\ndef test_größe():\n    assert größe(['für', '日本']) == {'für': 3, '日本': 2}\n",
        "test_größe",
    ),
    "higher functions": one(
        "fp.py",
        "def fold(f, xs, start):\n    for x in xs:\n        start = f(x, start)\n    return start\n\ndef rotate(xs):\n    xs.append(xs.pop(0))\n",
        "def fold(f, xs, start):\n    for x in xs:\n        start = f(start, x)\n    return start\n\ndef rotate(xs):\n    xs.append(xs.pop(0))\n",
        "import pytest\nfrom fp import fold, rotate\n\ndef test_fold():\n    assert fold(lambda a, b: a - b, [1, 2], 10) == 7\n"
        "    assert fold(lambda a, b: a + [b], 'ab', []) == ['a', 'b']\n\n"
        "def test_rotate():\n    xs = [1, 2, 3]\n    assert rotate(xs) is None\n    assert xs == [2, 3, 1]\n"
        "    with pytest.raises(IndexError):\n        rotate([])\n\n"
        "class TestMore:\n    def test_text(self):\n        assert 'x' in fold(lambda a, b: a + b, ['x'], '')\n        assert not fold(max, [], 0)\n",
        "test_fold",
        "test_rotate",
        "TestMore::test_text",
    ),
    "a new module, an old one deleted": Repair(
        {"app/__init__.py": "from app.old import run\n", "app/old.py": "def run():\n    return 1\n"},
        {"test_app.py": "from app.new import run\nimport app\n\ndef test_run():\n    assert run() == 2\n    assert app.run() == 2\n"},
        ("test_app.py::test_run",),
        {"app/new.py": "def run():\n    return 2\n", "app/old.py": None, "app/__init__.py": "from app.new import run\n"},
    ),
    "tests beside the code": Repair(
        {"pkg/__init__.py": "", "pkg/core.py": "def f(x):\n    return x\n"},
        {"pkg/test_core.py": "from pkg.core import f\nimport sys\n\ndef test_f():\n    assert f(2) == 4\n    assert sys.maxsize > f(1)\n"},
        ("pkg/test_core.py::test_f",),
        {"pkg/core.py": "from pkg.extra import two\n\ndef f(x):\n    return x * two()\n", "pkg/extra.py": "def two():\n    return 2\n"},
    ),
    "options that ask for plugins, files of the same name": Repair(
        {"calc/ops.py": CLIP, "tox.ini": "[pytest]\nrequired_plugins = pytest-none\ntimeout = 3\naddopts = --none\n"},
        {"tests/a/test_ops.py": CLIP_TESTS, "tests/b/test_ops.py": CLIP_TESTS.replace("9", "8")},
        ("tests/a/test_ops.py::test_high", "tests/b/test_ops.py::test_high"),
        {"calc/ops.py": CLIP.replace("max(lo, x)", "min(hi, max(lo, x))")},
    ),
    "hidden tests": Repair(
        {"calc/ops.py": CLIP},
        {"tests/test_ops.py": CLIP_TESTS},
        CLIP_NODES,
        {"calc/ops.py": CLIP.replace("max(lo, x)", "min(hi, max(lo, x))")},
        {
            "hidden_files": {"tests/test_more.py": CLIP_TESTS.replace("clip(9, 0, 5) == 5", "clip(8, 1, 3) == 3")},
            "hidden": ("tests/test_more.py::test_high",),
        },
    ),
    "a history": Repair(
        {"calc/ops.py": CLIP},
        {"tests/test_ops.py": CLIP_TESTS},
        CLIP_NODES,
        {"calc/ops.py": CLIP.replace("max(lo, x)", "min(hi, max(lo, helper(x)))").replace("def", "from calc.help import helper\ndef")},
        {
            "git_history": ({"calc/help.py": "def helper(x):\n    return x\n"}, {"calc/help.py": None}),
            "git_head": 0,
        },
    ),
    "a module named like one of the standard library": Repair(
        {"src/shop/__init__.py": "", "src/shop/calendar.py": "def days():\n    return 6\n", "queue.py": "SIZE = 3\n"},
        {"tests/test_days.py": "from shop.calendar import days\nfrom queue import SIZE\n\ndef test_days():\n    assert days() == 7\n    assert SIZE == 4\n"},
        ("tests/test_days.py::test_days",),
        {"src/shop/calendar.py": "def days():\n    return 7\n", "queue.py": "SIZE = 4\n"},
    ),
    "threads, numbers and dates": one(
        "misc.py",
        "from datetime import date, timedelta\nfrom decimal import Decimal\nimport threading\n\ndef price(text):\n    return Decimal(text)\n\n"
        "def tomorrow(day):\n    return day\n\ndef both(f, g):\n    found = []\n    threads = [threading.Thread(target=lambda h=h: found.append(h())) for h in (f, g)]\n"
        "    [t.start() for t in threads]\n    [t.join() for t in threads]\n    return sorted(found)\n",
        "from datetime import date, timedelta\nfrom decimal import Decimal\nimport threading\n\ndef price(text):\n    return Decimal(text)\n\n"
        "def tomorrow(day):\n    return day + timedelta(days=1)\n\ndef both(f, g):\n    found = []\n    threads = [threading.Thread(target=lambda h=h: found.append(h())) for h in (f, g)]\n"
        "    [t.start() for t in threads]\n    [t.join() for t in threads]\n    return sorted(found)\n",
        "from datetime import date\nfrom decimal import Decimal\nfrom fractions import Fraction\nfrom misc import both, price, tomorrow\n\n"
        "def test_price():\n    assert price('1.50') == Decimal('1.5')\n    expected = Decimal(3) / 2\n    assert price('1.5') == expected\n"
        "    assert price('0.5') == Fraction(1, 2)\n\n"
        "def test_tomorrow():\n    day = date(2024, 2, 28)\n    assert tomorrow(day) == date(2024, 2, 29)\n    assert tomorrow(day) > day\n"
        "    later = day.replace(day=29)\n    assert tomorrow(day) == later\n\n"
        "def test_both():\n    assert both(lambda: 2, lambda: 1) == [1, 2]\n",
        "test_price",
        "test_tomorrow",
        "test_both",
    ),
}  # fmt: skip
