"""Checkers of printed output. They look at text only: nothing here turns an output into a number without a pattern."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assaygym.errors import ConfigError
from assaygym.sandbox.base import Sandbox
from assaygym.verifiers.code.checker_programs import program_agrees, python_agrees

__all__ = ["TextChecker", "exact", "floats", "lines", "tokens", "unordered_lines"]

_SPACE = re.compile(r"[ \t\n\r\x0b\x0c]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MAX_NUMBER = 4096


def split(text: str) -> list[str]:
    """The tokens between ASCII white space."""
    return [token for token in _SPACE.split(text) if token]


def tokens(got: str, expected: str) -> bool:
    """The same tokens, in order, letter by letter."""
    return split(got) == split(expected)


def exact(got: str, expected: str) -> bool:
    """The same text; one newline at the end is optional."""
    return got.removesuffix("\n") == expected.removesuffix("\n")


def lines(got: str, expected: str) -> bool:
    """The same lines in order; white space at line ends and empty lines at the end do not count."""
    return _lines(got) == _lines(expected)


def unordered_lines(got: str, expected: str) -> bool:
    """The same lines in any order; white space at line ends and empty lines at the end do not count."""
    return Counter(_lines(got)) == Counter(_lines(expected))


def _lines(text: str) -> list[str]:
    return [line.rstrip(" \t\r") for line in text.rstrip(" \t\r\n").split("\n")]


def floats(got: str, expected: str, absolute: float, relative: float) -> bool:
    """The same tokens, where two finite numbers may differ by `max(absolute, relative * |expected|)`."""
    ours, theirs = split(expected), split(got)
    if len(ours) != len(theirs):
        return False
    return all(a == b or _near(b, a, absolute, relative) for a, b in zip(ours, theirs, strict=True))


def _near(got: str, expected: str, absolute: float, relative: float) -> bool:
    if not all(len(text) <= _MAX_NUMBER and _NUMBER.fullmatch(text) for text in (got, expected)):
        return False
    a, b = float(got), float(expected)
    return math.isfinite(a) and math.isfinite(b) and abs(a - b) <= max(absolute, relative * abs(b))


_NAMED: dict[str, Callable[[str, str], bool]] = {
    "tokens": tokens,
    "exact": exact,
    "lines": lines,
    "unordered": unordered_lines,
}
_OPTIONS = {
    **{name: {"type", "casefold"} for name in _NAMED},
    "float": {"type", "casefold", "abs", "rel"},
    "python": {"type", "source"},
    "program": {"type", "source", "language"},
}


@dataclass(frozen=True, slots=True)
class TextChecker:
    """A checker by its specification.

    A name: `"tokens"`, `"exact"`, `"lines"`, `"unordered"` (lines). Or a dict of a `type`, which is such a name or
    `"float"` (tolerances `abs` and `rel`), with `casefold: True` where letters of either case will do; or the type
    `"python"` (`source`: `def check(inp, out, expected): ...`) or `"program"` (`source`, `language`: run as
    `checker input output answer`, exit code 0 is yes): trusted code that runs in a sandboxed process of its own.

    Raises:
        ConfigError: the specification is none of these.
    """

    spec: str | tuple[tuple[str, str | float], ...]

    @classmethod
    def of(cls, spec: str | Mapping[str, Any]) -> TextChecker:
        """The checker of a specification as written in a data row."""
        return cls(spec if isinstance(spec, str) else tuple(sorted(spec.items())))

    def __post_init__(self) -> None:
        kind, options = self._parts()
        sourced = isinstance(options.get("source"), str) or kind not in ("python", "program")
        if kind in _OPTIONS and sourced and options.keys() <= _OPTIONS[kind] and (options or kind in _NAMED):
            return
        known = ", ".join(map(repr, _NAMED))
        raise ConfigError(
            f"checker is {self.spec!r}; expected {known}, {{'type': 'float', 'abs': .., 'rel': ..}}, "
            "{'type': 'python', 'source': ..} or {'type': 'program', 'source': .., 'language': ..}"
        )

    def _parts(self) -> tuple[str, dict[str, Any]]:
        if isinstance(self.spec, str):
            return self.spec, {}
        options = dict(self.spec)
        return str(options.get("type")), options

    def agrees(self, inp: str, out: str, expected: str, sandbox: Sandbox) -> bool:
        """Whether the output for this input will do.

        Raises:
            SandboxError: no process for a checker program.
            VerifierError: a checker program fails by itself.
        """
        kind, options = self._parts()
        if kind == "python":
            return python_agrees(options["source"], sandbox, inp, out, expected)
        if kind == "program":
            return program_agrees(options["source"], options.get("language", "python"), sandbox, inp, out, expected)
        if options.get("casefold"):
            out, expected = out.casefold(), expected.casefold()
        if kind == "float":
            return floats(out, expected, float(options.get("abs", 0.0)), float(options.get("rel", 0.0)))
        return _NAMED[kind](out, expected)
