"""Difficulty knobs: each names its values from easy to hard; a level picks one of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from assaygym.errors import ConfigError, did_you_mean

__all__ = ["Difficulty", "check_knobs", "resolve"]

Difficulty = Mapping[str, Sequence[Any]]


def check_knobs(env_id: str, difficulty: Difficulty, taken: Collection[str]) -> None:
    """Refuse knobs that could never be set, or that have no value.

    Args:
        env_id: for the message.
        difficulty: the knobs.
        taken: names that mean something else to the environment.

    Raises:
        ConfigError: there is one.
    """
    for name, values in difficulty.items():
        if name in taken:
            raise ConfigError(f"{env_id}: the knob {name!r} hides the environment's own {name!r}; choose another name")
        if isinstance(values, str) or not len(values):
            raise ConfigError(f"{env_id}: the knob {name!r} is {values!r}; expected its values from easy to hard")


def resolve(
    env_id: str, difficulty: Difficulty, level: int | None, given: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """The value of every knob: the one given, else the level's, else the default, else the easiest.

    A knob with fewer values than others keeps its hardest one at the higher levels.

    Raises:
        ConfigError: a name that is no knob, or a level outside the table.
    """
    levels = max((len(values) for values in difficulty.values()), default=1)
    if level is not None and not 0 <= level < levels:
        raise ConfigError(f"{env_id} has levels 0 to {levels - 1}, not {level}")
    known = {*difficulty, *defaults}
    for name in given:
        if name not in known:
            raise ConfigError(f"{env_id} has no option {name!r}; {did_you_mean(name, known | {'level', 'split'})}")
    chosen = {name: values[0] for name, values in difficulty.items()} | dict(defaults)
    if level is not None:
        chosen |= {name: values[min(level, len(values) - 1)] for name, values in difficulty.items()}
    return chosen | dict(given)
