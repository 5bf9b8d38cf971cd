r"""Numbers as written, to nodes; and the two places where nodes of literal numbers are joined to one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import gcd
from typing import Final

from assaygym.verifiers.maths.syntax.bases import BASE_WORDS
from assaygym.verifiers.maths.syntax.core import Parser
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node

__all__ = ["DEGREE_SIGNS", "TEN", "apart", "fraction", "is_integer", "negated", "number", "product", "rational"]

TEN: Final[Node] = ("num", 10, 1)
_FRACTIONS: Final = frozenset(("\\frac", "\\dfrac", "\\tfrac", "\\cfrac", "\\sfrac", "\\nicefrac"))
_CONTINUES: Final = _FRACTIONS | {"_", "base", "in", "(", "C"}
"""What may make something else of the integer that it follows."""
_EULER: Final = re.compile(r"(?!1e)[0-9]+e\+[0-9]|[2-9]e-[12]")
"""A multiple of Euler's number: no program prints `3e+1` for 30, nor does anybody write 0.2 as `2e-1`."""
_APART: Final = re.compile(r"[0-9]+|[A-Za-z]|\S")
_MIXED: Final = re.compile(r"([0-9]+) +([0-9]+) ?/ ?([0-9]+)")
DEGREE_SIGNS: Final = ("\\circ", "\\degree", "o")
"""After `^`; a small letter o only after a number."""
_PREFIXES: Final = {"x": 16, "X": 16, "b": 2, "B": 2, "o": 8, "O": 8}
_VALUES: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def rational(over: int, under: int) -> Node:
    """A literal fraction in lowest terms; `under` is not 0."""
    common = gcd(over, under) * (1 if under > 0 else -1)
    return ("num", over // common, under // common)


def is_integer(node: Node) -> bool:
    """Whether the node is a literal integer."""
    return bool(node[0] == "num" and node[2] == 1)


def negated(node: Node) -> Node:
    """Minus the node: a literal takes the sign in, everything else is a `neg`."""
    if node[0] == "num":
        return ("num", -node[1], node[2])
    if node[0] == "dec":
        return ("dec", -node[1], node[2], node[3])
    return ("neg", node)


def fraction(over: Node, under: Node) -> Node:
    """The quotient, which is one literal where both parts are."""
    if over[0] == "num" and under[0] == "num" and under[1]:
        return rational(over[1] * under[2], over[2] * under[1])
    return ("div", over, under)


def product(factors: Iterable[Node]) -> Node:
    """The product, flat."""
    flat: list[Node] = []
    for factor in factors:
        if factor[0] == "mul":
            flat.extend(factor[1:])
        else:
            flat.append(factor)
    return ("mul", *flat) if len(flat) > 1 else flat[0]


def number(parser: Parser, token: str) -> Node:
    r"""The number of a token that was just consumed, with the base or fraction after it: `3201_4`, `2\frac58`."""
    if token.isdigit():
        following = parser.tokens[parser.at]
        if following not in _CONTINUES:
            return ("num", int(token), 1)
        if following == "_":
            return _based(parser, token)
        if following in _FRACTIONS:
            return _mixed(parser, int(token))
        if following == "base" or (following == "in" and parser.ahead(1) == "base"):
            parser.at += 1 + (following == "in")
            return based_node(token, _small(parser))
        if following == "(" and parser.ahead(1) == "base" and parser.ahead(3) == ")":
            parser.at += 2
            node = based_node(token, _small(parser))
            parser.expect(")")
            return node
        if following == "C" and parser.ahead(1).isdigit():
            parser.at += 2
            return ("fn", "binomial", ("num", int(token), 1), ("num", int(parser.tokens[parser.at - 1]), 1))
        return ("num", int(token), 1)
    mantissa, mark, exponent = token.partition("e")
    if mark and _EULER.fullmatch(token):
        parser.tokens[parser.at : parser.at] = apart("e" + exponent)
        return ("num", int(mantissa), 1)
    return _written(token)


def apart(token: str) -> list[str]:
    """The rest of a number with an exponent, whose `e` is Euler's number: `2e-1` as `2`, `e`, `-`, `1`."""
    return _APART.findall(token)


def _written(token: str) -> Node:
    if token[1:2] in _PREFIXES and len(token) > 2:
        return based_node(token[2:], _PREFIXES[token[1]])
    if "_" in token:
        digits, _, base = token.partition("_")
        return based_node(digits, int(base.strip("{}")))
    if "\\" in token:
        return _repeating(token)
    if "/" in token:
        whole, over, under = (int(part) for part in token.replace("/", " ").split())
        return _mixed_node(whole, over, under)
    mantissa, mark, exponent = token.replace("E", "e").partition("e")
    value: Node = _decimal(mantissa) if "." in mantissa else ("num", int(mantissa), 1)
    return ("sci", value, int(exponent)) if mark else value


def _decimal(token: str) -> Node:
    whole, _, part = token.partition(".")
    value = rational(int(whole + part or "0"), 10 ** len(part))
    if not part:
        return value
    return ("dec", value[1], value[2], len(part))


def _repeating(token: str) -> Node:
    written, _, cycle = token.rstrip("}").partition("\\overline{")
    whole, _, fixed = written.partition(".")
    nines = (10 ** len(cycle) - 1) * 10 ** len(fixed)
    value = rational(int(whole + fixed or "0") * (10 ** len(cycle) - 1) + int(cycle), nines)
    return ("repeating", value[1], value[2])


def _mixed_node(whole: int, over: int, under: int) -> Node:
    if not under:
        raise MathSyntaxError("a mixed number over zero")
    if over >= under:
        raise MathSyntaxError(f"{whole} beside {over}/{under}, which is no mixed number")
    return ("mixed", whole, over, under)


def _mixed(parser: Parser, whole: int) -> Node:
    """A mixed number where a proper fraction of integers follows; else the number alone."""
    parts, after = _fraction_parts(parser, parser.at + 1)
    if parts and 0 < parts[0] < parts[1] and not _is_raised(parser, after):
        parser.at = after
        return ("mixed", whole, *parts) if whole else rational(*parts)
    return ("num", whole, 1)


def _is_raised(parser: Parser, at: int) -> bool:
    """Whether a power follows, which is not a degree sign."""
    tokens = parser.tokens
    return tokens[at] == "^" and tokens[at + 1 + (tokens[at + 1] == "{")] not in DEGREE_SIGNS


def _fraction_parts(parser: Parser, at: int) -> tuple[tuple[int, int] | None, int]:
    r"""The two integers after `\frac` in any of its spellings, and the place after them."""
    tokens = parser.tokens
    found: list[int] = []
    while len(found) < 2 and tokens[at]:
        if tokens[at].isdigit():
            token = tokens[at]
            if len(token) == 2 and not found:
                return (int(token[0]), int(token[1])), at + 1
            if len(token) > 1:
                return None, at
            found.append(int(token))
            at += 1
        elif tokens[at] == "{" and tokens[at + 1].isdigit() and tokens[at + 2] == "}":
            found.append(int(tokens[at + 1]))
            at += 3
        else:
            return None, at
    return ((found[0], found[1]), at) if len(found) == 2 else (None, at)


def based_node(digits: str, base: int) -> Node:
    """A number in a base.

    Raises:
        MathSyntaxError: the base is none of 2 to 36, or a digit does not exist in it.
    """
    folded = digits.lower().lstrip("0") or "0"
    if not 2 <= base <= 36 or any(digit not in _VALUES[:base] for digit in folded):
        raise MathSyntaxError(f"{digits[:40]!r} in base {base}")
    return ("based", folded, base)


def _based(parser: Parser, digits: str) -> Node:
    parser.at += 1
    return based_node(digits, base_after(parser))


def base_after(parser: Parser) -> int:
    r"""The base after an underscore: `4`, `{4}`, `{\text{four}}`.

    Raises:
        MathSyntaxError: something else stands there.
    """
    wrapped = parser.accept("{")
    base = _small(parser)
    if wrapped:
        parser.expect("}")
    return base


def _small(parser: Parser) -> int:
    token = parser.tokens[parser.at]
    parser.at += 1
    word = token[6:-1].strip() if token.startswith("\\text{") else token
    if word.isdigit() and len(word) < 4:
        return int(word)
    if word in BASE_WORDS:
        return BASE_WORDS[word]
    raise parser.refuse(token, "as a base")
