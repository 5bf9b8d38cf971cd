"""What may start an expression: numbers, names, brackets, commands."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable

from assaygym.verifiers.maths.cursor import Cursor
from assaygym.verifiers.maths.lexicon import (
    CONSTANTS,
    FUNCTIONS,
    GREEK,
    LONG_DECIMAL,
    MAX_DEPTH,
    POWER,
    SUM,
    UNARY,
    Node,
    read_literal,
)
from assaygym.verifiers.maths.tokens import MathSyntaxError, Token

__all__ = ["Atoms"]

MATRICES = frozenset(("pmatrix", "bmatrix", "Bmatrix", "vmatrix", "matrix", "array"))


class Atoms(Cursor, ABC):
    """The half of the parser that reads what stands where an expression begins."""

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self.depth, self.bars = 0, 0

    @abstractmethod
    def expression(self, power: int) -> Node:
        """One expression whose operators all bind tighter than `power`."""

    @abstractmethod
    def items(self) -> list[Node]:
        """Expressions between separators."""

    @abstractmethod
    def is_unit(self, token: Token) -> bool:
        """Whether a word is a unit when it follows a number."""

    def prefix(self) -> Node:
        """The expression that starts here, without the operators after it.

        Raises:
            MathSyntaxError: none starts here, or it is nested over 60 deep.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise MathSyntaxError(f"nested deeper than {MAX_DEPTH}")
        node = self._atom(self.next())
        self.depth -= 1
        return node

    def _atom(self, token: Token) -> Node:
        if token.kind == "num":
            return self._number(token)
        if token.kind == "word":
            return self._word(token)
        if token.kind == "cmd":
            return self._command(token.value[1:])
        if token.value in ("-", "+"):
            inner = self.expression(UNARY)
            return ("neg", inner) if token.value == "-" else inner
        if token.kind == "op" and token.value in "([{|":
            return self._bracket(token.value)
        raise MathSyntaxError(f"{token.value!r} cannot start an expression")

    def _number(self, token: Token) -> Node:
        if self.peek.value == "_" and token.value.isdigit():
            self.next()
            return ("based", token.value.lstrip("0") or "0", int(self.integer()))
        value = read_literal(token.value)
        if re.fullmatch(r"\d*\.\d+", token.value) and len(token.value.replace(".", "").lstrip("0")) >= LONG_DECIMAL:
            return ("dec", value.numerator, value.denominator, len(token.value.partition(".")[2]))
        return ("num", value.numerator, value.denominator)

    def _word(self, token: Token) -> Node:
        word = token.value
        if word in FUNCTIONS:
            return self._function(word)
        if word in CONSTANTS:
            return ("const", CONSTANTS[word])
        if word in ("or", "and", "to") or len(word) > 3:
            raise MathSyntaxError(f"the word {word!r}")
        if len(word) > 1:  # `pq` is a product: read its letters one by one
            letters = [Token("word", letter, token.spaced and not i) for i, letter in enumerate(word)]
            self.tokens[self.at - 1 : self.at] = letters
            return self._word(letters[0])
        if word in "fghFGP" and self.peek.value == "(" and not self.peek.spaced:
            self.next()
            return self._call(word)
        return ("sym", self._subscripted(word))

    def _call(self, name: str) -> Node:
        arguments = self.items()
        self.expect(")")
        return ("call", name, *arguments)

    def _subscripted(self, name: str) -> str:
        if not self.accept("_"):
            return name
        wrapped = self.accept("{")
        token = self.next()
        if token.kind not in ("num", "word", "text"):
            raise MathSyntaxError(f"{token.value!r} as a subscript")
        if wrapped:
            self.expect("}")
        return f"{name}_{token.value}"

    def _command(self, name: str) -> Node:
        if name in CONSTANTS:
            return ("const", CONSTANTS[name])
        if name in GREEK:
            return ("sym", self._subscripted(name))
        if name.startswith("begin{"):
            return self._matrix(name[6:-1])
        special = _COMMANDS.get(name)
        if special is not None:
            return special(self)
        if name in FUNCTIONS:
            return self._function(name)
        raise MathSyntaxError(f"the command \\{name}")

    def _bracket(self, opening: str) -> Node:
        if opening == "|":
            self.bars += 1
            inner = self.expression(0)
            self.bars -= 1
            self.expect("|")
            return ("fn", "abs", inner)
        if opening == "{":
            return self._group()
        items = self.items()
        closing = self.expect(")", "]")
        single = len(items) == 1 and (opening, closing) in (("(", ")"), ("[", "]"))
        return items[0] if single else ("seq", opening, closing, *items)

    def _group(self) -> Node:
        inner = self.expression(0)
        if self.accept("\\over"):
            inner = ("div", inner, self.expression(0))
        self.expect("}")
        return inner

    def starts_here(self) -> bool:
        """Whether an expression can start at this token, which then multiplies the one before it."""
        token = self.peek
        if token.value == "|":
            return self.bars == 0
        if token.kind == "num":
            return self.tokens[self.at - 1].kind != "num"
        if token.kind == "cmd":
            name = token.value[1:]
            known = (CONSTANTS, GREEK, FUNCTIONS, _COMMANDS)
            return any(name in table for table in known) or name.startswith("begin{")
        is_name = token.kind == "word" and token.value not in ("or", "and", "to")
        return is_name or token.value in ("(", "[", "{")

    def argument(self, signed: bool = False, digit: bool = False) -> Node:
        r"""What a command or `^` takes: a group, or one token (with `digit`, one digit of a number, as TeX reads)."""
        token = self.next()
        if token.value == "{":
            return self._group()
        if signed and token.value == "-":
            return ("neg", self.argument())
        if token.kind == "num":
            if digit and len(token.value) > 1 and token.value.isdigit():
                self.at -= 1
                self.tokens[self.at] = Token("num", token.value[1:])
                return ("num", int(token.value[0]), 1)
            return self._number(token)
        self.at -= token.kind != "end"
        return self.prefix()

    def _fraction(self) -> Node:
        over = self.argument(digit=True)
        return ("div", over, self.argument(digit=True))

    def _binomial(self) -> Node:
        over = self.argument(digit=True)
        return ("fn", "binomial", over, self.argument(digit=True))

    def _root(self) -> Node:
        degree: Node = ("num", 2, 1)
        if self.accept("["):
            degree = self.expression(0)
            self.expect("]")
        return ("fn", "root", self.argument(), degree)

    def _function(self, name: str) -> Node:
        base = self.argument() if name == "log" and self.accept("_") else None
        power = self.argument(signed=True) if name != "sqrt" and self.accept("^") else None
        if power == ("neg", ("num", 1, 1)):
            raise MathSyntaxError(f"{name}^-1, which may be the inverse or the reciprocal")
        arguments = self._arguments()
        if name == "sqrt":
            arguments.append(("num", 2, 1))
        applied: Node = ("fn", "root" if name == "sqrt" else name, *arguments, *([base] if base else []))
        return ("pow", applied, power) if power else applied

    def _arguments(self) -> list[Node]:
        """The parenthesised arguments, or the tight product that follows (`sin 2u`)."""
        if self.accept("("):
            arguments = self.items()
            self.expect(")")
            return arguments
        if self.peek.value == "-":
            raise MathSyntaxError("a sign right after a function name")
        argument = self.expression(POWER - 1)
        while self.peek.kind in ("num", "word") and self.peek.value not in FUNCTIONS and self.starts_here():
            if self.is_unit(self.peek):
                break
            argument = ("mul", argument, self.expression(POWER - 1))
        while self.accept("\\pi"):
            argument = ("mul", argument, ("const", "pi"))
        return [argument]

    def _brace_set(self) -> Node:
        if self.accept("\\}"):
            return ("set",)
        items = self.items()
        self.expect("\\}")
        return ("set", *items)

    def _angle(self) -> Node:
        items = self.items()
        self.expect("\\rangle")
        return ("seq", "(", ")", *items)

    def _floored(self) -> Node:
        inner = self.expression(0)
        self.expect("\\rfloor")
        return ("fn", "floor", inner)

    def _ceiled(self) -> Node:
        inner = self.expression(0)
        self.expect("\\rceil")
        return ("fn", "ceiling", inner)

    def _number_set(self) -> Node:
        letter = self.argument()
        if letter[0] != "sym":
            raise MathSyntaxError("a \\mathbb that is no letter")
        name = self._subscripted(f"mathbb {letter[1]}")
        infinity: Node = ("const", "inf")
        return ("seq", "(", ")", ("neg", infinity), infinity) if name == "mathbb R" else ("sym", name)

    def _plus_minus(self) -> Node:
        return ("pm", None, self.expression(UNARY))

    def _matrix(self, name: str) -> Node:
        if name not in MATRICES:
            raise MathSyntaxError(f"the environment {name}")
        rows: list[tuple[Node, ...]] = []
        while not self.accept(f"\\end{{{name}}}"):
            row = [self.expression(0)]
            while self.accept("&"):
                row.append(self.expression(0))
            rows.append(tuple(row))
            if not self.accept("\\\\") and self.peek.value != f"\\end{{{name}}}":
                raise MathSyntaxError(f"{self.peek.value!r} in a matrix")
        if not rows or len({len(row) for row in rows}) > 1:
            raise MathSyntaxError("a matrix with rows of different lengths")
        return ("matrix", *rows) if name != "vmatrix" else ("fn", "det", ("matrix", *rows))

    def _big(self, kind: str) -> Node:
        self.expect("_")
        self.expect("{")
        variable = self.next()
        self.expect("=")
        low = self.expression(0)
        self.expect("}")
        self.expect("^")
        high = self.argument()
        if variable.kind != "word" or len(variable.value) != 1:
            raise MathSyntaxError(f"{variable.value!r} as a running index")
        return (kind, self.expression(SUM), variable.value, low, high)


_COMMANDS: dict[str, Callable[[Atoms], Node]] = {
    "frac": Atoms._fraction,
    "binom": Atoms._binomial,
    "sqrt": Atoms._root,
    "surd": Atoms._root,
    "{": Atoms._brace_set,
    "langle": Atoms._angle,
    "lfloor": Atoms._floored,
    "lceil": Atoms._ceiled,
    "pm": Atoms._plus_minus,
    "emptyset": lambda _: ("set",),
    "mathbb": Atoms._number_set,
    "sum": lambda parser: parser._big("sum"),
    "prod": lambda parser: parser._big("prod"),
}
