"""Plain data to and from JSON data with tags, and framed messages: the part that every process of a verification runs.

The tags carry data, never behaviour. A subclass is flattened to its base by the methods of the base, on the side that
holds it; a lie is then only a wrong value.

    {"$tuple": [..]} {"$set": [..]} {"$frozenset": [..]} {"$bytes": "hex"} {"$float": "nan|inf|-inf"}
    {"$int": "decimal"} {"$hex": "-ff"} {"$complex": [re, im]} {"$dict": [[k, v], ..]} {"$range": [start, stop, step]}
    {"$type": "int"}        a builtin type by its name
    {"$ref": [n, truth]}    an object that stays where it is, and its truth value
    {"$callback": n}        a function of the test process
"""

import builtins
import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

MAX_DEPTH = 150
MAX_NODES = 2_000_000
MAX_BITS = 1_000_000
MAX_BYTES = 60 << 20
CHANNEL = 3
TYPES: dict[str, type] = {
    kind.__name__: kind for kind in (int, float, str, bool, list, tuple, dict, set, frozenset, bytes, complex)
}

ERRORS: dict[str, type[Exception]] = {
    name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
}
"""What may stand for an exception: a name from the other side is looked up here, never among all builtins."""

_FIRST_OF = json.JSONDecoder().raw_decode
"""Of one value and nothing around it: `json.loads` looks for spaces and encodings that our messages do not have."""
TEXT_OF = json.JSONEncoder(separators=(",", ":")).encode
Opaque = Callable[[Any], Any]
Resolve = Callable[[str, Any], Any]


class NotPlain(Exception):
    """The value is beyond the caps, or is not plain data and nobody holds it."""


class Aborted(BaseException):
    """Told by a test process to itself: the candidate's process is gone."""


class Encoder:
    """Encodes plain data; `opaque(value)` gives the tag of anything else, or raises NotPlain."""

    def __init__(self, opaque: Opaque) -> None:
        self.opaque = opaque
        self.nodes = 0

    def encode(self, value: Any, depth: int = 0) -> Any:
        """JSON data for one value.

        Raises:
            NotPlain: too deep, too large, or `opaque` refused it.
        """
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise NotPlain(f"a value deeper than {MAX_DEPTH} levels or larger than {MAX_NODES} nodes")
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        for base, method in _METHODS:
            if issubclass(kind, base):
                return method(self, value, depth + 1)
        return self._other(value, depth + 1)

    def items(self, values: Iterable[Any], depth: int = 0) -> list[Any]:
        """JSON data for each value."""
        return [self.encode(value, depth) for value in values]

    def mapping(self, value: Any, depth: int = 0) -> dict[str, Any]:
        """A JSON object where the keys allow it, pairs otherwise."""
        pairs = list(dict.items(value))
        if all(type(key) is str and not key.startswith("$") for key, _ in pairs):
            return {key: self.encode(item, depth) for key, item in pairs}
        return {"$dict": [[self.encode(key, depth), self.encode(item, depth)] for key, item in pairs]}

    def _other(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is type and value in TYPES.values():
            return {"$type": type.__repr__(value).split("'")[1]}
        if kind in _SET_VIEWS:
            return {"$set": self.items(value, depth)}
        numpy = sys.modules.get("numpy") if kind.__module__ == "numpy" else None
        if numpy is not None and isinstance(value, (numpy.generic, numpy.ndarray)):
            plain = value.tolist()
            if type(plain) is not kind:
                return self.encode(plain, depth)
        return self.opaque(value)


def _integer(encoder: Encoder, value: Any, depth: int) -> Any:
    plain = int.__index__(value)
    if plain.bit_length() > MAX_BITS:
        raise NotPlain(f"an integer of more than {MAX_BITS} bits")
    return plain if plain.bit_length() <= 53 else {"$hex": format(plain, "x")}


def _real(encoder: Encoder, value: Any, depth: int) -> Any:
    plain = float.__float__(value)
    if plain - plain == 0.0:
        return plain
    return {"$float": repr(plain)}


def _complex(encoder: Encoder, value: Any, depth: int) -> Any:
    return {"$complex": [_real(encoder, getattr(complex, part).__get__(value), depth) for part in ("real", "imag")]}


_SET_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.items()))
_METHODS: tuple[tuple[type, Callable[[Encoder, Any, int], Any]], ...] = (
    (int, _integer),
    (float, _real),
    (str, lambda encoder, value, depth: str.__str__(value)),
    (list, lambda encoder, value, depth: encoder.items(list.__iter__(value), depth)),
    (tuple, lambda encoder, value, depth: {"$tuple": encoder.items(tuple.__iter__(value), depth)}),
    (dict, lambda encoder, value, depth: encoder.mapping(value, depth)),
    (set, lambda encoder, value, depth: {"$set": encoder.items(set.__iter__(value), depth)}),
    (frozenset, lambda encoder, value, depth: {"$frozenset": encoder.items(frozenset.__iter__(value), depth)}),
    (bytes, lambda encoder, value, depth: {"$bytes": bytes.hex(value)}),
    (bytearray, lambda encoder, value, depth: {"$bytes": bytearray.hex(value)}),
    (complex, _complex),
    (range, lambda encoder, value, depth: {"$range": encoder.items((value.start, value.stop, value.step), depth)}),
)


def decimal(text: str) -> int:
    """The integer of a decimal text of any length; `int` refuses more than 4,300 digits."""
    if len(text) <= 4000:
        return int(text)
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("+-")
    half = len(text) // 2
    number: int = sign * (decimal(text[:-half]) * 10**half + decimal(text[-half:]))
    return number


def decode(wire: Any, resolve: Resolve) -> Any:
    """The value of JSON data; `resolve(tag, payload)` answers the tags of what is not plain.

    Only for data of our own or inside a sandbox: sets and dicts are built, so hash collisions cost what they cost.
    """
    if isinstance(wire, list):
        return [decode(item, resolve) for item in wire]
    if not isinstance(wire, dict):
        return wire
    if len(wire) == 1:
        ((tag, payload),) = wire.items()
        if tag in _DECODERS:
            return _DECODERS[tag](payload, resolve)
        if tag.startswith("$"):
            return resolve(tag, payload)
    return {key: decode(item, resolve) for key, item in wire.items()}


_DECODERS: dict[str, Callable[[Any, Resolve], Any]] = {
    "$tuple": lambda payload, resolve: tuple(decode(payload, resolve)),
    "$set": lambda payload, resolve: set(decode(payload, resolve)),
    "$frozenset": lambda payload, resolve: frozenset(decode(payload, resolve)),
    "$dict": lambda payload, resolve: dict(decode(payload, resolve)),
    "$range": lambda payload, resolve: range(*decode(payload, resolve)),
    "$complex": lambda payload, resolve: complex(*decode(payload, resolve)),
    "$bytes": lambda payload, resolve: bytes.fromhex(payload),
    "$float": lambda payload, resolve: float(payload),
    "$int": lambda payload, resolve: decimal(payload),
    "$hex": lambda payload, resolve: int(payload, 16),
    "$type": lambda payload, resolve: TYPES[payload],
}


def error_of(error: BaseException) -> list[str]:
    """[name of the nearest builtin class, message] of an exception; what ends programs becomes RuntimeError."""
    names = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    name = names[0] if isinstance(error, Exception) and names else "RuntimeError"
    try:
        return [name, str(error)[:500]]
    except BaseException:
        return [name, ""]


def send(message: Any) -> None:
    """Write one framed message.

    Raises:
        NotPlain: the message has more than 60 MiB.
    """
    data = TEXT_OF(message).encode()
    if len(data) > MAX_BYTES:
        raise NotPlain("a message of more than 60 MiB")
    frame = len(data).to_bytes(4, "big") + data
    sent = os.write(CHANNEL, frame)
    while sent < len(frame):
        sent += os.write(CHANNEL, memoryview(frame)[sent:])


def receive() -> Any:
    """The next message; None at the end of the channel."""
    head = _exactly(4)
    body = None if head is None else _exactly(int.from_bytes(head, "big"))
    return None if body is None else _FIRST_OF(body.decode("utf-8", "surrogatepass"))[0]


def _exactly(count: int) -> bytes | None:
    part = os.read(CHANNEL, min(count, 1 << 20))
    if len(part) == count:
        return part
    parts = [part]
    while part and (count := count - len(part)):
        part = os.read(CHANNEL, min(count, 1 << 20))
        parts.append(part)
    return b"".join(parts) if part else None


def quiet() -> None:
    """Point the standard streams at nothing: what is printed does not matter and must not fill a pipe."""
    try:
        null = os.open("/dev/null", os.O_RDWR)
    except OSError:
        return
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
