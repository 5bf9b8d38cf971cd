"""Length-prefixed frames over a stream descriptor: host and launcher talk in them. Nothing slow is imported."""

from __future__ import annotations

import marshal
import os


def pack(frame: object) -> bytes:
    """One frame: plain values (dict, list, str, bytes, numbers) with their length before them."""
    body = marshal.dumps(frame)  # type: ignore[arg-type]  # the caller keeps to plain values
    return len(body).to_bytes(8, "big") + body


def unpack(body: bytes) -> dict[str, object]:
    """The value of one frame. Only ever fed by our own launcher, never by a program: marshal trusts its input."""
    value = marshal.loads(body)
    if not isinstance(value, dict):
        raise ValueError(f"a frame holds a {type(value).__name__}; expected a dict")
    return value


def read_exactly(descriptor: int, size: int) -> bytes:
    """The next `size` bytes of a blocking descriptor.

    Raises:
        EOFError: it ended before.
    """
    parts = bytearray()
    while len(parts) < size:
        part = os.read(descriptor, min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError(f"the stream ended after {len(parts)} of {size} bytes")
        parts += part
    return bytes(parts)


def read_frame(descriptor: int) -> dict[str, object]:
    """The next frame of a blocking descriptor.

    Raises:
        EOFError: it ended before.
    """
    return unpack(read_exactly(descriptor, int.from_bytes(read_exactly(descriptor, 8), "big")))


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything to a blocking descriptor."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
