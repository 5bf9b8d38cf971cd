"""`assay report`: pages, their table, text, JSON, CSV."""

import csv
import io
import json
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.report.table import COLUMNS

Run = Any


@pytest.fixture
def played(run: Run) -> Run:
    """`run`, after two runs: `a` of 3 tasks with 2 samples, `runs/b` of 2 tasks."""
    run("eval", "assay/Reverse-v0", "--policy", "oracle", "-n", "3", "-k", "2", "--out", "a")
    run("eval", "assay/ChainSum-v0", "--policy", "null", "-n", "2", "--out", "runs/b")
    return run


def test_a_run_has_its_page_in_its_folder(played: Run, tmp_path: Path) -> None:
    result = played("report", "a")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("report: a/report.html (6 episodes, ")
    assert "<title>assay/Reverse-v0 by oracle</title>" in (tmp_path / "a/report.html").read_text()


def test_the_page_goes_where_it_is_told(played: Run, tmp_path: Path) -> None:
    assert played("report", "a", "--html", "site/deep/a.html").exit_code == 0
    assert (tmp_path / "site/deep/a.html").is_file()
    assert not (tmp_path / "a/report.html").exists()


def test_several_runs_have_a_page_each_and_a_table(played: Run, tmp_path: Path) -> None:
    result = played("report", "a", "runs/b")
    assert result.stdout.splitlines()[-1] == f"table: {tmp_path.resolve() / 'reports.html'}"
    text = (tmp_path / "reports.html").read_text()
    assert ('href="a/report.html"' in text, 'href="runs/b/report.html"' in text) == (True, True)
    assert (tmp_path / "runs/b/report.html").is_file()
    played("report", "a", "runs/b", "--html", "runs/table.html")
    assert 'href="../a/report.html"' in (tmp_path / "runs/table.html").read_text()


def test_json_is_the_facts_of_one_run_or_a_list(played: Run, tmp_path: Path) -> None:
    one = json.loads(played("report", "a", "--json").stdout)
    assert (one["headline"]["done"], one["provenance"]["seed"]) == (6, 0)
    several = json.loads(played("report", "a", "runs/b", "--json").stdout)
    assert [each["headline"]["target"] for each in several] == ["assay/Reverse-v0", "assay/ChainSum-v0"]
    assert not (tmp_path / "a/report.html").exists()


def test_csv_has_a_row_for_each_episode_of_all_runs(played: Run) -> None:
    rows = list(csv.reader(io.StringIO(played("report", "a", "runs/b", "--csv").stdout, newline="")))
    assert rows[0] == list(COLUMNS)
    assert [(row[0], row[3], row[4], row[7]) for row in rows[1:]] == [
        *(("a", str(task), str(sample), "correct") for task in range(3) for sample in range(2)),
        ("runs/b", "0", "0", rows[7][7]),
        ("runs/b", "1", "0", rows[8][7]),
    ]


def test_csv_keeps_what_a_model_wrote_in_one_cell(played: Run, tmp_path: Path) -> None:
    path = tmp_path / "a/episodes.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    hostile = 'a,"b"\r\nc\n;\ud800 \u202e'
    path.write_text("".join(json.dumps({**row, "explanation": hostile}) + "\n" for row in rows))
    text = played("report", "a", "--csv", "--out", "a.csv")
    assert (text.stdout, text.stderr) == ("", "written: a.csv\n")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert {row["explanation"] for row in found} == {hostile.replace("\ud800", "\\ud800")}
    assert played("report", "a", "--md").exit_code == 0


def test_markdown_goes_to_standard_output(played: Run) -> None:
    assert played("report", "runs/b", "--md").stdout.startswith("# assay/ChainSum-v0 by null")


def test_text_and_page_may_be_had_at_once(played: Run, tmp_path: Path) -> None:
    result = played("report", "a", "--json", "--html", "a.html")
    assert (json.loads(result.stdout)["headline"]["done"], "report: a.html" in result.stderr) == (6, True)
    assert (tmp_path / "a.html").is_file()


def test_open_opens_the_page(played: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def browse(address: str) -> bool:
        opened.append(address)
        return len(opened) < 2

    monkeypatch.setattr(webbrowser, "open", browse)
    assert played("report", "a", "--open").stderr == ""
    assert "no browser could be started; open a/report.html" in played("report", "a", "--open").stderr
    assert opened[0] == (tmp_path / "a/report.html").resolve().as_uri()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["nowhere"], "nowhere holds no run"),
        (["a", "--md", "--csv"], "--md and --csv are two forms; give one"),
        (["a", "--out", "x.html"], "--out is for --md, --json and --csv; the place of the page is --html PATH"),
        (["a", "--csv", "--out", "a/run.json/x.csv"], "give another --out"),
        (["a", "--html", "a/run.json/x.html"], "give another --html"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(played: Run, options: list[str], sentence: str) -> None:
    result = played("report", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
