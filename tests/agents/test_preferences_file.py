"""Rows in a file: whole or not at all, and read back by `datasets` as they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.preferences_file import ROWS_PER_GROUP, write_rows
from assaygym.errors import ConfigError, DataError


def row(number: int = 0, **fields: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": f"é\u2028{number}"}
    prompt = [{"role": "user", "content": "Q"}]
    return {"prompt": prompt, "completion": [said], "label": True, "value": 0.5, "turns": number, "id": "k/0", **fields}


def called(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    return [{"role": "assistant", "content": "", "tool_calls": [call]}, {"role": "tool", "content": "", "name": "f"}]


def failing() -> Iterator[dict[str, Any]]:
    yield row()
    raise DataError("line 2 is broken")


def read(path: Path, cache: Path) -> list[dict[str, Any]]:
    import datasets

    kind = "parquet" if path.suffix == ".parquet" else "json"
    loaded: Any = datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=str(cache))
    return [{name: value for name, value in one.items() if value is not None} for one in loaded]


def test_lines_are_json_in_the_order_of_the_rows(tmp_path: Path) -> None:
    out = tmp_path / "new" / "rows.jsonl"
    assert write_rows(map(row, range(3)), out) == 3
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").split("\n")[:-1]] == [row(i) for i in range(3)]
    assert list(out.parent.iterdir()) == [out]


def test_without_a_name_the_rows_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert write_rows([row()], None) == 1
    assert json.loads(capsys.readouterr().out) == row()


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
def test_datasets_reads_every_message_with_the_keys_that_it_has(tmp_path: Path, name: str) -> None:
    rows = [row(0), row(1, completion=called({"a": 1}), tools="[]"), row(2, completion=called({"b": [None, "x"]}))]
    write_rows(rows, tmp_path / name)
    assert read(tmp_path / name, tmp_path / "cache") == rows


def test_parquet_holds_rows_beyond_its_first_chunk(tmp_path: Path) -> None:
    import pyarrow.parquet

    count = 2 * ROWS_PER_GROUP + 1
    assert write_rows(map(row, range(count)), tmp_path / "rows.parquet") == count
    table = pyarrow.parquet.read_table(tmp_path / "rows.parquet")
    assert table["turns"].to_pylist() == list(range(count))
    assert json.loads(table["completion"][count - 1].as_py()[0])["content"].endswith(str(count - 1))


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
def test_half_a_surrogate_pair_is_a_question_mark(tmp_path: Path, name: str) -> None:
    write_rows([row(id="\ud800", completion=[{"role": "assistant", "content": "a\udfff"}])], tmp_path / name)
    (found,) = read(tmp_path / name, tmp_path / "cache")
    assert (found["id"], found["completion"][0]["content"]) == ("?", "a?")


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
def test_a_failure_leaves_the_file_that_was_there_and_no_part(tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    out.write_text("earlier")
    with pytest.raises(DataError, match="line 2 is broken"):
        write_rows(failing(), out)
    assert out.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
def test_without_a_row_there_is_no_file(tmp_path: Path, name: str) -> None:
    assert write_rows([], tmp_path / name) == 0
    assert list(tmp_path.iterdir()) == []


def test_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write"):
        write_rows([row()], tmp_path / "file" / "rows.jsonl")
    with pytest.raises(ConfigError, match="is a folder"):
        write_rows([row()], tmp_path)
