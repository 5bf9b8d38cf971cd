"""Values that crossed from an untrusted process: read with caps, compared as plain data.

`read` never builds a set or a dict of untrusted keys (chosen hash collisions would cost hours): a `Members` or `Pairs`
holds them, and `equal` compares by canonical text.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from assaygym.errors import DataError
from assaygym.foreign_json import check_depth
from assaygym.verifiers.code.guest.wire import MAX_BITS, MAX_DEPTH, MAX_NODES, TYPES, Encoder, NotPlain, decode

__all__ = ["CodecError", "Compare", "Members", "Opaque", "Pairs", "decode_row", "encode", "equal", "loads", "read"]


class CodecError(ValueError):
    """What came from the untrusted side is no encoded value, or is beyond the caps."""


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a set or frozenset, as listed."""

    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """The items of a dict, as listed."""

    items: tuple[tuple[Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Opaque:
    """A handle on an object that is not plain data: equals nothing."""

    number: int
    truth: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """How values are compared: like python `==` on plain data, and more or less strict where asked."""

    bool_is_int: bool = False
    """Whether True equals 1."""
    float_abs: float = 0.0
    float_rel: float = 0.0
    """Floats within `max(float_abs, float_rel * |expected|)` are equal."""
    nan_equal: bool = False
    sequences_equal: bool = False
    """Whether a tuple equals a list of the same items."""


def encode(value: object) -> Any:
    """JSON data with tags for plain data of ours.

    Raises:
        DataError: the value is not plain data, or is beyond the caps.
    """

    def refuse(other: object) -> NoReturn:
        raise NotPlain(f"a {type(other).__name__} is not plain data")

    try:
        return Encoder(refuse).encode(value)
    except NotPlain as error:
        raise DataError(f"a test holds a value that cannot be sent to a program: {error}") from error


def decode_row(wire: object) -> Any:
    """The value of a data row's JSON with tags.

    Raises:
        DataError: a tag is unknown or its payload malformed.
    """
    try:
        return decode(wire, _no_handles)
    except (TypeError, ValueError, KeyError, RecursionError) as error:
        raise DataError(f"a value of the data row cannot be read: {error}") from error


def _no_handles(tag: str, payload: object) -> NoReturn:
    raise ValueError(f"unknown tag {tag}")


def loads(data: bytes) -> Any:
    """The JSON of an untrusted message.

    Raises:
        CodecError: not JSON, too many nodes, or nested too deep.
    """
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > 2 * MAX_NODES:
        raise CodecError("a message of too many nodes")
    try:
        text = data.decode("utf-8", "surrogatepass")
        check_depth(text, 4 * MAX_DEPTH)
        return _JSON.decode(text)
    except ValueError as error:
        raise CodecError(f"not a message: {error}") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_no_constant)


def read(wire: object) -> Any:
    """The value of untrusted JSON data with tags, for `equal`.

    Raises:
        CodecError: malformed, or beyond the caps.
    """
    try:
        return _Reader().read(wire, 0)
    except RecursionError as error:
        raise CodecError("a value nested too deep") from error


class _Reader:
    def __init__(self) -> None:
        self.nodes = 0

    def read(self, wire: object, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > 2 * MAX_DEPTH:
            raise CodecError("a value beyond the caps")
        if wire is None or isinstance(wire, (bool, str, float)):
            return wire
        if isinstance(wire, int):
            return _bounded(wire)
        if isinstance(wire, list):
            return [self.read(item, depth + 1) for item in wire]
        if isinstance(wire, dict):
            return self.tagged(wire, depth + 1)
        raise CodecError(f"a {type(wire).__name__} in a message")

    def tagged(self, wire: Mapping[str, object], depth: int) -> Any:
        tag, payload = next(iter(wire.items())) if len(wire) == 1 else ("", None)
        if not tag.startswith("$"):
            return Pairs(tuple((key, self.read(item, depth)) for key, item in wire.items()))
        if tag in _ATOMS:
            return _atom(tag, payload)
        items = self.listed(payload, depth)
        if tag == "$tuple":
            return tuple(items)
        if tag in ("$set", "$frozenset"):
            return Members(tuple(items))
        if tag == "$dict":
            return Pairs(tuple(_pair(item) for item in items))
        if tag == "$range" and len(items) == 3 and all(type(item) is int for item in items) and items[2]:
            return range(*items)
        if tag == "$complex" and len(items) == 2 and all(type(item) is float for item in items):
            return complex(*items)
        raise CodecError(f"a malformed {tag[:20]}")

    def listed(self, payload: object, depth: int) -> list[Any]:
        if not isinstance(payload, list):
            raise CodecError("a tag without its list")
        return [self.read(item, depth + 1) for item in payload]


def _pair(item: object) -> tuple[Any, Any]:
    if not isinstance(item, list) or len(item) != 2:
        raise CodecError("a malformed pair")
    return item[0], item[1]


def _bounded(number: int) -> int:
    if number.bit_length() > MAX_BITS:
        raise CodecError(f"an integer of more than {MAX_BITS} bits")
    return number


def _handle(payload: Any) -> Opaque:
    number, truth = payload
    if type(number) is not int or type(truth) is not bool:
        raise ValueError("a malformed handle")
    return Opaque(number, truth)


_LONG = 1000
_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_ATOMS: dict[str, Callable[[Any], Any]] = {
    "$bytes": bytes.fromhex,
    "$float": _FLOATS.__getitem__,
    "$hex": lambda payload: _bounded(int(payload[: MAX_BITS // 4 + 8], 16)),
    "$type": TYPES.__getitem__,
    "$ref": _handle,
}


def _atom(tag: str, payload: object) -> Any:
    try:
        return _ATOMS[tag](payload)
    except (TypeError, ValueError, KeyError) as error:
        raise CodecError(f"a malformed {tag}") from error


def equal(got: object, expected: object, rules: Compare | None = None) -> bool:
    """Whether two results of `read` are equal plain data; a list is not a tuple, NaN equals nothing unless asked."""
    rules = rules or Compare()
    kind = _kind(expected, rules)
    if _kind(got, rules) != kind:
        return False
    if isinstance(got, (list, tuple)) and isinstance(expected, (list, tuple)):
        return len(got) == len(expected) and all(equal(a, b, rules) for a, b in zip(got, expected, strict=True))
    if isinstance(got, Pairs) and isinstance(expected, Pairs):
        return _equal_pairs(got, expected, rules)
    if isinstance(got, Members) and isinstance(expected, Members):
        return _keys(got.items, rules) == _keys(expected.items, rules)
    if kind == "number":
        return _equal_numbers(got, expected, rules)
    return kind != "opaque" and got == expected


def _equal_pairs(got: Pairs, expected: Pairs, rules: Compare) -> bool:
    ours = {_canonical(key, rules): value for key, value in expected.items}
    theirs = {_canonical(key, rules): value for key, value in got.items}
    return ours.keys() == theirs.keys() and all(equal(theirs[key], ours[key], rules) for key in ours)


def _keys(items: tuple[Any, ...], rules: Compare) -> set[str]:
    return {_canonical(item, rules) for item in items}


def _kind(value: object, rules: Compare) -> str:
    if isinstance(value, bool):
        return "number" if rules.bool_is_int else "bool"
    if isinstance(value, (int, float, complex)):
        return "number"
    if rules.sequences_equal and isinstance(value, tuple):
        return "list"
    return "opaque" if isinstance(value, Opaque) else type(value).__name__


def _equal_numbers(got: Any, expected: Any, rules: Compare) -> bool:
    if got == expected:
        return True
    if got != got and expected != expected:
        return rules.nan_equal
    if isinstance(got, (int, bool)) and isinstance(expected, (int, bool)):
        return False
    try:
        room = max(rules.float_abs, rules.float_rel * abs(expected))
        return room > 0 and math.isfinite(room) and abs(got - expected) <= room
    except OverflowError:
        return False


def _canonical(value: Any, rules: Compare) -> str:
    """A text that two values share exactly when they are equal as keys."""
    kind = _kind(value, rules)
    if kind == "number":
        return _canonical_number(value, rules)
    if isinstance(value, Members):
        return _short(f"set({','.join(sorted(_keys(value.items, rules)))})")
    if isinstance(value, tuple):
        return _short(f"tuple({','.join(_canonical(item, rules) for item in value)})")
    if isinstance(value, range):  # equal where they give the same numbers
        return f"range:{value[0]:x},{value[-1]:x},{value[1] if value[1:] else 0:x}" if value else "range:"
    if isinstance(value, (str, bytes, bool)) or value is None or isinstance(value, type):
        return f"{kind}:{value!r}"
    raise CodecError(f"a {kind} as a key")


def _short(text: str) -> str:
    """The text, or its digest: what is nested deep would otherwise be copied at each level."""
    return text if len(text) <= _LONG else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _canonical_number(value: Any, rules: Compare) -> str:
    if isinstance(value, complex):
        return f"{_canonical_number(value.real, rules)}{f'+{value.imag.hex()}j' if value.imag else ''}"
    if value != value:
        return "nan" if rules.nan_equal else f"nan at {id(value)}"
    if isinstance(value, float) and not value.is_integer():  # infinity too
        return value.hex()
    return format(int(value), "x")
