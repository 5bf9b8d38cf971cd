"""Compiled code of programs that come again: from the third run on, a program is not compiled anew.

The compiler runs in the sandbox, since a source text can crash it; what it gave is untrusted bytes, which only another
sandboxed run of the same program ever loads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

MOST_PROGRAMS = 256
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
        self._seen[source] = code
        while len(self._seen) > MOST_PROGRAMS:
            self._seen.popitem(last=False)
