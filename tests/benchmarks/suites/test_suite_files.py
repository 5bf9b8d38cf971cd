"""A suite's files: known by their digests once they were fetched, several of them, rows of some days."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import assaygym as ag
from assaygym.benchmarks.runner import evaluate
from assaygym.benchmarks.suites import load, register, suite
from assaygym.benchmarks.suites.files import digest_of, recorded
from assaygym.envs import registration
from assaygym.errors import ConfigError, DataError

GSM = [{"question": "What is 6 * 7?", "answer": "6 * 7 = 42\n#### 42"}]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(registration, "_specs", dict(registration._specs))  # what is registered here is gone after


def written(path: Path, rows: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def hub(monkeypatch: pytest.MonkeyPatch, files: dict[str, Path]) -> list[Any]:
    asked: list[Any] = []

    def download(repo: str, name: str, *, repo_type: str, revision: str | None) -> str:
        asked.append((name, revision))
        return str(files[name])

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=download))
    return asked


def test_a_file_that_changes_after_it_was_first_fetched_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared, path = suite("gsm8k"), written(tmp_path / "test.jsonl", GSM)
    hub(monkeypatch, {declared.hub_file: path})
    load(declared)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert recorded() == {f"{declared.hub_id}@{declared.revision}/{declared.hub_file}": digest}
    written(path, [{**GSM[0], "answer": "#### 43"}])
    with pytest.raises(DataError, match=rf"has {digest}: the file was changed or is damaged"):
        load(declared)


def test_a_file_with_another_digest_than_declared_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "test.jsonl", [{"id": "0", "problem": "p", "answer": "7"}])
    hub(monkeypatch, {"test.jsonl": path})
    with pytest.raises(DataError, match=r"has b4e273c0.*changed or is damaged"):
        load(suite("aime25"))


def test_where_the_cache_cannot_be_written_data_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    hub(monkeypatch, {suite("gsm8k").hub_file: written(tmp_path / "test.jsonl", GSM)})
    assert len(load(suite("gsm8k")).definition.rows) == 1
    assert recorded() == {}


def test_of_an_unpinned_suite_the_commit_that_was_found_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    path = written(tmp_path / "snapshots" / commit / "test.jsonl", [{"question": "q", "answer": "4.5e33"}])
    asked = hub(monkeypatch, {"test.jsonl": path})
    loaded = load(suite("minerva"))
    assert asked == [("test.jsonl", None)]
    assert loaded.source == f"math-ai/minervamath@{commit}"


def test_the_subjects_of_math_are_fetched_and_read_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = suite("math")
    assert len(declared.hub_files) == 7
    files = {
        name: written(tmp_path / f"{place}.jsonl", [{"problem": f"P{place}", "solution": rf"So $\boxed{{{place}}}$."}])
        for place, name in enumerate(declared.hub_files)
    }
    hub(monkeypatch, files)
    loaded = load(declared)
    assert [loaded.definition.row_task(index).answer for index in range(7)] == [str(number) for number in range(7)]
    assert loaded.sha256 == digest_of(list(files.values()))
    env = loaded.definition.make(split="all")
    env.reset(options={"index": 3})
    assert env.step(env.oracle_action())[1] == 1.0


@pytest.mark.parametrize(
    ("name", "row", "right", "wrong"),
    [
        ("aime25", {"id": "1", "problem": "p", "answer": "336^\\circ"}, "336", "33"),
        ("aime25", {"id": 1, "problem": "p", "answer": 70}, "070", "71"),
        ("minerva", {"question": "q", "answer": "4.5e33"}, r"4.49 \times 10^{33}", "4.5e32"),
        ("minerva", {"question": "q", "answer": r"\frac{1}{2}x"}, "0.5x", "x"),
        ("gsm_hard", {"input": "q", "code": "", "target": -9867630.0}, "-9,867,630", "9867630"),
        ("gsm_hard", {"input": "q", "code": "", "target": 0.25}, "1/4", "0.26"),
        ("math", {"problem": "p", "solution": r"$\boxed{1}$, no: $\boxed{\frac{3}{4}}$"}, "0.75", "1"),
    ],
)
def test_a_gold_is_judged_by_the_rules_of_its_suite(
    tmp_path: Path, name: str, row: dict[str, Any], right: str, wrong: str
) -> None:
    definition = load(suite(name), written(tmp_path / "test.jsonl", [row])).definition
    gold = definition.row_task(0).answer
    assert definition.score(rf"\boxed{{{right}}}", gold).value == 1.0
    assert definition.score(rf"\boxed{{{wrong}}}", gold).value == 0.0
    assert evaluate(name, "oracle", data=tmp_path / "test.jsonl").counts["correct"] == 1


@pytest.mark.parametrize(
    ("name", "row", "reason"),
    [
        ("math", {"problem": "p", "solution": "No box."}, "row 1: column 'solution' has no box"),
        ("aime25", {"problem": "p", "answer": "none"}, "row 1: column 'answer' has no integer"),
    ],
)
def test_a_row_without_a_gold_is_refused(tmp_path: Path, name: str, row: dict[str, Any], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        load(suite(name), written(tmp_path / "test.jsonl", [row]))


def live(day: str) -> dict[str, Any]:
    cases = json.dumps([{"input": "1", "output": "1", "testtype": "stdin"}])
    return {"question_id": day, "question_content": "q", "public_test_cases": cases, "private_test_cases": "[]",
            "contest_date": f"{day}T00:00:00"}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "days"),
    [
        ({}, ["2023-05-07", "2024-08-17", "2025-01-04"]),
        ({"after": "2024-08-17"}, ["2024-08-17", "2025-01-04"]),
        ({"before": "2024-08"}, ["2023-05-07"]),
        ({"after": "2024", "before": "2025"}, ["2024-08-17"]),
    ],
)
def test_rows_of_some_days_are_selected(tmp_path: Path, options: dict[str, str], days: list[str]) -> None:
    path = written(tmp_path / "test.jsonl", [live(day) for day in ("2023-05-07", "2024-08-17", "2025-01-04")])
    rows = load(suite("livecodebench"), path, options=options).definition.rows
    assert [row["question_id"] for row in rows] == days
    with pytest.raises(DataError, match="no row is left"):
        load(suite("livecodebench"), path, options={"after": "2030"})
    with pytest.raises(ConfigError, match="takes no sooner; it takes after, before"):
        load(suite("livecodebench"), path, options={"sooner": "2030"})


def test_rows_of_codeforces_that_need_more_than_text_are_left_out(tmp_path: Path) -> None:
    row: dict[str, Any] = {
        "id": "1/A", "description": "Double it.", "input_format": "n", "output_format": "2n", "time_limit": 2.0,
        "memory_limit": 256.0, "input_mode": "stdio", "official_tests": [{"input": "2", "output": "4"}],
        "official_tests_complete": True, "generated_checker": None, "examples": [{"input": "1", "output": "2"}],
    }  # fmt: skip
    others: list[dict[str, Any]] = [{"generated_checker": "code"}, {"official_tests": []}, {"input_mode": "file"}]
    rows = [row, *({**row, **other} for other in others), {**row, "official_tests_complete": False}]
    definition = load(suite("codeforces"), written(tmp_path / "test.jsonl", rows)).definition
    assert len(definition.rows) == 1
    tests = definition.row_task(0).answer
    assert (tests.cpu_seconds, tests.memory_bytes, len(tests.cases)) == (2.0, 256_000_000, 1)
    assert "Example\n\n```\n1\n```" in definition.row_task(0).prompt[-1].content


@pytest.mark.parametrize(
    ("name", "row", "category"),
    [
        ("math500", {"problem": "p", "answer": "1", "subject": "Algebra"}, "Algebra"),
        ("math500", {"problem": "p", "answer": "1"}, None),
        ("gsm8k", GSM[0], None),
    ],
)
def test_a_task_knows_the_category_of_its_row(
    tmp_path: Path, name: str, row: dict[str, Any], category: str | None
) -> None:
    task = load(suite(name), written(tmp_path / "test.jsonl", [row])).definition.row_task(0)
    assert task.metadata.get("category") == category


def test_a_registered_suite_is_an_environment_with_splits(tmp_path: Path) -> None:
    rows = [{"question": f"What is {n} + 0?", "answer": f"#### {n}"} for n in range(30)]
    name = register(suite("gsm8k"), written(tmp_path / "test.jsonl", rows))
    assert name == "suite/gsm8k-v0"
    seen = {}
    for split in ("train", "eval"):
        env = ag.make(name, split=split)
        seen[split] = {env.reset(seed=seed)[0] for seed in range(30)}
        assert env.step(env.oracle_action())[1] == 1.0
    assert not seen["train"] & seen["eval"]
    assert len(seen["train"] | seen["eval"]) == 30
