"""Function calls: arguments go in, results come out as plain data, and are compared here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assaygym.sandbox.base import ExecResult, Limits, Sandbox
from assaygym.sandbox.found import beyond_doubt
from assaygym.verifiers.code.answers import Answer
from assaygym.verifiers.code.candidate import Candidate, Request, Unloaded
from assaygym.verifiers.code.codec import CodecError, Compare, encode, equal, read
from assaygym.verifiers.code.guest.wire import TEXT_OF
from assaygym.verifiers.code.outcome import Mode, Outcome, Report, TestStatus, Usage
from assaygym.verifiers.code.talk import Gone
from assaygym.verifiers.code.tests import FunctionTests, groups_of

__all__ = ["Call", "Undecided", "equals", "equals_read", "run_calls", "run_functions"]

_OK = Outcome(TestStatus.OK)
_MAX_PROCESSES = 8
"""How many processes one program gets in `fraction` mode: each may use the whole time limit."""


class Undecided(Exception):
    """A result on which calls alone cannot decide: the test code itself must be run."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call with encoded operands, and what its (read) result must satisfy."""

    target: str
    args: list[Any]
    kwargs: dict[str, Any]
    holds: Callable[[Any], bool]
    expected: str = ""
    in_place: int | None = None
    """The argument whose state after the call is the result."""
    right: Any = None
    """The encoded result that is expected, where there is one; a result that is written alike is right."""
    watched: bool = False
    """Whether the call must leave its arguments as they are, or it is undecided."""
    request: Request = field(init=False)
    """As it is sent: made once for all programs that are to answer it."""

    def __post_init__(self) -> None:
        changes = self.watched or self.in_place is not None
        text = TEXT_OF(["call", self.target, self.args, self.kwargs, changes])[1:]
        expected = TEXT_OF(self.right) + ",[]" * self.watched if self.in_place is None else ""
        unequal = self.right is None or '"nan"' in expected
        object.__setattr__(self, "request", Request(text, "" if unequal else expected))


def run_functions(program: str, tests: FunctionTests, *, sandbox: Sandbox, limits: Limits, mode: Mode) -> Report:
    """Call the program once for each case, all in one process while it lives.

    Raises:
        DataError: a case holds a value that is not plain data.
        SandboxError: the sandbox failed.
    """
    rules = Compare(
        float_abs=tests.float_abs,
        float_rel=tests.float_rel,
        bool_is_int=tests.bool_is_int,
        nan_equal=tests.nan_equal,
        sequences_equal=tests.sequences_equal,
    )
    calls = [
        Call(
            tests.entry_point,
            [encode(arg) for arg in case.args],
            {name: encode(value) for name, value in case.kwargs.items()},
            _any_of([equals(value, rules) for value in (case.expected, *case.also)]),
            _told(case.expected),
            tests.in_place,
            encode(case.expected),
        )
        for case in tests.cases
    ]
    report = run_calls([program], calls, sandbox=sandbox, limits=limits, mode=mode)
    return replace(report, groups=groups_of(tests.cases), weights=tests.weights) if tests.cases[0].group else report


def _any_of(ways: Sequence[Callable[[Any], bool]]) -> Callable[[Any], bool]:
    return ways[0] if len(ways) == 1 else lambda got: any(holds(got) for holds in ways)


def _told(expected: object) -> str:
    try:
        return repr(expected)
    except ValueError:  # an integer of more digits than Python turns into text
        return "a very large number"


def equals(expected: object, rules: Compare) -> Callable[[Any], bool]:
    """Whether a read result equals `expected`.

    Raises:
        DataError: `expected` is not plain data.
    """
    return equals_read(read(encode(expected)), rules)


def equals_read(expected: object, rules: Compare) -> Callable[[Any], bool]:
    """Whether a read result equals another one."""
    return lambda got: equal(got, expected, rules)


def run_calls(sources: Sequence[str], calls: Sequence[Call], *, sandbox: Sandbox, limits: Limits, mode: Mode) -> Report:
    """Make the calls in order; a failure ends it in `binary` mode, a lost process is replaced in `fraction` mode.

    Raises:
        Undecided: by one of the calls.
        SandboxError: the sandbox failed.
    """
    outcomes: list[Outcome] = []
    ends: list[ExecResult] = []

    def attempt(limits: Limits) -> tuple[tuple[list[Outcome], bool], ExecResult]:
        made: list[Outcome] = []
        with sandbox.place():
            candidate = Candidate(sandbox, sources, limits)
            try:
                lost = _serve(candidate, calls[len(outcomes) :], made, stop=mode == "binary")
            finally:
                candidate.close()
        ends.append(candidate.result)
        return (made, lost), candidate.result

    for _ in range(1 if mode == "binary" else _MAX_PROCESSES):
        (made, lost), _ = beyond_doubt(attempt, limits)
        outcomes += made
        if not lost or len(outcomes) == len(calls):
            break
    labels = tuple(call.expected for call in calls)
    isolation, usage = ends[-1].isolation, Usage.of(ends)
    return Report(outcomes=tuple(outcomes), total=len(calls), isolation=isolation, usage=usage, labels=labels)


def _serve(candidate: Candidate, calls: Sequence[Call], outcomes: list[Outcome], *, stop: bool) -> bool:
    """Add an outcome for each call made; whether another process may do the rest."""
    answers = candidate.calls([call.request for call in calls])
    try:
        for call, answer in zip(calls, answers, strict=True):
            outcomes.append(_outcome(answer, call))
            if stop and outcomes[-1].status is not TestStatus.OK:
                return False
    except Unloaded as gone:
        outcomes.extend([gone.outcome] * (1 if stop else len(calls)))  # it would not load the next time either
        return False
    except Gone as gone:
        outcomes.append(gone.outcome)
        return True
    return False


def _outcome(answer: Answer, call: Call) -> Outcome:
    if answer.kind == "expected":
        return _OK
    if answer.kind != "value":
        status = TestStatus.MEMORY_LIMIT if answer.payload[0] == "MemoryError" else TestStatus.RUNTIME_ERROR
        return Outcome(status, f"raised {answer.error}", call.expected)
    wire = _result(answer, call)
    try:
        right = call.holds(read(wire))
    except (CodecError, RecursionError) as error:
        return Outcome(TestStatus.WRONG, str(error), call.expected)
    if right:
        return _OK
    return Outcome(TestStatus.WRONG, f"got {_shown(wire)}", call.expected)


def _result(answer: Answer, call: Call) -> object:
    """What the call gave: its value, or the argument that it changed.

    Raises:
        Undecided: it changed an argument that is watched.
    """
    if call.watched and answer.payload[1:] != ([],):
        raise Undecided
    if call.in_place is None:
        return answer.payload[0]
    changes = dict(answer.payload[1]) if len(answer.payload) == 2 else {}
    return changes.get(call.in_place, call.args[call.in_place])


def _shown(wire: object, most: int = 200) -> str:
    text = json.dumps(wire)
    return text if len(text) <= most else f"{text[:most]}..."
