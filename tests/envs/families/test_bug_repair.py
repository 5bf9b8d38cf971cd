"""Modules with bugs, and the tools to mend them."""

import ast
import random
from typing import cast

import pytest

from assaygym.envs.families.bug_repair import BugRepair
from assaygym.envs.families.bug_repair_functions import draw_arguments, parts
from assaygym.envs.families.mutations import mutant
from assaygym.envs.families.repair import RUNS
from assaygym.envs.registration import make
from assaygym.envs.tools import call
from assaygym.types import Message, Score, ToolCall, Verdict


def started(seed: int = 1, level: int = 0) -> BugRepair:
    env = cast(BugRepair, make("assay/BugRepair-v0", level=level))
    env.reset(seed=seed)
    return env


def do(env: BugRepair, *calls: ToolCall) -> str:
    return env.step(env.action_text(Message(role="assistant", content="", tool_calls=calls)))[0]


def submitted(env: BugRepair) -> Score:
    score: Score = env.step(env.action_text(Message(role="assistant", content="", tool_calls=(call("submit"),))))[4][
        "score"
    ]
    return score


def loaded(name: str) -> object:
    names: dict[str, object] = {}
    for part in (*parts()[name].needs, name):
        exec(parts()[part].source.replace("<k>", "3").replace("<m>", "5"), names)
    return names[name]


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("running_totals", ([1, 2, 3],), [1, 3, 6]),
        ("second_largest", ([4, 4, 1],), 1),
        ("second_largest", ([4, 4],), None),
        ("longest_rise", ([1, 2, 2, 3, 4],), 3),
        ("window_sums", ([1, 2, 3, 4],), [6, 9]),
        ("pairs_with_sum", ([1, 3, 2, 2], 4), 2),
        ("clamp_all", ([-9, 2, 9],), [-5, 2, 5]),
        ("most_common", ([3, 1, 3, 1, 2],), 1),
        ("rotate", ([1, 2, 3], 1), [3, 1, 2]),
        ("merge_sorted", ([3, 1], [2, 4, 1]), [1, 1, 2, 3, 4]),
        ("local_peaks", ([1, 3, 2, 5, 5],), [1]),
        ("title_case", ("the OLD  man",), "The Old Man"),
        ("word_lengths", ("a bb cc",), {1: 1, 2: 2}),
        ("compress", ("aab",), "a2b1"),
        ("is_palindrome", ("No on",), True),
        ("shift_letters", ("az A",), "dc A"),
        ("abbreviate", ("summer tree",), "s4r tree"),
        ("vowel_share", ("abEd",), 50),
        ("totals_by_name", ([("a", 1), ("b", 2), ("a", 3)],), {"a": 4, "b": 2}),
        ("ranking", ([("b", 4), ("a", 1), ("a", 3), ("c", 5)],), ["c", "a", "b"]),
        ("above_threshold", ([("b", 5), ("a", 4)],), ["b"]),
        ("best_each", ([("a", -2), ("a", -1)],), {"a": -1}),
        ("merge_spans", ([(3, 5), (0, 1), (1, 2)],), [(0, 2), (3, 5)]),
        ("covered_length", ([(0, 4), (2, 6)],), 6),
        ("most_at_once", ([(0, 4), (2, 6), (4, 5)],), 2),
        ("row_with_most", ([[1], [3], [3]],), 1),
        ("transpose", ([[1, 2], [3, 4]],), [[1, 3], [2, 4]]),
        ("neighbour_sums", ([[1, 2], [3, 4]],), [[5, 5], [5, 5]]),
        ("column_maxima", ([[1, 5], [3, 4]],), [3, 5]),
        ("digit_groups", (1234567,), "1,234,567"),
        ("digit_groups", (123,), "123"),
        ("change", (88,), [1, 1, 1, 1, 1, 1]),
        ("is_leap", (1900,), False),
        ("leap_years_near", (1901,), [1892, 1896, 1904, 1908]),
        ("common_divisors", (12, 18), [1, 2, 3, 6]),
    ],
)
def test_functions_do_what_their_docstrings_say(name: str, arguments: tuple[object, ...], result: object) -> None:
    assert loaded(name)(*arguments) == result  # type: ignore[operator]


def test_every_function_was_worked_by_hand_above_and_leaves_its_arguments_alone() -> None:
    marks = test_functions_do_what_their_docstrings_say.pytestmark  # type: ignore[attr-defined]
    assert {row[0] for row in marks[0].args[1]} == parts().keys()
    for part in parts().values():
        for seed in range(30):
            arguments = draw_arguments(random.Random(seed), part)
            before = repr(arguments)
            loaded(part.name)(*arguments)  # type: ignore[operator]
            assert repr(arguments) == before


@pytest.mark.parametrize("name", parts())
def test_a_mutant_differs_from_the_function_in_one_place_and_parses(name: str) -> None:
    source = ast.unparse(ast.parse(parts()[name].source.replace("<k>", "3").replace("<m>", "5"))) + "\n"
    found = {mutant(random.Random(seed), source) for seed in range(20)}
    assert found - {source}
    for changed in found - {source}:
        one, other = source.splitlines(), changed.splitlines()
        assert len(one) == len(other)
        assert sum(a != b for a, b in zip(one, other, strict=True)) == 1


@pytest.mark.parametrize("level", range(5))
def test_doing_nothing_and_undoing_a_repair_earn_nothing(level: int) -> None:
    env = started(level=level)
    broken = env.files[env.module]
    assert submitted(env).verdict is Verdict.INCORRECT
    env.reset(seed=1)
    do(env, call("write_file", path=env.module, content=env.fixed[env.module]))
    do(env, call("write_file", path=env.module, content=broken))
    assert submitted(env).value == 0.0


@pytest.mark.parametrize("level", [3, 4])
def test_mending_one_of_two_bugs_earns_nothing(level: int) -> None:
    env = started(seed=2, level=level)
    broken, right = (text[env.module].split("\n") for text in (env.files, env.fixed))
    wrong = [number for number in range(len(right)) if broken[number] != right[number]]
    assert len(wrong) == 2
    broken[wrong[0]] = right[wrong[0]]
    do(env, call("write_file", path=env.module, content="\n".join(broken)))
    assert submitted(env).value == 0.0


def test_an_edit_of_the_wrong_line_mends_the_module() -> None:
    env = started(seed=4)
    old, new = next(
        (a, b) for a, b in zip(*(t[env.module].split("\n") for t in (env.files, env.fixed)), strict=True) if a != b
    )
    assert do(env, call("edit", path=env.module, old=old, new=new)) == "written"
    assert "12 of 12" in do(env, call("run_tests"))
    assert submitted(env).value == 1.0


def test_a_final_answer_without_submit_is_judged_too() -> None:
    env = started()
    do(env, call("write_file", path=env.module, content=env.fixed[env.module]))
    assert env.step("Done.")[1] == 1.0


def test_tests_cannot_be_changed_and_files_not_be_invented() -> None:
    env = started()
    before = dict(env.files)
    assert "cannot be changed" in do(env, call("write_file", path="test_visible.py", content="pass"))
    assert "no file" in do(env, call("write_file", path="conftest.py", content="pass"))
    assert "no file" in do(env, call("read_file", path="../../etc/passwd"))
    assert "occurs 0 times" in do(env, call("edit", path=env.module, old="nowhere to be found", new="x"))
    assert "over the limit" in do(env, call("write_file", path=env.module, content="x" * 100_000))
    assert env.files == before


def test_a_table_of_the_visible_tests_passes_them_and_earns_nothing() -> None:
    env = started()
    names = {case[0].partition("(")[0] for case in env.visible_cases}
    table = "{" + ", ".join(f"{c!r}: {right}" for c, right in env.visible_cases) + "}"
    program = f"TABLE = {table}\n" + "\n".join(
        f"def {name}(*args):\n    return TABLE.get('{name}(' + ', '.join(map(repr, args)) + ')')" for name in names
    )
    do(env, call("write_file", path=env.module, content=program))
    assert do(env, call("run_tests")) == "12 of 12 tests passed"
    assert submitted(env).value == 0.0


@pytest.mark.parametrize(
    "content",
    [
        "import os\nos._exit(0)",
        "raise SystemExit(0)",
        "print('12 of 12 tests passed')",
        "class Liar:\n    def __eq__(self, other): return True\ndef f(*a): return Liar()\n"
        "import sys\n__getattr__ = lambda name: f",
        "while True: pass",
        "\ud800",
        "\x00",
        "(" * 5000,
        "",
    ],
)
def test_content_that_cheats_or_breaks_earns_nothing_and_is_no_fault_of_ours(content: str) -> None:
    env = started(seed=3)
    do(env, call("write_file", path=env.module, content=content))
    assert do(env, call("run_tests"))
    assert submitted(env).verdict is Verdict.INCORRECT


def test_a_module_that_claims_to_equal_everything_earns_nothing() -> None:
    env = started(seed=3)
    names = {case[0].partition("(")[0] for case in env.visible_cases}
    liar = "class Liar(list):\n    def __eq__(self, other): return True\n"
    content = liar + "\n".join(f"def {name}(*args): return Liar()" for name in names)
    do(env, call("write_file", path=env.module, content=content))
    assert "12 of 12" in do(env, call("run_tests"))
    assert submitted(env).value == 0.0


def test_the_runs_are_limited() -> None:
    env = started()
    told = do(env, *[call("run_tests")] * (RUNS + 1))
    assert told.count("tests passed") == RUNS
    assert "used up" in told


def test_hidden_tests_are_neither_shown_nor_among_the_visible_ones() -> None:
    for seed in range(10):
        env = started(seed=seed, level=1)
        seen = "".join(env.files.values())
        assert env.hidden
        assert not any(test.removeprefix("assert ") in seen for test in env.hidden)


@pytest.mark.parametrize("level", [0, 1])
def test_the_symptom_is_true(level: int) -> None:
    for seed in range(8):
        env = started(seed=seed, level=level)
        shown = env.transcript[-1].content.partition("For example ")[2]
        said, _, rest = shown.partition(" gives ")
        wrong, _, right = rest.partition(" is right. ")[0].partition(", but ")
        names: dict[str, object] = {}
        exec(env.fixed[env.module], names)
        assert repr(eval(said, names)) == right
        assert wrong != right
