"""`assay/InputPrediction-v0`: find an input for which a program gives a wanted output.

Any input of the right types that does is right: the program runs on it in the sandbox, with limits, and what it
returns is compared outside. A task is kept only where neither trivial inputs, nor the output itself, nor other random
inputs do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product
from typing import Any

from assaygym.envs.families.literals import NotLiteral, answer_text, read_arguments, same
from assaygym.envs.families.program_blocks import Type
from assaygym.envs.families.programs import Program, draw_input, draw_program, fits
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.sandbox.base import MIB, Limits
from assaygym.types import Score, Task, Verdict
from assaygym.verifiers.code import FunctionCase, FunctionTests, functions

__all__ = ["Wanted", "check", "input_prediction"]

LIMITS = Limits(cpu_seconds=4, wall_seconds=20, memory_bytes=256 * MIB, processes=8)
RUN = functions(limits=LIMITS)
TEMPLATES = (
    "Find arguments for which `f` returns `{wanted}`.\n\n```python\n{source}```\n{form}",
    "```python\n{source}```\nFor which input does the function above give `{wanted}`? {form}",
    "The call `f(...)` of this program returned `{wanted}`. What may it have been called with?\n\n"
    "```python\n{source}```\n{form}",
)
FORM = (
    "`f` takes {takes}. Any input that gives this output will do. Write the call as `f(...)`, with literals as "
    "arguments, between <answer> and </answer>."
)
TRIVIAL: dict[Type, tuple[Any, ...]] = {
    "number": (0, 1, -1, 2, 3, 5, 7, 10, 42, 100),
    "text": ("", "a", "abc", "hello", "A", "x", " "),
    "numbers": ([], [0], [1], [1, 2, 3], [0, 0, 0], [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]),
}
OTHERS = 24
LONGEST = 160


@dataclass(frozen=True, slots=True)
class Wanted:
    """A program, the output to reach, and one input that does."""

    program: Program
    output: Any
    known: tuple[Any, ...]


@task(
    "assay/InputPrediction-v0",
    difficulty={"blocks": (1, 2, 3, 4, 6), "depth": (1, 1, 1, 2, 2)},
    kind="code",
    summary="Find an input for which a program gives a wanted output.",
    requires=("sandbox",),
)
def input_prediction(rng: random.Random, *, blocks: int = 1, depth: int = 1) -> tuple[str, Wanted, dict[str, Any]]:
    """Find an input of a program of `blocks` blocks with expressions of up to `depth` levels."""
    if not 1 <= blocks <= 12 or not 1 <= depth <= 4:
        raise ConfigError(f"InputPrediction: blocks {blocks}, depth {depth}; expected 1 to 12, and 1 to 4")
    wanted = _draw(rng, blocks, depth)
    while wanted is None:
        wanted = _draw(rng, blocks, depth)
    form = FORM.format(takes=wanted.program.described())
    shown = repr(wanted.output)
    prompt = rng.choice(TEMPLATES).format(wanted=shown, source=wanted.program.source, form=form)
    return prompt, wanted, {"identity": (wanted.program.source, shown)}


@input_prediction.solve
def known_input(posed: Task[Wanted]) -> str:
    """The call that the task was built from."""
    return f"This one does: <answer>f({', '.join(map(repr, posed.answer.known))})</answer>"


@input_prediction.verify
def check(response: str, wanted: Wanted) -> Score:
    """CORRECT for arguments of the stated types for which the program, run in the sandbox, returns the output.

    Raises:
        SandboxError: the sandbox failed.
    """
    said = answer_text(response)
    if said is None:
        return Score.unparsed("the response states no answer; expected a call between <answer> and </answer>")
    try:
        args = read_arguments(said, "f")
    except NotLiteral as error:
        return Score.unparsed(f"{said[:60]!r} is refused: {error}")
    kinds = wanted.program.takes
    if len(args) != len(kinds) or not all(map(fits, args, kinds)):
        explanation = f"the arguments are not {wanted.program.described()}"
        return Score(value=0.0, verdict=Verdict.INCORRECT, extracted=said[:500], explanation=explanation)
    case = FunctionTests("f", (FunctionCase(args, wanted.output),))
    return RUN.run(wanted.program.source, case).score("binary", extracted=said[:500])


def _draw(rng: random.Random, blocks: int, depth: int) -> Wanted | None:
    """A program and an input of it; None where another input that one would try first gives the same output."""
    program = draw_program(rng, blocks, depth)
    known = draw_input(rng, program.takes)
    guesses = [*product(*(TRIVIAL[kind] for kind in program.takes))]
    guesses += [draw_input(rng, program.takes) for _ in range(OTHERS)]
    try:
        output = program.run(known)
        if len(repr(output)) > LONGEST:
            return None
        if len(program.takes) == 1 and fits(output, program.takes[0]):
            guesses.append((output,))
        found = [program.run(guess) for guess in guesses]
    except ValueError:
        return None
    return None if any(same(output, other) for other in found) else Wanted(program, output, known)
