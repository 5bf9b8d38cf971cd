"""Test cases that LiveCodeBench packs as base64 of zlib of a pickled text, read without trusting the pickle."""

from __future__ import annotations

import base64
import binascii
import io
import pickle
import zlib
from typing import Any, NoReturn

from assaygym.errors import DataError

__all__ = ["unpacked"]

_MOST_BYTES = 1 << 30


class _TextOnly(pickle.Unpickler):
    """Loads plain values; a pickle that names a class or a function is refused, so that nothing is called."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise DataError(f"packed test cases name {module}.{name}; expected a text")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise DataError("packed test cases refer to something outside; expected a text")


def unpacked(text: str) -> str:
    """The JSON of packed test cases; a text that is JSON already is returned as it is.

    Raises:
        DataError: it is neither, is over 1 GiB, or is a pickle of anything but a text.
    """
    if text.lstrip()[:1] in ("[", "{"):
        return text
    try:
        packed = base64.b64decode(text, validate=True)
        reader = zlib.decompressobj()
        data = reader.decompress(packed, _MOST_BYTES)
        if reader.unconsumed_tail:
            raise DataError("packed test cases are over 1 GiB")
        value = _TextOnly(io.BytesIO(data)).load()
    except DataError:
        raise
    except (binascii.Error, zlib.error, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise DataError(f"test cases are neither JSON nor packed as base64, zlib and pickle: {error}") from error
    except Exception as error:  # a broken pickle may raise nearly anything
        raise DataError(f"packed test cases are broken: {type(error).__name__}") from error
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        raise DataError(f"packed test cases hold a {type(value).__name__}; expected a text")
    return value
