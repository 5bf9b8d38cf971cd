"""Environment ids: register, look up, make.

Ids read `namespace/Name-vN`. Each registered id is also registered with Gymnasium, so that `gymnasium.make` and
`gymnasium.make_vec` know it. A distribution that declares the entry-point group `assaygym.envs` (name: the id, value:
`module:attribute`) has its environments listed and made without anybody importing it first.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import gymnasium
from gymnasium.envs.registration import EnvSpec as GymnasiumSpec
from gymnasium.envs.registration import registry as gymnasium_registry

from assaygym.envs.core import Env
from assaygym.errors import ConfigError, RegistrationError, did_you_mean

__all__ = ["GROUP", "EnvSpec", "all_specs", "load", "make", "make_vec", "register", "spec"]

GROUP = "assaygym.envs"
ID = re.compile(r"^(?:[\w-]+/)?[\w.-]+-v\d+$")
Kind = Literal["math", "code", "tool", "game", "text", "other"]
KINDS = ("math", "code", "tool", "game", "text", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvSpec:
    """What is known of an id without importing its code.

    Raises:
        RegistrationError: the id is malformed.
        ConfigError: an unknown kind.
    """

    id: str
    entry_point: str | Callable[..., Env]
    """`module:attribute`, or the callable itself; called with the options of `make`."""
    kind: Kind = "other"
    summary: str = ""
    """One line for the table of environments."""
    max_turns: int = 1
    requires: tuple[str, ...] = field(default=())
    """What it needs beyond the core: `sandbox`, or the name of an extra."""

    def __post_init__(self) -> None:
        if not ID.match(self.id):
            raise RegistrationError(f"malformed environment id {self.id!r}; expected 'namespace/name-v0'")
        if self.kind not in KINDS:
            raise ConfigError(f"no kind {self.kind!r}; {did_you_mean(self.kind, KINDS)}")

    @property
    def origin(self) -> str:
        """Where the code is: `module:attribute`."""
        if isinstance(self.entry_point, str):
            return self.entry_point
        point = self.entry_point
        return f"{point.__module__}:{getattr(point, '__qualname__', type(point).__qualname__)}"


_specs: dict[str, EnvSpec] = {}


def register(new: EnvSpec) -> EnvSpec:
    """Make an id known here and to Gymnasium. Code of the same origin takes the place of what it was (a reload).

    Raises:
        RegistrationError: the id belongs to other code. Code defined in `__main__` or a notebook may be redefined.
    """
    old = _specs.get(new.id)
    if old is not None and old.origin == new.origin and isinstance(old.entry_point, str):
        return old  # it is looked up when made, so it is the new code already
    if old is not None and old.origin != new.origin and not old.origin.startswith("__main__:"):
        raise RegistrationError(
            f"the id {new.id!r} is taken by {old.origin}; give {new.origin} another name or raise its version"
        )
    _specs[new.id] = new
    gymnasium_registry.pop(new.id, None)
    gymnasium.register(new.id, entry_point=new.entry_point, disable_env_checker=True)
    return new


def spec(env_id: str) -> EnvSpec:
    """The specification of an id; `module:id` imports the module first.

    Raises:
        RegistrationError: no such id; the message suggests near ones.
    """
    module, _, name = env_id.rpartition(":")
    if module:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise RegistrationError(f"cannot import {module!r} for the environment {name!r}: {error}") from error
    if name not in _specs:
        raise RegistrationError(f"no environment {name!r}; {did_you_mean(name, _specs)}")
    return _specs[name]


def all_specs() -> list[EnvSpec]:
    """Every known id, built-in and from installed distributions, sorted by id."""
    return [_specs[name] for name in sorted(_specs)]


def load(found: EnvSpec) -> Callable[..., Env]:
    """The callable that makes the environment, imported if need be.

    Raises:
        RegistrationError: the entry point does not lead to one.
    """
    if not isinstance(found.entry_point, str):
        return found.entry_point
    module, _, attribute = found.entry_point.partition(":")
    try:
        target = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # whatever the code of others raises when it is imported
        raise RegistrationError(
            f"cannot load {found.id} from {found.entry_point!r}: {type(error).__name__}: {error}"
        ) from error
    if not callable(target):
        raise RegistrationError(f"{found.entry_point!r} of {found.id} is not callable")
    return target  # type: ignore[no-any-return]  # what it returns is checked in make()


def make(env_id: str, **options: Any) -> Env:
    """The environment itself, without Gymnasium's wrappers.

    Args:
        env_id: a registered id, or `module:id`.
        **options: `split`, `render_mode`, `max_turns`, `level`, and the environment's own knobs.

    Raises:
        RegistrationError: no such id.
        ConfigError: an option that the environment does not know.
    """
    found = spec(env_id)
    env = load(found)(**options)
    if not isinstance(env, Env):
        raise RegistrationError(f"{found.origin} made a {type(env).__name__}, not an assaygym.Env")
    env.spec = GymnasiumSpec(
        id=found.id, entry_point=found.entry_point, order_enforce=False, disable_env_checker=True, kwargs=options
    )
    return env


def make_vec(
    env_id: str,
    num_envs: int = 1,
    *,
    vectorization_mode: Literal["sync", "async"] = "sync",
    vector_kwargs: Mapping[str, Any] | None = None,
    **options: Any,
) -> gymnasium.vector.VectorEnv[Any, Any, Any]:
    """`gymnasium.make_vec` for an id of ours; observations come as tuples of text.

    Raises:
        RegistrationError: no such id.
    """
    found = spec(env_id)
    return gymnasium.make_vec(
        found.id,
        num_envs=num_envs,
        vectorization_mode=vectorization_mode,
        vector_kwargs=dict(vector_kwargs or {}),
        **options,
    )


def register_installed() -> None:
    """Register what installed distributions declare, without importing their code; warns of what cannot be an id."""
    for point in importlib.metadata.entry_points(group=GROUP):
        if point.name not in _specs:
            try:
                register(EnvSpec(id=point.name, entry_point=point.value))
            except (RegistrationError, gymnasium.error.Error) as error:  # another's mistake must not break our import
                where = point.dist.name if point.dist is not None else "an installed distribution"
                warnings.warn(f"an environment of {where} is left out: {error}", RuntimeWarning, stacklevel=2)
