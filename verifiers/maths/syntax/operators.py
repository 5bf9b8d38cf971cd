r"""What may follow an expression: signs of operators, powers, relations, and nothing at all, which multiplies.

Products, written out or not, and quotients bind alike and from the left: `1/2x` is (1/2)x, as `\frac12 x`, and
`a/b(c)` is (a/b)(c); only a run of letters holds together: `V/RC` is V/(RC). Powers bind from the right. Percent and
units belong to the product before them: `1/2\%` is a half percent.
"""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.arguments import exponent
from assaygym.verifiers.maths.syntax.core import INFIX, Infix, Parser, Prefix
from assaygym.verifiers.maths.syntax.lexicon import CURRENCIES, POSTFIX, POWER, PRODUCT, RELATION, STOP, SUM, UNARY
from assaygym.verifiers.maths.syntax.literals import DEGREE_SIGNS, TEN, fraction, is_integer, negated, product
from assaygym.verifiers.maths.syntax.names import subscript
from assaygym.verifiers.maths.syntax.relations import RELATION_OPERATORS
from assaygym.verifiers.maths.syntax.tokens import END, is_number, is_word, text_of
from assaygym.verifiers.maths.syntax.tree import Node
from assaygym.verifiers.maths.syntax.units import quantity

__all__ = ["OPERATORS", "OPERATOR_PREFIXES"]

_SIGNS: Final = {"+": "", "-": "neg", "\\pm": "pm", "\\mp": "mp", "plus": "", "minus": "neg"}


def _signed(sign: str, node: Node) -> Node:
    return negated(node) if sign == "neg" else (sign, node) if sign else node


def _sum(parser: Parser, left: Node) -> Node:
    tokens = parser.tokens
    terms = list(left[1:]) if left[0] == "add" else [left]
    while (sign := _SIGNS.get(tokens[parser.at])) is not None:
        parser.at += 1
        term = parser.expression(SUM)
        if term[0] == "add" and not sign:
            terms.extend(term[1:])
        else:
            terms.append(_signed(sign, term))
    return _unit_of_all(terms)


def _unit_of_all(terms: list[Node]) -> Node:
    """The unit after the last term is the unit of the sum, when no other term has one."""
    last = terms[-1]
    minus = last[0] in ("neg", "pm", "mp") and last[1][0] == "unit"
    unit = last[1] if minus else last
    if unit[0] != "unit" or any(term[0] in ("unit", "money") for term in terms[:-1]):
        return ("add", *terms)
    terms[-1] = _signed(last[0], unit[1]) if minus else unit[1]
    return ("unit", ("add", *terms), unit[2])


def _prefix_sign(sign: str) -> Prefix:
    def read(parser: Parser) -> Node:
        return _signed(sign, parser.expression(UNARY))

    return read


def _times(parser: Parser, left: Node) -> Node:
    parser.at += 1
    crossed = parser.tokens[parser.at - 1] == "\\times"
    is_ten = parser.tokens[parser.at] == "10"
    is_bold = parser.tokens[parser.at] in _BOLD
    right = parser.expression(PRODUCT)
    if (
        is_ten
        and right[0] == "pow"
        and right[1] == TEN
        and is_integer(right[2])
        and left[0] in ("num", "dec")
        and _is_literal(left)
    ):
        return ("sci", left, right[2][1])
    if crossed and (is_bold or _is_vector(right)):
        return _cross(parser, left, right)
    return product((left, right))


_BOLD: Final = ("\\mathbf", "\\boldsymbol", "\\bm")


def _cross(parser: Parser, left: Node, right: Node) -> Node:
    r"""`\mathbf a\times\mathbf b` is no product of numbers, so a call of the function `\times`."""
    *factors, last = left[1:] if left[0] == "mul" else (left,)
    if last[0] in _ARRAYS and right[0] in _ARRAYS:
        raise parser.refuse("\\times", "between vectors")
    if last[0] in _NAMES and right[0] in _NAMES:
        return product((*factors, ("call", "\\times", last, right)))
    return product((left, right))


_ARRAYS: Final = ("seq", "matrix")
_NAMES: Final = ("sym", "call")


def _is_vector(node: Node) -> bool:
    return node[0] in ("seq", "matrix") or (node[0] == "sym" and str(node[1]).startswith("vec "))


def _is_literal(node: Node) -> bool:
    return bool(node[0] == "dec" or node[2] == 1)


def _over(parser: Parser, left: Node) -> Node:
    parser.at += 1
    return fraction(left, parser.expression(PRODUCT))


_WRITTEN: Final = frozenset(("num", "dec", "mixed", "div"))


def _power(parser: Parser, left: Node) -> Node:
    parser.at += 1
    token = parser.tokens[parser.at]
    if token in DEGREE_SIGNS and (token != "o" or left[0] in _WRITTEN):
        parser.at += 1
        return _degrees(parser, left)
    if token == "{" and parser.ahead(1) in DEGREE_SIGNS and (parser.ahead(1) != "o" or left[0] in _WRITTEN):
        parser.at += 2
        if parser.tokens[parser.at] in ("C", "F", "\\text{C}", "\\text{F}"):
            return _temperature(parser, left, "}")
        parser.expect("}")
        return _degrees(parser, left)
    power = exponent(parser)
    if parser.tokens[parser.at] in ("^", "**"):
        parser.deeper()
        power = _power(parser, power)
        parser.depth -= 1
    if parser.tokens[parser.at] == "_" and left[0] == "sym" and "_" not in left[1]:
        parser.at += 1
        left = ("sym", f"{left[1]}_{subscript(parser)}")
    if left[0] == "sym" and left[1].startswith("C_") and power[0] in ("num", "sym"):
        return _combination(left, power)
    return ("pow", left, power)


def _combination(left: Node, power: Node) -> Node:
    """`C_{10}^{3}` counts combinations where both are numbers, the lower one at least two and not the smaller."""
    below = left[1][2:]
    if below == "n" and is_integer(power) and 0 < power[1] < 10:
        return ("fn", "binomial", ("sym", below), power)
    if below.isdigit() and power[0] == "num" and power[2] == 1 and int(below) >= max(2, power[1]) and power[1] >= 0:
        return ("fn", "binomial", ("num", int(below), 1), power)
    if below == "n" and power in (("sym", "k"), ("sym", "m"), ("sym", "r")):
        return ("fn", "binomial", ("sym", below), power)
    return ("pow", left, power)


def _degrees(parser: Parser, left: Node) -> Node:
    token = parser.tokens[parser.at]
    if token in ("C", "F") and not _operand_after(parser):
        return _temperature(parser, left)
    return ("deg", left)


def _operand_after(parser: Parser) -> bool:
    entry = INFIX.get(parser.ahead(1))
    return entry is None or entry[0] > RELATION


def _temperature(parser: Parser, left: Node, close: str = "") -> Node:
    token = parser.tokens[parser.at]
    parser.at += 1
    if close:
        parser.expect(close)
    return ("unit", left, f"°{text_of(token) or token}")


def _degree_sign(parser: Parser, left: Node) -> Node:
    parser.at += 1
    return _degrees(parser, left)


def _factorial(parser: Parser, left: Node) -> Node:
    double = parser.tokens[parser.at] == "!!"
    parser.at += 1
    return ("fn", "double_factorial" if double else "factorial", left)


def _raised(power: int) -> Infix:
    def read(parser: Parser, left: Node) -> Node:
        parser.at += 1
        return ("pow", left, ("num", power, 1))

    return read


def _percent(parser: Parser, left: Node) -> Node:
    parser.at += 1
    return ("percent", left)


def _per_mille(parser: Parser, left: Node) -> Node:
    parser.at += 1
    return fraction(left, ("num", 1000, 1))


def _money_after(parser: Parser, left: Node) -> Node:
    token = parser.tokens[parser.at]
    following = parser.ahead(1)
    if is_number(following) or is_word(following):
        raise parser.refuse(token)
    parser.at += 1
    return ("money", left, CURRENCIES[token])


def _money(currency: str) -> Prefix:
    def read(parser: Parser) -> Node:
        minus = parser.accept("-")
        amount = parser.expression(PRODUCT)
        if parser.tokens[parser.at] in (
            "million",
            "billion",
            "thousand",
            "trillion",
            "\\text{million}",
            "\\text{billion}",
        ):
            amount = quantity(parser, amount)
        return negated(("money", amount, currency)) if minus else ("money", amount, currency)

    return read


def _choose(parser: Parser, left: Node) -> Node:
    parser.at += 1
    return ("fn", "binomial", left, parser.expression(PRODUCT))


def _stop(_: Parser, left: Node) -> Node:
    return left


_STOPS: Final = (
    END, ")", "]", "}", "\\}", "\\rbrace", "\\rbrack", "\\rparen", ",", ";", "&",
    "\\\\", "\\rangle", "\\rvert", "\\rVert", "\\rfloor", "\\rceil",
    "or", "and", "\\lor", "\\land", "\\vee", "\\wedge", "\\quad", "where", "for", "if", "when", "with", "such",
    "provided",
    "is", "are", "\\forall", "\\over", "\\choose", "\\colon", "otherwise", "given", "whenever", "assuming", "as", "on",
    "\\newline", "\\cr", "\\exists", "\\text{otherwise}", "\\text{else}",
)  # fmt: skip

OPERATORS: Final[dict[str, tuple[int, Infix]]] = {
    **dict.fromkeys(_STOPS, (STOP, _stop)),
    **dict.fromkeys(_SIGNS, (SUM, _sum)),
    **{token: (POSTFIX, _raised(power)) for token, power in (("squared", 2), ("cubed", 3))},
    **dict.fromkeys(("*", "\\cdot", "\\times", "\\ast", "\\bullet", "times"), (PRODUCT, _times)),
    **dict.fromkeys(("/", "\\div", "over"), (PRODUCT, _over)),
    **dict.fromkeys(("%", "\\%"), (PRODUCT, _percent)),
    **dict.fromkeys(CURRENCIES, (PRODUCT, _money_after)),
    **dict.fromkeys(("^", "**"), (POWER, _power)),
    **dict.fromkeys(("!", "!!"), (POSTFIX, _factorial)),
    **dict.fromkeys(("\\degree", "°", "\\textdegree"), (POSTFIX, _degree_sign)),
    "‰": (PRODUCT, _per_mille), "\\permil": (PRODUCT, _per_mille), "choose": (PRODUCT, _choose),
    **RELATION_OPERATORS,
}  # fmt: skip

OPERATOR_PREFIXES: Final[dict[str, Prefix]] = {
    **{token: _prefix_sign(sign) for token, sign in _SIGNS.items()},
    **{token: _money(currency) for token, currency in CURRENCIES.items() if token != "¢"},
}
