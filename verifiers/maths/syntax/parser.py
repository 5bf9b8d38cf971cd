r"""From the normalised text of an answer to its tree."""

from __future__ import annotations

import re
from typing import Any, Final

from assaygym.verifiers.maths.syntax.accents import ACCENT_PREFIXES
from assaygym.verifiers.maths.syntax.arguments import argument
from assaygym.verifiers.maths.syntax.brackets import BRACKET_PREFIXES
from assaygym.verifiers.maths.syntax.calculus import CALCULUS_PREFIXES
from assaygym.verifiers.maths.syntax.core import INFIX, PREFIX, Parser
from assaygym.verifiers.maths.syntax.environments import environment
from assaygym.verifiers.maths.syntax.functions import FUNCTION_PREFIXES
from assaygym.verifiers.maths.syntax.juxtaposed import beside
from assaygym.verifiers.maths.syntax.literals import number, rational
from assaygym.verifiers.maths.syntax.names import NAME_PREFIXES, word
from assaygym.verifiers.maths.syntax.operators import OPERATOR_PREFIXES, OPERATORS
from assaygym.verifiers.maths.syntax.statements import answer
from assaygym.verifiers.maths.syntax.tokens import DIFFERENTIAL, is_number, is_word, shown, text_of, tokenize
from assaygym.verifiers.maths.syntax.tree import MAX_DEPTH, MathSyntaxError, Node, walk

__all__ = ["parse"]

_SHORT: Final = 18
"""Digits of an integer that needs no limits."""
_RATIONAL: Final = re.compile(
    r"(-?)(?:([0-9]{1,15})(?:\.([0-9]{1,15})|/([1-9][0-9]{0,14}))?|\\frac\{([0-9]{1,15})\}\{([1-9][0-9]{0,14})\})"
)
"""The commonest answers, which need no parser: `-3`, `2.50`, `3/4`, `\\frac{3}{4}`."""


def parse(text: str) -> Node:
    """The tree of a normalised answer, in time linear in its length.

    Raises:
        MathSyntaxError: it is not an expression of the grammar, or over MAX_CHARS, MAX_TOKENS or MAX_DEPTH.
    """
    if text.isdigit() and len(text) <= _SHORT and text.isascii():
        return ("num", int(text), 1)
    plain = _RATIONAL.fullmatch(text)
    if plain is not None:
        return _rational(*plain.groups())
    tokens = tokenize(text)
    parser = Parser(tokens)
    tree = answer(parser)
    if len(tokens) > MAX_DEPTH:
        _check_depth(tree)
    if parser.unusual:
        _check_places(tree)
    return tree


def _rational(minus: str, whole: str | None, part: str | None, *fraction: str | None) -> Node:
    if part is not None and whole is not None:
        node = rational(int(minus + whole + part), 10 ** len(part))
        return ("dec", node[1], node[2], len(part))
    under, over, below = fraction
    return rational(int(minus + (whole or over or "")), int(under or below or 1))


_STATEMENTS: Final = frozenset(("words", "list", "rel", "or", "with", "condition"))
_HOLDERS: Final = frozenset(("list", "or", "rel", "with", "cases", "seq", "set", "setof", "matrix", "call"))


def _check_places(tree: Node) -> None:
    """Words, lists and statements are no operands.

    Raises:
        MathSyntaxError: one is.
    """
    for node in walk(tree):
        if node and isinstance(node[0], str) and node[0] not in _HOLDERS:
            for child in node[1:]:
                if isinstance(child, tuple) and child and child[0] in _STATEMENTS:
                    raise MathSyntaxError(f"a {child[0]} inside a {node[0]}")


def _check_depth(tree: Node) -> None:
    level: list[Any] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node if isinstance(child, tuple)]
        if not level:
            return
    raise MathSyntaxError(f"nested deeper than {MAX_DEPTH}")


def _literal(parser: Parser, token: str) -> Node:
    """What a token in no table is where an expression begins."""
    if token.isdigit() and token.isascii():
        return number(parser, token)
    if is_word(token):
        if token in OPERATORS:
            raise MathSyntaxError(f"{shown(token)} cannot start an expression")
        return word(parser, token)
    if is_number(token):
        return number(parser, token)
    text = text_of(token)
    if text is not None:
        return _text(parser, text)
    if token.startswith("\\begin"):
        return environment(parser, token)
    if token in ("_", "^"):
        return _chosen(parser)
    if token.startswith(DIFFERENTIAL) and len(token) > 1:
        parser.at -= 1
        parser.tokens[parser.at] = DIFFERENTIAL + token[1:]
        return ("num", 1, 1)
    raise MathSyntaxError(f"{shown(token)} cannot start an expression")


def _text(parser: Parser, text: str) -> Node:
    """Upright text: a letter or a known name is what it is in mathematics, all else is words."""
    if text in PREFIX:
        return PREFIX[text](parser)
    if len(text) == 1 and is_word(text):
        return word(parser, text)
    if not text:
        raise MathSyntaxError("empty text")
    parser.unusual = True
    return ("words", " ".join(text.casefold().split()))


def _chosen(parser: Parser) -> Node:
    """`_nC_k`, `^nC_k` after the first sign."""
    over = argument(parser)
    parser.expect("C")
    parser.expect("_")
    return ("fn", "binomial", over, argument(parser))


Parser.literal = _literal
Parser.beside = beside
PREFIX.update(NAME_PREFIXES)
PREFIX.update(ACCENT_PREFIXES)
PREFIX.update(BRACKET_PREFIXES)
PREFIX.update(FUNCTION_PREFIXES)
PREFIX.update(CALCULUS_PREFIXES)
PREFIX.update(OPERATOR_PREFIXES)
INFIX.update(OPERATORS)
