"""Small repositories with bugs."""

import ast
import random
from typing import cast

import pytest

from assaygym.envs.checker import check_env
from assaygym.envs.families.mini_repo import HIDDEN_PATH, MiniRepo
from assaygym.envs.families.mini_repo_sources import Repository, repositories
from assaygym.envs.registration import make
from assaygym.envs.tools import call
from assaygym.types import Message, Score, ToolCall, Verdict

EACH = pytest.mark.parametrize("repository", repositories(), ids=lambda one: one.entries[0].module)


def started(seed: int = 1, level: int = 0) -> MiniRepo:
    env = cast(MiniRepo, make("assay/MiniRepo-v0", level=level))
    env.reset(seed=seed)
    return env


def do(env: MiniRepo, *calls: ToolCall) -> str:
    return env.step(env.action_text(Message(role="assistant", content="", tool_calls=calls)))[0]


def submitted(env: MiniRepo) -> Score:
    text = env.action_text(Message(role="assistant", content="", tool_calls=(call("submit"),)))
    score: Score = env.step(text)[4]["score"]
    return score


def names_of(repository: Repository) -> dict[str, object]:
    text = "\n".join(repository.files.values()).replace("<k>", "3").replace("<m>", "5")
    names: dict[str, object] = {}
    exec("\n".join(line for line in text.splitlines() if not line.startswith("from ")), names)
    return names


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ("percent_of(150, 7)", 11),
        ("invoice_total([('book', 1)])", 1550 + 109 + 490),
        ("invoice_total([('pen', 3), ('pen', 2)])", 582 + 111 + 490),
        ("invoice_total([])", 0),
        ("invoice_text([('mug', 1)])", ["1 x mug: 8.70", "total: 15.25"]),
        ("length(('22:00', '06:00'))", 480),
        ("paid(('08:00', '17:30'))", 525),
        ("wage(('20:00', '22:00'), True, 1000)", 3100),
        ("summary([('bo', 7, '08:00', '10:00'), ('al', 1, '08:00', '10:00')])", [("al", 2700, 0), ("bo", 4050, 0)]),
        ("hours_text([('bo', 1, '08:00', '15:00')])", {"bo": "06:30"}),
        ("tokens('The Cats, and dogs!')", ["cats", "dogs"]),
        ("stem('boss') + stem('cats') + stem('gas')", "bosscatgas"),
        ("parse_query('cats -dogs cat')", (["cat"], ["dog"])),
        ("ranked(['cat cat', 'dog', 'cat dog'], 'cats')", [(0, 2), (2, 1)]),
        ("page(['cat', 'dog', 'cat', 'cat', 'cat'], 'cat -dog', 2)", [4]),
        ("standings([('A', 'B', '1:1'), ('B', 'A', '2:0')])", [(1, "B", 4, 2), (2, "A", 1, -2)]),
        ("leader_form([('A', 'B', '1:1'), ('B', 'A', '2:0')])", ("B", "DW")),
        ("leader_form([])", None),
    ],
)
def test_functions_do_what_their_docstrings_say(said: str, result: object) -> None:
    names = next(found for found in map(names_of, repositories()) if said.partition("(")[0] in found)
    assert eval(said, names) == result


@EACH
def test_files_come_in_the_order_of_their_needs_and_no_name_is_there_twice(repository: Repository) -> None:
    defined: list[str] = []
    for path, source in repository.files.items():
        for node in ast.parse(source.replace("<k>", "3").replace("<m>", "5")).body:
            if isinstance(node, ast.ImportFrom):
                assert {alias.name for alias in node.names} <= set(defined), path
            elif isinstance(node, ast.FunctionDef):
                assert ast.get_docstring(node)
                defined.append(node.name)
    assert len(set(defined)) == len(defined)
    assert {entry.name for entry in repository.entries} <= set(defined)


@EACH
def test_results_are_plain_data_that_varies(repository: Repository) -> None:
    names = names_of(repository)
    for entry in repository.entries:
        results = {repr(names[entry.name](*entry.draw(random.Random(seed)))) for seed in range(30)}  # type: ignore[operator]
        assert len(results) >= 10


@pytest.mark.parametrize("level", range(5))
def test_doing_nothing_earns_nothing(level: int) -> None:
    assert submitted(started(level=level)).verdict is Verdict.INCORRECT


def test_a_comment_that_mends_nothing_earns_nothing() -> None:
    env = started()
    (path,) = env.fixed
    do(env, call("write_file", path=path, content=env.files[path] + "# mended\n"))
    assert submitted(env).value == 0.0


def test_mending_one_of_two_bugs_earns_nothing() -> None:
    env = started(level=3)
    first, second = env.fixed
    do(env, call("write_file", path=first, content=env.fixed[first]))
    assert submitted(env).value == 0.0
    assert second


def test_another_repair_than_the_reference_is_right() -> None:
    env = started()
    (path,) = env.fixed
    do(env, call("write_file", path=path, content=f"# mended\n{env.fixed[path]}\nUNUSED = 1\n"))
    assert submitted(env).value == 1.0


def test_breaking_another_function_at_the_top_earns_nothing() -> None:
    env = started()
    (path,) = env.fixed
    do(env, call("write_file", path=path, content=env.fixed[path]))
    top = next(path for path in env.files if path.removesuffix(".py").replace("/", ".") in env.prelude)
    name = env.prelude.split()[-1]
    do(env, call("write_file", path=top, content=f"{env.files[top]}\n{name} = lambda *args: None\n"))
    assert submitted(env).value == 0.0


@pytest.mark.parametrize(
    "content",
    [
        "import os\nos._exit(0)",
        "raise SystemExit(0)",
        "import pytest\npytest.skip(allow_module_level=True)",
        "class Liar:\n    def __eq__(self, other): return True\ndef __getattr__(name): return lambda *args: Liar()",
        "\ud800",
        "(" * 5000,
    ],
)
def test_content_that_cheats_or_breaks_earns_nothing_and_is_no_fault_of_ours(content: str) -> None:
    env = started(seed=2)
    for path in [path for path in env.files if path not in env.protected]:
        do(env, call("write_file", path=path, content=content))
    assert submitted(env).verdict is Verdict.INCORRECT


@pytest.mark.slow
def test_every_check_of_an_environment_passes() -> None:
    report = check_env("assay/MiniRepo-v0")
    assert report.passed, str(report)


def test_the_hidden_file_is_not_among_those_shown() -> None:
    env = started()
    assert HIDDEN_PATH not in env.files
    assert not any(line in env.files["test_visible.py"] for line in env.hidden.split("\n") if "assert" in line)


def test_every_repository_and_every_file_is_drawn() -> None:
    env = make("assay/MiniRepo-v0", level=1)
    places = set()
    for seed in range(120):
        env.reset(seed=seed)
        places |= set(cast(MiniRepo, env).fixed)
    assert len(places) >= 16
