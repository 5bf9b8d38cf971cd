"""Input made to hang, crash or run code, by class: each ends in a verdict in time, and nothing runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assaygym.types import Verdict
from assaygym.verifiers import judge, math

MEGA = 1_000_000
CPU_SECONDS = 1.5
WALL_SECONDS = 15.0
"""Ten times the budget: the machine may be busy, and what the far process does is no CPU time of ours."""
GROWTH_MIB = 200


def box(text: str) -> str:
    return rf"\boxed{{{text}}}"


def nest(before: str, middle: str, after: str, times: int) -> str:
    return before * times + middle + after * times


REPEATED = [
    *("1", "0", "x", "e", "i", "\\", "$", "(", ")", "[", "{", "}", "-", "+", "|", ",", ";", ":", "^", "_", "!", "."),
    *("/", "*", "=", "<", ">", "&", "%", "~", "#", "'", '"', "`", " ", "\n", "\t", "√", "½", "∞", "²", "（", "٣", "１"),
    *(r"\frac", r"\sqrt", r"\left(", r"\boxed{", r"\text{", r"\begin{cases}", r"\begin{pmatrix}", r"\pm", r"\cdot "),
    *(r"\\", r"\(", r"\[", "$$", "<think>", "</think>", "<answer>", "#### ", "the answer is ", "答案", "<b>", "&lt;"),
    *("1,", "1, ", "1 ", "1.", "1,000", "x+", "x^", "x_", "(x", "1/", "2^", "-(", "||", "x<", "{1,", "A, ", "A or "),
]
TOWERS = [
    "9^{9^{9^9}}",
    "5^{5^{5^{5^5}}}",
    "9^{9^{9^{9^{9}}}}",
    "2^{2^{2^{2^{2^2}}}}",
    "-9^{-9^{-9^{-9}}}",
    "(((9^9)^9)^9)^9",
    nest("2^{", "2", "}", 400),
    nest("x^{", "x", "}", 400),
    nest("(", "9", ")^9", 300),
    nest(r"e^{", "e", "}", 300),
    "9" * 390 + "^{" + "9" * 390 + "}",
    "10^{10^{10^{10}}}+1",
    "1e999999999",
    "1e-999999999",
    "9e9999999999999999999999",
    "2^{0.5^{-1000000}}",
    "0^{-9^{9^9}}",
    "x^{x^{x^{x^x}}}",
    r"\left(1+\frac{1}{9^{9^9}}\right)^{9^{9^9}}",
    r"\sqrt[10^9]{7}",
    r"\sqrt[9^{9^9}]{9^{9^9}}",
    r"\log_{9^{9^9}} 9^{9^{9^9}}",
    r"\sin(9^{9^{9^9}})",
    r"\lfloor 9^{9^9}/7 \rfloor",
    r"9^{9^9} \mod 7",
]
FACTORIALS = [
    "100000!",
    "(10^{9})!",
    "((((9!)!)!)!)!",
    "5!!!!!!!!!!",
    "5" + "!" * 500,
    "(-5)!",
    "(1/2)!",
    r"\binom{10^9}{10^8}",
    r"\binom{10^{10^{10}}}{5}",
    r"\binom{x}{10^9}",
    r"\frac{(10^9)!}{(10^9-1)!}",
    r"\Gamma(10^9)",
    r"\prod_{n=1}^{99999} n",
    "x!" * 2000,
]
SUMS = [
    r"\sum_{n=1}^{\infty} \sin(n)",
    r"\sum_{n=1}^{\infty} \frac{1}{n}",
    r"\sum_{n=1}^{10^{9}} \frac{1}{n}",
    r"\sum_{n=1}^{10^{9}} n^{10^9}",
    r"\sum_{n=1}^{9^{9^9}} \frac{1}{n^2}",
    r"\sum_{n=1}^{19999} \frac{1}{n^{19999}}",
    r"\sum_{n=1}^{200} \sum_{m=1}^{200} \sum_{k=1}^{200} \frac{1}{n+m\sqrt{2}+k\sqrt3}",
    nest(r"\sum_{n=1}^{9} ", "n", "", 60),
    nest(r"\int_0^1 ", "x", r"\,dx", 40),
    r"\int_0^{\infty} \frac{\sin(x^x)}{x^{x^x}+\ln x}\,dx",
    r"\int e^{e^{e^{e^x}}}\,dx",
    r"\int_0^1\int_0^1\int_0^1\int_0^1 \frac{1}{1-xyzw}\,dx\,dy\,dz\,dw",
    r"\prod_{p=1}^{\infty}\left(1-\frac{1}{p^2+\sin p}\right)",
    r"\prod_{n=1}^{10^9} (x+n)",
    r"\lim_{x\to 0}\frac{\sin(\tan x)-\tan(\sin x)}{\arcsin(\arctan x)-\arctan(\arcsin x)}",
    r"\lim_{n\to\infty} \sum_{k=1}^{n} \frac{1}{n+k^{k}}",
    r"\frac{d^{10^6}}{dx^{10^6}} \sin(x^x)",
    r"\frac{d}{dx} " * 60 + "x^x",
    r"\sum_{n=\sum_{m=1}^{9}m}^{\prod_{k=1}^{9}k} n!",
    r"\sum_{d \mid 10^{100}+7} d",
]
INDETERMINATE = [
    r"0/0",
    r"\frac{0}{0}",
    r"\frac{1}{0}",
    r"\frac{1}{x-x}",
    r"\ln 0",
    r"\log 0",
    r"\log_1 5",
    r"\log_0 5",
    r"\log_{-1} 5",
    r"\tan 90^\circ",
    r"\tan\frac{\pi}{2}",
    r"\sec 90^\circ",
    "0^0",
    "0^{-1}",
    r"\infty-\infty",
    r"\infty/\infty",
    r"0\cdot\infty",
    r"1^{\infty}",
    r"\arcsin 7",
    r"\frac{\infty}{0}",
    r"\sqrt[0]{5}",
    r"\begin{pmatrix}1&2\\2&4\end{pmatrix}^{-1}",
    r"\lim_{x\to0}\frac{1}{x}",
    r"\frac{\frac{0}{0}}{\frac{0}{0}}",
]
NAMES = [
    *("I", "E", "S", "N", "O", "Q", "beta", "gamma", "zeta", "lambda", "pi", "None", "True", "nan", "inf", "NaN"),
    *("Symbol", "Integer", "oo", "zoo", "__class__", "self", "print", "import", "del x", "x.y.z", "x;y", "x:=5"),
]
INJECTIONS = [
    "__import__('os').system('touch MARK')",
    "exec(\"open('MARK','w')\")",
    "eval(compile('open(\"MARK\",\"w\")','','exec'))",
    "__import__('pathlib').Path('MARK').touch()",
    "(lambda: open('MARK', 'w'))()",
    "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0](['touch','MARK'])",
    "x.__class__.__mro__[1].__subclasses__()",
    r"\mathrm{__import__('os').system('touch MARK')}",
    r"\text{open('MARK','w')}",
    r"\operatorname{exec}(open('MARK','w'))",
    "Symbol('x'); open('MARK','w')",
    "sympify(\"__import__('os').system('touch MARK')\")",
    "S(\"open('MARK','w')\")",
    "Function('f')(open('MARK','w'))",
    "lambdify(x, \"__import__('os').system('touch MARK')\")",
    "`touch MARK`",
    "$(touch MARK)",
    "; touch MARK #",
    "| touch MARK",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "${jndi:ldap://127.0.0.1/MARK}",
    r"\input{/etc/passwd}",
    r"\write18{touch MARK}",
    r"\immediate\openout\x=MARK",
    "cos\nsystem\n(S'touch MARK'\ntR.",
    '{"py/object": "os.system"}',
    "!!python/object/apply:os.system ['touch MARK']",
    r"\begin{pmatrix}__import__('os').system('touch MARK')\end{pmatrix}",
    "x^{__import__('os').system('touch MARK')}",
    r"\sum_{n=1}^{__import__('os').system('touch MARK')} n",
    r"\int_0^1 open('MARK','w')\,dx",
    "f(x)=__import__('os').system('touch MARK')",
    "1 if open('MARK','w') else 2",
    "%s%s%s%n",
    "{0.__class__}",
    "chr(95)+chr(95)+'import'+chr(95)+chr(95)",
]
CHARACTERS = [
    "\0",
    box("\0"),
    "4\x002",
    "\ud800",
    box("\udfff"),
    "\ud83d5\ude00",
    "\u202e24\u202c",
    "\u202d\u202e" * 5000,
    "4\u200b2" * 9999,
    "\ufeff" * 99999,
    "4\u200d2x",
    "\u0301" * 100_000,
    "x" + "\u0338" * 100_000,
    "٤٢٠",
    "४३",
    "𝟜𝟛",
    "४\u200c३",
    "\U000e0034\U000e0033",
    "①②③",
    "ﬁve",
    "Ⅻ",
    "㊷㊸",
    "1\u06604",
    "\x1b[31m43\x1b[0m",
    "\r\r\r\n" * 10_000,
    "\x7f\x80\x9f",
    "\u2028\u2029" * 9999,
    "\U0010ffff" * 9999,
    "ß" * 99999,
    "İı" * 9999,
]
NESTED = [
    "{" * 100_000,
    nest("{", "5", "}", 100_000),
    nest(r"\boxed{", "5", "}", 100_000),
    box(nest("{", "", "}", 100_000)),
    nest("(", "5", ")", 100_000),
    nest("[", "5", "]", 50_000),
    nest(r"\{", "5", r"\}", 50_000),
    nest("|", "x", "|", 5000),
    nest(r"\left(", "x", r"\right)", 20_000),
    nest(r"\frac{1}{", "x", "}", 5000),
    nest(r"\sqrt{", "x", "}", 5000),
    nest(r"\text{", "x", "}", 20_000),
    nest(r"\sin(", "x", ")", 3000),
    nest("-", "5", "", 5000),
    nest(r"\ln ", "5", "", 5000),
    nest(r"\begin{pmatrix}", "5", r"\end{pmatrix}", 3000),
    nest(r"\begin{cases}", "5", r"\end{cases}", 3000),
    nest(r"\{x \mid ", "x=1", r"\}", 2000),
    nest(r"\frac", "12", "", 9000),
    nest("x^{", "", "}", 20_000),
    nest("x_{", "x", "}", 20_000),
    nest("f(", "x", ")", 5000),
    nest("((1,", "2", "),3)", 3000),
    nest("<b>", "5", "</b>", 50_000),
    nest("<think>", "5", "</think>", 30_000),
]
UNCLOSED = [
    r"\boxed{unclosed",
    r"\boxed{\frac{1}{2}",
    r"\frac{1",
    r"\frac{",
    r"\sqrt[3",
    r"\left(",
    r"\begin{pmatrix} 1 & 2",
    r"\begin{",
    r"\begin{cases} x",
    r"\text{",
    "(1, 2",
    "[1, 2",
    r"\{1, 2",
    "|x",
    "$5",
    r"\(5",
    "<answer>5",
    "<think>42",
    "x^",
    "x_",
    "5+",
    "=",
    r"\int_0^",
    r"\sum_{n=1",
    r"\end{pmatrix}",
    ")))",
    r"\right)",
    "5 < ",
    r"\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}",
    r"\overline",
]
PRIMES = [n for n in range(503, 3000) if all(n % d for d in range(2, 55))]
HUGE_VALUES = [
    "+".join(f"1/{p}^{{2000}}" for p in PRIMES[:80]),
    "-".join(f"1/{p}^{{1000}}" for p in PRIMES[:120]),
    "+".join(rf"\frac{{1}}{{{p}}}" for p in PRIMES[:300]),
    "+".join(rf"\sqrt{{{p}}}" for p in PRIMES[:200]),
    "*".join(f"({p}^{{99}}+1)" for p in PRIMES[:150]),
    "(1/3+1/7)^{50}" * 30,
    "9" * 5000 + "/" + "7" * 5000,
    "0." + "3" * 100_000,
    "1." + "0" * 50_000 + "1e-50000",
    r"0.\overline{" + "1234567890" * 5000 + "}",
    "1" + ",000" * 50_000,
    "1" * 4301,
    "-" + "9" * 4400 + "^{" + "9" * 4400 + "}",
    r"\frac{" + "1" * 9000 + "}{" + "3" * 9000 + "}",
    "7" * 3000 + "_{" + "8" * 300 + "}",
    "z" * 900 + "_{36}",
    "1" * 9000 + ":" + "1" * 9000,
    "9" * 9000 + r"\%",
    "99999999999999999999999999999 km",
]
ALGEBRA = [
    "x^{10^9}+x^{10^9-1}+1",
    "(x+1)^{10^9}",
    "(x+y)^{10000}",
    "(a+b+c+d+e+f)^{500}-(a+b+c)^{500}",
    "+".join(f"x_{{{i}}}^{{{i}}}" for i in range(900)),
    "*".join(f"(x-{i})" for i in range(900)),
    "x+" * 700 + "x",
    "-".join(["x"] * 3000),
    "+".join(rf"\frac{{1}}{{x-{i}}}" for i in range(300)),
    nest(r"\sqrt{2+", r"\sqrt2", "}", 50),
    nest(r"\sqrt{x+", "x", "}", 50),
    nest(r"\sqrt[3]{1+", "2", "}", 50),
    nest(r"1+\cfrac{1}{", "2", "}", 200),
    nest(r"x+\frac{1}{", "x", "}", 100),
    nest("1/(1+", "x", ")", 400),
    "1/" * 500 + "1",
    nest(r"\ln(1+", "x", ")", 100),
    nest(r"\sin(\cos(", "x", "))", 100),
    "|x|" * 500,
    r"\sqrt{x^2}" * 300,
    r"\pm1" * 24,
    "+".join([r"\pm x"] * 40),
    r"\pm\sqrt{1\pm\sqrt{2\pm\sqrt{3\pm\sqrt{4\pm\sqrt{5\pm\sqrt{6}}}}}}",
    r"\{x \mid x^{99}-x+1=0 \text{ and } \sin x > \cos(x^x)\}",
    r"\{n\in\mathbb{Z} \mid 0<n<10^{12}\}",
    r"\{n\in\mathbb{Z} \mid n^2-1 \text{ is prime}\}",
    r"\{(a,b,c)\in\mathbb{Z}^3 \mid a^3+b^3=c^3\}",
    r"\frac{k\pi}{10^{12}}, k\in\mathbb{Z}",
    "x=" * 900 + "5",
    "<".join(f"x_{i}" for i in range(900)),
    r" \text{ or } ".join(f"x={i}" for i in range(900)),
    r"\cup".join(f"({i},{i}.5)" for i in range(900)),
    r"\cap".join(f"(-{i},{i})" for i in range(1, 900)),
]
LISTS = [
    ",".join(map(str, range(10_000))),
    ",".join(rf"\sqrt{{{i}}}" for i in range(2, 2000)),
    ",".join(f"({i},{i + 1})" for i in range(2000)),
    ",".join(["1"] * 2000),
    ",".join(rf"x^{{{i}}}+\sin x" for i in range(500)),
    r"\{" + ",".join(rf"\{{{i}\}}" for i in range(2000)) + r"\}",
    r"\begin{pmatrix}" + r"\\".join("&".join(f"{i}" for i in range(50)) for _ in range(50)) + r"\end{pmatrix}",
    r"\begin{vmatrix}"
    + r"\\".join("&".join(f"{(i * j) % 97}" for i in range(50)) for j in range(50))
    + r"\end{vmatrix}",
    r"\begin{vmatrix}" + r"\\".join("&".join(f"x^{{{i * j}}}" for i in range(9)) for j in range(9)) + r"\end{vmatrix}",
    r"\begin{pmatrix}" + r"\\".join("&".join("x" for _ in range(20)) for _ in range(20)) + r"\end{pmatrix}^{99999}",
    r"\begin{cases}" + r"\\".join(f"x^{{{i}}} & x>{i}" for i in range(500)) + r"\end{cases}",
    " and ".join(map(str, range(3000))),
    ", ".join("ABCDEFGHIJ" * 300),
    ":".join(map(str, range(1, 3000))),
]
COMPLETIONS = [
    box("4") * 20_000,
    "\n".join(box(str(i)) for i in range(20_000)),
    "Wait, no. " * 30_000 + box("7"),
    "The answer is 42? No. " * 20_000,
    "**" * 100_000 + "7",
    "```python\n" * 20_000,
    "<answer>" * 50_000 + "7" + "</answer>" * 50_000,
    "a=" * 100_000 + "7",
    ("x" * 60 + "\n") * 15_000,
    "The final answer is " + "$" * 99_999,
    "(A) (B) (C) (D) " * 20_000,
    "https://example.org/" + "a" * 300_000 + "7",
]
BOXED = {
    "towers": TOWERS,
    "factorials": FACTORIALS,
    "sums": SUMS,
    "indeterminate": INDETERMINATE,
    "names": NAMES,
    "injections": INJECTIONS,
    "huge values": HUGE_VALUES,
    "algebra": ALGEBRA,
    "lists": LISTS,
}
HOSTILE: dict[str, list[str]] = {
    "repeated": [item * (MEGA // len(item)) for item in REPEATED],
    "repeated, boxed": [box(item * (9000 // len(item))) for item in REPEATED],
    "characters": CHARACTERS,
    "nested": NESTED,
    "unclosed": UNCLOSED,
    "completions": COMPLETIONS,
    **{name: [*map(box, items)] for name, items in BOXED.items()},
}
AGAINST = ["47", r"\sqrt{3}", "x^2+17"]
"""Answers that none of them is."""
PAIRS: dict[str, list[tuple[str, str]]] = {
    "permuted lists": [
        (",".join(f"{i}" for i in range(1999)), ",".join(f"{i}" for i in reversed(range(1999)))),
        (",".join(rf"\sqrt{{{i}}}" for i in range(2, 200)), ",".join(rf"{i}^{{1/2}}" for i in range(200, 2, -1))),
        (",".join(f"{i}+x" for i in range(200)), ",".join(f"x+{i}" for i in reversed(range(200)))),
        (",".join(f"({i},x)" for i in range(200)), ",".join(f"({i},x)" for i in range(1, 201))),
        (r"\{" + ",".join(["x", "x+0"] * 90) + r"\}", r"\{" + ",".join(["2x-x"] * 180) + r"\}"),
        (r"\cup".join(f"({i},{i}.5)" for i in range(300)), r"\cup".join(f"({i},{i}.5)" for i in range(300, 0, -1))),
    ],
    "near towers": [
        ("9^{9^{9^9}}", "9^{9^{9^9}}+1"),
        ("9^{9^{9^9}}", "9^{9^{9^8}}"),
        ("2^{10^{10}}", "2^{10^{10}}+1"),
        ("(10^6)!", "(10^6)!+1"),
        ("(x+1)^{10^9}", "(x+1)^{10^9}+1"),
        (r"\sqrt{10^{400}+1}", "10^{200}"),
        (r"\sin(10^{30})", r"\sin(10^{30}+1)"),
        ("e^{e^{e^{e}}}", "e^{e^{e^{e}}}+1"),
        (r"\frac{1}{9^{9^9}}", r"\frac{1}{9^{9^9}+1}"),
        (nest(r"\sqrt{2+", r"\sqrt2", "}", 50), "2"),
        (r"\sum_{n=1}^{10^9} n", r"\sum_{n=1}^{10^9} (n+1)"),
        (r"\int_0^1 x^{10^9}\,dx", r"\frac{1}{10^9}"),
        (r"\begin{pmatrix}1&1\\0&1\end{pmatrix}^{10^9}", r"\begin{pmatrix}1&10^9\\0&2\end{pmatrix}"),
        (r"x^{99}-1=0", r"2x^{99}-2=1"),
    ],
}


@dataclass(frozen=True)
class Run:
    """One verdict of the far process, and what it cost."""

    name: str
    index: int
    role: str
    value: float
    verdict: str
    problem: str
    cpu: float
    wall: float
    growth: float
    """MiB of the peak of resident memory over that at the start."""


PROGRAM = """
import json, math, resource, runpy, sys, time
from assaygym.verifiers import verify_math
table = runpy.run_path(sys.argv[1])
assert verify_math(r"\\sqrt{8}", r"2\\sqrt{2}").value == 1.0
verify_math(r"\\sum_{k=1}^{n} k", r"\\frac{n(n+1)}{2}")
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, index, role, gold, pred in table["cases"](sys.argv[2], sys.argv[3:]):
    print(json.dumps([name, index, role]), flush=True)
    cpu, wall, value, verdict, problem = time.thread_time(), time.perf_counter(), math.nan, "", ""
    try:
        score = verify_math(pred, gold)
        value, verdict = score.value, score.verdict.value
    except BaseException as error:
        problem = ascii(f"{type(error).__name__}: {error}"[:300])
    cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([value, verdict, problem, cpu, wall, (peak - start) / 1024]), flush=True)
"""


def cases(mark: str, names: list[str]) -> Iterator[tuple[str, int, str, str, str]]:
    """Class, number, what is hostile, gold, prediction."""
    for name in names:
        for index, text in enumerate(item.replace("MARK", mark) for item in HOSTILE.get(name, [])):
            yield name, index, "pred", AGAINST[index % len(AGAINST)], text
            yield name, index, "gold", text, AGAINST[index % len(AGAINST)]
            yield name, index, "both", text, text
        for index, (gold, pred) in enumerate(PAIRS.get(name, [])):
            yield name, index, "pair", gold, pred
            yield name, index, "turned", pred, gold


def run_all(folder: Path, names: list[str]) -> list[Run]:
    """One after another in one other process, so that its memory is theirs alone."""
    command = [sys.executable, "-c", PROGRAM, __file__, str(folder / "mark"), *names]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110)
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode().splitlines()
        pytest.fail(f"{len(said) // 2} verdicts, then it stands still: {said[-2:]}")
    assert done.returncode == 0, done.stderr[-3000:]
    assert list(folder.iterdir()) == [], "something was executed"
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [Run(*head, *tail) for head, tail in zip(lines[::2], lines[1::2], strict=True)]


LARGE = ("repeated", "nested", "completions", "sums")
"""Classes whose members take tens of milliseconds each, or the far process."""
SMALL = tuple(name for name in (*HOSTILE, *PAIRS) if name not in LARGE)


@pytest.fixture(scope="module")
def small_runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    return run_all(tmp_path_factory.mktemp("small"), list(SMALL))


@pytest.fixture(scope="module")
def large_runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    return run_all(tmp_path_factory.mktemp("large"), list(LARGE))


def in_time(runs: list[Run], name: str) -> None:
    of_class = [run for run in runs if run.name == name]
    assert of_class
    assert [run for run in of_class if run.problem or run.cpu > CPU_SECONDS or run.wall > WALL_SECONDS] == []


def never_right(runs: list[Run], name: str) -> None:
    preds = [run for run in runs if run.name == name and run.role == "pred"]
    golds = [run for run in runs if run.name == name and run.role == "gold"]
    assert len(preds) == len(golds) == len(HOSTILE[name])
    assert [run for run in preds if run.verdict not in ("incorrect", "unparsed")] == []
    assert [run for run in golds if run.verdict not in ("incorrect", "invalid")] == []


def test_there_are_two_hundred_of_fifteen_classes() -> None:
    assert sum(map(len, HOSTILE.values())) >= 200
    assert len(HOSTILE) >= 15


@pytest.mark.parametrize("name", SMALL)
def test_a_verdict_comes_in_time_and_never_an_exception(name: str, small_runs: list[Run]) -> None:
    in_time(small_runs, name)


@pytest.mark.parametrize("name", [name for name in SMALL if name in HOSTILE])
def test_it_is_never_right(name: str, small_runs: list[Run]) -> None:
    never_right(small_runs, name)


def test_what_differs_by_one_at_any_size_is_never_the_same(small_runs: list[Run]) -> None:
    near = [run for run in small_runs if run.name == "near towers"]
    assert len(near) == 2 * len(PAIRS["near towers"])
    assert [run for run in near if run.value == 1.0] == []


def test_all_of_them_together_take_little_memory(small_runs: list[Run]) -> None:
    assert small_runs[-1].growth < GROWTH_MIB


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_a_megabyte_or_a_far_process_ends_in_time_too(name: str, large_runs: list[Run]) -> None:
    in_time(large_runs, name)
    never_right(large_runs, name)
    assert large_runs[-1].growth < GROWTH_MIB


@pytest.mark.parametrize("gold", ["1.4142135624", "42", "x+y=2", "(-1, 2)", "1, 2"])
def test_what_overstays_is_the_answers_fault_and_never_the_golds(gold: str) -> None:
    slow = r"\sum_{n=1}^{200} \sum_{m=1}^{200} \frac{1}{n+m\sqrt{2}}"
    for pred in (slow, f"x={slow}", f"x+{slow}=2", f"(-1, {slow})", f"1, {slow}"):
        assert judge(math(), rf"\boxed{{{pred}}}", gold).verdict is Verdict.INCORRECT
