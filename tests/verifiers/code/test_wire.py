"""What the untrusted side makes of values: plain data by tag, subclasses flattened, the rest handed to `opaque`."""

from __future__ import annotations

import collections
import enum
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.code.guest import program, wire
from assaygym.verifiers.code.guest.wire import MAX_BITS, MAX_DEPTH, Encoder, NotPlain, decimal, decode, error_of


class YesInt(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __index__(self) -> int:
        return 42

    __hash__ = int.__hash__


class YesStr(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "lie"


class YesList(list[Any]):
    def __iter__(self) -> Any:
        return iter([42])


class YesDict(dict[str, Any]):
    def items(self) -> Any:
        return [("lie", 42)]


class Colour(enum.IntEnum):
    RED = 1


Point = collections.namedtuple("Point", "x y")


def opaque(value: object) -> str:
    return "OPAQUE"


def never(tag: str, payload: object) -> Any:
    raise AssertionError(tag)


def encoded(value: object) -> Any:
    return Encoder(opaque).encode(value)


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (-(2**53) - 1, {"$hex": "-20000000000001"}),
        (2.5, 2.5),
        (math.inf, {"$float": "inf"}),
        (-math.inf, {"$float": "-inf"}),
        (math.nan, {"$float": "nan"}),
        (1 + 2j, {"$complex": [1.0, 2.0]}),
        ("é", "é"),
        (b"\x00\xff", {"$bytes": "00ff"}),
        (bytearray(b"a"), {"$bytes": "61"}),
        ((1, [2]), {"$tuple": [1, [2]]}),
        ({1}, {"$set": [1]}),
        (frozenset([1]), {"$frozenset": [1]}),
        ({"a": 1}, {"a": 1}),
        ({1: 2}, {"$dict": [[1, 2]]}),
        ({"$set": [1]}, {"$dict": [["$set", [1]]]}),
        (range(1, 9, 2), {"$range": [1, 9, 2]}),
        ({"k": 1}.keys(), {"$set": ["k"]}),
        (int, {"$type": "int"}),
        (YesInt(3), 3),
        (YesStr("s"), "s"),
        (YesList([1]), [1]),
        (YesDict(a=1), {"a": 1}),
        (Colour.RED, 1),
        (Point(1, 2), {"$tuple": [1, 2]}),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.Counter("aa"), {"a": 2}),
        (collections.deque([1]), "OPAQUE"),
        (len, "OPAQUE"),
        (Colour, "OPAQUE"),
        ([object()], ["OPAQUE"]),
        (iter([1]), "OPAQUE"),
    ],
)
def test_a_value_becomes_data_with_tags(value: object, wire: object) -> None:
    assert encoded(value) == wire


def test_the_numbers_and_arrays_of_numpy_become_plain() -> None:
    numpy = pytest.importorskip("numpy")
    assert encoded([numpy.int64(3), numpy.bool_(True), numpy.float32(0.5)]) == [3, True, 0.5]
    assert type(encoded(numpy.bool_(True))) is bool
    assert encoded(numpy.array([[1, 2]])) == [[1, 2]]


def test_the_sign_of_zero_survives() -> None:
    assert math.copysign(1, encoded(-0.0)) == -1


@pytest.mark.parametrize("value", ["huge", "deep", "cycle", "wide"])
def test_what_is_beyond_the_caps_is_refused(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    if value == "huge":
        value = 1 << MAX_BITS
    elif value == "deep":
        value = []
        for _ in range(MAX_DEPTH + 1):
            value = [value]
    elif value == "cycle":
        ring: list[Any] = []
        ring.append(ring)
        value = ring
    elif value == "wide":
        monkeypatch.setattr(wire, "MAX_NODES", 10_000)
        level: list[Any] = [0]
        for _ in range(30):
            level = [level, level]
        value = level
    with pytest.raises(NotPlain):
        encoded(value)


keys = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False)
plain = st.recursive(
    keys | st.complex_numbers(allow_nan=False),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.sets(keys)
        | st.frozensets(keys)
        | st.dictionaries(keys, inner)
    ),
    max_leaves=20,
)


@given(plain)
def test_plain_data_comes_back_as_it_went(value: object) -> None:
    back = decode(encoded(value), never)
    assert back == value
    assert type(back) is type(value)


@given(st.integers(min_value=-(10**60), max_value=10**60))
def test_a_decimal_text_is_its_integer(number: int) -> None:
    assert decimal(str(number)) == number


def test_a_decimal_text_may_have_more_digits_than_int_takes() -> None:
    assert decimal("-1" + "0" * 9000) == -(10**9000)


class OwnError(KeyError):
    pass


class BadText(Exception):
    def __str__(self) -> str:
        raise SystemExit


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("no"), ["ValueError", "no"]),
        (OwnError("k"), ["KeyError", "'k'"]),
        (SystemExit(0), ["RuntimeError", "0"]),
        (KeyboardInterrupt(), ["RuntimeError", ""]),
        (BadText(), ["Exception", ""]),
    ],
)
def test_an_exception_crosses_as_its_nearest_builtin_class(error: BaseException, expected: list[str]) -> None:
    assert error_of(error) == expected


@pytest.mark.parametrize("name", ["serve", "testhost", "checkhost"])
def test_a_guest_program_stands_alone(name: str) -> None:
    source = program("wire", name)
    compile(source, name, "exec")
    assert "import assaygym" not in source
    assert "from assaygym" not in source
