"""Assert statements: turned into calls where they are plain, else run in a process that holds no candidate code.

In that process what belongs to the program is a remote call, relayed here between two jails. Exactly one side runs at
a time, so the relay is a ping-pong that checks every message of the candidate.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from assaygym.errors import VerifierError
from assaygym.sandbox.base import ExecResult, Limits, Sandbox
from assaygym.sandbox.found import beyond_doubt, roomier
from assaygym.sandbox.guest.turns import MOST_WALLS
from assaygym.verifiers.code.candidate import Candidate
from assaygym.verifiers.code.extract import parse, parses
from assaygym.verifiers.code.functions import Call, Undecided, run_calls
from assaygym.verifiers.code.guest import TEST_HOST, start
from assaygym.verifiers.code.outcome import Mode, Outcome, Report, TestStatus, Usage
from assaygym.verifiers.code.plan import Plan, direct_calls, plan_of, statements
from assaygym.verifiers.code.recorded import Recording
from assaygym.verifiers.code.relay import relay
from assaygym.verifiers.code.talk import Gone, Talk
from assaygym.verifiers.code.tests import AssertTests

__all__ = ["run_asserts", "sources_of"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class _Suite:
    """Test code made ready: `calls` where no test process is needed, else what that process is told."""

    calls: Sequence[Call] | None
    plan: Plan
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    candidate: str = ""
    recording: Recording | None = None
    """Of test code that needs a test process, but maybe not beside each program."""
    helpers: tuple[str, ...] = ()
    """Functions of the prompt that the test code calls."""


def run_asserts(program: str, tests: AssertTests, *, sandbox: Sandbox, limits: Limits, mode: Mode) -> Report:
    """Judge the program by the assertions; none executed is failure.

    Raises:
        VerifierError: the test code is at fault.
        SandboxError: the sandbox failed.
    """
    suite = _suite(tests)
    sources = sources_of(program, tests)
    calls = suite.calls if suite.calls is not None else _recorded(suite, sources[-1], sandbox, limits)
    if calls is not None:
        try:
            return run_calls(sources, calls, sandbox=sandbox, limits=limits, mode=mode)
        except Undecided:
            pass
    try:
        return _relayed(suite, sources, _foreseen(suite, sources[-1]), sandbox, limits, mode)
    except Undecided:  # what was foreseen did not come
        return _relayed(suite, sources, None, sandbox, limits, mode)


def _relayed(
    suite: _Suite,
    sources: Sequence[str],
    foreseen: Sequence[Any] | None,
    sandbox: Sandbox,
    limits: Limits,
    mode: Mode,
) -> Report:
    """The test code run in a process of its own."""

    def attempt(limits: Limits) -> tuple[list[Outcome], ExecResult]:
        with sandbox.place():
            candidate = Candidate(sandbox, sources, limits)
            try:
                return _judged(candidate, suite, foreseen, sandbox, limits, mode), candidate.result
            finally:
                candidate.close()

    outcomes, end = beyond_doubt(attempt, limits)
    held = all(outcome.status is TestStatus.OK for outcome in outcomes)
    total = len(outcomes) if held else max(suite.plan.assertions, len(outcomes))  # a branch may leave some out
    return Report(outcomes=tuple(outcomes), total=total, isolation=end.isolation, usage=Usage.of([end]))


def _recorded(suite: _Suite, program: str, sandbox: Sandbox, limits: Limits) -> Sequence[Call] | None:
    """The calls that the test code makes, where it makes the same ones of every program."""
    if suite.recording is None or _own_helpers(suite, program):
        return None
    return suite.recording.calls(sandbox, limits)


def _foreseen(suite: _Suite, program: str) -> Sequence[Any] | None:
    """The calls that the test code is likely to make of a program."""
    if suite.recording is None or _own_helpers(suite, program):
        return None
    return suite.recording.foreseen


def _own_helpers(suite: _Suite, program: str) -> list[str]:
    """The helper functions that a program brings itself, other than the prompt's."""
    return [name for name in suite.helpers if _redefines(program, name, suite.before)]


@lru_cache(maxsize=512)
def _suite(tests: AssertTests) -> _Suite:
    """Read once for a group of answers to one task."""
    return _humaneval(tests) if tests.test else _mbpp(tests)


def sources_of(program: str, tests: AssertTests) -> list[str]:
    """What the candidate's process runs: what the tests give it, then the program.

    A program that begins with the prompt is whole. One that does not name the entry point continues the prompt; any
    other gets what the prompt defines before the entry point (imports, helper functions). Imports and classes of an
    MBPP setup belong to the program too.
    """
    if not tests.test:
        kept = [n for n in statements(tests.setup, "the setup") if _is_shared(n)]
        return [*([ast.unparse(ast.Module(kept, []))] if kept else []), program]
    if program.startswith(tests.prompt):
        return [program]
    whole = f"{tests.prompt}{program}"
    if tests.prompt and not _stands_alone(program, tests.entry_point) and parses(whole):
        return [whole]
    prelude = _before_entry(tests)
    return [prelude, program] if prelude else [program]


def _stands_alone(program: str, entry_point: str) -> bool:
    """Whether a program names the entry point and is no continuation of a prompt."""
    name = re.escape(entry_point)
    if re.match(r"\s*^\S", program, re.MULTILINE) and re.search(rf"^def {name}\b", program, re.MULTILINE):
        return True  # the quick way: what does not parse now does not parse after the prompt either
    return re.search(rf"\b{name}\b", program) is not None and parses(program)


def _is_shared(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.ClassDef))


def _prompt_body(tests: AssertTests) -> list[ast.stmt]:
    source = tests.prompt
    if not parses(source):
        source = f"{source.rstrip()}\n    pass\n"
    return statements(source, "the prompt")


@lru_cache(maxsize=512)
def _before_entry(tests: AssertTests) -> str:
    body = _prompt_body(tests)
    kept = [node for node in body if getattr(node, "name", None) != tests.entry_point]
    return ast.unparse(ast.Module(kept, [])) if kept else ""


def _humaneval(tests: AssertTests) -> _Suite:
    body = statements(tests.test, "the test code")
    check = next((n for n in body if isinstance(n, ast.FunctionDef) and n.name == "check"), None)
    if check is None or not check.args.args:
        raise VerifierError("the test code defines no check(candidate); expected `def check(candidate): ...`")
    plain = all(node is check or _is_metadata(node) for node in body)
    calls = direct_calls(check.body, check.args.args[0].arg) if plain else None
    if calls is not None:
        calls = [replace(call, target=tests.entry_point) for call in calls]
    plan = plan_of(body)
    if not plan.assertions:
        raise VerifierError("the test code asserts nothing")
    call_check = f"check({tests.entry_point})"
    defined = {n.name for n in _prompt_body(tests) if isinstance(n, ast.FunctionDef)} - {tests.entry_point}
    helpers = tuple(name for name in plan.free if name in defined)
    suite = _Suite(calls, plan, (_before_entry(tests),), (tests.test,), (call_check,), tests.entry_point, None, helpers)
    if calls is not None:
        return suite
    config = _told(suite, [], [tests.entry_point], keep_going=False)
    return replace(suite, recording=Recording(tests.entry_point, config))


def _is_metadata(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.value, (ast.Dict, ast.Constant))


def _mbpp(tests: AssertTests) -> _Suite:
    body = [node for source in tests.asserts for node in statements(source, "a test")]
    setup = statements(tests.setup, "the setup")
    plan = plan_of([*setup, *body])
    if not plan.assertions:
        raise VerifierError("the tests assert nothing; expected assert statements")
    calls = direct_calls(body, None) if all(_is_shared(node) for node in setup) else None
    left = [node for node in setup if not isinstance(node, ast.ClassDef)]
    after = (ast.unparse(ast.Module(left, [])),) if left else ()
    return _Suite(calls, plan, (), after, tests.asserts)


def _judged(
    candidate: Candidate,
    suite: _Suite,
    foreseen: Sequence[Any] | None,
    sandbox: Sandbox,
    limits: Limits,
    mode: Mode,
) -> list[Outcome]:
    """The outcomes with our helper functions; then, if no fault was found, with those that the program brings.

    Ours decide first because a helper may be the checker (`poly` for a root); a program that breaks one is wrong too.
    """
    own = _own_helpers(suite, candidate.sources[-1])
    outcomes: list[Outcome] = []
    try:
        candidate.load()
        for helpers in ((), own) if own else ((),):
            config = _config(candidate, suite, helpers, mode)
            ahead = {"foreseen": foreseen} if foreseen else {}
            outcomes = _tested(candidate, config | ahead, sandbox, limits)
            if any(outcome.status is not TestStatus.OK for outcome in outcomes):
                break
    except Gone as gone:
        return [gone.outcome]
    return outcomes


def _redefines(program: str, name: str, before: Sequence[str]) -> bool:
    """Whether a program defines a function of that name otherwise than the prompt does."""
    if not re.search(rf"\bdef\s+{name}\b", program):
        return False
    tree = parse(program)
    if tree is None:
        return True
    theirs = [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS) and node.name == name]
    ours = [node for text in before for node in ast.parse(text).body if isinstance(node, _FUNCTIONS)]
    known = {_code(node) for node in ours if node.name == name}
    if len(theirs) != 1 or "\\" in ast.unparse(theirs[0]):  # escapes were not read
        return True
    return _code(theirs[0]) not in known


def _code(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """A function without its docstring, which the tree of a program does not keep letter by letter."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return f"{ast.dump(node.args)} {ast.dump(ast.Module(body, []))} {node.decorator_list}"


def _tested(candidate: Candidate, config: dict[str, Any], sandbox: Sandbox, limits: Limits) -> list[Outcome]:
    most = MOST_WALLS * limits.wall_seconds + 5.0  # it waits while the candidate works
    roomy = roomier(replace(limits, wall_seconds=most))
    talk = Talk(start(sandbox, *TEST_HOST, limits=roomy), roomy)
    try:
        return _tallied(*relay(talk, candidate, config, limits))
    finally:
        talk.close()


def _tallied(message: Sequence[Any] | None, lost: Outcome | None) -> list[Outcome]:
    """The outcome of each assertion."""
    if message is None:
        return [lost] if lost else []
    if message[0] == "broken":
        raise VerifierError(f"the test code cannot be run: {message[1]}")
    if message[0] == "unforeseen":
        raise Undecided
    passed, executed, failure = message[1:]
    outcomes = [Outcome(TestStatus.OK)] * passed
    if lost is not None:
        return [*outcomes, lost]
    if failure is not None:
        return outcomes + [Outcome(TestStatus.WRONG, failure)] * max(executed - passed, 1)
    return outcomes or [Outcome(TestStatus.WRONG, "no assertion held")]


def _config(candidate: Candidate, suite: _Suite, helpers: Sequence[str], mode: Mode) -> dict[str, Any]:
    """What the test process is told. A builtin is the program's only where nothing else can be what is tested."""
    defined = candidate.ask("defined", [*suite.plan.free, *suite.plan.called_builtins]).payload[0]
    known = defined if isinstance(defined, list) else []
    remote = [name for name in suite.plan.free if name in known]
    forced = [suite.candidate, *helpers] if suite.candidate else []
    if not forced and not remote:
        forced = [name for name in suite.plan.called_builtins if name in known][:1]
    return _told(suite, remote, forced, keep_going=mode != "binary")


def _told(suite: _Suite, remote: Sequence[str], entries: Sequence[str], *, keep_going: bool) -> dict[str, Any]:
    return {
        "before": suite.before,
        "after": suite.after,
        "units": suite.units,
        "remote": remote,
        "entries": entries,
        "keep_going": keep_going,
    }
