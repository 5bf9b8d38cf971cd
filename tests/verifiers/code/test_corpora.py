"""Real suites and the sample corpora of attacks and honest programs, in the jail."""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assaygym.sandbox import Sandbox
from assaygym.verifiers.base import judge
from assaygym.verifiers.code import AssertTests, asserts, verify_row

Job = tuple[str, AssertTests, float]


def lines(path: Path) -> Iterator[dict[str, Any]]:
    opened: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    if not path.is_file():
        pytest.skip(f"no sample data at {path}")
    with opened(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def humaneval(shared: Path) -> dict[str, tuple[dict[str, Any], AssertTests]]:
    rows = lines(shared / "suites" / "humaneval" / "HumanEval.jsonl.gz")
    return {
        row["task_id"]: (row, AssertTests(test=row["test"], entry_point=row["entry_point"], prompt=row["prompt"]))
        for row in rows
    }


def mbpp(shared: Path) -> dict[str, tuple[dict[str, Any], AssertTests]]:
    rows = lines(shared / "suites" / "mbpp" / "mbpp.jsonl")
    return {
        row["task_id"]: (row, AssertTests(asserts=tuple(row["test_list"]), setup=row["test_setup_code"]))
        for row in rows
    }


def disagreements(jobs: Iterable[Job], sandbox: Sandbox) -> list[str]:
    """What was not scored as labelled."""
    verifier = asserts(sandbox=sandbox)

    def one(job: Job) -> str | None:
        program, tests, expected = job
        score = judge(lambda text, answer: verifier.run(text, answer).score("binary"), program, tests)
        return None if score.value == expected else f"{tests.entry_point or tests.asserts[0]}: {score.explanation}"

    with ThreadPoolExecutor(4) as pool:
        return [found for found in pool.map(one, jobs) if found is not None]


def every(step: int, jobs: list[Job]) -> list[Job]:
    return jobs[::step]


def canonical(shared: Path) -> list[Job]:
    rows = humaneval(shared).values()
    return [(row["prompt"] + row["canonical_solution"], tests, 1.0) for row, tests in rows]


def empty(shared: Path) -> list[Job]:
    return [(f"{row['prompt']}    pass\n", tests, 0.0) for row, tests in humaneval(shared).values()]


def bodies(shared: Path) -> list[Job]:
    return [(row["canonical_solution"], tests, 1.0) for row, tests in humaneval(shared).values()]


def mutants(shared: Path) -> list[Job]:
    known = humaneval(shared)
    rows = lines(shared / "suites" / "humaneval" / "mutants.jsonl")
    return [(row["program"], known[row["task_id"]][1], row["expected_reward"]) for row in rows]


def mbpp_code(shared: Path) -> list[Job]:
    return [(row["code"], tests, 1.0) for row, tests in mbpp(shared).values()]


def mbpp_mutants(shared: Path) -> list[Job]:
    known = mbpp(shared)
    rows = lines(shared / "suites" / "mbpp" / "mutants.jsonl")
    return [(row["program"], known[row["task_id"]][1], row["expected_reward"]) for row in rows]


SETS = [(canonical, 164), (empty, 164), (bodies, 164), (mutants, 521), (mbpp_code, 974), (mbpp_mutants, 1693)]


@pytest.mark.parametrize(("jobs", "count"), SETS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_sample_of_each_set_is_scored_as_labelled(
    shared: Path, jail: Sandbox, jobs: Callable[[Path], list[Job]], count: int
) -> None:
    sample = every(count // 20, jobs(shared))
    assert len(sample) >= 20
    assert disagreements(sample, jail) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("jobs", "count"), SETS, ids=lambda value: getattr(value, "__name__", ""))
def test_each_set_is_scored_as_labelled(
    shared: Path, jail: Sandbox, jobs: Callable[[Path], list[Job]], count: int
) -> None:
    whole = jobs(shared)
    assert len(whole) == count
    assert disagreements(whole, jail) == []


def filled(text: str, folder: Path) -> str:
    """The line with its placeholders replaced."""
    secret = secrets.token_hex(16)
    (folder / "secret").write_text(secret)
    values = {
        "SECRET_FILE": str(folder / "secret"),
        "SECRET_ENV": "ASSAY_TEST_SECRET",
        "SECRET": secret,
        "TCP_PORT": "9",
        "OUT_DIR": str(folder),
        "MARK": secrets.token_hex(8),
    }
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


@pytest.mark.parametrize("name", ["attacks", "honest"])
def test_attacks_earn_nothing_and_honest_programs_everything(
    shared: Path, jail: Sandbox, tmp_path: Path, name: str
) -> None:
    rows = [json.loads(filled(json.dumps(row), tmp_path)) for row in lines(shared / "code" / f"{name}.jsonl")]
    assert len(rows) >= 10
    for row in rows:
        record = verify_row(row, jail)
        assert (record["id"], record["value"]) == (row["id"], row["expected_reward"]), record["explanation"]
        for after, told in zip(record["after"], row.get("after", ()), strict=True):
            assert after["value"] == told["expected_reward"]
