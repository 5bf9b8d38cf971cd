r"""What stands between brackets, bars and braces.

`(a)` and `[a]` are the expression itself; with commas a `seq`. Bare braces group, and with a comma or a bar are a set
as plain text writes it. `|a|` closes at the next bar that cannot open: `|2|x|-1|` is refused or read as |2| x |-1|,
while `\left|..\right|` (`\lvert`, `\rvert`) nest.
"""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.conditions import condition
from assaygym.verifiers.maths.syntax.core import INFIX, Parser, Prefix
from assaygym.verifiers.maths.syntax.environments import is_matrix, system
from assaygym.verifiers.maths.syntax.lexicon import STOP
from assaygym.verifiers.maths.syntax.literals import base_after, based_node, fraction
from assaygym.verifiers.maths.syntax.tokens import DIFFERENTIAL, END
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node

__all__ = ["BRACKET_PREFIXES", "group", "is_reversed_close", "over"]

_SEPARATORS: Final = (",", ";")
_OPEN: Final = {"(": "(", "[": "[", "\\lbrack": "[", "\\lparen": "("}
_CLOSE: Final = {")": ")", "]": "]", "\\rbrack": "]", "\\rparen": ")"}


def group(parser: Parser) -> Node:
    r"""What stands in braces, of which the opening one is consumed: an expression, `5\over 6`, `n\choose k`."""
    bars, parser.bars = parser.bars, 0
    node = over(parser, parser.expression(STOP))
    parser.unusual = parser.unusual or node[0] == "rel"
    if parser.tokens[parser.at].startswith(DIFFERENTIAL):
        parser.at += 1
    parser.expect("}")
    parser.bars = bars
    return node


def over(parser: Parser, node: Node) -> Node:
    r"""The node, over what comes after `\over` or `\choose` where one of them comes next."""
    if parser.accept("\\over"):
        return fraction(node, parser.expression(STOP))
    if parser.accept("\\choose"):
        return ("fn", "binomial", node, parser.expression(STOP))
    return node


def _brace(parser: Parser) -> Node:
    """Braces where an expression begins: a group, or a set of plain text."""
    first = parser.tokens[parser.at]
    if first == "}":
        parser.at += 1
        if parser.tokens[parser.at] in ("_", "^"):
            return parser.expression(STOP)
        return ("set",)
    bars, colon = parser.bars, parser.colon
    parser.bars, parser.colon = 1, True
    node = over(parser, parser.expression(STOP))
    if parser.tokens[parser.at] == "}":
        parser.at += 1
        parser.unusual = parser.unusual or node[0] == "rel"
    else:
        node = _set_rest(parser, node, "}")
    parser.bars, parser.colon = bars, colon
    return node


def _set(parser: Parser) -> Node:
    r"""After `\{`: a set, a set-builder, or a system of equations."""
    token = parser.tokens[parser.at]
    if token.startswith("\\begin") and not is_matrix(token):
        parser.at += 1
        node = system(parser, token)
        parser.accept("\\}")
        return node
    if parser.accept("\\}"):
        return ("set",)
    bars, colon = parser.bars, parser.colon
    parser.bars, parser.colon = 1, True
    node = _set_rest(parser, parser.expression(STOP), "\\}")
    parser.bars, parser.colon = bars, colon
    return node


def _set_rest(parser: Parser, first: Node, close: str) -> Node:
    if first[0] == "rel" and first[1][-1] == "|" and len(first) == 4:
        return ("setof", first[2], first[3], *_conditions(parser, close))
    if parser.accept("|", "\\mid", ":", "\\vert", "\\colon"):
        return ("setof", first, *_conditions(parser, close, first=True))
    items = [first]
    while parser.accept(*_SEPARATORS, "or", "and"):
        items.append(parser.expression(STOP))
    parser.expect(close)
    return ("set", *items)


def _conditions(parser: Parser, close: str, first: bool = False) -> list[Node]:
    parser.bars, parser.colon = 0, False
    items = [condition(parser)] if first else []
    groups = [items] if items else []
    while separator := _next_of(parser, _JOINTS):
        if separator in _SEPARATORS or not groups:
            groups.append([condition(parser)])
        elif separator in _ALTERNATIVES:
            groups[-1].append(condition(parser))
        else:
            groups[-1][-1] = _both(groups[-1][-1], condition(parser))
    parser.expect(close)
    return [part for group in groups for part in _alternatives(group)]


_ALTERNATIVES: Final = ("or", "\\lor", "\\vee")
_JOINTS: Final = (*_SEPARATORS, *_ALTERNATIVES, "and", "\\land", "\\wedge")


def _next_of(parser: Parser, tokens: tuple[str, ...]) -> str:
    return parser.tokens[parser.at - 1] if parser.accept(*tokens) else ""


def _both(one: Node, other: Node) -> Node:
    return ("list", *(one[1:] if one[0] == "list" else (one,)), other)


def _alternatives(group: list[Node]) -> list[Node]:
    """The conditions of a part between commas: one that has alternatives, or all that "and" joins."""
    if len(group) == 1:
        return list(group[0][1:]) if group[0][0] == "list" else group
    return [("or", *(("inter", *part[1:]) if part[0] == "list" else part for part in group))]


def _bracket(opening: str) -> Prefix:
    def read(parser: Parser) -> Node:
        return _sequence(parser, opening)

    return read


def _sequence(parser: Parser, opening: str) -> Node:
    if parser.tokens[parser.at + 1] == "\\circ" and opening == "(":
        return _composed(parser)
    bars, colon = parser.bars, parser.colon
    parser.bars, parser.colon = 0, False
    items, rows = [parser.expression(STOP)], []
    while (token := parser.tokens[parser.at]) in _SEPARATORS:
        parser.at += 1
        if token == ";":
            rows.append(items)
            items = []
        items.append(parser.expression(STOP))
    rows.append(items)
    token = parser.tokens[parser.at]
    parser.at += 1
    closing = _CLOSE.get(token) or (")" if token == "[" and opening in "[]" else None)
    if closing is None:
        raise parser.refuse(token, "where ) or ] was expected")
    parser.bars, parser.colon = bars, colon
    return _bracketed(parser, "(" if opening == "]" else opening, closing, rows)


def _composed(parser: Parser) -> Node:
    r"""`(f\circ g)(x)` is `f(g(x))`; a composition without an argument is refused."""
    names = [parser.tokens[parser.at]]
    parser.at += 1
    while parser.accept("\\circ"):
        names.append(parser.tokens[parser.at])
        parser.at += 1
    parser.expect(")")
    parser.expect("(")
    if not all(len(name) == 1 and name.isalpha() for name in names):
        raise parser.refuse("\\circ")
    node: Node = parser.expression(STOP)
    parser.expect(")")
    for name in reversed(names):
        node = ("call", name, node)
    return node


def _bracketed(parser: Parser, opening: str, closing: str, rows: list[list[Node]]) -> Node:
    if len(rows) > 1 and any(len(row) > 1 for row in rows):
        if opening != "[" or len({len(row) for row in rows}) > 1:
            raise MathSyntaxError("commas and semicolons between the same brackets")
        return ("matrix", *(tuple(row) for row in rows))
    items = [row[0] for row in rows] if len(rows) > 1 else rows[0]
    if items[0][0] == "rel":
        parser.unusual = True
    if len(items) > 1:
        return ("seq", opening, closing, *items)
    if (opening, closing) not in (("(", ")"), ("[", "]")):
        raise MathSyntaxError(f"one item between {opening} and {closing}")
    if parser.tokens[parser.at] == "_" and parser.tokens[parser.at - 2].isalnum():
        return _based(parser, items[0])
    return items[0]


def _based(parser: Parser, node: Node) -> Node:
    """`(1010)_2`."""
    if node[0] != "num" or node[2] != 1 or parser.tokens[parser.at - 3] not in _OPEN:
        raise parser.refuse("_")
    digits = parser.tokens[parser.at - 2]
    parser.at += 1
    return based_node(digits, base_after(parser))


def is_reversed_close(parser: Parser) -> bool:
    """Whether the `[` that comes next closes an interval, `]2,5[`: nothing that it could open follows."""
    following = parser.ahead(1)
    entry = INFIX.get(following)
    return following == END or (entry is not None and following not in ("-", "+", "\\pm"))


def _bars(parser: Parser) -> Node:
    parser.bars += 1
    node = parser.expression(STOP)
    parser.expect("|")
    parser.bars -= 1
    return _absolute(node)


def _absolute(node: Node) -> Node:
    return ("fn", "det", node) if node[0] == "matrix" else ("fn", "abs", node)


def _between(close: str, known: str) -> Prefix:
    def read(parser: Parser) -> Node:
        bars, parser.bars = parser.bars, 0
        node = parser.expression(STOP)
        parser.expect(close)
        parser.bars = bars
        return _absolute(node) if known == "abs" else ("fn", known, node)

    return read


def _norm(close: str) -> Prefix:
    def read(parser: Parser) -> Node:
        parser.bars += 1
        node = parser.expression(STOP)
        parser.expect(close)
        parser.bars -= 1
        return ("fn", "norm", node)

    return read


def _angle(parser: Parser) -> Node:
    items = [parser.expression(STOP)]
    while parser.accept(*_SEPARATORS):
        items.append(parser.expression(STOP))
    parser.expect("\\rangle")
    if len(items) == 1:
        raise MathSyntaxError("one item between angle brackets")
    return ("seq", "(", ")", *items)


BRACKET_PREFIXES: Final[dict[str, Prefix]] = {
    "{": _brace, "\\{": _set, "\\lbrace": _set, "(": _bracket("("), "[": _bracket("["), "]": _bracket("]"),
    "\\lbrack": _bracket("["), "\\lparen": _bracket("("), "|": _bars, "\\vert": _bars, "\\lvert": _between("\\rvert",
    "abs"),
    "\\|": _norm("\\|"), "\\Vert": _norm("\\Vert"), "\\lVert": _norm("\\rVert"), "\\lfloor": _between("\\rfloor",
    "floor"),
    "\\lceil": _between("\\rceil", "ceil"), "\\langle": _angle,
}  # fmt: skip
