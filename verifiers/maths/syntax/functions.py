r"""Applied functions: sine to logarithm, roots, fractions, binomials, and what each takes as its argument.

Without brackets a function takes the product that follows, up to the next function, sign or opening bracket:
`\sin 2x\cos x` is (sin 2x)(cos x), `\sin x(x+1)` is (sin x)(x+1), but `\sin 2(x+1)` is sin(2(x+1)). A quotient is not
part of it, unless it is a multiple of pi over an integer: `\sin x/x` is (sin x)/x, `\cos 2\pi/7` is cos(2 pi/7).
`\sin^{-1}` is the inverse function; `\ln^{-1}` is refused. `\sqrt12` is the root of 12 (TeX would print the root of 1).
"""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.arguments import argument, exponent
from assaygym.verifiers.maths.syntax.calculus import derivative
from assaygym.verifiers.maths.syntax.core import PREFIX, Parser, Prefix
from assaygym.verifiers.maths.syntax.lexicon import DEGREE_WORDS, FUNCTIONS, INVERSES, PRODUCT, STOP, TWO_LETTERS
from assaygym.verifiers.maths.syntax.literals import TEN, fraction, negated, product
from assaygym.verifiers.maths.syntax.names import arguments, name, word
from assaygym.verifiers.maths.syntax.tokens import is_number, is_word, text_of
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node

__all__ = ["FUNCTION_PREFIXES"]

_TWO: Final[Node] = ("num", 2, 1)
_MINUS_ONE: Final[Node] = ("num", -1, 1)


def _fraction(parser: Parser) -> Node:
    tokens, at = parser.tokens, parser.at
    if tokens[at] == "{" and tokens[at + 1][:1] in ("d", "\\"):
        node = derivative(parser)
        if node is not None:
            return node
    over = argument(parser, digit=True)
    return fraction(over, argument(parser, digit=True))


def _binomial(parser: Parser) -> Node:
    over = argument(parser, digit=True)
    return ("fn", "binomial", over, argument(parser, digit=True))


def _root(parser: Parser) -> Node:
    degree = _TWO
    if parser.accept("["):
        degree = parser.expression(STOP)
        parser.expect("]")
    return ("fn", "root", _radicand(parser), degree)


def _radicand(parser: Parser) -> Node:
    if parser.accept("("):
        items = arguments(parser)
        if len(items) != 1:
            raise MathSyntaxError("a root of several numbers")
        return items[0]
    return argument(parser)


def _cube_root(parser: Parser) -> Node:
    return ("fn", "root", _radicand(parser), ("num", 3, 1))


def _function(known: str) -> Prefix:
    def read(parser: Parser) -> Node:
        return _applied(parser, known)

    return read


def _applied(parser: Parser, known: str) -> Node:
    token = parser.tokens[parser.at]
    power: Node | None = None
    base: Node | None = TEN if known == "lg" else None
    while token in ("^", "_"):
        parser.at += 1
        if token == "_" and (known != "log" or base):
            raise parser.refuse("_", f"after {known}")
        if token == "_":
            base = argument(parser)
        else:
            power = exponent(parser)
        token = parser.tokens[parser.at]
    known = "log" if known == "lg" else known
    if power == _MINUS_ONE:
        known, power = _inverse(known), None
    if known == "log" and base is None and is_number(token) and parser.ahead(1) == "(":
        parser.at += 1
        base = parser.literal(token)
    node = _call(parser, known, base)
    return ("pow", node, power) if power else node


def _inverse(known: str) -> str:
    if known not in INVERSES:
        raise MathSyntaxError(f"{known}^-1, which may be the inverse or the reciprocal")
    return INVERSES[known]


_SEVERAL: Final = frozenset(("max", "min", "gcd", "lcm"))
_PAIRS: Final = frozenset(("log", "binomial"))


def _call(parser: Parser, known: str, base: Node | None) -> Node:
    items = _given(parser, known)
    if known in _SEVERAL and len(items) == 1 and items[0][0] in ("set", "list"):
        items = list(items[0][1:])
    if base is not None:
        items.append(base)
    if known not in _SEVERAL and len(items) != 1 and not (known in _PAIRS and len(items) == 2):
        raise MathSyntaxError(f"{known} of {len(items)} arguments")
    if not items or (known == "binomial" and len(items) == 1):
        raise MathSyntaxError(f"{known} of nothing")
    return ("fn", known, *items)


def _given(parser: Parser, known: str) -> list[Node]:
    if parser.accept("("):
        items = arguments(parser)
        return items
    return [_tight(parser)]


def _tight(parser: Parser) -> Node:
    """The product that follows a function name."""
    minus = parser.accept("-")
    factors = [parser.expression(PRODUCT)]
    while _continues(parser, factors):
        if parser.conditions:
            break
        factors.append(parser.expression(PRODUCT))
    node = product(factors)
    if factors[-1] == ("const", "pi") and parser.tokens[parser.at] == "/" and parser.ahead(1).isdigit():
        parser.at += 2
        node = fraction(node, ("num", int(parser.tokens[parser.at - 1]), 1))
    text = text_of(parser.tokens[parser.at]) or parser.tokens[parser.at]
    if text in DEGREE_WORDS and text != "":
        parser.at += 1
        node = ("deg", node)
    return negated(node) if minus else node


def _continues(parser: Parser, factors: list[Node]) -> bool:
    token = parser.tokens[parser.at]
    if token in ("(", "\\lparen"):
        return len(factors) == 1 and factors[0][0] in ("num", "dec")
    if token in (
        "\\frac",
        "\\dfrac",
        "\\tfrac",
        "\\sqrt",
        "\\pi",
        "pi",
        "\\theta",
        "\\vec",
        "\\overline",
        "{",
        "\\binom",
    ):
        return True
    if token in FUNCTIONS or token.lstrip("\\") in FUNCTIONS:
        return False
    is_greek = token[:1] == "\\" and token in PREFIX and PREFIX[token].__name__ == "<lambda>"
    is_letters = is_word(token) and len(token) < 3 and token not in ("or", "in", "to", "if", "is")
    return is_greek or is_letters


def _cis(parser: Parser) -> Node:
    """`cis t` is cos t + i sin t."""
    return ("pow", ("const", "e"), ("mul", ("const", "i"), _applied(parser, "exp")[2]))


def _gamma(parser: Parser) -> Node:
    """The gamma function where a bracket follows; a name elsewhere."""
    return _applied(parser, "gamma") if parser.tokens[parser.at] == "(" else name(parser, "Gamma")


_BRACKETED: Final = frozenset(("tr", "Tr", "Re", "Im", "arg", "sign", "sgn", "det", "abs", "floor", "ceil", "ceiling",
    "max",
    "min", "gcd", "lcm", "hcf", "conj", "trace", "binomial", "Max", "Min", "Abs"))  # fmt: skip
"""Bare names that are functions only before a bracket."""


def _bracketed(known: str, spelling: str) -> Prefix:
    def read(parser: Parser) -> Node:
        if parser.tokens[parser.at] in ("(", "\\{"):
            return _applied(parser, known)
        return word(parser, spelling)

    return read


FUNCTION_PREFIXES: Final[dict[str, Prefix]] = {
    **{
        spelling: _bracketed(known, spelling) if spelling in _BRACKETED else _function(known)
        for spelling, known in FUNCTIONS.items()
        if spelling not in ("gamma", "factorial")
    },
    **{f"\\{spelling}": _function(known) for spelling, known in FUNCTIONS.items() if spelling != "gamma"},
    **{f"\\{spelling}": _function(known) for spelling, known in TWO_LETTERS.items()},
    "\\frac": _fraction, "\\dfrac": _fraction, "\\tfrac": _fraction, "\\cfrac": _fraction, "\\sfrac": _fraction,
    "\\nicefrac": _fraction, "\\binom": _binomial, "\\dbinom": _binomial, "\\tbinom": _binomial,
    "\\sqrt": _root, "sqrt": _root, "\\surd": _root, "\\cbrt": _cube_root, "cbrt": _cube_root, "\\Re": _function("re"),
    "\\Im": _function("im"),
    "\\Gamma": _gamma, "cis": _cis, "\\cis": _cis,
}  # fmt: skip
