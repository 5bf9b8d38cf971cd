"""What a suite declares. A suite is data: adding one means adding a `Suite` to the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Row", "Suite"]

Row = Mapping[str, Any]
Judge = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A benchmark: where its rows are, how a row becomes a task, what judges an answer.

    `gold`, `solution` and `name` are columns, or functions of a row that raise `DataError` for a row they cannot use.
    """

    id: str
    """What the user types."""
    title: str
    kind: Literal["math", "code"]
    licence: str
    """SPDX identifier of the data."""
    hub_id: str
    """Repository of the data set on the Hugging Face Hub."""
    hub_config: str | None
    split: str
    hub_file: str
    """Path of the split's file in that repository."""
    revision: str
    """Commit of that repository: what is fetched never changes."""
    files: tuple[str, ...]
    """Names (patterns) by which a folder given as the data is searched, the first that matches wins."""
    rows: int
    """How many rows the split on the Hub has."""
    columns: tuple[str, ...]
    """Columns that every row must have, under these names."""
    prompt: str | Callable[[Row], str]
    """What the agent is asked; `{column}` stands for a column's text, a list's items one a line. Or a function."""
    gold: str | Callable[[Row], Any]
    verifier: Callable[[], Judge]
    """Makes the verifier; called when the suite is used, so that its dependencies are too."""
    solution: str | Callable[[Row], str]
    """A right answer as an agent would give it, for the oracle."""
    solution_column: str
    """Where `solution` comes from. Data without this column has no worked solutions."""
    name: str | None = None
    """Column that names a row; its number, from 0, when None or when the data has no such column."""
