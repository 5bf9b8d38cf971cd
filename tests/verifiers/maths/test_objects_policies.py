"""Each option of the policy that typed objects read, on and off."""

from __future__ import annotations

from typing import Any

import pytest

from assaygym.verifiers.maths.finding import Finding, same, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.tree import Node


def compared(gold: str, pred: str, **options: Any) -> bool:
    context = Context(MathPolicy(**options), Fuel(), lambda op, left, right: undecided("no algebra here"))
    left, right = (interpret(parse(normalise(text))) for text in (gold, pred))
    return equal(left, right, context).equal


@pytest.mark.parametrize(
    ("option", "gold", "pred"),
    [
        ({"percent": "either"}, r"25\%", "25"),
        ({"list_order": "any"}, "1, 5", "5, 1"),
        ({"tuple_as_set": True}, "(1,2)", r"\{2,1\}"),
        ({"tuple_as_set": True}, "(1,2)", "[2,1]"),
        ({"bare_tuple": True}, "(7,-8)", "7, -8"),
        ({"row_column": True}, r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1&2\end{pmatrix}"),
        ({"units": "convert"}, r"2 \text{ km}", r"2000 \text{ m}"),
        ({"units": "convert"}, r"90 \text{ minutes}", r"1.5 \text{ hours}"),
        ({"units": "convert"}, r"36 \text{ km/h}", r"10 \text{ m/s}"),
        ({"units": "convert"}, r"150 \text{ minutes}", "2 hours 30 minutes"),
        ({"units": "convert"}, r"1 \text{ mile}", r"1609.344 \text{ m}"),
        ({"units": "convert"}, r"3 \text{ m}^2", r"30000 \text{ cm}^2"),
        ({"units": "convert"}, r"\$5", r"500 \text{ cents}"),
        ({"plus_c": True}, "x^2+C", "x^2"),
        ({"rename": True}, "x=7", "y=7"),
        ({"rename": True}, "x>3", "y>3"),
        ({"rename": True}, "a=1, b=2", "p=1, q=2"),
        ({"ratio_as_number": True}, "5:1", "5"),
        ({"ratio_as_number": True}, "3:8", r"\frac38"),
        ({"base_omitted": True}, "3201_4", "3201"),
        ({"unevaluated": True}, "(3,3)", "(1+2,3)"),
        ({"absolute": (0.1, 0.001)}, "7, 2", "2.0005, 7.05"),
    ],
)
def test_an_option_that_accepts(option: dict[str, Any], gold: str, pred: str) -> None:
    assert compared(gold, pred, **option)


@pytest.mark.parametrize(
    ("option", "gold", "pred"),
    [
        ({}, r"25\%", "25"),
        ({"percent": "either"}, r"25\%", "26"),
        ({"list_order": "given"}, "1, 5", "5, 1"),
        ({}, "(1,2)", r"\{2,1\}"),
        ({}, "(7,-8)", "7, -8"),
        ({"bare_tuple": True}, "(7,-8)", "-8, 7"),
        ({}, r"2 \text{ km}", r"2000 \text{ m}"),
        ({"units": "convert"}, r"2 \text{ km}", r"200 \text{ m}"),
        ({"units": "convert"}, r"2 \text{ km}", r"2000 \text{ g}"),
        ({"units": "required"}, r"2 \text{ km}", "2"),
        ({}, "x^2+C", "x^2"),
        ({"plus_c": True}, "x^2", "x^2+C"),
        ({"plus_c": True}, "x^2+C", "x^3"),
        ({}, "x=7", "y=7"),
        ({"rename": True}, "x=7", "y=8"),
        ({}, "5:1", "5"),
        ({}, "3201_4", "3201"),
        ({"base_omitted": True}, "3201_4", "225"),
        ({"base_omitted": True}, "3201_4", "3201_5"),
        ({}, "(3,3)", "(1+2,3)"),
        ({"absolute": (0.1, 0.001)}, "7, 2", "2.05, 7.05"),
    ],
)
def test_an_option_that_refuses(option: dict[str, Any], gold: str, pred: str) -> None:
    assert not compared(gold, pred, **option)


def test_a_required_unit_may_be_added_by_the_prediction() -> None:
    assert compared("2", r"2 \text{ km}", units="required")
    assert compared(r"2 \text{ km}", r"2 \text{ kilometres}", units="required")


def test_that_a_function_is_zero_is_the_value_zero_only_as_the_gold() -> None:
    assert compared("f(x)=0", "0")
    assert not compared("0", "f(x)=0")


def test_listed_conditions_that_exclude_each_other_are_alternatives() -> None:
    assert compared("x<1, x>3", r"x<1 \text{ or } x>3")
    assert compared(r"x<1 \text{ or } x>3", "x<1, x>3")
    assert not compared(r"x<1 \text{ or } x>3", r"x<1 \text{ and } x>3")
    assert not compared(r"x<1 \text{ and } x>3", r"x<1 \text{ or } x>3")


def test_algebra_is_asked_only_for_what_stays_unevaluated() -> None:
    asked: list[str] = []

    def ask(op: str, gold: Node, pred: Node) -> Finding:
        asked.append(op)
        return same("sympy")

    context = Context(MathPolicy(), Fuel(), ask)
    trees = [parse(normalise(text)) for text in (r"\int_0^1 f(x)\,dx", r"\int_0^1 f(t)\,dt + 0")]
    assert equal(interpret(trees[0]), interpret(trees[1]), context).layer == "sympy"
    assert equal(interpret(parse("x+1")), interpret(parse("x+2")), context).layer != "sympy"
    assert asked == ["equal"]
