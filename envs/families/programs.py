"""Random programs from a typed grammar, for the environments that ask what a program does.

A program is a function `f` of one or two parameters. Its body is a chain of blocks; each reads a variable of the type
it takes and writes one of the type it gives, and what nobody reads is returned. Every block ends on every input of its
type, so a program always ends. The text is ours: nothing of an agent's is ever run here.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from textwrap import indent
from typing import Any

from assaygym.envs.families.program_blocks import BLOCKS, Block, Type

__all__ = ["Program", "draw_input", "draw_program", "fits"]

NAMES: dict[Type, tuple[str, ...]] = {
    "numbers": ("xs", "ys", "zs", "items", "row", "vals", "seq", "path", "acc", "line", "pool", "ends"),
    "text": ("s", "t", "word", "name", "line_text", "msg", "label", "tail", "head", "note", "token", "title"),
    "number": ("n", "m", "total", "count", "score", "size", "width", "rank", "level", "limit", "depth", "sum_"),
    "table": ("d", "table", "seen", "groups", "freq", "index", "bins", "marks", "lookup", "places", "memo", "cells"),
}
LETTERS = "abcdeabcdefghklmnoprstuvwxyz"
DESCRIBED: dict[Type, str] = {
    "numbers": "a list of at most 20 integers from -1000 to 1000",
    "text": "a string of at most 40 printable ASCII characters, without backslashes",
    "number": "an integer from -100000 to 100000",
    "table": "a dict",
}


@dataclass(frozen=True, slots=True)
class Program:
    """Source text that defines `f`, and the types of its parameters."""

    source: str
    takes: tuple[Type, ...]

    def run(self, args: tuple[Any, ...]) -> Any:
        """What `f` returns for arguments of ours.

        Raises:
            ValueError: a number has too many digits to be written.
        """
        names: dict[str, Any] = {}
        exec(_compiled(self.source), names)
        return names["f"](*(list(arg) if isinstance(arg, list) else arg for arg in args))

    def described(self) -> str:
        """The types of the parameters in words."""
        return ", then ".join(DESCRIBED[kind] for kind in self.takes)


@lru_cache(maxsize=512)
def _compiled(source: str) -> Any:
    return compile(source, "program.py", "exec", dont_inherit=True)


def draw_program(rng: random.Random, blocks: int, depth: int) -> Program:
    """A random program of `blocks` blocks with expressions of at most `depth` levels; it reads every parameter."""
    while True:
        program = _Writer(rng, depth).write(blocks)
        if program is not None:
            return program


def draw_input(rng: random.Random, takes: tuple[Type, ...]) -> tuple[Any, ...]:
    """Random arguments of these types."""
    return tuple(_draw(rng, kind) for kind in takes)


def _draw(rng: random.Random, kind: Type) -> Any:
    if kind == "number":
        return rng.randint(3, 60)
    if kind == "text":
        letters = rng.choices(LETTERS, k=rng.randint(6, 11))
        return "".join(letter.upper() if rng.random() < 0.2 else letter for letter in letters)
    return [rng.randint(-9, 25) for _ in range(rng.randint(5, 9))]


_PRINTABLE = frozenset(string.printable[:95]) - {"\\"}


def fits(value: object, kind: Type) -> bool:
    """Whether an argument is what `DESCRIBED` says of its type."""
    if kind == "numbers":
        return isinstance(value, list) and len(value) <= 20 and all(type(v) is int and abs(v) <= 1000 for v in value)
    if kind == "text":
        return isinstance(value, str) and len(value) <= 40 and _PRINTABLE.issuperset(value)
    return type(value) is int and abs(value) <= 100_000


@cache
def _taking(kind: Type) -> tuple[Block, ...]:
    return tuple(block for block in BLOCKS if block.takes == kind)


@dataclass
class _Writer:
    """Writes one program."""

    rng: random.Random
    depth: int
    scope: dict[str, Type] = field(default_factory=dict[str, Type])
    unread: list[str] = field(default_factory=list[str])
    used: list[Block] = field(default_factory=list[Block])
    helpers: list[str] = field(default_factory=list[str])

    def write(self, blocks: int) -> Program | None:
        """A program; None where a parameter came out unread."""
        first: Type = self.rng.choice(("numbers", "text", "numbers", "text", "number"))
        second: list[Type] = ["number"] if first != "number" and self.rng.random() < 0.5 else []
        takes = (first, *second)
        params = [self._new(kind) for kind in takes]
        body = [self._block() for _ in range(blocks)]
        if set(params) & set(self.unread):
            return None
        body.append(f"return {self._result()}")
        function = f"def f({', '.join(params)}):\n{indent(chr(10).join(body), '    ')}\n"
        return Program("\n\n".join([*self.helpers, function]), takes)

    def _new(self, kind: Type) -> str:
        free = [name for name in NAMES[kind] if name not in self.scope]
        name = free[0] if free else f"{NAMES[kind][0]}{len(self.scope)}"
        self.scope[name] = kind
        self.unread.append(name)
        return name

    def _block(self) -> str:
        source = self.unread[-1] if self.rng.random() < 0.75 else self.rng.choice(self.unread)
        choices = [block for block in _taking(self.scope[source]) if block not in self.used] or list(
            _taking(self.scope[source])
        )
        block = self.rng.choice(choices)
        self.used.append(block)
        self.unread.remove(source)
        text = block.code
        if block.helper:
            name = f"g{len(self.helpers) + 1}"
            self.helpers.append(self._filled(block.helper.replace("<g>", name), ["a"]))
            text = text.replace("<g>", name)
        numbers = [name for name, kind in self.scope.items() if kind == "number" and name != source]
        text = self._filled(text.replace("<x>", source), [*block.locals, *numbers[-2:]])
        return text.replace("<y>", self._new(block.gives))

    def _filled(self, text: str, names: list[str]) -> str:
        """The text with a fresh expression, condition or constant for each of its holes."""
        fill: dict[str, Callable[[], str]] = {
            "<e>": lambda: self._expression(names, self.depth),
            "<c>": lambda: self._condition(names),
            "<k>": lambda: str(self.rng.randint(2, 5)),
            "<q>": lambda: str(self.rng.choice((7, 11, 13, 17, 19, 23, 29, 31, 97))),
            "<l>": lambda: repr(self.rng.choice("aeiosntr")),
            "<w>": lambda: repr(self.rng.choice(("-", "+", "x", "zo", "Q", "_"))),
        }
        for hole, make in fill.items():
            while hole in text:
                text = text.replace(hole, make(), 1)
        for name in names:
            if name in self.unread and re.search(rf"\b{name}\b", text):
                self.unread.remove(name)
        return text

    def _expression(self, names: list[str], depth: int) -> str:
        rng = self.rng
        atom = rng.choice(names)
        if depth <= 0 or rng.random() < 0.15:
            return atom
        inner = self._expression(names, depth - 1)
        form = rng.choice(("+k", "-", "*", "%", "//", "+", "abs", "max", "if"))
        constant = rng.randint(2, 9)
        return {
            "+k": f"{inner} + {constant}",
            "-": f"{constant} - {_grouped(inner)}",
            "*": f"{_grouped(inner)} * {rng.randint(2, 4)}",
            "%": f"{_grouped(inner)} % {constant}",
            "//": f"{_grouped(inner)} // {rng.randint(2, 3)}",
            "+": f"{_grouped(inner)} + {rng.choice(names)}",
            "abs": f"abs({inner} - {constant * 2})",
            "max": f"{rng.choice(('max', 'min'))}({inner}, {constant})",
            "if": f"({inner} if {atom} % 2 == {rng.randint(0, 1)} else {constant})",
        }[form]

    def _condition(self, names: list[str]) -> str:
        rng = self.rng
        first = names[0]
        simple = rng.choice(
            (
                f"{first} % {rng.choice((2, 2, 3))} == {rng.randint(0, 1)}",
                f"{first} > {rng.randint(0, 9)}",
                f"{first} < {rng.randint(3, 14)}",
                f"{rng.choice(names)} % {rng.randint(3, 5)} != {rng.randint(0, 2)}",
            )
        )
        if self.depth > 1 and rng.random() < 0.35:
            return f"{simple} {rng.choice(('and', 'or'))} {first} % {rng.randint(3, 5)} != 1"
        return simple

    def _result(self) -> str:
        """What was not read, in a shape that says which is which."""
        left = self.unread[-3:]
        if len(left) == 1:
            return left[0]
        if self.rng.random() < 0.3:
            return "{" + ", ".join(f"{name!r}: {name}" for name in left) + "}"
        return f"({', '.join(left)})"


def _grouped(text: str) -> str:
    return text if text.isidentifier() or (text.endswith(")") and text.startswith(("(", "abs", "m"))) else f"({text})"
