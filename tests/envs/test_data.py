"""Reading rows, and what is said of bad files."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from assaygym.envs.data import column, read_rows
from assaygym.errors import DataError

ROWS = [{"q": "1 + 1?", "a": "2"}, {"q": "naïve\u2028line", "a": "3"}]
LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def packed(text: str) -> bytes:
    """Text as gzip writes it at any time: the same bytes in every process, so that a test keeps its name."""
    return gzip.compress(text.encode(), mtime=0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.jsonl", LINES),
        ("r.jsonl", LINES.replace("\n", "\r\n")),
        ("r.jsonl", "\n" + LINES + "\n\n"),
        ("r.jsonl.gz", packed(LINES)),
        ("r.json", json.dumps(ROWS)),
        ("r.json.gz", packed(json.dumps(ROWS))),
        ("r.csv", "q,a\n1 + 1?,2\nnaïve\u2028line,3\n"),
    ],
)
def test_rows_are_read_from_any_format(tmp_path: Path, name: str, content: str | bytes) -> None:
    assert read_rows(write(tmp_path, name, content)) == ROWS


def test_rows_are_read_from_parquet(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    assert read_rows(path) == ROWS


def test_rows_given_as_such_are_taken() -> None:
    assert read_rows(ROWS) == ROWS


def test_a_folder_with_one_data_file_stands_for_it(tmp_path: Path) -> None:
    write(tmp_path, "README.md", "about")
    write(tmp_path, "r.jsonl", LINES)
    assert read_rows(tmp_path) == ROWS


def test_a_folder_with_several_data_files_names_them(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", LINES)
    write(tmp_path, "b.json", "[]")
    with pytest.raises(DataError, match=r"2 data files \(a.jsonl, b.json\)"):
        read_rows(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("r.txt", "x", "unknown kind; expected .jsonl"),
        ("r.jsonl", "", "has no rows"),
        ("r.jsonl", '{"q": 1}\n{"q": ', "line 2 is not JSON"),
        ("r.jsonl", '{"q": 1}\n[1]\n', "row 2 is list, expected an object"),
        ("r.json", '{"q": 1}', "holds dict, expected a list"),
        ("r.json", "{", "is not JSON"),
        pytest.param("r.jsonl", '{"q": 1}\n{"q": ' + "9" * 5000 + "}", "line 2 is not JSON: Exceeds", id="long number"),
        pytest.param("r.json", "[" * 5000, "is not JSON: nested deeper than 200 levels", id="nested deep"),
        ("r.jsonl", b"\xff\xfe", "cannot read"),
        ("r.jsonl.gz", b"not gzip", "cannot read"),
        ("r.jsonl.gz", packed(LINES)[:-12], "cannot read"),
        ("r.parquet", b"PAR1 not really", "cannot read"),
    ],
)
def test_a_bad_file_is_a_sentence(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_rows(write(tmp_path, name, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no data file .*gone\.jsonl"):
        read_rows(tmp_path / "gone.jsonl")


@pytest.mark.parametrize("value", [0, False, "0", [], 0.0])
def test_a_falsy_value_is_still_a_value(value: Any) -> None:
    assert column({"a": value}, "a", 1) == value


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_nothing_in_a_column_names_the_row(value: Any) -> None:
    with pytest.raises(DataError, match="row 3 has nothing in column 'a'"):
        column({"a": value}, "a", 3)


def test_a_missing_column_lists_those_present() -> None:
    with pytest.raises(DataError, match=r"no column 'answer'.*\(columns: q, a\)"):
        column(ROWS[0], "answer", 1)
