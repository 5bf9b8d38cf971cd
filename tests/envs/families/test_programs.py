"""Random programs, and literals as answers."""

import ast
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.envs.families.literals import (
    MAX_CHARS,
    NotLiteral,
    answer_text,
    read_arguments,
    read_literal,
    same,
)
from assaygym.envs.families.program_blocks import BLOCKS
from assaygym.envs.families.programs import draw_input, draw_program, fits

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc xyz'_-(){}", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.integers() | st.text("ab", max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def test_every_program_runs_on_every_input_of_its_types() -> None:
    for seed in range(400):
        rng = random.Random(seed)
        program = draw_program(rng, rng.randint(1, 8), rng.randint(1, 3))
        for _ in range(3):
            args = draw_input(rng, program.takes)
            assert all(map(fits, args, program.takes))
            assert same(program.run(args), program.run(args))


EDGES: dict[str, tuple[Any, ...]] = {
    "numbers": ([], [0], [-1000] * 20, [1000] * 20, list(range(20))),
    "text": ("", "a", "Z" * 40, "'\"{} ~`" * 5, "0123456789"),
    "number": (0, 1, -1, 100_000, -100_000),
}


@pytest.mark.parametrize("seed", range(60))
def test_programs_end_on_the_edges_of_their_types(seed: int) -> None:
    rng = random.Random(seed)
    program = draw_program(rng, 6, 2)
    for at in range(5):
        args = tuple(EDGES[kind][at] for kind in program.takes)
        assert all(map(fits, args, program.takes))
        program.run(args)


def test_running_a_program_leaves_its_arguments_alone() -> None:
    for seed in range(100):
        rng = random.Random(seed)
        program = draw_program(rng, 3, 1)
        args = draw_input(rng, program.takes)
        before = repr(args)
        program.run(args)
        assert repr(args) == before


def test_every_block_is_drawn_and_every_type_leads_on() -> None:
    sources = [draw_program(random.Random(seed), 6, 1).source for seed in range(400)]
    for block in BLOCKS:
        assert block.takes in ("numbers", "text", "number", "table")
        last = block.code.splitlines()[-1].split("<")[0].strip()
        assert any(last in source for source in sources), block.code
    assert {block.gives for block in BLOCKS} <= {block.takes for block in BLOCKS}
    assert len(BLOCKS) >= 35


def test_every_parameter_is_read() -> None:
    for seed in range(200):
        function = ast.parse(draw_program(random.Random(seed), 1, 1).source).body[-1]
        assert isinstance(function, ast.FunctionDef)
        body = [ast.unparse(statement) for statement in function.body[:-1]]
        assert all(any(arg.arg in text for text in body) for arg in function.args.args)


@given(PLAIN)
@settings(max_examples=200, deadline=None)
def test_a_literal_is_read_as_what_it_was_written_from(value: object) -> None:
    if "\\" not in repr(value):
        assert same(read_literal(repr(value)), value)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "f(1)", "1 + 1", "__import__('os')", "[x for x in y]", "open('a').read()", "lambda: 1", "{[]: 1}",
        "{{}}", "'a' 'b' + 'c'", "f'{1}'", "...", "[1, 2", "{**{}}", "[*[1]]", "1 if 1 else 2", "not 1", "--1",
        "(" * 100 + ")" * 100, "-" * 5000 + "1", "'" + "a" * MAX_CHARS + "'", "'\\x41'", "9" * 5000, "\ud800", "1;2",
    ],
)  # fmt: skip
def test_what_is_no_plain_literal_is_refused(text: str) -> None:
    with pytest.raises(NotLiteral):
        read_literal(text)


@pytest.mark.parametrize(
    ("said", "args"),
    [
        ("f([1], 2)", ([1], 2)),
        ("[1], 2", ([1], 2)),
        ("'a'", ("a",)),
        ("f( (1, 2) )", ((1, 2),)),
        ("(1, 2)", ((1, 2),)),
        ("", ()),
    ],
)
def test_arguments_are_read_with_and_without_the_call(said: str, args: tuple[Any, ...]) -> None:
    assert read_arguments(said, "f") == args


@pytest.mark.parametrize("said", ["f(x=1)", "f(*[1])", "f(f(1))", "g(1)", "f(1)(2)", "f(1) or f(2)", "1) + (2"])
def test_arguments_are_nothing_but_literals(said: str) -> None:
    with pytest.raises(NotLiteral):
        read_arguments(said, "f")


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), (1, 1.0), ([1], (1,)), ({1: 2}, {True: 2}), ([[]], [()]), ("1", 1), ([1], [1, 1])],
)
def test_values_of_other_types_are_not_the_same(one: object, other: object) -> None:
    assert not same(one, other)
    assert same(one, one)


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ("<answer>[1]</answer>", "[1]"),
        ("I say <answer>1</answer>, no: <answer> 2 </answer> it is.", "2"),
        ("<think><answer>1</answer></think>so <answer>`3`</answer>", "3"),
        ("<answer>\n```python\n{'a': 1}\n```\n</answer>", "{'a': 1}"),
        (r"It is \boxed{{1: {2: 3}}}.", "{1: {2: 3}}"),
        ("[1, 2]", "[1, 2]"),
        ("`'ab'`", "'ab'"),
        ("two\nlines", None),
        ("", None),
        (r"\boxed{1", None),
    ],
)
def test_the_answer_is_the_last_tag_or_box_or_the_only_line(response: str, said: str | None) -> None:
    assert answer_text(response) == said
