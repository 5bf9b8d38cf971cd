r"""Units of measure as they are written: `cm^2`, `square feet`, `m/s`, `metres per second`, `apples`, `$`.

A unit is read to a product of powers of named units. Two of them are the same when these products are, or when both
measure the same quantity by the same factor (`mL` and `cm^3`). Words that are no unit we know count as one each.
Factors: the SI brochure (9th edition), and the international yard, pound and US gallon, exactly.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = ["Unit", "read_unit"]

Powers = tuple[tuple[str, int], ...]


class Unit(NamedTuple):
    """A product of powers of units by their names; `dimensions` is None when one of them is no unit we know."""

    powers: Powers
    dimensions: Powers | None
    factor: Fraction

    def same_as(self, other: Unit) -> bool:
        """Whether both are one unit, however spelled."""
        if self.powers == other.powers or {self.powers, other.powers} == _POUNDS:
            return True
        return self.measures_as(other) and self.factor == other.factor

    def measures_as(self, other: Unit) -> bool:
        """Whether one can be converted to the other."""
        return self.dimensions is not None and self.dimensions == other.dimensions


_BASE: Final[dict[str, tuple[str, str, Fraction]]] = {}
"""Canonical name -> (name, dimensions, factor to the coherent unit)."""
_SPELLINGS: Final[dict[str, str]] = {}


def _define(name: str, dimensions: str, factor: str | Fraction, *spellings: str) -> None:
    _BASE[name] = (name, dimensions, Fraction(factor))
    for spelling in (name, *spellings):
        _SPELLINGS[spelling] = name


def _define_prefixed(symbol: str, dimensions: str, factor: str, *words: str) -> None:
    _define(symbol, dimensions, factor, *words, *(word + "s" for word in words))
    for letter, prefix, power in _PREFIXES:
        names = [prefix + word for word in words]
        size = Fraction(factor) * (Fraction(10) ** power)
        _define(letter + symbol, dimensions, size, *names, *(name + "s" for name in names))


_PREFIXES: Final = (
    ("n", "nano", -9),
    ("u", "micro", -6),
    ("m", "milli", -3),
    ("c", "centi", -2),
    ("d", "deci", -1),
    ("k", "kilo", 3),
    ("M", "mega", 6),
    ("G", "giga", 9),
)
_METRIC: Final = (
    ("m", "L", "1", "meter", "metre"),
    ("g", "M", "1/1000", "gram", "gramme"),
    ("s", "T", "1", "sec", "second"),
    ("L", "L3", "1/1000", "liter", "litre"),
    ("N", "M L T-2", "1", "newton"),
    ("J", "M L2 T-2", "1", "joule"),
    ("W", "M L2 T-3", "1", "watt"),
    ("Pa", "M L-1 T-2", "1", "pascal"),
    ("Hz", "T-1", "1", "hertz"),
    ("A", "I", "1", "ampere", "amp"),
    ("V", "M L2 T-3 I-1", "1", "volt"),
    ("ohm", "M L2 T-3 I-2", "1", "Ω"),
    ("C", "I T", "1", "coulomb"),
    ("F", "M-1 L-2 T4 I2", "1", "farad"),
    ("T", "M T-2 I-1", "1", "tesla"),
    ("mol", "N", "1", "mole"),
    ("eV", "M L2 T-2", "1.602176634e-19", "electronvolt"),
    ("cal", "M L2 T-2", "4.184", "calorie"),
    ("B", "B", "1", "byte"),
)
_OTHERS: Final = (
    ("min", "T", "60", "mins", "minute", "minutes"),
    ("h", "T", "3600", "hr", "hrs", "hour", "hours"),
    ("day", "T", "86400", "days"),
    ("week", "T", "604800", "weeks", "wk", "wks"),
    ("month", "months", "1", "months", "mo"),
    ("year", "years", "1", "years", "yr", "yrs", "yearsold", "yearold"),
    ("in", "L", "0.0254", "inch", "inches", "ins"),
    ("ft", "L", "0.3048", "foot", "feet"),
    ("yd", "L", "0.9144", "yard", "yards", "yds"),
    ("mi", "L", "1609.344", "mile", "miles"),
    ("lb", "M", "0.45359237", "lbs"),
    ("pound", "M", "0.45359237", "pounds"),
    ("oz", "M", "0.028349523125", "ounce", "ounces"),
    ("ton", "ton", "1", "tons"),
    ("tonne", "M", "1000", "tonnes"),
    ("gal", "L3", "0.003785411784", "gallon", "gallons"),
    ("qt", "L3", "0.000946352946", "quart", "quarts"),
    ("pt", "L3", "0.000473176473", "pint", "pints"),
    ("cup", "L3", "0.0002365882365", "cups"),
    ("acre", "L2", "4046.8564224", "acres"),
    ("ha", "L2", "10000", "hectare", "hectares"),
    ("mph", "L T-1", "0.44704"),
    ("kmh", "L T-1", "5/18", "kph"),
    ("K", "K", "1", "kelvin", "kelvins"),
    ("degC", "degC", "1", "°C", "℃", "celsius", "degreescelsius", "degreecelsius"),
    ("degF", "degF", "1", "°F", "℉", "fahrenheit", "degreesfahrenheit", "degreefahrenheit"),
    ("rad", "angle", "1", "radian", "radians", "rads"),
    ("deg", "degree", "1", "°", "degree", "degrees", "degs"),
    ("rpm", "rpm", "1"),
    ("$", "$", "1", "dollar", "dollars", "USD", "US$", "bucks", "usd"),
    ("¢", "$", "1/100", "cent", "cents"),
    ("€", "€", "1", "euro", "euros", "EUR", "eur"),
    ("£", "£", "1", "GBP", "gbp", "poundsterling", "poundssterling"),
    ("¥", "¥", "1", "yen", "yuan", "CNY", "RMB", "JPY", "rmb", "元"),
    ("₹", "₹", "1", "rupee", "rupees", "INR", "Rs", "Rs."),
    ("person", "person", "1", "people", "persons"),
    ("unit", "unit", "1", "units"),
)
for _symbol, _dimensions, _factor, *_names in _METRIC:
    _define_prefixed(_symbol, _dimensions, _factor, *_names)
for _symbol, _dimensions, _factor, *_names in _OTHERS:
    _define(_symbol, _dimensions, _factor, *_names)
_SPELLINGS.update({"sq": "square", "cu": "cubic", "squared": "squared", "cubed": "cubed", "μm": "um", "µm": "um"})
_SPELLINGS.update(
    {
        "l": "L",
        "ml": "mL",
        "cl": "cL",
        "dl": "dL",
        "cc": "cc",
        "hz": "Hz",
        "kwh": "kWh",
        "Km": "km",
        "KM": "km",
        "Kg": "kg",
    }
)
_define("cc", "L3", "1e-6")
_define("kWh", "M L2 T-2", "3600000", "kilowatthour", "kilowatthours")
_POWER_WORDS: Final = {"square": 2, "cubic": 3}
_AFTER_WORDS: Final = {"squared": 2, "cubed": 3}
_SPELLINGS.update({word: word for word in (*_POWER_WORDS, *_AFTER_WORDS)})
_LONGEST: Final = max(map(len, _SPELLINGS))
_POUNDS: Final = {(("£", 1),), (("pound", 1),)}
"""The word is the same for both."""
_NUMBERS: Final = {"²": 2, "³": 3}
_PIECES: Final = re.compile(
    r"\^?\{?\(?([-−]?[1-9][0-9]?)\)?\}?|([²³])|(/|per(?=[^a-z]|\b))|([*·⋅.\s~-]+)|(°?[^\W\d_²³]+[$€£¥₹]?|[$€£¥₹¢°℃℉%]+|[^\s^{}()])"
)
_MAX_CHARS: Final = 60


@lru_cache(maxsize=2048)
def read_unit(text: str) -> Unit:
    """The unit of a text; never fails: what it does not know is a unit of that name."""
    powers: dict[str, int] = {}
    if text.startswith(("ms^-", "ms^{-")):  # the blank between the units is lost
        text = "m " + text[1:]
    for name, power in _factors(text[:_MAX_CHARS]):
        powers[name] = powers.get(name, 0) + power
    dimensions: dict[str, int] | None = {}
    factor = Fraction(1)
    for name, power in powers.items():
        if name not in _BASE:
            dimensions = None
            break
        _, kinds, size = _BASE[name]
        factor *= size**power
        for kind in kinds.split():
            letter, exponent = _split_dimension(kind)
            assert dimensions is not None
            dimensions[letter] = dimensions.get(letter, 0) + exponent * power
    return Unit(_frozen(powers), None if dimensions is None else _frozen(dimensions), factor)


def _frozen(powers: dict[str, int]) -> Powers:
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _split_dimension(text: str) -> tuple[str, int]:
    letter = text.rstrip("-0123456789")
    return letter, int(text[len(letter) :] or 1)


def _factors(text: str) -> list[tuple[str, int]]:
    """The named units of a text with their powers, in order."""
    found: list[tuple[str, int]] = []
    sign, pending = 1, 1
    for power, raised, over, _space, word in _PIECES.findall(text):
        if power or raised:
            exponent = _NUMBERS[raised] if raised else int(power.replace("−", "-"))
            if found:
                found[-1] = (found[-1][0], found[-1][1] * exponent)
        elif over:
            sign = -1
        elif word:
            for name in _words(word):
                if name == "per":
                    sign = -1
                elif name in _POWER_WORDS:
                    pending = _POWER_WORDS[name]
                elif name in _AFTER_WORDS and found:
                    found[-1] = (found[-1][0], found[-1][1] * _AFTER_WORDS[name])
                else:
                    found.append((name, sign * pending))
                    pending = 1
    return found


def _words(text: str) -> list[str]:
    """Canonical names of units written together: `squarefeet`, `meterspersecond`, `kmh`."""
    whole = _known(text)
    if whole is not None:
        return [whole]
    before, per, after = text.partition("per")
    if per and before and after:
        return [*_words(before), "per", *_words(after)]
    for size in range(min(len(text) - 1, _LONGEST), 1, -1):
        name = _known(text[:size])
        if name is not None and (name in _POWER_WORDS or _known(text[size:]) in _AFTER_WORDS):
            return [name, *_words(text[size:])]
    return [_singular(text.casefold()) if len(text) > 2 else text]


def _known(text: str) -> str | None:
    return _SPELLINGS.get(text) or (_SPELLINGS.get(text.lower()) if len(text) > 3 else None)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
