r"""What commands and `^` take: a group, a command with its own arguments, or one token."""

from __future__ import annotations

from assaygym.verifiers.maths.syntax.brackets import group
from assaygym.verifiers.maths.syntax.core import PREFIX, Parser
from assaygym.verifiers.maths.syntax.literals import apart, negated
from assaygym.verifiers.maths.syntax.names import single_name
from assaygym.verifiers.maths.syntax.tokens import is_number, is_word, text_of
from assaygym.verifiers.maths.syntax.tree import MAX_DEPTH, Node

__all__ = ["argument", "exponent"]


def argument(parser: Parser, digit: bool = False) -> Node:
    r"""What a command takes: a group, a command with its own arguments, or one token (with `digit`, a digit of it)."""
    parser.deeper()
    token = parser.tokens[parser.at]
    parser.at += 1
    if token != "{":
        node = _one(parser, token, digit)
    elif parser.tokens[parser.at + 1] == "}" and parser.tokens[parser.at].isdigit() and parser.depth < MAX_DEPTH:
        node = ("num", int(parser.tokens[parser.at]), 1)  # as `group` would read it
        parser.at += 2
    else:
        node = group(parser)
    parser.depth -= 1
    return node


def _one(parser: Parser, token: str, digit: bool) -> Node:
    if is_number(token):
        if not digit or len(token) == 1:
            return _number(parser, token)
        parser.at -= 1
        if not token.isdigit() and not (token[0].isdigit() and "e" in token and "." not in token):
            raise parser.refuse(token, "where a digit or a group was expected")
        parser.tokens[parser.at : parser.at + 1] = [token[1:]] if token[1:].isdigit() else apart(token[1:])
        return ("num", int(token[0]), 1)
    if is_word(token) and token not in PREFIX:
        if len(token) > 1:
            parser.at -= 1
            parser.tokens[parser.at] = token[1:]
        return single_name(parser, token[0])
    if token in PREFIX and token not in "+-":
        return PREFIX[token](parser)
    if text_of(token):
        return parser.literal(token)
    raise parser.refuse(token, "where an argument was expected")


def _number(parser: Parser, token: str) -> Node:
    """A whole number as an argument, where `e` is Euler's number: `x^2e-1` is (x^2)e - 1."""
    if parser.tokens[parser.at] == "_":
        return ("num", _plain(parser, token), 1)
    if token.isdigit():
        return parser.literal(token)
    mantissa, mark, exponent = token.partition("e")
    if mark and "." not in mantissa and "\\" not in token:
        parser.tokens[parser.at : parser.at] = apart("e" + exponent)
        token = mantissa
    return parser.literal(token)


def _plain(parser: Parser, token: str) -> int:
    if not token.isdigit():
        raise parser.refuse(token)
    return int(token)


def exponent(parser: Parser) -> Node:
    """What stands after `^`: an argument, which may have a sign; a fraction of integers needs braces."""
    if parser.accept("-", "+"):
        minus = parser.tokens[parser.at - 1] == "-"
        node = argument(parser)
        return negated(node) if minus else node
    return argument(parser)
