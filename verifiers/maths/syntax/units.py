r"""Units, percent, money and degrees after a number, as written: `5 \text{ cm}^2`, `3 square feet`, `40 km/h`.

A bare word is a unit after a number when it has four letters or is a known short one; a single letter is only in
`\text` or in `m/s`. The unit at the end of a sum is the unit of the whole: `18+2\pi\text{ cm}`.
"""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.maths.syntax.core import Parser
from assaygym.verifiers.maths.syntax.lexicon import (
    BARE_UNITS,
    CURRENCY_WORDS,
    DEGREE_WORDS,
    MAGNITUDES,
    PERCENT_WORDS,
)
from assaygym.verifiers.maths.syntax.names import is_product_run, run_of_names
from assaygym.verifiers.maths.syntax.tokens import is_word, text_of
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["is_counted", "is_unit_text", "is_unit_word", "quantity"]

_NO_UNITS: Final = frozenset(("or", "and", "to", "where", "for", "if", "when", "with", "such", "is", "are", "mod", "in",
    "union", "choose", "otherwise", "base", "as", "on", "not", "than", "infinity", "undefined",
    "at", "least", "most", "more", "less", "fewer", "plus", "minus", "times", "over", "divided", "squared", "cubed",
    "except",
    "approximately", "about", "but", "nor", "neither", "either", "without", "greater", "smaller", "equal", "equals",
    "half",
    "double", "below", "above", "wrong", "false", "incorrect", "until", "between", "under", "odd", "even",
    "prime"))  # fmt: skip
_QUOTIENTS: Final = frozenset(
    ("m/s", "km/h", "m/h", "ft/s", "g/mol", "cm/s", "mi/h", "N/m", "J/K", "V/m", "m/min", "km/s")
)
_LINKS: Final = frozenset(("per", "a", "of", "an"))
_SYMBOL: Final = re.compile(
    r"(?:\*|/|\^-?[0-9])?(?:[kcdmnμMG]?(?:m|g|s|N|J|W|V|A|Pa|K|C|L|T|F|H|Hz|mol|eV)|h)?(?:\^-?[0-9])?"
)
_POWER: Final = re.compile(r"[-+]?[0-9]{1,2}")
_WRITTEN: Final = re.compile(r"[^\W\d_][\w .°'/^·*-]*\.?", re.UNICODE)


def is_unit_word(parser: Parser, token: str) -> bool:
    """Whether a bare word that follows a number is a unit, not factors."""
    if token in _NO_UNITS:
        return token == "in" and not _starts(parser.ahead(1))
    if len(token) == 1:
        return (
            parser.tokens[parser.at + 1] == "/"
            and "".join(parser.tokens[parser.at : parser.at + 3]) in _QUOTIENTS
            and not _starts(parser.ahead(3), "^")
        )
    lowered = token.lower()
    if token in BARE_UNITS or lowered in CURRENCY_WORDS or lowered in PERCENT_WORDS or lowered in DEGREE_WORDS:
        return True
    return len(token) > 3 and not is_product_run(token) and not run_of_names(token)


def _starts(token: str, allowed: str = "") -> bool:
    return token not in allowed and (token[:1].isalnum() or token in ("(", "[", "{", "\\{", "\\mathbb", "]"))


_COUNTED: Final = frozenset(
    ("num", "dec", "div", "pow", "mixed", "sci", "repeating", "add", "fn", "money", "neg", "const")
)


def is_unit_text(text: str) -> bool:
    """Whether a text can only be a unit: also of what is no number."""
    return text in BARE_UNITS or text in _LENGTHS or (len(text) < 4 and _SYMBOL.fullmatch(text) is not None)


_LENGTHS: Final = frozenset(("units", "unit", "meters", "metres", "inches", "feet", "miles", "seconds", "minutes",
    "hours", "years", "kilometers", "kilometres", "centimeters", "centimetres"))  # fmt: skip


def is_counted(node: Node) -> bool:
    """Whether a bare unit may follow: the node is a number, or starts with one."""
    return node[0] in _COUNTED or (node[0] == "mul" and node[1][0] in _COUNTED)


def quantity(parser: Parser, left: Node) -> Node:
    """The number with the unit that comes next: a `unit`, or what percent, degrees, currencies and millions are."""
    written = _unit_name(parser)
    lowered = written.lower()
    if lowered in PERCENT_WORDS or lowered == "percent":
        return ("percent", left)
    if lowered in DEGREE_WORDS:
        return ("deg", left)
    if lowered in CURRENCY_WORDS:
        return ("money", left, CURRENCY_WORDS[lowered])
    if lowered in MAGNITUDES and left[0] in ("num", "dec"):
        return ("sci", left, MAGNITUDES[lowered])
    return ("unit", left, written)


def _unit_name(parser: Parser) -> str:
    """The words, powers and quotients of a unit, without spaces."""
    parts = [_piece(parser)]
    while True:
        token = parser.tokens[parser.at]
        if token == "^" and (power := _power(parser)):
            parts.append("^" + power)
        elif token in ("/", "\\cdot", "*") and _is_piece(parser.ahead(1), after_sign=True):
            parser.at += 1
            parts.append("/" if token == "/" else "*")
            parts.append(_piece(parser))
        elif _is_piece(token) and parts[0].lower() not in MAGNITUDES:
            piece = _piece(parser)
            both = _SYMBOL.fullmatch(parts[-1]) and _SYMBOL.fullmatch(piece)
            parts.append(f"*{piece}" if both else piece)
        else:
            return "".join(parts).rstrip(".")


def _piece(parser: Parser) -> str:
    token = parser.tokens[parser.at]
    text = text_of(token)
    if text is not None and text not in ("°", "%", "\\%") and (not _WRITTEN.fullmatch(text) or _says_more(text)):
        raise parser.refuse(token, "as a unit")
    parser.at += 1
    return (token if text is None else text).replace(" ", "").rstrip(".")


def _says_more(text: str) -> bool:
    """Whether a text has a word that changes what the number before it means: "or less", "at most"."""
    words = text.lower().replace("-", " ").split()
    return words != ["in"] and not _NO_UNITS.isdisjoint(words)


def _is_piece(token: str, after_sign: bool = False) -> bool:
    text = text_of(token)
    if text is not None:
        return bool(_WRITTEN.fullmatch(text)) and text.split()[0] not in _NO_UNITS
    if not is_word(token) or token in _NO_UNITS:
        return False
    return after_sign or token in _LINKS or token in BARE_UNITS or len(token) > 3


def _power(parser: Parser) -> str:
    """The integer after `^`, consumed; empty where there is something else."""
    at = parser.at + 1
    wrapped = parser.tokens[at] == "{"
    inside = parser.tokens[at + wrapped : at + wrapped + 2]
    written = inside[0] if inside[0] != "-" else "-" + inside[-1]
    end = at + wrapped + 1 + (inside[0] == "-")
    if not _POWER.fullmatch(written) or (wrapped and parser.tokens[end : end + 1] != ["}"]):
        return ""
    parser.at = end + wrapped
    return written
