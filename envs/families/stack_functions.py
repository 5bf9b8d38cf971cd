"""The functions that `assay/StackVM-v0` asks for: words for the prompt and Python source, by stages."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["OPERATION_SETS", "Function", "draw_function"]

_BASE = ("PUSH", "POP", "DUP", "SWAP", "OVER", "PICK", "ADD", "SUB", "MUL")
OPERATION_SETS: tuple[tuple[str, ...], ...] = (
    _BASE,
    (*_BASE, "DIV", "MOD"),
    (*_BASE, "DIV", "MOD", "LT", "EQ", "JMP", "JZ"),
    ("PUSH", "POP", "DUP", "SWAP", "OVER", "ADD", "SUB", "MUL", "DIV", "MOD", "LT", "EQ", "JMP", "JZ", "LOAD", "STORE"),
    ("PUSH", "POP", "DUP", "SWAP", "ADD", "SUB", "LT", "JMP", "JZ", "LOAD", "STORE"),
)
"""What the machine can do at each stage; the last one has to multiply and divide by loops."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of integers; each input lies between the two numbers of its span."""

    words: str
    source: str
    spans: tuple[tuple[int, int], ...]

    @property
    def names(self) -> str:
        """Its parameters, as in `a, b`."""
        return ", ".join("abc"[: len(self.spans)])

    def __call__(self, *inputs: int) -> int:
        """Its value."""
        names: dict[str, Any] = {}
        exec(self.source, names)  # text of this module
        return int(names["f"](*inputs))


_LOOPS = """
a 1..40 | the sum of i * i + {k} * i for all i from 1 to a
    i = 1
    t = 0
    while i <= a:
        t = t + i * i + {k} * i
        i = i + 1
    return t
a 1..200 b 1..200 | the greatest common divisor of a and b, plus {k}
    while b != 0:
        r = a % b
        a = b
        b = r
    return a + {k}
a 0..99999 | the sum of the digits of a, written in base {q}
    t = 0
    while a > 0:
        t = t + a % {q}
        a = a // {q}
    return t
a 0..9 b 1..25 | the remainder modulo {p} of a to the power of b
    t = 1
    while b > 0:
        t = t * a % {p}
        b = b - 1
    return t
a 1..120 | how many i from 1 to a have the remainder {j} when i * i is divided by {q}
    i = 1
    t = 0
    while i <= a:
        if i * i % {q} == {j}:
            t = t + 1
        i = i + 1
    return t
a 1..300 | the number of steps until a becomes 1, where a step halves an even number and turns an odd number n into 3 * n + 1
    t = 0
    while a != 1:
        if a % 2 == 0:
            a = a // 2
        else:
            a = a * 3 + 1
        t = t + 1
    return t
a 0..40 | x(a), where x(0) = {j}, x(1) = {k}, and x(n) = (x(n - 1) + {q} * x(n - 2)) modulo {p}
    x = {j}
    y = {k}
    while a > 0:
        z = (y + {q} * x) % {p}
        x = y
        y = z
        a = a - 1
    return x
a 2..150 | the number of divisors of a (1 and a included) times {k}
    i = 1
    t = 0
    while i <= a:
        if a % i == 0:
            t = t + {k}
        i = i + 1
    return t
a 0..9999 | the number whose decimal digits are those of a in reverse order (leading zeros vanish), plus {k}
    t = 0
    while a > 0:
        t = t * 10 + a % 10
        a = a // 10
    return t + {k}
a 1..3000 | the largest n with n * n + {k} * n not above a (0 if there is no larger one)
    n = 0
    while (n + 1) * (n + 1) + {k} * (n + 1) <= a:
        n = n + 1
    return n
"""  # noqa: E501
_SMALL = """
a 0..25 b 0..25 | the product of a and b, plus {k}
    return a * b + {k}
a 0..300 b 1..20 | the remainder when a is divided by b, plus {k} times b
    return a % b + {k} * b
a 0..300 b 1..20 | a divided by b, rounded down, plus {k}
    return a // b + {k}
a 0..20 | the square of a, minus {k}
    return a * a - {k}
a 0..30 b 0..30 | the larger of a and b, plus {k} times the smaller
    return a + {k} * b if a > b else b + {k} * a
a 1..60 b 1..60 | the greatest common divisor of a and b, plus {k}
    while b != 0:
        r = a % b
        a = b
        b = r
    return a + {k}
a 0..25 | the sum of all whole numbers from 1 to a (0 for a = 0), plus {k}
    t = {k}
    while a > 0:
        t = t + a
        a = a - 1
    return t
a 0..9 | {q} to the power of (a modulo {q}), plus {k}
    a = a % {q}
    t = 1
    while a > 0:
        t = t * {q}
        a = a - 1
    return t + {k}
a 0..18 | x(a), where x(0) = {j}, x(1) = {k}, and x(n) = x(n - 1) + x(n - 2)
    x = {j}
    y = {k}
    while a > 0:
        z = x + y
        x = y
        y = z
        a = a - 1
    return x
a 2..40 | the number of divisors of a (1 and a included) plus {k}
    i = 1
    t = {k}
    while i <= a:
        if a % i == 0:
            t = t + 1
        i = i + 1
    return t
a 0..999 | the sum of the decimal digits of a, plus {k}
    t = {k}
    while a > 0:
        t = t + a % 10
        a = a // 10
    return t
a 0..99 b 0..99 c 0..99 | how many of a, b and c are greater than {p}
    t = 0
    if a > {p}:
        t = t + 1
    if b > {p}:
        t = t + 1
    if c > {p}:
        t = t + 1
    return t * {k}
"""
_SMALL = _SMALL.replace("are greater than {p}", "are greater than {p}, times {k}")


def draw_function(rng: random.Random, stage: int) -> Function:
    """A function of a stage: 1 sums and products, 2 division too, 3 cases, 4 loops, 5 loops on a poorer machine."""
    if stage <= 2:
        return _formula(rng, stage)
    if stage == 3:
        return _cases(rng)
    return _filled(rng, rng.choice(_table(_LOOPS if stage == 4 else _SMALL)))


def _table(text: str) -> list[str]:
    entries: list[str] = []
    for line in text.strip("\n").splitlines():
        if line.startswith(" "):
            entries[-1] += f"\n{line}"
        else:
            entries.append(line)
    return entries


def _filled(rng: random.Random, entry: str) -> Function:
    q = rng.randint(3, 7)
    numbers = {"k": rng.randint(2, 9), "j": rng.randint(1, q - 1), "q": q, "p": rng.choice((37, 53, 71, 83, 97))}
    head, _, body = entry.format(**numbers).partition("\n")
    spans, _, words = head.partition(" | ")
    return _function(words, body, [_span(span) for span in spans.split()[1::2]])


def _span(text: str) -> tuple[int, int]:
    low, _, high = text.partition("..")
    return int(low), int(high)


def _function(words: str, body: str, spans: Sequence[tuple[int, int]]) -> Function:
    return Function(words, f"def f({', '.join('abc'[: len(spans)])}):\n{body}\n", tuple(spans))


def _formula(rng: random.Random, stage: int) -> Function:
    names = "abc"[: rng.randint(1, 2) if stage == 1 else rng.randint(2, 3)]
    text = _expression(rng, names, stage + 1, stage > 1)
    return _function(f"{text}{_noted(text)}", f"    return {text}", [(-12, 12)] * len(names))


def _cases(rng: random.Random) -> Function:
    names = "abc"[: rng.randint(2, 3)]
    parts = [_expression(rng, names, 1, True) for _ in range(3)]
    one, two = rng.sample(names, 2)
    test, k = rng.choice((f"{one} < {two}", f"{one} > {two}", f"{one} % 3 == 0")), rng.randint(-3, 5)
    second = f"{two} > {k}"
    words = f"{parts[0]} if {test}; else {parts[1]} if {second}; else {parts[2]}"
    body = f"    return ({parts[0]}) if {test} else (({parts[1]}) if {second} else ({parts[2]}))"
    return _function(f"{words}{_noted(words)}", body, [(-12, 12)] * len(names))


def _noted(formula: str) -> str:
    divides = "%" in formula or "//" in formula
    return " (// is division rounded down, % its remainder, never negative)" if divides else ""


def _expression(rng: random.Random, names: str, depth: int, divides: bool) -> str:
    """A formula that names every parameter once at least, where it is deep enough."""
    while True:
        text = _drawn(rng, names, depth, divides)
        if depth < 2 or all(name in text for name in names):
            return text


def _drawn(rng: random.Random, names: str, depth: int, divides: bool) -> str:
    if depth == 0:
        return rng.choice(names)
    left = _drawn(rng, names, depth - 1, divides)
    left = left if left.isalnum() else f"({left})"
    forms = ["+", "-", "*", "+k", "*k", "k-"] + (["//", "%"] if divides else [])
    form, k = rng.choice(forms), rng.randint(2, 9)
    if form in ("//", "%"):
        return f"{left} {form} {k}"
    if form == "k-":
        return f"{k} - {left}"
    return f"{left} {form[0]} {k if form.endswith('k') else rng.choice(names)}"
