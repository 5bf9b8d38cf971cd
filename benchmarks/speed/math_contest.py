"""Two math verifiers on the same pairs, each in a process of its own on the same core, one after the other."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import assaygym
from assaygym.benchmarks.speed import math_loop
from assaygym.benchmarks.speed.contender import Absent, WrongResult
from assaygym.benchmarks.speed.math_pairs import Hostile, Pair, warm_up

__all__ = ["OURS", "PEER", "Contestant", "Loop", "attack", "contestants", "peer_python", "run"]

OURS, PEER = "assaygym", "math-verify"
REQUIREMENT = "math-verify[antlr4_13_2]==0.9.0"
PATIENCE = 3600.0
HOSTILE_SECONDS = 10.0
"""After so many a hostile pair is ended from outside."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A verifier and how to start it."""

    name: str
    command: tuple[str, ...]


def contestants(python: str | None, core: int) -> list[Contestant]:
    """Ours, and the peer where there is an interpreter that has it."""
    program = math_loop.__file__
    folder = str(Path(assaygym.__file__).absolute().parents[1])
    ours = Contestant(OURS, (sys.executable, "-I", program, OURS, str(core), folder))
    peer = [Contestant(PEER, (python, "-I", program, PEER, str(core)))] if python else []
    return [ours, *peer]


@contextmanager
def peer_python(given: str | None) -> Iterator[str]:
    """An interpreter that has the peer: the one given, or that of a virtual environment made for the while.

    Raises:
        Absent: the peer cannot be installed.
    """
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="assaygym-speed-") as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin", "python"))
        seen = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", REQUIREMENT], capture_output=True, text=True, check=False
        )
        if seen.returncode:
            raise Absent(f"pip install '{REQUIREMENT}' failed: {seen.stderr.strip()[-300:]}")
        yield python


class Loop:
    """One process of `math_loop.py`.

    Raises:
        Absent: it does not start, or lacks the package.
    """

    def __init__(self, contestant: Contestant, folder: str) -> None:
        self.name = contestant.name
        environment = {"PATH": "/usr/bin:/bin", "HOME": folder, "PYTHONHASHSEED": "0"}
        try:
            self._process = subprocess.Popen(
                contestant.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                cwd=folder, env=environment, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise Absent(f"{self.name} does not start: {error}") from error
        greeting = self._read(PATIENCE)
        if greeting is None or "absent" in greeting:
            self.close()
            raise Absent((greeting or {}).get("absent", f"{self.name} does not start"))
        self.versions: dict[str, str] = greeting["versions"]

    def ask(
        self, pairs: Sequence[tuple[str, str, str, str]], group: int = 1, seconds: float = PATIENCE
    ) -> dict[str, Any]:
        """What the loop tells of the pairs.

        Raises:
            WrongResult: it ended, or took longer than it may; it is closed then.
        """
        assert self._process.stdin is not None  # it was given a pipe
        try:
            self._process.stdin.write(json.dumps({"pairs": pairs, "group": group}).encode() + b"\n")
            self._process.stdin.flush()
            found = self._read(seconds)
        except BrokenPipeError:
            found = None
        if found is None:
            self.close()
            raise WrongResult(f"the loop of {self.name} ended or took over {seconds:g} s")
        return found

    def _read(self, seconds: float) -> dict[str, Any] | None:
        assert self._process.stdout is not None  # it was given a pipe
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return None
        line = self._process.stdout.readline()
        found: dict[str, Any] | None = json.loads(line) if line else None
        return found

    def close(self) -> None:
        """End it."""
        self._process.kill()
        with suppress(BrokenPipeError):
            self._process.communicate()


def run(one: Contestant, pairs: Sequence[Pair], group: int) -> tuple[dict[str, Any], dict[str, str]]:
    """One round of one contestant, in a fresh process, warmed up on other pairs: its figures and its versions."""
    with tempfile.TemporaryDirectory(prefix="assaygym-speed-") as folder:
        loop = Loop(one, folder)
        try:
            loop.ask([_texts(pair) for pair in warm_up()])
            return loop.ask([_texts(pair) for pair in pairs], group), loop.versions
        finally:
            loop.close()


def _texts(pair: Pair) -> tuple[str, str, str, str]:
    return pair.gold, pair.pred, pair.dollars, pair.boxed


def attack(one: Contestant, inputs: Sequence[Hostile], step: Callable[[str], object]) -> list[dict[str, Any]]:
    """Each hostile pair's time, growth of memory, verdict, and whether it ran code; a loop that hangs is replaced."""
    found = []
    with tempfile.TemporaryDirectory(prefix="assaygym-speed-") as folder:
        mark = Path(folder, "MARK")
        loop = _warm(one, folder)
        for item in inputs:
            step(f"{one.name} {item.kind}")
            pair = Pair(item.gold, item.pred.replace("MARK", str(mark)), False, "boxed" not in item.pred)
            start = time.perf_counter()
            try:
                seen = loop.ask([_texts(pair)], seconds=HOSTILE_SECONDS)
                row = {"seconds": seen["seconds"][0], "killed": False, "accepted": seen["verdicts"][0] is True}
                row["growth_mb"] = round(max(seen["peak_mb"], *seen["rss_mb"]) - seen["rss_mb"][0], 1)
            except WrongResult:
                row = {"seconds": time.perf_counter() - start, "killed": True, "accepted": False, "growth_mb": None}
                loop = _warm(one, folder)
            found.append({"kind": item.kind, **row, "executed": mark.exists()})
            with suppress(FileNotFoundError):
                os.unlink(mark)
        loop.close()
    return found


def _warm(one: Contestant, folder: str) -> Loop:
    loop = Loop(one, folder)
    loop.ask([_texts(pair) for pair in warm_up()])
    return loop
