r"""The trees that answers are parsed to: plain tuples, so that they hash, compare, pickle and travel as JSON.

The first item names the kind. Sums and products are flat; integers are of any size; nothing here is evaluated.

Numbers     ("num", p, q)                 an integer or a literal fraction's parts in lowest terms, q > 0; p is signed
            ("dec", p, q, places)         a literal with a decimal point, as written: `2.50` is ("dec", 5, 2, 2)
            ("sci", mantissa, exponent)   `2.7\times10^9`, `2.7e9`: a num or dec node, and an int
            ("mixed", whole, p, q)        `2\frac58` (whole, p, q integers, not reduced)
            ("repeating", p, q)           `0.1\overline{6}`
            ("based", digits, base)       `3201_4`: the digits as text (lower case, no leading zeros), and an int
            ("const", name)               pi, e, i, inf, undefined
Names       ("sym", name)                 a variable; subscripts and primes belong to the name: `x_1`, `x_max`, `x'`; so
                                          do accents (`vec a`, `hat x`, `bar AB`), `angle ABC`, `triangle ABC`, `dy/dx`,
                                          `cal L`. Bold is typesetting, but bold and hatted i, j, k are `vec i`, ...
            ("call", name, args...)       a function that is no known one applied: `f(x)`, `f'(x)`;
                                        `\times` of two names, the cross product
Arithmetic  ("add", a, b...)  ("mul", a, b...)  ("div", a, b)  ("neg", a)  ("pow", a, b)
            ("pm", a)  ("mp", a)          plus-minus and minus-plus as signs of a term; all of one answer go together
            ("percent", a)                25\%
            ("deg", a)                    an angle written in degrees; minutes and seconds are added in
            ("unit", a, name)             a quantity: the unit as written, without spaces: `cm`, `m/s^2`, `kg*m`,
                                          `squarefeet`, `°C`, `th` of ordinals; `5 feet 3 inches` is a sum of two
            ("money", a, currency)        "$", "€", "£", "¥", ...
Functions   ("fn", name, args...)         sin ... csch, asin ... acsch, exp, ln, log(x, base), where no base is written
                                          ("fn", "log", x); root(x, degree), abs, floor, ceil, sign, factorial,
                                          double_factorial, binomial(n, k), gamma, max, min, gcd, lcm, mod(a, b), re,
                                          im, conj, arg, norm, det, tr, transpose
Operators   ("sum" | "prod", body, name, low, high)
            ("integral", body, name, low | None, high | None)
            ("limit", body, name, point, side)      side is "", "+" or "-"
            ("derivative", body, name, order)
            ("cases", (value, condition | None), ...)
Groups      ("seq", open, close, items...)          brackets "(" "[" and ")" "]": tuple, point or interval, as the
                                                    context tells; `]a,b[` is read as open
            ("list", items...)                      items between commas, semicolons or "and", without brackets
            ("or", items...)                        items between "or"
            ("set", items...)                       in braces; the empty set has none
            ("setof", element, conditions...)       set-builder
            ("union" | "inter" | "minus", a, b...)  of sets; "inter" also of inequalities of one name
                                                    between "and"; both for the signs of logic
            ("domain", name)                        R, Z, N, Q, C, with "+", "-", "*", "0+", "0-" after it (0+: not
                                                    negative) where written
            ("matrix", (row...), ...)               ("ratio", a, b, ...)
Statements  ("rel", (op...), a, b, ...)             a chain; op is one of RELATIONS' values
            ("with", node, condition...)            an answer and what was said of its names: `2k\pi, k\in Z`,
                                                    `x\neq 1`, "for all", "where"
            ("not", a)  ("forall", name, node)      logic; `parse` makes neither so far
                                                    `x=1, 2` is a list of `x=1` and `x=2`
            ("words", text)                         text, not mathematics: folded, single spaces; an item, a side of a
                                                    relation (`Area = 5`), or a condition ("k odd"), never an operand
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

__all__ = ["MAX_CHARS", "MAX_DEPTH", "MAX_TOKENS", "RELATIONS", "MathSyntaxError", "Node", "walk"]

Node = tuple[Any, ...]
MAX_CHARS = 4000
"""Longest answer read; a longer one is not an answer."""
MAX_TOKENS = 1500
MAX_DEPTH = 60
"""Deepest nesting, of the text and of the tree."""
RELATIONS: Final = ("=", "!=", "<", "<=", ">", ">=", "~", "in", "notin", "subset", "->", "==", "|", "perp", "par")
"""`~` is "approximately", `->` "goes to" or "maps to", `==` congruence and identity."""


class MathSyntaxError(ValueError):
    """The text is not an expression of the grammar; the message names the token. Never leaves this package."""


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it."""
    stack: list[Node] = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(child for child in top if isinstance(child, tuple))
