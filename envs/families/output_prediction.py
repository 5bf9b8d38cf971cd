"""`assay/OutputPrediction-v0`: say what a program returns or prints.

The truth is what the program does: it comes from our own typed grammar, in which every program ends, and is run when
the task is posed. The answer is read as a literal and never evaluated. A task is kept only where other inputs give
other outputs, so that no answer is likely before the program is read.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from assaygym.envs.families.literals import NotLiteral, answer_text, read_literal, same
from assaygym.envs.families.programs import Program, draw_input, draw_program
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.types import Score, Task, Verdict

__all__ = ["Output", "check", "output_prediction"]

RETURNED = (
    "What does `{call}` return?\n\n```python\n{source}```\n{form}",
    "Here is a Python program:\n\n```python\n{source}```\nWork out the value of `{call}`. {form}",
    "Without running it, determine the result of `{call}` for this function:\n\n```python\n{source}```\n{form}",
)
PRINTED = (
    "What does this program print?\n\n```python\n{source}\nprint({call})\n```\n{form}",
    "Predict the output of this Python program.\n\n```python\n{source}\nprint({call})\n```\n{form}",
)
FORM = "Give the value as a Python literal between <answer> and </answer>, strings in quotes."
PRINTED_FORM = "Give exactly what is printed between <answer> and </answer>."
OTHERS = 6
LONGEST = 160
PLAIN: tuple[Any, ...] = (None, True, False, 0, 1, -1, "", [], (), {})


@dataclass(frozen=True, slots=True)
class Output:
    """What a program gives; `printed` where the text that `print` makes of it is asked for."""

    value: Any
    printed: bool


@task(
    "assay/OutputPrediction-v0",
    difficulty={"blocks": (1, 2, 3, 5, 8), "depth": (1, 1, 2, 2, 3)},
    kind="code",
    summary="Say what a program returns or prints.",
)
def output_prediction(rng: random.Random, *, blocks: int = 1, depth: int = 1) -> tuple[str, Output, dict[str, Any]]:
    """Predict the output of a program of `blocks` blocks with expressions of up to `depth` levels."""
    if not 1 <= blocks <= 16 or not 1 <= depth <= 4:
        raise ConfigError(f"OutputPrediction: blocks {blocks}, depth {depth}; expected 1 to 16, and 1 to 4")
    found = _draw(rng, blocks, depth)
    while found is None:
        found = _draw(rng, blocks, depth)
    program, args, value = found
    call = f"f({', '.join(map(repr, args))})"
    printed = rng.random() < 0.4
    template = rng.choice(PRINTED if printed else RETURNED)
    prompt = template.format(call=call, source=program.source, form=PRINTED_FORM if printed else FORM)
    return prompt, Output(value, printed), {"identity": (program.source, repr(args))}


@output_prediction.solve
def known(posed: Task[Output]) -> str:
    """The output in tags."""
    output = posed.answer
    return f"Step by step, it gives <answer>{str(output.value) if output.printed else repr(output.value)}</answer>"


@output_prediction.verify
def check(response: str, output: Output) -> Score:
    """CORRECT for the literal of the value, of its types all the way down, or for the text that is printed."""
    said = answer_text(response)
    if said is None:
        return Score.unparsed("the response states no answer; expected it between <answer> and </answer>")
    if output.printed and said == str(output.value).strip():
        return _score(True, said)
    try:
        value = read_literal(said)
    except NotLiteral as error:
        return _score(False, said) if output.printed else Score.unparsed(f"{said[:60]!r} is refused: {error}")
    return _score(same(value, output.value) and not (output.printed and isinstance(output.value, str)), said)


def _score(right: bool, said: str) -> Score:
    verdict = Verdict.CORRECT if right else Verdict.INCORRECT
    return Score(
        value=float(right), verdict=verdict, extracted=said[:500], explanation="" if right else "another value"
    )


def _draw(rng: random.Random, blocks: int, depth: int) -> tuple[Program, tuple[Any, ...], Any] | None:
    """A program, arguments and what it gives; None where that could be guessed, or is too long to write."""
    program = draw_program(rng, blocks, depth)
    args = draw_input(rng, program.takes)
    try:
        value, *others = (program.run(given) for given in (args, *_others(rng, program)))
        shown = repr(value)
    except ValueError:
        return None
    guessable = any(same(value, plain) for plain in (*PLAIN, *args)) or shown in map(repr, others)
    if guessable or len(shown) > LONGEST or shown in program.source or len(set(map(repr, others))) < OTHERS - 2:
        return None
    return program, args, value


def _others(rng: random.Random, program: Program) -> list[tuple[Any, ...]]:
    return [draw_input(rng, program.takes) for _ in range(OTHERS)]
