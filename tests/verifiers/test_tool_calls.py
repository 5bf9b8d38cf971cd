"""Verdicts on tool calls: the gold itself, and everything that can be wrong with a call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import VerifierError
from assaygym.types import ToolCall, Verdict
from assaygym.verifiers.base import judge
from assaygym.verifiers.tool_calls import CallGold, tool_calls

FUNCTIONS = {
    "geo.area": {
        "type": "dict",
        "properties": {
            "width": {"type": "integer"},
            "height": {"type": "float"},
            "unit": {"type": "string"},
            "points": {"type": "array", "items": {"type": "float"}},
            "style": {"type": "dict"},
            "exact": {"type": "boolean"},
            "tag": {"type": "any"},
        },
        "required": ["width", "height"],
    },
    "say": {"type": "dict", "properties": {"text": {"type": "String"}}, "required": ["text"]},
}
AREA: tuple[str, dict[str, list[Any]]] = (
    "geo.area",
    {
        "width": [3],
        "height": [4.0, 4.5],
        "unit": ["", "square metres", "m^2"],
        "points": ["", [1.0, 2.5]],
        "style": ["", {"colour": ["red", "dark red"], "dash": ["", True]}],
        "exact": ["", False],
        "tag": ["", "x"],
    },
)
ONE = CallGold("these", (AREA,), FUNCTIONS)
BOTH = CallGold("these", (AREA, ("say", {"text": ["hi"]}), ("say", {"text": ["ho"]})), FUNCTIONS)


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(id="c", name=name, arguments=json.dumps(arguments))


def value(*calls: ToolCall, gold: CallGold = ONE) -> float:
    return tool_calls()(calls, gold).value


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"height": 4},
        {"height": 4.5},
        {"unit": "Square-Metres"},
        {"unit": "m2"},
        {"unit": ""},
        {"points": [1, 2.5]},
        {"style": {"colour": "Red"}},
        {"style": {"colour": "dark red", "dash": True}},
        {"exact": False, "tag": "x"},
    ],
)
def test_every_accepted_way_to_write_a_call_is_right(arguments: dict[str, Any]) -> None:
    assert value(call("geo.area", **{"width": 3, "height": 4.0, **arguments})) == 1.0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"width": 4}, "'width' of geo.area is 4, expected 3"),
        ({"width": 3.0}, "'width' of geo.area is no integer"),
        ({"width": "3"}, "'width' of geo.area is no integer"),
        ({"width": True}, "'width' of geo.area is no integer"),
        ({"height": "4.0"}, "'height' of geo.area is no float"),
        ({"height": 5}, "'height' of geo.area is 5"),
        ({"unit": "feet"}, "'unit' of geo.area"),
        ({"unit": ["m^2"]}, "'unit' of geo.area is no string"),
        ({"points": [2.5, 1.0]}, "'points' of geo.area"),
        ({"points": [1.0]}, "'points' of geo.area"),
        ({"points": [True, 2.5]}, "'points' of geo.area is [true, 2.5]"),
        ({"style": {"colour": "blue"}}, "'style' of geo.area"),
        ({"style": {}}, "'style' of geo.area"),
        ({"style": {"colour": "red", "width": 1}}, "'style' of geo.area"),
        ({"exact": 0}, "'exact' of geo.area is no boolean"),
        ({"exact": True}, "'exact' of geo.area is true"),
        ({"depth": 1}, "the parameter 'depth', which is not wanted"),
        ({"width": None}, "'width' of geo.area is no integer"),
    ],
)
def test_a_wrong_value_type_or_parameter_is_wrong_and_named(arguments: dict[str, Any], reason: str) -> None:
    score = tool_calls()((call("geo.area", **{"width": 3, "height": 4.0, **arguments}),), ONE)
    assert score.verdict is Verdict.INCORRECT
    assert reason in score.explanation


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ((), "0 calls, expected 1"),
        ((call("geo.area", width=3),), "lacks the required parameter 'height'"),
        ((call("geo.areas", width=3, height=4.0),), "geo.areas was called, expected geo.area"),
        ((call("area", width=3, height=4.0),), "area was called"),
        ((call("geo.area", width=3, height=4.0),) * 2, "2 calls, expected 1"),
        ((ToolCall(id="c", name="geo.area", arguments="{broken"),), "no JSON object"),
        ((ToolCall(id="c", name="geo.area", arguments="[3, 4]"),), "no JSON object"),
        ((ToolCall(id="c", name="geo.area", arguments="[" * 100_000),), "no JSON object"),
        ((ToolCall(id="c", name="geo.area", arguments='{"width": ' + "9" * 5000 + "}"),), "no JSON object"),
    ],
)
def test_a_wrong_name_number_or_form_of_calls_is_wrong(calls: tuple[ToolCall, ...], reason: str) -> None:
    score = judge(tool_calls(), calls, ONE)
    assert score.verdict is Verdict.INCORRECT
    assert reason in score.explanation


def test_a_dot_in_a_name_may_be_an_underscore() -> None:
    assert value(call("geo_area", width=3, height=4.0)) == 1.0


@given(st.permutations([0, 1, 2]))
def test_parallel_calls_are_right_in_any_order(order: list[int]) -> None:
    calls = [call("geo.area", width=3, height=4.0), call("say", text="hi"), call("say", text="Ho")]
    assert value(*(calls[n] for n in order), gold=BOTH) == 1.0


def test_a_parallel_call_made_twice_does_not_stand_for_another() -> None:
    area, said = call("geo.area", width=3, height=4.0), call("say", text="hi")
    score = tool_calls()((area, said, said), BOTH)
    assert (score.value, score.metrics) == (0.0, {"calls": 3.0, "expected": 3.0})
    assert "'text' of say" in score.explanation


def test_calls_that_fit_several_golds_are_given_out_as_well_as_possible() -> None:
    gold = CallGold("these", (("say", {"text": ["a", "b"]}), ("say", {"text": ["a"]})), FUNCTIONS)
    assert value(call("say", text="a"), call("say", text="b"), gold=gold) == 1.0
    assert value(call("say", text="b"), call("say", text="b"), gold=gold) == 0.0


def test_a_value_of_another_type_than_declared_is_right_where_the_gold_is_of_it() -> None:
    gold = CallGold("these", (("geo.area", {"width": ["w"], "height": [1.0]}),), FUNCTIONS)
    assert value(call("geo.area", width="w", height=1), gold=gold) == 1.0
    assert value(call("geo.area", width=3, height=1), gold=gold) == 0.0


@pytest.mark.parametrize(("calls", "right"), [((), 1.0), ((call("say", text="a"),), 0.0), ((call("x"),), 0.0)])
def test_where_nothing_fits_no_call_is_right(calls: tuple[ToolCall, ...], right: float) -> None:
    assert value(*calls, gold=CallGold("none", (), FUNCTIONS)) == right


@pytest.mark.parametrize(
    ("calls", "right"),
    [
        ((call("say", text="anything"),), 1.0),
        ((call("nonsense"), call("say", text="anything")), 1.0),
        ((), 0.0),
        ((call("nonsense"),), 0.0),
        ((call("say"),), 0.0),
        ((call("say", text=1),), 0.0),
        ((call("say", text="a", loud=True),), 0.0),
        ((ToolCall(id="c", name="say", arguments="no"),), 0.0),
    ],
)
def test_where_something_fits_a_call_that_a_function_takes_is_right(calls: tuple[ToolCall, ...], right: float) -> None:
    assert value(*calls, gold=CallGold("some", (), FUNCTIONS)) == right


def test_a_gold_of_a_function_that_is_not_offered_is_our_fault_and_no_zero() -> None:
    gold = CallGold("these", (("gone", {}),), FUNCTIONS)
    with pytest.raises(VerifierError, match="'gone', which is not among the functions"):
        tool_calls()((call("say", text="a"),), gold)
    assert judge(tool_calls(), (call("say", text="a"),), gold).verdict is Verdict.INVALID


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=8,
    )
)
def test_no_argument_whatever_makes_a_verdict_invalid(argument: Any) -> None:
    for gold in (ONE, BOTH, CallGold("some", (), FUNCTIONS)):
        calls = (call("geo.area", width=3, height=argument),)
        assert judge(tool_calls(), calls, gold).verdict in (Verdict.CORRECT, Verdict.INCORRECT)
