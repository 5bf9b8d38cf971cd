"""The program as a value server: one jailed process that answers calls with plain data, and sees no test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from assaygym.sandbox.base import ExecResult, Limits, Sandbox
from assaygym.verifiers.code.answers import Answer
from assaygym.verifiers.code.codec import CodecError
from assaygym.verifiers.code.guest import start
from assaygym.verifiers.code.guest.wire import TEXT_OF
from assaygym.verifiers.code.outcome import Outcome, TestStatus, Usage
from assaygym.verifiers.code.talk import Gone, Talk, parsed

__all__ = ["Candidate", "Request", "Unloaded"]

_NOT_PYTHON = ("SyntaxError", "IndentationError", "TabError")
_BROKEN = "the program broke the channel"
_BATCH_CHARACTERS = 1 << 18


class Unloaded(Gone):
    """The sources cannot be run: another process would not load them either."""


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
                    yield self._checked(parsed(data))

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
            return Answer.of(message, self._number)
        except CodecError as error:
            raise Gone(Outcome(TestStatus.RUNTIME_ERROR, f"{_BROKEN}: {error}")) from error

    def close(self) -> tuple[str, ...]:
        """End the process; the isolation that was in force."""
        return self._talk.close().isolation

    @property
    def result(self) -> ExecResult:
        """How the process ended; ends it."""
        return self._talk.close()

    @property
    def usage(self) -> Usage:
        """What the process took; ends it."""
        return Usage.of([self.result])


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
