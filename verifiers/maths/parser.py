"""A recursive-descent (Pratt) parser from tokens to a small tree of plain tuples, which travels as JSON.

("num", p, q)  ("dec", p, q, places)  ("sym", name)  ("const", "pi" | "e" | "i" | "inf")
("add", a, b)  ("mul", a, b)  ("div", a, b)  ("neg", a)  ("pow", a, b)  ("pm", a | None, b)  ("fn", name, args...)
("sum" | "prod", body, variable, low, high)  ("deg", a)  ("unit", a, name)  ("based", digits, base)  ("ratio", a, b)
("seq", open, close, items...)  ("set", items...)  ("list", items...)  ("matrix", (row...), ...)  ("union", a, b)
("rel", (op, ...), a, b, ...)  ("call", name, args...)
"""

from __future__ import annotations

from typing import Any

from assaygym.verifiers.maths.atoms import Atoms
from assaygym.verifiers.maths.lexicon import (
    CONSTANTS,
    FUNCTIONS,
    MAX_DEPTH,
    POSTFIX,
    POWER,
    PRODUCT,
    RELATION,
    RELATIONS,
    SHORT_UNITS,
    SUM,
    UNION,
    Node,
)
from assaygym.verifiers.maths.tokens import MathSyntaxError, Token, tokenize

__all__ = ["Node", "parse", "parse_tokens"]


def parse(text: str) -> Node:
    """The tree of a tidied answer; a comma, semicolon, "or" or "and" at the top makes a `list`.

    Raises:
        MathSyntaxError: the text is not an expression of the grammar, or is nested over 60 deep.
    """
    return parse_tokens(tokenize(text))


def parse_tokens(tokens: list[Token]) -> Node:
    """`parse` of what `tokenize` returned."""
    parser = _Parser(list(tokens))
    items = parser.items()
    if parser.peek.kind != "end":
        raise MathSyntaxError(f"{parser.peek.value!r} is not expected here")
    tree = items[0] if len(items) == 1 else ("list", *items)
    _check_depth(tree)
    return tree


def _check_depth(tree: Node) -> None:
    level: list[Any] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node if isinstance(child, tuple)]
        if not level:
            return
    raise MathSyntaxError(f"nested deeper than {MAX_DEPTH}")


class _Parser(Atoms):
    """The half that reads operators, and lists."""

    def items(self) -> list[Node]:
        items = [self.expression(0)]
        while self.accept(",", ";", "or", "and"):
            self.accept("or", "and")
            items.append(self.expression(0))
        return items

    def expression(self, power: int) -> Node:
        """One expression whose operators all bind tighter than `power`."""
        left = self.prefix()
        while (after := self.infix(left, power)) is not None:
            left = after
        return left

    def infix(self, left: Node, power: int) -> Node | None:
        token = self.peek
        if token.value in _POSTFIX and power < POSTFIX and token.kind != "text":
            return self.postfix(left)
        if token.value == "^" and power <= POWER:
            return self.raised(left)
        if token.value in RELATIONS and power < RELATION:
            return self.relation(left)
        if token.kind == "text" or (token.kind == "word" and self.is_unit(token)):
            return self.unit(left) if power < SUM else None
        operator = _OPERATORS.get(token.value) if token.kind in ("op", "cmd", "word") else None
        if operator:
            return self.binary(left, *operator) if power < operator[1] else None
        return self.product(left) if power < PRODUCT and self.starts_here() else None

    def binary(self, left: Node, name: str, binding: int) -> Node:
        self.next()
        right = self.expression(binding)
        if name in ("add", "sub"):
            return _joined("add", left, right if name == "add" else ("neg", right))
        if name == "mul":
            return _joined("mul", left, right)
        if name == "mp":
            return ("pm", left, ("neg", right))
        return (name, left, right)

    def postfix(self, left: Node) -> Node:
        if self.next().value == "%":
            return ("div", left, ("num", 100, 1))
        return ("fn", "factorial", left)

    def raised(self, left: Node) -> Node:
        self.next()
        if self.accept("\\circ"):
            return ("deg", left)
        if self.peek.value == "{" and self.tokens[min(self.at + 1, len(self.tokens) - 1)].value == "\\circ":
            self.at += 2
            self.expect("}")
            return ("deg", left)
        if self.accept("\\prime", "'"):
            raise MathSyntaxError("a prime")
        exponent = self.argument(signed=True)
        return ("pow", left, self.raised(exponent) if self.peek.value == "^" else exponent)

    def relation(self, left: Node) -> Node:
        operators, terms = [], [left]
        while self.peek.value in RELATIONS:
            operators.append(RELATIONS[self.next().value])
            terms.append(self.expression(RELATION))
        return ("rel", tuple(operators), *terms)

    def is_unit(self, token: Token) -> bool:
        word = token.value
        if word in ("or", "and", "to") or word in FUNCTIONS or word in CONSTANTS:
            return word in SHORT_UNITS and self.at > 0 and self.tokens[self.at + 1].kind == "end"
        return word.lower() in SHORT_UNITS or len(word) >= 4

    def unit(self, left: Node) -> Node:
        words = []
        while self.peek.kind in ("text", "word"):
            words.append(self.next().value)
            if self.accept("^"):
                words.append(f"^{self.integer()}")
        name = "".join(words).replace(" ", "").rstrip(".").lower()
        return ("deg", left) if name in ("degree", "degrees", "deg") else ("unit", left, name)

    def product(self, left: Node) -> Node:
        whole = self.tokens[self.at - 1]
        right = self.expression(PRODUCT)
        is_mixed = left[0] == "num" and whole.kind == "num" and whole.value.isdigit() and _plain_fraction(right)
        return ("add", left, right) if is_mixed else _joined("mul", left, right)


_POSTFIX = ("!", "%")
_OPERATORS = {
    "+": ("add", SUM),
    "-": ("sub", SUM),
    "*": ("mul", PRODUCT),
    "/": ("div", PRODUCT),
    "\\pm": ("pm", SUM),
    "\\mp": ("mp", SUM),
    "\\cup": ("union", UNION),
    ":": ("ratio", RELATION - 2),
    "to": ("ratio", RELATION - 2),
}


def _joined(name: str, left: Node, right: Node) -> Node:
    """A sum or product, kept flat so that a long one is not a deep one."""
    return (*left, right) if left[0] == name else (name, left, right)


def _plain_fraction(node: Node) -> bool:
    return node[0] == "div" and all(part[0] == "num" and part[2] == 1 for part in node[1:])
