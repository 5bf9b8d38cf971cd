"""Which backend, and the one sandbox that a process shares."""

from __future__ import annotations

import atexit
import os
import threading

from assaygym.errors import ConfigError, did_you_mean
from assaygym.sandbox.base import Limits, Sandbox

VARIABLE = "ASSAYGYM_SANDBOX"
URL_VARIABLE = "ASSAYGYM_SANDBOX_URL"
TOKEN_VARIABLE = "ASSAYGYM_SANDBOX_TOKEN"
BACKENDS = ("jail", "docker", "remote", "process")
"""Strongest first, as far as that can be known."""


def open_sandbox(backend: str = "auto", workers: int | None = None, limits: Limits | None = None) -> Sandbox:
    """A sandbox, to be closed after use (or used as a context manager).

    What else a backend can be told, the constructor of its class takes.

    Args:
        backend: "auto", the strongest isolation of this machine's own that works; or one of these, of which the last
            two are never chosen by "auto":

            - "jail", or "jail:TIER" with a tier of `JailSandbox`;
            - "docker", or "docker:IMAGE" with an image that the daemon has;
            - "remote:URL" with a SandboxFusion-compatible server; "remote" alone takes URL and token from the
              environment variables `ASSAYGYM_SANDBOX_URL` and, if there is one, `ASSAYGYM_SANDBOX_TOKEN`;
            - "process", which isolates nothing.
        workers: how many programs `run` and `run_many` run at once; default: the number of cores, or 16 for "remote".
        limits: of every run that gives none.

    Raises:
        ConfigError: there is no such backend, it cannot be told what follows the colon, or `workers` is not positive.
        IsolationError: the machine cannot isolate programs; the message says why and what mends it.
        MissingDependencyError: a package that "docker" needs is not installed.
    """
    name, _, detail = backend.partition(":")
    if name not in _OPENERS:
        raise ConfigError(f"there is no sandbox backend {name!r}; {did_you_mean(name, _OPENERS)}")
    return _OPENERS[name](detail, workers, limits)


def _auto(detail: str, workers: int | None, limits: Limits | None) -> Sandbox:
    _check_bare("auto", detail)
    return _jail("", workers, limits)


def _jail(tier: str, workers: int | None, limits: Limits | None) -> Sandbox:
    from assaygym.sandbox.jail import JailSandbox

    return JailSandbox(workers, limits, tier=tier or "auto")


def _docker(image: str, workers: int | None, limits: Limits | None) -> Sandbox:
    from assaygym.sandbox.docker import DockerSandbox

    return DockerSandbox(workers, limits, image=image or None)


def _remote(url: str, workers: int | None, limits: Limits | None) -> Sandbox:
    from assaygym.sandbox.remote import RemoteSandbox

    if url:  # the token in the environment is for the server in the environment
        return RemoteSandbox(url, workers, limits)
    if not (url := os.environ.get(URL_VARIABLE, "")):
        raise ConfigError(
            f"the remote sandbox needs its server: give 'remote:http://HOST:PORT', or 'remote' and {URL_VARIABLE}"
        )
    return RemoteSandbox(url, workers, limits, token=os.environ.get(TOKEN_VARIABLE) or None)


def _process(detail: str, workers: int | None, limits: Limits | None) -> Sandbox:
    _check_bare("process", detail)
    from assaygym.sandbox.process import ProcessSandbox

    return ProcessSandbox(workers, limits)


def _check_bare(name: str, detail: str) -> None:
    if detail:
        raise ConfigError(f"the sandbox backend is {name + ':' + detail!r}; {name!r} takes nothing after its name")


_OPENERS = {"auto": _auto, "jail": _jail, "docker": _docker, "remote": _remote, "process": _process}


_lock = threading.Lock()
_shared: Sandbox | None = None


def shared_sandbox() -> Sandbox:
    """The one sandbox of this process, opened on first use and closed at exit; do not close it.

    The environment variable `ASSAYGYM_SANDBOX` names its backend, as `open_sandbox` takes it; default "auto". After a
    fork the child opens its own.

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
