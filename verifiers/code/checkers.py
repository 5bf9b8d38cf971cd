"""Checkers of printed output. They look at text only: nothing here turns an output into a number without a pattern."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assaygym.errors import ConfigError, VerifierError
from assaygym.sandbox.base import Limits, Sandbox
from assaygym.verifiers.code.candidate import Gone, Talk
from assaygym.verifiers.code.guest import program

__all__ = ["TextChecker", "exact", "floats", "tokens", "unordered_lines"]

_SPACE = re.compile(r"[ \t\n\r\x0b\x0c]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MAX_NUMBER = 4096
_LIMITS = Limits()


def split(text: str) -> list[str]:
    """The tokens between ASCII white space."""
    return [token for token in _SPACE.split(text) if token]


def tokens(got: str, expected: str) -> bool:
    """The same tokens, in order, letter by letter."""
    return split(got) == split(expected)


def exact(got: str, expected: str) -> bool:
    """The same text; one newline at the end is optional."""
    return got.removesuffix("\n") == expected.removesuffix("\n")


def unordered_lines(got: str, expected: str) -> bool:
    """The same lines in any order; white space at line ends and empty lines at the end do not count."""
    return _lines(got) == _lines(expected)


def _lines(text: str) -> Counter[str]:
    return Counter(line.rstrip(" \t\r") for line in text.rstrip(" \t\r\n").split("\n"))


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


_NAMED: dict[str, Callable[[str, str], bool]] = {"tokens": tokens, "exact": exact, "unordered": unordered_lines}


@dataclass(frozen=True, slots=True)
class TextChecker:
    """A checker by its specification: `"tokens"`, `"exact"`, `"unordered"`, `{"type": "float", "abs": a, "rel": r}`,
    or `{"type": "python", "source": "def check(inp, out, expected): ..."}`, trusted code that runs in a process of
    its own.

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
        if kind in _NAMED or kind == "float" or (kind == "python" and isinstance(options.get("source"), str)):
            return
        known = ", ".join(map(repr, _NAMED))
        raise ConfigError(
            f"checker is {self.spec!r}; expected {known}, {{'type': 'float', 'abs': .., 'rel': ..}} "
            "or {'type': 'python', 'source': ..}"
        )

    def _parts(self) -> tuple[str, dict[str, Any]]:
        if isinstance(self.spec, str):
            return self.spec, {}
        options = dict(self.spec)
        return str(options.get("type")), options

    def agrees(self, inp: str, out: str, expected: str, sandbox: Sandbox) -> bool:
        """Whether the output for this input will do.

        Raises:
            SandboxError: no process for a python checker.
            VerifierError: a python checker fails by itself.
        """
        kind, options = self._parts()
        if kind == "python":
            return _python_agrees(options["source"], sandbox, inp, out, expected)
        if kind == "float":
            return floats(out, expected, float(options.get("abs", 0.0)), float(options.get("rel", 0.0)))
        return _NAMED[kind](out, expected)


def _python_agrees(source: str, sandbox: Sandbox, inp: str, out: str, expected: str) -> bool:
    """What the checker says; one that fails on this output, but not on the expected one, says no."""
    answer = _ask_python(source, sandbox, inp, out, expected)
    if isinstance(answer, bool):
        return answer
    if isinstance(_ask_python(source, sandbox, inp, expected, expected), bool):
        return False
    raise VerifierError(f"the checker fails on the expected output too: {answer}; mend its source")


def _ask_python(source: str, sandbox: Sandbox, *texts: str) -> object:
    talk = Talk(sandbox.spawn(program("wire", "checkhost"), limits=_LIMITS), _LIMITS)
    try:
        talk.send([source, *texts])
        return talk.receive()
    except Gone as gone:
        return gone.outcome.status.value
    finally:
        talk.close()
