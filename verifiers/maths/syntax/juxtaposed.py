r"""What stands next to a finished expression with no sign between: a factor, a unit, a condition in brackets."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.brackets import is_reversed_close
from assaygym.verifiers.maths.syntax.conditions import PHRASE, PROPERTIES, is_approximate, take_approximately
from assaygym.verifiers.maths.syntax.core import PREFIX, Parser
from assaygym.verifiers.maths.syntax.lexicon import PRODUCT, STOP
from assaygym.verifiers.maths.syntax.literals import is_integer, product, rational
from assaygym.verifiers.maths.syntax.relations import of_sets
from assaygym.verifiers.maths.syntax.tokens import is_number, is_word, text_of
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node
from assaygym.verifiers.maths.syntax.units import is_counted, is_unit_text, is_unit_word, quantity

__all__ = ["beside"]

_FINISHED: Final = frozenset(("rel", "words", "list"))


def beside(parser: Parser, left: Node, token: str) -> Node | None:
    """What the token next to a finished expression makes of it: a product, a quantity, a condition; or None."""
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
    return product((left, right))


def _beside_word(parser: Parser, left: Node, token: str) -> Node | None:
    if token in _ORDINALS and is_integer(left) and token == _ordinal(left[1]):
        parser.at += 1
        return ("unit", left, "th")
    if left[0] in ("unit", "percent"):
        return quantity(parser, left) if is_unit_word(parser, token) else None
    if is_counted(left) and is_unit_word(parser, token):
        return quantity(parser, left)
    if left[0] in ("sym", "mul") and (token in ("integer", "integers", "an", "any", "real") or token in PROPERTIES):
        return None
    if left[0] == "words":
        raise parser.refuse(token)
    if token == "U" and left[0] in ("seq", "set", "union", "setof"):
        return of_sets("union")(parser, left)
    return _product(parser, left)


_ORDINALS: Final = frozenset(("st", "nd", "rd", "th"))


def _ordinal(count: int) -> str:
    return "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")


def _times_number(parser: Parser, left: Node, token: str) -> Node:
    """A number after an expression: only where nobody can mean something else, never `x2` or `2 3`."""
    before = parser.tokens[parser.at - 1]
    if left[0] == "unit" or (left[0] == "add" and left[-1][0] == "unit"):
        return _compound(parser, left)
    if left == ("const", "i") or (_is_power_of_integers(left) and parser.ahead(1) == "^"):
        return _product(parser, left)
    if is_number(before) or is_word(before) or left[0] == "words":
        raise parser.refuse(token, f"right after {before!r}")
    if left[0] == "deg":
        return _minutes(parser, left)
    return _product(parser, left)


def _is_power_of_integers(node: Node) -> bool:
    """`2^6` and `2^6 3^5`: with one more power beside it, a factorisation."""
    if node[0] == "mul":
        return all(map(_is_power_of_integers, node[1:]))
    return node[0] == "pow" and is_integer(node[1]) and is_integer(node[2])


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
    if left[0] == "sym" and (text in PROPERTIES or PHRASE.issuperset(text.split())):
        return None
    if left[0] in ("seq", "set") and is_unit_text(text):
        return quantity(parser, left)
    if text in ("i", "e", "x", "y", "z") or left[0] in ("words", "rel", "seq", "set"):
        return _product(parser, left)
    return quantity(parser, left)


def _beside_bracket(parser: Parser, left: Node, token: str) -> Node | None:
    if token == "[" and is_reversed_close(parser):
        return None
    at = parser.at
    if token == "(" and is_approximate(parser, 1):
        return _approximated(parser, left)
    right = parser.expression(PRODUCT)
    if right[0] == "rel" and token == "(":
        parser.conditions.append(right)
        return left
    if right[0] == "seq" and left[0] == "sym" and token == "(" and right[2] == ")":
        return _named(left, right)
    if left[0] in ("unit", "rel", "words", "list"):
        raise parser.refuse(parser.tokens[at])
    return product((left, right))


def _approximated(parser: Parser, left: Node) -> Node:
    r"""`\sqrt2 (\approx 1.41)`: the exact value, which stands before."""
    parser.at += 1
    take_approximately(parser)
    parser.expression(STOP)
    parser.expect(")")
    return left


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
