r"""Single-turn tasks: a function or a data file poses them, a verifier judges the one answer.

    @ag.task("my/reverse-v0", difficulty={"length": (4, 8, 16, 32)})
    def reverse(rng, *, length=4):
        word = "".join(rng.choices("abcdef", k=length))
        return f"Reverse the string {word}. Answer in \\\boxed{{}}.", word[::-1]

The decorated name is a `TaskDefinition`: it makes environments, scores answers and can be registered, pickled and
passed around. Without a verifier the answer must equal the gold exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, overload

from assaygym.envs.data import Row
from assaygym.envs.data_tasks import DataTaskDefinition, task_from_data
from assaygym.envs.definition import Judge, Pose, TaskDefinition
from assaygym.envs.difficulty import Difficulty
from assaygym.envs.registration import Kind
from assaygym.errors import ConfigError
from assaygym.types import Task

__all__ = ["task"]


@overload
def task(
    env_id: str,
    *,
    difficulty: Difficulty | None = None,
    verifier: Judge | None = None,
    solve: Callable[[Task[Any]], str] | None = None,
    system: str | None = None,
    kind: Kind = "other",
    summary: str = "",
    requires: tuple[str, ...] = (),
) -> Callable[[Pose], TaskDefinition]: ...


@overload
def task(
    env_id: str,
    *,
    data: str | Path | Sequence[Row],
    prompt: str | Callable[[Row], Any],
    gold: str | Callable[[Row], Any],
    solution: str | Callable[[Row], str] | None = None,
    name: str | Callable[[Row], str] | None = None,
    verifier: Judge | None = None,
    system: str | None = None,
    kind: Kind = "other",
    summary: str = "",
) -> DataTaskDefinition: ...


def task(env_id: str, *, data: Any = None, **options: Any) -> Any:
    """Register a single-turn task: a decorator of a function, or the definition itself when `data` is given.

    Raises:
        RegistrationError: the id is malformed or taken.
        DataError: the data cannot be read, lacks a column, or a row has no answer.
        ConfigError: an option that does not go with the others.
    """
    if data is not None:
        definition = task_from_data(env_id, data, **options)
        definition.register()
        return definition
    if wrong := options.keys() & {"prompt", "gold", "solution", "name"}:
        raise ConfigError(f"{', '.join(sorted(wrong))} of {env_id} need data=, which was not given")

    def decorate(function: Pose) -> TaskDefinition:
        return TaskDefinition(env_id, function, **options).register()

    return decorate
