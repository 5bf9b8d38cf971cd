"""Elementary functions of long numbers with error bounds (see `longs`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from assaygym.verifiers.maths.scalars.longs import (
    EXACT,
    Ball,
    Desk,
    as_real,
    charge,
    halved,
    is_zero,
    magnitude,
    minus,
    negative,
    of_integer,
    over,
    plus,
    relative_error,
    rounded,
    times,
)
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError, UnsureError

__all__ = ["ONE", "SEVERAL", "as_whole", "exponential", "logarithm", "square_root"]

MAX_EXPONENT = 40
"""Bits of the largest argument of an exponential."""


def exponential(a: Ball, at: Desk) -> Ball:
    """The exponential function.

    Raises:
        UnfitError: the result is too large to be of use.
        UnsureError: the ball is too wide.
    """
    charge(at, True)
    if magnitude(a) > MAX_EXPONENT:
        raise UnfitError("a large exponential")
    if a[2] > -4:
        raise UnsureError("an exponential of a wide ball")
    if a[1] is None:
        re, im = at.mp.mpf_exp(a[0], at.precision, "n"), None
    else:
        re, im = at.mp.mpc_exp((a[0], a[1]), at.precision, "n")
    error = magnitude((re, im, 0)) + a[2] + 2
    return rounded(re, im, error if a[2] > EXACT else EXACT, at)


def logarithm(a: Ball, at: Desk) -> Ball:
    """The principal natural logarithm.

    Raises:
        UndefinedError: of zero.
        UnsureError: the ball reaches zero or the negative real axis.
    """
    charge(at, True)
    if is_zero(a):
        raise UndefinedError("the logarithm of zero")
    relative, mp = relative_error(a), at.mp
    if a[1] is None:
        re = mp.mpf_log((0, *a[0][1:]), at.precision, "n")
        im = mp.mpf_pi(at.precision) if a[0][0] else None
    else:
        _off_the_cut(a)
        re, im = mp.mpc_log((a[0], a[1]), at.precision, "n")
    return rounded(re, im, relative + 1 if relative > EXACT else EXACT, at)


def _off_the_cut(a: Ball) -> None:
    """Raise where a complex ball touches the negative real axis."""
    im = a[1]
    if a[0][0] and im is not None and (not im[1] or im[2] + im[3] < a[2] + 2):
        raise UnsureError("a branch cut")


def square_root(a: Ball, at: Desk) -> Ball:
    """The principal square root.

    Raises:
        UnsureError: the ball reaches zero or the negative real axis.
    """
    charge(at, True)
    if is_zero(a):
        return a
    relative, mp = relative_error(a), at.mp
    if a[1] is None:
        root = mp.mpf_sqrt((0, *a[0][1:]), at.precision, "n")
        re, im = (mp.fzero, root) if a[0][0] else (root, None)
    else:
        _off_the_cut(a)
        re, im = mp.mpc_sqrt((a[0], a[1]), at.precision, "n")
    error = magnitude((re, im, 0)) + relative + 1
    return rounded(re, im, error if relative > EXACT else EXACT, at)


def _sine(a: Ball, at: Desk) -> Ball:
    return _circular(a, at, "sin")


def _cosine(a: Ball, at: Desk) -> Ball:
    return _circular(a, at, "cos")


def _circular(a: Ball, at: Desk, name: str) -> Ball:
    charge(at, True)
    if a[2] > -4 or magnitude(a) > at.precision:
        raise UnsureError("a large angle")
    if a[1] is None:
        return rounded(getattr(at.mp, f"mpf_{name}")(a[0], at.precision, "n"), None, a[2] + 1, at)
    if magnitude((a[1], None, 0)) > MAX_EXPONENT:
        raise UnsureError("a large angle")
    re, im = getattr(at.mp, f"mpc_{name}")((a[0], a[1]), at.precision, "n")
    steep = max(2 * (abs(at.mp.to_int(a[1])) + 2), 1)
    return rounded(re, im, a[2] + steep, at)


def _hyperbolic_sine(a: Ball, at: Desk) -> Ball:
    up, down = _pair(a, at)
    return halved(plus(up, minus(down), at))


def _hyperbolic_cosine(a: Ball, at: Desk) -> Ball:
    return halved(plus(*_pair(a, at), at))


def _pair(a: Ball, at: Desk) -> tuple[Ball, Ball]:
    """Exponentials of the ball and of its negative; the smaller one counts in the span."""
    up = exponential(a, at)
    at.span = max(at.span, abs(magnitude(up)), abs(magnitude(a)) if not is_zero(a) else 0)
    return up, exponential(minus(a), at)


def _room(a: Ball, at: Desk) -> Ball:
    """1 - |a|, where it is positive for sure."""
    room = plus(of_integer(1, at), ((1, *a[0][1:]) if a[0][1] else a[0], None, a[2]), at)
    if not is_zero(room) and magnitude(room) < room[2] + 3:
        raise UnsureError("near the end of a domain")
    if room[0][0]:
        raise UndefinedError("outside a domain")
    return room


def _arc(name: str) -> Callable[[Ball, Desk], Ball]:
    def rule(a: Ball, at: Desk) -> Ball:
        charge(at, True)
        room = _room(as_real(a), at)
        error = a[2] - (magnitude(room) >> 1) + 2 if a[2] > EXACT else EXACT
        return rounded(getattr(at.mp, name)(a[0], at.precision, "n"), None, error, at)

    return rule


def _arc_tangent(a: Ball, at: Desk) -> Ball:
    charge(at, True)
    return rounded(at.mp.mpf_atan(as_real(a)[0], at.precision, "n"), None, a[2], at)


def _arc_cotangent(a: Ball, at: Desk) -> Ball:
    """Of positive numbers, where both conventions agree."""
    if not is_zero(a) and relative_error(a) and a[0][0]:
        raise UndefinedError("conventions differ for inverse cotangents of negative numbers")
    return _arc_tangent(over(of_integer(1, at), a, at), at)


def _area_sine(a: Ball, at: Desk) -> Ball:
    square = times(as_real(a), a, at)
    if a[0][0]:
        return minus(_area_sine(minus(a), at))
    return logarithm(plus(a, square_root(plus(square, of_integer(1, at), at), at), at), at)


def _area_cosine(a: Ball, at: Desk) -> Ball:
    below = plus(times(as_real(a), a, at), of_integer(-1, at), at)
    if a[0][0] or (not is_zero(below) and relative_error(below) and below[0][0]):
        raise UndefinedError("an inverse hyperbolic cosine of a number under 1")
    return logarithm(plus(a, square_root(below, at), at), at)


def _area_tangent(a: Ball, at: Desk) -> Ball:
    one = of_integer(1, at)
    if is_zero(_room(as_real(a), at)):
        raise UndefinedError("an inverse hyperbolic tangent of one")
    return halved(logarithm(over(plus(one, a, at), plus(one, minus(a), at), at), at))


def _inverted(rule: Callable[[Ball, Desk], Ball]) -> Callable[[Ball, Desk], Ball]:
    return lambda a, at: rule(over(of_integer(1, at), a, at), at)


def _reciprocal(rule: Callable[[Ball, Desk], Ball]) -> Callable[[Ball, Desk], Ball]:
    return lambda a, at: over(of_integer(1, at), rule(a, at), at)


def _absolute(a: Ball, at: Desk) -> Ball:
    if a[1] is None:
        return (0, *a[0][1:]) if a[0][1] else a[0], None, a[2]
    return rounded(at.mp.mpc_abs((a[0], a[1]), at.precision, "n"), None, a[2], at)


def _floor(a: Ball, at: Desk) -> Ball:
    mp, raw = at.mp, as_real(a)[0]
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
    return minus(_floor(minus(a), at))


def _sign(a: Ball, at: Desk) -> Ball:
    if is_zero(as_real(a)):
        return a
    relative_error(a)
    return of_integer(-1 if a[0][0] else 1, at)


def _argument(a: Ball, at: Desk) -> Ball:
    _, im, error = logarithm(a, at)
    return of_integer(0, at) if im is None else (im, None, error)


def _conjugate(a: Ball, at: Desk) -> Ball:
    return a if a[1] is None else (a[0], negative(a[1]), a[2])


ONE: Final[dict[str, Callable[[Ball, Desk], Ball]]] = {
    "sin": _sine,
    "cos": _cosine,
    "tan": lambda a, at: over(_sine(a, at), _cosine(a, at), at),
    "cot": lambda a, at: over(_cosine(a, at), _sine(a, at), at),
    "sec": _reciprocal(_cosine),
    "csc": _reciprocal(_sine),
    "sinh": _hyperbolic_sine,
    "cosh": _hyperbolic_cosine,
    "tanh": lambda a, at: over(_hyperbolic_sine(a, at), _hyperbolic_cosine(a, at), at),
    "coth": lambda a, at: over(_hyperbolic_cosine(a, at), _hyperbolic_sine(a, at), at),
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
    "exp": exponential,
    "ln": logarithm,
    "abs": _absolute,
    "norm": _absolute,
    "floor": _floor,
    "ceil": _ceiling,
    "sign": _sign,
    "re": lambda a, at: (a[0], None, a[2]),
    "im": lambda a, at: of_integer(0, at) if a[1] is None else (a[1], None, a[2]),
    "conj": _conjugate,
    "arg": _argument,
}


def _root(balls: list[Ball], at: Desk) -> Ball:
    if len(balls) == 1:
        return square_root(balls[0], at)
    a = balls[0]
    try:
        degree = as_whole(balls[1], at)
    except UnfitError:
        degree = 0
    if degree < 1:
        if a[1] is None and a[0][0]:
            raise UndefinedError("a root of no natural degree of a negative number")
        return exponential(over(logarithm(a, at), balls[1], at), at)
    if degree == 2 or is_zero(a):
        return square_root(a, at)
    if a[1] is None and a[0][0] and degree & 1:
        return minus(_root([minus(a), balls[1]], at))
    return exponential(over(logarithm(a, at), of_integer(degree, at), at), at)


def as_whole(a: Ball, at: Desk) -> int:
    """The integer that the ball is.

    Raises:
        UnfitError: it is none for sure.
    """
    if a[1] is not None or a[2] > EXACT or a[0][2] < 0 or magnitude(a) > 256:
        raise UnfitError("a function of whole numbers")
    value: int = at.mp.to_int(a[0])
    return value


def _log(balls: list[Ball], at: Desk) -> Ball:
    if len(balls) != 2:
        raise UnfitError("a logarithm without a base")
    return over(logarithm(balls[0], at), logarithm(balls[1], at), at)


def _largest(balls: list[Ball], at: Desk) -> Ball:
    best = as_real(balls[0])
    for ball in balls[1:]:
        if at.mp.mpf_gt(as_real(ball)[0], best[0]):
            best = ball
    return best[0], None, max(ball[2] for ball in balls)


def _smallest(balls: list[Ball], at: Desk) -> Ball:
    return minus(_largest([minus(ball) for ball in balls], at))


SEVERAL: Final[dict[str, Callable[[list[Ball], Desk], Ball]]] = {
    "root": _root,
    "log": _log,
    "max": _largest,
    "min": _smallest,
}
