"""The suites that are known by name.

Revisions are commits of the data sets' repositories on the Hugging Face Hub.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.errors import ConfigError, DataError, did_you_mean

__all__ = ["SUITES", "suite"]


def _number() -> Callable[[str, Any], Any]:
    from assaygym import verifiers

    return verifiers.number()


def _math() -> Callable[[str, Any], Any]:
    from assaygym import verifiers

    return verifiers.math()


def _asserts() -> Callable[[str, Any], Any]:
    from assaygym.verifiers.code import asserts

    return asserts()


def _after_hashes(row: Row) -> str:
    """GSM8K's gold: what follows the last `####`, without thousands separators."""
    answer = row["answer"]
    _, mark, gold = str(answer).rpartition("####")
    gold = gold.strip().replace(",", "")
    if not mark or not gold:
        raise DataError("column 'answer' has no answer after '####'")
    return gold


def _humaneval_tests(row: Row) -> Any:
    from assaygym.verifiers.code import AssertTests

    return AssertTests(test=row["test"], entry_point=row["entry_point"], prompt=row["prompt"])


def _humaneval_solution(row: Row) -> str:
    return f"```python\n{row['prompt']}{row['canonical_solution']}\n```"


SUITES = {
    found.id: found
    for found in (
        Suite(
            id="gsm8k",
            title="GSM8K: grade-school word problems (Cobbe et al. 2021)",
            kind="math",
            licence="MIT",
            hub_id="openai/gsm8k",
            hub_config="main",
            split="test",
            hub_file="main/test-00000-of-00001.parquet",
            revision="740312add88f781978c0658806c59bc2815b9866",
            files=("test.jsonl", "test.jsonl.gz", "main/test-*.parquet", "test-*.parquet"),
            rows=1319,
            columns=("question", "answer"),
            prompt="{question}\n\nReason step by step. Give the final number alone on the last line, after ####.",
            gold=_after_hashes,
            verifier=_number,
            solution="answer",
            solution_column="answer",
        ),
        Suite(
            id="math500",
            title="MATH-500: competition mathematics (Hendrycks et al. 2021, Lightman et al. 2023)",
            kind="math",
            licence="MIT",
            hub_id="HuggingFaceH4/MATH-500",
            hub_config=None,
            split="test",
            hub_file="test.jsonl",
            revision="6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be",
            files=("test.jsonl", "test.jsonl.gz", "test-*.parquet"),
            rows=500,
            columns=("problem", "answer"),
            prompt="{problem}\n\nReason step by step and put the final answer in \\boxed{{}}.",
            gold="answer",
            verifier=_math,
            solution="solution",
            solution_column="solution",
            name="unique_id",
        ),
        Suite(
            id="humaneval",
            title="HumanEval: complete a Python function (Chen et al. 2021)",
            kind="code",
            licence="MIT",
            hub_id="openai/openai_humaneval",
            hub_config="openai_humaneval",
            split="test",
            hub_file="openai_humaneval/test-00000-of-00001.parquet",
            revision="7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544",
            files=("HumanEval.jsonl", "HumanEval.jsonl.gz", "openai_humaneval/test-*.parquet", "test-*.parquet"),
            rows=164,
            columns=("prompt", "test", "entry_point"),
            prompt=(
                "Complete this Python function. Answer with the whole function, its imports included, "
                "in one ```python block.\n\n```python\n{prompt}\n```"
            ),
            gold=_humaneval_tests,
            verifier=_asserts,
            solution=_humaneval_solution,
            solution_column="canonical_solution",
            name="task_id",
        ),
    )
}


def suite(name: str) -> Suite:
    """The suite of this name.

    Raises:
        ConfigError: there is none; the message suggests suites and environments with a near name.
    """
    if name in SUITES:
        return SUITES[name]
    from assaygym.envs.registration import all_specs

    known = [*SUITES, *(spec.id for spec in all_specs())]
    raise ConfigError(f"no suite or environment {name!r}; {did_you_mean(name, known)}")
