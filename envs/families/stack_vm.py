"""`assay/StackVM-v0`: program a small stack machine; hidden inputs judge the program.

The prompt says what the machine can do; our interpreter runs the program in this process, with fuel. From level to
level the machine gains division, jumps and registers, and loses multiplication and division at the last.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from assaygym.envs.families.fenced import last_block
from assaygym.envs.families.stack_compiler import compile_function
from assaygym.envs.families.stack_functions import OPERATION_SETS, Function, draw_function
from assaygym.envs.families.stack_machine import OPERATIONS, Fault, parse, run
from assaygym.envs.tasks import task
from assaygym.errors import ConfigError
from assaygym.types import Score, Task, Verdict

__all__ = ["StackTests", "score_program", "stack_vm"]

FUEL = 20_000
HIDDEN = 16
DIFFERENT = 4
TEMPLATES = (
    "Write a program for a stack machine.\n\n{machine}\n\nThe program must compute f({names}) = {words}.\n{spans}\n"
    "{examples}\n{form}",
    "A machine has a stack of integers and nothing else but what follows.\n\n{machine}\n\nTask: f({names}) = {words}.\n"
    "{spans}\nFor example: {examples}\n{form}",
    "Consider this stack machine:\n\n{machine}\n\nProgram it to compute the following from {names}: {words}.\n{spans}\n"
    "Some values: {examples}\n{form}",
)
MACHINE = (
    "At the start the stack holds {names}. Instructions:\n{operations}\nOne instruction "
    "stands on a line; `name:` before an instruction or alone on a line is a label; what follows # is a comment. The "
    "program ends after its last line; then the stack must hold the result and nothing else. A value missing on the "
    "stack, a division by 0, values of 2^62 and above, and more than {fuel} steps are errors."
)
FORM = "Give the program in a fenced code block (```)."


@dataclass(frozen=True, slots=True)
class StackTests:
    """The operations that the machine has, and (inputs, result) pairs."""

    operations: tuple[str, ...]
    cases: tuple[tuple[tuple[int, ...], int], ...]


def score_program(response: str, answer: StackTests) -> Score:
    """CORRECT where the program in the last block gives every result; UNPARSED without a block.

    Metrics `passed` and `total` count the results, where the program can be read.
    """
    text = last_block(response)
    if text is None:
        return Score.unparsed("no program in the response; expected a fenced block")
    try:
        program = parse(text, answer.operations)
    except Fault as fault:
        return Score(value=0.0, verdict=Verdict.INCORRECT, extracted=text[:1000], explanation=f"stack: {fault}")
    wrong = ""
    passed = 0
    for number, (inputs, result) in enumerate(answer.cases, 1):
        try:
            found = run(program, inputs, FUEL)
            told = "" if found == result else "a wrong result"
        except Fault as fault:
            told = str(fault)
        passed += not told
        wrong = wrong or (told and f"input {number} of {len(answer.cases)}: {told}")
    metrics = {"passed": float(passed), "total": float(len(answer.cases))}
    return Score.of(not wrong, extracted=text[:1000], explanation=f"stack: {wrong or 'right'}", metrics=metrics)


@task(
    "assay/StackVM-v0",
    difficulty={"stage": (1, 2, 3, 4, 5), "examples": (3, 3, 3, 2, 2)},
    verifier=score_program,
    kind="code",
    summary="Program a small stack machine; hidden inputs judge the program.",
)
def stack_vm(rng: random.Random, *, stage: int = 1, examples: int = 3) -> tuple[str, StackTests, dict[str, Any]]:
    """A function for the machine of a stage, with some of its values."""
    if not 1 <= stage <= len(OPERATION_SETS) or not 0 <= examples <= 5:
        raise ConfigError(f"StackVM: stage {stage}, examples {examples}; expected 1 to 5, and 0 to 5")
    while True:
        function = draw_function(rng, stage)
        if cases := _draw_cases(rng, function, examples + HIDDEN):
            break
    operations = OPERATION_SETS[stage - 1]
    tests = StackTests(operations, tuple(cases[examples:]))
    program = compile_function(function.source, operations)
    return (
        _prompt(rng, function, operations, cases[:examples]),
        tests,
        {"reference": program, "identity": function.source},
    )


@stack_vm.solve
def reference(posed: Task[StackTests]) -> str:
    """The compiled reference in a fenced block."""
    return f"The program:\n\n```\n{posed.metadata['reference']}\n```"


def _draw_cases(rng: random.Random, function: Function, wanted: int) -> list[tuple[tuple[int, ...], int]]:
    """Values at different inputs; [] where they hardly vary or are those of an input."""
    found: dict[tuple[int, ...], int] = {}
    for _ in range(4 * wanted):
        inputs = tuple(rng.randint(*span) for span in function.spans)
        found.setdefault(inputs, function(*inputs))
        if len(found) == wanted:
            break
    hidden = list(found.items())[-HIDDEN:]
    copied = any(all(inputs[i] == result for inputs, result in hidden) for i in range(len(function.spans)))
    if len(found) < min(wanted, HIDDEN) or copied or len({result for _, result in hidden}) < DIFFERENT:
        return []
    return list(found.items())


def _prompt(
    rng: random.Random, function: Function, operations: tuple[str, ...], shown: list[tuple[tuple[int, ...], int]]
) -> str:
    listed = "\n".join(f"  {OPERATIONS[operation]}" for operation in operations)
    names = function.names
    top = f" ({names[-1]} on top)" if len(function.spans) > 1 else ""
    machine = MACHINE.format(names=names + top, operations=listed, fuel=FUEL)
    spans = "Inputs: " + ", ".join(
        f"{name} from {low} to {high}" for name, (low, high) in zip("abc", function.spans, strict=False)
    )
    values = ", ".join(f"f({', '.join(map(str, inputs))}) = {result}" for inputs, result in shown)
    return rng.choice(TEMPLATES).format(
        machine=machine, names=names, words=function.words, spans=f"{spans}.", examples=f"{values}.", form=FORM
    )
