"""The compiled `zygote.c`, where there is one. It also serves the keeper of sessions."""

from __future__ import annotations

import ctypes


def load(helper: str) -> ctypes.PyDLL | None:
    """The library at this path; None where there is none that can be used."""
    try:
        return ctypes.PyDLL(helper) if helper else None
    except OSError:
        return None


def move_memory(library: ctypes.PyDLL, proc: int, kept: int = 0) -> None:
    """Move all memory of this process, which has one thread, to large pages: a copy of it then costs much less.

    Args:
        library: of `load`.
        proc: a descriptor of the host's /proc.
        kept: an address in what must stay, since it is not to be inherited.
    """
    library.move_memory(ctypes.c_int(proc), ctypes.c_void_p(kept))
