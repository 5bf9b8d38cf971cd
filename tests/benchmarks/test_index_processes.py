"""The index under several processes, and processes that are killed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from assaygym.benchmarks import index as module
from assaygym.benchmarks.index import EpisodeIndex, index_path
from assaygym.benchmarks.records import mend

WRITER = """
import itertools, sys, time
from pathlib import Path
from assaygym.benchmarks import index as module
from assaygym.benchmarks.index import IndexedLog
from assaygym.benchmarks.records import EpisodeRecord, Outcome
module.SMALL = 0
log, first = Path(sys.argv[1]), int(sys.argv[2])
with IndexedLog(log) as file:
    for number in itertools.count(first):
        file.append(EpisodeRecord(task=number % 40, sample=0, config="c", task_id=str(number), outcome=Outcome.CORRECT,
                                  value=1.0, attempt=number))
        if number % 7 == 0:
            file.flush()
            time.sleep(0.002)
"""
READER = """
import json, sys
from pathlib import Path
from assaygym.benchmarks import index as module
from assaygym.benchmarks.index import EpisodeIndex
module.SMALL = 0
while True:
    with EpisodeIndex(Path(sys.argv[1]), "c") as index:
        for entry in index.entries():
            assert json.loads(index.raw(entry))["attempt"] == entry.record.attempt
    print("read", flush=True)
"""


def child(program: str, *arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def killed(process: subprocess.Popen[bytes]) -> None:
    """Kill it, which must have been running without a word of complaint."""
    process.kill()
    _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (-signal.SIGKILL, b"")


def attempts(log: Path) -> dict[int, int]:
    rows = [json.loads(line) for line in log.read_bytes().split(b"\n")[:-1]]
    return dict(sorted({row["task"]: row["attempt"] for row in rows}.items()))


def play(tmp_path: Path, rounds: int, readers: int) -> None:
    """Kill a writer and its readers, again and again; after each time the index must say what the log says."""
    log, moments = tmp_path / "episodes.jsonl", random.Random(7)
    log.touch()
    for number in range(rounds):
        with ExitStack() as ends:
            others = [ends.enter_context(child(READER, log)) for _ in range(readers)]
            writer = ends.enter_context(child(WRITER, log, number * 1_000_000))
            for process in (writer, *others):
                ends.callback(process.kill)  # wherever this ends: none may run on
            size, deadline = log.stat().st_size, time.monotonic() + 60
            while log.stat().st_size == size and time.monotonic() < deadline:
                time.sleep(0.01)
            for process in others:
                assert process.stdout is not None
                assert process.stdout.readline() == b"read\n", process.communicate(timeout=60)
            time.sleep(moments.uniform(0, 0.2))
            for process in (writer, *others):
                killed(process)
        mend(log)
        with EpisodeIndex(log, "c") as index:
            assert {entry.record.task: entry.record.attempt for entry in index.entries()} == attempts(log)
    assert index_path(log).stat().st_size > 0


def test_a_run_and_its_readers_killed_at_any_moment_leave_an_index_that_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SMALL", 0)
    play(tmp_path, rounds=2, readers=1)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_that_holds_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALL", 0)
    play(tmp_path, rounds=12, readers=2)
