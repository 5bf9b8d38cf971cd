"""Runs of words that a suite's tasks share with other text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.suites import LoadedSuite, load, suite
from assaygym.benchmarks.suites.overlap import asked, grams, overlap, texts_of

QUESTIONS = [
    "A farmer has twelve red hens and sells four of them to a baker for nine coins each. What is left?",
    "Two trains leave at noon from towns that lie ninety miles apart, at thirty and sixty miles an hour. When is it?",
    "How many?",
]


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedSuite:
    path = tmp_path / "test.jsonl"
    rows = [{"question": text, "answer": f"#### {n}"} for n, text in enumerate(QUESTIONS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load(suite("gsm8k"), path)


def test_the_instructions_of_the_suite_are_no_part_of_a_question(loaded: LoadedSuite) -> None:
    assert asked(loaded) == [text.rstrip("?") for text in QUESTIONS]
    instructions = "Reason step by step. Give the final number alone on the last line, after ####."
    assert (
        overlap(loaded, [instructions, "So: reason step by step give the final number alone on the last line"]).shared
        == ()
    )


def test_a_question_inside_other_text_is_found_whatever_its_case_and_punctuation(loaded: LoadedSuite) -> None:
    text = f"Q: {QUESTIONS[0].upper().replace(' ', '  ')}!! A: 8"
    found = overlap(loaded, ["nothing of the kind", text, text])
    (shared,) = found.shared
    assert (shared.index, shared.place, shared.share, found.texts) == (0, 2, 1.0, 3)
    assert shared.words == "a farmer has twelve red hens and sells four of them to a"


def test_fewer_words_than_a_run_are_no_overlap(loaded: LoadedSuite) -> None:
    part = " ".join(QUESTIONS[1].split()[:12])
    assert overlap(loaded, [part]).shared == ()
    assert len(overlap(loaded, [part], words=5).shared) == 1


def test_a_short_question_is_compared_whole(loaded: LoadedSuite) -> None:
    assert overlap(loaded, ["Well, how many were there then?"]).short == 1
    assert [shared.index for shared in overlap(loaded, ["How many?"]).shared] == [2]


def test_the_text_of_a_row_is_that_of_a_column_or_all_of_it() -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": [{"role": "user", "content": "one"}], "n": 3, "more": {"a": ["two"]}},
        {"prompt": "three"},
    ]
    assert list(texts_of(rows, None)) == ["user\none\ntwo", "three"]
    assert list(texts_of(rows, "more")) == ["two", ""]


@given(st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), max_size=30), st.integers(2, 15))
def test_there_are_as_many_runs_as_places_for_one(words: list[str], length: int) -> None:
    runs = list(grams(" ".join(words), length))
    assert len(runs) == (max(1, len(words) - length + 1) if words else 0)
    assert all(len(run.split()) == min(length, len(words)) for run in runs)
