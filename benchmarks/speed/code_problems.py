"""Problems of the HumanEval kind for the code benchmark: a suite's file, or a generated set."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assaygym.envs.data import column, read_rows

__all__ = ["Problem", "generated", "read_problems"]

_COLUMNS = ("prompt", "canonical_solution", "entry_point", "test")
_KINDS: tuple[tuple[str, str, str], ...] = (
    ("total of the items", "xs", "    t = 0\n    for x in xs:\n        t += x * {k}\n    return t\n"),
    ("items above a bound", "xs", "    return [x for x in xs if x > {k}]\n"),
    ("letters counted", "xs", "    found = {{}}\n    for x in map(str, xs):\n"
     "        found[x] = found.get(x, 0) + {k}\n    return found\n"),
    ("greatest step", "xs", "    steps = [b - a for a, b in zip(xs, xs[1:])]\n"
     "    return max(steps, default={k})\n"),
)  # fmt: skip
_CALLS_EACH = 8


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem with a right program."""

    name: str
    prompt: str
    completion: str
    entry: str
    test: str
    """Defines `check(candidate)`."""
    calls: str = ""
    """The literal of `[(arguments, expected), ...]` where the tests are nothing else; else ""."""

    @property
    def is_json(self) -> bool:
        """Whether its calls are values that JSON has: no tuples, sets, bytes or keys that are no texts."""
        if not self.calls:
            return False
        calls = ast.literal_eval(self.calls)
        try:
            return all(_same(args, value) for args, value in calls)
        except (TypeError, ValueError):
            return False

    @property
    def wire(self) -> dict[str, str]:
        """As JSON values."""
        return {name: getattr(self, name) for name in ("name", "prompt", "completion", "entry", "test", "calls")}


def _same(args: tuple[Any, ...], value: Any) -> bool:
    plain = [list(args), value]
    return repr(json.loads(json.dumps(plain, allow_nan=False))) == repr(plain)


def read_problems(path: str | Path) -> list[Problem]:
    """The rows of a HumanEval file.

    Raises:
        DataError: it cannot be read, or is no such file.
    """
    problems = []
    for number, row in enumerate(read_rows(path), 1):
        prompt, completion, entry, test = (column(row, name, number) for name in _COLUMNS)
        problems.append(Problem(str(row.get("task_id", number)), prompt, completion, entry, test, _calls(test)))
    return problems


def generated(count: int) -> list[Problem]:
    """So many small problems, with eight calls each."""
    return [_generated(number) for number in range(count)]


def _generated(number: int) -> Problem:
    what, given, body = _KINDS[number % len(_KINDS)]
    entry = f"task_{number}"
    prompt = f'def {entry}({given}):\n    """The {what}."""\n'
    completion = body.format(k=number % 7 + 1)
    names: dict[str, Any] = {}
    exec(prompt + completion, names)  # our own text
    inputs = [[(7 * i + 3 * j + number) % 23 - 5 for j in range(2 * i)] for i in range(_CALLS_EACH)]
    lines = [f"    assert candidate({given!r}) == {names[entry](given)!r}\n" for given in inputs]
    test = f"def check(candidate):\n{''.join(lines)}"
    return Problem(f"generated/{number}", prompt, completion, entry, test, _calls(test))


def _calls(test: str) -> str:
    """The calls of test code that is only `assert candidate(literals) == literal`; "" for any other."""
    check = next((node for node in ast.parse(test).body if isinstance(node, ast.FunctionDef)), None)
    found = []
    for node in check.body if check else ():
        if isinstance(node, (ast.Expr, ast.Pass)) or (isinstance(node, ast.Assert) and _is_constant(node)):
            continue
        call = _call(node)
        if call is None:
            return ""
        found.append(call)
    return repr(found) if found else ""


def _is_constant(node: ast.Assert) -> bool:
    return isinstance(node.test, ast.Constant)


def _call(node: ast.stmt) -> tuple[tuple[Any, ...], Any] | None:
    match node:
        case ast.Assert(test=ast.Compare(left=ast.Call(keywords=[]) as call, ops=[ast.Eq()], comparators=[value])):
            try:
                return tuple(ast.literal_eval(arg) for arg in call.args), ast.literal_eval(value)
            except (ValueError, TypeError):
                return None
    return None
