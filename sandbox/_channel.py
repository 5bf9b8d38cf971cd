"""The host's end of a program's message channel, and the `Process` that holds it."""

from __future__ import annotations

import select
import socket
import time
import weakref
from contextlib import suppress

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox._outcome import outcome
from assaygym.sandbox._pool import Pool
from assaygym.sandbox._worker import Worker, WorkerLost
from assaygym.sandbox.base import ExecResult, Limits

HEADER_BYTES = 4
MESSAGE_BYTES = 64 << 20
CHUNK = 1 << 18
LONGEST_WAIT = 1e9
"""Milliseconds; poll(2) takes no more than twice as many."""


def channel() -> tuple[socket.socket, socket.socket]:
    """A new channel: our end, and the program's.

    Raises:
        SandboxError: this process has no descriptors left.
    """
    try:
        return socket.socketpair()
    except OSError as error:
        raise SandboxError(f"a message channel could not be made: {error}") from error


class ChannelProcess:
    """A `Process`: one run whose program talks with us. To be used by one thread at a time.

    The launcher swallows the program's standard streams meanwhile, so that nothing here waits for them.

    Args:
        worker: the worker, which has its order; the process's own until its end.
        channel: our end of the channel.
        limits: what the run was given.
        pool: where the worker belongs.
    """

    def __init__(self, worker: Worker, channel: socket.socket, limits: Limits, pool: Pool) -> None:
        self._worker, self._channel, self._limits, self._pool = worker, channel, limits, pool
        self._received = bytearray()
        self._sending = True
        self._result: ExecResult | None = None
        self._fault: SandboxError | None = None
        self._let_go = weakref.finalize(self, _let_go, worker, channel, pool)
        channel.setblocking(False)

    def send(self, message: bytes, timeout: float | None = None) -> None:
        """Hand one message to the program, at most for `timeout` seconds (None: as long as it may live).

        A message that could not be handed over whole ends the channel's sending side.

        Raises:
            ConfigError: the message is over 64 MiB.
        """
        if len(message) > MESSAGE_BYTES:
            raise ConfigError(f"the message has {len(message)} bytes; a channel carries at most {MESSAGE_BYTES}")
        rest = memoryview(len(message).to_bytes(HEADER_BYTES, "big") + message)
        deadline = time.monotonic() + (self._limits.wall_seconds if timeout is None else timeout)
        while self._sending and rest:
            hungry = select.POLLIN if len(self._received) < MESSAGE_BYTES else 0
            events = self._wait(select.POLLOUT | hungry, deadline)
            if events & select.POLLIN:  # both sides may be sending: read, or both would wait for ever
                self._pull()
            if events & select.POLLOUT:
                rest = rest[self._push(rest) :]
            elif not events & select.POLLIN:
                self._stop_sending()

    def recv(self, timeout: float) -> bytes | None:
        """Next message; None when the program ended, broke the framing, sent over 64 MiB, or nothing came in time.

        What came of an unfinished message is kept for the next call.
        """
        deadline = time.monotonic() + timeout
        while self._result is None and self._fault is None:
            size = int.from_bytes(self._received[:HEADER_BYTES], "big") + HEADER_BYTES
            if HEADER_BYTES <= size <= len(self._received):
                message = bytes(self._received[HEADER_BYTES:size])
                del self._received[:size]
                return message
            if size > MESSAGE_BYTES + HEADER_BYTES:
                return None
            if not self._wait(select.POLLIN, deadline) & select.POLLIN or not self._pull():
                return None
        return None

    def wait(self, timeout: float) -> bool:
        """Whether the program has ended, for which it waits so many seconds. What it sent can be received after it."""
        if self._result is None and self._fault is None:
            poll = select.poll()
            poll.register(self._worker.link, select.POLLIN)
            return bool(poll.poll(min(max(timeout, 0) * 1000, LONGEST_WAIT)))
        return True

    def finish(self) -> ExecResult:
        """Close the channel's sending side, wait for the end within the limits, and tell how it ended.

        Raises:
            SandboxError: the sandbox itself failed, or was closed meanwhile.
        """
        return self._end(killed=False)

    def kill(self) -> ExecResult:
        """End the program and everything it started, now; SIGNALED by SIGKILL unless it had ended before.

        Raises:
            SandboxError: the sandbox itself failed.
        """
        return self._end(killed=True)

    def _end(self, *, killed: bool) -> ExecResult:
        if self._fault:
            raise self._fault  # the worker is somebody else's by now, or closed
        if self._result is None:
            try:
                self._result = self._ended(killed=killed)
            except SandboxError as fault:
                self._fault, self._sending = fault, False
                raise
            finally:
                self._let_go()
        return self._result

    def _ended(self, *, killed: bool) -> ExecResult:
        if not self.wait(0):
            self._let_end(killed=killed)
        try:
            report = self._worker.report()
            if not killed:
                report.check()
        except WorkerLost:
            self._pool.check_open()
            raise
        short = bool(report.status) and self._worker.ran_short()
        self._let_go.detach()
        self._channel.close()
        self._pool.release(self._worker)
        return outcome(report, self._limits, self._worker.isolation, short)

    def _let_end(self, *, killed: bool) -> None:
        if killed:
            self._worker.kill()
        self._stop_sending()
        while self._wait(select.POLLIN, self._worker.deadline) & select.POLLIN and self._pull():
            self._received.clear()

    def _wait(self, wanted: int, deadline: float) -> int:
        """The channel's events, 0 when the time is over or the program has ended and left nothing."""
        poll = select.poll()
        poll.register(self._channel, wanted)
        poll.register(self._worker.link, select.POLLIN)
        ready = dict(poll.poll(min(max(deadline - time.monotonic(), 0) * 1000, LONGEST_WAIT)))
        events = ready.get(self._channel.fileno(), 0)
        return wanted if events & (select.POLLHUP | select.POLLERR) else events

    def _push(self, data: memoryview) -> int:
        try:
            return self._channel.send(data[:CHUNK])
        except BlockingIOError:
            return 0
        except OSError:  # it no longer listens
            self._sending = False
            return 0

    def _pull(self) -> bool:
        """Take what has come; False at the end of the stream."""
        try:
            part = self._channel.recv(CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._received += part
        return bool(part)

    def _stop_sending(self) -> None:
        self._sending = False
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)


def _let_go(worker: Worker, channel: socket.socket, pool: Pool) -> None:
    channel.close()
    pool.discard(worker)
