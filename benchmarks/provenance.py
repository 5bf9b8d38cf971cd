"""What a run is told apart by: texts that differ whenever a verifier or a prompt does."""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from assaygym.envs.core import Env
from assaygym.envs.definition import TaskEnv
from assaygym.verifiers.base import name_of

__all__ = ["prompt_digest", "verifier_of", "verifier_text"]

DEPTH = 6
"""How far options of options are followed."""


def verifier_of(env: Env) -> str:
    """The `verifier_text` of what judges in an environment: of its class where that judges its own final state."""
    if isinstance(env, TaskEnv):
        return verifier_text(env.definition.verifier)
    return verifier_text(type(env))


def verifier_text(verifier: object) -> str:
    """The verifier's name and 12 hex digits of its options and source: `math#1f0c5d9b2a77`.

    The source is the function's or class's own, with what its closure holds; of what that calls, the package's version
    must tell. Code that has no source (typed in, compiled) is told by its name alone.
    """
    return f"{name_of(verifier)}#{hashlib.sha256(_identity(verifier, DEPTH).encode()).hexdigest()[:12]}"


def prompt_digest(trajectory: Mapping[str, Any]) -> str:
    """16 hex digits of the first messages of a recorded episode; empty where it has no turn."""
    turns = trajectory.get("turns")
    if not turns:
        return ""
    shown = "\0".join(f"{message['role']}\0{message['content']}" for message in turns[0]["observation"])
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _identity(value: object, depth: int) -> str:
    """A text that two values share when they judge alike; free of addresses and of paths."""
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return repr(value)
    if depth == 0:
        return type(value).__qualname__
    if isinstance(value, Mapping):
        return _all({str(name): item for name, item in value.items()}, depth)
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(_identity(item, depth - 1) for item in value))}}}"
    if isinstance(value, Sequence):
        return f"[{', '.join(_identity(item, depth - 1) for item in value)}]"
    if isinstance(value, functools.partial):
        return f"partial {_identity([value.func, value.args, value.keywords], depth)}"
    if isinstance(value, types.MethodType):
        return f"{value.__func__.__name__} of {_identity(value.__self__, depth)}"
    if isinstance(value, types.FunctionType):
        return f"{_source(value)} {_all(_held(value), depth)}"
    if isinstance(value, type):
        return _source(value)
    return f"{_source(type(value))} {_all(_options(value), depth)}"


def _all(named: Mapping[str, object], depth: int) -> str:
    return ", ".join(f"{name}={_identity(item, depth - 1)}" for name, item in sorted(named.items()))


def _held(function: types.FunctionType) -> dict[str, object]:
    """What a function has beside its source: defaults, and what its closure holds (a cell may be empty still)."""
    names = function.__code__.co_freevars
    try:
        cells = {name: cell.cell_contents for name, cell in zip(names, function.__closure__ or (), strict=True)}
    except ValueError:
        cells = {}
    return {**cells, "defaults": function.__defaults__, "keywords": function.__kwdefaults__}


def _options(value: object) -> dict[str, object]:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value) if field.compare}
    return dict(getattr(value, "__dict__", {}))


def _source(code: Any) -> str:
    try:
        return f"{code.__qualname__} {inspect.getsource(code)}"
    except (OSError, TypeError):
        return str(code.__qualname__)
