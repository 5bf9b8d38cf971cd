"""Compiled code of programs that come again: from the third run on, a program is not compiled anew.

The compiler runs in the sandbox, since a source text can crash it; what it gave is untrusted bytes, which only another
sandboxed run of the same program ever loads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

MOST_PROGRAMS = 256
MOST_HELD = 64 << 20
"""Bytes of all sources and their code together."""
MOST_BYTES = 1 << 20
WORTH_IT = 400
"""Bytes of source below which compiling costs next to nothing."""


class CodeCache:
    """Marshalled code by source, the latest used ones; thread-safe.

    Args:
        compile: the marshalled code of a source, None when it cannot be compiled.
    """

    def __init__(self, compile: Callable[[bytes], bytes | None]) -> None:
        self._compile = compile
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, bytes | None] = OrderedDict()
        self._held = 0

    def get(self, source: bytes) -> bytes | None:
        """The code of a source that came before; None: give the source."""
        if not WORTH_IT <= len(source) <= MOST_BYTES:
            return None
        with self._lock:
            if source not in self._seen:
                self._remember(source, None)
                return None
            self._seen.move_to_end(source)
            code = self._seen[source]
        if code is None:
            code = self._compile(source) or b""
            with self._lock:
                self._remember(source, code)
        return code or None

    def _remember(self, source: bytes, code: bytes | None) -> None:
        if source in self._seen:
            self._forget(source)
        self._seen[source] = code
        self._held += len(source) + len(code or b"")
        while len(self._seen) > MOST_PROGRAMS or self._held > MOST_HELD:
            self._forget(next(iter(self._seen)))

    def _forget(self, source: bytes) -> None:
        code = self._seen.pop(source)
        self._held -= len(source) + len(code or b"")
