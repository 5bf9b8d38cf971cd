"""The code suites on rows made here: their prompts, their tests, their oracles, and data that is no such thing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pickle
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assaygym.benchmarks.runner import evaluate
from assaygym.benchmarks.suites import load, suite
from assaygym.benchmarks.suites.code_rows import CodeJudge, LiveTests, contest_tests, evalplus_tests, taco_tests
from assaygym.benchmarks.suites.packed import unpacked
from assaygym.errors import DataError, IsolationError
from assaygym.sandbox import shared_sandbox
from assaygym.types import Verdict
from assaygym.verifiers.code import AssertTests, FunctionTests, StdinTests

PLUS = """\
import numpy as np

def assertion(out, exp, atol):
    if atol == 0 and isinstance(exp, float):
        atol = 1e-6
    if out != exp and atol != 0:
        assert np.allclose(out, exp, rtol=1e-07, atol=atol)
    else:
        assert out == exp

"""
CHECK = PLUS + (
    "def check(candidate):\n    inputs = [[1], [2], [5]]\n    results = [0.5, 1.0, 2.5]\n"
    "    for i, (inp, exp) in enumerate(zip(inputs, results)):\n        assertion(candidate(*inp), exp, 0)\n"
)
LOOP = PLUS + (
    "inputs = [[[1, 2]], [[]]]\nresults = [(1, 2), ()]\n"
    "for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion(once(*inp), exp, 0)\n"
)


def packed(cases: object) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(cases)))).decode()


def stdin_cases(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"input": given, "output": wanted, "testtype": "stdin"} for given, wanted in pairs]


FUNCTIONAL = [{"input": "[1, 2]\n3", "output": "[4, 5]", "testtype": "functional"}]
ROWS: dict[str, dict[str, Any]] = {
    "mbpp": {"task_id": 7, "text": "Write a function to double.", "code": "def d(x):\r\n  return 2 * x",
             "test_setup_code": "", "test_list": ["assert d(2) == 4"]},
    "humaneval_plus": {"task_id": "HumanEval/7", "prompt": "def half(x):\n    '''Half of x.'''\n", "test": CHECK,
                       "entry_point": "half", "canonical_solution": "    return x / 2\n"},
    "mbpp_plus": {"task_id": 9, "prompt": "Write a function to make a tuple.", "test": LOOP,
                  "test_list": ["assert once([3]) == (3,)"], "code": "def once(xs):\n  return tuple(xs)"},
    "livecodebench": {"question_id": "abc_1", "question_content": "Multiply two numbers.", "starter_code": "",
                      "public_test_cases": json.dumps(stdin_cases(("2 3", "6"))),
                      "private_test_cases": packed(stdin_cases(("4 5\n", "20\n"))), "metadata": "{}",
                      "solution": "a, b = map(int, input().split())\nprint(a * b)"},
    "apps": {"problem_id": 3, "question": "Add one.", "starter_code": "def inc(x):\n\t",
             "input_output": json.dumps({"fn_name": "inc", "inputs": [[1], [2]], "outputs": [[2], 3]}),
             "solutions": json.dumps(["def inc(x):\n    return x + 1"])},
    "taco": {"id": 4, "question": "Print the sum.", "starter_code": "",
             "input_output": json.dumps({"inputs": ["1 2\n", ["3 4", ""]], "outputs": ["3\n", ["7"]]}),
             "solutions": ["print(sum(map(int, input().split())))"]},
    "codecontests": {"name": "1_A. Tiles", "description": "Print twice the number.",
                     "public_tests": {"input": ["1\n"], "output": ["2\n"]},
                     "private_tests": {"input": ["3\n"], "output": ["6\n"]},
                     "generated_tests": {"input": [], "output": []},
                     "time_limit": {"seconds": 1, "nanos": 500_000_000}, "memory_limit_bytes": 256_000_000,
                     "solutions": {"language": [2, 3], "solution": ["int main() {}", "print(2 * int(input()))"]}},
}  # fmt: skip
each_suite = pytest.mark.parametrize("name", ROWS)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def jail() -> None:
    try:
        shared_sandbox()
    except IsolationError as error:
        pytest.skip(f"programs cannot be isolated here: {error}")


def written(folder: Path, row: dict[str, Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n")
    return path


@each_suite
@pytest.mark.usefixtures("jail")
def test_the_oracle_of_a_row_is_right_and_a_constant_is_not(tmp_path: Path, name: str) -> None:
    definition = load(suite(name), written(tmp_path, ROWS[name])).definition
    env = definition.make(split="all")
    env.reset(options={"index": 0})
    answer = definition.row_task(0).answer
    score = definition.score(env.oracle_action(), answer)
    assert score.verdict is Verdict.CORRECT, score.explanation
    for text in ("print(6)", "def once(*a): return ()\nhalf = inc = d = once"):
        assert definition.score(f"```python\n{text}\n```", answer).verdict is Verdict.INCORRECT


@pytest.mark.usefixtures("jail")
@pytest.mark.parametrize("form", ["```\n{}\n```", "```python\n{}", "```python\nx\n```\n```python\n{}\n```", "{}"])
def test_a_right_program_that_is_in_no_block_as_asked_for_is_right_leniently_only(tmp_path: Path, form: str) -> None:
    definition = load(suite("mbpp"), written(tmp_path, ROWS["mbpp"])).definition
    score = definition.score(form.format("def d(x):\n    return 2 * x"), definition.row_task(0).answer)
    assert (score.value, score.verdict, score.metrics["lenient"]) == (0.0, Verdict.UNPARSED, 1.0)
    assert score.extracted is not None


@each_suite
@pytest.mark.usefixtures("jail")
def test_a_suite_is_evaluated_by_its_name(tmp_path: Path, name: str) -> None:
    summary = evaluate(name, "oracle", data=written(tmp_path, ROWS[name]))
    assert summary.counts["correct"] == 1, summary.failures
    assert evaluate(name, "null", data=tmp_path / "rows.jsonl").counts["unparsed"] == 1


@each_suite
def test_the_prompt_asks_the_question_and_tells_no_hidden_test(tmp_path: Path, name: str) -> None:
    row = {**ROWS[name]}
    text = load(suite(name), written(tmp_path, row)).definition.row_task(0).prompt[0].content
    shown = next(row[key] for key in ("question_content", "question", "description", "text", "prompt") if key in row)
    assert shown in text
    assert "```python" in text
    for hidden in ("results = ", "input_output", "return 2 * x", "return x / 2", "20"):
        assert hidden not in text


@each_suite
def test_without_a_file_the_pinned_one_is_fetched_and_its_commit_recorded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    path = written(tmp_path, ROWS[name])

    def download(*args: Any, **kwargs: Any) -> str:
        asked.append((args, kwargs))
        return str(path)

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=download))
    loaded, declared = load(suite(name)), suite(name)
    revision = declared.revision
    assert asked == [((declared.hub_id, declared.hub_file), {"repo_type": "dataset", "revision": revision})]
    assert loaded.source == f"{declared.hub_id}@{revision}"
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.usefixtures("jail")
def test_functional_cases_of_livecodebench_call_the_class_or_the_function(tmp_path: Path) -> None:
    tests = LiveTests(json.dumps(FUNCTIONAL), "[]", json.dumps({"func_name": "add"}))
    program = "class Solution:\n    def add(self, xs, k):\n        return tuple(x + k for x in xs)"
    assert CodeJudge()(f"```python\n{program}\n```", tests).verdict is Verdict.CORRECT
    assert CodeJudge()("```python\ndef add(xs, k): return [x + k for x in xs]\n```", tests).value == 1.0
    assert CodeJudge()("```python\ndef add(xs, k): return xs\n```", tests).value == 0.0


def test_private_cases_are_read_only_when_they_are_needed(tmp_path: Path) -> None:
    row = {**ROWS["livecodebench"], "private_test_cases": "no such thing"}
    answer = load(suite("livecodebench"), written(tmp_path, row)).definition.row_task(0).answer
    with pytest.raises(DataError, match="neither JSON nor packed"):
        answer.read()
    assert pickle.loads(pickle.dumps(answer)) == answer


class Bomb:
    def __reduce__(self) -> Any:
        return os.system, ("echo pwned > /tmp/assaygym-pwned",)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (pickle.dumps(Bomb()), "name posix.system"),
        (pickle.dumps(["[]"]), "hold a list"),
        (pickle.dumps({"a": 1}), "hold a dict"),
        (pickle.dumps("[]")[:-3], "broken|neither"),
        (b"\x80\x04cbuiltins\nexec\n.", "name builtins.exec"),
        (b"", "broken|neither"),
        (b"P1\n.", "refer to something outside"),
    ],
)
def test_a_packed_value_that_is_no_text_is_refused_and_runs_nothing(value: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        unpacked(base64.b64encode(zlib.compress(value)).decode())


@pytest.mark.parametrize("text", ["", "!!!", "aGVsbG8=", base64.b64encode(b"x" * 99).decode()])
def test_what_is_not_packed_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="neither JSON nor packed"):
        unpacked(text)


@pytest.mark.parametrize("text", ["[]", ' [{"input": ""}]', "{}"])
def test_json_is_not_unpacked(text: str) -> None:
    assert unpacked(text) == text
    assert unpacked(base64.b64encode(zlib.compress(pickle.dumps(text))).decode()) == text


def test_loops_over_literals_become_calls_and_anything_else_stays_code() -> None:
    tests = evalplus_tests(ROWS["humaneval_plus"])
    assert isinstance(tests, FunctionTests)
    assert (tests.entry_point, len(tests.cases), tests.float_abs) == ("half", 3, 1e-6)
    other = CHECK.replace("candidate(*inp)", "abs(candidate(*inp))")
    assert isinstance(evalplus_tests({**ROWS["humaneval_plus"], "test": other}), AssertTests)
    computed = CHECK.replace("[[1], [2], [5]]", "[[n] for n in (1, 2, 5)]")
    assert isinstance(evalplus_tests({**ROWS["humaneval_plus"], "test": computed}), AssertTests)


def test_the_limits_of_codecontests_are_kept() -> None:
    tests = contest_tests(ROWS["codecontests"])
    assert (tests.cpu_seconds, tests.memory_bytes, len(tests.cases)) == (1.5, 256_000_000, 2)


def test_lines_of_taco_are_joined() -> None:
    tests = taco_tests(ROWS["taco"])
    assert isinstance(tests, StdinTests)
    assert [(case.input, case.output) for case in tests.cases] == [("1 2\n", "3\n"), ("3 4\n", "7")]


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("taco", {"input_output": "{"}, "input_output is not JSON"),
        ("taco", {"input_output": "{}"}, "lacks inputs or outputs"),
        ("taco", {"input_output": '{"inputs": ["1"], "outputs": []}'}, "1 inputs and 0 outputs"),
        ("apps", {"input_output": '{"fn_name": "a.b", "inputs": [[1]], "outputs": [1]}'}, "'a.b'; expected a name"),
        ("apps", {"input_output": '{"fn_name": "lambda", "inputs": [[1]], "outputs": [1]}'}, "expected a name"),
        ("codecontests", {"public_tests": {}, "private_tests": {}}, "there is no test"),
        ("mbpp", {"test_list": []}, "expected either"),
        ("humaneval_plus", {"test": "def check("}, "'test' is not Python"),
    ],
)  # fmt: skip
def test_a_row_without_tests_is_named(tmp_path: Path, name: str, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(DataError, match=f"row 1: .*{reason}"):
        load(suite(name), written(tmp_path, {**ROWS[name], **change}))
