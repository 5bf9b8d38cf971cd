"""The measurement of a long log: the log it makes, what it measures, and what it says of that."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.record import trajectory_from_dict
from assaygym.benchmarks.folder import read_run
from assaygym.benchmarks.index import EpisodeIndex
from assaygym.benchmarks.records import Outcome
from assaygym.benchmarks.report.plain import load_summary
from assaygym.benchmarks.speed import biglog
from assaygym.benchmarks.speed.biglog import goals, main, measure
from assaygym.benchmarks.speed.biglog_episodes import make


def test_the_log_is_that_of_a_whole_run(tmp_path: Path) -> None:
    told: list[int] = []
    log = make(tmp_path, 1202, seed=3, tell=told.append)
    summary = load_summary(tmp_path)
    assert (summary.done, summary.planned, told) == (1202, 1204, [0, 1000])
    assert all(summary.counts[outcome.value] for outcome in Outcome)
    lines = log.read_bytes().splitlines()
    assert 1202 < len(lines) < 1300
    assert 2000 < sum(map(len, lines)) / len(lines) < 4500


def test_its_episodes_are_as_a_run_records_them(tmp_path: Path) -> None:
    log = make(tmp_path, 60)
    with EpisodeIndex(log, read_run(tmp_path)[0]["config_hash"]) as index:
        entries = list(index.entries())
        for entry in entries:
            episode = trajectory_from_dict(index.read(entry).trajectory)
            assert len(episode.turns) == entry.measures.turns > 1
        assert sum(entry.measures.tool_calls for entry in entries) > 60


def test_the_same_seed_makes_the_same_log(tmp_path: Path) -> None:
    same, other = (make(tmp_path / name, 20, seed).read_bytes() for name, seed in (("a", 1), ("b", 2)))
    assert same == make(tmp_path / "c", 20, 1).read_bytes() != other


def test_a_process_is_measured_by_itself() -> None:
    cost = measure((sys.executable, "-c", "import time; held = b'x' * 200_000_000; time.sleep(0.2)"))
    assert (cost.wall > 0.2, 200 < cost.peak < 400, cost.failure) == (True, True, "")
    held = b"x" * 300_000_000
    assert 0 < measure((sys.executable, "-c", "import time; time.sleep(0.1)")).peak < 50, len(held)


def test_a_process_that_fails_is_told_by_its_last_word() -> None:
    assert measure((sys.executable, "-c", "raise SystemExit('no such thing')")).failure == "no such thing"
    assert measure((sys.executable, "-c", "raise SystemExit(3)")).failure == "exit code 3"


def test_a_goal_is_met_missed_or_not_measured() -> None:
    def row(what: str, wall: float, peak: float, failure: str = "") -> dict[str, Any]:
        return {"what": what, "wall_s": wall, "peak_mb": peak, "failure": failure}

    found = goals([row("report", 59, 1001), row("show one", 0.1, 50, "it broke")])
    assert [goal["met"] for goal in found] == [True, False, None]


def test_everything_is_measured_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(biglog, "SHOWN", 60)
    folder, target = tmp_path / "run", tmp_path / "found.json"
    options = ("--episodes", "600", "--rounds", "1", "--folder", str(folder), "--json", str(target))
    assert main(options) == 0
    found = json.loads(target.read_text())
    assert [row["failure"] for row in found["rows"]] == [""] * 7
    assert (found["log"]["episodes"], found["log"]["log_mb"] > 1, found["log"]["index_mb"] > 0) == (600, True, True)
    assert str(tmp_path) not in target.read_text()
    assert "assay show of one episode" in capsys.readouterr().out


def test_a_folder_that_holds_another_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path, 4, seed=5)
    assert main(("--episodes", "4", "--rounds", "1", "--folder", str(tmp_path))) == 2
    assert "the log could not be made" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(600)
def test_a_tenth_of_the_long_log_costs_less_than_a_tenth_of_what_it_may(tmp_path: Path) -> None:
    target = tmp_path / "found.json"
    main(("--episodes", "20000", "--rounds", "3", "--json", str(target)))
    rows = {row["what"]: row for row in json.loads(target.read_text())["rows"]}
    assert not any(row["failure"] for row in rows.values())
    assert rows["show one"]["cpu_s"] < 1.0
    assert rows["report"]["cpu_s"] < 12.0
    assert rows["report"]["peak_mb"] < 1000
