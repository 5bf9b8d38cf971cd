"""The program of a computer-algebra worker: run by path in a fresh interpreter, one JSON request and reply a line.

    python -I -S cas_worker.py DIRECTORY...          the directories that hold sympy and mpmath
    -> {"op": "equal" | "close" | "proportional", "gold": tree, "pred": tree, "points": [{name: [p, q]}], ...}
    <- {"stage": "gold"}                             the gold side could be worked out
    <- {"verdict": "equal" | "different" | "unknown", "why": text}

It builds sympy objects from the nodes of our own trees; no text is ever parsed or evaluated here. Values are compared
as numbers with a certified precision: what cancels to 500 digits at every point is equal.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from typing import Any, ClassVar

MEMORY_BYTES = 1 << 30
MAX_EXPONENT = 20_000
MAX_DEGREE = 1_000
MAX_FACTORIAL = 5_000
MAX_BITS = 100_000
MAX_TERMS = 200
DIGITS = 15
MAX_DIGITS = 500


class RefusedError(Exception):
    """A value that is too large, or has no meaning here."""


class Algebra:
    """Trees to sympy objects, with guards against what would explode."""

    def __init__(self) -> None:
        import sympy  # type: ignore[import-untyped]

        self.sympy: Any = sympy
        self.unknown_base = sympy.Symbol("log base", positive=True)

    def build(self, node: list[Any]) -> Any:
        """The sympy object of a tree."""
        kind = node[0]
        if kind in ("num", "dec"):
            return self.sympy.Rational(node[1], node[2])
        if kind == "sym":
            return self.sympy.Symbol(node[1])
        if kind == "const":
            return {"pi": self.sympy.pi, "e": self.sympy.E, "i": self.sympy.I, "inf": self.sympy.oo}[node[1]]
        if kind in ("sum", "prod"):
            return self.series(node)
        if kind == "fn":
            return self.function(node[1], [self.build(part) for part in node[2:]])
        rule = self.rules.get(kind)
        if rule is None:
            raise RefusedError(f"{kind} is not a number")
        return rule(self, *[self.build(part) for part in node[1:]])

    def power(self, base: Any, exponent: Any) -> Any:
        """`base ** exponent`, unless the result would not fit."""
        if base.is_number and exponent.is_number:
            size = abs(self.sympy.N(exponent, 15))
            if not size.is_finite or (base.is_Rational and exponent.is_Rational and size > MAX_EXPONENT):
                raise RefusedError("an exponent that is too large")
            bits = self.sympy.N(abs(self.sympy.log(abs(base), 2)), 15) if base != 0 else 0
            if size * bits > MAX_BITS:
                raise RefusedError("a power that is too large")
        elif exponent.is_number and exponent.is_Rational and abs(exponent) > MAX_DEGREE:
            raise RefusedError("an exponent that is too large")
        return base**exponent

    def function(self, name: str, values: list[Any]) -> Any:
        """A function of the grammar."""
        algebra = self.sympy
        if name == "root":
            return self.root(*values)
        if name == "log":
            return algebra.log(values[0]) / algebra.log(values[1] if len(values) > 1 else self.unknown_base)
        if name == "factorial":
            if values[0].is_number and not 0 <= values[0] <= MAX_FACTORIAL:
                raise RefusedError("a factorial that is too large")
            return algebra.factorial(values[0])
        if name == "binomial" and any(value.is_number and not abs(value) <= MAX_FACTORIAL for value in values):
            raise RefusedError("a binomial that is too large")
        if name == "exp":
            return self.power(algebra.E, values[0])
        names = {"ln": "log", "max": "Max", "min": "Min", "abs": "Abs"}
        return getattr(algebra, names.get(name, name))(*values)

    def root(self, value: Any, degree: Any) -> Any:
        """The principal root; the real one for an odd root of a negative number."""
        if degree == 0:
            raise RefusedError("a root of degree zero")
        if degree.is_Integer and degree % 2 and value.is_number and value.is_negative:
            return -self.power(-value, 1 / degree)
        return self.power(value, 1 / degree)

    def series(self, node: list[Any]) -> Any:
        """A sum or product in closed form."""
        _, body, variable, low, high = node
        kind = self.sympy.Sum if node[0] == "sum" else self.sympy.Product
        first, last, end = self.build(low), self.build(high), self.sympy.Symbol("last index", integer=True)
        is_long = (last - first).is_Integer and last - first > MAX_TERMS
        limits = (self.sympy.Symbol(variable), first, end if is_long else last)
        closed = kind(self.build(body), limits).doit()
        if closed.has(kind) or (is_long and closed.atoms(self.sympy.Function)):
            raise RefusedError("a sum without a closed form")
        return closed.subs(end, last)

    rules: ClassVar[dict[str, Callable[..., Any]]] = {
        "add": lambda self, *parts: self.sympy.Add(*parts),
        "mul": lambda self, *parts: self.sympy.Mul(*parts),
        "div": lambda self, over, under: over / under,
        "neg": lambda self, value: -value,
        "pow": power,
        "deg": lambda self, value: value * self.sympy.pi / 180,
    }

    def sign(self, value: Any) -> int | None:
        """0 for zero (to 500 digits), 1 for a real positive value, -1 for any other, None for no finite value."""
        parts = [part.evalf(DIGITS, maxn=MAX_DIGITS) for part in self.sympy.sympify(value).as_real_imag()]
        if not all(part.is_number and part.is_finite and part.is_Float | part.is_Rational for part in parts):
            return None
        real, imaginary = (0 if part == 0 or part._prec <= 1 else part for part in map(self.as_float, parts))
        if not real and not imaginary:
            return 0
        return 1 if not imaginary and real > 0 else -1

    def as_float(self, part: Any) -> Any:
        """A Float keeps its own precision, by which a total cancellation is told."""
        return part if part.is_Float else self.sympy.Float(part, DIGITS)


def compare(algebra: Algebra, request: dict[str, Any], gold: Any, pred: Any) -> tuple[str, str]:
    """(verdict, why) of one request."""
    points = [{algebra.sympy.Symbol(name): algebra.sympy.Rational(*value) for name, value in point.items()}
              for point in request["points"]]  # fmt: skip
    if not gold.free_symbols | pred.free_symbols:
        points = points[:1]
    if request["op"] == "proportional":
        return proportional(algebra, points, gold, pred)
    difference = gold - pred
    if request["op"] == "close":
        difference = algebra.sympy.Abs(difference) - algebra.sympy.Rational(*request["tolerance"])
        sign = algebra.sign(difference)
        return ("equal", "to its last digit") if sign in (0, -1) else ("different", "beyond its last digit")
    signs = [algebra.sign(at(difference, point)) for point in points]
    if any(sign not in (0, None) for sign in signs):
        return "different", "at a point"
    zeros = signs.count(0)
    return ("equal", f"at {zeros} points to {MAX_DIGITS} digits") if zeros >= min(2, len(points)) else (
        "unknown", "no finite value to compare")  # fmt: skip


def at(expression: Any, point: dict[Any, Any]) -> Any:
    """The expression with the values put in."""
    return expression.subs(point) if point else expression


def proportional(algebra: Algebra, points: list[dict[Any, Any]], gold: Any, pred: Any) -> tuple[str, str]:
    """Whether one side is a nonzero constant times the other."""
    first = points[0]
    if algebra.sign(at(gold, first)) in (0, None) or algebra.sign(at(pred, first)) in (0, None):
        return "unknown", "one side vanishes"
    cross = at(gold, first) * pred - at(pred, first) * gold
    signs = [algebra.sign(at(cross, point)) for point in points[1:]]
    if any(sign not in (0, None) for sign in signs):
        return "different", "not proportional"
    return ("equal", "proportional") if signs.count(0) >= 2 else ("unknown", "no finite value to compare")


def serve(algebra: Algebra) -> None:
    """Answer requests until standard input ends."""
    for line in sys.stdin:
        request, gold = json.loads(line), None
        try:
            gold = algebra.build(request["gold"])
            algebra.sign(at(gold, dict.fromkeys(gold.free_symbols, 1)))
            reply({"stage": "gold"})
            verdict, why = compare(algebra, request, gold, algebra.build(request["pred"]))
        except (RefusedError, ArithmeticError, ValueError, TypeError, AttributeError, NotImplementedError) as error:
            verdict, why = "unknown", f"{type(error).__name__}: {error}"[:200]
        except RecursionError:
            verdict, why = "unknown", "RecursionError"
        except MemoryError:  # what fills it may be an earlier question's: end, so that the next one starts afresh
            if gold is not None:
                reply({"verdict": "unknown", "why": "MemoryError"})
            return
        reply({"verdict": verdict, "why": why})


def reply(message: dict[str, str]) -> None:
    """One line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Cap what this process may use, load sympy, say so, serve."""
    sys.path.extend(sys.argv[1:])
    sys.set_int_max_str_digits(0)
    algebra = Algebra()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    reply({"stage": "ready"})
    serve(algebra)


if __name__ == "__main__":
    main()
