"""`assay/TestWriting-v0`: write tests that a right implementation passes and faulty ones fail.

The reward is the share of hidden faulty versions caught, by tests that pass on the reference; tests that do not earn
nothing. What the prompt shows catches none of the versions, and neither do trivial inputs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from assaygym.envs.families.mutants import Faulty, faulty_versions, outcome
from assaygym.envs.families.mutation_score import Unfit, caught
from assaygym.envs.families.pipelines import Pipeline, Type, draw_input, draw_pipeline
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.types import Score, Task, Verdict
from assaygym.verifiers.code import extract_program

__all__ = ["Versions", "check", "writing"]

POOL = 36
FINDABLE = 3
"""Inputs of the pool that show a faulty version, at least: it is not found by luck alone."""
VERBS = ("make", "clean", "apply", "build", "update", "derive", "reduce", "adjust", "encode", "prepare", "resolve")
NOUNS = ("items", "value", "report", "record", "entry", "signal", "label", "order", "batch", "digest", "rows", "state")
TEMPLATES = (
    "Write tests for a Python function `{name}(x)`. {takes} It does the following, in this order:\n{steps}\n"
    "It returns the result. For example:\n{examples}\n\n{rule}",
    "A function `{name}(x)` is specified as follows. {takes}\nSteps, one after the other:\n{steps}\nThe result is "
    "returned. The implementation in use gives:\n{examples}\nWrite a test suite for it.\n\n{rule}",
    "You are asked to test `{name}(x)`. {takes} According to its specification it has to\n{steps}\nin this order, and "
    "to return the result. The reference implementation behaves like this:\n{examples}\n\n{rule}",
)
RULE = (
    "The tests are `assert` statements, at the top level or in functions called `test_...` without parameters; "
    "`{name}` is defined already, do not define or import it, and use nothing of it but calls with one argument. They "
    "run against the right implementation, which must pass them all, and against {count} hidden faulty versions{hint}. "
    "The score is the share of faulty versions that fail a test; at most 1000 calls, and one second. Give the tests in "
    "one ```python block."
)
HINT = ", some of which go wrong for certain inputs only (negative, repeated, large, many, zero, upper-case, ...)"
TAKES: dict[Type, str] = {
    "numbers": "`x` is a list of integers.",
    "text": "`x` is a string, maybe empty; words are what `x.split()` gives, and steps on words join by a space.",
    "number": "`x` is an integer.",
}
TRIVIAL: dict[Type, tuple[Any, ...]] = {"numbers": ([], [0], [1]), "text": ("", "a"), "number": (0, 1)}


@dataclass(frozen=True, slots=True)
class Versions:
    """The function's name, its reference source, faulty sources, and tests that catch every one of those."""

    name: str
    reference: str
    faulty: tuple[str, ...]
    known: str


@task(
    "assay/TestWriting-v0",
    difficulty={
        "steps": (1, 2, 3, 4, 5),
        "versions": (4, 6, 8, 10, 12),
        "guarded": (False, False, True, True, True),
    },
    kind="code",
    summary="Write tests that catch hidden faulty versions of a function.",
    requires=("sandbox",),
)
def writing(
    rng: random.Random, *, steps: int = 1, versions: int = 4, guarded: bool = False
) -> tuple[str, Versions, dict[str, Any]]:
    """Test a function of `steps` steps against `versions` faulty ones, wrong for some inputs only where `guarded`."""
    if not 1 <= steps <= 8 or not 1 <= versions <= 20:
        raise ConfigError(f"TestWriting: steps {steps}, versions {versions}; expected 1 to 8, and 1 to 20")
    found = _draw(rng, steps, versions, guarded)
    while found is None:
        found = _draw(rng, steps, versions, guarded)
    pipeline, inputs, faulty, shown = found
    name = f"{rng.choice(VERBS)}_{rng.choice(NOUNS)}"
    prompt = rng.choice(TEMPLATES).format(
        name=name,
        takes=TAKES[pipeline.takes],
        steps="\n".join(f"{i}. {says}" for i, says in enumerate(pipeline.says, 1)),
        examples="\n".join(f"{name}({inputs[i]!r}) returns {outcome(pipeline, inputs[i])}" for i in shown),
        rule=RULE.format(name=name, count=len(faulty), hint=HINT if guarded else ""),
    )
    sources = tuple(version.pipeline.source(name) for version in faulty)
    gold = Versions(name, pipeline.source(name), sources, _tests(name, pipeline, inputs, faulty))
    return prompt, gold, {"identity": (pipeline.takes, pipeline.codes)}


@writing.solve
def known_tests(posed: Task[Versions]) -> str:
    """Assertions on inputs that show every faulty version."""
    return f"These inputs tell them apart:\n\n```python\n{posed.answer.known}\n```"


@writing.verify
def check(response: str, versions: Versions) -> Score:
    """The share of faulty versions caught; 0 for tests that the reference does not pass.

    Raises:
        SandboxError: the sandbox failed.
    """
    tests = extract_program(response)
    if tests is None:
        return Score.unparsed("no tests in the response; expected a ```python block")
    from assaygym.sandbox import shared_sandbox

    try:
        found = caught(tests, versions.name, (versions.reference, *versions.faulty), shared_sandbox())
    except Unfit as error:
        return Score(value=0.0, verdict=Verdict.INCORRECT, extracted=tests, explanation=str(error))
    share = sum(found) / len(found)
    explanation = f"the tests catch {sum(found)} of {len(found)} faulty versions"
    metrics = {"caught": float(sum(found)), "total": float(len(found))}
    return Score.of(share, extracted=tests, explanation=explanation, metrics=metrics)


_Drawn = tuple[Pipeline, list[Any], list[Faulty], list[int]]


def _draw(rng: random.Random, steps: int, versions: int, guarded: bool) -> _Drawn | None:
    """A function, inputs, faulty versions that neither trivial nor shown inputs tell, and the numbers of the shown."""
    pipeline = draw_pipeline(rng, steps)
    trivial = TRIVIAL[pipeline.takes]
    inputs = [*trivial, *(draw_input(rng, pipeline.takes) for _ in range(POOL))]
    plain = frozenset(range(len(trivial)))
    faulty = [one for one in faulty_versions(rng, pipeline, inputs, guarded) if not one.shown_by & plain]
    shown = sorted(range(len(trivial), len(inputs)), key=lambda i: sum(i in one.shown_by for one in faulty))[:2]
    faulty = [one for one in faulty if not one.shown_by & {*shown} and len(one.shown_by) >= FINDABLE]
    if guarded:
        faulty.sort(key=lambda one: len(one.shown_by))
    faulty = faulty[:versions]
    if len(faulty) < min(versions, 3) or max(len(outcome(pipeline, inputs[i])) for i in shown) > 300:
        return None
    return pipeline, inputs, faulty, shown


def _tests(name: str, pipeline: Pipeline, inputs: list[Any], faulty: list[Faulty]) -> str:
    """One assertion for each input that shows faulty versions which those before it do not."""
    left, lines = [one.shown_by for one in faulty], list[str]()
    while left:
        best = max(range(len(inputs)), key=lambda i: sum(i in shown_by for shown_by in left))
        lines.append(f"assert {name}({inputs[best]!r}) == {outcome(pipeline, inputs[best])}")
        left = [shown_by for shown_by in left if best not in shown_by]
    return "\n".join(lines)
