"""A place in a list of tokens."""

from __future__ import annotations

from assaygym.verifiers.maths.tokens import MathSyntaxError, Token

__all__ = ["Cursor"]


class Cursor:
    """Reads tokens one by one; the last is of kind `end`."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def peek(self) -> Token:
        """The token under the cursor."""
        return self.tokens[self.at]

    def next(self) -> Token:
        """The token under the cursor, which moves on, but never past the end."""
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def accept(self, *values: str) -> bool:
        """Whether the token is one of these symbols or words; then it is consumed."""
        if self.peek.value in values and self.peek.kind not in ("end", "text"):
            self.at += 1
            return True
        return False

    def expect(self, *values: str) -> str:
        """Consume a token that must be one of these.

        Raises:
            MathSyntaxError: it is another.
        """
        token = self.next()
        if token.value not in values:
            raise MathSyntaxError(f"{token.value!r} where {' or '.join(values)} was expected")
        return token.value

    def integer(self) -> str:
        """Consume a whole number, bare or in braces.

        Raises:
            MathSyntaxError: it is something else.
        """
        wrapped = self.accept("{")
        token = self.next()
        if token.kind != "num" or not token.value.isdigit():
            raise MathSyntaxError(f"{token.value!r} where a whole number was expected")
        if wrapped:
            self.expect("}")
        return token.value
