r"""Options and presets: what each of them changes, and that it changes nothing else."""

from dataclasses import fields
from typing import Any

import pytest

from assaygym.errors import ConfigError
from assaygym.verifiers import verify_math
from assaygym.verifiers.maths.policy import PRESETS, MathPolicy

FLIPS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (r"\sqrt{17} | 4.123105626", {"significant": 0}, {"significant": 10}),
    (r"\sqrt{17} | 4.1231", {}, {"significant": 5}),
    (r"\sqrt{6} | 2.45", {}, {"rounding": True}),
    (r"\frac{100}{3} | 33.3", {}, {"rounding": True}),
    (r"33.3 | \frac{100}{3}", {}, {"rounding": True}),
    ("3.14 | 3.15", {"tolerance": 0.001}, {"tolerance": 0.01}),
    ("4.2 | 4.1", {"absolute": 0.01}, {"absolute": 0.11}),
    ("4.2, 7 | 4.1, 7", {"absolute": (0.01, 1.0)}, {"absolute": (0.2, 0.0)}),
    ("70 | 71", {}, {"absolute": 1}),
    (r"25\% | 25", {}, {"percent": "either"}),
    (r"6 | 2\cdot3", {}, {"unevaluated": True}),
    ("7 | 15-8", {}, {"unevaluated": True}),
    ("1, 5 | 5, 1", {"list_order": "given"}, {"list_order": "any"}),
    (r"\{1,2\} | (1,2)", {}, {"tuple_as_set": True}),
    ("(7,-8) | 7, -8", {}, {"bare_tuple": True}),
    (r"\begin{pmatrix}1\\2\end{pmatrix} | \begin{pmatrix}1&2\end{pmatrix}", {}, {"row_column": True}),
    (r"14 \text{ km} | 14", {"units": "required"}, {"units": "missing"}),
    (r"2 \text{ km} | 2000 \text{ m}", {"units": "missing"}, {"units": "convert"}),
    ("7:45 a.m. | 7:45", {"units": "required"}, {"units": "missing"}),
    ("3.14 | 3,14", {}, {"decimal_comma": True}),
    ("x^2+C | x^2", {}, {"plus_c": True}),
    ("y=7 | x=7", {}, {"rename": True}),
    ("5:1 | 5", {}, {"ratio_as_number": True}),
    ("3201_4 | 3201", {}, {"base_omitted": True}),
    ("5 | So it comes to 5.", {"strict_format": True}, {"strict_format": False}),
]

NEVER = [
    "6 | 7", r"\sqrt{6} | 2.46", "[3,9) | [3,9]", "(1,2,3) | (1,3,2)", r"\{1,2\} | \{1\}", "3201_4 | 3201_5",
    "x>3 | x<3",
    r"14 \text{ km} | 14 \text{ cm}", r"25\% | 26", "x^2+C | x^3", "5:1 | 1:5", "10^{10} | 10^{10}+1", "6 | 6 or 9",
    "y=7 | x=8", "prime | not prime", "A | B",
]  # fmt: skip


def equal(pair: str, policy: MathPolicy | str, *, boxed: bool = False) -> bool:
    gold, pred = pair.split(" | ")
    return verify_math(rf"\boxed{{{pred}}}" if boxed else pred, gold, policy=policy).value == 1.0


@pytest.mark.parametrize(("pair", "without", "given"), FLIPS)
def test_an_option_decides_its_pair(pair: str, without: dict[str, Any], given: dict[str, Any]) -> None:
    assert not equal(pair, MathPolicy.of(**without))
    assert equal(pair, MathPolicy.of(**given))


def test_every_option_has_a_pair_that_it_decides() -> None:
    assert {option for _, without, given in FLIPS for option in (*without, *given)} == {
        field.name for field in fields(MathPolicy)
    }


@pytest.mark.parametrize("pair", NEVER)
@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_accepts_another_answer(pair: str, name: str) -> None:
    assert not equal(pair, name, boxed=True)


@pytest.mark.parametrize(
    ("name", "pair", "right"),
    [
        ("strict", "1, 5 | 5, 1", False),
        ("strict", r"14 \text{ km} | 14", False),
        ("strict", r"\frac{1}{2} | 0.5", True),
        ("strict", r"\sqrt{17} | 4.12310562561766", False),
        ("lenient", r"\sqrt{6} | 2.45", True),
        ("lenient", r"25\% | 25", True),
        ("lenient", r"2 \text{ km} | 2000 \text{ m}", True),
        ("lenient", "(7,-8) | 7, -8", True),
        ("lenient", "x^2+C | x^2", True),
        ("lenient", "y=7 | x=7", True),
        ("gsm8k", r"18 | \$18.00", True),
        ("gsm8k", r"18 | 18\%", True),
        ("gsm8k", "1200 | 1,200", True),
        ("math", r"25\% | 25", True),
        ("math", "y=7 | x=7", True),
        ("math", "1, 5 | 5, 1", False),
        ("math", r"5 | 5 \text{ cm}", True),
        ("olympiadbench", r"14 \text{ km} | 14", False),
        ("olympiadbench", r"0.6 | 60\%", True),
        ("olympiadbench", "(2,1),(3,1) | (3,1),(2,1)", True),
        ("aime", "33 | 033", True),
        ("aime", "33 | 33.0000000001", False),
    ],
)
def test_a_preset_is_as_its_grader(name: str, pair: str, right: bool) -> None:
    assert equal(pair, name, boxed=True) is right


def test_a_preset_is_found_by_its_name_and_changed_by_options() -> None:
    assert MathPolicy.of() == PRESETS["default"] == MathPolicy()
    assert MathPolicy.of("strict", units="missing") == MathPolicy.of(PRESETS["strict"], units="missing")
    assert MathPolicy.of("olympiadbench", absolute=[0.1, 0.2]).absolute == (0.1, 0.2)


def test_policies_key_caches() -> None:
    assert len({MathPolicy.of(name) for name in PRESETS} | set(PRESETS.values())) == len(PRESETS)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"percent": "both"}, "percent='both'; expected one of 'number', 'either'"),
        ({"units": True}, "units=True; expected one of"),
        ({"rounding": "yes"}, "rounding='yes'; expected true or false"),
        ({"significant": -1}, "significant=-1; expected an integer from 0"),
        ({"significant": True}, "significant=True"),
        ({"tolerance": float("nan")}, "tolerance=nan; expected a finite number"),
        ({"tolerance": "0.1"}, "tolerance='0.1'"),
        ({"absolute": float("inf")}, "absolute=inf; expected a finite number from 0, or several"),
        ({"absolute": ()}, r"absolute=\(\)"),
        ({"absolute": [0.1, "x"]}, "absolute="),
        ({"tolerence": 1}, "no option 'tolerence'; did you mean 'tolerance'"),
    ],
)
def test_an_option_that_cannot_be_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        MathPolicy.of(**options)


def test_a_preset_that_does_not_exist_suggests_one_that_does() -> None:
    with pytest.raises(ConfigError, match="math policy 'hendryks' does not exist"):
        MathPolicy.of("hendryks")
    with pytest.raises(ConfigError, match="did you mean 'olympiadbench'"):
        MathPolicy.of("olympiad_bench")
