"""Two expressions at fixed points: doubles with bounds, which prove differences, then 200 digits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from assaygym.verifiers.maths.finding import Finding, differ, same, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars.breaks import breaking_points
from assaygym.verifiers.maths.scalars.doubles import apart
from assaygym.verifiers.maths.scalars.longs import AGREED, sharpness
from assaygym.verifiers.maths.scalars.longs import differ as proved_apart
from assaygym.verifiers.maths.scalars.nodes import TAME, UNEVALUATED
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError, UnsureError
from assaygym.verifiers.maths.scalars.points import EXTRA, KEYED, POINTS, WHOLE_POINTS
from assaygym.verifiers.maths.scalars.values import Double, Occasion, Scalar

__all__ = ["FIRST_PRECISION", "MAX_PRECISION", "WHOLE_NEEDED", "numerically", "seed"]

WHOLE_NEEDED = 6
"""At how many values of an integer two expressions have to agree."""
FIRST_PRECISION = 832
MAX_PRECISION = 8_000
MAX_FAILURES = 3
"""After so many points that do not tell even with many digits, the others are not tried."""
_JUMPS: Final = frozenset(("abs", "sign", "floor", "ceil", "max", "min", "norm", "mod"))
_ORDER: Final = (0, 3, 5, 6, 1, 2, 4, 7)
"""In which order points are tried with many digits: signs of the first variables mixed early."""


def seed(gold: Scalar, pred: Scalar) -> int:
    """A number that depends on both, in either order, in a way nobody can plan for; at least KEYED."""
    text = "\n".join(sorted((repr(gold.tree), repr(pred.tree))))
    return KEYED + int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=24).digest(), "big"
    )


Point = int | tuple[float, ...]


class _Pair(NamedTuple):
    """Two scalars, their real names and their natural ones.

    `principal` is for complex values to be compared, since an i is written or no value is real; `kinds` are of both.
    """

    gold: Scalar
    pred: Scalar
    names: tuple[str, ...]
    whole: tuple[str, ...]
    principal: bool
    kinds: set[str]


class _Doubles:
    """What doubles found out.

    Attributes:
        finding: where they decide.
        telling: the points where they see no difference; `unsure` where they tell nothing, `nonreal` where a value is
            not real.
        firm: whether all the values at the `telling` points are (see `Double`).
    """

    __slots__ = ("finding", "firm", "nonreal", "telling", "unsure")

    def __init__(self) -> None:
        self.finding: Finding | None = None
        self.telling: list[Point] = []
        self.unsure: list[Point] = []
        self.nonreal: list[Point] = []
        self.firm = True


def numerically(
    gold: Scalar, pred: Scalar, names: tuple[str, ...], whole: tuple[str, ...], shown: Finding | None, fuel: Fuel
) -> Finding:
    """Whether they agree where both have real values; `shown` is a finding that holds once two points confirm it.

    Raises:
        OutOfFuelError: the fuel is spent.
    """
    kinds = gold.traits.kinds | pred.traits.kinds
    pair = _Pair(gold, pred, names, whole, "i" in kinds or not (names or whole), kinds)
    doubles = _by_doubles(pair, fuel)
    if doubles.finding is None and len(doubles.telling) < 2 and len(doubles.nonreal) > 1:
        pair = pair._replace(principal=True)
        doubles = _by_doubles(pair, fuel)
    if doubles.finding is not None:
        return doubles.finding
    enough = 2 if names or whole else 1
    if shown is not None and doubles.firm and len(doubles.telling) >= enough:
        return shown
    order: list[Point] = [k for k in _ORDER if k in doubles.telling]
    order += [k for k in doubles.telling if k not in _ORDER]
    return _by_digits(pair, order + doubles.unsure, fuel)


def _by_doubles(pair: _Pair, fuel: Fuel) -> _Doubles:
    found = _Doubles()
    for points in _points(pair, fuel):
        for k in points:
            _try(pair, k, found, fuel)
            if found.finding is not None:
                return found
        if len(found.telling) > 1:
            break
    return found


def _points(pair: _Pair, fuel: Fuel) -> Iterator[Iterable[Point]]:
    """First those that are always tried, then those for when these say too little."""
    if not pair.names and not pair.whole:
        yield (0,)
    elif pair.whole:
        yield range(WHOLE_POINTS)
    else:
        yield [*range(POINTS), *breaking_points(pair.gold, pair.pred, pair.names, False, fuel)]
        yield [*range(POINTS, POINTS + EXTRA), *breaking_points(pair.gold, pair.pred, pair.names, True, fuel)]


def _try(pair: _Pair, k: Point, found: _Doubles, fuel: Fuel) -> None:
    occasion = pair.names, pair.whole, k
    a, b = pair.gold.ball(occasion, fuel), pair.pred.ball(occasion, fuel)
    if type(a) is not Double or type(b) is not Double:
        found.finding = _valueless(pair, a, b)
        if isinstance(a, UnsureError) or isinstance(b, UnsureError):
            found.unsure.append(k)
    elif not pair.principal and (type(a[0]) is complex or type(b[0]) is complex):
        found.nonreal.append(k)
    elif apart(a[:2], b[:2]):
        found.finding = differ("floats", f"another value at point {k}")
    else:
        found.telling.append(k)
        found.firm = found.firm and a.firm and b.firm


def _valueless(pair: _Pair, a: object, b: object) -> Finding | None:
    for value in (a, b):
        if isinstance(value, UnfitError):
            return undecided("unevaluated" if pair.kinds & UNEVALUATED else "scalars", str(value))
        if isinstance(value, UndefinedError) and not pair.names and not pair.whole:
            return differ("undefined", str(value))
    return None


def _by_digits(pair: _Pair, order: list[Point], fuel: Fuel) -> Finding:
    needed = _needed(pair)
    if max(pair.gold.traits.weight, pair.pred.traits.weight) > TAME and 1 < needed <= len(order):
        order = [*order[: needed - 1], *_keyed_points(pair), *order[needed - 1 :]]
    agreed = failed = 0
    for k in order:
        told = _agree(pair, (pair.names, pair.whole, k), fuel)
        if told is False:
            return differ("digits", "another value")
        if told:
            agreed += 1
            if agreed == needed:
                return same("digits", f"the same to 200 digits at {agreed} points" if needed > 1 else "to 200 digits")
        else:
            failed += 1
            if failed > MAX_FAILURES:
                break
    if agreed >= 2 and not pair.whole and len(order) <= agreed + failed and needed < 5:
        return same("digits", f"the same to 200 digits at {agreed} points")
    return undecided("scalars", "no difference found, but too few points tell")


def _needed(pair: _Pair) -> int:
    if pair.whole:
        return WHOLE_NEEDED
    if not pair.names:
        return 1
    return 4 if pair.kinds & _JUMPS else min(4, max(2, len(pair.names)))


def _keyed_points(pair: _Pair) -> list[Point]:
    first = seed(pair.gold, pair.pred)
    return [first + k for k in range(4)]


def _agree(pair: _Pair, occasion: Occasion, fuel: Fuel) -> bool | None:
    """Whether the values are the same to `AGREED` bits; False is a proof; None is no answer."""
    precision = FIRST_PRECISION
    while precision <= MAX_PRECISION:
        a, b = pair.gold.digits(occasion, precision, fuel), pair.pred.digits(occasion, precision, fuel)
        if type(a) is not tuple or type(b) is not tuple:
            if not isinstance(a, tuple | UnsureError) or not isinstance(b, tuple | UnsureError):
                return None
            precision = precision * 5 // 2
            continue
        if not pair.principal and (a[0][1] is not None or b[0][1] is not None):
            return None
        if proved_apart(a[0], b[0]):
            return False
        span = max(a[1], b[1])
        wanted = AGREED + 2 * span + 32
        wanted = max(wanted, precision + AGREED - sharpness(a[0], b[0], span))
        if wanted <= precision:
            return True
        precision = max(wanted, precision + 256)
    return None
