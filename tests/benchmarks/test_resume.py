"""A run that is killed, interrupted or failed half-way goes on where it was."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("slow_run.py")


Size = tuple[int, int]
"""Tasks, of two samples each, and workers."""
SMALL, LARGE = (50, 4), (1000, 32)


def start(folder: Path, seconds: float, answers: int = -1, size: Size = SMALL) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), *map(str, (seconds, answers, *size))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(folder: Path, size: Size = SMALL) -> str:
    process = start(folder, 0, size=size)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


def lines(folder: Path) -> int:
    path = folder / "episodes.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def stop_after(
    folder: Path, count: int, how: signal.Signals, size: Size = SMALL, delay: float = 0.0
) -> tuple[int, str]:
    """Start a run, send it a signal when the file holds so many lines; exit status and standard error.

    A run that is to be killed waits for it a few answers later, however slow the one who watches is.
    """
    left = count - lines(folder) + size[1] - 1
    process = start(folder, 0.05) if how is signal.SIGINT else start(folder, 0.01, left, size)
    deadline = time.monotonic() + 60
    while lines(folder) < count and process.poll() is None:
        assert time.monotonic() < deadline, "the run makes no progress"
        time.sleep(0.001)
    time.sleep(delay)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def summary(folder: Path) -> dict[str, Any]:
    row = json.loads((folder / "summary.json").read_text())
    assert row.pop("folder") == str(folder)
    return dict(row)


def keys(folder: Path) -> Counter[tuple[int, int]]:
    rows = map(json.loads, (folder / "episodes.jsonl").read_bytes().splitlines())
    return Counter((row["task"], row["sample"]) for row in rows)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("whole")
    finish(folder)
    return summary(folder)


def killed_and_resumed(folder: Path, moments: list[int]) -> None:
    for moment in moments:
        status, err = stop_after(folder, moment, signal.SIGKILL)
        assert status == -signal.SIGKILL, f"it ended by itself before {moment} episodes: {err}"
    finish(folder)


@pytest.mark.parametrize("moments", [[1], [40], [90], [7, 30, 60]])
def test_a_run_killed_at_any_moment_finishes_with_each_episode_once_and_the_same_summary(
    tmp_path: Path, uninterrupted: dict[str, Any], moments: list[int]
) -> None:
    killed_and_resumed(tmp_path, moments)
    assert keys(tmp_path) == Counter({(task, sample): 1 for task in range(50) for sample in range(2)})
    assert summary(tmp_path) == uninterrupted
    attempts = json.loads((tmp_path / "run.json").read_text())["attempts"]
    assert [attempt["ended"] is None for attempt in attempts] == [True] * len(moments) + [False]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_run_killed_at_random_moments_loses_nothing(tmp_path: Path, uninterrupted: dict[str, Any], seed: int) -> None:
    killed_and_resumed(tmp_path, sorted(random.Random(seed).sample(range(1, 95), 3)))
    assert set(keys(tmp_path).values()) == {1}
    assert summary(tmp_path) == uninterrupted


@pytest.mark.slow
def test_2000_episodes_of_32_workers_killed_at_20_random_moments_are_those_of_an_uninterrupted_run(
    tmp_path: Path,
) -> None:
    finish(tmp_path / "whole", LARGE)
    killed, rng = tmp_path / "killed", random.Random(20)
    for _ in range(20):
        moment = lines(killed) + rng.randint(
            1, 60
        )  # with what the workers have in hand, 20 times this is less than all
        status, err = stop_after(killed, moment, signal.SIGKILL, LARGE, delay=rng.uniform(0, 0.02))
        assert status == -signal.SIGKILL, f"it ended by itself before {moment} episodes: {err}"
    finish(killed, LARGE)
    assert keys(killed) == Counter({(task, sample): 1 for task in range(1000) for sample in range(2)})
    assert summary(killed) == summary(tmp_path / "whole")
    attempts = json.loads((killed / "run.json").read_text())["attempts"]
    assert [attempt["ended"] is None for attempt in attempts] == [True] * 20 + [False]


def test_a_line_torn_by_the_kill_is_run_again(tmp_path: Path, uninterrupted: dict[str, Any]) -> None:
    stop_after(tmp_path, 20, signal.SIGKILL)
    path = tmp_path / "episodes.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 40])
    finish(tmp_path)
    assert set(keys(tmp_path).values()) == {1}
    assert summary(tmp_path) == uninterrupted


def test_ctrl_c_keeps_what_is_done_and_says_how_to_resume(tmp_path: Path, uninterrupted: dict[str, Any]) -> None:
    status, err = stop_after(tmp_path, 20, signal.SIGINT)
    assert status != 0
    assert "RunInterrupted: stopped after" in err
    assert f"the same call with the folder {tmp_path} resumes" in err
    assert 20 <= summary(tmp_path)["done"] < 100
    assert json.loads((tmp_path / "run.json").read_text())["attempts"][0]["interrupted"] is True
    finish(tmp_path)
    assert set(keys(tmp_path).values()) == {1}
    assert summary(tmp_path) == uninterrupted


def test_a_finished_run_is_not_played_again(tmp_path: Path) -> None:
    first = finish(tmp_path)
    before = (tmp_path / "episodes.jsonl").read_bytes()
    assert finish(tmp_path) == first
    assert (tmp_path / "episodes.jsonl").read_bytes() == before
