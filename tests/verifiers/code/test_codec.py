"""What we make of data from an untrusted process: read with caps, compared as plain values."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import DataError
from assaygym.verifiers.code.codec import CodecError, Compare, decode_row, encode, equal, loads, read

STRICT = Compare()
PYTHON = Compare(bool_is_int=True)


def same(got: object, expected: object, rules: Compare = STRICT) -> bool:
    return equal(read(encode(got)), read(encode(expected)), rules)


@pytest.mark.parametrize(
    ("got", "expected", "strict", "python"),
    [
        (1, 1, True, True),
        (1, 1.0, True, True),
        (1, 1 + 0j, True, True),
        (True, 1, False, True),
        (0, False, False, True),
        (True, 1.0, False, True),
        (None, 0, False, False),
        ("1", 1, False, False),
        (b"a", "a", False, False),
        ([1], (1,), False, False),
        ([1, 2], [1, 2], True, True),
        ([1, 2], [1], False, False),
        ([1], [1, 2], False, False),
        ([True], [1], False, True),
        ({1, 2}, {2, 1}, True, True),
        ({1, 2}, {1}, False, False),
        ({1}, frozenset({1}), True, True),
        ({True}, {1}, False, True),
        ({(1, 2)}, {(1.0, 2)}, True, True),
        ({(1, 2)}, {(2, 1)}, False, False),
        ({frozenset({1})}, {frozenset({1})}, True, True),
        ({"1"}, {1}, False, False),
        ({"a": [1]}, {"a": [1]}, True, True),
        ({"a": 1}, {"a": 2}, False, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, True),
        ({"a": 1}, {"a": 1, "b": 2}, False, False),
        ({1: 0}, {1.0: 0}, True, True),
        ({1: 0}, {True: 0}, False, True),
        ({1: 0}, {"1": 0}, False, False),
        ({"$set": [1]}, {1}, False, False),
        (range(3), range(0, 3), True, True),
        (range(3), [0, 1, 2], False, False),
        (2**70, 2**70, True, True),
        (2**70, float(2**70), True, True),
        (2**70 + 1, float(2**70), False, False),
        (0.0, -0.0, True, True),
        (math.inf, math.inf, True, True),
        (math.nan, math.nan, False, False),
        (int, int, True, True),
        (int, float, False, False),
    ],
)
def test_values_are_compared_as_python_compares_plain_data(
    got: object, expected: object, strict: bool, python: bool
) -> None:
    assert same(got, expected) is strict
    assert same(got, expected, PYTHON) is python


@pytest.mark.parametrize(
    ("got", "expected", "right"),
    [
        (1.0000001, 1.0, True),
        (1, 1.0000001, True),
        (1.1, 1.0, False),
        ([{"a": 0.1 + 0.2}], [{"a": 0.3}], True),
        (1 + 1e-9j, 1.0, True),
        (1 << 1100, 1.0, False),
        (math.inf, 1.0, False),
        (1.0, math.inf, False),
        (math.nan, 1.0, False),
        (10**6, 10**6 + 1, False),
        (True, 1.0, False),
    ],
)
def test_a_tolerance_holds_for_finite_floats_only(got: object, expected: object, right: bool) -> None:
    assert same(got, expected, Compare(float_abs=1e-6)) is right


def test_a_relative_tolerance_is_of_the_expected_value() -> None:
    rules = Compare(float_rel=0.1)
    assert same(90.0, 100.0, rules)
    assert not same(100.0, 90.0, rules)


@pytest.mark.parametrize(("got", "right"), [(math.nan, True), (1.0, False), (None, False)])
def test_nan_equals_nan_where_asked(got: object, right: bool) -> None:
    assert same([got], [math.nan], Compare(nan_equal=True)) is right


@pytest.mark.parametrize("expected", [None, 0, [], "x", True])
def test_a_handle_equals_nothing(expected: object) -> None:
    handle = read({"$ref": [0, True]})
    assert not equal(handle, read(encode(expected)))
    assert not equal(handle, handle)


@pytest.mark.parametrize(
    "wire",
    [
        {"$ref": 3},
        {"$ref": [0, 1]},
        {"$ref": ["0", True]},
        {"$callback": 0},
        {"$nonsense": []},
        {"$tuple": 3},
        {"$dict": [[1]]},
        {"$dict": {"a": 1}},
        {"$float": "1.5"},
        {"$float": ["nan"]},
        {"$hex": 3},
        {"$hex": "zz"},
        {"$hex": "f" * 300_000},
        {"$bytes": "0"},
        {"$range": [1, 2]},
        {"$range": [0, 9, 0]},
        {"$complex": ["a", 1]},
        {"$type": "object"},
        {"$type": ["int"]},
    ],
)
def test_malformed_data_is_refused(wire: object) -> None:
    with pytest.raises(CodecError):
        read(wire)


def test_data_nested_too_deep_is_refused() -> None:
    wire: Any = []
    for _ in range(400):
        wire = [wire]
    with pytest.raises(CodecError):
        read(wire)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"NaN", b"[" * 100_000, b"9" * 5000, b"[" + b"1," * 5_000_000])
def test_a_message_that_is_no_small_json_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        loads(data)


def test_an_unhashable_key_is_refused_when_compared() -> None:
    with pytest.raises(CodecError):
        equal(read({"$set": [[1]]}), read({"$set": [1]}))


def test_chosen_hash_collisions_cost_nothing() -> None:
    modulus = (1 << 61) - 1  # hash(k * modulus) is 0 for every k
    colliding = {"$set": [{"$hex": format(k * modulus, "x")} for k in range(1, 60_000)]}
    start = time.process_time()
    assert not equal(read(colliding), read({"$set": [1]}))
    assert time.process_time() - start < 5


def test_duplicates_in_a_set_do_not_stand_for_other_members() -> None:
    assert not equal(read({"$set": [1, 1]}), read({"$set": [1, 2]}))


numbers = st.integers() | st.floats() | st.booleans()
values = st.recursive(
    numbers | st.text() | st.none(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=15,
)


def _has_nan(value: object) -> bool:
    return "nan" in repr(value)


@given(values, values)
def test_python_rules_agree_with_python_on_plain_data(a: object, b: object) -> None:
    if not (_has_nan(a) or _has_nan(b)):
        assert same(a, b, PYTHON) == (a == b)
        assert same(a, a)


@given(st.recursive(st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(max_size=5), s)))
def test_whatever_json_says_reading_it_raises_only_codec_errors(wire: object) -> None:
    try:
        read(loads(json.dumps(wire).encode()))
    except CodecError:
        assert "$" in json.dumps(wire)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ({"$tuple": [1, {"$set": [2]}]}, (1, {2})),
        ({"$int": "123456789012345678901234567890"}, 123456789012345678901234567890),
        ({"$float": "-inf"}, -math.inf),
        ({"$dict": [[{"$tuple": [1]}, 2]]}, {(1,): 2}),
        ({"$bytes": "6869"}, b"hi"),
        ({"$complex": [1, 2]}, 1 + 2j),
        ({"a": 1, "b": [None, True]}, {"a": 1, "b": [None, True]}),
    ],
)
def test_a_data_row_writes_values_with_tags(wire: object, value: object) -> None:
    assert decode_row(wire) == value


@pytest.mark.parametrize("wire", [{"$int": "x"}, {"$tupel": [1]}, {"$set": [[1]]}, {"$dict": [1]}])
def test_a_malformed_value_of_a_row_is_a_data_error(wire: object) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        decode_row(wire)


def test_a_test_value_that_is_not_plain_is_a_data_error() -> None:
    with pytest.raises(DataError, match="object is not plain data"):
        encode([object()])
