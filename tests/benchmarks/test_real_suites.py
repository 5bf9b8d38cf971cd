"""The suites on their real data: the oracle is right everywhere, agents that know nothing nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaygym.agents.policy import Prompt
from assaygym.agents.scripted import ScriptedPolicy
from assaygym.benchmarks.runner import evaluate
from assaygym.benchmarks.suites import load, suite
from assaygym.errors import IsolationError
from assaygym.sandbox import shared_sandbox

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "suites"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no data next to the repository: ../shared/suites is absent")


@pytest.fixture
def jail() -> None:
    try:
        shared_sandbox()
    except IsolationError as error:
        pytest.skip(f"programs cannot be isolated here: {error}")


@pytest.mark.parametrize("name", ["gsm8k", "math500", "aime24", "amc23", "aqua", "humaneval"])
def test_the_file_of_a_suite_is_found_in_its_folder_and_is_whole(name: str) -> None:
    loaded = load(suite(name), DATA / name)
    assert len(loaded.definition.rows) == loaded.suite.rows
    assert len({loaded.definition.row_task(index).id for index in range(loaded.suite.rows)}) == loaded.suite.rows


def test_the_local_math500_is_the_pinned_one() -> None:
    known = "35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132"
    assert load(suite("math500"), DATA / "math500").sha256 == known


@pytest.mark.parametrize(("name", "limit"), [("gsm8k", 200), ("gsm8k", None), ("math500", None)])
def test_worked_solutions_score_one_hundred_percent(name: str, limit: int | None) -> None:
    summary = evaluate(name, "oracle", data=DATA / name / "test.jsonl", limit=limit)
    assert summary.counts["correct"] == summary.planned == (limit or suite(name).rows), summary.failures


@pytest.mark.parametrize("name", ["gsm8k", "math500", "aime24", "amc23", "olympiadbench", "svamp", "aqua"])
@pytest.mark.parametrize("policy", ["null", "constant:I do not know.", "echo"])
def test_saying_nothing_of_use_scores_zero(name: str, policy: str) -> None:
    summary = evaluate(name, policy, data=DATA / name, limit=200)
    assert (summary.score.mean, summary.scored) == (0.0, min(200, suite(name).rows)), summary.counts


@pytest.mark.parametrize(("name", "answer"), [("gsm8k", "#### 17"), ("math500", "\\boxed{17}")])
def test_one_answer_to_every_question_is_nearly_always_wrong(name: str, answer: str) -> None:
    summary = evaluate(name, f"constant:{answer}", data=DATA / name)
    assert summary.score.mean < 0.03
    assert summary.scored == summary.planned


@pytest.mark.usefixtures("jail")
def test_every_canonical_solution_of_humaneval_passes_in_the_jail() -> None:
    summary = evaluate("humaneval", "oracle", data=DATA / "humaneval", concurrency=4)
    assert summary.counts["correct"] == 164, summary.failures


@pytest.mark.slow
@pytest.mark.usefixtures("jail")
def test_every_solution_of_mbpp_passes_in_the_jail() -> None:
    summary = evaluate("mbpp", "oracle", data=DATA / "mbpp", concurrency=4)
    assert summary.counts["correct"] == 974, summary.failures


@pytest.mark.usefixtures("jail")
@pytest.mark.parametrize("form", ["```python\n{prompt}    pass\n```", "    pass\n", "```python\npass\n```"])
def test_pass_instead_of_a_body_solves_nothing(form: str) -> None:
    limit = None if "{prompt}" in form else 30

    def answer(prompt: Prompt) -> str:
        assert prompt.env is not None
        assert prompt.env.task is not None
        return form.replace("{prompt}", prompt.env.task.answer.prompt)

    summary = evaluate("humaneval", ScriptedPolicy(answer), data=DATA / "humaneval", limit=limit, concurrency=4)
    assert (summary.score.mean, summary.scored) == (0.0, limit or 164), summary.counts


@pytest.mark.usefixtures("jail")
def test_humaneval_pays_nothing_for_silence() -> None:
    summary = evaluate("humaneval", "null", data=DATA / "humaneval")
    assert (summary.counts["unparsed"], summary.score.mean) == (164, 0.0)
