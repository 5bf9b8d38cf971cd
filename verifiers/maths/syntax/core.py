r"""The Pratt parser's engine: a place in the tokens, and the loop that grows an expression. Tables say what tokens do.

`PREFIX[token]` reads what starts with the token (which is consumed); `INFIX[token]` is how tightly it binds and what
reads on from there (the token is not yet consumed), returning the node it was given, itself, to stop instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from assaygym.verifiers.maths.syntax.lexicon import PRODUCT
from assaygym.verifiers.maths.syntax.tokens import END, shown
from assaygym.verifiers.maths.syntax.tree import MAX_DEPTH, MathSyntaxError, Node

__all__ = ["INFIX", "PREFIX", "Infix", "Parser", "Prefix"]

Prefix = Callable[["Parser"], Node]
Infix = Callable[["Parser", Node], Node]
PREFIX: Final[dict[str, Prefix]] = {}
INFIX: Final[dict[str, tuple[int, Infix]]] = {}


class Parser:
    r"""A place in a list of tokens. `literal` and `beside` read tokens that are in no table.

    Attributes:
        bars: how many `|` are open, so that the next one closes; more than 0 also where `|` separates (set-builder).
        colon: whether `:` separates instead of making a ratio.
        bound: names of running indices and integration variables around this place: `i` is then no constant.
        called: letters that were applied once, `T(n) = ...`, and so are functions from there on.
        head: where the bracket stands that is known to hold arguments since an equals sign follows: `P(A) =`.
        unusual: whether something was read that may stand in few places only (words, statements in brackets).
        conditions: conditions met in brackets after a term, `(k \\in Z)`, for the item that is being read.
    """

    __slots__ = ("at", "bars", "bound", "called", "colon", "conditions", "depth", "head", "tokens", "unusual")

    literal: ClassVar[Callable[[Parser, str], Node]]
    beside: ClassVar[Callable[[Parser, Node, str], Node | None]]

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = self.depth = self.bars = 0
        self.head = -1
        self.colon = self.unusual = False
        self.bound: tuple[str, ...] = ()
        self.called: tuple[str, ...] = ()
        self.conditions: list[Node] = []

    def expression(self, power: int) -> Node:
        """One expression whose operators all bind tighter than `power`.

        Raises:
            MathSyntaxError: none starts here, or it is nested over MAX_DEPTH deep.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep()
        tokens = self.tokens
        token = tokens[self.at]
        self.at += 1
        start = PREFIX.get(token)
        left = self.literal(token) if start is None else start(self)
        while True:
            token = tokens[self.at]
            entry = INFIX.get(token)
            if entry is not None:
                if entry[0] <= power:
                    break
                after: Node | None = entry[1](self, left)
            elif power < PRODUCT:
                after = self.beside(left, token)
            else:
                break
            if after is left or after is None:
                break
            left = after
        self.depth -= 1
        return left

    def too_deep(self) -> MathSyntaxError:
        """The error of text nested over MAX_DEPTH deep."""
        return MathSyntaxError(f"nested deeper than {MAX_DEPTH}")

    def deeper(self) -> None:
        """Count one level, for readers that call themselves without `expression`; the caller takes it back.

        Raises:
            MathSyntaxError: it is one too many.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep()

    def accept(self, *tokens: str) -> bool:
        """Whether the next token is one of these; then it is consumed."""
        if self.tokens[self.at] in tokens and self.tokens[self.at] != END:
            self.at += 1
            return True
        return False

    def expect(self, *tokens: str) -> str:
        """Consume a token, which has to be one of these.

        Raises:
            MathSyntaxError: it is another.
        """
        token = self.tokens[self.at]
        if token not in tokens:
            raise MathSyntaxError(f"{shown(token)} where {' or '.join(tokens)} was expected")
        self.at += 1
        return token

    def refuse(self, token: str, why: str = "is not expected here") -> MathSyntaxError:
        """The error that names a token."""
        return MathSyntaxError(f"{shown(token)} {why}")

    def ahead(self, count: int) -> str:
        """The token `count` places after the next one; END beyond the last."""
        place = self.at + count
        return self.tokens[place] if place < len(self.tokens) else END
