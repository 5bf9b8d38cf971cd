"""The code suites.

Their commits and file names are those that several public projects pin independently of each other (looked up in
public source text); they were not compared with the Hub itself. A commit that is not there fails loudly, and the
digest of what was read stands in every run's record. APPS and LiveCodeBench are more than a gigabyte each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from assaygym.benchmarks.suites.declaration import Row, Suite

__all__ = ["CODE_SUITES"]

_WHOLE = "Answer with the whole program, its imports included, in one ```python block."


def _rows(name: str, *arguments: str) -> Callable[[Row], Any]:
    """A function of `code_rows`, which is imported when a suite is used."""

    def call(row: Row) -> Any:
        from assaygym.benchmarks.suites import code_rows

        found = getattr(code_rows, name)
        return found(*arguments)(row) if arguments else found(row)

    return call


def _judge() -> Callable[[str, Any], Any]:
    from assaygym.benchmarks.suites.code_rows import CodeJudge

    return CodeJudge()


def _function_prompt(row: Row) -> str:
    return f"Complete this Python function. {_WHOLE}\n\n```python\n{row['prompt']}\n```"


def _mbpp_prompt(row: Row) -> str:
    question = row.get("text") or row["prompt"]
    shown = "\n".join(row.get("test_list") or ())
    return f"{question}\nThe function must pass these tests, and others:\n\n{shown}\n\n{_WHOLE}"


def _problem_prompt(column: str) -> Callable[[Row], str]:
    def prompt(row: Row) -> str:
        starter = str(row.get("starter_code") or "").strip()
        if starter:
            how = f"Complete this code. {_WHOLE}\n\n```python\n{starter}\n```"
        else:
            how = f"Read from standard input and write to standard output. {_WHOLE}"
        return f"{row[column]}\n\n{how}"

    return prompt


def _codeforces_prompt(row: Row) -> str:
    parts = [str(row["description"])]
    for title, name in (("Input", "input_format"), ("Output", "output_format"), ("Note", "note")):
        if row.get(name):
            parts.append(f"{title}\n\n{row[name]}")
    for example in row.get("examples") or ():
        parts.append(f"Example\n\n```\n{example['input']}\n```\n\n```\n{example['output']}\n```")
    return "\n\n".join([*parts, f"Read from standard input and write to standard output. {_WHOLE}"])


def _humaneval_solution(row: Row) -> str:
    return f"```python\n{row['prompt']}{row['canonical_solution']}\n```"


def _asserts() -> Callable[[str, Any], Any]:
    from assaygym.verifiers.code import asserts

    return asserts()


def _humaneval_tests(row: Row) -> Any:
    from assaygym.verifiers.code import AssertTests

    return AssertTests(test=row["test"], entry_point=row["entry_point"], prompt=row["prompt"])


def _mbpp_solution(row: Row) -> str:
    return f"```python\n{row['code']}\n```"


def _suite(**fields: Any) -> Suite:
    defaults = {
        "kind": "code", "hub_config": None, "split": "test", "verifier": _judge, "format": "block",
        "files": (f"{fields['id']}.jsonl", f"{fields['id']}.jsonl.gz", "test.jsonl", "test.jsonl.gz", "test-*.parquet"),
    }  # fmt: skip
    return Suite(**{**defaults, **fields})


_LIVECODEBENCH = _suite(
    id="livecodebench",
    title="LiveCodeBench: contest problems by date, for contamination-free evaluation (Jain et al. 2024)",
    licence="CC-BY-4.0",
    published="2023-05",
    category="difficulty",
    hub_id="livecodebench/code_generation_lite",
    hub_file="test.jsonl",
    revision="0fe84c3912ea0c4d4a78037083943e8f0c4dd505",
    files=("livecodebench.jsonl", "test.jsonl", "test[0-9].jsonl"),
    rows=400,
    columns=("question_content", "public_test_cases", "private_test_cases"),
    prompt=_problem_prompt("question_content"),
    gold=_rows("live_tests"),
    solution=_rows("first_solution", "solution", "code"),
    solution_column="solution",
    name="question_id",
    date="contest_date",
)

CODE_SUITES = (
    _suite(
        id="humaneval",
        title="HumanEval: complete a Python function (Chen et al. 2021)",
        licence="MIT",
        published="2021-07",
        hub_id="openai/openai_humaneval",
        hub_config="openai_humaneval",
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
    _suite(
        id="mbpp",
        title="MBPP: short Python functions from a sentence and three tests (Austin et al. 2021)",
        licence="CC-BY-4.0",
        published="2021-08",
        hub_id="google-research-datasets/mbpp",
        hub_config="full",
        hub_file="full/test-00000-of-00001.parquet",
        revision="4bb6404fdc6cacfda99d4ac4205087b89d32030c",
        rows=500,
        columns=("test_list", "code"),
        prompt=_mbpp_prompt,
        gold=_rows("mbpp_tests"),
        solution=_mbpp_solution,
        solution_column="code",
        name="task_id",
    ),
    _suite(
        id="humaneval_plus",
        title="HumanEval+: HumanEval with eighty times the tests (Liu et al. 2023)",
        licence="Apache-2.0",
        published="2023-05",
        hub_id="evalplus/humanevalplus",
        hub_file="data/test-00000-of-00001-5973903632b82d40.parquet",
        revision="d32357cf319e50e9c8d8dab5ea876c72b0fd321b",
        rows=164,
        columns=("prompt", "test", "entry_point"),
        prompt=_function_prompt,
        gold=_rows("evalplus_tests"),
        solution=_humaneval_solution,
        solution_column="canonical_solution",
        name="task_id",
    ),
    _suite(
        id="mbpp_plus",
        title="MBPP+: 378 tasks of MBPP, sanitized, with thirty-five times the tests (Liu et al. 2023)",
        licence="Apache-2.0",
        published="2023-11",
        hub_id="evalplus/mbppplus",
        hub_file="data/test-00000-of-00001-d5781c9c51e02795.parquet",
        revision="b2d74c91837c3f2a20c1299ae98133cbe7cfa077",
        rows=378,
        columns=("prompt", "test"),
        prompt=_mbpp_prompt,
        gold=_rows("evalplus_tests"),
        solution=_mbpp_solution,
        solution_column="code",
        name="task_id",
    ),
    _LIVECODEBENCH,
    replace(
        _LIVECODEBENCH,
        id="livecodebench_v6",
        title="LiveCodeBench: the problems that its sixth release added (Jain et al. 2024)",
        published="2025-01",
        hub_file="test6.jsonl",
        files=("livecodebench_v6.jsonl", "test6.jsonl", "test.jsonl"),
        rows=175,
    ),
    _suite(
        id="apps",
        title="APPS: programming problems of three levels (Hendrycks et al. 2021)",
        licence="MIT",
        published="2021-05",
        category="difficulty",
        hub_id="codeparrot/apps",
        hub_file="test.jsonl",
        revision="21e74ddf8de1a21436da12e3e653065c5213e9d1",
        rows=5000,
        columns=("question", "input_output"),
        prompt=_problem_prompt("question"),
        gold=_rows("taco_tests"),
        solution=_rows("first_solution", "solutions"),
        solution_column="solutions",
        name="problem_id",
    ),
    _suite(
        id="taco",
        title="TACO: algorithmic problems with topics and skills (Li et al. 2023)",
        licence="Apache-2.0",
        published="2023-12",
        category="difficulty",
        hub_id="BAAI/TACO",
        hub_file="ALL/test-00000-of-00001.parquet",
        revision="d593ed0a2becbbc952230bb89be09189bf1056dc",
        rows=1000,
        columns=("question", "input_output"),
        prompt=_problem_prompt("question"),
        gold=_rows("taco_tests"),
        solution=_rows("first_solution", "solutions"),
        solution_column="solutions",
        name="id",
    ),
    _suite(
        id="codecontests",
        title="CodeContests: the contest problems of AlphaCode (Li et al. 2022)",
        licence="CC-BY-4.0",
        published="2022-02",
        hub_id="deepmind/code_contests",
        hub_file="data/test-00000-of-00001-9c49eeff30aacaa8.parquet",
        revision="802411c3010cb00d1b05bad57ca77365a3c699d6",
        rows=165,
        columns=("description", "public_tests"),
        prompt=_problem_prompt("description"),
        gold=_rows("contest_tests"),
        solution=_rows("first_solution", "solutions"),
        solution_column="solutions",
        name="name",
    ),
    _suite(
        id="codeforces",
        title="Codeforces: problems whose official tests are whole (Penedo et al. 2025)",
        licence="CC-BY-4.0",
        published="2025-03",
        category="rating",
        hub_id="open-r1/codeforces",
        hub_config="verifiable",
        hub_file="verifiable/test-00000-of-00001.parquet",
        files=("codeforces.jsonl", "test.jsonl", "test.jsonl.gz", "verifiable/test-*.parquet", "test-*.parquet"),
        many=True,
        columns=("description", "official_tests"),
        keep=_rows("is_judged_by_text"),
        prompt=_codeforces_prompt,
        gold=_rows("codeforces_tests"),
        solution=_rows("first_solution", "solution", "solutions"),
        solution_column="solutions",
        name="id",
    ),
)
