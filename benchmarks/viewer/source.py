"""Where the viewer's episodes come from: the index of a run's log, and the later scores of a `rescored-N.json`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from assaygym.benchmarks.folder import EPISODES, read_run
from assaygym.benchmarks.index import EpisodeIndex
from assaygym.benchmarks.records import EpisodeRecord, Key
from assaygym.benchmarks.viewer.rows import Row, row_of
from assaygym.errors import ConfigError, RunError

__all__ = ["Source", "same_tasks"]


class Source:
    """A run that is looked at, and may be written meanwhile. After `open`, used by one thread.

    Args:
        path: the folder, or a `rescored-N.json` in it for the scores of then.

    Raises:
        RunError: there is no run.
    """

    def __init__(self, path: str | Path) -> None:
        later = Path(path)
        folder = later.parent if later.is_file() else later
        document, plan = read_run(folder)
        self.name = str(path)
        parts = later.resolve().parts
        self.short = "/".join(parts[-2:]) if later.is_file() else parts[-1]
        self.config: dict[str, Any] = document["config"]
        self.planned = len(plan.tasks) * plan.samples
        self._hash = str(document["config_hash"])
        self._log = folder / EPISODES
        self._later = later.with_suffix(".jsonl") if later.is_file() else None
        if self._later is not None and not self._later.is_file():
            raise RunError(f"{path} has no {self._later.name} beside it; give a run's folder, or a rescored-N.json")
        self._open = ExitStack()
        self._said: EpisodeIndex | None = None
        self._scores: EpisodeIndex | None = None
        self._seen = (-1, -1)

    @property
    def target(self) -> str:
        """What was evaluated."""
        return str(self.config["target"]["id"])

    @property
    def player(self) -> str:
        """Who played."""
        return str(self.config["policy"]["name"])

    def changed(self) -> bool:
        """Whether the log is another one than when it was opened."""
        return self._state() != self._seen

    def open(self) -> None:
        """Read where the episodes stand, anew.

        Raises:
            RunError: the log cannot be read.
        """
        self.close()
        self._seen = self._state()
        self._said = self._open.enter_context(EpisodeIndex(self._log, self._hash))
        if self._later is not None:
            self._scores = self._open.enter_context(EpisodeIndex(self._later, self._hash))

    def close(self) -> None:
        """Let go of the files."""
        self._open.close()
        self._said = self._scores = None

    def rows(self) -> Iterator[Row]:
        """The episodes, by task and sample."""
        for entry in self._index().entries():
            if self._scores is None:
                yield row_of(entry)
            elif (score := self._scores.find(*entry.record.key)) is not None:
                yield row_of(entry, score.record)

    def read(self, key: Key) -> EpisodeRecord:
        """The episode with what was said in it; the verdict is the later one, where that was asked for.

        Raises:
            RunError: it is not there, or the log has changed since.
        """
        said = self._index()
        record = said.read(self._entry(said, key))
        if self._scores is None:
            return record
        later = self._scores.read(self._entry(self._scores, key))
        notes = {**(record.trajectory.get("notes") or {}), "before": f"{record.outcome.value}: {record.explanation}"}
        return replace(later, trajectory={**record.trajectory, "score": None, "notes": notes})

    def raw(self, key: Key) -> bytes:
        """The line of the log, as it was written.

        Raises:
            RunError: it is not there.
        """
        said = self._index()
        return said.raw(self._entry(said, key))

    def _index(self) -> EpisodeIndex:
        if self._said is None:
            raise RunError(f"{self.name} is not open")
        return self._said

    def _entry(self, index: EpisodeIndex, key: Key) -> Any:
        entry = index.find(*key)
        if entry is None:
            raise RunError(f"{self.name} holds no episode {key[0]}/{key[1]} any more")
        return entry

    def _state(self) -> tuple[int, int]:
        try:
            stat = self._log.stat()
        except OSError:
            return 0, 0
        return stat.st_size, stat.st_ino


def same_tasks(a: Source, b: Source) -> bool:
    """Whether a task's number means the same task in both runs; else the data's own names tell.

    Raises:
        ConfigError: they evaluate different things, which share no task.
    """
    mine, other = a.config["target"], b.config["target"]
    if mine["id"] != other["id"]:
        raise ConfigError(f"{a.name} evaluates {mine['id']} and {b.name} {other['id']}; expected two runs on the same")
    digests = [target.get("data", {}).get("sha256", "") for target in (mine, other)]
    return bool(digests[0] == digests[1])
