"""`assay/StdinStdout-v0`: write a program that reads standard input and prints the answer.

A task is a problem of a table with a parameter and, mostly, a change of the input to be made first. Hidden tests are
edge cases, small and larger inputs; their outputs come from the reference, which has to agree with a slow second
solution on the small ones when the task is posed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from textwrap import indent
from typing import Any

from assaygym.envs.families.stdin_inputs import draw_input, edge_inputs
from assaygym.envs.families.stdin_problems import PROBLEMS, SHAPES, Problem
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError, TaskError
from assaygym.sandbox.base import MIB, Limits
from assaygym.types import Task
from assaygym.verifiers.code import StdinCase, StdinTests, stdio

__all__ = ["Posed", "draw_posed", "stdin_stdout"]

LIMITS = Limits(cpu_seconds=4, wall_seconds=20, memory_bytes=256 * MIB, processes=8)
SMALL, LARGER, SAMPLES = 6, 3, 2
DIFFERENT = 4
SIZES = (300, 300, 200, 150, 50)
"""Of the larger inputs, by the problem's level."""
TEMPLATES = (
    "Write a Python program for this problem.\n\nInput (standard input): {reads}\n\nTask: {asks}\n\n{samples}\n\n"
    "Give the whole program in one ```python block.",
    "{asks}\n\nThe program reads standard input. {reads} It prints the result to standard output.\n\n{samples}\n\n"
    "Reply with a complete Python program in a ```python block.",
    "Problem. {reads} {asks}\n\nRead from standard input, print to standard output.\n\n{samples}\n\n"
    "Answer with one fenced Python program.",
)
SHOW = "return ' '.join(map(str, out)) if isinstance(out, list) else str(out)"
MAIN = "import sys\nprint(solve(sys.stdin.read()))"


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem with its parameter and a twist filled in."""

    reads: str
    asks: str
    fast: str
    slow: str


@task(
    "assay/StdinStdout-v0",
    difficulty={"grade": (0, 1, 2, 3, 4)},
    verifier=stdio(limits=LIMITS),
    kind="code",
    summary="Write a program from standard input to standard output; hidden tests judge it.",
    requires=("sandbox",),
)
def stdin_stdout(rng: random.Random, *, grade: int = 0) -> tuple[str, StdinTests, dict[str, Any]]:
    """Solve a problem of a grade from 0 (a loop) to 4 (dynamic programs, graphs with states)."""
    if grade not in range(len(SIZES)):
        raise ConfigError(f"StdinStdout: grade {grade!r}; expected 0 to {len(SIZES) - 1}")
    problem = rng.choice([one for one in PROBLEMS if one.level == grade])
    posed = draw_posed(rng, problem)
    cases = _cases(rng, problem, posed)
    while len({case.output for case in cases}) < DIFFERENT:
        posed = draw_posed(rng, problem)
        cases = _cases(rng, problem, posed)
    samples = "\n\n".join(f"Input:\n{case.input}Output:\n{case.output}".rstrip() for case in cases[:SAMPLES])
    prompt = rng.choice(TEMPLATES).format(reads=posed.reads, asks=posed.asks, samples=samples)
    metadata = {"reference": f"{posed.fast}\n{MAIN}\n", "identity": (posed.reads, posed.asks)}
    return prompt, StdinTests(tuple(cases[SAMPLES:])), metadata


@stdin_stdout.solve
def reference(posed: Task[StdinTests]) -> str:
    """The reference solution in a fenced block."""
    return f"This program does it:\n\n```python\n{posed.metadata['reference']}```"


def draw_posed(rng: random.Random, problem: Problem) -> Posed:
    """The problem with a parameter, and four times in five a twist."""
    shape = SHAPES[problem.shape]
    says = line = ""
    if rng.random() < 0.8:
        twist = rng.choice(shape.twists)
        chosen = {"{q}": str(rng.randint(*twist.span)), "{l}": rng.choice("abc")}
        says, line = _filled(twist.says, chosen) + " Then: ", _filled(twist.code, chosen)
    parameter = {"{p}": str(rng.randint(*problem.span))}
    fast, slow = (_solution(shape.read, line, _filled(code, parameter)) for code in (problem.fast, problem.slow))
    return Posed(shape.says, says + _filled(problem.asks, parameter), fast, slow)


def _filled(text: str, chosen: dict[str, str]) -> str:
    for hole, value in chosen.items():
        text = text.replace(hole, value)
    return text


def _solution(read: str, twist: str, body: str) -> str:
    lines = [read, *([twist] if twist else []), body, SHOW]
    return f"def solve(text):\n{indent(chr(10).join(lines), '    ')}\n"


@lru_cache(maxsize=256)
def _compiled(source: str) -> Callable[[str], str]:
    names: dict[str, Any] = {}
    exec(source, names)  # text of our table
    solve: Callable[[str], str] = names["solve"]
    return solve


def _cases(rng: random.Random, problem: Problem, posed: Posed) -> list[StdinCase]:
    """The samples, then edge cases, small and larger inputs, no input twice.

    Raises:
        TaskError: the two solutions differ.
    """
    small = [draw_input(rng, problem.shape, rng.randint(4, 8)) for _ in range(SAMPLES + SMALL)]
    larger = [draw_input(rng, problem.shape, SIZES[problem.level] // part) for part in range(1, LARGER + 1)]
    inputs = dict.fromkeys([*small, *edge_inputs(rng, problem.shape)])
    fast, slow = _compiled(posed.fast), _compiled(posed.slow)
    for text in inputs:
        if fast(text) != slow(text):
            raise TaskError(f"the solutions differ on {text!r}: {fast(text)!r}, {slow(text)!r}; mend {posed.asks!r}")
    telling = sorted(inputs, key=lambda text: fast(text) in ("0", "1", "-1"))
    return [StdinCase(f"{text}\n", f"{fast(text)}\n") for text in dict.fromkeys([*telling, *larger])]
