"""What a suite declares. A suite is data: adding one means adding a `Suite` to a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from assaygym.envs.data_tasks import DataTaskDefinition
from assaygym.types import Task

__all__ = ["Row", "Suite"]

Row = Mapping[str, Any]
Judge = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A benchmark or a training set: where its rows are, how a row becomes a task, what judges an answer.

    `gold`, `solution` and `name` are columns, or functions of a row that raise `DataError` for a row they cannot use.
    """

    id: str
    """What the user types."""
    title: str
    kind: Literal["math", "code", "tool"]
    use: Literal["eval", "train"] = "eval"
    licence: str
    """SPDX identifier of the data."""
    published: str
    """When its tasks could first be read by anybody, as `YYYY-MM`: what was trained on later text may know them. Empty
    for tasks that are made here."""
    date: str | None = None
    """Column with the date of each row, ISO 8601; `after` and `before` select by it."""
    hub_id: str = ""
    """Repository of the data set on the Hugging Face Hub; empty for data that is elsewhere, or made here."""
    hub_config: str | None = None
    split: str = "test"
    hub_file: str = ""
    """Path of the split's file in that repository."""
    hub_more: tuple[str, ...] = ()
    """Paths of its further files, read after it."""
    revision: str = ""
    """Commit of that repository: what is fetched never changes. Empty where none is known: then the head of its main
    branch is fetched, and the commit found there is part of the run's record."""
    digests: Mapping[str, str] = field(default_factory=dict[str, str])
    """SHA-256 of files at that commit, where it is known beforehand."""
    files: tuple[str, ...] = ()
    """Names (patterns) by which a folder given as the data is searched; the first that matches wins."""
    many: bool = False
    """Whether a pattern may match several files, which are then read one after the other."""
    rows: int = 0
    """How many rows the split on the Hub has; 0 where that is not known."""
    columns: tuple[str, ...] = ()
    """Columns that every row must have, under these names."""
    prompt: str | Callable[[Row], str] = ""
    """What the agent is asked; `{column}` stands for a column's text, a list's items one a line. Or a function."""
    gold: str | Callable[[Row], Any] = ""
    verifier: Callable[[], Judge] | None = None
    """Makes the verifier; called when the suite is used, so that its dependencies are too."""
    format: Literal["", "hashes", "boxed", "integer", "letter", "block", "boxed or block", "calls"] = ""
    """How the prompt asks for the answer: a right one written otherwise earns 0, and 1 leniently (`formats.py`).
    `boxed or block` depends on the row, `calls` on all turns of an episode: their judges see to it. Empty where the
    tasks are environments, which judge by themselves."""
    solution: str | Callable[[Row], str] = ""
    """A right answer as an agent would give it, for the oracle."""
    solution_column: str = ""
    """Where `solution` comes from. Data without this column has no worked solutions."""
    name: str | None = None
    """Column that names a row; its number, from 0, when None or when the data has no such column."""
    category: str | None = None
    """Column by which a report may group the rows; `metadata["category"]` of their tasks."""
    unique: Callable[[Row], Hashable] | None = None
    """Of rows for which this is the same, the first is kept."""
    keep: Callable[[Row], bool] | None = None
    """Which rows belong to the suite, where its files hold others too."""
    reader: Callable[[Sequence[Path]], list[Row]] | None = None
    """Reads its files, where they are more than rows."""
    made: Callable[[Mapping[str, Any]], list[Row]] | None = None
    """Makes its rows, which need no file, from the options given."""
    define: Callable[[Suite, list[Row]], DataTaskDefinition] | None = None
    """Makes the task of its rows, where that is more than one question with one answer."""
    options: tuple[str, ...] = ()
    """What a run may set of it (`--set NAME=VALUE`), beside `after` and `before` of suites with dates."""
    requires: tuple[str, ...] = ()
    """What it needs beyond the core: `sandbox`, beside the suites of kind code, which all do."""

    def labelled(self, task: Task[Any], row: Row) -> Task[Any]:
        """The task of a row, with the row's category in its metadata."""
        label = row.get(self.category) if self.category else None
        return task if label is None else replace(task, metadata={**task.metadata, "category": str(label)})

    @property
    def needs_sandbox(self) -> bool:
        """Whether agents' programs are run."""
        return self.kind == "code" or "sandbox" in self.requires

    @property
    def hub_files(self) -> tuple[str, ...]:
        """Paths of all its files in the repository."""
        return (self.hub_file, *self.hub_more) if self.hub_file else ()

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of everything that a run may set."""
        return (*self.options, *(("after", "before") if self.date else ()))
