r"""LaTeX environments: matrices, determinants, cases, systems of equations, lines."""

from __future__ import annotations

from typing import Final

from assaygym.verifiers.maths.syntax.conditions import condition
from assaygym.verifiers.maths.syntax.core import Parser
from assaygym.verifiers.maths.syntax.lexicon import STOP
from assaygym.verifiers.maths.syntax.tokens import END, text_of
from assaygym.verifiers.maths.syntax.tree import MathSyntaxError, Node

__all__ = ["environment", "is_matrix", "system"]

_MATRICES: Final = frozenset(("matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array", "psmallmatrix",
    "bsmallmatrix", "Vmatrix"))  # fmt: skip
_CASES: Final = frozenset(("cases", "dcases", "rcases"))
_OTHERWISE: Final = frozenset(
    ("otherwise", "else", "elsewhere", "\\text{otherwise}", "\\text{else}", "\\text{elsewhere}")
)


def _name_of(token: str) -> str:
    return token.partition("{")[2].partition("}")[0].rstrip("*")


def is_matrix(token: str) -> bool:
    """Whether an environment has its own brackets, so that it is no system of lines after an opening brace."""
    return _name_of(token) in _MATRICES - {"matrix", "array"}


def environment(parser: Parser, token: str) -> Node:
    r"""What the `\\begin{..}` just consumed opens, to its end.

    Raises:
        MathSyntaxError: the environment is not known, has rows of different lengths, or does not end.
    """
    kind = _name_of(token)
    if kind in _CASES:
        return _cases(parser, kind)
    rows = _rows(parser, kind)
    if kind in _MATRICES or kind == "vmatrix":
        if kind == "array" and all(len(row) == 1 and row[0][0] == "rel" for row in rows):
            parser.unusual = True
            return ("list", *(row[0] for row in rows))
        if len({len(row) for row in rows}) > 1:
            raise MathSyntaxError("a matrix with rows of different lengths")
        matrix = ("matrix", *rows)
        return ("fn", "det", matrix) if kind == "vmatrix" else matrix
    raise parser.refuse(token, "is an unknown environment")


def system(parser: Parser, token: str) -> Node:
    r"""An environment after an opening brace alone: cases when it has two columns, else a list of its lines."""
    kind = _name_of(token)
    if kind in _CASES or kind not in _MATRICES:
        return environment(parser, token)
    begin = parser.at
    depth, at = 1, begin
    while depth and parser.tokens[at] != END:
        depth += parser.tokens[at].startswith("\\begin") - parser.tokens[at].startswith("\\end")
        at += 1
    return _cases(parser, kind)


def _rows(parser: Parser, kind: str) -> list[tuple[Node, ...]]:
    bars, parser.bars = parser.bars, 0
    rows: list[tuple[Node, ...]] = []
    while not _ends(parser, kind):
        row = [parser.expression(STOP)]
        while parser.accept("&"):
            row.append(parser.expression(STOP))
        rows.append(tuple(row))
        if not parser.accept("\\\\", "\\cr") and not parser.tokens[parser.at].startswith("\\end"):
            raise parser.refuse(parser.tokens[parser.at], "in a matrix")
    if not rows:
        raise MathSyntaxError(f"an empty {kind}")
    parser.bars = bars
    return rows


def _ends(parser: Parser, kind: str) -> bool:
    token = parser.tokens[parser.at]
    if token == END:
        raise MathSyntaxError(f"a {kind} without an end")
    if token.startswith("\\end"):
        if _name_of(token) != kind:
            raise parser.refuse(token, f"where {kind} ends")
        parser.at += 1
        return True
    return False


def _cases(parser: Parser, kind: str) -> Node:
    bars, parser.bars = parser.bars, 0
    cases: list[tuple[Node, Node | None]] = []
    while not _ends(parser, kind):
        cases.append(_case(parser))
        parser.accept(".", ",", ";")
        if not parser.accept("\\\\", "\\cr") and not parser.tokens[parser.at].startswith("\\end"):
            raise parser.refuse(parser.tokens[parser.at], f"in {kind}")
    parser.bars = bars
    if not cases:
        raise MathSyntaxError(f"an empty {kind}")
    if all(told is None for _, told in cases):
        parser.unusual = True
        return ("list", *(value for value, _ in cases))
    return ("cases", *cases)


def _case(parser: Parser) -> tuple[Node, Node | None]:
    """A value and its condition, which is None where there is none or it says "otherwise"."""
    value = parser.expression(STOP)
    parser.accept(",", ";")
    parser.accept("&")
    token = parser.tokens[parser.at]
    if token == "\\\\" or token.startswith("\\end"):
        return value, None
    said = (text_of(token) or token).lower().rstrip(".,")
    if said in _OTHERWISE:
        parser.at += 1
        return value, None
    told = [condition(parser)]
    while parser.accept("and", ",", "\\land", "."):
        if parser.tokens[parser.at] == "\\\\" or parser.tokens[parser.at].startswith("\\end"):
            break
        told.append(condition(parser))
    return value, told[0] if len(told) == 1 else ("list", *told)
