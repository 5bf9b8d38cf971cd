"""The program of a worker: a keeper that loads sympy once and forks a child to answer, again whenever one dies.

    python -I -S -B program.py ROOT DIRECTORY...     the folder of `assaygym`, those that hold sympy and mpmath
    -> 4 bytes of length and a marshalled Question, one after another
    <- {"stage": "ready"}                            once
    <- {"stage": "gold"}                             the gold side could be worked out
    <- {"verdict": "equal" | "different" | "unknown" | "time-out" | "died", "why": text}    JSON, one a line

A child has a limit of CPU time for each side of a question, kept by the kernel: neither a busy machine nor a long
operation in C changes when it ends. Keeper and child end with whoever holds the other end of the pipe.
"""

from __future__ import annotations

import gc
import json
import marshal
import os
import resource
import select
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

GOLD_SECONDS = 0.5
PRED_SECONDS = 0.4
MEMORY_BYTES = 512 << 20
PACKAGES = ("assaygym", "assaygym.verifiers", "assaygym.verifiers.maths", "assaygym.verifiers.maths.cas")


def load(root: str) -> Any:
    """The module that answers; the packages above it are not run, they would load all else."""
    for name in (*PACKAGES, "assaygym.verifiers.maths.syntax"):
        package = ModuleType(name)
        package.__path__ = [str(Path(root, *name.split(".")))]
        sys.modules[name] = package
    from assaygym.verifiers.maths.cas import judge

    return judge


class Channel:
    """Whole frames in, whole lines out, over file descriptors."""

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self.target = target

    def receive(self) -> bytes | None:
        """The next frame; None at the end."""
        head = self._exactly(4)
        return None if head is None else self._exactly(int.from_bytes(head, "little"))

    def _exactly(self, size: int) -> bytes | None:
        data = b""
        while len(data) < size:
            chunk = os.read(self.source, size - len(data))
            if not chunk:
                return None
            data += chunk
        return data

    def send(self, data: bytes) -> None:
        """All of it."""
        while data:
            data = data[os.write(self.target, data) :]


def line(**message: str) -> bytes:
    """One message."""
    return json.dumps(message).encode() + b"\n"


def serve(judge: Any, channel: Channel) -> None:
    """The child: answer until the keeper is gone."""
    while (frame := channel.receive()) is not None:
        question = judge.Question(*marshal.loads(frame))
        try:
            limit(GOLD_SECONDS)
            if not judge.work_out(question):
                channel.send(line(verdict="gold", why="the gold answer has no value that can be certified"))
                continue
            channel.send(line(stage="gold"))
            limit(PRED_SECONDS)
            verdict, why = judge.judge(question)
        except judge.FAILURES as error:
            verdict, why = "unknown", f"{type(error).__name__}: {error}"[:200]
        limit(0)
        channel.send(line(verdict=verdict, why=why))


def limit(seconds: float) -> None:
    """Let the kernel end this process after so much more CPU time; 0 for never."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


class Keeper:
    """Holds one child, and forks the next."""

    def __init__(self, judge: Any, outside: Channel) -> None:
        self._judge = judge
        self._outside = outside
        self._fork()

    def _fork(self) -> None:
        questions, answers = os.pipe(), os.pipe()
        self._child = os.fork()
        if self._child == 0:
            self._be_child(questions, answers)
        os.close(questions[0])
        os.close(answers[1])
        self._inside = Channel(answers[0], questions[1])

    def _be_child(self, questions: tuple[int, int], answers: tuple[int, int]) -> NoReturn:
        try:
            for descriptor in (questions[1], answers[0], self._outside.source, self._outside.target):
                os.close(descriptor)
            serve(self._judge, Channel(questions[0], answers[1]))
        finally:  # out of memory as well: the keeper forks the next
            os._exit(1)

    def answer(self, frame: bytes) -> None:
        """Have a child answer; once more by a fresh one where it died of something else than its limit."""
        for attempt in range(2):
            try:
                self._inside.send(len(frame).to_bytes(4, "little") + frame)
                ended = self._relay()
            except BrokenPipeError:
                ended = False
            if ended:
                return
            signal_number = self._bury()
            if signal_number == signal.SIGPROF:
                return self._outside.send(line(verdict="time-out", why="over the limit of CPU time"))
            if attempt:
                self._outside.send(line(verdict="died", why="out of memory or stack"))

    def _relay(self) -> bool:
        """Pass the child's lines on, up to its verdict; False where it died before that."""
        poll = select.poll()
        poll.register(self._inside.source, select.POLLIN)
        poll.register(self._outside.source, 0)  # POLLHUP is always told
        told = b""
        while b'"verdict"' not in told:
            for descriptor, _ in poll.poll():
                if descriptor == self._outside.source:
                    os.kill(self._child, signal.SIGKILL)
                    sys.exit()
            chunk = os.read(self._inside.source, 4096)
            if not chunk:
                return False
            self._outside.send(chunk)
            told = (told + chunk)[-4096:]
        return True

    def _bury(self) -> int:
        """Reap the child and fork the next; returns the signal that ended it, 0 for none."""
        status = os.waitpid(self._child, 0)[1]
        os.close(self._inside.source)
        os.close(self._inside.target)
        self._fork()
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def main() -> None:
    """Cap what this process may use, load sympy, say so, serve."""
    root, *libraries = sys.argv[1:]
    sys.path.extend(libraries)
    sys.set_int_max_str_digits(0)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the limits are signals: nothing inherited may hold them up
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    judge = load(root)
    for kind, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(kind, (most, most))
    gc.collect()
    gc.freeze()
    outside = Channel(0, 1)
    keeper = Keeper(judge, outside)
    outside.send(line(stage="ready"))
    while (frame := outside.receive()) is not None:
        keeper.answer(frame)


if __name__ == "__main__":
    main()
