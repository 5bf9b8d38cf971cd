r"""Names: letters, Greek, subscripts, primes, accents, number sets, runs of letters, words; and calls of functions.

A run of one to three unknown letters is a product (`abc`), as is a longer one of consecutive or vowelless letters
(`abcd`, `xyzw`); other longer runs are words.
"""

from __future__ import annotations

import itertools
import re
from typing import Final

from assaygym.verifiers.maths.syntax.core import Parser, Prefix
from assaygym.verifiers.maths.syntax.lexicon import (
    CALLED,
    CONSTANTS,
    GREEK,
    PRODUCT,
    SHORT_WORDS,
    STOP,
)
from assaygym.verifiers.maths.syntax.literals import product
from assaygym.verifiers.maths.syntax.tokens import is_number, is_word, text_of
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node

__all__ = ["NAME_PREFIXES", "arguments", "is_product_run", "name", "run_of_names", "single_name", "subscript", "word"]

_KNOWN_RUN: Final = "arcsin|arccos|arctan|sin|cos|tan|cot|sec|csc|ln|log|exp|sqrt|pi"
_RUN: Final = re.compile(f"[a-zA-Z]?(?:(?:{_KNOWN_RUN})[xyzA-Z])+|[a-zA-Z]?(?:{_KNOWN_RUN})")
_PARTS: Final = re.compile(f"{_KNOWN_RUN}|[A-Za-z]")
_SUFFIX: Final = frozenset(("max", "min", "avg", "tot", "rms", "net", "eff", "ext", "int"))


def word(parser: Parser, token: str) -> Node:
    """What a run of letters, just consumed, is where an expression begins."""
    if len(token) == 1:
        return name(parser, token)
    if token in GREEK:
        return name(parser, GREEK[token])
    if token[0] == "d" and len(token) == 2 and parser.tokens[parser.at] == "/":
        return _plain_differential(parser, token)
    parts = run_of_names(token)
    if parts:
        parser.at -= 1
        parser.tokens[parser.at : parser.at + 1] = parts
        return parser.expression(PRODUCT)
    if is_product_run(token) or parser.tokens[parser.at] == "_":
        return _product(parser, token)
    parser.unusual = True
    return ("words", token.casefold())


def run_of_names(token: str) -> list[str]:
    """The letters and functions of a run like `sinx`, `xcosx`, `sinxcosx`; empty where it is none."""
    if len(token) < 3 or token in SHORT_WORDS or not _RUN.fullmatch(token):
        return []
    return _PARTS.findall(token)


def is_product_run(token: str) -> bool:
    """Whether a run of letters that is no known name is read letter by letter."""
    if len(token) < 4:
        return token not in SHORT_WORDS
    letters = token.lower()
    steps = all(ord(after) == ord(before) + 1 for before, after in itertools.pairwise(letters))
    return steps or not set(letters) & set("aeiouy") or set(letters) <= set("wxyz")


def _product(parser: Parser, token: str) -> Node:
    """The letters as factors; what follows (`^2`, `_1`, `!`) belongs to the last."""
    factors = [_letter(parser, letter) for letter in token[:-1]]
    parser.at -= 1
    parser.tokens[parser.at] = token[-1]
    return product((*factors, parser.expression(PRODUCT)))


def _letter(parser: Parser, letter: str) -> Node:
    if letter in "ei" and letter not in parser.bound:
        return ("const", letter)
    return ("sym", letter)


def _plain_differential(parser: Parser, token: str) -> Node:
    """`dy/dx` is a name; `dy/...` of anything else is refused, since `d` would be a factor that cancels."""
    under = parser.ahead(1)
    if is_word(under) and len(under) == 2 and under[0] == "d":
        parser.at += 2
        return ("sym", f"{token}/{under}")
    raise parser.refuse(token)


def single_name(parser: Parser, token: str) -> Node:
    """The name that one token is, without what may follow it.

    Raises:
        MathSyntaxError: it is none.
    """
    if len(token) == 1 and is_word(token):
        return _letter(parser, token)
    if token in CONSTANTS:
        return ("const", CONSTANTS[token])
    if token.lstrip("\\") in GREEK:
        return ("sym", GREEK[token.lstrip("\\")])
    raise parser.refuse(token, "where a name was expected")


def name(parser: Parser, letter: str) -> Node:
    """A name with its subscripts and primes, and its arguments when it is a function."""
    tokens = parser.tokens
    following = tokens[parser.at]
    full = _decorated(parser, letter) if following in _DECORATIONS else letter
    if tokens[parser.at] == "(" and (letter in CALLED or parser.at == parser.head or letter in parser.called):
        if letter not in CALLED:
            parser.called = (*parser.called, letter)
        parser.at += 1
        called = arguments(parser)
        if tokens[parser.at] == "_" and parser.ahead(1) != "":
            parser.at += 1
            full += "_" + subscript(parser)
        return ("call", full, *called)
    if full == letter and letter in ("e", "i") and letter not in parser.bound:
        return ("const", letter)
    return ("sym", full)


_DECORATIONS: Final = frozenset(("_", "'", "''", "^"))
_MARKS: Final = {"\\prime": "'", "'": "'", "''": "''", "*": "*", "\\ast": "*", "\\star": "*", "\\dagger": "†"}


def _decorated(parser: Parser, letter: str) -> str:
    full, tokens = letter, parser.tokens
    while True:
        token = tokens[parser.at]
        if token == "_":
            parser.at += 1
            full += "_" + subscript(parser)
        elif token in ("'", "''"):
            parser.at += 1
            full += token
        elif token == "^" and (mark := _superscript_mark(parser, letter)):
            full += mark
        else:
            return full


def _superscript_mark(parser: Parser, letter: str) -> str:
    r"""`^\prime`, `^*`, and for functions `^{-1}` before a bracket or an equals sign: as a mark, consumed."""
    tokens, at = parser.tokens, parser.at + 1
    if tokens[at] in _MARKS:
        parser.at = at + 1
        return _MARKS[tokens[at]]
    if tokens[at] != "{":
        return ""
    inside = at + 1
    while tokens[inside] in _MARKS:
        inside += 1
    if inside > at + 1 and tokens[inside] == "}":
        parser.at = inside + 1
        return "".join(_MARKS[token] for token in tokens[at + 1 : inside])
    if letter in CALLED and tokens[inside : inside + 3] == ["-", "1", "}"] and tokens[inside + 3] == "(":
        parser.at = inside + 3
        return "^{-1}"
    if letter in CALLED and tokens[inside] == "(" and tokens[inside + 2 : inside + 4] == [")", "}"]:
        parser.at = inside + 4
        return f"^({tokens[inside + 1]})"
    return ""


def subscript(parser: Parser) -> str:
    """What stands after an underscore, as text without spaces and braces."""
    token = parser.tokens[parser.at]
    parser.at += 1
    if token == "{":
        return _braced_subscript(parser)
    if is_word(token) and len(token) > 1:
        return _bare_subscript(parser, token)
    text = _subscript_text(token)
    if text is None or token in "{}[]()^_&,;'":
        raise parser.refuse(token, "as a subscript")
    return text


def _bare_subscript(parser: Parser, token: str) -> str:
    """A known word whole (`x_max`), else the first letter, as TeX has it: `a_nb_n`."""
    if len(token) > 2 or token in _SUFFIX:
        return token
    parser.at -= 1
    parser.tokens[parser.at] = token[1:]
    return token[0]


def _braced_subscript(parser: Parser) -> str:
    parts, depth = [], 1
    while True:
        token = parser.tokens[parser.at]
        depth += (token == "{") - (token == "}")
        parser.at += 1
        if depth == 0:
            break
        text = _subscript_text(token)
        if text is None:
            raise parser.refuse(token, "in a subscript")
        parts.append(text)
    if not parts:
        raise MathSyntaxError("an empty subscript")
    return "".join(parts)


_SUBSCRIPT_SIGNS: Final = frozenset("+-*/=,.()[]{}'^_<>!|&:;")


def _subscript_text(token: str) -> str | None:
    text = text_of(token)
    if text is not None:
        text = text.replace(" ", "")
        return text if text.isalnum() else None
    if is_word(token) or is_number(token):
        return token
    if token in "{}" and token:
        return ""
    if token in _SUBSCRIPT_SIGNS:
        return token
    return token[1:] if token[:1] == "\\" and token[1:].isalpha() else None


def arguments(parser: Parser) -> list[Node]:
    """What stands between commas up to the closing round bracket; the opening one is consumed."""
    bars, parser.bars = parser.bars, 0
    items = [parser.expression(STOP)]
    while parser.accept(",", ";"):
        items.append(parser.expression(STOP))
    parser.expect(")")
    parser.unusual = parser.unusual or items[0][0] == "rel"
    parser.bars = bars
    return items


def _greek(letter: str) -> Prefix:
    return lambda parser: name(parser, letter)


def _constant(known: str) -> Prefix:
    node = ("const", known)
    return lambda parser: node


def _empty_set(_: Parser) -> Node:
    return ("set",)


NAME_PREFIXES: Final[dict[str, Prefix]] = {
    **{f"\\{command}": _greek(letter) for command, letter in GREEK.items() if len(letter) > 1},
    **{token: _constant(known) for token, known in CONSTANTS.items()},
    "\\imath": _greek("i"), "\\jmath": _greek("j"),
    "\\emptyset": _empty_set, "\\varnothing": _empty_set,
}  # fmt: skip
