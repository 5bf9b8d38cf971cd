"""Single-turn tasks whose rows come from a data file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assaygym.envs.data import Row, column, read_rows
from assaygym.envs.definition import TaskDefinition, TaskEnv, as_prompt
from assaygym.envs.difficulty import resolve
from assaygym.envs.seeding import keyed_rng, split_of
from assaygym.errors import ConfigError, DataError, EmptySplitError
from assaygym.types import Task

__all__ = ["DataEnv", "DataTaskDefinition", "task_from_data"]


class DataTaskDefinition(TaskDefinition):
    """A task whose rows come from a file; `reset(options={"index": i})` picks row i."""

    def __init__(
        self,
        env_id: str,
        rows: Sequence[Row],
        columns: Mapping[str, Any],
        **options: Any,
    ) -> None:
        super().__init__(env_id, self.row_task, **options)
        self.rows: Sequence[Row] = rows
        self._recipe = {**columns, **options}
        self._columns = columns
        self._orders: dict[str, list[int]] = {}
        self.defaults = {}
        self.__qualname__ = f"<data of {env_id}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _from_recipe, (self.id, self.rows, self._recipe)

    def make(
        self, *, split: str = "train", render_mode: str | None = None, level: int | None = None, **knobs: Any
    ) -> TaskEnv:
        """An environment of these rows."""
        resolve(self.id, {}, level, knobs, {})
        return DataEnv(self, split=split, render_mode=render_mode, knobs={})

    def row_task(self, index: int) -> Task[Any]:
        """The task of row `index`, from 0.

        Raises:
            ConfigError: there is no such row.
            DataError: the row lacks a column or an answer.
        """
        if not 0 <= index < len(self.rows):
            raise ConfigError(f"{self.id} has rows 0 to {len(self.rows) - 1}, not {index}")
        row, number = self.rows[index], index + 1
        given = {name: _cell(row, what, number) for name, what in self._columns.items() if what is not None}
        return Task(
            id=str(given.get("name", index)),
            prompt=as_prompt(given["prompt"], self.system, self.id),
            answer=given["gold"],
            metadata={"solution": given["solution"]} if "solution" in given else {},
        )

    def order(self, split: str) -> list[int]:
        """The rows of a split in an order of its own, so that seeds 0 to n-1 visit each row once.

        Raises:
            EmptySplitError: the split has no row.
        """
        if split not in self._orders:
            everything = range(len(self.rows))
            mine = [i for i in everything if split in ("all", split_of(self.row_task(i)))]
            keyed_rng(self.id, split, 0, {}, "order").shuffle(mine)
            self._orders[split] = mine
        if not self._orders[split]:
            raise EmptySplitError(
                f"none of the {len(self.rows)} rows of {self.id} is in its {split!r} split; use split='all'"
            )
        return self._orders[split]

    def check(self) -> None:
        """Read every row once, so that bad data fails before a run and not in the middle of it.

        Raises:
            DataError: a row lacks a column or an answer.
        """
        for index in range(len(self.rows)):
            self.row_task(index)


class DataEnv(TaskEnv):
    """The environment of a data file."""

    definition: DataTaskDefinition

    def _draw(self, seed: int, options: Mapping[str, Any]) -> Task[Any]:
        if unknown := options.keys() - {"index"}:
            raise ConfigError(f"{self.id} takes the reset option 'index' only, got {', '.join(sorted(unknown))}")
        if "index" in options:
            return self.definition.row_task(int(options["index"]))
        order = self.definition.order(self.split)
        return self.definition.row_task(order[seed % len(order)])


def task_from_data(
    env_id: str,
    data: str | Path | Sequence[Row],
    *,
    prompt: str | Callable[[Row], Any],
    gold: str | Callable[[Row], Any],
    solution: str | Callable[[Row], str] | None = None,
    name: str | Callable[[Row], str] | None = None,
    **options: Any,
) -> DataTaskDefinition:
    """The task of a data file, not registered. Every row is read and checked at once.

    Args:
        env_id: `namespace/name-vN`.
        data: a file, a folder with one data file, or rows.
        prompt: the column that holds the question, or a function of the row.
        gold: the column that holds the answer, or a function of the row.
        solution: the column that holds a full right answer, or a function of the row; for the oracle.
        name: the column that names the row, or a function of the row; the row's number when None.
        **options: as for `TaskDefinition`.

    Raises:
        DataError: the data cannot be read, lacks a column, or a row has no answer.
    """
    if solution is not None:
        options.setdefault("solve", _stored_solution)
    columns = {"prompt": prompt, "gold": gold, "solution": solution, "name": name}
    definition = DataTaskDefinition(env_id, read_rows(data), columns, **options)
    definition.check()
    return definition


def _from_recipe(env_id: str, rows: Sequence[Row], recipe: Mapping[str, Any]) -> DataTaskDefinition:
    return task_from_data(env_id, rows, **recipe)


def _cell(row: Row, what: str | Callable[[Row], Any], number: int) -> Any:
    if isinstance(what, str):
        return column(row, what, number)
    try:
        return what(row)
    except DataError as error:
        told = str(error).startswith(f"row {number} ")
        raise DataError(str(error) if told else f"row {number}: {error}") from error
    except KeyError as error:
        return column(row, str(error.args[0]), number)


def _stored_solution(posed: Task[Any]) -> str:
    return str(posed.metadata["solution"])
