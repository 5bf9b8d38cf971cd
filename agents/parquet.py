"""Trajectories in a parquet file that any trainer reads: one row a trajectory, ids and masks as plain lists.

The columns, which stay as they are (`assaygym.trajectories` = "1" in the file's metadata says so):

| column | type | what |
|---|---|---|
| `group` | string | the key of the group; empty for an episode that stands alone |
| `id`, `parent_id`, `parent_turn` | string, string?, int32? | its name; what it was forked from, before which turn |
| `pruned` | bool | played, but no part of the group |
| `env_id`, `task_id`, `split`, `seed` | string, string, string, int64? | the task |
| `messages` | list of struct | the conversation: `role`, `content`, `reasoning`?, `tool_calls`, `tool_call_id`? |
| `ids` | list of int32 | what the model was fed and sampled, in order |
| `mask` | list of int8 | of `ids`: 1 exactly where sampled |
| `logprobs` | list of float | of `ids`: of the behaviour policy where sampled (NaN if unknown), 0 elsewhere |
| `row_starts` | list of int32 | where `ids` begins anew: [0], more only where a server rewrote the history |
| `reward` | double? | of the episode; null where nobody could judge it |
| `value`, `verdict` | double?, string? | of the score |
| `stop_reason`, `error` | string, string? | how it ended |
| `turns` | list of struct | `observed`: how many `messages` were new before its answer; its sampled ids are |
| | | `ids[start:end]`, after the prompt `ids[row:start]`; `finish_reason`, `cached`, `reward`; `logprobs`?, |
| | | `entropies`?, `top_k_entropies`? in full precision; `info` as JSON |
| `score`, `notes` | JSON? | the whole score; how the episode came about |
| `exact` | JSON? | the whole trajectory, where a column cannot hold it (half a surrogate pair, a seed beyond int64) |

A value that is no number is NaN, or null where the table says `?`; free-form values are as `record` spells them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from assaygym.agents.parquet_rows import VERSION, VERSION_KEY, row_of, schema, trajectory_of, whole
from assaygym.errors import DataError, MissingDependencyError
from assaygym.types import Trajectory

if TYPE_CHECKING:
    from assaygym.agents.strategies.group import Group

__all__ = ["TrajectoryWriter", "read_groups", "read_trajectories"]


class TrajectoryWriter:
    """Writes trajectories to a parquet file as they come; a context manager.

    A row group is written as soon as it is full, so memory holds `rows_per_group` trajectories at most. The file gets
    its name when it is closed, also by an error: until then it is `NAME.part`, which no reader takes for a whole one.

    Args:
        path: the file; one that is there is replaced when this one is closed.
        rows_per_group: trajectories of a row group.

    Raises:
        MissingDependencyError: pyarrow is not installed.
    """

    def __init__(self, path: str | Path, *, rows_per_group: int = 256) -> None:
        parquet = _parquet("TrajectoryWriter")
        self.path, self.rows_per_group = Path(path), rows_per_group
        self._part = self.path.with_name(self.path.name + ".part")
        self._schema = schema()
        self._rows: list[dict[str, Any]] = []
        self._file: Any = parquet.ParquetWriter(self._part, self._schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, trajectory: Trajectory, *, group: str = "", pruned: bool = False) -> None:
        """Add a trajectory.

        Raises:
            DataError: an id is beyond int32 (told when the row group is full).
        """
        self._rows.append({"group": whole(group), "pruned": pruned, **row_of(trajectory)})
        if len(self._rows) >= self.rows_per_group:
            self._flush()

    def write_group(self, group: Group) -> None:
        """Add the trajectories of a group, those pruned after the others."""
        for pruned, trajectories in ((False, group.trajectories), (True, group.pruned)):
            for trajectory in trajectories:
                self.write(trajectory, group=group.key, pruned=pruned)

    def close(self) -> None:
        """Write what is left and give the file its name; further calls do nothing."""
        if self._file is None:
            return
        try:
            self._flush()
        finally:
            self._file.close()
            self._file = None
        self._part.replace(self.path)

    def _flush(self) -> None:
        import pyarrow

        rows, self._rows = self._rows, []
        if not rows:
            return
        try:
            table = pyarrow.Table.from_pylist(rows, schema=self._schema)
        except (pyarrow.ArrowException, OverflowError) as error:
            raise DataError(f"a trajectory does not fit the columns of {self.path}: {error}") from error
        self._file.write_table(table)


def read_trajectories(path: str | Path) -> Iterator[Trajectory]:
    """The trajectories of a file that `TrajectoryWriter` wrote, in order, a few rows in memory at a time.

    Raises:
        DataError: the file cannot be read, or is no such file.
        MissingDependencyError: pyarrow is not installed.
    """
    for row in _read(path):
        yield trajectory_of(row)


def read_groups(path: str | Path) -> Iterator[Group]:
    """The groups of a file, in order: neighbouring rows of one key are one group.

    Raises:
        DataError, MissingDependencyError: as `read_trajectories`.
    """
    from assaygym.agents.strategies.group import Group

    for key, rows in groupby(_read(path), key=lambda row: str(row["group"])):
        played = [(bool(row["pruned"]), trajectory_of(row)) for row in rows]
        kept, pruned = (tuple(t for out, t in played if out is wanted) for wanted in (False, True))
        yield Group(key=key, trajectories=kept, pruned=pruned)


def _read(path: str | Path) -> Iterator[dict[str, Any]]:
    parquet = _parquet("read_trajectories")
    import pyarrow

    try:
        with parquet.ParquetFile(path) as file:
            version = (file.schema_arrow.metadata or {}).get(VERSION_KEY)
            if version != VERSION:
                raise DataError(f"{path} holds no trajectories of this layout; expected what TrajectoryWriter writes")
            for batch in file.iter_batches(batch_size=32):
                yield from batch.to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"cannot read trajectories from {path}: {error}") from error


def _parquet(purpose: str) -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise MissingDependencyError.of("pyarrow", "hub", purpose) from error
    return pyarrow.parquet
