"""Values to hundreds of digits with error bounds, by mpmath's functions on raw numbers: the last word on two numbers.

A ball is `(re, im, e)`: mpmath's raw numbers (im None for what is known to be real), and an error below 2^e; EXACT
stands for no error. Equality is not proved but shown beyond doubt: the difference is below 2^-AGREED of the values
though no part of either was large or small enough to hide a difference (see `Desk.span`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars import rationals
from assaygym.verifiers.maths.scalars.nodes import STEPS_PER_NODE, has_name, size
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError, UnsureError
from assaygym.verifiers.maths.syntax.tree import Node

__all__ = ["AGREED", "EXACT", "Ball", "Desk", "differ", "evaluate", "magnitude", "sharpness"]

AGREED = 664
"""200 digits, in bits."""
EXACT = -(1 << 60)
MAX_EXPONENT = 40
"""Bits of the largest argument of an exponential."""
Raw = tuple[int, int, int, int]
Ball = tuple[Raw, Raw | None, int]


@lru_cache(1)
def _library() -> Any:
    """`mpmath.libmp`, imported on first use: most verdicts do without."""
    from mpmath import libmp  # type: ignore[import-untyped, unused-ignore]

    return libmp


class Desk:
    """Where a tree is evaluated: values of the names, the precision in bits, and what became of it.

    Attributes:
        span: the largest distance from 1, as a power of two, of any value that came up, and the bits of the longest
            literal. What is added, or added to, is at most so small or large; with a precision of AGREED + 2 * span
            nothing is lost in anything larger.
    """

    __slots__ = ("fuel", "mp", "names", "precision", "span")

    def __init__(self, names: Mapping[str, float], precision: int, fuel: Fuel) -> None:
        self.mp, self.names, self.precision, self.fuel = _library(), names, precision, fuel
        self.span = 0


def evaluate(node: Node, at: Desk) -> Ball:
    """The value with its bound.

    Raises:
        UnfitError: a function is not known here, or a name has no value.
        UndefinedError: the value does not exist (or is not real where only real values are agreed on).
        UnsureError: this precision does not tell.
        OutOfFuelError: the fuel is spent.
    """
    rule = _RULES.get(node[0])
    if rule is None:
        raise UnfitError(node[0])
    ball = rule(node, at)
    place = magnitude(ball)
    if place > ball[2] + 1:
        at.span = max(at.span, abs(place))
    return ball


def magnitude(ball: Ball) -> int:
    """The value (its longer part) is below 2 to this, and at least half of that; EXACT for zero."""
    (_, man, exp, bc), im, _ = ball
    place = exp + bc if man else EXACT
    if im is not None and im[1]:
        place = max(place, im[2] + im[3])
    return place


def differ(a: Ball, b: Ball) -> bool:
    """Whether the values are proved to be different."""
    gap = _plus(a, _minus(b), Desk({}, 200, Fuel(1 << 30)))
    return magnitude(gap) > gap[2] + 2


def sharpness(a: Ball, b: Ball, span: int) -> int:
    """How many bits two balls that touch agree in, relative to the values; to the smallest part where both may be 0."""
    error = max(a[2], b[2])
    if error <= EXACT:
        return 1 << 30
    place = max(magnitude(a), magnitude(b))
    return (place if place > error + 1 else -span) - error


# Bounds.


def _rounded(re: Raw, im: Raw | None, error: int, at: Desk) -> Ball:
    """A result that is right to the working precision, with the error that its arguments bring."""
    place = magnitude((re, im, 0))
    if place == EXACT:
        return re, im, error if error > EXACT >> 1 else EXACT
    own = place - at.precision + 2
    return re, im, (own if own > error else error) + 1


def _spend(at: Desk, weight: int) -> None:
    words = (at.precision >> 6) + 1
    at.fuel.spend(words * words * 4 if weight else words * 3 + 20)


def _parts(at: Desk, ball: Ball) -> tuple[Raw, Raw]:
    return ball[0], at.mp.fzero if ball[1] is None else ball[1]


def _relative(ball: Ball) -> int:
    """The error relative to the value, as a power of two.

    Raises:
        UnsureError: the ball reaches zero.
    """
    place, error = magnitude(ball), ball[2]
    if error <= EXACT:
        return EXACT
    if place < error + 3:
        raise UnsureError("a number near zero")
    return error - place + 2


def _is_zero(ball: Ball) -> bool:
    return ball[2] <= EXACT and magnitude(ball) == EXACT


# Arithmetic on balls.


def _whole_numbers(a: Ball, b: Ball, at: Desk) -> bool:
    """Whether sum and product of these are integers that the working precision holds without rounding."""
    if a[2] > EXACT or b[2] > EXACT or a[1] is not None or b[1] is not None:
        return False
    return a[0][2] >= 0 and b[0][2] >= 0 and magnitude(a) + magnitude(b) < at.precision


def _plus(a: Ball, b: Ball, at: Desk) -> Ball:
    if _whole_numbers(a, b, at):
        return at.mp.mpf_add(a[0], b[0]), None, EXACT
    mp, error = at.mp, max(a[2], b[2]) + 1
    re = mp.mpf_add(a[0], b[0], at.precision, "n")
    flat = a[1] is None and b[1] is None
    im = None if flat else mp.mpf_add(_parts(at, a)[1], _parts(at, b)[1], at.precision, "n")
    return _rounded(re, im, error, at)


def _minus(a: Ball) -> Ball:
    return _negative(a[0]), None if a[1] is None else _negative(a[1]), a[2]


def _negative(raw: Raw) -> Raw:
    return (1 - raw[0], *raw[1:]) if raw[1] else raw


def _times(a: Ball, b: Ball, at: Desk) -> Ball:
    _spend(at, 0)
    if _whole_numbers(a, b, at):
        return at.mp.mpf_mul(a[0], b[0]), None, EXACT
    error = max(magnitude(a) + b[2], magnitude(b) + a[2], a[2] + b[2]) + 3
    if error < EXACT >> 1:
        error = EXACT
    if a[1] is None and b[1] is None:
        return _rounded(at.mp.mpf_mul(a[0], b[0], at.precision, "n"), None, error, at)
    re, im = at.mp.mpc_mul(_parts(at, a), _parts(at, b), at.precision, "n")
    return _rounded(re, im, error, at)


def _over(a: Ball, b: Ball, at: Desk) -> Ball:
    _spend(at, 0)
    if _is_zero(b):
        raise UndefinedError("a division by zero")
    relative = _relative(b)
    if a[1] is None and b[1] is None:
        re, im = at.mp.mpf_div(a[0], b[0], at.precision, "n"), None
    else:
        re, im = at.mp.mpc_div(_parts(at, a), _parts(at, b), at.precision, "n")
    error = max(a[2] - magnitude(b) + 3, magnitude((re, im, 0)) + relative + 2)
    return _rounded(re, im, error if error > EXACT >> 1 else EXACT, at)


def _integer(n: int, at: Desk) -> Ball:
    return at.mp.from_int(n), None, EXACT


def _fraction(p: int, q: int, at: Desk) -> Ball:
    at.span = max(at.span, p.bit_length(), q.bit_length())
    if q == 1:
        return _integer(p, at)
    at.fuel.spend_bits(p.bit_length() + q.bit_length() + at.precision)
    return _rounded(at.mp.from_rational(p, q, at.precision, "n"), None, EXACT, at)


def _halved(a: Ball) -> Ball:
    return _shifted(a[0]), None if a[1] is None else _shifted(a[1]), a[2]


def _shifted(raw: Raw) -> Raw:
    return (raw[0], raw[1], raw[2] - 1, raw[3]) if raw[1] else raw


# Leaves and arithmetic of trees.


def _number(node: Node, at: Desk) -> Ball:
    return _fraction(node[1], node[2], at)


def _exact(node: Node, at: Desk) -> Ball:
    return _fraction(*rationals.evaluate(node, rationals.NO_NAMES, at.fuel), at)


def _symbol(node: Node, at: Desk) -> Ball:
    value = at.names.get(node[1])
    if value is None:
        raise UnfitError("a variable")
    return at.mp.from_float(value), None, EXACT


def _constant(node: Node, at: Desk) -> Ball:
    mp = at.mp
    if node[1] == "pi":
        return _rounded(mp.mpf_pi(at.precision), None, EXACT, at)
    if node[1] == "e":
        return _rounded(mp.mpf_e(at.precision), None, EXACT, at)
    if node[1] == "i":
        return mp.fzero, mp.fone, EXACT
    raise UnfitError(node[1])


def _add(node: Node, at: Desk) -> Ball:
    total = evaluate(node[1], at)
    for part in node[2:]:
        total = _plus(total, evaluate(part, at), at)
    return total


def _multiply(node: Node, at: Desk) -> Ball:
    total = evaluate(node[1], at)
    for part in node[2:]:
        total = _times(total, evaluate(part, at), at)
    return total


def _power(node: Node, at: Desk) -> Ball:
    exponent = node[2]
    if node[1] == ("const", "e"):
        return _exponential(evaluate(exponent, at), at)
    base = evaluate(node[1], at)
    if exponent[0] == "num" and exponent[2] == 1:
        return _integer_power(base, exponent[1], at)
    power = evaluate(exponent, at)
    if power[1] is None and power[2] <= EXACT and power[0][2] >= 0 and magnitude(power) < 64:
        return _integer_power(base, at.mp.to_int(power[0]), at)
    if exponent == ("num", 1, 2):
        return _square_root(base, at)
    if _is_zero(base):
        if power[1] is None and not power[0][0] and power[0][1] and _relative(power):
            return base
        raise UndefinedError("zero to a power that is not positive")
    if base[1] is None and base[0][0] and has_name(exponent):
        raise UndefinedError("a variable power of a negative number")
    return _exponential(_times(_logarithm(base, at), power, at), at)


def _integer_power(base: Ball, n: int, at: Desk) -> Ball:
    _spend(at, 1)
    if _is_zero(base):
        if n > 0:
            return base
        raise UndefinedError("zero to a power that is not positive")
    bits = n.bit_length()
    if bits > 64:
        raise UnfitError("a large power")
    if n >= 0 and base[2] <= EXACT and base[1] is None and base[0][2] >= 0 and magnitude(base) * n < at.precision:
        return at.mp.mpf_pow_int(base[0], n, at.precision, "n"), None, EXACT
    relative = _relative(base) + bits
    if relative > -4:
        raise UnsureError("a power of a wide ball")
    if base[1] is None:
        re, im = at.mp.mpf_pow_int(base[0], n, at.precision + bits, "n"), None
    else:
        re, im = at.mp.mpc_pow_int((base[0], base[1]), n, at.precision + 2 * bits, "n")
    error = magnitude((re, im, 0)) + relative + 2
    return _rounded(re, im, error if relative > EXACT >> 1 else EXACT, at)


# Elementary functions.


def _exponential(a: Ball, at: Desk) -> Ball:
    _spend(at, 1)
    if magnitude(a) > MAX_EXPONENT:
        raise UnfitError("a large exponential")
    if a[2] > -4:
        raise UnsureError("an exponential of a wide ball")
    if a[1] is None:
        re, im = at.mp.mpf_exp(a[0], at.precision, "n"), None
    else:
        re, im = at.mp.mpc_exp((a[0], a[1]), at.precision, "n")
    error = magnitude((re, im, 0)) + a[2] + 2
    return _rounded(re, im, error if a[2] > EXACT else EXACT, at)


def _logarithm(a: Ball, at: Desk) -> Ball:
    _spend(at, 1)
    if _is_zero(a):
        raise UndefinedError("the logarithm of zero")
    relative, mp = _relative(a), at.mp
    if a[1] is None:
        re = mp.mpf_log((0, *a[0][1:]), at.precision, "n")
        im = mp.mpf_pi(at.precision) if a[0][0] else None
    else:
        _off_the_cut(a)
        re, im = mp.mpc_log((a[0], a[1]), at.precision, "n")
    return _rounded(re, im, relative + 1 if relative > EXACT else EXACT, at)


def _off_the_cut(a: Ball) -> None:
    """Raise where a complex ball touches the negative real axis."""
    im = a[1]
    if a[0][0] and im is not None and (not im[1] or im[2] + im[3] < a[2] + 2):
        raise UnsureError("a branch cut")


def _square_root(a: Ball, at: Desk) -> Ball:
    _spend(at, 1)
    if _is_zero(a):
        return a
    relative, mp = _relative(a), at.mp
    if a[1] is None:
        root = mp.mpf_sqrt((0, *a[0][1:]), at.precision, "n")
        re, im = (mp.fzero, root) if a[0][0] else (root, None)
    else:
        _off_the_cut(a)
        re, im = mp.mpc_sqrt((a[0], a[1]), at.precision, "n")
    error = magnitude((re, im, 0)) + relative + 1
    return _rounded(re, im, error if relative > EXACT else EXACT, at)


def _sine(a: Ball, at: Desk) -> Ball:
    return _circular(a, at, "sin")


def _cosine(a: Ball, at: Desk) -> Ball:
    return _circular(a, at, "cos")


def _circular(a: Ball, at: Desk, name: str) -> Ball:
    _spend(at, 1)
    if a[2] > -4 or magnitude(a) > at.precision:
        raise UnsureError("a large angle")
    if a[1] is None:
        return _rounded(getattr(at.mp, f"mpf_{name}")(a[0], at.precision, "n"), None, a[2] + 1, at)
    if magnitude((a[1], None, 0)) > MAX_EXPONENT:
        raise UnsureError("a large angle")
    re, im = getattr(at.mp, f"mpc_{name}")((a[0], a[1]), at.precision, "n")
    steep = max(2 * (abs(at.mp.to_int(a[1])) + 2), 1)
    return _rounded(re, im, a[2] + steep, at)


def _hyperbolic_sine(a: Ball, at: Desk) -> Ball:
    up, down = _pair(a, at)
    return _halved(_plus(up, _minus(down), at))


def _hyperbolic_cosine(a: Ball, at: Desk) -> Ball:
    return _halved(_plus(*_pair(a, at), at))


def _pair(a: Ball, at: Desk) -> tuple[Ball, Ball]:
    """Exponentials of the ball and of its negative; the smaller one counts in the span."""
    up = _exponential(a, at)
    at.span = max(at.span, abs(magnitude(up)), abs(magnitude(a)) if not _is_zero(a) else 0)
    return up, _exponential(_minus(a), at)


def _real(a: Ball) -> Ball:
    if a[1] is not None:
        raise UnfitError("a function of real numbers")
    return a


def _room(a: Ball, at: Desk) -> Ball:
    """1 - |a|, where it is positive for sure."""
    room = _plus(_integer(1, at), ((1, *a[0][1:]) if a[0][1] else a[0], None, a[2]), at)
    if not _is_zero(room) and magnitude(room) < room[2] + 3:
        raise UnsureError("near the end of a domain")
    if room[0][0]:
        raise UndefinedError("outside a domain")
    return room


def _arc(name: str) -> Callable[[Ball, Desk], Ball]:
    def rule(a: Ball, at: Desk) -> Ball:
        _spend(at, 1)
        room = _room(_real(a), at)
        error = a[2] - (magnitude(room) >> 1) + 2 if a[2] > EXACT else EXACT
        return _rounded(getattr(at.mp, name)(a[0], at.precision, "n"), None, error, at)

    return rule


def _arc_tangent(a: Ball, at: Desk) -> Ball:
    _spend(at, 1)
    return _rounded(at.mp.mpf_atan(_real(a)[0], at.precision, "n"), None, a[2], at)


def _arc_cotangent(a: Ball, at: Desk) -> Ball:
    """Of positive numbers, where both conventions agree."""
    if not _is_zero(a) and _relative(a) and a[0][0]:
        raise UndefinedError("conventions differ for inverse cotangents of negative numbers")
    return _arc_tangent(_over(_integer(1, at), a, at), at)


def _area_sine(a: Ball, at: Desk) -> Ball:
    square = _times(_real(a), a, at)
    if a[0][0]:
        return _minus(_area_sine(_minus(a), at))
    return _logarithm(_plus(a, _square_root(_plus(square, _integer(1, at), at), at), at), at)


def _area_cosine(a: Ball, at: Desk) -> Ball:
    below = _plus(_times(_real(a), a, at), _integer(-1, at), at)
    if a[0][0] or (not _is_zero(below) and _relative(below) and below[0][0]):
        raise UndefinedError("an inverse hyperbolic cosine of a number under 1")
    return _logarithm(_plus(a, _square_root(below, at), at), at)


def _area_tangent(a: Ball, at: Desk) -> Ball:
    one = _integer(1, at)
    if _is_zero(_room(_real(a), at)):
        raise UndefinedError("an inverse hyperbolic tangent of one")
    return _halved(_logarithm(_over(_plus(one, a, at), _plus(one, _minus(a), at), at), at))


def _inverted(rule: Callable[[Ball, Desk], Ball]) -> Callable[[Ball, Desk], Ball]:
    return lambda a, at: rule(_over(_integer(1, at), a, at), at)


def _reciprocal(rule: Callable[[Ball, Desk], Ball]) -> Callable[[Ball, Desk], Ball]:
    return lambda a, at: _over(_integer(1, at), rule(a, at), at)


def _absolute(a: Ball, at: Desk) -> Ball:
    if a[1] is None:
        return (0, *a[0][1:]) if a[0][1] else a[0], None, a[2]
    return _rounded(at.mp.mpc_abs((a[0], a[1]), at.precision, "n"), None, a[2], at)


def _floor(a: Ball, at: Desk) -> Ball:
    mp, raw = at.mp, _real(a)[0]
    if a[2] <= EXACT:
        return mp.mpf_floor(raw, at.precision, "n"), None, EXACT
    if magnitude(a) > at.precision - 8 or a[2] > 0:
        raise UnsureError("a jump")
    step = mp.mpf_shift(mp.fone, a[2])
    low, high = (
        mp.mpf_floor(value, 0, "n") for value in (mp.mpf_sub(raw, step, 0, "n"), mp.mpf_add(raw, step, 0, "n"))
    )
    if low != high:
        raise UnsureError("a jump")
    return low, None, EXACT


def _ceiling(a: Ball, at: Desk) -> Ball:
    return _minus(_floor(_minus(a), at))


def _sign(a: Ball, at: Desk) -> Ball:
    if _is_zero(_real(a)):
        return a
    _relative(a)
    return _integer(-1 if a[0][0] else 1, at)


def _argument(a: Ball, at: Desk) -> Ball:
    _, im, error = _logarithm(a, at)
    return _integer(0, at) if im is None else (im, None, error)


_ONE: Final[dict[str, Callable[[Ball, Desk], Ball]]] = {
    "sin": _sine,
    "cos": _cosine,
    "tan": lambda a, at: _over(_sine(a, at), _cosine(a, at), at),
    "cot": lambda a, at: _over(_cosine(a, at), _sine(a, at), at),
    "sec": _reciprocal(_cosine),
    "csc": _reciprocal(_sine),
    "sinh": _hyperbolic_sine,
    "cosh": _hyperbolic_cosine,
    "tanh": lambda a, at: _over(_hyperbolic_sine(a, at), _hyperbolic_cosine(a, at), at),
    "coth": lambda a, at: _over(_hyperbolic_cosine(a, at), _hyperbolic_sine(a, at), at),
    "sech": _reciprocal(_hyperbolic_cosine),
    "csch": _reciprocal(_hyperbolic_sine),
    "asin": _arc("mpf_asin"),
    "acos": _arc("mpf_acos"),
    "atan": _arc_tangent,
    "acot": _arc_cotangent,
    "asec": _inverted(_arc("mpf_acos")),
    "acsc": _inverted(_arc("mpf_asin")),
    "asinh": _area_sine,
    "acosh": _area_cosine,
    "atanh": _area_tangent,
    "acoth": _inverted(_area_tangent),
    "asech": _inverted(_area_cosine),
    "acsch": _inverted(_area_sine),
    "exp": _exponential,
    "ln": _logarithm,
    "abs": _absolute,
    "norm": _absolute,
    "floor": _floor,
    "ceil": _ceiling,
    "sign": _sign,
    "re": lambda a, at: (a[0], None, a[2]),
    "im": lambda a, at: _integer(0, at) if a[1] is None else (a[1], None, a[2]),
    "conj": lambda a, at: a if a[1] is None else (a[0], _negative(a[1]), a[2]),
    "arg": _argument,
}


def _function(node: Node, at: Desk) -> Ball:
    rule = _ONE.get(node[1])
    if rule is not None:
        return rule(evaluate(node[2], at), at)
    several = _SEVERAL.get(node[1])
    if several is None:
        raise UnfitError(node[1])
    return several([evaluate(part, at) for part in node[2:]], at)


def _root(balls: list[Ball], at: Desk) -> Ball:
    if len(balls) == 1:
        return _square_root(balls[0], at)
    degree = _whole(balls[1], at)
    if degree < 1:
        raise UnfitError("a root of no natural degree")
    a = balls[0]
    if degree == 2 or _is_zero(a):
        return _square_root(a, at)
    if a[1] is None and a[0][0] and degree & 1:
        return _minus(_root([_minus(a), balls[1]], at))
    return _exponential(_over(_logarithm(a, at), _integer(degree, at), at), at)


def _whole(a: Ball, at: Desk) -> int:
    if a[1] is not None or a[2] > EXACT or a[0][2] < 0 or magnitude(a) > 256:
        raise UnfitError("a function of whole numbers")
    value: int = at.mp.to_int(a[0])
    return value


def _log(balls: list[Ball], at: Desk) -> Ball:
    if len(balls) != 2:
        raise UnfitError("a logarithm without a base")
    return _over(_logarithm(balls[0], at), _logarithm(balls[1], at), at)


def _largest(balls: list[Ball], at: Desk) -> Ball:
    best = _real(balls[0])
    for ball in balls[1:]:
        if at.mp.mpf_gt(_real(ball)[0], best[0]):
            best = ball
    return best[0], None, max(ball[2] for ball in balls)


def _smallest(balls: list[Ball], at: Desk) -> Ball:
    return _minus(_largest([_minus(ball) for ball in balls], at))


def _of_integers(name: str) -> Callable[[list[Ball], Desk], Ball]:
    """A function of whole numbers, from the exact ones."""

    def rule(balls: list[Ball], at: Desk) -> Ball:
        parts = tuple(("num", _whole(ball, at), 1) for ball in balls)
        return _fraction(*rationals.evaluate(("fn", name, *parts), rationals.NO_NAMES, at.fuel), at)

    return rule


_SEVERAL: Final[dict[str, Callable[[list[Ball], Desk], Ball]]] = {
    "root": _root,
    "log": _log,
    "max": _largest,
    "min": _smallest,
    **{name: _of_integers(name) for name in ("factorial", "double_factorial", "binomial", "gcd", "lcm", "mod")},
}


# Sums and products.


def _series(node: Node, at: Desk) -> Ball:
    kind, body, name, low, high = node
    first, last = (_whole(evaluate(part, at), at) for part in (low, high))
    if last < first - 1:
        raise UndefinedError("a sum that ends before it starts")
    if last - first >= rationals.MAX_TERMS:
        raise UnfitError("too many terms")
    total = _integer(0 if kind == "sum" else 1, at)
    steps = STEPS_PER_NODE * size(body)
    for k in range(first, last + 1):
        at.fuel.spend(steps)
        inner = Desk({**at.names, name: float(k)}, at.precision, at.fuel)
        value = evaluate(body, inner)
        at.span = max(at.span, inner.span)
        total = _plus(total, value, at) if kind == "sum" else _times(total, value, at)
    return total


_RULES: Final[dict[str, Callable[[Node, Desk], Ball]]] = {
    "num": _number,
    "dec": _number,
    "repeating": _number,
    "sci": _exact,
    "mixed": _exact,
    "sym": _symbol,
    "const": _constant,
    "percent": lambda node, at: _over(evaluate(node[1], at), _integer(100, at), at),
    "deg": lambda node, at: _over(
        _times(evaluate(node[1], at), _constant(("const", "pi"), at), at), _integer(180, at), at
    ),
    "add": _add,
    "mul": _multiply,
    "div": lambda node, at: _over(evaluate(node[1], at), evaluate(node[2], at), at),
    "neg": lambda node, at: _minus(evaluate(node[1], at)),
    "pow": _power,
    "fn": _function,
    "sum": _series,
    "prod": _series,
}
