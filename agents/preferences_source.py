"""A recording as groups: the folder of an evaluation, JSON lines as `record` writes them, or `TrajectoryWriter`'s file.

Token ids and log-probabilities are left out: what is read here is what was said and what it earned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from assaygym.agents.record import group_from_dict, trajectory_from_dict
from assaygym.agents.strategies.group import Group, in_order
from assaygym.errors import DataError
from assaygym.foreign_json import read_json
from assaygym.types import Trajectory

__all__ = ["Recording"]

EPISODES = "episodes.jsonl"
NAME = re.compile(r"(?s:(?:.*/)?)\d+(?:\.\d+)*")
"""How a group names its trajectories: the number of the sample, and those of the forks that lead to it."""

NO_TOKENS: dict[str, Any] = {
    "prompt_ids": (),
    "token_ids": (),
    "logprobs": None,
    "entropies": None,
    "top_k_entropies": None,
}


class Recording:
    """The groups of a recording; can be read several times.

    | path | what |
    |---|---|
    | folder | the run of an evaluation (`episodes.jsonl`), else all of its `*.parquet` in order of their names |
    | `*.parquet` | what `TrajectoryWriter` wrote |
    | any other file | JSON lines: episodes of an evaluation, groups, trajectories |

    Groups come in the file's order. Episodes of an evaluation are one group a task, in order of the tasks, after the
    other groups; the last record of an episode counts, as there. Trajectories that stand alone are one group for each
    (environment, split, seed, task), in the order of their first; those that come again under the same name are
    another group.

    Args:
        path: of the file or folder.

    Raises:
        DataError: there is none.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.torn = 0
        """Last lines that were still being written when they were read: they are left out."""
        self.files = self._files()

    def __iter__(self) -> Iterator[Group]:
        """The groups.

        Raises:
            DataError: a file cannot be read, or a line of it is no record.
            MissingDependencyError: pyarrow is not installed, and a file is parquet.
        """
        self.torn = 0
        for file in self.files:
            yield from self._parquet(file) if file.suffix == ".parquet" else self._lines(file)

    def _files(self) -> list[Path]:
        if not self.path.exists():
            raise DataError(f"no file or folder {self.path}; give an evaluation's folder, or a file of a recording")
        if not self.path.is_dir():
            return [self.path]
        if (self.path / EPISODES).is_file():
            return [self.path / EPISODES]
        if found := sorted(self.path.glob("*.parquet")):
            return found
        raise DataError(f"{self.path} holds no recording: neither {EPISODES} nor a parquet file is in it")

    def _parquet(self, path: Path) -> Iterator[Group]:
        from assaygym.agents.parquet import read_groups

        alone: list[Trajectory] = []
        for group in read_groups(path):
            if group.key:
                yield _checked(_light(group), str(path))
            else:
                alone += _light(group).trajectories
        yield from _by_task(alone, str(path))

    def _lines(self, path: Path) -> Iterator[Group]:
        """The groups as they come; then those that episodes and trajectories had to be put together to."""
        episodes: dict[tuple[str, int], dict[int, Trajectory]] = {}
        alone: list[Trajectory] = []
        for where, row in self._rows(path):
            if "trajectories" in row:
                yield _checked(_light(_told(group_from_dict, row, where)), where)
            elif "trajectory" in row:
                key, sample = _place(row, where)
                episodes.setdefault(key, {})[sample] = _lightly(_told(trajectory_from_dict, row["trajectory"], where))
            else:
                alone.append(_lightly(_told(trajectory_from_dict, row, where)))
        for key in sorted(episodes):
            yield _checked(Group(key=str(key[1]), trajectories=tuple(episodes[key].values())), str(path))
        yield from _by_task(alone, str(path))

    def _rows(self, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip() and (row := self._row(line, f"{path}, line {number}")) is not None:
                        yield f"{path}, line {number}", row
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error

    def _row(self, line: bytes, where: str) -> dict[str, Any] | None:
        """The object of a line; None for one that is still being written."""
        try:
            row = read_json(line)
        except ValueError as error:
            if not line.endswith(b"\n"):
                self.torn += 1
                return None
            raise DataError(f"{where} is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise DataError(f"{where} is {type(row).__name__}; expected an object: an episode, a group or a trajectory")
        return row


def _told(read: Any, row: Any, where: str) -> Any:
    """What `read` makes of the row.

    Raises:
        DataError: it cannot; the sentence names the line.
    """
    try:
        return read(row)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error


def _place(row: dict[str, Any], where: str) -> tuple[tuple[str, int], int]:
    """((configuration, task), sample) of an episode of an evaluation."""
    task, sample = row.get("task"), row.get("sample")
    if not isinstance(task, int) or not isinstance(sample, int):
        raise DataError(f"{where} has task {task!r} and sample {sample!r}; expected the numbers of an evaluation")
    return (str(row.get("config", "")), task), sample


def _by_task(alone: Iterable[Trajectory], where: str) -> Iterator[Group]:
    found: dict[tuple[object, ...], list[Trajectory]] = {}
    seen: dict[str, int] = {}
    for one in alone:
        again = seen[one.id] = seen.get(one.id, -1) + 1 if one.id else -1
        found.setdefault((one.env_id, one.split, one.seed, one.task_id, again), []).append(one)
    for episodes in found.values():
        yield _checked(Group(key=episodes[0].task_id, trajectories=tuple(episodes)), where)


def _checked(group: Group, where: str) -> Group:
    """The group in the order of its names; episodes that have none are named by their place.

    Raises:
        DataError: a name is there twice, or is none that a group gives.
    """
    everyone = (*group.trajectories, *group.pruned)
    if not any(one.id for one in everyone):
        named = (replace(one, id=f"{group.key}/{i}") for i, one in enumerate(group.trajectories))
        return Group(key=group.key, trajectories=tuple(named))
    names = [one.id for one in everyone]
    if wrong := next((name for name in names if not NAME.fullmatch(name)), None):
        raise DataError(f"{where}: trajectory {wrong!r} of group {group.key!r}; expected a name such as 'task/0.1'")
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise DataError(f"{where}: group {group.key!r} has two trajectories {twice!r}; expected a name for each")
    return replace(group, trajectories=in_order(group.trajectories))


def _light(group: Group) -> Group:
    return replace(
        group, trajectories=tuple(map(_lightly, group.trajectories)), pruned=tuple(map(_lightly, group.pruned))
    )


def _lightly(trajectory: Trajectory) -> Trajectory:
    """The trajectory without what its tokens were, which is most of it."""
    turns = [replace(turn, completion=replace(turn.completion, **NO_TOKENS)) for turn in trajectory.turns]
    return replace(trajectory, turns=tuple(turns))
