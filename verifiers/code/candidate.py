"""The program as a value server: one jailed process that answers calls with plain data, and sees no test."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from assaygym.sandbox.base import ExecResult, Limits, Process, Sandbox
from assaygym.verifiers.code.codec import CodecError, loads, read
from assaygym.verifiers.code.guest import start
from assaygym.verifiers.code.guest.wire import TEXT_OF
from assaygym.verifiers.code.outcome import Outcome, TestStatus, Usage, status_of

__all__ = ["Answer", "Candidate", "Gone", "Request", "Talk", "Unloaded"]

_NOT_PYTHON = ("SyntaxError", "IndentationError", "TabError")
_BROKEN = "the program broke the channel"
_BATCH_CHARACTERS = 1 << 18
_PATIENCE_SECONDS = 0.01
_GRACE_SECONDS = 30.0
"""The sandbox ends a program at its limits, and we hear of it at once; only a lost sandbox lets us wait this long."""


class Gone(Exception):
    """The process will not answer any more; `outcome` says how the test that asked ends."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class Unloaded(Gone):
    """The sources cannot be run: another process would not load them either."""


class Talk:
    """Messages with one process, until its limits or its end."""

    def __init__(self, process: Process, limits: Limits) -> None:
        self._process = process
        self._deadline = time.monotonic() + limits.wall_seconds + _GRACE_SECONDS
        self._result: ExecResult | None = None

    def send(self, message: object) -> None:
        """Hand over one message; a process that no longer listens is found out by `receive`."""
        self.send_text(TEXT_OF(message))

    def send_text(self, message: str) -> None:
        """Hand over one message of JSON."""
        self._process.send(message.encode(), timeout=self._left())

    def receive(self) -> Any:
        """The next message, as JSON data.

        Raises:
            Gone: there is none and there will be none.
        """
        return _parsed(self.receive_bytes())

    def receive_bytes(self) -> bytes:
        """The next message as it came; raises as `receive`."""
        data = self._process.recv(self._left())
        if data is None:
            late = self._left() <= 0.01
            raise Gone(self.ended(late))
        return data

    def be_patient(self) -> None:
        """Let the process come to its end, if that is near, before its messages are looked at.

        Who waits for a message is woken by each; one that ends by itself need not be ended.
        """
        self._process.wait(min(_PATIENCE_SECONDS, self._left()))

    def ended(self, late: bool) -> Outcome:
        """How a test ends whose process is no more; ends it.

        Not by killing it, where it closed the channel: that it ran into a limit is told a moment later.
        """
        if self._result is None and not late:
            self._result = self._process.finish()
        status = status_of(self.close())
        if late and status is TestStatus.RUNTIME_ERROR:
            status = TestStatus.TIME_LIMIT
        return Outcome(status, "the program ended before it answered")

    def close(self) -> ExecResult:
        """End the process and everything it started; the same result when called again."""
        if self._result is None:
            self._result = self._process.kill()
        return self._result

    def _left(self) -> float:
        return max(self._deadline - time.monotonic(), 0.01)


def _parsed(data: bytes) -> Any:
    try:
        return loads(data)
    except CodecError as error:
        raise Gone(Outcome(TestStatus.RUNTIME_ERROR, str(error))) from error


@dataclass(frozen=True, slots=True)
class Request:
    """One call, as it is sent.

    Args:
        text: JSON of `["call", target, arguments, arguments by name, whether to tell of changed arguments]`, without
            its first bracket; all encoded.
        expected: JSON of a result that needs no look; "" for none. Nothing of it is sent.
    """

    text: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the program answered: `value` or `callback` data, or an exception by builtin class name and message.

    An `expected` one is, letter for letter, what its request expects.
    """

    kind: str
    payload: tuple[Any, ...]

    @property
    def error(self) -> str:
        """The exception in words that any file can hold."""
        words = ": ".join(part for part in self.payload if part)
        return words.encode("utf-8", "backslashreplace").decode()


class Candidate:
    """A loaded program. Not for several threads at once."""

    def __init__(self, sandbox: Sandbox, sources: Sequence[str], limits: Limits) -> None:
        self._talk = Talk(
            start(sandbox, "wire", "rehearsal", "serve", limits=limits, imports=_imports(sources)), limits
        )
        self._number = 0
        self.sources = list(sources)

    def load(self) -> None:
        """Run the sources, in order, in one namespace.

        Raises:
            Gone: they raised, or ended the process.
        """
        _check_loaded(self.ask("load", self.sources))

    def calls(self, requests: Sequence[Request]) -> Iterator[Answer]:
        """Load the sources, then make calls; the answer to each as it comes.

        Many requests go in one message, since each way costs the time of a short call: the program may know the
        arguments of later calls, but never more of one than its own call tells.

        Raises:
            Unloaded: the sources raised, or ended the process.
            Gone: the process ended instead of an answer.
        """
        load = TEXT_OF(["load", self.sources])[1:]
        texts = chain([load], (request.text for request in requests), [_END])
        expected = chain(["null"], (request.expected for request in requests))
        answers = self._answers(_batches(texts, self._number), expected)
        try:
            _check_loaded(next(answers))
        except Gone as gone:
            raise Unloaded(gone.outcome) from gone
        for answer in islice(answers, len(requests)):
            if answer.kind == "callback":
                raise Gone(_NO_FUNCTION)
            yield answer

    def _answers(self, batches: Iterable[list[str]], expected: Iterator[str]) -> Iterator[Answer]:
        for batch in batches:
            self._talk.send_text(f"[{','.join(batch)}]")
            self._talk.be_patient()
            for _ in batch:
                self._number += 1
                data, known = self._talk.receive_bytes(), next(expected, "")
                if known and data == f'[{self._number},"value",{known}]'.encode():
                    yield _EXPECTED
                else:
                    yield self._checked(_parsed(data))

    def batch(self, requests: Iterable[Sequence[object]]) -> Iterator[Answer]:
        """The answer to each request, as it comes; none of them may call back.

        Raises:
            Gone: as in `ask`.
        """
        for batch in _batches((TEXT_OF(request)[1:] for request in requests), self._number):
            self._talk.send_text(f"[{','.join(batch)}]")
            for _ in batch:
                self._number += 1
                answer = self.listen()
                if answer.kind == "callback":
                    raise Gone(_NO_FUNCTION)
                yield answer

    def ask(self, operation: str, *operands: object) -> Answer:
        """One request and the answer to it.

        Raises:
            Gone: the process ended, or what came is no answer to this request.
        """
        self._number += 1
        self._talk.send([self._number, operation, *operands])
        return self.listen()

    def reply(self, *answer: object) -> Answer:
        """Answer a callback, and hear how the request goes on.

        Raises:
            Gone: as in `ask`.
        """
        self._talk.send([self._number, *answer])
        return self.listen()

    def listen(self) -> Answer:
        """The answer to the outstanding request: the first well-formed message, or none.

        Raises:
            Gone: as in `ask`.
        """
        return self._checked(self._talk.receive())

    def _checked(self, message: object) -> Answer:
        try:
            return _answer(message, self._number)
        except CodecError as error:
            raise Gone(Outcome(TestStatus.RUNTIME_ERROR, f"{_BROKEN}: {error}")) from error

    def close(self) -> tuple[str, ...]:
        """End the process; the isolation that was in force."""
        return self._talk.close().isolation

    @property
    def usage(self) -> Usage:
        """What the process took; ends it."""
        return Usage.of([self._talk.close()])


_END = '"end"]'
"""The process then ends while we still compare, and need not be killed."""
_EXPECTED = Answer("expected", ())
_NO_FUNCTION = Outcome(TestStatus.RUNTIME_ERROR, f"{_BROKEN}: it was passed no function")


def _check_loaded(answer: Answer) -> None:
    if answer.kind == "error":
        raise Gone(_unloaded(answer))
    if answer.kind not in ("value", "expected"):
        raise Gone(_NO_FUNCTION)


def _batches(requests: Iterable[str], number: int) -> Iterator[list[str]]:
    """The requests, numbered from the next one on, as many together as a message should carry."""
    batch, size = list[str](), 0
    for place, request in enumerate(requests, number + 1):
        text = f"[{place},{request}"
        if batch and size + len(text) > _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _unloaded(answer: Answer) -> Outcome:
    if answer.payload[0] in _NOT_PYTHON:
        return Outcome(TestStatus.COMPILE_ERROR, f"the program does not compile: {answer.error}")
    return Outcome(TestStatus.RUNTIME_ERROR, f"the program does not load: {answer.error}")


def _imports(sources: Sequence[str]) -> tuple[str, ...]:
    return ("numpy",) if any("numpy" in source for source in sources) else ()


def _answer(message: object, number: int) -> Answer:
    if not isinstance(message, list) or len(message) < 3 or type(message[0]) is not int or message[0] != number:
        raise CodecError("a message out of turn")
    kind, *payload = message[1:]
    shape = _SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None or not shape(payload):
        raise CodecError("a malformed answer")
    return Answer(kind, tuple(payload))


def _is_value(payload: list[Any]) -> bool:
    read(payload[0])
    return len(payload) == 1 or (len(payload) == 2 and _are_changes(payload[1]))


def _are_changes(changes: object) -> bool:
    if not isinstance(changes, list):
        return False
    for change in changes:
        if not isinstance(change, list) or len(change) != 2 or type(change[0]) is not int:
            return False
        read(change[1])
    return True


def _is_error(payload: list[Any]) -> bool:
    return len(payload) == 2 and all(isinstance(part, str) and len(part) < 1000 for part in payload)


def _is_callback(payload: list[Any]) -> bool:
    if len(payload) != 3 or type(payload[0]) is not int or not isinstance(payload[2], dict):
        return False
    return isinstance(read(payload[1]), list) and all(isinstance(name, str) for name in payload[2]) and _reads(payload)


def _reads(payload: list[Any]) -> bool:
    for value in payload[2].values():
        read(value)
    return True


_SHAPES = {"value": _is_value, "error": _is_error, "callback": _is_callback}
