r"""What counts as the same answer, where the field differs: one named option each, and presets named after graders.

What no option changes: notation never matters (typesetting, separators, fraction, decimal, percent as its number,
radicals, factored or expanded, rearranged equations, inequality and interval), and another value, however close, an
open for a closed endpoint, order in a tuple, a missing or extra element, another base, several guesses are never the
same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

from assaygym.errors import ConfigError, did_you_mean

__all__ = ["PRESETS", "MathPolicy"]


@dataclass(frozen=True, slots=True)
class MathPolicy:
    r"""How `verify_math` decides; hashable, so that it can key caches. Examples are gold, then answer.

    Attributes:
        significant: a decimal of at least so many correct significant digits stands for an exact gold that it rounds:
            `\sqrt{17}`, `4.123105626`. 0: never.
        rounding: a decimal that rounds the gold to the digits it is written with is right whatever their number, from
            three significant ones: `\sqrt{6}`, `2.45`; `\frac{100}{3}`, `33.3`; and so the other way about.
        tolerance: largest relative difference of two numbers; 0 for none: 0.01 for `3.14`, `3.15`. Integers always
            have to agree.
        absolute: largest absolute difference of two numbers (or one per item, for a list), as some data sets give it
            with a row: 0.2 for `4.2`, `4.1`; (0.1, 0) for `4.2, 7`, `4.1, 7`. Integers too.
        percent: what `25` is for `25\%`: `"number"` (25, so wrong) or `"either"`. `0.25` is right under both.
        unevaluated: whether plain arithmetic that is left to do is right for a gold that is a plain number: `6`,
            `2\cdot3`; `7`, `15-8`. Powers, roots, factorials, binomials, fractions always are.
        list_order: whether a bare list is right in any order or only in the `"given"` one: `1, 5`, then `5, 1`.
        tuple_as_set: whether brackets of a list do not matter: `\{1,2\}`, `(1,2)`; `2, 1`, `(1,2)`.
        bare_tuple: whether a tuple may lack its brackets: `(7,-8)`, `7, -8`.
        row_column: whether a row vector is right for a column vector. (A tuple is right for either.)
        units: a unit `"missing"` on one side is no matter: `14 km`, `14`; `"required"`: it has to be there when the
            gold has one; `"convert"`: missing is no matter, and `2 km` is `2000 m`. Another unit than the gold's is
            wrong otherwise. A missing a.m. or p.m. is a missing unit.
        decimal_comma: whether `3,14` is 3.14; if not, it is a list. (`1.234,56` is always 1234.56.)
        plus_c: whether an antiderivative may lack the `+C` of the gold: `x^2+C`, `x^2`.
        rename: whether the name of what is found does not matter: `y=7`, `x=7`. (Bound names and integer parameters
            may always be renamed.)
        ratio_as_number: whether a ratio is its quotient: `5:1`, `5`.
        base_omitted: whether the digits of a number are right without its base: `3201_4`, `3201`.
        strict_format: whether only a marked answer (a box, `####`, `<answer>`) is read, none found in prose.

    Raises:
        ConfigError: an option has a value that it cannot have.
    """

    significant: int = 10
    rounding: bool = False
    tolerance: float = 0.0
    absolute: float | tuple[float, ...] = 0.0
    percent: Literal["number", "either"] = "number"
    unevaluated: bool = False
    list_order: Literal["any", "given"] = "any"
    tuple_as_set: bool = False
    bare_tuple: bool = False
    row_column: bool = False
    units: Literal["missing", "required", "convert"] = "missing"
    decimal_comma: bool = False
    plus_c: bool = False
    rename: bool = False
    ratio_as_number: bool = False
    base_omitted: bool = False
    strict_format: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            expected = _expected(field.name, getattr(self, field.name))
            if expected:
                raise ConfigError(f"math policy: {field.name}={getattr(self, field.name)!r}; expected {expected}")

    @classmethod
    def of(cls, policy: MathPolicy | str = "default", /, **options: Any) -> MathPolicy:
        """A preset by its name (or a policy), with some options set otherwise; a list of tolerances may be a list.

        Raises:
            ConfigError: there is no such preset or option, or an option cannot have that value.
        """
        if isinstance(policy, str):
            if policy not in PRESETS:
                raise ConfigError(f"math policy {policy!r} does not exist; {did_you_mean(policy, PRESETS)}")
            policy = PRESETS[policy]
        names = [field.name for field in fields(cls)]
        for name in options:
            if name not in names:
                raise ConfigError(f"a math policy has no option {name!r}; {did_you_mean(name, names)}")
        if isinstance(options.get("absolute"), list):
            options["absolute"] = tuple(options["absolute"])
        return replace(policy, **options) if options else policy


_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "percent": ("number", "either"),
    "list_order": ("any", "given"),
    "units": ("missing", "required", "convert"),
}


def _expected(name: str, value: object) -> str:
    """What was expected of an option's value; "" when it is that."""
    if name in _WORDS:
        return "" if value in _WORDS[name] else f"one of {', '.join(map(repr, _WORDS[name]))}"
    if name == "significant":
        return "" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else "an integer from 0"
    if name == "tolerance":
        return "" if _is_gap(value) else "a finite number from 0"
    if name == "absolute":
        gaps = value if isinstance(value, tuple) else (value,)
        return "" if gaps and all(map(_is_gap, gaps)) else "a finite number from 0, or several"
    return "" if isinstance(value, bool) else "true or false"


def _is_gap(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")


PRESETS: Final[dict[str, MathPolicy]] = {
    "default": MathPolicy(),
    "strict": MathPolicy(significant=0, list_order="given", units="required", strict_format=True),
    "lenient": MathPolicy(
        rounding=True,
        percent="either",
        unevaluated=True,
        bare_tuple=True,
        row_column=True,
        units="convert",
        plus_c=True,
        rename=True,
        ratio_as_number=True,
        base_omitted=True,
    ),
    "gsm8k": MathPolicy(significant=0, percent="either"),
    "math": MathPolicy(percent="either", list_order="given", rename=True),
    "olympiadbench": MathPolicy(percent="either", units="required"),
    "aime": MathPolicy(significant=0),
}
r"""Policies by name.

    default        the policy of this library
    strict         nothing is given away: a marked answer, the gold's units, the given order, exact values
    lenient        whatever a patient teacher would let pass; still no other value
    gsm8k          numbers; signs of currency and percent do not count, as in the extraction of `#### 18`
    math           as the graders of Hendrycks MATH and Minerva, which drop `\%`, units and what stands before `=`, and
                   compare lists as they stand; and by value, where those compare text
    olympiadbench  as that benchmark's judge: units count, `0.6` is `60\%`, lists in any order. Its `precision` is
                   `absolute` (of a row, for a list one per item); its default of 1e-8 is what `significant` is for
    aime           an integer (of 0 to 999, leading zeros or not): no decimal stands for it
"""
