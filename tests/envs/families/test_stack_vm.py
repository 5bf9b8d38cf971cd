"""The stack machine and its functions."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.envs.families.fenced import last_block
from assaygym.envs.families.stack_compiler import compile_function
from assaygym.envs.families.stack_functions import OPERATION_SETS, draw_function
from assaygym.envs.families.stack_machine import OPERATIONS, Fault, parse, run
from assaygym.envs.families.stack_vm import StackTests, stack_vm
from assaygym.envs.registration import make
from assaygym.types import Task, Verdict

ALL = tuple(OPERATIONS)


def result(text: str, *inputs: int, fuel: int = 1000) -> int:
    return run(parse(text, ALL), inputs, fuel)


def posed(seed: int, level: int) -> Task[StackTests]:
    env = make("assay/StackVM-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


@pytest.mark.parametrize(
    ("text", "inputs", "value"),
    [
        ("PUSH 5", (), 5),
        ("push -5 # a comment", (), -5),
        ("ADD", (2, 3), 5),
        ("SUB", (2, 3), -1),
        ("MUL", (2, 3), 6),
        ("DIV", (-7, 2), -4),
        ("MOD", (-7, 2), 1),
        ("LT", (1, 2), 1),
        ("LT", (2, 2), 0),
        ("EQ", (2, 2), 1),
        ("SWAP\nSUB", (2, 3), 1),
        ("OVER\nSUB\nSUB", (2, 3), 1),
        ("PICK 1\nMUL\nMUL", (2, 3), 12),
        ("DUP\nMUL", (7,), 49),
        ("POP", (7, 8), 7),
        ("STORE 3\nLOAD 3\nLOAD 3\nADD", (4,), 8),
        ("a: DUP\nJZ end\nPUSH 1\nSUB\nJMP a\nend:", (9,), 0),
        ("JMP skip\nPUSH 1\nskip:\n  PUSH 2 ; two", (), 2),
    ],
)
def test_instructions_do_what_the_prompt_says(text: str, inputs: tuple[int, ...], value: int) -> None:
    assert result(text, *inputs) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ADD", "too few"),
        ("PICK 9", "too few"),
        ("PICK -1", "no such place"),
        ("PUSH 1\nPUSH 0\nDIV", "by zero"),
        ("PUSH 1\nPUSH 2", "2 values are left"),
        ("PUSH 1\nPOP", "0 values are left"),
        ("a: JMP a", "does not end"),
        ("PUSH 9\na: DUP\nMUL\nJMP a", "too large"),
        ("a: PUSH 9\nJMP a", "too deep"),
        ("LOAD 16", "no such place"),
        ("PUSH 1\nSTORE -1", "no such place"),
    ],
)
def test_a_program_that_cannot_go_on_says_why(text: str, why: str) -> None:
    with pytest.raises(Fault, match=why):
        result(text, fuel=5000)


@pytest.mark.parametrize(
    "text",
    ["", "# nothing", "HALT", "PUSH", "PUSH x", "ADD 3", "JMP", "JMP 3", "JMP nowhere", "a: ADD\na: ADD", "PUSH 1 2",
     "PUSH ١", "PUSH " + "9" * 30, "x" * 10_000, "ADD\n" * 3000, "\x00", "\ud800"],
)  # fmt: skip
def test_a_text_that_is_no_program_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        parse(text, ALL)


def test_an_operation_that_the_machine_lacks_is_refused() -> None:
    with pytest.raises(Fault, match="no operation MUL"):
        parse("MUL", OPERATION_SETS[4])


@pytest.mark.parametrize("stage", range(1, 6))
def test_compiled_functions_give_their_values_on_the_machine_of_their_stage(stage: int) -> None:
    rng = random.Random(stage)
    for _ in range(60):
        function = draw_function(rng, stage)
        program = parse(compile_function(function.source, OPERATION_SETS[stage - 1]), OPERATION_SETS[stage - 1])
        for _ in range(5):
            inputs = [rng.randint(*span) for span in function.spans]
            assert run(program, inputs, 20_000) == function(*inputs), function.source


@given(st.integers(0, 40), st.integers(1, 40))
def test_products_and_quotients_by_loops_are_those_of_arithmetic(a: int, b: int) -> None:
    source = "def f(a, b):\n    return (a * b - a // b) + a % b"
    program = parse(compile_function(source, OPERATION_SETS[4]), OPERATION_SETS[4])
    assert run(program, (a, b), 20_000) == a * b - a // b + a % b


@pytest.mark.parametrize("level", range(5))
def test_near_misses_earn_nothing(level: int) -> None:
    for seed in range(10):
        task = posed(seed, level)
        right = task.metadata["reference"]
        for wrong in (f"{right}\nPUSH 1\nADD", f"{right}\nDUP", f"{right}\nPUSH 0\nSWAP\nSUB", "PUSH 3", right[7:]):
            assert stack_vm.score(f"```\n{wrong}\n```", task.answer).value == 0.0, wrong


def test_a_table_of_the_shown_values_is_wrong_and_says_how_many_are_right() -> None:
    task = posed(4, 0)
    inputs, value = task.answer.cases[0]
    score = stack_vm.score("```\n" + "POP\n" * len(inputs) + f"PUSH {value}\n```", task.answer)
    assert score.verdict is Verdict.INCORRECT
    assert 1 <= score.metrics["passed"] < score.metrics["total"] == 16


@pytest.mark.parametrize("level", range(5))
def test_no_hidden_input_is_shown(level: int) -> None:
    for seed in range(20):
        task = posed(seed, level)
        for inputs, value in task.answer.cases:
            assert f"f({', '.join(map(str, inputs))}) = {value}," not in task.prompt[-1].content


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("```\na\n```", "a\n"),
        ("```x\na\n```\n```x\nb\n```", "b\n"),
        ("```x\na\n```\n```\nb\n```", "a\n"),
        ("```\na", "a"),
        ("<think>\n```\na\n```\n</think>", None),
        ("a", None),
    ],
)
def test_the_last_block_counts_those_with_the_label_first(text: str, block: str | None) -> None:
    assert last_block(text, ("x",)) == block
