"""What an evaluation runs on: a suite, or an environment, by name."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assaygym.benchmarks.provenance import verifier_of, verifier_text
from assaygym.benchmarks.suites import SUITES, LoadedSuite, load, suite
from assaygym.envs.core import Env
from assaygym.envs.data_tasks import DataEnv
from assaygym.envs.definition import TaskDefinition
from assaygym.envs.registration import all_specs, make, spec
from assaygym.errors import ConfigError
from assaygym.sandbox import shared_sandbox

__all__ = ["DEFAULT_TASKS", "Target", "find_target"]

DEFAULT_TASKS = 100
"""Tasks of an environment without end when the user names no number."""


def _unlabelled(task: int) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An environment and how its tasks are picked: by row (`rows` many), or by seed (no end)."""

    id: str
    make: Callable[[], Env]
    rows: int | None
    by_index: bool
    """Whether a task is a row, picked by `reset(options={"index": row})`; otherwise it is a seed."""
    config: Mapping[str, Any]
    """All of it that can change a verdict, as JSON values."""
    labels: Callable[[int], object] = field(default=_unlabelled)
    """The category of a task, where it has one; else None."""

    def tasks(self, n: int | None, limit: int | None, seed: int) -> tuple[int, ...]:
        """The first `n` tasks: rows from 0, or seeds from `seed`; never more than `limit`, or than there are.

        Raises:
            ConfigError: `n` or `limit` is below 1.
        """
        for name, value in (("n", n), ("limit", limit)):
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}; expected at least 1")
        wanted = n if n is not None else self.rows if self.rows is not None else DEFAULT_TASKS
        count = min(number for number in (wanted, limit, self.rows) if number is not None)
        first = 0 if self.by_index else seed
        return tuple(range(first, first + count))

    def category(self, task: int) -> str | None:
        """What a report groups the task by; None where there is nothing."""
        label = self.labels(task)
        return None if label is None else str(label)

    def reset_options(self, task: int) -> dict[str, Any] | None:
        """The options of `reset` for a task."""
        return {"index": task} if self.by_index else None


def find_target(
    target: str | TaskDefinition,
    *,
    data: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    split: str = "eval",
    level: int | None = None,
    knobs: Mapping[str, Any] | None = None,
) -> Target:
    """The target of this name, its data read.

    Args:
        target: a suite, an environment's id, or a task definition.
        data: the file or folder of a suite; the Hub when None.
        columns: the data's own names for the suite's columns.
        split: of an environment. A suite is whole.
        level: difficulty of an environment.
        knobs: further options of an environment; of a suite, what it lets a run set (`Suite.settings`).

    Raises:
        ConfigError: no such target, or an option it does not take.
        DataError: a suite's data cannot be used.
        MissingDependencyError: a suite needs a package that is not installed.
        IsolationError: the target runs programs, and this machine cannot isolate them.
    """
    if isinstance(target, str) and target in SUITES:
        if level is not None:
            raise ConfigError(f"{target} is a suite: it takes no level; levels are for environments")
        return _suite_target(target, data, columns, knobs or {})
    if data is not None or columns:
        raise ConfigError(f"{target} is no suite, so it takes no data of its own; suites: {', '.join(SUITES)}")
    return _env_target(target, {"split": split, "level": level, **(knobs or {})})


def _suite_target(
    name: str, data: str | Path | None, columns: Mapping[str, str] | None, options: Mapping[str, Any]
) -> Target:
    loaded = load(suite(name), data, columns, options)
    if loaded.suite.needs_sandbox:
        _need_sandbox()
    definition = loaded.definition
    return Target(
        id=name,
        make=lambda: definition.make(split="all"),
        rows=len(definition.rows),
        by_index=True,
        labels=functools.cache(lambda row: definition.row_task(row).metadata.get("category")),
        config={
            "id": name,
            "kind": "suite",
            "split": loaded.suite.split,
            "prompt": _prompt_of(loaded),
            "verifier": verifier_text(definition.verifier),
            "data": {"source": loaded.source, "sha256": loaded.sha256, "columns": dict(columns or {})},
            **({"options": dict(loaded.options)} if loaded.options else {}),
        },
    )


def _prompt_of(loaded: LoadedSuite) -> str:
    """The suite's template; where that is a function, a digest of what it makes of the first row."""
    if isinstance(loaded.suite.prompt, str) and loaded.suite.prompt:
        return loaded.suite.prompt
    text = loaded.definition.row_task(0).prompt[-1].content
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _env_target(target: str | TaskDefinition, options: Mapping[str, Any]) -> Target:
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(target, str) and ":" not in target and target not in {known.id for known in all_specs()}:
        suite(target)  # raises: the name is unknown, and both kinds of name are worth suggesting
    if "sandbox" in (spec(target) if isinstance(target, str) else target).requires:
        _need_sandbox()

    def build() -> Env:
        return make(target, **given) if isinstance(target, str) else target.make(**given)

    env = build()
    config = {
        "id": env.id,
        "kind": "environment",
        "split": env.split,
        "knobs": {name: _json_value(value) for name, value in env.knobs.items()},
        "max_turns": env.max_turns,
        "verifier": verifier_of(env),
    }
    rows = len(env.definition.order(env.split)) if isinstance(env, DataEnv) else None
    env.close()
    return Target(id=env.id, make=build, rows=rows, by_index=False, config=config)


def _need_sandbox() -> None:
    """Where programs cannot be isolated, say so before the first episode and not in each."""
    shared_sandbox()


def _json_value(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str)) or value is None else repr(value)
