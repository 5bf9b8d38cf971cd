"""Training sets on rows made here: the forms they come in, repeated rows, mathematics beside programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.suites import load, suite
from assaygym.benchmarks.suites.training import DAPO_FRAME
from assaygym.errors import DataError
from assaygym.sandbox import shared_sandbox
from assaygym.types import Verdict

SUM = "```python\nprint(sum(map(int, input().split())))\n```"


def chat(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": "Think."}, {"role": "user", "content": text}]


def verl(text: str, truth: str, ability: str = "MATH") -> dict[str, Any]:
    return {"prompt": chat(text), "reward_model": {"ground_truth": truth, "style": "rule"}, "ability": ability}


def synthetic(kind: str, text: str, information: dict[str, Any]) -> dict[str, Any]:
    told = json.dumps(information)
    return {"problem_id": text, "task_type": kind, "prompt": text, "verification_info": told, "source": "x"}


def written(folder: Path, rows: list[Any], name: str = "train.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def framed(text: str) -> str:
    return f"{DAPO_FRAME[0]}{text}{DAPO_FRAME[1]}"


def test_dapo_has_each_problem_once_without_its_frame(tmp_path: Path) -> None:
    rows = [verl(framed("What is 1 + 1?"), "2"), verl(framed("What is 1 +  1?"), "2"), verl(framed("And 3?"), "3")] * 3
    definition = load(suite("dapo_math_17k"), written(tmp_path, rows)).definition
    assert len(definition.rows) == 2
    prompt = definition.row_task(0).prompt[-1].content
    assert prompt.startswith("What is 1 + 1?\n\nReason")
    assert "Answer:" not in prompt
    env = definition.make(split="all")
    env.reset(options={"index": 1})
    assert env.step(env.oracle_action())[1] == 1.0


def test_repeated_rows_of_parquet_are_read_in_batches(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="the hub extra is not installed")
    from pyarrow import parquet

    rows = [verl(f"What is {number % 7}?", str(number % 7)) for number in range(10_500)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "dapo-math-17k.parquet")
    definition = load(suite("dapo_math_17k"), tmp_path).definition
    assert [definition.row_task(index).answer for index in range(7)] == [str(number) for number in range(7)]
    assert len(definition.rows) == 7


def test_deepscaler_leaves_out_what_has_no_answer(tmp_path: Path) -> None:
    rows = [{"problem": "P", "answer": ""}, {"problem": "Q", "answer": r"\frac12", "solution": ""}]
    (tmp_path / "deepscaler.json").write_text(json.dumps(rows))
    definition = load(suite("deepscaler"), tmp_path).definition
    assert [row["problem"] for row in definition.rows] == ["Q"]
    assert definition.score(r"\boxed{0.5}", definition.row_task(0).answer).value == 1.0


def test_eurus_judges_mathematics_and_programs(tmp_path: Path) -> None:
    shared_sandbox()
    tests = json.dumps({"inputs": ["1 2\n", "3 4\n"], "outputs": ["3\n", "7\n"]})
    rows = [verl("What is 6 * 7?", "42", "math"), verl("Print the sum.", tests, "code")]
    definition = load(suite("eurus2_rl"), written(tmp_path, rows)).definition
    asked = [definition.row_task(index).prompt[-1].content for index in range(2)]
    assert ("boxed" in asked[0], "```python" in asked[1]) == (True, True)
    golds = [definition.row_task(index).answer for index in range(2)]
    right = [r"\boxed{42}", SUM]
    assert [definition.score(text, gold).value for text, gold in zip(right, golds, strict=True)] == [1.0, 1.0]
    assert [definition.score(text, gold).value for text, gold in zip(reversed(right), golds, strict=True)] == [0.0, 0.0]


def test_synthetic_keeps_what_can_be_judged(tmp_path: Path) -> None:
    shared_sandbox()
    stdin = [{"type": "stdin_stdout", "input": "1 2\n", "output": "3\n"}]
    called = [{"type": "function_call", "fn_name": "add", "input": [1, 2], "output": [3]}]
    rows = [
        synthetic("verifiable_math", "Half of one?", {"ground_truth": "1/2"}),
        synthetic("verifiable_code", "Add.", {"language": "python", "test_cases": stdin}),
        synthetic("verifiable_code", "Define add.", {"language": "python", "test_cases": called}),
        synthetic("verifiable_code", "In Rust.", {"language": "rust", "test_cases": stdin}),
        synthetic("llm_judgeable_groundtruth_similarity", "An essay.", {}),
    ]
    definition = load(suite("synthetic_1"), written(tmp_path, rows)).definition
    assert len(definition.rows) == 3
    right = [r"\boxed{0.5}", SUM, "```python\ndef add(a, b):\n    return a + b\n```"]
    for index, text in enumerate(right):
        score = definition.score(text, definition.row_task(index).answer)
        assert score.verdict is Verdict.CORRECT, score.explanation
    assert definition.row_task(0).id == "Half of one?"


@pytest.mark.parametrize(
    ("name", "row", "reason"),
    [
        ("dapo_math_17k", {"prompt": [], "reward_model": {"ground_truth": "1"}}, "row 1: .*'prompt' has no question"),
        ("dapo_math_17k", {"prompt": chat("q"), "reward_model": {}}, "row 1: .*no 'ground_truth'"),
        ("eurus2_rl", verl("q", "no json", "code"), "row 1: input_output is not JSON"),
        ("synthetic_1", synthetic("verifiable_math", "q", {}), "row 1: .*no 'ground_truth'"),
        ("synthetic_1", {**synthetic("verifiable_math", "q", {}), "verification_info": "{"}, "not JSON"),
        ("synthetic_1", {**synthetic("verifiable_math", "q", {}), "verification_info": "[1]"}, "holds a list"),
        ("synthetic_1", synthetic("verifiable_code", "q", {"test_cases": [{"input": "1"}]}), "malformed: KeyError"),
        ("synthetic_1", synthetic("verifiable_code", "q", {"test_cases": []}), "no test"),
        ("synthetic_1", synthetic("verifiable_code", "q", {"test_cases": [
            {"type": "function_call", "fn_name": "a.b", "input": [], "output": []}]}), "expected one function"),
    ],
)  # fmt: skip
def test_a_row_without_a_gold_is_named(tmp_path: Path, name: str, row: dict[str, Any], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        load(suite(name), written(tmp_path, [row]))


def test_a_set_whose_files_are_not_known_says_to_give_them() -> None:
    with pytest.raises(DataError, match=r"synthetic_1 is not fetched from anywhere; .*--data PATH"):
        load(suite("synthetic_1"))
