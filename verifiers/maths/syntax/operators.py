r"""What may follow an expression: signs of operators, powers, relations, and nothing at all, which multiplies.

Products, written out or not, and quotients bind alike and from the left: `1/2x` is (1/2)x, as `\frac12 x`, and `a/b(c)` is
(a/b)(c); only a run of letters holds together: `V/RC` is V/(RC). Powers bind from the right. Percent and units belong to
the product before them: `1/2\%` is a half percent.
"""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.arguments import exponent
from assaygym.verifiers.maths.syntax.brackets import is_reversed_close
from assaygym.verifiers.maths.syntax.conditions import PROPERTIES, domain_of_words, take_words, which_domain
from assaygym.verifiers.maths.syntax.core import INFIX, PREFIX, Infix, Parser, Prefix
from assaygym.verifiers.maths.syntax.lexicon import (
    CURRENCIES,
    MODULUS,
    POSTFIX,
    POWER,
    PRODUCT,
    RATIO,
    RELATION,
    RELATION_SIGNS,
    STOP,
    SUM,
    UNARY,
    UNION,
)
from assaygym.verifiers.maths.syntax.literals import TEN, fraction, is_integer, negated, rational
from assaygym.verifiers.maths.syntax.names import subscript
from assaygym.verifiers.maths.syntax.tokens import END, is_number, is_word, text_of
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node
from assaygym.verifiers.maths.syntax.units import is_unit_word, quantity

__all__ = ["OPERATORS", "OPERATOR_PREFIXES", "beside"]

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
    is_ten = parser.tokens[parser.at] == "10"
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
    return _joined(left, right)


def _is_literal(node: Node) -> bool:
    return node[0] == "dec" or node[2] == 1


def _joined(left: Node, right: Node) -> Node:
    before = left[1:] if left[0] == "mul" else (left,)
    after = right[1:] if right[0] == "mul" else (right,)
    return ("mul", *before, *after)


def _over(parser: Parser, left: Node) -> Node:
    parser.at += 1
    return fraction(left, parser.expression(PRODUCT))


_FINISHED: Final = frozenset(("rel", "words", "list"))


def beside(parser: Parser, left: Node, token: str) -> Node | None:
    """What the token next to a finished expression makes of it: a product, a quantity, a condition; None for nothing."""
    if left[0] in _FINISHED and token != "(":
        return None
    if is_word(token):
        return _beside_word(parser, left, token)
    if is_number(token):
        return _times_number(parser, left, token)
    if text_of(token) is not None:
        return _beside_text(parser, left, token)
    if token in ("(", "[", "{", "\\{") and token in PREFIX:
        return _beside_bracket(parser, left, token)
    if token in ("|", "\\vert", "\\|", "\\Vert"):
        return _product(parser, left) if parser.bars == 0 else None
    if token in PREFIX or token.startswith("\\begin"):
        return None if token == "]" else _product(parser, left)
    return None


def _product(parser: Parser, left: Node) -> Node:
    right = parser.expression(PRODUCT)
    if left[0] == "unit" or right[0] == "words":
        raise MathSyntaxError("a product with a unit or a word")
    return _joined(left, right)


def _beside_word(parser: Parser, left: Node, token: str) -> Node | None:
    if token in _ORDINALS and is_integer(left) and token == _ordinal(left[1]):
        parser.at += 1
        return ("unit", left, "th")
    if left[0] in ("unit", "percent"):
        return quantity(parser, left) if is_unit_word(parser, token) else None
    if _is_counted(left) and is_unit_word(parser, token):
        return quantity(parser, left)
    if left[0] in ("sym", "mul") and (token in ("integer", "integers", "an", "any", "real") or token in PROPERTIES):
        return None
    if left[0] == "words":
        raise parser.refuse(token)
    if token == "U" and left[0] in ("seq", "set", "union", "setof"):
        return _of_sets("union")(parser, left)
    return _product(parser, left)


_ORDINALS: Final = frozenset(("st", "nd", "rd", "th"))


def _ordinal(count: int) -> str:
    return "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")


_COUNTED: Final = frozenset(
    ("num", "dec", "div", "pow", "mixed", "sci", "repeating", "add", "fn", "money", "neg", "const")
)


def _is_counted(node: Node) -> bool:
    return node[0] in _COUNTED or (node[0] == "mul" and node[1][0] in _COUNTED)


def _times_number(parser: Parser, left: Node, token: str) -> Node:
    """A number after an expression: only where nobody can mean something else, never `x2` or `2 3`."""
    before = parser.tokens[parser.at - 1]
    if left[0] == "unit" or (left[0] == "add" and left[-1][0] == "unit"):
        return _compound(parser, left)
    if is_number(before) or is_word(before) or left[0] == "words":
        raise parser.refuse(token, f"right after {before!r}")
    if left[0] == "deg":
        return _minutes(parser, left)
    return _product(parser, left)


def _compound(parser: Parser, left: Node) -> Node:
    """`5 feet 3 inches` is a sum."""
    right = parser.expression(PRODUCT)
    token = parser.tokens[parser.at]
    if text_of(token) is None and not (is_word(token) and is_unit_word(parser, token)):
        raise parser.refuse(token, "where a unit was expected")
    right = quantity(parser, right)
    return ("add", *(left[1:] if left[0] == "add" else (left,)), right)


def _minutes(parser: Parser, left: Node) -> Node:
    r"""`30^\circ 15' 20''` in degrees."""
    value, unit = left[1], 60
    while unit <= 3600 and parser.tokens[parser.at].isdigit():
        part, sign = int(parser.tokens[parser.at]), _minute_sign(parser)
        if sign != ("'" if unit == 60 else "''") or value[0] != "num":
            raise parser.refuse(parser.tokens[parser.at], "in an angle")
        value = rational(value[1] * unit + part * value[2], value[2] * unit)
        unit *= 60
    return ("deg", value)


def _minute_sign(parser: Parser) -> str:
    parser.at += 1
    if parser.accept("''"):
        return "''"
    if parser.accept("'"):
        return "'"
    signs = ""
    if parser.accept("^"):
        wrapped = parser.accept("{")
        while parser.accept("\\prime"):
            signs += "'"
        if wrapped:
            parser.expect("}")
    return signs


def _beside_text(parser: Parser, left: Node, token: str) -> Node | None:
    text = text_of(token) or ""
    if not text:
        raise parser.refuse(token)
    if left[0] == "deg" and text in ("C", "F"):
        parser.at += 1
        return ("unit", left[1], f"°{text}")
    if left[0] == "sym" and text in PROPERTIES:
        return None
    if text in ("i", "e", "x", "y", "z") or left[0] in ("words", "rel", "seq", "set"):
        return _product(parser, left)
    return quantity(parser, left)


def _beside_bracket(parser: Parser, left: Node, token: str) -> Node | None:
    if token == "[" and is_reversed_close(parser):
        return None
    at = parser.at
    right = parser.expression(PRODUCT)
    if right[0] == "rel" and token == "(":
        parser.conditions.append(right)
        return left
    if right[0] == "seq" and left[0] == "sym" and token == "(" and right[2] == ")":
        return _named(left, right)
    if left[0] in ("unit", "rel", "words", "list"):
        raise parser.refuse(parser.tokens[at])
    return _joined(left, right)


def _named(left: Node, right: Node) -> Node:
    """A letter before a tuple: a named point or a function of several names; `C(5,2)` is a binomial."""
    items = right[3:]
    if left[1] == "C" and len(items) == 2 and all(map(_is_count, items)):
        counts = items[0][0] == "num" and items[1][0] == "num"
        if not counts or items[0][1] > items[1][1] > 0:
            return ("fn", "binomial", *items)
    return ("call", left[1], *items)


def _is_count(node: Node) -> bool:
    return is_integer(node) or (node[0] == "sym" and node[1] in ("n", "k", "m", "r")) or node[0] == "add"


def _power(parser: Parser, left: Node) -> Node:
    parser.at += 1
    token = parser.tokens[parser.at]
    if token in ("\\circ", "\\degree"):
        parser.at += 1
        return _degrees(parser, left)
    if token == "{" and parser.ahead(1) in ("\\circ", "\\degree"):
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


def _relation(parser: Parser, left: Node) -> Node:
    signs, terms = [], [left]
    while (sign := _relation_sign(parser)) is not None:
        term = parser.expression(RELATION) if not _phrase_follows(parser, sign) else _phrase(parser)
        signs.append(sign)
        terms.append(which_domain(term) if sign in ("in", "notin") else term)
    return ("rel", tuple(signs), *terms) if signs else left


def _relation_sign(parser: Parser) -> str | None:
    token = parser.tokens[parser.at]
    sign = RELATION_SIGNS.get(token)
    if token == "in":
        sign = "in" if _membership(parser) else None
    if sign == "|" and parser.colon:
        return None
    parser.at += sign is not None
    return sign


def _in(parser: Parser, left: Node) -> Node:
    """`x in [1, 2]`, or inches."""
    return _relation(parser, left) if _membership(parser) or not _is_counted(left) else quantity(parser, left)


def _membership(parser: Parser) -> bool:
    following = parser.ahead(1)
    return following in ("(", "[", "{", "\\{", "\\mathbb", "R", "Z", "N", "Q", "C", "]", "\\emptyset")


def _phrase_follows(parser: Parser, sign: str) -> bool:
    return (
        sign == "in"
        and (is_word(parser.tokens[parser.at]) or text_of(parser.tokens[parser.at]) is not None)
        and len(parser.tokens[parser.at]) > 1
    )


def _phrase(parser: Parser) -> Node:
    domain = domain_of_words(take_words(parser))
    if domain is None:
        raise parser.refuse(parser.tokens[parser.at], "where a set was expected")
    return domain


_SETS: Final = frozenset(
    ("seq", "set", "setof", "union", "inter", "minus", "domain", "sym", "pow", "fn", "call", "mul")
)


def _of_sets(kind: str) -> Infix:
    """An operator on sets; beside a number it stands between statements, `x<1 \\cup x>2`, and ends this one."""

    def read(parser: Parser, left: Node) -> Node:
        if left[0] not in _SETS:
            return left
        parser.at += 1
        right = which_domain(parser.expression(UNION))
        left = which_domain(left)
        return (kind, *left[1:], right) if left[0] == kind and kind != "minus" else (kind, left, right)

    return read


def _ratio(parser: Parser, left: Node) -> Node:
    if parser.colon:
        return left
    parser.at += 1
    right = parser.expression(RATIO)
    return ("ratio", *left[1:], right) if left[0] == "ratio" else ("ratio", left, right)


def _modulo(parser: Parser, left: Node) -> Node:
    parser.at += 1
    return ("fn", "mod", left, exponent(parser) if parser.tokens[parser.at] == "{" else parser.expression(MODULUS))


def _choose(parser: Parser, left: Node) -> Node:
    parser.at += 1
    return ("fn", "binomial", left, parser.expression(PRODUCT))


def _stop(_: Parser, left: Node) -> Node:
    return left


_STOPS: Final = (
    END, ")", "]", "}", "\\}", "\\rbrace", "\\rbrack", "\\rparen", ",", ";", "&", "\\\\", "\\rangle", "\\rvert", "\\rVert", "\\rfloor", "\\rceil",
    "or", "and", "\\lor", "\\land", "\\vee", "\\wedge", "\\quad", "where", "for", "if", "when", "with", "such", "provided",
    "is", "are", "\\forall", "\\over", "\\choose", "\\colon", "otherwise", "given", "whenever", "assuming", "as", "on",
    "\\newline", "\\cr", "\\exists", "\\text{otherwise}", "\\text{else}",
)  # fmt: skip

OPERATORS: Final[dict[str, tuple[int, Infix]]] = {
    **{token: (STOP, _stop) for token in _STOPS},
    **{token: (SUM, _sum) for token in _SIGNS},
    **{token: (POSTFIX, _raised(power)) for token, power in (("squared", 2), ("cubed", 3))},
    **{token: (PRODUCT, _times) for token in ("*", "\\cdot", "\\times", "\\ast", "\\bullet", "times")},
    **{token: (PRODUCT, _over) for token in ("/", "\\div", "over")},
    **{token: (RELATION, _relation) for token in RELATION_SIGNS},
    **{token: (PRODUCT, _percent) for token in ("%", "\\%")},
    **{token: (PRODUCT, _money_after) for token in CURRENCIES},
    **{token: (POWER, _power) for token in ("^", "**")},
    **{token: (POSTFIX, _factorial) for token in ("!", "!!")},
    **{token: (POSTFIX, _degree_sign) for token in ("\\degree", "°", "\\textdegree")},
    **{token: (UNION, _of_sets("union")) for token in ("\\cup", "\\bigcup", "union", "\\sqcup")},
    **{token: (UNION, _of_sets("inter")) for token in ("\\cap", "\\bigcap")},
    **{token: (UNION, _of_sets("minus")) for token in ("\\setminus", "\\backslash", "\\smallsetminus")},
    **{token: (MODULUS, _modulo) for token in ("\\bmod", "\\mod", "\\pmod", "mod")},
    ":": (RATIO, _ratio), "to": (RATIO, _ratio), "‰": (PRODUCT, _per_mille), "in": (RELATION, _in),
    "choose": (PRODUCT, _choose), "\\permil": (PRODUCT, _per_mille),
}  # fmt: skip

OPERATOR_PREFIXES: Final[dict[str, Prefix]] = {
    **{token: _prefix_sign(sign) for token, sign in _SIGNS.items()},
    **{token: _money(currency) for token, currency in CURRENCIES.items() if token != "¢"},
}
