"""`assay/FunctionFromTests-v0`: write a function from its description; hidden tests judge it.

The function is a random composition of steps. Hidden tests are calls of a reference implementation on inputs that the
prompt does not show; each step changes something in at least one of them, and they need several different outputs, so
neither a constant, nor the input itself, nor a table of the visible examples passes.
"""

from __future__ import annotations

import random
from typing import Any

from assaygym.envs.families.pipelines import Pipeline, draw_input, draw_pipeline
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.sandbox.base import MIB, Limits
from assaygym.types import Task
from assaygym.verifiers.code import FunctionCase, FunctionTests, functions

__all__ = ["function_from_tests"]

HIDDEN = 12
DIFFERENT = 4
LIMITS = Limits(cpu_seconds=4, wall_seconds=20, memory_bytes=256 * MIB, processes=8)
NAMES = ("transform", "process", "solve", "convert", "compute", "apply_rules")
TEMPLATES = (
    "Write a Python function `{name}(x)`. {takes} It does the following, in this order:\n{steps}\n{returns}\n"
    "{examples}\nGive the function in one ```python block.",
    "Implement `{name}(x)` in Python.\n{takes}\nSteps:\n{steps}\n{returns}\nExamples:\n{examples}\n"
    "Answer with a fenced Python block.",
    "I need a Python function named `{name}` with one parameter `x`. {takes} Apply these steps one after the other:\n"
    "{steps}\n{returns} Some calls:\n{examples}\nReply with the code in a ```python block.",
)
TAKES = {
    "numbers": "`x` is a list of integers.",
    "text": "`x` is a string, maybe empty. Words are what `x.split()` gives; steps on words join them with one space.",
    "number": "`x` is an integer.",
}
EDGES: dict[str, tuple[Any, ...]] = {"numbers": ([], [7], [-3, -3, 4]), "text": ("", "a"), "number": (0, 1, -17)}


@task(
    "assay/FunctionFromTests-v0",
    difficulty={"steps": (1, 2, 3, 4, 6), "examples": (3, 3, 2, 2, 1)},
    verifier=functions(limits=LIMITS),
    kind="code",
    summary="Write a Python function from its description; hidden tests judge it.",
    requires=("sandbox",),
)
def function_from_tests(
    rng: random.Random, *, steps: int = 1, examples: int = 3
) -> tuple[str, FunctionTests, dict[str, Any]]:
    """Write the function that applies `steps` steps to its input; `examples` calls are shown."""
    if not 1 <= steps <= 12 or not 0 <= examples <= 3:
        raise ConfigError(f"FunctionFromTests: steps {steps}, examples {examples}; expected 1 to 12, and 0 to 3")
    while True:
        pipeline = draw_pipeline(rng, steps)
        if cases := _cases(rng, pipeline, examples + HIDDEN):
            break
    name = rng.choice(NAMES)
    shown, hidden = cases[:examples], [*cases[examples:], *_edges(pipeline)]
    tests = FunctionTests(name, tuple(FunctionCase((given,), expected) for given, expected in hidden))
    return _prompt(rng, name, pipeline, shown), tests, {"reference": pipeline.source(name)}


@function_from_tests.solve
def reference(posed: Task[FunctionTests]) -> str:
    """The reference implementation in a fenced block."""
    return f"The steps one by one:\n\n```python\n{posed.metadata['reference']}\n```"


def _cases(rng: random.Random, pipeline: Pipeline, wanted: int) -> list[tuple[Any, Any]]:
    """(input, output) pairs with distinct inputs; [] where some step shows in none of them, or outputs hardly vary."""
    traces: dict[str, list[Any]] = {}
    edges = set(map(repr, EDGES[pipeline.takes]))
    for _ in range(4 * wanted):
        given = draw_input(rng, pipeline.takes)
        if repr(given) not in edges:
            traces.setdefault(repr(given), pipeline.trace(given))
        if len(traces) == wanted:
            break
    found = list(traces.values())
    hidden = found[-HIDDEN:]
    idle = any(all(trace[i] == trace[i + 1] for trace in hidden) for i in range(len(pipeline.codes)))
    outputs = {repr(trace[-1]) for trace in hidden}
    if len(found) < wanted or idle or len(outputs) < DIFFERENT or len(max(outputs, key=len)) > 500:
        return []
    return [(trace[0], trace[-1]) for trace in found]


def _edges(pipeline: Pipeline) -> list[tuple[Any, Any]]:
    return [(given, pipeline.trace(given)[-1]) for given in EDGES[pipeline.takes]]


def _prompt(rng: random.Random, name: str, pipeline: Pipeline, shown: list[tuple[Any, Any]]) -> str:
    numbered = "\n".join(f"{i}. {says[0].upper()}{says[1:]}." for i, says in enumerate(pipeline.says, 1))
    calls = "\n".join(f"{name}({given!r}) == {expected!r}" for given, expected in shown)
    return rng.choice(TEMPLATES).format(
        name=name, takes=TAKES[pipeline.takes], steps=numbered, returns="Return the result.", examples=calls
    )
