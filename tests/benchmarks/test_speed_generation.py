"""The measurement of generation: who is compared with whom, and that all do the same work."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from assaygym.benchmarks.speed import generation
from assaygym.benchmarks.speed.generation_field import WAVES, Contender, _count, even, ragged
from assaygym.errors import RunError


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """The measurement sets one thread for the whole process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_everybody_generates_as_many_tokens_as_were_asked_for() -> None:
    assert [one.run() for one in even(None, 3, 5)] == [15, 15, 15]


def test_lengths_that_differ_are_the_same_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.benchmarks.speed.generation_field.LENGTHS", (2, 9))
    tokens = {one.run() for one in ragged(None, 2)}
    assert len(tokens) == 1
    assert WAVES * 2 * 2 < tokens.pop() < WAVES * 2 * 9


def test_an_answer_that_is_too_short_is_no_measurement() -> None:
    answers = [argparse.Namespace(token_ids=(1, 2)), argparse.Namespace(token_ids=(1,))]
    with pytest.raises(RunError, match="2 completions of 3 tokens; expected 2 of 4"):
        _count(answers, [2, 2])


def test_ratios_are_taken_within_a_round_and_their_median_counts() -> None:
    field = [
        Contender(name="raw", about="", run=lambda: 1),
        Contender(name="ours", about="", run=lambda: 1, against="raw"),
    ]
    rounds = {
        "raw": [{"per_second": rate, "per_cpu_second": rate} for rate in (10.0, 100.0, 20.0)],
        "ours": [{"per_second": rate, "per_cpu_second": 2 * rate} for rate in (20.0, 100.0, 30.0)],
    }
    assert generation.ratios(field, rounds) == {"ours": {"per_second": 1.5, "per_cpu_second": 3.0}}


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contenders that do nothing, by the names that goals are set for."""

    def named(*names: str) -> Any:
        def make(*_: Any) -> list[Contender]:
            fast = [Contender(name=name, about="x", run=lambda: 8, against=f"raw {names[0]}") for name in names]
            return [Contender(name=f"raw {names[0]}", about="x", run=lambda: 8), *fast]

        return make

    monkeypatch.setattr(generation, "even", named("policy, one call", "policy, 64 threads"))
    monkeypatch.setattr(generation, "ragged", named("policy, lengths differ"))


def test_the_document_says_what_was_run_and_which_goals_are_met(
    two: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "found.json"
    assert generation.main(["--rounds", "2", "--json", str(path)]) == 0
    found = json.loads(path.read_text())
    assert found["command"][2:] == ["assaygym.benchmarks.speed.generation", "--rounds", "2", "--json", "found.json"]
    assert {"torch", "transformers", "python"} <= set(found["versions"])
    assert [goal["contender"] for goal in found["goals"]] == list(generation.GOALS)
    for goal in found["goals"]:
        assert goal["met"] == (goal["ratio"] >= goal["wanted"])
    shown = capsys.readouterr().out
    assert shown.count("times, at least") == 3
    assert str(tmp_path) not in path.read_text()


def test_json_alone_is_printed_for_a_dash(two: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert generation.main(["--rounds", "1", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["rounds"] == 1


def test_a_model_that_is_not_there_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert generation.main(["--model", "./no/such/folder"]) == 2
    assert "cannot load the model './no/such/folder'" in capsys.readouterr().err
