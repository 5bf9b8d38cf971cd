"""Which backend, and the one sandbox that a process shares."""

from __future__ import annotations

import atexit
import os
import threading

from assaygym.errors import ConfigError, did_you_mean
from assaygym.sandbox.base import Limits, Sandbox

VARIABLE = "ASSAYGYM_SANDBOX"
BACKENDS = ("jail", "process")
"""Strongest first."""


def open_sandbox(backend: str = "auto", workers: int | None = None, limits: Limits | None = None) -> Sandbox:
    """A sandbox, to be closed after use (or used as a context manager).

    Args:
        backend: "jail", "process" (no isolation, so only by this name), or "auto": the strongest isolation that works.
        workers: how many programs `run` and `run_many` run at once; default: the number of cores.
        limits: of every run that gives none.

    Raises:
        ConfigError: there is no such backend, or `workers` is not positive.
        IsolationError: the machine cannot isolate programs; the message says why and what mends it.
    """
    if backend == "process":
        from assaygym.sandbox.process import ProcessSandbox

        return ProcessSandbox(workers, limits)
    if backend in ("auto", "jail"):
        from assaygym.sandbox.jail import JailSandbox

        return JailSandbox(workers, limits)
    hint = did_you_mean(backend, ("auto", *BACKENDS))
    raise ConfigError(f"there is no sandbox backend {backend!r}; {hint}")


_lock = threading.Lock()
_shared: Sandbox | None = None


def shared_sandbox() -> Sandbox:
    """The one sandbox of this process, opened on first use and closed at exit; do not close it.

    The environment variable `ASSAYGYM_SANDBOX` names its backend; default "auto". After a fork the child opens its own.

    Raises:
        ConfigError: the variable names no backend.
        IsolationError: the machine cannot isolate programs.
    """
    global _shared
    with _lock:
        if _shared is None:
            _shared = open_sandbox(os.environ.get(VARIABLE) or "auto")
            atexit.register(_shared.close)
        return _shared


def _start_anew() -> None:
    """In the child of a fork: the parent's sandbox is not ours, and another thread may have held the lock."""
    global _lock, _shared
    if _shared is not None:
        atexit.unregister(_shared.close)
    _lock, _shared = threading.Lock(), None


os.register_at_fork(after_in_child=_start_anew)
