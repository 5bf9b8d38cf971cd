"""The suites that are known by name.

Revisions are commits of the data sets' repositories on the Hugging Face Hub.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assaygym.benchmarks.suites.answers import (
    OptionMath,
    RowMath,
    after_hashes,
    boxed,
    number_in,
    olympiad_gold,
    option_gold,
)
from assaygym.benchmarks.suites.code_catalogue import CODE_SUITES
from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.errors import ConfigError, did_you_mean

__all__ = ["SUITES", "suite"]


def _math(policy: str = "default") -> Callable[[], Callable[[str, Any], Any]]:
    def verifier() -> Callable[[str, Any], Any]:
        from assaygym import verifiers

        return verifiers.math(policy)

    return verifier


def _asserts() -> Callable[[str, Any], Any]:
    from assaygym.verifiers.code import asserts

    return asserts()


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
            gold=after_hashes,
            verifier=_math("gsm8k"),
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
            verifier=_math("math"),
            solution="solution",
            solution_column="solution",
            name="unique_id",
        ),
        Suite(
            id="aime24",
            title="AIME 2024: American Invitational Mathematics Examination I and II",
            kind="math",
            licence="LicenseRef-MAA",
            hub_id="HuggingFaceH4/aime_2024",
            hub_config=None,
            split="train",
            hub_file="data/train-00000-of-00001.parquet",
            revision="2fe88a2f1091d5048c0f36abc874fb997b3dd99a",
            files=("test.jsonl", "test.jsonl.gz", "data/train-*.parquet", "train-*.parquet"),
            rows=30,
            columns=("problem", "answer"),
            prompt="{problem}\n\nReason step by step and put the final answer, an integer, in \\boxed{{}}.",
            gold=number_in("answer"),
            verifier=_math("aime"),
            solution=boxed(number_in("answer")),
            solution_column="answer",
            name="ID",
        ),
        Suite(
            id="amc23",
            title="AMC 12 2023: American Mathematics Competitions, with integer answers",
            kind="math",
            licence="LicenseRef-MAA",
            hub_id="math-ai/amc23",
            hub_config=None,
            split="test",
            hub_file="test-00000-of-00001.parquet",
            revision="80815d37005feb82cd7f8fbc6901d5d3eff43057",
            files=("test.jsonl", "test.jsonl.gz", "test-*.parquet"),
            rows=40,
            columns=("question", "answer"),
            prompt="{question}\n\nReason step by step and put the final answer in \\boxed{{}}.",
            gold=number_in("answer"),
            verifier=_math(),
            solution=boxed(number_in("answer")),
            solution_column="answer",
        ),
        Suite(
            id="olympiadbench",
            title="OlympiadBench: open-ended olympiad mathematics in English (He et al. 2024)",
            kind="math",
            licence="MIT",
            hub_id="Hothan/OlympiadBench",
            hub_config="OE_TO_maths_en_COMP",
            split="train",
            hub_file="OlympiadBench/OE_TO_maths_en_COMP/OE_TO_maths_en_COMP.parquet",
            revision="91184b52131e7fc9455fef848035173aea8cc01a",
            files=("test.jsonl", "test.jsonl.gz", "OE_TO_maths_en_COMP.parquet"),
            rows=674,
            columns=("question", "final_answer"),
            prompt=(
                "{question}\n\nReason step by step and put the final answer in \\boxed{{}}; "
                "where there are several, all in one box, between commas."
            ),
            gold=olympiad_gold,
            verifier=lambda: RowMath("olympiadbench"),
            solution=boxed(olympiad_gold),
            solution_column="final_answer",
            name="id",
        ),
        Suite(
            id="svamp",
            title="SVAMP: varied arithmetic word problems (Patel et al. 2021)",
            kind="math",
            licence="MIT",
            hub_id="ChilleD/SVAMP",
            hub_config=None,
            split="test",
            hub_file="data/test-00000-of-00001.parquet",
            revision="5e0bf1e5e7c0e9c4bc39180d224f41f3f801b7ef",
            files=("test.jsonl", "test.jsonl.gz", "data/test-*.parquet", "test-*.parquet"),
            rows=300,
            columns=("Body", "Question", "Answer"),
            prompt="{Body} {Question}\n\nReason step by step and put the final number in \\boxed{{}}.",
            gold=number_in("Answer"),
            verifier=_math("gsm8k"),
            solution=boxed(number_in("Answer")),
            solution_column="Answer",
            name="ID",
        ),
        Suite(
            id="aqua",
            title="AQuA-RAT: algebraic word problems with five options (Ling et al. 2017)",
            kind="math",
            licence="Apache-2.0",
            hub_id="deepmind/aqua_rat",
            hub_config="raw",
            split="test",
            hub_file="raw/test-00000-of-00001.parquet",
            revision="33301c6a050c96af81f63cad5562cb5363e88971",
            files=("test.jsonl", "test.jsonl.gz", "raw/test-*.parquet", "test-*.parquet"),
            rows=254,
            columns=("question", "options", "correct"),
            prompt=(
                "{question}\n\n{options}\n\nReason step by step and put the letter of the right option in \\boxed{{}}."
            ),
            gold=option_gold,
            verifier=OptionMath,
            solution=boxed(option_gold),
            solution_column="correct",
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
        *CODE_SUITES,
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
