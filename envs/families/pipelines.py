"""Functions composed of steps, for `assay/FunctionFromTests-v0`: what each step says and does, in one table.

A step is an expression over `x`; the reference implementation applies them one after the other. The expressions are
ours, never an agent's.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

__all__ = ["STEPS", "Pipeline", "Step", "Type", "draw_input", "draw_pipeline"]

Type = Literal["numbers", "text", "number"]
_WORDS = (
    "apple river stone cloud maple tiger lemon paper winter candle ocean silver garden piano rocket basil amber level "
    "Berlin Kairo Lima Oslo noon radar civic kayak banana window"
)
WORDS = tuple(_WORDS.split())


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `{k}` in both texts is its parameter, drawn from `span`."""

    takes: Type
    gives: Type
    says: str
    code: str
    span: tuple[int, int] = (0, 0)


_TABLE = """
numbers -> numbers
    keep only the even numbers | [v for v in x if v % 2 == 0]
    keep only the odd numbers | [v for v in x if v % 2 == 1]
    keep only the numbers greater than {k} | [v for v in x if v > {k}] | -5..6
    drop every number divisible by {k} | [v for v in x if v % {k} != 0] | 2..5
    drop the numbers whose absolute value is below {k} | [v for v in x if abs(v) >= {k}] | 2..8
    multiply every number by {k} | [v * {k} for v in x] | 2..9
    add {k} to every number | [v + {k} for v in x] | 1..20
    square every number | [v * v for v in x]
    replace every number by its absolute value | [abs(v) for v in x]
    replace every number by its remainder modulo {k} (0 to {k} - 1) | [v % {k} for v in x] | 3..9
    replace every number greater than {k} by {k} | [min(v, {k}) for v in x] | 2..9
    add to every number its position, counting from 0 | [v + i for i, v in enumerate(x)]
    sort the numbers in ascending order | sorted(x)
    sort the numbers in descending order | sorted(x, reverse=True)
    reverse the order of the list | x[::-1]
    move the first {k} elements to the end (all of them if there are fewer) | x[{k}:] + x[:{k}] | 1..3
    keep only the first {k} elements | x[:{k}] | 2..5
    drop the first {k} elements | x[{k}:] | 1..3
    keep every second element, starting with the first | x[::2]
    remove repeated values, keeping the first occurrence of each | list(dict.fromkeys(x))
    repeat every element {k} times in a row | [v for v in x for _ in range({k})] | 2..3
    replace the list by its running totals | [sum(x[: i + 1]) for i in range(len(x))]
    replace the list by the differences of neighbours (each element minus the one before it) | [b - a for a, b in zip(x, x[1:])]
    replace the list by the products of neighbours | [a * b for a, b in zip(x, x[1:])]
numbers -> number
    take the sum of the numbers (0 for none) | sum(x)
    take the largest number, or {k} if there is none | max(x, default={k}) | -9..9
    take the smallest number, or {k} if there is none | min(x, default={k}) | -9..9
    count how many numbers are greater than {k} | sum(1 for v in x if v > {k}) | -4..6
    take the sum of the numbers at even positions, counting from 0 | sum(x[::2])
    count how many different numbers there are | len(set(x))
text -> text
    reverse the text | x[::-1]
    turn every lower-case letter into upper case and the other way round | x.swapcase()
    remove all vowels (a, e, i, o, u in either case) | ''.join(c for c in x if c not in 'aeiouAEIOU')
    keep only the first {k} characters of every word | ' '.join(w[:{k}] for w in x.split()) | 2..4
    reverse the order of the words | ' '.join(x.split()[::-1])
    reverse the letters of every word, leaving the words in place | ' '.join(w[::-1] for w in x.split())
    drop the words with fewer than {k} characters | ' '.join(w for w in x.split() if len(w) >= {k}) | 4..6
    sort the words alphabetically as Python compares strings | ' '.join(sorted(x.split()))
    move every lower-case letter a-z {k} places on in the alphabet, going round from z to a | ''.join(chr((ord(c) - 97 + {k}) % 26 + 97) if 'a' <= c <= 'z' else c for c in x) | 1..20
    keep every second character, starting with the first | x[::2]
    write every character twice | ''.join(c * 2 for c in x)
    remove the words that occurred before | ' '.join(dict.fromkeys(x.split()))
text -> numbers
    make a list of the lengths of the words | [len(w) for w in x.split()]
    make a list of the number of vowels (aeiou in either case) of each word | [sum(c in 'aeiouAEIOU' for c in w) for w in x.split()]
text -> number
    count the words | len(x.split())
    count how many different characters there are, spaces not counted | len(set(x) - {' '})
    count how often the letter e occurs, in lower case | x.count('e')
number -> number
    multiply by {k} | x * {k} | 2..12
    add {k} | x + {k} | 1..40
    take the remainder modulo {k} (0 to {k} - 1) | x % {k} | 5..40
    replace the number by the sum of the decimal digits of its absolute value | sum(map(int, str(abs(x))))
    divide by {k}, rounding down | x // {k} | 2..6
    halve it if it is even, else triple it and add 1 | x // 2 if x % 2 == 0 else 3 * x + 1
    square it | x * x
number -> numbers
    make the list of its decimal digits (of the absolute value), from the first to the last | [int(d) for d in str(abs(x))]
    make the list of its first {k} multiples, from 1 times to {k} times the number | [x * i for i in range(1, {k} + 1)] | 2..6
number -> text
    write it in binary, without a prefix (of the absolute value) | bin(abs(x))[2:]
"""  # noqa: E501
"""Steps of fitting types compose in any order."""


def _read(table: str) -> tuple[Step, ...]:
    steps, types = list[Step](), ("", "")
    for line in table.strip().splitlines():
        if not line.startswith(" "):
            takes, _, gives = line.partition(" -> ")
            types = (takes, gives)
            continue
        says, code, *span = line.strip().split(" | ")
        low, _, high = span[0].partition("..") if span else ("0", "", "0")
        steps.append(Step(*types, says, code, (int(low), int(high))))  # type: ignore[arg-type]  # the literals above
    return tuple(steps)


STEPS = _read(_TABLE)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps with their parameters filled in."""

    takes: Type
    says: tuple[str, ...]
    codes: tuple[str, ...]

    def trace(self, value: Any) -> list[Any]:
        """The input and what each step makes of it."""
        values = [value]
        for code in self.codes:
            values.append(_compiled(code)(values[-1]))
        return values

    def source(self, name: str) -> str:
        """The reference implementation."""
        *body, last = self.codes
        lines = [*(f"    x = {code}" for code in body), f"    return {last}"]
        return "\n".join([f"def {name}(x):", *lines])


def draw_pipeline(rng: random.Random, steps: int) -> Pipeline:
    """A random composition of `steps` steps whose types fit."""
    first = takes = rng.choice(("numbers", "numbers", "text", "number"))
    says, codes = list[str](), list[str]()
    while len(codes) < steps:
        step = rng.choice(_taking(takes))
        k = rng.randint(*step.span)
        if step.code.replace("{k}", str(k)) in codes:
            continue
        says.append(step.says.replace("{k}", str(k)))
        codes.append(step.code.replace("{k}", str(k)))
        takes = step.gives
    return Pipeline(first, tuple(says), tuple(codes))  # type: ignore[arg-type]  # the literals above


def draw_input(rng: random.Random, takes: Type) -> Any:
    """A random input of a type."""
    if takes == "number":
        return rng.randint(-300, 999) if rng.random() < 0.7 else rng.randint(0, 30)
    if takes == "text":
        return " ".join(rng.choices(WORDS, k=rng.randint(1, 6)))
    low = rng.choice((-20, -9, 0))
    return [rng.randint(low, 20) for _ in range(rng.randint(2, 9))]


@cache
def _taking(takes: Type) -> Sequence[Step]:
    return tuple(step for step in STEPS if step.takes == takes)


@lru_cache(maxsize=4096)
def _compiled(code: str) -> Callable[[Any], Any]:
    function: Callable[[Any], Any] = eval(f"lambda x: {code}")  # text of the table above
    return function
