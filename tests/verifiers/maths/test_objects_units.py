"""Units of measure as they are written."""

from __future__ import annotations

from fractions import Fraction

import pytest

from assaygym.verifiers.maths.objects.units import read_unit


@pytest.mark.parametrize(
    "spellings",
    [
        "cm|centimeter|centimeters|centimetre|centimetres",
        "ft^2|sqft|squarefeet|squarefoot|ft²",
        "m/s|meterspersecond|ms^-1|m s^{-1}|metre per second",
        "cm^3|cubiccentimeters|cubic cm|mL|ml|cc|centimeters cubed",
        "h|hr|hrs|hour|hours",
        "$|dollar|dollars|USD|US$",
        "km/h|kmh|kilometersperhour|kph",
        "lb|lbs|pound|pounds",
        "mi/h|milesperhour|mph",
        "N|kg*m/s^2|newtons",
        "apple|apples|Apples",
        "inch|inches|in",
        "°C|degreesCelsius|℃",
        "person|people|persons",
    ],
)
def test_spellings_of_one_unit(spellings: str) -> None:
    first, *others = map(read_unit, spellings.split("|"))
    assert all(first.same_as(other) for other in others)


@pytest.mark.parametrize(
    "pair", ["cm|m", "cm^2|cm", "$|€", "km/h|m/s", "apples|oranges", "g|kg", "h|min", "°C|°F", "m|min", "s|m", "mL|L"]
)
def test_different_units(pair: str) -> None:
    one, other = map(read_unit, pair.split("|"))
    assert not one.same_as(other)


@pytest.mark.parametrize(
    ("text", "factor"),
    [("km", 1000), ("ft", "0.3048"), ("km/h", "5/18"), ("sqft", "0.09290304"), ("week", 604800), ("lb", "0.45359237")],
)
def test_factors_are_exact(text: str, factor: str | int) -> None:
    assert read_unit(text).factor == Fraction(factor)


def test_what_is_no_known_unit_measures_nothing_else() -> None:
    assert read_unit("apples").dimensions is None
    assert not read_unit("apples").measures_as(read_unit("apples"))


@pytest.mark.parametrize("text", ["", "^", "^^^", "///", "per", "perper", "s" * 5000, "a^9" * 2000, "°" * 300, "\0"])
def test_any_text_is_read(text: str) -> None:
    assert read_unit(text).same_as(read_unit(text))
