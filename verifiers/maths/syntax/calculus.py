r"""Sums, products, integrals, limits, derivatives. The body of a sum, product or limit is the product that follows."""

from __future__ import annotations

import re
from typing import Final

from assaygym.verifiers.maths.syntax.arguments import exponent
from assaygym.verifiers.maths.syntax.core import Parser, Prefix
from assaygym.verifiers.maths.syntax.lexicon import GREEK, RELATION, STOP, SUM
from assaygym.verifiers.maths.syntax.tokens import DIFFERENTIAL, END, is_word
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node

__all__ = ["CALCULUS_PREFIXES", "derivative"]

_INFINITY: Final[Node] = ("const", "inf")
_ENDS_IN_DIFFERENTIAL: Final = re.compile(r"([A-Za-z]*)d([A-Za-z])")
_DERIVATIVE: Final = re.compile(r"\{([d∂])(?:\^(\{\d\}|\d))?([A-Za-z]?)\}\{\1([A-Za-z])(?:\^(\{\d\}|\d))?\}", re.ASCII)


def _big(kind: str) -> Prefix:
    def read(parser: Parser) -> Node:
        return _running(parser, kind)

    return read


def _running(parser: Parser, kind: str) -> Node:
    index, low, high = "", None, None
    while (token := parser.tokens[parser.at]) in ("_", "^"):
        parser.at += 1
        if token == "^":
            high = exponent(parser)
        else:
            index, low = _index(parser)
    if low is None:
        raise MathSyntaxError(f"a {kind} without an index")
    bound, parser.bound = parser.bound, (*parser.bound, index)
    body = parser.expression(SUM)
    parser.bound = bound
    return (kind, body, index, low, high if high is not None else _INFINITY)


def _index(parser: Parser) -> tuple[str, Node]:
    r"""`{k=1}`, `{n\ge 0}`: the running name and where it starts."""
    parser.expect("{")
    index = _variable(parser)
    sign = parser.expect("=", "\\ge", "\\geq", ">=", ">")
    low = parser.expression(RELATION)
    if sign == ">":
        low = ("num", low[1] + 1, 1) if low[0] == "num" and low[2] == 1 else ("add", low, ("num", 1, 1))
    parser.expect("}")
    return index, low


def _variable(parser: Parser) -> str:
    token = parser.tokens[parser.at]
    parser.at += 1
    if is_word(token) and len(token) == 1:
        return token
    if token[:1] == "\\" and token[1:] in GREEK:
        return GREEK[token[1:]]
    raise parser.refuse(token, "as a running name")


def _limit(parser: Parser) -> Node:
    parser.expect("_")
    parser.expect("{")
    variable = _variable(parser)
    parser.expect("\\to", "\\rightarrow", "->", "\\longrightarrow")
    point, side = _approached(parser)
    parser.expect("}")
    bound, parser.bound = parser.bound, (*parser.bound, variable)
    body = parser.expression(SUM)
    parser.bound = bound
    return ("limit", body, variable, point, side)


def _approached(parser: Parser) -> tuple[Node, str]:
    r"""The point and the side: `0^+`, `a^{-}`, `\infty`."""
    tokens, end = parser.tokens, parser.at
    while tokens[end] not in ("^", "}", END):
        end += 1
    braced = tokens[end + 1 : end + 2] == ["{"]
    mark = tokens[end + 1 + braced] if tokens[end] == "^" else ""
    after = end + 2 + 2 * braced
    if mark not in ("+", "-") or tokens[after : after + 1] != ["}"]:
        return parser.expression(STOP), ""
    del tokens[end:after]
    return parser.expression(STOP), mark


def _integral(parser: Parser) -> Node:
    low, high = _bounds(parser)
    at = _differential(parser)
    variable = parser.tokens[at][1:]
    bound, parser.bound = parser.bound, (*parser.bound, variable)
    if at == parser.at:
        body: Node = ("num", 1, 1)
    else:
        body = parser.expression(STOP if _is_outside(parser, at) else SUM)
    parser.bound = bound
    if parser.at <= at:
        if parser.at < at:
            raise parser.refuse(parser.tokens[parser.at], "in an integral")
        parser.at += 1
    return ("integral", body, variable, low, high)


def _bounds(parser: Parser) -> tuple[Node | None, Node | None]:
    low: Node | None = None
    high: Node | None = None
    while (token := parser.tokens[parser.at]) in ("_", "^"):
        parser.at += 1
        if token == "_":
            low = exponent(parser)
        else:
            high = exponent(parser)
    if (low is None) != (high is None):
        raise MathSyntaxError("an integral with one bound")
    return low, high


def _differential(parser: Parser) -> int:
    r"""Mark the first `dx` that follows as the end of the integral, and return its place."""
    tokens, at, nested = parser.tokens, parser.at, 0
    while tokens[at] != END:
        token = tokens[at]
        nested += token in ("\\int", "∫")
        if token == "d" and tokens[at + 1][:1] == "\\" and tokens[at + 1][1:] in GREEK:
            del tokens[at]
            tokens[at] = token = DIFFERENTIAL + GREEK[tokens[at][1:]]
        elif token == "d" and is_word(tokens[at + 1]) and len(tokens[at + 1]) == 1:
            del tokens[at]
            tokens[at] = token = DIFFERENTIAL + tokens[at]
        elif (match := _ENDS_IN_DIFFERENTIAL.fullmatch(token)) and token[1:] not in ("nd", "ad"):
            if match[1]:
                tokens[at : at + 1] = [match[1], DIFFERENTIAL + match[2]]
                at += 1
            else:
                tokens[at] = DIFFERENTIAL + match[2]
            token = tokens[at]
        if token.startswith(DIFFERENTIAL) and len(token) > 1:
            if not nested:
                return at
            nested -= 1
        at += 1
    raise MathSyntaxError("an integral without its differential")


def _is_outside(parser: Parser, place: int) -> bool:
    """Whether the differential stands after the body, not in the numerator of a fraction."""
    depth = 0
    for token in parser.tokens[parser.at : place]:
        depth += (token in ("{", "(", "[")) - (token in ("}", ")", "]"))
    return depth == 0


def derivative(parser: Parser) -> Node | None:
    r"""After `\frac`: `{d}{dx}` applied to what follows, or the name `{dy}{dx}`; None for other fractions."""
    tokens, at = parser.tokens, parser.at
    text = "".join(tokens[at : at + 16]).replace("\\partial", "∂")
    match = _DERIVATIVE.match(text)
    if match is None or (match[2] or "").strip("{}") != (match[5] or "").strip("{}"):
        return None
    parser.at = _after(tokens, at, match.end())
    order = int((match[2] or "1").strip("{}"))
    if match[3]:
        power = f"^{order}" if order > 1 else ""
        return ("sym", f"d{power}{match[3]}/d{match[4]}{power}")
    return ("derivative", parser.expression(SUM), match[4], order)


def _after(tokens: list[str], at: int, length: int) -> int:
    """The place after so many characters of tokens, the sign of partial derivatives counting as one."""
    while length > 0:
        length -= 1 if tokens[at] == "\\partial" else len(tokens[at])
        at += 1
    return at


CALCULUS_PREFIXES: Final[dict[str, Prefix]] = {
    "\\sum": _big("sum"), "\\prod": _big("prod"), "\\int": _integral, "\\lim": _limit, "lim": _limit,
    "sum": _big("sum"),
    "prod": _big("prod"),
}  # fmt: skip
