"""One process that verifies rows: its far side, and the handle by which this side holds it.

It is a fresh interpreter, never a fork of this process, with a socket for its standard input. Each way go frames: four
bytes of length, and then a pickled (options, rows) or a marshalled list of verdicts, which tell as many rows, in their
order. It ends with whoever holds the other end of the socket.
"""

from __future__ import annotations

import gc
import marshal
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import assaygym
from assaygym.errors import VerifierError, told
from assaygym.types import Score, Verdict

__all__ = ["Process", "Wire", "main", "packed", "unpacked"]

FLUSH_SECONDS = 0.2
"""Verdicts are sent at least so often."""
CODE: Final = "import sys; sys.path[:] = sys.argv[1:]; from assaygym.verifiers.maths.pool_worker import main; main()"
ROOT: Final = str(Path(assaygym.__file__).absolute().parents[1])
PIECE: Final = 1 << 18

Wire = tuple[Any, ...]
"""A score's fields, or one pickled exception."""
_VERDICTS: Final = {verdict.value: verdict for verdict in Verdict}


def packed(pred: str, gold: Any, options: dict[str, Any]) -> Wire:
    """The verdict of one row, or the error, to be sent."""
    from assaygym.verifiers.maths.verify import verify_math

    try:
        score = verify_math(pred, gold, **options)
    except Exception as error:  # raised again where the rows are iterated
        return (_portable(error),)
    return score.value, score.verdict.value, score.extracted, score.explanation, dict(score.metrics), score.flags


def _portable(error: Exception) -> bytes:
    try:
        data = pickle.dumps(error)
        pickle.loads(data)
    except Exception:  # some exceptions do not survive it; their words do
        return pickle.dumps(VerifierError(told(error)))
    return data


def unpacked(wire: Wire) -> Score | Exception:
    """The score of a row, or what was raised instead."""
    if len(wire) == 1:
        error: Exception = pickle.loads(wire[0])
        return error
    value, verdict, extracted, explanation, metrics, flags = wire
    return Score(
        value=value,
        verdict=_VERDICTS[verdict],
        extracted=extracted,
        explanation=explanation,
        metrics=metrics,
        flags=flags,
    )


def main() -> None:
    """The far side: verify rows until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link = socket.socket(fileno=0)
    import assaygym.verifiers.maths.verify  # noqa: F401  before it says that it is ready

    gc.collect()
    gc.freeze()
    try:
        _send(link, [])
        while (frame := _receive(link)) is not None:
            options, rows = pickle.loads(frame)
            _work(link, options, rows)
    except (BrokenPipeError, ConnectionResetError):
        pass


def _work(link: socket.socket, options: dict[str, Any], rows: list[tuple[str, Any]]) -> None:
    done: list[Wire] = []
    due = time.monotonic() + FLUSH_SECONDS
    for pred, gold in rows:
        done.append(packed(pred, gold, options))
        if time.monotonic() > due:
            _send(link, done)
            done, due = [], time.monotonic() + FLUSH_SECONDS
    if done:
        _send(link, done)


def _send(link: socket.socket, message: list[Wire]) -> None:
    data = marshal.dumps(message)
    link.sendall(len(data).to_bytes(4, "little") + data)


def _receive(link: socket.socket) -> bytes | None:
    data, size = bytearray(), 4
    while len(data) < size:
        piece = link.recv(min(size - len(data), PIECE))
        if not piece:
            return None
        data += piece
        if size == 4 and len(data) == 4:
            size += int.from_bytes(data, "little")
    return bytes(data[4:])


class Process:
    """The near side of one of them; nothing here blocks.

    Raises:
        VerifierError: it cannot be started.
    """

    def __init__(self) -> None:
        self.link, far = socket.socketpair()
        self.link.setblocking(False)
        command = [sys.executable, "-I", "-S", "-B", "-c", CODE, *sys.path, ROOT]
        with far:
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=far.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError as error:
                self.link.close()
                raise VerifierError(f"a math worker could not be started with {sys.executable}: {error}") from error
        self.ready = False
        self.used = False
        """Whether it was given rows since it started."""
        self.pending: deque[Any] = deque()
        """What the caller gave it and has not had back."""
        self.since = time.monotonic()
        """When it last gave a sign of life or was given something to do."""
        self._outgoing = bytearray()
        self._incoming = bytearray()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def killed(self) -> bool:
        """Whether a signal ended it."""
        return (self._process.returncode or 0) < 0

    @property
    def wants_to_write(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._outgoing)

    def give(self, options: dict[str, Any], rows: list[tuple[str, Any]]) -> None:
        """Send rows, as far as they go now; `write` sends the rest."""
        if not self.pending:
            self.since = time.monotonic()
        self.used = True
        data = pickle.dumps((options, rows), pickle.HIGHEST_PROTOCOL)
        self._outgoing += len(data).to_bytes(4, "little")
        self._outgoing += data
        self.write()

    def write(self) -> None:
        """Send what can be sent; an end of the process is told by `read`."""
        try:
            while self._outgoing:
                del self._outgoing[: self.link.send(memoryview(self._outgoing)[:PIECE])]
        except BlockingIOError:
            pass
        except OSError:
            self._outgoing.clear()

    def read(self) -> list[Wire] | None:
        """The verdicts that are here; None when it has ended and nothing is left."""
        try:
            piece = self.link.recv(PIECE)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not piece:
            return None
        self.since = time.monotonic()
        self._incoming += piece
        return self._frames()

    def _frames(self) -> list[Wire]:
        found: list[Wire] = []
        at, data = 0, self._incoming
        while len(data) >= at + 4:
            end = at + 4 + int.from_bytes(data[at : at + 4], "little")
            if len(data) < end:
                break
            found += marshal.loads(data[at + 4 : end])
            self.ready = True
            at = end
        del data[:at]
        return found

    def kill(self, grace: float = 0.0) -> None:
        """End it, after so many seconds in which it may end by itself; nothing of it is left."""
        self.link.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """In a forked child: let go of the parent's process without ending it."""
        self.link.close()
        self._process.returncode = 0  # else its finaliser would warn of a child that is not ours
