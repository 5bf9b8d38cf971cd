"""Reshaping JSON documents."""

import json
import os
import random
import subprocess
import sys
from typing import Any

import pytest

from assaygym.envs.families.json_steps import draw_steps
from assaygym.envs.families.json_transform import json_transform
from assaygym.envs.families.json_worlds import DOMAINS, draw_document
from assaygym.envs.registration import make
from assaygym.types import Task, Verdict
from assaygym.verifiers.code import FunctionTests

LEVELS = pytest.mark.parametrize("level", range(5))


def posed(seed: int, level: int = 1) -> Task[FunctionTests]:
    env = make("assay/JsonTransform-v0", level=level)
    env.reset(seed=seed)
    assert env.task is not None
    return env.task


def fenced(program: str) -> str:
    return f"Here:\n```python\n{program}\n```"


def shown(task: Task[FunctionTests]) -> list[Any]:
    parts = task.prompt[-1].content.split("```json\n")[1:]
    return [json.loads(part.split("```")[0]) for part in parts]


@LEVELS
def test_one_example_is_shown_and_none_of_the_hidden_ones(level: int) -> None:
    for seed in range(15):
        task = posed(seed, level)
        given, _ = shown(task)
        assert given not in [case.args[0] for case in task.answer.cases]
        assert len(task.answer.cases) == 11
        assert [] in [next(v for k, v in case.args[0].items() if k != "source") for case in task.answer.cases]


@LEVELS
def test_a_table_of_the_example_fails(level: int) -> None:
    task = posed(2, level)
    given, wanted = shown(task)
    program = f"def {task.answer.entry_point}(data):\n    return {wanted!r} if data == {given!r} else {{}}"
    assert json_transform.score(fenced(program), task.answer).verdict is Verdict.INCORRECT


@pytest.mark.parametrize("body", ["data", "{}", "None", "[]", "json.dumps(data)", "{'rows': [], 'count': 0}"])
def test_trivial_functions_fail(body: str) -> None:
    for seed in range(3):
        task = posed(seed, 0)
        program = f"import json\ndef {task.answer.entry_point}(data):\n    return {body}"
        assert json_transform.score(fenced(program), task.answer).value == 0.0


@LEVELS
def test_leaving_out_any_step_is_wrong(level: int) -> None:
    task = posed(4, level)
    head, first, *steps, last, end = task.metadata["reference"].splitlines(keepends=True)
    for number in range(len(steps)):
        if steps[number].startswith("    rows = "):
            fewer = [head, first, *steps[:number], *steps[number + 1 :], last, end]
            assert json_transform.score(fenced("".join(fewer)), task.answer).value == 0.0


def test_the_order_of_fields_does_not_matter_and_the_order_of_lists_does() -> None:
    task = next(t for t in (posed(seed, 1) for seed in range(200)) if "object with two fields" in t.prompt[-1].content)
    name = task.answer.entry_point
    other = f"{task.metadata['reference']}\nold = {name}\ndef {name}(data):\n    out = old(data)\n"
    turned = "    return dict(reversed(out.items()))"
    mixed = "    return {k: v[::-1] if isinstance(v, list) else v for k, v in out.items()}"
    assert json_transform.score(fenced(other + turned), task.answer).value == 1.0
    assert json_transform.score(fenced(other + mixed), task.answer).value == 0.0


def test_text_instead_of_data_is_wrong() -> None:
    task = posed(5)
    name = task.answer.entry_point
    program = (
        f"import json\n{task.metadata['reference']}\nold = {name}\ndef {name}(data):\n    return json.dumps(old(data))"
    )
    assert json_transform.score(fenced(program), task.answer).value == 0.0


def test_results_are_json_and_vary() -> None:
    for seed in range(40):
        _, tests, _ = json_transform.pose(random.Random(seed), steps=4)
        results = [json.dumps(case.expected, sort_keys=True) for case in tests.cases]
        assert all(json.loads(text) == case.expected for text, case in zip(results, tests.cases, strict=True))
        assert len(set(results)) >= 5


@pytest.mark.parametrize("domain", DOMAINS, ids=[one.records for one in DOMAINS])
def test_every_chain_of_steps_runs_on_every_document(domain: Any) -> None:
    kinds = set()
    for seed in range(150):
        rng = random.Random(seed)
        steps = draw_steps(rng, domain, 1 + seed % 8)
        kinds |= {step.says.split("`")[0] for step in steps}
        for records in (0, 1, 6):
            names: dict[str, Any] = {"rows": draw_document(rng, domain, records)[domain.records]}
            for step in steps:
                exec(step.code, names)
            json.dumps(names["out"])
        assert len({step.code for step in steps}) == 2 + seed % 8
    assert len(kinds) >= 14


def test_gaps_are_missing_null_and_given() -> None:
    domain = DOMAINS[0]
    records = draw_document(random.Random(1), domain, 40)[domain.records]
    assert {record.get(domain.gap, "missing") is None for record in records} == {True, False}
    assert any(domain.gap not in record for record in records)
    assert len({record["id"] for record in records}) == 40


def test_a_prompt_is_the_same_whatever_the_hash_seed() -> None:
    program = (
        "import assaygym\n"
        "env = assaygym.make('assay/JsonTransform-v0', level=2)\n"
        "for seed in range(60):\n"
        "    print(ascii(env.reset(seed=seed)[0]))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
