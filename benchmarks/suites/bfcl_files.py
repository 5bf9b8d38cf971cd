"""BFCL's rows: one joined file, or its own files (`BFCL_v3_*.json`, `BFCL_v4_*.json`) with their answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from assaygym.benchmarks.suites.declaration import Row
from assaygym.envs.data import read_rows
from assaygym.errors import DataError
from assaygym.foreign_json import read_json

__all__ = ["API_FILES", "is_multi_turn", "is_single_turn", "read_bfcl"]

API_FILES = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "TwitterAPI": "posting_api",
    "VehicleControlAPI": "vehicle_control",
}
"""Files of the tools of each simulated API, in `multi_turn_func_doc`, and of its code in the package `bfcl-eval`."""
_OWN = re.compile(r"BFCL_v\d+_(\w+)\.json")
_NOT_JUDGED = frozenset(("memory", "web_search", "format_sensitivity", "chatable", "sql", "rest"))
"""Categories of live services, of prompts about formats, and without answers."""


def is_multi_turn(row: Row) -> bool:
    """Whether a row is a conversation with simulated APIs."""
    return _category(row).startswith("multi_turn")


def is_single_turn(row: Row) -> bool:
    """Whether a row is judged by the calls of one turn."""
    category = _category(row)
    return not is_multi_turn(row) and category not in _NOT_JUDGED and not category.startswith("exec_")


def _category(row: Row) -> str:
    return str(row.get("category") or str(row.get("id", "")).rsplit("_", 1)[0])


def read_bfcl(paths: Sequence[Path]) -> list[Row]:
    """The rows of these files, each with `category`, `ground_truth` and `function`.

    Answers lie in `possible_answer/` beside a file and are found by id. Where no id there is that of a question they
    are found by place, and have to call functions that the question offers.

    Raises:
        DataError: a file cannot be read, or its answers are not those of its questions.
    """
    rows = [row for path in paths for row in _rows_of(path)]
    return [_with_functions(row, paths[0].parent) for row in rows]


def _rows_of(path: Path) -> Iterator[Row]:
    own = _OWN.fullmatch(path.name)
    if own is None:
        yield from ({**row, "category": _category(row)} for row in read_rows(path))
        return
    if own[1] in _NOT_JUDGED:
        return
    rows, beside = list(_lines(path)), path.parent / "possible_answer" / path.name
    golds = _aligned(rows, beside) if beside.is_file() else [None] * len(rows)
    for row, gold in zip(rows, golds, strict=True):
        yield {**row, "category": own[1], "ground_truth": gold}


def _aligned(rows: Sequence[Row], path: Path) -> list[Any]:
    """The gold of each row."""
    answers = list(_lines(path))
    if len(answers) != len(rows):
        raise DataError(f"{path} has {len(answers)} answers to {len(rows)} questions")
    asked = {row["id"] for row in rows}
    by_id = {answer.get("id"): answer["ground_truth"] for answer in answers}
    if asked.isdisjoint(by_id):
        return [_offered(row, answer["ground_truth"], path) for row, answer in zip(rows, answers, strict=True)]
    if others := [name for name in by_id if name not in asked]:
        raise DataError(f"{path} has an answer to {others[0]}, of which there is no question")
    if lacking := [row["id"] for row in rows if row["id"] not in by_id]:
        raise DataError(f"{path} has no answer to {lacking[0]}")
    return [by_id[row["id"]] for row in rows]


def _offered(row: Row, gold: Any, path: Path) -> Any:
    """The gold, which has to call functions of this row: else it is another row's."""
    names = {function["name"] for function in row.get("function") or ()}
    called = {name for call in gold if isinstance(call, dict) for name in call}
    if names and not called <= names:
        raise DataError(
            f"{path}: the answer in the place of {row['id']} calls {min(called - names)}, not offered there"
        )
    return gold


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                found = read_json(line)
            except ValueError as error:
                raise DataError(f"{path}, line {number} is not JSON: {error}") from error
            if not isinstance(found, dict):
                raise DataError(f"{path}, line {number} is a {type(found).__name__}; expected an object")
            yield found


def _with_functions(row: Row, folder: Path) -> Row:
    """A row of the simulated APIs with the tools that these have, which stand in files of their own."""
    if row.get("function") or not is_multi_turn(row):
        return row
    excluded = row.get("excluded_function") or ()
    functions = [f for name in row["involved_classes"] for f in _tools_of(folder, name) if f["name"] not in excluded]
    return {**row, "function": functions}


@cache
def _tools_of(folder: Path, name: str) -> tuple[dict[str, Any], ...]:
    if name not in API_FILES:
        raise DataError(f"there is no simulated API {name!r}; expected one of {', '.join(API_FILES)}")
    path = folder / "multi_turn_func_doc" / f"{API_FILES[name]}.json"
    if not path.is_file():
        raise DataError(f"the tools of {name} are missing: {path}; give the folder that has multi_turn_func_doc")
    return tuple(_lines(path))
