"""Runs an agent's tests against versions of a function, to see which versions fail them.

The tests are the untrusted side: they run in a jail that holds no version, and may do one thing with the function,
call it with plain data. We pass each call to a server that holds all the versions and answers for the one on trial. So
whether tests pass is up to them, but they can only tell versions apart by what those return: the runs are otherwise
alike, in an order that nobody can know, and a version counts as caught only where an answer differed from the
reference's. Tests that fail the reference, or a version that answered like it, are worth nothing.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from assaygym.errors import VerifierError
from assaygym.sandbox.base import MIB, Limits, Sandbox
from assaygym.verifiers.code.candidate import Candidate
from assaygym.verifiers.code.codec import CodecError, read
from assaygym.verifiers.code.guest import TEST_HOST, start
from assaygym.verifiers.code.talk import Gone, Talk

__all__ = ["Unfit", "caught"]

SERVER_LIMITS = Limits(cpu_seconds=4, wall_seconds=120, memory_bytes=256 * MIB, processes=4)
TEST_LIMITS = Limits(cpu_seconds=1, wall_seconds=20, memory_bytes=256 * MIB, processes=4)
CALLS = 1000
"""Calls of the function in one run."""
ARGUMENT_CHARS = 100_000
EXTRA = 3
"""Runs against the reference beyond the first, somewhere among the others."""
RUN_ALL = """
for __name in [name for name in list(globals()) if name.startswith("test")]:
    if type(globals()[__name]).__name__ == "function":
        globals()[__name]()
"""


class Unfit(Exception):
    """The tests cannot be used at all; the message says why."""


@dataclass
class _Run:
    """What one run of the tests did."""

    passed: bool = False
    differed: bool = False


def caught(tests: str, name: str, versions: Sequence[str], sandbox: Sandbox) -> list[bool]:
    """For each version after the first, the reference, whether the tests catch it.

    Args:
        tests: Python source; its functions called `test...` are called without arguments.
        name: what the tests call the function.
        versions: sources of one function each, the function called `name`.
        sandbox: where all of it runs.

    Raises:
        Unfit: the tests fail on the reference or on what answers like it, assert nothing, or do more than call.
        SandboxError: the sandbox failed.
    """
    with sandbox.place():
        trial = _Trial(tests, name, versions, sandbox)
        try:
            return trial.judged()
        finally:
            trial.server.close()


@dataclass
class _Trial:
    tests: str
    name: str
    versions: Sequence[str]
    sandbox: Sandbox
    known: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the reference answered, by arguments."""

    def __post_init__(self) -> None:
        sources = [f"{source}\nv{number} = {self.name}\n" for number, source in enumerate(self.versions)]
        self.server = Candidate(self.sandbox, ["".join(sources)], SERVER_LIMITS)
        try:
            self.server.load()
        except Gone as gone:
            raise VerifierError(f"the versions do not load: {gone}; mend their source") from gone

    def judged(self) -> list[bool]:
        """Whether each mutant is caught.

        Raises:
            Unfit: as in `caught`.
        """
        verdicts = [False] * len(self.versions)
        for number in self._order():
            run = self._run(number)
            if not run.passed and not run.differed:
                what = "the right implementation" if number == 0 else "a version that answers like it"
                raise Unfit(f"the tests fail on {what}")
            verdicts[number] = not run.passed
        return verdicts[1:]

    def _order(self) -> Iterator[int]:
        """The reference, so that unfit tests end soon; then all, the reference again among them, by a hidden key."""
        yield 0
        key = hashlib.sha256(json.dumps([self.tests, *self.versions]).encode()).digest()
        rest = [*range(1, len(self.versions)), *[0] * EXTRA]
        random.Random(key).shuffle(rest)
        yield from rest

    def _run(self, number: int) -> _Run:
        run = _Run()
        talk = Talk(start(self.sandbox, *TEST_HOST, limits=TEST_LIMITS), TEST_LIMITS)
        try:
            talk.send(_config(self.tests, self.name))
            left = CALLS
            while left >= 0:
                message = talk.receive()
                requests = _requests(message)
                if not requests:
                    run.passed = _passed(message)
                    return run
                left -= len(requests)
                for request in requests[: left + len(requests)]:
                    talk.send(self._answer(request, number, run))
            raise Unfit(f"the tests call the function more than {CALLS} times")
        except Gone:
            return run  # the tests ended their own process, or ran too long: they did not pass
        finally:
            talk.close()

    def _answer(self, request: list[Any], number: int, run: _Run) -> list[Any]:
        """What the test process hears: a handle on the function for its name, what it returns for a call."""
        operation, *operands = request
        if operation == "name" and operands == [self.name]:
            return ["value", {"$ref": [0, True]}, []]
        if operation != "call" or len(operands) < 3 or operands[0] != {"$ref": [0, True]}:
            raise Unfit("the tests do more with the function than to call it")
        args, kwargs = operands[1:3]
        if not _plain(args) or kwargs:
            raise Unfit("the tests call the function with something else than plain data")
        right = self._reference(args)
        answer = right if number == 0 else self._ask(number, args)
        run.differed = run.differed or answer != right
        return answer

    def _reference(self, args: list[Any]) -> list[Any]:
        key = json.dumps(args)
        if len(key) > ARGUMENT_CHARS:
            raise Unfit("the tests call the function with a very large argument")
        if key not in self.known:
            self.known[key] = self._ask(0, args)
        answer: list[Any] = self.known[key]
        return answer

    def _ask(self, number: int, args: list[Any]) -> list[Any]:
        try:
            answer = self.server.ask("call", f"v{number}", args, {}, False)
        except Gone as gone:
            raise Unfit(f"a call takes too much: {gone.outcome.status.value}") from gone
        return [answer.kind, *answer.payload, *([[]] if answer.kind == "value" else [])]


def _config(tests: str, name: str) -> dict[str, Any]:
    units = [tests, RUN_ALL]
    return {"before": [], "after": [], "units": units, "remote": [], "entries": [name], "keep_going": False}


def _requests(message: object) -> list[list[Any]]:
    """What the test process asks for, one thing or several together; nothing where it asks nothing."""
    if not isinstance(message, list) or len(message) < 2:
        return []
    if message[0] == "ask":
        return [message[1:]]
    asked = message[1] if message[0] == "asks" and isinstance(message[1], list) else []
    return [request if isinstance(request, list) and request else [None] for request in asked]


def _passed(message: object) -> bool:
    """Whether the tests ended well, with an assertion at least."""
    if not isinstance(message, list) or len(message) != 4 or message[0] != "done":
        return False
    return type(message[1]) is int and message[1] > 0 and message[3] is None


def _plain(args: object) -> bool:
    """Whether encoded arguments are data alone: no function of the tests, no handle."""
    if not isinstance(args, list) or any(mark in json.dumps(args) for mark in ('"$ref"', '"$callback"')):
        return False
    try:
        read(args)
    except CodecError:
        return False
    return True
