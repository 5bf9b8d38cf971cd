"""Twelve mistakes of other evaluators, each with the test that would have caught it."""

from __future__ import annotations

import ast
import itertools
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import assaygym
from assaygym.benchmarks.runner import evaluate
from assaygym.benchmarks.statistics import Sample, TaskSamples, best_of_k, describe, maj_at_k
from assaygym.benchmarks.suites import load, suite
from assaygym.benchmarks.suites.bfcl_turns import bfcl_turn_tasks
from assaygym.envs.attacks import MALFORMED
from assaygym.envs.data_tasks import task_from_data
from assaygym.envs.definition import TaskDefinition
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import tool
from assaygym.errors import ConfigError, IsolationError, VerifierError
from assaygym.sandbox import shared_sandbox
from assaygym.types import Score, ToolCall, Verdict
from assaygym.verifiers.code import AssertTests, asserts
from assaygym.verifiers.state import state_equals
from assaygym.verifiers.tool_calls import CallGold, tool_calls

PACKAGE = Path(assaygym.__file__).parent


@pytest.fixture
def jail() -> None:
    try:
        shared_sandbox()
    except IsolationError as error:
        pytest.skip(f"programs cannot be isolated here: {error}")


def task(name: str, *values: float) -> TaskSamples:
    return TaskSamples(task=name, samples=tuple(Sample(value=value) for value in values))


def jsonl(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def hermes(name: str, **arguments: Any) -> str:
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


# 1. The number of samples was taken from the first task and kept for all.


def test_each_task_counts_with_its_own_number_of_samples() -> None:
    few, many = task("few", 1, 0), task("many", 1, 0, 0, 0, 0)
    for order in ([few, many], [many, few]):
        found = {at.k: at.estimate.mean for at in describe(order, ks=[1, 2]).pass_at}
        assert found == pytest.approx({1: (1 / 2 + 1 / 5) / 2, 2: (1 + 2 / 5) / 2})


# 2. pass@k of graded rewards was the best of the first k.


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=2, max_size=6), st.data())
def test_the_best_of_k_graded_samples_is_that_of_every_choice_of_k(values: list[float], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(values)))
    choices = list(itertools.combinations(values, k))
    expected = sum(map(max, choices)) / len(choices)
    assert best_of_k(values, k) == pytest.approx(expected)
    assert best_of_k(data.draw(st.permutations(values)), k) == pytest.approx(expected)


# 3. Votes were counted for pairs of answer and score, so that one answer with two scores lost to another.


def test_one_answer_with_several_scores_is_one_camp() -> None:
    answers, values = ["33", "33", "33", "4", "4"], [1.0, 0.9, 0.8, 0.0, 0.0]
    assert maj_at_k(answers, values, 5) == pytest.approx(0.9)


# 4. Programs ran in shared globals, so that one sample's names were there for the next.


@pytest.mark.usefixtures("jail")
def test_a_program_leaves_nothing_to_the_next_one() -> None:
    judge, tests = asserts(), AssertTests(asserts=("assert double(2) == 4", "assert len([1]) == 1"))
    first = "import builtins\ndef helper(x): return 2 * x\nbuiltins.helper = helper\nbuiltins.len = lambda xs: 7\n"
    dirty = judge(f"```python\n{first}def double(x): return helper(x)\n```", tests)
    leaning = judge("```python\ndef double(x): return helper(x)\n```", tests)
    honest = judge("```python\ndef double(x): return x + x\n```", tests)
    assert [dirty.value, leaning.value, honest.value] == [0.0, 0.0, 1.0]


class Till(ToolEnv):
    """A till with two drawers."""

    id = "test/till-v0"

    def setup(self, rng: Any) -> str:
        self.state: dict[str, Any] = {"coins": 1, "weight": 1.0}
        return "Put 2 coins of 2 grams in."

    @tool
    def put(self, coins: int, weight: float) -> str:
        """Put coins in."""
        self.state = {"coins": self.state["coins"] + coins, "weight": self.state["weight"] + weight}
        return json.dumps(self.state)

    def verify(self) -> Score:
        return state_equals()(self.state, {"coins": 3, "weight": 3.0})


def test_an_episode_leaves_nothing_to_the_next_one() -> None:
    env = Till()
    for _ in range(2):
        env.reset(seed=0)
        env.step(hermes("put", coins=2, weight=2))
        assert env.step("Done.")[1] == 1.0


# 5. Tasks were drawn with a generator whose upper end is included.


@given(count=st.integers(1, 12), far=st.integers(0, 10**9))
def test_every_task_can_be_drawn_and_none_beyond_the_last(count: int, far: int) -> None:
    rows = [{"q": f"Question {n}?", "a": str(n)} for n in range(count)]
    env = task_from_data("test/rows-v0", rows, prompt="q", gold="a").make(split="all")
    drawn = []
    for seed in [*range(count), far]:
        env.reset(seed=seed)
        assert env.task is not None
        drawn.append(env.task.answer)
    assert sorted(drawn[:-1], key=int) == [row["a"] for row in rows]
    assert drawn[-1] in drawn[:-1]
    for beyond in (-1, count):
        with pytest.raises(ConfigError, match=f"rows 0 to {count - 1}"):
            env.reset(options={"index": beyond})


# 6. What the model wrote was evaluated.

PARSERS = ("benchmarks/suites", "envs/grammars", "envs/tool_env.py", "envs/core.py", "verifiers/tool_calls.py")
EVALUATORS = frozenset(("eval", "exec", "compile", "__import__", "literal_eval", "import_module"))
OURS = {
    ("code_rows.py", "literal_eval"): "inputs and results of EvalPlus' own rows",
    ("bfcl_turns.py", "literal_eval"): "gold calls of the data",
    ("bfcl_turns.py", "import_module"): "a fixed module of each simulated API",
    ("tool_catalogue.py", "import_module"): "modules of this package",
    ("code_calls.py", "literal_eval"): "a tree that is a literal, of arguments that a model wrote: builds, never runs",
}


def evaluators(path: Path) -> set[tuple[str, str]]:
    """The calls of a module that run or read code, as (file, function); `re.compile` is none."""
    called = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    plain = {function.id for function in called if isinstance(function, ast.Name)}
    dotted = {function.attr for function in called if isinstance(function, ast.Attribute)} - {"compile"}
    return {(path.name, name) for name in (plain | dotted) & EVALUATORS}


def test_nothing_that_reads_a_models_text_evaluates_it() -> None:
    files = [file for part in PARSERS for file in _sources(PACKAGE / part)]
    assert len(files) > 25
    assert {call for file in files for call in evaluators(file)} == OURS.keys()


def _sources(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


class Shelf:
    """A simulated API."""

    def __init__(self) -> None:
        self.total: float = 0

    def _load_scenario(self, scenario: dict[str, Any], long_context: bool = False) -> None:
        self.total = scenario.get("total", 0)

    def add(self, amount: float, note: str = "") -> dict[str, float]:
        self.total += amount
        return {"total": self.total}


def conversation() -> Any:
    parameters = {"type": "dict", "properties": {"amount": {"type": "float"}, "note": {"type": "string"}}}
    row = {
        "id": "multi_turn_base_0",
        "category": "multi_turn_base",
        "question": [[{"role": "user", "content": "Add 2."}]],
        "function": [{"name": "add", "description": "Adds.", "parameters": parameters}],
        "involved_classes": ["Shelf"],
        "initial_config": {"Shelf": {"total": 1}},
        "ground_truth": [["add(amount=2)"]],
    }
    env = bfcl_turn_tasks(suite("bfcl_multi_turn"), [row], lambda name: Shelf()).make(split="all")
    env.reset(options={"index": 0})
    return env


def test_code_in_the_call_of_a_conversation_is_text(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"__import__('pathlib').Path({str(mark)!r}).write_text('x')"
    for text in (f"[add(amount={code})]", f"[{code}]", hermes("add", amount=code), hermes(code), code):
        conversation().step(text)
    env = conversation()
    env.step(hermes("add", amount=2, note=code))
    assert env.step("Done.")[1] == 1.0
    assert not mark.exists()


# 7. States were compared as text: 1, 1.0 and "1" differed.


@pytest.mark.parametrize("coins", [2, 2.0, "2"])
@pytest.mark.parametrize("weight", [2, 2.0, "2"])
def test_a_number_is_of_its_parameters_type_before_it_is_in_the_state(coins: Any, weight: Any) -> None:
    env = Till()
    env.reset(seed=0)
    env.step(hermes("put", coins=coins, weight=weight))
    assert [type(value) for value in env.state.values()] == [int, float]
    assert env.step("Done.")[1] == 1.0


@pytest.mark.parametrize(("amount", "right"), [(2, True), (2.0, True), (3, False), ("2", False)])
def test_a_number_of_a_simulated_api_is_one_number_however_it_is_written(amount: Any, right: bool) -> None:
    env = conversation()
    env.step(hermes("add", amount=amount))
    assert env.step("Done.")[1] == float(right)


def test_a_number_in_a_call_is_one_number_and_no_text() -> None:
    schema = {"f": {"properties": {"x": {"type": "float"}}, "required": ["x"]}}
    gold = CallGold("these", (("f", {"x": [1]}),), schema)
    told = {text: tool_calls()([ToolCall(id="1", name="f", arguments=f'{{"x": {text}}}')], gold).value
            for text in ("1", "1.0", '"1"', "true", "2")}  # fmt: skip
    assert told == {"1": 1.0, "1.0": 1.0, '"1"': 0.0, "true": 0.0, "2": 0.0}


# 8. The verdict was a file where the agent could write it.

FORGERY = """
import os, sys
for folder in (".", "..", "/tmp", "/logs", "/logs/verifier", os.environ.get("HOME", ".")):
    for name in ("reward.txt", "reward.json", "result.json", "results.xml", "verdict", "score", ".ok", "exit_code"):
        try:
            os.makedirs(folder, exist_ok=True)
            open(os.path.join(folder, name), "w").write('{"reward": 1, "passed": true, "status": "passed"}')
        except OSError:
            pass
print('{"reward": 1.0, "passed": true}', flush=True)
"""


@pytest.mark.usefixtures("jail")
@pytest.mark.parametrize("end", ["", "sys.exit(0)", "os._exit(0)", "def double(x):\n    os._exit(0)"])
def test_files_and_exit_codes_of_the_agent_are_no_verdict(end: str) -> None:
    program = f"```python\ndef double(x): return None\n{FORGERY}{end}\n```"
    score = asserts()(program, AssertTests(asserts=("assert double(2) == 4",)))
    assert (score.value, score.verdict) == (0.0, Verdict.INCORRECT)


# 9. Where no call was wanted, a call that could not be read was a right answer.


@pytest.mark.parametrize("text", [*MALFORMED[:5], "[weather(town=]", hermes("weather", town="Rome"), "", " \n"])
def test_a_call_that_cannot_be_read_is_no_refusal(tmp_path: Path, text: str) -> None:
    function = {"name": "weather", "parameters": {"type": "dict", "properties": {"town": {"type": "string"}}}}
    row = {"id": "irrelevance_0", "category": "irrelevance", "function": [function],
           "question": [[{"role": "user", "content": "Sing!"}]]}  # fmt: skip
    definition = load(suite("bfcl"), jsonl(tmp_path / "test.jsonl", row)).definition
    answer = definition.row_task(0).answer
    assert definition.score("I cannot sing.", answer).value == 1.0
    assert definition.score(text, answer).value == 0.0


# 10. A verifier that raised was a wrong answer.


def test_what_a_verifier_could_not_judge_is_counted_and_in_no_mean() -> None:
    def verify(response: str, gold: str) -> float:
        if int(gold) % 4 == 0:
            raise VerifierError("the judge is out")
        return 1.0

    numbers = TaskDefinition("test/judged-v0", lambda rng: (f"{(n := rng.randrange(10**6))}?", str(n)), verifier=verify)
    summary = evaluate(numbers, "constant:1", n=40)
    invalid = summary.counts["invalid"]
    assert 0 < invalid < 40
    assert (summary.score.mean, summary.scored, summary.planned) == (1.0, 40 - invalid, 40)
    assert math.isnan(numbers.score("1", "4").value)


# 11. Answers in a file of their own were matched with the questions by their place.


def test_answers_in_another_order_belong_to_the_questions_they_name(tmp_path: Path) -> None:
    function = {"name": "go", "parameters": {"type": "dict", "properties": {"to": {"type": "string"}}}}
    asked = [{"role": "user", "content": "Go."}]
    rows = [{"id": f"simple_{n}", "question": [asked], "function": [function]} for n in range(4)]
    golds = [{"id": f"simple_{n}", "ground_truth": [{"go": {"to": [f"Town {n}"]}}]} for n in (2, 0, 3, 1)]
    jsonl(tmp_path / "BFCL_v4_simple.json", *rows)
    jsonl(tmp_path / "possible_answer" / "BFCL_v4_simple.json", *golds)
    definition = load(suite("bfcl"), tmp_path).definition
    for index in range(4):
        answer = definition.row_task(index).answer
        assert definition.score(hermes("go", to=f"Town {index}"), answer).value == 1.0


# 12. One number was written in two ways.


@pytest.mark.parametrize(
    ("name", "row", "right", "wrong"),
    [
        ("aime24", {"problem": "?", "answer": "033"}, ["33", "033", "33.", r"\text{33}"], ["3", "330", "33.3"]),
        ("aime24", {"problem": "?", "answer": 33}, ["33", "033"], ["3.3"]),
        ("amc23", {"question": "?", "answer": 27.0}, ["27", "27.0", r"\frac{54}{2}"], ["270", "2.7", "27.01"]),
        (
            "svamp",
            {"Body": "Two.", "Question": "?", "Answer": "10000.0"},
            ["10{,}000", "10,000", "10000"],
            ["10", "1000"],
        ),
        ("math500", {"problem": "?", "answer": r"10{,}000"}, ["10000", "10,000", r"10\,000", "10^4"], ["10", "10.000"]),
    ],
)
def test_a_number_is_right_however_it_is_written(
    tmp_path: Path, name: str, row: dict[str, Any], right: list[str], wrong: list[str]
) -> None:
    definition = load(suite(name), jsonl(tmp_path / "test.jsonl", row)).definition
    gold = definition.row_task(0).answer
    told = {text: definition.score(rf"\boxed{{{text}}}", gold).metrics["lenient"] for text in [*right, *wrong]}
    assert told == {**dict.fromkeys(right, 1.0), **dict.fromkeys(wrong, 0.0)}


@pytest.mark.parametrize("text", ["10000", "10,000", "10000.0", "10000.00"])
def test_the_hashes_of_gsm8k_take_a_number_however_it_is_written(tmp_path: Path, text: str) -> None:
    row = {"question": "?", "answer": "So 10{,}000.\n#### 10,000"}
    definition = load(suite("gsm8k"), jsonl(tmp_path / "test.jsonl", row)).definition
    assert definition.score(f"#### {text}", definition.row_task(0).answer).value == 1.0
