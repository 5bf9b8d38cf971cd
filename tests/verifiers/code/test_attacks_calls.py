"""Functions that lie, exit, look around or forge, called directly and through assert statements: none is paid."""

from __future__ import annotations

from typing import Any

import pytest

from assaygym.sandbox import Sandbox
from assaygym.verifiers.code import verify_row

CLAMP: dict[str, Any] = {
    "kind": "function",
    "entry_point": "f",
    "tests": [{"args": [5, 0, 3], "expected": 3}, {"args": [-1, 0, 3], "expected": 0},
              {"args": [2, 0, 3], "expected": 2}],
}  # fmt: skip
PAIRS: dict[str, Any] = {
    "kind": "function",
    "entry_point": "f",
    "tests": [{"args": [[1, 2, 3]], "expected": [{"$tuple": [1, 2]}, {"$tuple": [2, 3]}]},
              {"args": [[4, 4]], "expected": [{"$tuple": [4, 4]}]}],
}  # fmt: skip
HUMANEVAL: dict[str, Any] = {
    "kind": "asserts",
    "style": "humaneval",
    "entry_point": "f",
    "prompt": "",
    "test": "def check(candidate):\n    for n in range(3, 6):\n        assert candidate(list(range(n)), 1) == n + 1\n"
    "    assert abs(candidate([0.5], 0) - 1.0) < 1e-6\n",
}
MBPP: dict[str, Any] = {
    "kind": "asserts",
    "style": "mbpp",
    "setup": "k = 3",
    "tests": ["assert f([1, 2, 3], k) == [4, 5, 6]", "assert f([7], k)[0] == 10", "assert len(f([], k)) == 0"],
}
RIGHT = [
    (CLAMP, "def f(v, lo, hi): return min(max(v, lo), hi)"),
    (PAIRS, "def f(xs): return list(zip(xs, xs[1:]))"),
    (HUMANEVAL, "def f(xs, y): return len(xs) + y if y else 1.0"),
    (MBPP, "def f(xs, k): return [x + k for x in xs]"),
]
QUICK = {"wall": 1.5, "cpu": 1}
ROOMY = {"wall": 30}

YES = "class Y:\n    def __eq__(s, o): return True\n    def __ne__(s, o): return False\n"
"    def __bool__(s): return True\n"
RICH = (
    "    def __lt__(s, o): return True\n    def __gt__(s, o): return True\n    def __le__(s, o): return True\n"
    "    def __abs__(s): return 0\n    def __sub__(s, o): return 0\n    def __rsub__(s, o): return 0\n"
    "    def __hash__(s): return 0\n    def __len__(s): return 0\n    def __iter__(s): return iter(())\n"
    "    def __getitem__(s, k): return s\n    def __contains__(s, k): return True\n    def __float__(s): return 1.0\n"
    "    def __index__(s): return 3\n    def __int__(s): return 3\n    def __instancecheck__(s, o): return True\n"
)
LYING = {
    "equal to everything": f"{YES}def f(*a): return Y()",
    "everything to everybody": f"{YES}{RICH}def f(*a): return Y()",
    "lists of liars": f"{YES}def f(*a): return [Y()] * 9",
    "tuples of liars": f"{YES}def f(*a): return [(Y(), Y())]",
    "int": "class N(int):\n    def __eq__(s, o): return True\n    def __hash__(s): return 1\ndef f(*a): return N(77)",
    "float": "class N(float):\n    def __eq__(s, o): return True\n    def __sub__(s, o): return 0.0\n"
    "def f(*a): return N(7)",
    "str": "class S(str):\n    def __eq__(s, o): return True\ndef f(*a): return S('x')",
    "list": "class L(list):\n    def __eq__(s, o): return True\n    def __len__(s): return 0\n"
    "def f(*a): return L([Ellipsis])",
    "dict": "class D(dict):\n    def __eq__(s, o): return True\ndef f(*a): return D(a=1)",
    "tuple": "class T(tuple):\n    def __eq__(s, o): return True\ndef f(*a): return [T((0, 0))]",
    "set": "class S(set):\n    def __eq__(s, o): return True\ndef f(*a): return S([1])",
    "a class": "class M(type):\n    def __eq__(c, o): return True\nclass Y(metaclass=M): pass\ndef f(*a): return Y",
    "a mock": "from unittest.mock import MagicMock, ANY\ndef f(*a): return ANY",
    "another mock": "from unittest.mock import MagicMock\ndef f(*a): return MagicMock()",
    "pretended class": "class P:\n    __class__ = int\n    def __eq__(s, o): return True\ndef f(*a): return P()",
    "changing its mind": (
        "class N(int):\n    n = 0\n    def __index__(s):\n        N.n += 1\n        return N.n\n"
        "    __int__ = __index__\ndef f(*a): return N(99)"
    ),
    "an odd type name": "int2 = type('int', (int,), {'__eq__': lambda s, o: True})\ndef f(*a): return int2(99)",
    "reversed": "class R:\n    def __req__(s, o): return True\n    __eq__ = __req__\ndef f(*a): return R()",
}
EXITS = {
    "raise SystemExit": "def f(*a): raise SystemExit(0)",
    "_exit": "import os\ndef f(*a): os._exit(0)",
    "exit at import": "import os\nos._exit(0)",
    "sys.exit at import": "import sys\nsys.exit(0)",
    "exec": "import os\ndef f(*a): os.execv('/bin/true', ['true'])",
    "exit later": "import atexit, os\natexit.register(os._exit, 0)\ndef f(*a): return None",
    "a signal": "import os, signal\ndef f(*a): os.kill(os.getpid(), signal.SIGTERM)",
    "KeyboardInterrupt": "def f(*a): raise KeyboardInterrupt",
    "GeneratorExit": "def f(*a): raise GeneratorExit",
    "StopIteration": "def f(*a): raise StopIteration(3)",
    "an own BaseException": "class E(BaseException):\n    def __eq__(s, o): return True\ndef f(*a): raise E(3)",
    "AssertionError": "def f(*a): raise AssertionError('passed')",
    "the channel closed": "import os\ndef f(*a):\n    os.close(3)\n    return 3",
    "a thread that exits": "import os, threading, time\nthreading.Timer(0.05, os._exit, (0,)).start()\n"
    "def f(*a):\n    time.sleep(1)\n    return None",
    "a fork that goes on": "import os\ndef f(*a):\n    if os.fork():\n        os._exit(0)\n    return None",
}
FRAMES = "import sys\ndef values():\n    g = sys._getframe(1)\n    while g:\n"
"        yield from g.f_locals.values()\n        g = g.f_back\n"
LOOKS = {
    "constants of the caller": "import sys\ndef f(*a):\n    return [c for c in sys._getframe(1).f_code.co_consts][-1]",
    "locals of all callers": f"{FRAMES}def f(*a):\n    return [v for v in values() if isinstance(v, (int, list))][-1]",
    "expected of all callers": f"{FRAMES}def f(*a):\n    for v in values():\n"
    "        if isinstance(v, dict) and 'expected' in v:\n"
    "            return v['expected']",
    "the collector": "import gc\ndef f(*a):\n    for o in gc.get_objects():\n"
    "        if isinstance(o, dict) and 'expected' in o:\n"
    "            return o['expected']",
    "the test module": "import sys\ndef f(*a):\n    return [m for n, m in sys.modules.items() if 'test' in n]",
    "the check function": "import gc, types\ndef f(*a):\n    for o in gc.get_objects():\n"
    "        if isinstance(o, types.FunctionType) and o.__name__ == 'check': return o.__code__.co_consts[1]",
    "the library": "import sys\ndef f(*a):\n"
    "    return vars(sys.modules.get('library') or sys.modules['__main__']).get('EXPECTED')",
    "a traceback": "def f(*a):\n    try: raise ValueError\n    except ValueError as e:\n"
    "        return list(e.__traceback__.tb_frame.f_back.f_locals.values())[-1]",
    "the requests to come": "import sys\ndef f(*a):\n    g = sys._getframe(1)\n"
    "    while 'message' not in g.f_locals: g = g.f_back\n"
    "    return g.f_locals['message'][-1][-2]",
}
SAYS = (
    "import json, os, struct, sys\ndef number():\n    g = sys._getframe(1)\n"
    "    while 'number' not in g.f_locals: g = g.f_back\n"
    "    return g.f_locals['number']\ndef say(m):\n    d = m if isinstance(m, bytes) else json.dumps(m).encode()\n"
    "    os.write(3, struct.pack('>I', len(d)) + d)\n"
)
FORGES = {
    "a verdict": f"{SAYS}def f(*a):\n    say({{'passed': True, 'value': 1.0}})\n    return None",
    "a verdict at import": f"{SAYS}say(['done', 9, 9, None])\ndef f(*a): return None",
    "answers for all": f"{SAYS}for n in range(2, 20): say([n, 'value', 3])\ndef f(*a): return None",
    "an answer twice": f"{SAYS}def f(*a):\n    say([number(), 'value', 3])\n    say([number() + 1, 'value', 3])\n"
    "    return 3",
    "a tally": f"{SAYS}def f(*a):\n    say(['done', 4, 4, None])\n    return None",
    "a handle": f"{SAYS}def f(*a):\n    say([number(), 'value', {{'$ref': [0, True]}}])\n    return None",
    "a callback": f"{SAYS}def f(*a):\n    say([number(), 'callback', 0, [], {{}}])\n    return None",
    "an unknown tag": f"{SAYS}def f(*a):\n    say([number(), 'value', {{'$yes': 1}}])\n    return None",
    "a tag of code": f"{SAYS}def f(*a):\n    say([number(), 'value', {{'$type': 'exec'}}])\n    return None",
    "no JSON": f"{SAYS}def f(*a):\n    say(b'true')\n    return None",
    "other JSON": f"{SAYS}def f(*a):\n    say(b'[NaN, Infinity]')\n    return None",
    "half a frame": "import os\ndef f(*a):\n    os.write(3, b'\\xff\\xff\\xff\\xff[1')\n    return 3",
    "a pickle": f"{SAYS}def f(*a):\n    say(b'\\x80\\x04cbuiltins\\nexec\\n.')\n    return None",
    "every descriptor": "import os\ndef f(*a):\n    for n in range(3, 64):\n"
    "        try: os.write(n, b'\\0\\0\\0\\4true')\n"
    "        except OSError: pass",
    "a deep value": "def f(*a):\n    x = 3\n    for _ in range(10 ** 5): x = [x]\n    return x",
    "an endless value": "def f(*a):\n    x = []\n    x.append(x)\n    return x",
    "a wide value": "def f(*a): return [0] * 10 ** 7",
    "its arguments": "def f(*a): return a",
    "its first argument": "def f(*a): return a[0]",
    "everything at once": "def f(*a): return [3, 0, 2]",
    "a constant": "def f(*a): return 3",
    "nothing": "def f(*a): pass",
    "no function": "x = 3",
    "another function": "def g(*a): return 3",
    "text of the answer": "def f(*a): return '3'",
    "a float of the answer": "def f(*a): return 3.5",
    "a generator of the answer": "def f(*a):\n    yield 3",
    "a coroutine": "async def f(*a): return 3",
}
PATCHES = {
    "assert": "import builtins\nbuiltins.AssertionError = SystemExit\ndef f(*a): return 7",
    "comparison": "import operator\noperator.eq = lambda a, b: True\ndef f(*a): return 7",
    "json": "import json\njson.dumps = lambda *a, **k: '[1,\"value\",3]'\n"
    "json.JSONEncoder.encode = lambda s, o: '[2,\"value\",3]'\ndef f(*a): return 7",
    "os.write": "import os\nold = os.write\nos.write = lambda fd, d: len(d)\ndef f(*a): return 7",
    "the server": "import sys\nm = sys.modules.get('library') or sys.modules['__main__']\n"
    "for n in ('Encoder', 'send'):\n"
    "    setattr(m, n, lambda *a, **k: None)\ndef f(*a): return 7",
    "the encoder": "import sys\nm = sys.modules.get('library') or sys.modules['__main__']\n"
    "m.Encoder.encode = lambda s, v, d=0: 3\n"
    "def f(*a): return 7",
    "isinstance": "import builtins\nbuiltins.isinstance = lambda *a: True\ndef f(*a): return 7",
    "abs and len": "import builtins\nbuiltins.abs = builtins.len = lambda *a: 0\ndef f(*a): return 7",
    "range": "import builtins\nbuiltins.range = lambda *a: []\ndef f(*a): return 7",
    "all modules": "import sys\nfor m in list(sys.modules.values()):\n    for n in list(vars(m)):\n"
    "        if n.startswith('check') or n == 'equal': setattr(m, n, lambda *a: True)\ndef f(*a): return 7",
    "check itself": "def check(candidate): pass\ndef f(*a): return 7",
    "candidate itself": "candidate = None\nk = 0\ndef f(*a): return 7",
    "a module of tests": "import sys, types\nsys.modules['tests'] = types.ModuleType('tests')\ndef f(*a): return 7",
    "warnings off": "import warnings\nwarnings.simplefilter('ignore')\n__debug__2 = False\ndef f(*a): return 7",
    "trace": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\ndef f(*a): return 7",
    "recursion": "import sys\nsys.setrecursionlimit(20)\ndef f(*a): return 7",
    "the stream": "import os\nos.dup2(1, 3)\ndef f(*a): return 7",
}
RESOURCES = {
    "for ever": "def f(*a):\n    while True: pass",
    "asleep": "import time\ndef f(*a): time.sleep(600)",
    "memory": "def f(*a):\n    x = []\n    while True: x.append('x' * 10 ** 7)",
    "deep": "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(*a): return f(*a)",
    "a slow comparison": "class Y:\n    def __eq__(s, o):\n        while True: pass\ndef f(*a): return Y()",
    "a slow length": "class L(list):\n    def __len__(s):\n        while True: pass\ndef f(*a): return L()",
    "a large integer": "def f(*a): return 1 << 10 ** 8",
    "processes": "import os\ndef f(*a):\n    while True:\n        try: os.fork()\n        except OSError: pass",
    "all signals ignored": "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\ndef f(*a):\n    while True: pass",
    "colliding keys": "M = (1 << 61) - 1\ndef f(*a): return {n * M for n in range(3000)}",
}
SPECIAL = {
    "the first test": "def f(*a): return 3 if a == (5, 0, 3) else None",
    "a counter": "n = 0\ndef f(*a):\n    global n\n    n += 1\n    return [3, 0, 5][n % 3]",
    "the clock": "import time\ndef f(*a): return int(time.time()) % 4",
    "chance": "import random\ndef f(*a): return random.choice([0, 2, 3, 4, 5, 6])",
}
KINDS = {
    "lying": LYING, "exits": EXITS, "looks": LOOKS, "forges": FORGES, "patches": PATCHES, "resources": RESOURCES,
    "special": SPECIAL,
}  # fmt: skip
TASKS = {"function": CLAMP, "pairs": PAIRS, "humaneval": HUMANEVAL, "mbpp": MBPP}
DAILY = ("function", "humaneval")
ATTACKS = [
    pytest.param(name, program, id=f"{name}, {kind}: {what}", marks=() if name in DAILY else (pytest.mark.slow,))
    for kind, programs in KINDS.items()
    for what, program in programs.items()
    for name in (("function", "mbpp") if kind == "resources" else TASKS)
]


@pytest.mark.parametrize(("name", "program"), ATTACKS)
def test_an_attack_earns_nothing_and_leaves_no_trace(one: Sandbox, name: str, program: str) -> None:
    after = [{"task": task, "program": right, "limits": ROOMY} for task, right in RIGHT if task is TASKS[name]]
    row = {"id": 1, "task": TASKS[name], "program": program, "limits": QUICK, "after": after}
    record = verify_row(row, one)
    assert record["value"] == 0.0, record["explanation"]
    assert [found["value"] for found in record["after"]] == [1.0], record["after"][0]["explanation"]
