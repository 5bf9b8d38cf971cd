r"""Normalised text to tokens: plain strings, in one pass of one regular expression.

A token is `\begin{name}` with its column letters, `\text{...}`, a command, a number as written (also mixed `1 1/2`,
repeating `0.1\overline{6}`, `0x1f`, `1A_{16}`), a run of letters, or a sign. White space separates and is nothing
itself.
"""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.maths.syntax.tree import MAX_CHARS, MAX_TOKENS, MathSyntaxError

__all__ = ["DIFFERENTIAL", "END", "is_number", "is_word", "shown", "text_of", "tokenize"]

END: Final = ""
_ENDS: Final = (END,) * 8
"""So many that looking a few tokens ahead needs no check."""
DIFFERENTIAL: Final = "\0"
"""Before a name: the `dx` of an integral that is being read. No text gives a token that starts so and is longer."""
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset("0123456789.")
_scan = re.compile(
    r"""[0-9]+[ ]+[0-9]+[ ]?/[ ]?[0-9]+(?![0-9.])
    |0(?:[xX][0-9A-Fa-f]+|[bB][01]+|[oO][0-7]+)(?![0-9A-Za-z])
    |(?:[0-9][0-9A-F]{1,40}|[A-F][0-9A-F]{1,40})_(?:16(?![0-9])|\{16\})
    |[0-9][0-9AB]{1,40}_(?:12(?![0-9])|\{12\})
    |[0-9]*\.[0-9]*\\overline\{[0-9]+\}
    |[0-9]+(?:\.(?!\.)[0-9]*)?(?:[eE][-+]?[0-9]+(?![0-9A-Za-z_.]))?
    |\.[0-9]+(?:[eE][-+]?[0-9]+(?![0-9A-Za-z_.]))?
    |[A-Za-z]+
    |\\(?:text\{[^{}]*\}|(?:begin|end)[ ]?\{[A-Za-z]+\*?\}(?:[ ]?\{[lcr|@ ]*\})?|[A-Za-z]+|.)
    |\*\*|<=|>=|!=|==|:=|=<|=>|<>|->|!!|''
    |\S""",
    re.VERBOSE | re.DOTALL,
).findall


def tokenize(text: str) -> list[str]:
    """The tokens of a normalised text, END last.

    Raises:
        MathSyntaxError: it is longer than MAX_CHARS characters or MAX_TOKENS tokens.
    """
    if len(text) > MAX_CHARS:
        raise MathSyntaxError(f"{len(text)} characters, over the limit of {MAX_CHARS}")
    tokens: list[str] = _scan(text)
    if len(tokens) > MAX_TOKENS:
        raise MathSyntaxError(f"{len(tokens)} tokens, over the limit of {MAX_TOKENS}")
    tokens.extend(_ENDS)
    return tokens


def is_number(token: str) -> bool:
    """Whether the token is a number."""
    return (token[:1] in _DIGITS and token not in ("", ".")) or (token[:1] in _ALPHABET and "_" in token)


def is_word(token: str) -> bool:
    """Whether the token is a run of letters."""
    return token[:1] in _ALPHABET and "_" not in token


def text_of(token: str) -> str | None:
    r"""What stands in a `\text{...}` token, with single spaces; None for any other token."""
    return " ".join(token[6:-1].split()) if token.startswith("\\text{") else None


def shown(token: str) -> str:
    """A token as messages name it."""
    return repr(token[:40]) if token else "the end"
