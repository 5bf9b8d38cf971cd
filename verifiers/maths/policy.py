r"""What counts as the same answer, where the field differs: one named option each, and presets named after graders.

What no option changes: notation never matters (typesetting, separators, fraction, decimal, percent as its number,
radicals, factored or expanded, rearranged equations, inequality and interval), and another value, however close, an
open for a closed endpoint, order in a tuple, a missing or extra element, another base, several guesses are never the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

from assaygym.errors import ConfigError, did_you_mean

__all__ = ["PRESETS", "MathPolicy"]


@dataclass(frozen=True, slots=True)
class MathPolicy:
    r"""How `verify_math` decides; hashable, so that it can key caches.

    Attributes:
        significant: a decimal of at least so many correct significant digits stands for an exact gold that it rounds:
            `4.123105626` for `\sqrt{17}`. 0: never.
        rounding: a decimal that rounds the gold to the digits it is written with is right whatever their number, from
            three significant ones: `2.45` for `\sqrt{6}`, `33.3` for `\frac{100}{3}`; and so the other way about.
        tolerance: largest relative difference of two numbers; 0 for none. Integers always have to agree.
        absolute: largest absolute difference of two numbers (or one per item, for a list), as some data sets give it
            with a row; integers too.
        percent: what `25` is for `25\%`: `"number"` (25, so wrong) or `"either"`.
        unevaluated: whether plain arithmetic that is left to do (`2\cdot3`, `15-8`) is right for a gold that is a
            plain number. Powers, roots, factorials, binomials, fractions always are.
        list_order: whether a bare list (`1, 5` for `5, 1`) is right in any order or only in the `"given"` one.
        tuple_as_set: whether brackets of a list do not matter: `(1,2)` for `\{1,2\}` or for `2, 1`.
        bare_tuple: whether `7, -8` is right for `(7,-8)`.
        row_column: whether a row vector is right for a column vector. (A tuple is right for either.)
        units: a unit `"missing"` on one side is no matter; `"required"`: it has to be there when the gold has one;
            `"convert"`: missing is no matter, and 2000 m is 2 km. Another unit than the gold's is wrong otherwise.
        decimal_comma: whether `3,14` is 3.14; if not, it is a list. (`1.234,56` is always 1234.56.)
        plus_c: whether an antiderivative may lack the `+C` of the gold.
        rename: whether `x=7` is right for `y=7`. (Bound names and integer parameters may always be renamed.)
        ratio_as_number: whether `5:1` is `5`.
        base_omitted: whether `3201` is right for `3201_4`.
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
        for name, allowed in _ALLOWED.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(
                    f"math policy: {name}={getattr(self, name)!r}; expected one of {', '.join(map(repr, allowed))}"
                )
        gaps = self.absolute if isinstance(self.absolute, tuple) else (self.absolute,)
        if not all(0 <= gap < float("inf") for gap in (*gaps, self.tolerance, self.significant)):
            raise ConfigError("math policy: significant, tolerance and absolute have to be finite and at least 0")

    @classmethod
    def of(cls, policy: MathPolicy | str = "default", /, **options: Any) -> MathPolicy:
        """A preset by its name (or a policy), with some options set otherwise.

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
        return replace(policy, **options) if options else policy


_ALLOWED: Final[dict[str, tuple[Any, ...]]] = {
    "percent": ("number", "either"),
    "list_order": ("any", "given"),
    "units": ("missing", "required", "convert"),
}

PRESETS: Final[dict[str, MathPolicy]] = {"default": MathPolicy()}
