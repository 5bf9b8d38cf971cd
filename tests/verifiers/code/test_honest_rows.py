"""Right programs of odd but honest styles earn everything."""

from __future__ import annotations

from typing import Any

import pytest

from assaygym.sandbox import ExecStatus, Sandbox
from assaygym.verifiers.code import verify_row

PRODUCT = {
    "kind": "stdin",
    "tests": [{"input": f"{a} {b}\n", "output": f"{a * b}\n"} for a, b in ((2, 3), (-4, 5), (0, 9), (10**9, 10**9))],
}
SUM = {
    "kind": "stdin",
    "tests": [{"input": "1\n2\n3\n", "output": "6\n"}, {"input": "", "output": "0\n"},
              {"input": "10\r\n-4\r\n", "output": "6\n"}, {"input": "5", "output": "5\n"}],
}  # fmt: skip
ECHO = {
    "kind": "stdin",
    "checker": "lines",
    "tests": [{"input": "naïve \N{SNOWMAN} 日本\n", "output": "NAÏVE \N{SNOWMAN} 日本\n"}, {"input": "a\tb\n"
    "", "output": "A\tB\n"}],
}  # fmt: skip
READ = "a, b = map(int, input().split())\n"

PRODUCTS = {
    "the usual guard": f"def main():\n    {READ}    print(a * b)\nif __name__ == '__main__':\n    main()",
    "no newline at the end": f"{READ}print(a * b, end='')",
    "many newlines at the end": f"{READ}print(a * b, end='\\n\\n\\n')",
    "sys.stdin.buffer": "import sys\na, b = map(int, sys.stdin.buffer.readline().split())\n"
    "sys.stdout.buffer.write(b'%d' % (a * b))",
    "os.read and os.write": "import os\na, b = map(int, os.read(0, 99).split())\nos.write(1, str(a * b).encode())",
    "open(0)": "a, b = map(int, open(0).read().split())\nprint(a * b)",
    "fileinput": "import fileinput\nfor line in fileinput.input():\n    a, b = map(int, line.split())\n"
    "    print(a * b)",
    "sys.exit(0)": f"import sys\n{READ}print(a * b)\nsys.exit(0)",
    "sys.exit of nothing": f"import sys\n{READ}print(a * b)\nsys.exit()",
    "exit()": f"{READ}print(a * b)\nexit()",
    "os._exit after a flush": f"import os\n{READ}print(a * b, flush=True)\nos._exit(0)",
    "a thread": "import threading\ndef main():\n    " + READ + "    print(a * b)\n"
    "threading.Thread(target=main).start()",
    "a thread with a large stack": "import sys, threading\nsys.setrecursionlimit(1 << 25)\n"
    "threading.stack_size(1 << 27)\ndef down(n): return n and down(n - 1)\ndef main():\n    "
    + READ
    + "    down(10 ** 4)\n    print(a * b)\nt = threading.Thread(target=main)\nt.start()\nt.join()",
    "deep recursion": "import sys\nsys.setrecursionlimit(10 ** 5)\ndef down(n): return n and down(n - 1)\n"
    f"{READ}down(10 ** 4)\nprint(a * b)",
    "atexit": f"import atexit\n{READ}atexit.register(print, a * b)",
    "a finalizer": f"class R:\n    def __del__(self): print(a * b)\n{READ}r = R()",
    "a decorator and lru_cache": "import functools\n@functools.lru_cache(maxsize=None)\ndef mul(a, b): return a * b\n"
    f"{READ}print(mul(a, b))",
    "a dataclass": "from dataclasses import dataclass\n@dataclass(order=True)\nclass P:\n    a: int\n    b: int\n"
    f"    def value(self): return self.a * self.b\n{READ}print(P(a, b).value())",
    "a class of pickled objects": f"import pickle\nclass P:\n    pass\n{READ}p = P()\np.v = a * b\n"
    "print(pickle.loads(pickle.dumps(p)).v)",
    "exec": "exec('a, b = map(int, input().split())\\nprint(a * b)')",
    "a match statement": "match input().split():\n    case [a, b]:\n        print(int(a) * int(b))",
    "a walrus and a lambda": "print((lambda a, b: a * b)(*map(int, (s := input()).split())))",
    "asyncio": "import asyncio\nasync def main():\n    " + READ + "    await asyncio.sleep(0)\n    print(a * b)\n"
    "asyncio.run(main())",
    "much on stderr": f"import sys\n{READ}print('debug ' * 9999, file=sys.stderr)\nprint(a * b)",
    "logging": f"import logging\nlogging.basicConfig(level=logging.DEBUG)\n{READ}logging.info('x')\nprint(a * b)",
    "a warning": f"import warnings\n{READ}warnings.warn('old')\nprint(a * b)",
    "scratch files": f"{READ}open('x.txt', 'w').write(str(a * b))\nprint(open('x.txt').read())",
    "temporary files": f"import tempfile\n{READ}f = tempfile.TemporaryFile('w+')\nf.write(str(a * b))\nf.seek(0)\n"
    "print(f.read())",
    "decimal": f"from decimal import Decimal\n{READ}print(Decimal(a) * Decimal(b))",
    "print redirected": f"import io, contextlib\n{READ}f = io.StringIO()\n"
    "with contextlib.redirect_stdout(f): print(a * b)\n"
    "print(f.getvalue().strip())",
    "sys.stdout replaced": "import sys, io\n"
    f"sys.stdout = io.TextIOWrapper(sys.stdout.buffer, line_buffering=False)\n{READ}print(a * b)",
    "input replaced": "import sys\ninput = sys.stdin.readline\na, b = map(int, input().split())\nprint(a * b)",
    "a generator main": "def main():\n    a, b = map(int, (yield).split())\n    print(a * b)\n    yield\n"
    "g = main()\nnext(g)\ng.send(input())",
    "CRLF source": "a, b = map(int, input().split())\r\nprint(a * b)\r\n",
    "tabs": "def main():\n\ta, b = map(int, input().split())\n\tprint(a * b)\nmain()",
    "a BOM": "\ufeffa, b = map(int, input().split())\nprint(a * b)",
    "a coding line": "# -*- coding: utf-8 -*-\na, b = map(int, input().split())\nprint(a * b)  # größer",
    "non-ASCII names": "größe, ñ = map(int, input().split())\nprint(größe * ñ)",
    "future annotations": "from __future__ import annotations\ndef f(a: Nothing) -> Never: return a\n"
    f"{READ}print(f(a) * b)",
    "inspect.getsource": "import inspect\ndef f(a, b): return a * b\nassert 'a * b' in inspect.getsource(f)\n"
    f"{READ}print(f(a, b))",
    "a global statement": "total = 1\ndef f(x):\n    global total\n    total *= x\n"
    "for x in map(int, input().split()): f(x)\nprint(total)",
    "a caught exception": f"{READ}try: 1 / 0\nexcept ZeroDivisionError: pass\nprint(a * b)",
    "a signal handler": "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\nsignal.alarm(5)\n"
    f"{READ}print(a * b)",
    "gc off": f"import gc\ngc.disable()\n{READ}print(a * b)",
}  # fmt: skip
SUMS = {
    "until EOFError": "t = 0\ntry:\n    while True: t += int(input())\nexcept EOFError: pass\nprint(t)",
    "for line in sys.stdin": "import sys\nprint(sum(int(line) for line in sys.stdin if line.strip()))",
    "readlines": "import sys\nprint(sum(map(int, sys.stdin.readlines())))",
    "buffer.read": "import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))",
    "iter with a sentinel": "import sys\nprint(sum(map(int, iter(sys.stdin.readline, ''))))",
    "line by line with a flush": "import sys\nt = 0\nfor line in sys.stdin:\n    t += int(line)\n"
    "    sys.stdout.flush()\nprint(t)",
}
ECHOES = {
    "text": "print(input().upper())",
    "lines": "import sys\nsys.stdout.writelines(line.upper() for line in sys.stdin)",
    "bytes": "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read().decode().upper().encode())",
    "white space at the ends of lines": "print(input().upper() + '   ')\nprint()",
}
STDIN = [
    pytest.param(task, program, id=name)
    for task, programs in ((PRODUCT, PRODUCTS), (SUM, SUMS), (ECHO, ECHOES))
    for name, program in programs.items()
]


@pytest.mark.parametrize(("task", "program"), STDIN)
def test_a_right_whole_program_earns_everything(sandbox: Sandbox, task: dict[str, Any], program: str) -> None:
    record = verify_row({"id": 1, "task": task, "program": program}, sandbox)
    assert record["value"] == 1.0, record["explanation"]


NEEDS = {
    "multiprocessing": "import multiprocessing\ndef mul(p): return p[0] * p[1]\nif __name__ == '__main__':\n"
    "    with multiprocessing.Pool(2) as pool: print(pool.map(mul, [tuple(map(int, input().split()))])[0])",
    "concurrent.futures": "from concurrent.futures import ProcessPoolExecutor\ndef mul(a, b): return a * b\n"
    "with ProcessPoolExecutor(1) as pool: print(pool.submit(mul, *map(int, input().split())).result())",
    "subprocess": "import subprocess, sys\ncode = 'a, b = map(int, input().split()); print(a * b)'\n"
    "print(subprocess.run([sys.executable, '-c', code], input=input(), text=True, capture_output=True).stdout)",
    "fork": "import os\na, b = map(int, input().split())\nr, w = os.pipe()\nif os.fork() == 0:\n"
    "    os.write(w, str(a * b).encode())\n    os._exit(0)\nos.wait()\nprint(os.read(r, 99).decode())",
}


@pytest.mark.parametrize("program", NEEDS.values(), ids=NEEDS)
def test_a_right_program_of_several_processes_earns_everything(sandbox: Sandbox, program: str) -> None:
    if sandbox.run("import os\nif os.fork() == 0: os._exit(0)\nos.wait()").status is not ExecStatus.OK:
        pytest.skip("this sandbox grants programs no processes")
    record = verify_row({"id": 1, "task": PRODUCT, "program": program}, sandbox)
    assert record["value"] == 1.0, record["explanation"]


def test_a_large_output_within_the_limits_is_right(sandbox: Sandbox) -> None:
    output = "\n".join(map(str, range(300_000)))
    task = {"kind": "stdin", "checker": "lines", "tests": [{"input": "300000", "output": output}]}
    record = verify_row({"id": 1, "task": task, "program": "for i in range(int(input())): print(i)"}, sandbox)
    assert record["value"] == 1.0, record["explanation"]


def test_a_large_input_is_read_whole(sandbox: Sandbox) -> None:
    task = {"kind": "stdin", "tests": [{"input": "7\n" * 400_000, "output": "2800000"}]}
    program = "import sys\nprint(sum(map(int, sys.stdin)))"
    record = verify_row({"id": 1, "task": task, "program": program}, sandbox)
    assert record["value"] == 1.0, record["explanation"]


def calls(entry: str, *tests: tuple[list[Any], Any]) -> dict[str, Any]:
    return {"kind": "function", "entry_point": entry, "tests": [{"args": a, "expected": e} for a, e in tests]}


TWO_SUM = calls("Solution().twoSum", ([[2, 7, 11], 9], [0, 1]), ([[3, 3], 6], [0, 1]))
DOUBLE = calls("f", ([3], 6), ([0], 0), ([-2], -4), ([10**30], 2 * 10**30))
SQUARES = calls("f", ([4], [0, 1, 4, 9]), ([0], []))
FUNCTIONS = {
    "a LeetCode class": (TWO_SUM, "from typing import List\nclass Solution:\n"
        "    def twoSum(self, nums: List[int], target: int) -> List[int]:\n        seen = {}\n"
        "        for i, n in enumerate(nums):\n            if target - n in seen: return [seen[target - n], i]\n"
        "            seen[n] = i\n"),
    "a class with state of its own": (TWO_SUM, "class Solution:\n    def __init__(self): self.seen = {}\n"
        "    def twoSum(self, nums, target):\n        for i, n in enumerate(nums):\n"
        "            if target - n in self.seen: return [self.seen[target - n], i]\n            self.seen[n] = i\n"),
    "the usual guard": (DOUBLE, "def f(x): return 2 * x\nif __name__ == '__main__':\n    print(f(int(input())))"),
    "noise": (DOUBLE, "print('loading')\ndef f(x):\n    print(x)\n    return 2 * x"),
    "a lambda": (DOUBLE, "f = lambda x: x + x"),
    "a partial": (DOUBLE, "import functools, operator\nf = functools.partial(operator.mul, 2)"),
    "a callable object": (DOUBLE, "class F:\n    def __call__(self, x): return 2 * x\nf = F()"),
    "a static method": (calls("A.f", ([3], 6)), "class A:\n    @staticmethod\n    def f(x): return 2 * x"),
    "a decorator": (DOUBLE, "import functools\ndef twice(g):\n    @functools.wraps(g)\n"
        "    def inner(x): return g(x) + g(x)\n    return inner\n@twice\ndef f(x): return x"),
    "lru_cache": (DOUBLE, "import functools\n@functools.lru_cache(None)\ndef f(x): return 2 * x"),
    "a closure": (DOUBLE, "def make(k):\n    def g(x): return k * x\n    return g\nf = make(2)"),
    "a default mutable argument": (DOUBLE, "def f(x, seen=[]):\n    seen.append(x)\n    return 2 * seen[-1]"),
    "global state": (DOUBLE, "cache = {}\ndef f(x):\n    cache[x] = 2 * x\n    return cache[x]"),
    "recursion": (calls("f", ([10_000], 10_000)), "import sys\nsys.setrecursionlimit(20_000)\n"
    "def f(n): return n and 1 + f(n - 1)"),
    "a thread inside": (DOUBLE, "import threading\ndef f(x):\n    out = []\n"
        "    t = threading.Thread(target=lambda: out.append(2 * x))\n    t.start()\n    t.join()\n    return out[0]"),
    "bool arithmetic": (calls("f", ([3], True), ([4], False)), "def f(x): return x % 2 == 1"),
    "a list of a generator": (SQUARES, "def f(n): return list(x * x for x in range(n))"),
    "a subclass of list": (SQUARES, "class L(list): pass\ndef f(n): return L(x * x for x in range(n))"),
    "a named tuple": (calls("f", ([1], {"$tuple": [1, 2]})), "from collections import namedtuple\n"
    "P = namedtuple('P', 'x y')\ndef f(a): return P(a, 2)"),
    "an enum of integers": (calls("f", ([1], 2)), "import enum\nclass E(enum.IntEnum):\n    A = 2\n"
    "def f(a): return E.A"),
    "a Counter": (calls("f", (["aab"], {"a": 2, "b": 1})), "from collections import Counter\nf = Counter"),
    "a defaultdict": (calls("f", ([[1, 1]], {"$dict": [[1, 2]]})), "from collections import defaultdict\ndef f(xs):\n"
        "    d = defaultdict(int)\n    for x in xs: d[x] += 1\n    return d"),
    "an OrderedDict": (calls("f", ([1], {"a": 1})), "from collections import OrderedDict\n"
    "def f(x): return OrderedDict(a=x)"),
    "sets": (calls("f", ([[1, 2, 2]], {"$set": [2, 1]})), "f = set"),
    "a frozen set": (calls("f", ([2], {"$set": [{"$tuple": [0, 1]}]})), "def f(n): return frozenset({(0, 1)})"),
    "bytes": (calls("f", (["ab"], {"$bytes": "6162"})), "def f(s): return bytearray(s.encode())"),
    "NaN and infinity": ({**calls("f", ([1], [{"$float": "nan"}, {"$float": "-inf"}])), "compare": {"nan_equal": True}},
        "def f(x): return [float('nan'), -float('inf')]"),
    "a whole float": (calls("f", ([4], 2)), "import math\nf = math.sqrt"),
    "a large integer": (calls("f", ([14_000], {"$int": str(2**14_000)})), "import sys\n"
    "sys.set_int_max_str_digits(0)\ndef f(n): return 2 ** n"),
    "nested ten deep": (calls("f", ([1], [[[[[[[[[[1]]]]]]]]]])), "def f(x):\n    for _ in range(10): x = [x]\n"
    "    return x"),
    "unicode": (calls("f", (["größe"], "GRÖSSE")), "def f(s): return s.upper()"),
    "changed in place and returned": (calls("f", ([[3, 1, 2]], [1, 2, 3])), "def f(xs):\n    xs.sort()\n    return xs"),
    "None": (calls("f", ([1], None)), "def f(x): pass"),
    "a complex number": (calls("f", ([1], {"$complex": [0.0, 1.0]})), "def f(x): return 1j"),
    "dict views": (calls("f", ([{"a": 1}], {"$set": ["a"]})), "def f(d): return d.keys()"),
    "a range": (SQUARES, "def f(n): return [x * x for x in range(n)]\nr = range(3)"),
    "keyword arguments": (
        {"kind": "function", "entry_point": "f", "tests": [{"args": [1], "kwargs": {"k": 2}, "expected": 3}]},
        "def f(x, *, k): return x + k"),
    "a helper of the same name as a builtin": (DOUBLE, "def sum(a, b): return a + b\ndef f(x): return sum(x, x)"),
    "a long run before it": (DOUBLE, "table = [2 * i for i in range(10 ** 6)]\ndef f(x): return 2 * x"),
    "numbers as keys": (calls("f", ([2], {"$dict": [[0, "a"], [1, "b"]]})), "def f(n): return dict(enumerate('ab'))"),
}  # fmt: skip


@pytest.mark.parametrize(("task", "program"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_right_function_earns_everything(sandbox: Sandbox, task: dict[str, Any], program: str) -> None:
    record = verify_row({"id": 1, "task": task, "program": program}, sandbox)
    assert record["value"] == 1.0, record["explanation"]


NUMPY = {
    "a scalar": (calls("f", ([3], 6)), "import numpy as np\ndef f(x): return np.int64(2 * x)"),
    "a float": (calls("f", ([3], 1.5)), "import numpy as np\ndef f(x): return np.float64(x) / 2"),
    "a bool": (calls("f", ([3], True)), "import numpy as np\ndef f(x): return np.bool_(x > 2)"),
    "an array": (calls("f", ([[1, 2]], [2, 4])), "import numpy as np\ndef f(xs): return 2 * np.array(xs)"),
    "a matrix": (calls("f", ([2], [[1.0, 0.0], [0.0, 1.0]])), "import numpy as np\ndef f(n): return np.eye(n)"),
    "inside a list": (calls("f", ([2], [1, [2]])), "import numpy as np\ndef f(n): return [np.int8(1), np.array([2])]"),
}


@pytest.mark.parametrize(("task", "program"), NUMPY.values(), ids=NUMPY)
def test_results_of_numpy_are_numbers_and_lists(sandbox: Sandbox, task: dict[str, Any], program: str) -> None:
    record = verify_row({"id": 1, "task": task, "program": program, "requires": ["numpy"]}, sandbox)
    if "has no numpy" in record["explanation"]:
        pytest.skip("programs have no numpy here")
    assert record["value"] == 1.0, record["explanation"]


ASSERTS = {
    "a generator": (["assert list(f(3)) == [0, 1, 2]", "assert next(f(1)) == 0"], "def f(n):\n"
    "    for i in range(n): yield i"),
    "an item set": (["d = D()\nd[1] = 2\nassert d[1] == 4"],
        "class D:\n    def __setitem__(self, k, v): self.v = 2 * v\n    def __getitem__(self, k): return self.v"),
    "an iterator run dry": (["g = f(1)\nassert next(g) == 0\nassert next(g, 'end') == 'end'"],
        "def f(n):\n    for i in range(n): yield i"),
    "an iterator": (["assert list(f([1, 2])) == [2, 1]"], "f = reversed"),
    "a raised error": (["try:\n    f(-1)\n    assert False\nexcept ValueError:\n    assert True is not None\n"
    "assert f(1) == 1"],
        "def f(x):\n    if x < 0: raise ValueError(x)\n    return x"),
    "changed arguments": (["xs = [3, 1]\nf(xs)\nassert xs == [1, 3]"], "def f(xs): xs.sort()"),
    "a callback": (["assert f(lambda x: x + 1, 2) == 3"], "def f(g, x): return g(x)"),
    "an object": (["c = C(2)\nc.add(3)\nassert c.total == 5\nassert len(c.items()) == 2"],
        "class C:\n    def __init__(self, n): self.total, self.xs = n, [n]\n"
        "    def add(self, n):\n        self.total += n\n        self.xs.append(n)\n"
        "    def items(self): return self.xs"),
    "floats": (["import math\nassert math.isclose(f(2), 1.4142135, rel_tol=1e-6)"], "def f(x): return x ** 0.5"),
    "sorted results": (["assert sorted(f([3, 1])) == [1, 3]", "assert set(f([2])) == {2}"], "f = tuple"),
    "a name of a builtin": (["assert sum(1, 2) == 3"], "def sum(a, b): return a + b"),
}  # fmt: skip


@pytest.mark.parametrize(("tests", "program"), ASSERTS.values(), ids=ASSERTS)
def test_a_right_program_holds_every_assertion(sandbox: Sandbox, tests: list[str], program: str) -> None:
    task = {"kind": "asserts", "style": "mbpp", "setup": "", "tests": tests}
    record = verify_row({"id": 1, "task": task, "program": program}, sandbox)
    assert record["value"] == 1.0, record["explanation"]
