r"""The canonical text of an answer, by which votes are counted: `033`, `33` and `33.0` are one answer.

Answers with one canonical text are the same, as far as twelve digits of their values tell. The converse holds for
numbers, for expressions that have values at the points where they are compared, and for tuples, lists, sets and
matrices of these; other answers may be the same and have two texts. What counts as the same is what `verify_math` takes
for it without a preset, except that a unit is left out: of two voters, one often does without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from assaygym.verifiers.extract import find_answer
from assaygym.verifiers.maths.fuel import Fuel, OutOfFuelError
from assaygym.verifiers.maths.objects import Thing
from assaygym.verifiers.maths.objects.items import Items, Record
from assaygym.verifiers.maths.objects.relations import Definition
from assaygym.verifiers.maths.objects.sequences import Matrix, Tuple
from assaygym.verifiers.maths.objects.values import Angle, Percent, Quantity, Value
from assaygym.verifiers.maths.reading import Reading, read
from assaygym.verifiers.maths.scalars.outcomes import NoValueError
from assaygym.verifiers.maths.scalars.pairs import reduced
from assaygym.verifiers.maths.scalars.values import Scalar
from assaygym.verifiers.maths.syntax.show import show
from assaygym.verifiers.maths.words import stated_choice

__all__ = ["canonical"]

DIGITS: Final = 12
LONGEST: Final = 400
"""Digits of a number that is written out; a longer one is told by its tree."""


def canonical(text: str) -> str | None:
    """The canonical text of the final answer of a response; None where it states none. Takes bounded time.

    Args:
        text: a response, or a bare answer.
    """
    found = find_answer(text)
    if found is None:
        choice = stated_choice(text)
        return f"choice {''.join(sorted(choice.value))}" if choice is not None else None
    reading = read(found.text + found.unit)
    try:
        return _of_reading(reading)
    except (OutOfFuelError, RecursionError):
        return reading.normal or " ".join(found.text.split())


def _of_reading(reading: Reading) -> str:
    words = reading.words
    if words is not None and words.kind == "choice":
        return f"choice {''.join(sorted(words.value))}"
    if reading.thing is not None:
        return _text(reading.thing, Fuel())
    if words is not None:
        return words.text
    return " ".join((reading.normal or reading.source).casefold().split())


def _text(thing: Thing, fuel: Fuel) -> str:
    make = _MAKERS.get(type(thing))
    return (make(thing, fuel) if make is not None else None) or show(thing.node)


def _value(thing: Value, fuel: Fuel) -> str | None:
    return _constant(thing.scalar, fuel) if not thing.scalar.names else _function(thing.scalar, fuel)


def _constant(scalar: Scalar, fuel: Fuel) -> str | None:
    exact = scalar.rational(fuel)
    if not isinstance(exact, NoValueError):
        over, under = reduced(exact)
        if max(over.bit_length(), under.bit_length()) > LONGEST * 3:
            return None
        return str(over) if under == 1 else f"{over}/{under}"
    ball = scalar.ball(((), (), 0), fuel)
    if isinstance(ball, NoValueError) or not ball.firm:
        return None
    return f"~{_rounded(ball.value)}"


def _function(scalar: Scalar, fuel: Fuel) -> str | None:
    """What an expression is worth at two fixed points; None where it has no firm value at one."""
    names = tuple(sorted(scalar.names))
    values = []
    for point in range(2):
        ball = scalar.ball((names, (), point), fuel)
        if isinstance(ball, NoValueError) or not ball.firm:
            return None
        values.append(_rounded(ball.value))
    return f"f({', '.join(names)}) ~ {' '.join(values)}"


def _rounded(value: float | complex) -> str:
    if isinstance(value, complex):
        return f"{value.real:.{DIGITS}g}{value.imag:+.{DIGITS}g}i"
    return f"{value:.{DIGITS}g}"


def _items(thing: Items, fuel: Fuel) -> str:
    found = [_text(item, fuel) for item in thing.items]
    kept = found if thing.sort == "list" else list(dict.fromkeys(found))
    return kept[0] if len(kept) == 1 and thing.sort == "or" else f"{{{'; '.join(sorted(kept))}}}"


def _in_order(things: Sequence[Thing], fuel: Fuel) -> str:
    return "; ".join(_text(thing, fuel) for thing in things)


def _matrix(thing: Matrix, fuel: Fuel) -> str:
    return f"[{' | '.join(_in_order(row, fuel) for row in thing.rows)}]"


def _record(thing: Record, fuel: Fuel) -> str:
    return f"{{{'; '.join(sorted(f'{name} = {_text(each, fuel)}' for name, each in thing.definitions.items()))}}}"


def _definition(thing: Definition, fuel: Fuel) -> str | None:
    """Its value, against which a bare value is right; what binds arguments keeps its left side."""
    return None if thing.params else _text(thing.value, fuel)


_MAKERS: Final[dict[type[Thing], Callable[[Any, Fuel], str | None]]] = {
    Value: _value,
    Angle: lambda thing, fuel: _value(thing.bare, fuel),
    Percent: lambda thing, fuel: _value(Value(thing.node), fuel),
    Quantity: lambda thing, fuel: _text(thing.amount, fuel),
    Items: _items,
    Tuple: lambda thing, fuel: f"{thing.brackets[0]}{_in_order(thing.items, fuel)}{thing.brackets[1]}",
    Matrix: _matrix,
    Record: _record,
    Definition: _definition,
}
