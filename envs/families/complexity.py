"""`assay/Complexity-v0`: replace a quadratic function by one that is fast on a long list.

Hidden tests are short lists and a long one, made anew from its seed when an answer is judged. The long one has to be
done within `FACTOR` times the CPU time that our fast solution takes for it here and now, `LEAST_SECONDS` at least: a
busy or a slow machine changes nothing, and the function shown would take a hundred times as long as our solution.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from textwrap import indent
from typing import Any

from assaygym.envs.families.slow_functions import DATA, SLOW, SlowFunction
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError, TaskError
from assaygym.sandbox.base import Limits
from assaygym.types import Score, Task
from assaygym.verifiers.code import FunctionCase, FunctionTests, extract_program, functions

__all__ = ["Challenge", "check", "complexity", "draw_challenge"]

SIZE = 100_000
FACTOR, LEAST_SECONDS = 12.0, 2.5
SHORT = (0, 1, 2, 5, 8, 13, 21, 30)
NAMES = ("compute", "measure", "evaluate", "score", "tally", "analyse")
TEMPLATES = (
    "This Python function is right, but far too slow for long lists: it takes quadratic time.\n\n```python\n{slow}```\n"
    "It computes {says}. Write a function `{name}(a)` that gives the same result and is fast for lists of {size} "
    "integers.\n\n{form}",
    "Speed up the function below. For a list of integers it gives {says}.\n\n```python\n{slow}```\nThe new `{name}(a)` "
    "has to return the same for every list of integers, and to cope with {size} of them.\n\n{form}",
    "`{name}(a)` gives {says}:\n\n```python\n{slow}```\nWith a list of {size} integers it would take minutes. Rewrite "
    "it so that it takes less than a second, with the same results.\n\n{form}",
)
FORM = "Short lists (the empty one too) and a long one judge it; CPU time is limited. Give it in one ```python block."


@dataclass(frozen=True, slots=True)
class Challenge:
    """A function to speed up: sources of both, short tests, and the recipe of the long one."""

    name: str
    slow: str
    fast: str
    short: tuple[FunctionCase, ...]
    data: str
    seed: int


@task(
    "assay/Complexity-v0",
    difficulty={"grade": (0, 1, 2, 3, 4)},
    kind="code",
    summary="Replace a quadratic function by a fast one; a long hidden input judges it.",
    requires=("sandbox",),
)
def complexity(rng: random.Random, *, grade: int = 0) -> tuple[str, Challenge, dict[str, Any]]:
    """Speed up a function of a grade from 0 (running counts) to 4 (trees, stacks of runs)."""
    if grade not in range(5):
        raise ConfigError(f"Complexity: grade {grade!r}; expected 0 to 4")
    chosen = rng.choice([one for one in SLOW if one.grade == grade])
    says, challenge = draw_challenge(rng, chosen)
    prompt = rng.choice(TEMPLATES).format(
        slow=challenge.slow, says=says, name=challenge.name, size=f"{SIZE:,}".replace(",", " "), form=FORM
    )
    return prompt, challenge, {"identity": challenge.slow.partition("(")[2]}


@complexity.solve
def fast(posed: Task[Challenge]) -> str:
    """The fast function in a fenced block."""
    return f"This one is fast:\n\n```python\n{posed.answer.fast}```"


@complexity.verify
def check(response: str, challenge: Challenge) -> Score:
    """CORRECT for a function that is right on the short lists, and on the long one in time.

    Raises:
        SandboxError: the sandbox failed.
    """
    program = extract_program(response)
    if program is None:
        return Score.unparsed("no program in the response; expected a ```python block")
    if program.strip() == challenge.slow.strip():
        return Score.of(0.0, extracted=program, explanation="the function shown, unchanged")
    limits = Limits(cpu_seconds=LEAST_SECONDS, wall_seconds=60)
    short = FunctionTests(challenge.name, challenge.short)
    score = functions(limits=limits).run(program, short).score("binary", extracted=program)
    if score.value < 1.0:
        return score
    given, expected, seconds = _long(challenge.fast, challenge.data, challenge.seed)
    limits = Limits(cpu_seconds=max(LEAST_SECONDS, FACTOR * seconds), wall_seconds=120)
    long = FunctionTests(challenge.name, (*challenge.short, FunctionCase((given,), expected)))
    return functions(limits=limits).run(program, long).score("binary", extracted=program)


@lru_cache(maxsize=4)
def _long(source: str, data: str, seed: int) -> tuple[list[int], Any, float]:
    """The long list, the result, and the CPU seconds that our solution takes."""
    given = DATA[data](random.Random(seed), SIZE)
    solve = _compiled(source)
    begun = time.thread_time()
    expected = solve(given)
    return given, expected, time.thread_time() - begun


def draw_challenge(rng: random.Random, chosen: SlowFunction) -> tuple[str, Challenge]:
    """What is computed in words, and the challenge, with a parameter and a change of the numbers drawn.

    Raises:
        TaskError: the two functions differ on a short list.
    """
    name, first, after = rng.choice(NAMES), "", ""
    if chosen.data == "spread":
        factor, plus, modulus = rng.randint(3, 999), rng.randint(1, 999), rng.choice((99_991, 100_003, 999_983))
        first = f"a = [(v * {factor} + {plus}) % {modulus} for v in a]\n"
        after = f" (each number v of the list is first replaced by (v * {factor} + {plus}) % {modulus})"
    parameter = str(rng.randint(*chosen.span))
    slow, quick = (_source(name, first, body.replace("{p}", parameter)) for body in (chosen.slow, chosen.fast))
    draw = DATA[chosen.data]
    short = []
    for size in SHORT:
        given = draw(rng, size) if rng.random() < 0.6 or chosen.data == "spread" else sorted(draw(rng, size))
        short.append(FunctionCase((given,), _compiled(slow)(given)))
        if _compiled(quick)(given) != short[-1].expected:
            raise TaskError(f"the functions differ on {given}; mend {chosen.says!r}")
    seed = rng.getrandbits(32)
    says = chosen.says.replace("{p}", parameter) + after
    return says, Challenge(name, slow, quick, tuple(short), chosen.data, seed)


def _source(name: str, first: str, body: str) -> str:
    inner = indent(f"{first}n = len(a)\n{body}", "    ")
    return f"def {name}(a):\n{inner}\n"


@lru_cache(maxsize=256)
def _compiled(source: str) -> Callable[[list[int]], Any]:
    names: dict[str, Any] = {}
    exec(source, names)  # text of our table
    function: Callable[[list[int]], Any] = next(one for name, one in names.items() if name in NAMES)
    return function
