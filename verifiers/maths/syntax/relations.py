r"""What binds weakest: relations and their chains, operations on sets, ratios, remainders."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.arguments import exponent
from assaygym.verifiers.maths.syntax.conditions import domain_of_words, take_words, which_domain
from assaygym.verifiers.maths.syntax.core import Infix, Parser
from assaygym.verifiers.maths.syntax.lexicon import MODULUS, RATIO, RELATION, RELATION_SIGNS, UNION
from assaygym.verifiers.maths.syntax.tokens import is_word, text_of
from assaygym.verifiers.maths.syntax.tree import Node
from assaygym.verifiers.maths.syntax.units import is_counted, quantity

__all__ = ["RELATION_OPERATORS", "of_sets"]


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
    return _relation(parser, left) if _membership(parser) or not is_counted(left) else quantity(parser, left)


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


def of_sets(kind: str) -> Infix:
    r"""An operator on sets; beside a number it stands between statements, `x<1 \\cup x>2`, and ends this one."""

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
    token = parser.tokens[parser.at]
    if token[:1] == "0" and len(token) == 2 and token.isdigit():
        raise parser.refuse(token, "in a ratio")  # a time: 10:00, 1:05
    right = parser.expression(RATIO)
    return ("ratio", *left[1:], right) if left[0] == "ratio" else ("ratio", left, right)


def _modulo(parser: Parser, left: Node) -> Node:
    parser.at += 1
    return ("fn", "mod", left, exponent(parser) if parser.tokens[parser.at] == "{" else parser.expression(MODULUS))


RELATION_OPERATORS: Final[dict[str, tuple[int, Infix]]] = {
    **dict.fromkeys(RELATION_SIGNS, (RELATION, _relation)),
    **{token: (UNION, of_sets("union")) for token in ("\\cup", "\\bigcup", "union", "\\sqcup")},
    **{token: (UNION, of_sets("inter")) for token in ("\\cap", "\\bigcap")},
    **{token: (UNION, of_sets("minus")) for token in ("\\setminus", "\\backslash", "\\smallsetminus")},
    **dict.fromkeys(("\\bmod", "\\mod", "\\pmod", "mod"), (MODULUS, _modulo)),
    "in": (RELATION, _in), ":": (RATIO, _ratio), "to": (RATIO, _ratio),
}  # fmt: skip
