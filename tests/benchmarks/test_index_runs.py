"""The index under `evaluate`, `load_run` and `load_summary`."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks import index as module
from assaygym.benchmarks import index_table
from assaygym.benchmarks.folder import read_run
from assaygym.benchmarks.index import EpisodeIndex, IndexedLog, index_path
from assaygym.benchmarks.recorded import load_run
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.benchmarks.report.plain import load_summary
from assaygym.benchmarks.rescore import rescore, write_rescoring
from assaygym.benchmarks.runner import evaluate
from assaygym.envs.definition import TaskDefinition


def pose(rng: random.Random) -> tuple[str, str]:
    return f"Say {(number := rng.randrange(1000))}.", str(number)


SAY = TaskDefinition("test/say-v0", pose, verifier=lambda response, gold: response == gold)
PLAY: dict[str, Any] = {"policy": "constant:7", "split": "all"}


@pytest.fixture(autouse=True)
def every_log_has_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALL", 0)


def rows(log: Path) -> int:
    with sqlite3.connect(index_path(log)) as index:
        count: int = index.execute("SELECT count(*) FROM lines").fetchone()[0]
    index.close()
    return count


def test_a_run_leaves_an_index_of_all_its_episodes(tmp_path: Path) -> None:
    evaluate(SAY, n=5, k=2, out=tmp_path, **PLAY)
    assert rows(tmp_path / "episodes.jsonl") == 10
    with EpisodeIndex(tmp_path / "episodes.jsonl", read_run(tmp_path)[0]["config_hash"]) as index:
        assert len(index) == 10


def test_a_run_indexes_what_it_writes_without_reading_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_table, "line_of", None)  # of a line that is read; the run has its own
    assert evaluate(SAY, n=5, k=2, out=tmp_path, **PLAY).done == 10


def test_resuming_and_summing_up_parse_no_trajectory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = evaluate(SAY, n=5, out=tmp_path, **PLAY)
    monkeypatch.setattr(EpisodeRecord, "from_row", None)
    monkeypatch.setattr(index_table, "_scanned", lambda *given: iter(()))
    assert load_summary(tmp_path) == first
    assert len(load_run(tmp_path).records) == 5
    assert evaluate(SAY, n=5, out=tmp_path, **PLAY) == first


def test_a_run_that_is_enlarged_extends_its_index(tmp_path: Path) -> None:
    evaluate(SAY, n=3, out=tmp_path, **PLAY)
    summary = evaluate(SAY, n=6, k=2, out=tmp_path, **PLAY)
    assert rows(tmp_path / "episodes.jsonl") == 12
    assert summary == evaluate(SAY, n=6, k=2, **PLAY)


def test_overwriting_a_run_deletes_every_index(tmp_path: Path) -> None:
    evaluate(SAY, n=3, out=tmp_path, **PLAY)
    path = write_rescoring(rescore(tmp_path, target=SAY))
    assert len(load_run(path).records) == 3
    assert sorted(each.name for each in tmp_path.glob("*.index")) == ["episodes.index", "rescored-1.index"]
    evaluate(SAY, n=1, out=tmp_path, overwrite=True, **PLAY)
    assert [each.name for each in tmp_path.glob("*.index*")] == ["episodes.index"]
    assert rows(tmp_path / "episodes.jsonl") == 1


def test_an_index_of_an_earlier_log_of_that_name_is_not_believed(tmp_path: Path) -> None:
    evaluate(SAY, n=3, out=tmp_path, **PLAY)
    for name in ("episodes.jsonl", "run.json"):
        (tmp_path / name).unlink()
    summary = evaluate(SAY, n=3, seed=50, out=tmp_path, **PLAY)
    assert (summary.done, rows(tmp_path / "episodes.jsonl")) == (3, 3)


def record(task: int) -> EpisodeRecord:
    return EpisodeRecord(task=task, sample=0, config="c", task_id="t", outcome=Outcome.CORRECT, value=1.0)


def test_an_index_that_cannot_be_written_stops_no_run(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    index_path(log).mkdir()
    with IndexedLog(log) as file:
        for task in range(3):
            file.append(record(task))
            file.flush()
    with EpisodeIndex(log, "c") as index:
        assert len(index) == 3


def test_a_reader_that_holds_the_index_stops_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HASTE", 0.01)
    log = tmp_path / "episodes.jsonl"
    with IndexedLog(log) as file:
        file.append(record(0))
        file.flush()
        other = sqlite3.connect(index_path(log), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        file.append(record(1))
        file.flush()
        other.execute("ROLLBACK")
        other.close()
        assert rows(log) == 1
        file.append(record(2))
        file.flush()  # what was left out is taken in with the rest
    assert rows(log) == 3


def test_a_spoilt_line_before_it_stops_no_run(tmp_path: Path) -> None:
    log = tmp_path / "episodes.jsonl"
    log.write_bytes(b"spoilt\n")
    with IndexedLog(log) as file:
        file.append(record(1))
    assert log.read_bytes().count(b"\n") == 2
