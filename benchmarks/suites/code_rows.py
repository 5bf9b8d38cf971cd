"""Tests of code suites out of their rows: EvalPlus, MBPP, LiveCodeBench, APPS, TACO, CodeContests."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from assaygym.benchmarks.suites.declaration import Row
from assaygym.benchmarks.suites.packed import unpacked
from assaygym.errors import DataError
from assaygym.foreign_json import read_json
from assaygym.types import Score
from assaygym.verifiers.code import AssertTests, FunctionCase, FunctionTests, StdinCase, StdinTests

__all__ = [
    "AnyTests", "CodeJudge", "LiveTests", "codeforces_tests", "contest_tests", "evalplus_tests", "first_solution",
    "is_judged_by_text", "live_tests", "mbpp_tests", "taco_tests",
]  # fmt: skip

AnyTests = StdinTests | FunctionTests | AssertTests
_SECOND = 1e-9
_PYTHON3 = 3
"""CodeContests' number of the language."""


@dataclass(frozen=True, slots=True)
class LiveTests:
    """The tests of a LiveCodeBench row, which are read when they are needed: packed, they are a hundredth as large."""

    public: str
    private: str
    metadata: str = "{}"

    def read(self) -> AnyTests:
        """The tests themselves.

        Raises:
            DataError: they are in no form of that suite.
        """
        cases = [*_json(self.public, "public_test_cases"), *_json(unpacked(self.private), "private_test_cases")]
        if not cases:
            raise DataError("the row has no test case")
        name = (_json(self.metadata, "metadata") or {}).get("func_name")
        try:
            if all(case["testtype"] == "stdin" for case in cases):
                return StdinTests(tuple(StdinCase(case["input"], case["output"]) for case in cases))
            calls = tuple(_live_call(case) for case in cases)
        except (KeyError, TypeError) as error:
            raise DataError(f"a test case is malformed: {type(error).__name__}: {error}") from error
        return FunctionTests(_entry(name), calls, sequences_equal=True, bool_is_int=True)


def _live_call(case: Mapping[str, Any]) -> FunctionCase:
    args = tuple(_json(line, "input") for line in case["input"].split("\n") if line.strip())
    return FunctionCase(args, _json(case["output"], "output"))


@dataclass(frozen=True, slots=True)
class CodeJudge:
    """Judges by whatever kind of tests a row has. Programs are in Python."""

    name: ClassVar[str] = "code"

    def __call__(self, response: str, answer: AnyTests | LiveTests, /) -> Score:
        """The score of one response."""
        from assaygym.verifiers.code import asserts, functions, stdio

        tests = answer.read() if isinstance(answer, LiveTests) else answer
        if isinstance(tests, StdinTests):
            return stdio()(response, tests)
        return functions()(response, tests) if isinstance(tests, FunctionTests) else asserts()(response, tests)


def live_tests(row: Row) -> LiveTests:
    """LiveCodeBench's: `public_test_cases` and `private_test_cases`, JSON or packed."""
    return LiveTests(row["public_test_cases"], row["private_test_cases"], row.get("metadata") or "{}")


def mbpp_tests(row: Row) -> AssertTests:
    """MBPP's: `test_list` after `test_setup_code`."""
    return AssertTests(asserts=tuple(row["test_list"]), setup=row.get("test_setup_code") or "")


def evalplus_tests(row: Row) -> FunctionTests | AssertTests:
    """HumanEval+'s and MBPP+'s: calls where `test` is a loop over literal `inputs` and `results`, else asserts."""
    found = _looped(row["test"])
    if found is not None:
        name, cases, tolerance = found
        return FunctionTests(
            row.get("entry_point") or name, cases, float_abs=tolerance, float_rel=1e-7, bool_is_int=True
        )
    if row.get("entry_point"):
        return AssertTests(test=row["test"], entry_point=row["entry_point"], prompt=row["prompt"])
    return AssertTests(asserts=(row["test"],))


def _looped(source: str) -> tuple[str, tuple[FunctionCase, ...], float] | None:
    """(function, cases, tolerance) of `for ... in zip(inputs, results): assertion(f(*inp), exp, atol)`."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError) as error:
        raise DataError(f"column 'test' is not Python: {error}") from error
    values = {name: node.value for node in nodes if isinstance(node, ast.Assign) for name in _names(node)}
    checks = [node for loop in nodes if isinstance(loop, ast.For) for node in loop.body]
    found = [_checked(check) for check in checks if isinstance(check, ast.Expr)]
    if len(checks) != 1 or len(found) != 1 or found[0] is None or not {"inputs", "results"} <= values.keys():
        return None
    try:
        inputs, results = (ast.literal_eval(values[name]) for name in ("inputs", "results"))
    except (ValueError, TypeError):
        return None
    name, tolerance = found[0]
    cases = tuple(FunctionCase(tuple(args), expected) for args, expected in zip(inputs, results, strict=True))
    return name, cases, tolerance or 1e-6


def _names(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def _checked(check: ast.Expr) -> tuple[str, float] | None:
    """(function, tolerance) of `assertion(f(*inp), exp, tolerance)`."""
    call = check.value
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "assertion"):
        return None
    match call.args:
        case [ast.Call(func=ast.Name(id=name), args=[ast.Starred()], keywords=[]), ast.Name(), ast.Constant(value=gap)]:
            return name, float(str(gap))
    return None


def taco_tests(row: Row) -> StdinTests | FunctionTests:
    """APPS's and TACO's: `input_output`, JSON of `inputs`, `outputs` and, where a function is called, `fn_name`."""
    packed = row["input_output"]
    found = _json(packed, "input_output") if isinstance(packed, str) else packed
    try:
        inputs, outputs, name = found["inputs"], found["outputs"], found.get("fn_name")
    except (KeyError, TypeError) as error:
        raise DataError("column 'input_output' lacks inputs or outputs") from error
    if not inputs or len(inputs) != len(outputs):
        raise DataError(f"column 'input_output' has {len(inputs)} inputs and {len(outputs)} outputs")
    pairs = list(zip(inputs, outputs, strict=True))
    if name:
        calls = tuple(_call(args, expected) for args, expected in pairs)
        return FunctionTests(_entry(name), calls, sequences_equal=True, bool_is_int=True)
    return StdinTests(tuple(StdinCase(_lines(given), _lines(wanted)) for given, wanted in pairs))


def _call(args: Any, expected: Any) -> FunctionCase:
    """A call; that suite writes a result as itself or in a list of its own."""
    also = tuple(expected) if isinstance(expected, list) and len(expected) == 1 else ()
    return FunctionCase(tuple(args), expected, also=also)


def _lines(text: object) -> str:
    return "\n".join(map(str, text)) if isinstance(text, list) else str(text)


def contest_tests(row: Row) -> StdinTests:
    """CodeContests': public, private and generated tests, with the time and memory limits of the problem."""
    parts = [row.get(f"{kind}_tests") or {} for kind in ("public", "private", "generated")]
    pairs = [pair for part in parts for pair in zip(part.get("input", ()), part.get("output", ()), strict=True)]
    limit = row.get("time_limit") or {}
    seconds = limit.get("seconds", 0) + _SECOND * limit.get("nanos", 0) if isinstance(limit, Mapping) else limit
    cases = tuple(StdinCase(given, wanted) for given, wanted in pairs)
    return StdinTests(cases, cpu_seconds=seconds or None, memory_bytes=row.get("memory_limit_bytes") or None)


def is_judged_by_text(row: Row) -> bool:
    """Whether a row of Codeforces can be judged here: by comparing text, on standard input, with all of its tests.

    A row's `generated_checker` is a program for answers that are not unique; `official_tests_complete` is False where
    long tests were cut.
    """
    on_stdin = row.get("input_mode") in (None, "", "stdio")
    whole = row.get("official_tests_complete") in (None, True)
    return bool(row.get("official_tests")) and on_stdin and whole and not row.get("generated_checker")


def codeforces_tests(row: Row) -> StdinTests:
    """Codeforces': `official_tests`, with the time limit (seconds) and memory limit (megabytes) of the problem."""
    try:
        cases = tuple(StdinCase(case["input"], case["output"]) for case in row["official_tests"])
    except (KeyError, TypeError) as error:
        raise DataError(f"a case of 'official_tests' is malformed: {type(error).__name__}: {error}") from error
    megabytes = row.get("memory_limit")
    return StdinTests(
        cases,
        cpu_seconds=row.get("time_limit") or None,
        memory_bytes=int(megabytes * 1_000_000) if megabytes else None,
    )


def first_solution(*columns: str) -> Callable[[Row], str]:
    """The first worked solution of the first of these columns that has one, as an agent would give it."""

    def solution(row: Row) -> str:
        for name in columns:
            if row.get(name):
                found = _solutions(row[name])
                if found:
                    return f"```python\n{found[0]}\n```"
        raise DataError(f"there is no solution in {', '.join(columns)}")

    return solution


def _solutions(cell: Any) -> Sequence[str]:
    if isinstance(cell, Mapping):  # CodeContests: a list of languages beside a list of programs
        pairs: Iterable[tuple[int, str]] = zip(cell["language"], cell["solution"], strict=True)
        return [program for language, program in pairs if language == _PYTHON3]
    if isinstance(cell, str) and cell.startswith("["):
        cell = _json(cell, "solutions")
    return [cell] if isinstance(cell, str) else cell


def _entry(name: object) -> str:
    """A function of that name, of the class `Solution` where the program has one."""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise DataError(f"the function is called {name!r}; expected a name")
    return f"(Solution().{name} if 'Solution' in globals() else {name})"


def _json(text: str, what: str) -> Any:
    try:
        return read_json(text)
    except (ValueError, TypeError) as error:
        raise DataError(f"{what} is not JSON: {error}") from error
