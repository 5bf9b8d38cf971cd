"""The pairs that math verifiers are measured on: a file of labelled ones, or a generated mix; and the hostile ones."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assaygym.errors import DataError

__all__ = ["Hostile", "Pair", "generated", "hostile", "read_pairs", "warm_up"]

PLAIN: Final = re.compile(r"-?\d{1,15}(?:[./]\d{1,15})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pair:
    """A gold, a prediction, and whether it is right; None where graders may differ."""

    gold: str
    pred: str
    expected: bool | None
    bare: bool
    """Whether the prediction is an answer alone, no response around it."""

    @property
    def dollars(self) -> str:
        """The gold for a verifier that reads no mathematics without delimiters."""
        return f"${self.gold.strip().strip('$')}$"

    @property
    def boxed(self) -> str:
        """The prediction for a verifier that expects a response: a bare answer is put in a box."""
        return rf"\boxed{{{self.pred.strip().strip('$')}}}" if self.bare else self.pred

    @property
    def plain(self) -> bool:
        """Whether it takes no more than comparing text or two rational numbers."""
        gold, pred = (text.strip().strip("$").strip() for text in (self.gold, self.pred))
        return gold == pred or (PLAIN.fullmatch(gold) is not None and PLAIN.fullmatch(pred) is not None)


def read_pairs(file: str) -> list[Pair]:
    """The pairs of a file of JSON lines with `gold`, `pred`, `expected` (true, false, null) and maybe `form`.

    Raises:
        DataError: it cannot be read, or a line is no such pair.
    """
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    return [_pair(file, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _pair(file: str, number: int, line: str) -> Pair:
    try:
        row = json.loads(line)
        gold, pred, expected = row["gold"], row["pred"], row["expected"]
        bare = row["form"] == "answer" if "form" in row else "boxed" not in pred
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}, line {number}: {type(error).__name__}: {error}") from error
    if not (isinstance(gold, str) and isinstance(pred, str) and expected in (True, False, None)):
        raise DataError(f"{file}, line {number}: expected texts gold and pred, and expected true, false or null")
    return Pair(gold, pred, expected, bare)


Maker = Callable[[random.Random], tuple[str, str, str]]
"""A gold, a right answer in another notation and a wrong one."""


def _integer(rng: random.Random) -> tuple[str, str, str]:
    value = rng.randrange(2, 10**6)
    return str(value), f"{value:,}" if rng.random() < 0.5 else str(value), str(value + rng.choice((-1, 1, 10)))


def _fraction(rng: random.Random) -> tuple[str, str, str]:
    over, under, times = rng.randrange(1, 60), rng.choice((7, 9, 11, 13)), rng.randrange(2, 5)
    return rf"\frac{{{over}}}{{{under}}}", f"{over * times}/{under * times}", f"{over + 1}/{under}"


def _radical(rng: random.Random) -> tuple[str, str, str]:
    factor, inside = rng.randrange(2, 9), rng.choice((2, 3, 5, 6, 7))
    right = rf"\sqrt{{{factor * factor * inside}}}"
    return rf"{factor}\sqrt{{{inside}}}", right, rf"{factor}\sqrt{{{inside + 1}}}"


def _polynomial(rng: random.Random) -> tuple[str, str, str]:
    a, b = rng.randrange(2, 9), rng.randrange(2, 9)
    right = f"x^2+{a + b}x+{a * b}"
    return f"(x+{a})(x+{b})", right, f"x^2+{a + b}x+{a * b + 1}"


def _interval(rng: random.Random) -> tuple[str, str, str]:
    low, high = rng.randrange(-9, 0), rng.randrange(1, 9)
    return f"[{low},{high})", rf"{low} \le x < {high}", f"({low},{high})"


def _listed(rng: random.Random) -> tuple[str, str, str]:
    values = rng.sample(range(1, 50), 3)
    told = ", ".join(map(str, values))
    return told, rf"\{{{', '.join(map(str, reversed(values)))}\}}", told + ", 51"


def _trigonometric(rng: random.Random) -> tuple[str, str, str]:
    factor = rng.randrange(2, 9)
    return rf"{factor}\sin 2x", rf"{2 * factor}\sin x\cos x", rf"{factor}\sin x\cos x"


def _matrix(rng: random.Random) -> tuple[str, str, str]:
    a, b, c, d = (rng.randrange(-9, 10) for _ in range(4))
    body = rf"{a} & {b} \\ {c} & {d}"
    wrong = rf"\begin{{pmatrix}} {a} & {b} \\ {c} & {d + 1} \end{{pmatrix}}"
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}", rf"\begin{{bmatrix}} {body} \end{{bmatrix}}", wrong


def _equation(rng: random.Random) -> tuple[str, str, str]:
    a, b = rng.randrange(2, 9), rng.randrange(1, 9)
    return f"y = {a}x + {b}", f"{a}x - y + {b} = 0", f"y = {a}x - {b}"


MAKERS: Final[tuple[tuple[Maker, int], ...]] = (
    *((_integer, 9), (_fraction, 4), (_radical, 3), (_polynomial, 2), (_interval, 2), (_listed, 2)),
    *((_trigonometric, 1), (_matrix, 1), (_equation, 1)),
)
"""And how often, roughly as in competition data."""


def generated(count: int, seed: int = 0) -> list[Pair]:
    """A mix of labelled pairs: half right, half near misses; half bare answers, half responses with a box."""
    rng = random.Random(seed)
    makers, weights = zip(*MAKERS, strict=True)
    found = []
    for number in range(count):
        gold, right, wrong = rng.choices(makers, weights)[0](rng)
        expected, bare = number % 2 == 0, rng.random() < 0.5
        pred = right if expected else wrong
        told = pred if bare else f"We simplify and find that the answer is $\\boxed{{{pred}}}$."
        found.append(Pair(f"${gold}$" if rng.random() < 0.5 else gold, told, expected, bare))
    return found


WARM_UP: Final = 40
_RARE: Final = (
    (r"\sqrt{2+\sqrt3}", r"\frac{\sqrt6+\sqrt2}{2}"),
    (r"\int_0^1 x^3 dx", r"\frac14"),
    (r"\sqrt{17}", "4.123105625617661"),
)


def warm_up() -> list[Pair]:
    """Pairs that load all that a verifier may load: before them it is not what it is in a run of hours."""
    return [*generated(WARM_UP, seed=99), *(Pair(gold, pred, True, True) for gold, pred in _RARE)]


@dataclass(frozen=True, slots=True)
class Hostile:
    """A pair made to hang, to fill memory or to run code; MARK in it stands for the path of a file to be made."""

    kind: str
    gold: str
    pred: str


_HOSTILE: Final[dict[str, tuple[str, ...]]] = {
    "towers": (
        "9^{9^{9^9}}", "2^{2^{2^{2^{2^2}}}}", r"5^{5^{5^{5^{5}}}}", "10^{10^{10}}", r"x^{x^{x^{x^x}}}", "(x+y)^{10000}",
        "(9^9)^{9^9}", r"\sqrt[10^9]{7^{10^9}}", r"(1+10^{-9})^{10^{18}}",
    ),
    "factorials": (
        "100000!", "(10^{9})!", "5!!!!!!!!!!", r"\binom{10^9}{10^8}", r"\frac{100000!}{99999!}", r"((5!)!)!",
        r"10^{100!}",
    ),
    "nesting": (
        "{" * 100_000, r"\boxed{" * 20_000, r"\boxed{" + "{" * 50_000 + "}" * 50_000 + "}", "(" * 50_000,
        r"\frac{1}{" * 2_000 + "x" + "}" * 2_000, r"\sqrt{" * 1_000 + "2" + "}" * 1_000, "-" * 20_000 + "5",
        "1+(" * 5_000 + "1" + ")" * 5_000, "x^" * 5_000 + "x",
    ),
    "length": (
        "1" * 1_000_000, r"\boxed{" + "1" * 1_000_000 + "}", "\\" * 1_000_000, "$" * 1_000_000, r"\frac" * 200_000,
        r"\[" * 300_000, "1," * 300_000, " " * 1_000_000 + "42", "0." + "3" * 500_000, "=" * 500_000,
        "x+" * 100_000 + "x", r"\text{" * 50_000,
    ),
    "series": (
        r"\sum_{n=1}^{\infty} \sin(n)", r"\sum_{n=1}^{\infty} \frac{1}{n^{1.0001}}", r"\prod_{n=1}^{99999999} n",
        r"\sum_{n=1}^{10^{12}} \sin(n^2)", r"\int_0^{\infty} \sin(x^x) dx", r"\lim_{n\to\infty} \sin(n!)^n",
        r"\sum_{a=1}^{999}\sum_{b=1}^{999}\sum_{c=1}^{999} \frac{1}{a^b+c}", r"\int \frac{e^{x^x}}{\ln \sin x} dx",
    ),
    "undefined": (r"\frac{0}{0}", r"\ln 0", r"\tan 90^\circ", "0^0", r"\frac{1}{0}", r"\infty-\infty", r"0\cdot\infty"),
    "injection": (
        "__import__('os').system('touch MARK')", r"\boxed{__import__('pathlib').Path('MARK').touch()}",
        "exec(\"open('MARK','w')\")", r"\boxed{(lambda: open('MARK', 'w'))()}", "eval(\"open('MARK','w')\")",
        r"\boxed{\text{open('MARK','w')}}", "Symbol('x'); open('MARK','w')", "Integer(1).__class__.__mro__",
        "(1).__class__.__bases__[0].__subclasses__()", "print(open('MARK','w'))", "lambda: 0", "S.Infinity.evalf()",
    ),
    "characters": (
        "\0" * 1_000, "4\u202e2", "\ud800", "42\u0000", "\u0663\u0664", "\uff14\uff12", "\u0301" * 10_000,
        "\ufeff42\u200b",
    ),
}  # fmt: skip


def hostile() -> list[Hostile]:
    """All of them, each against a plain gold and some against themselves."""
    plain = [Hostile(kind, "42", text) for kind, texts in _HOSTILE.items() for text in texts]
    return plain + [Hostile(kind, text, text + "+1") for kind in ("towers", "series") for text in _HOSTILE[kind]]
