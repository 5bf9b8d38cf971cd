"""The command, with stubs in the place of measurements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.claims import command
from assaygym.benchmarks.claims.catalogue import CLAIMS
from assaygym.benchmarks.claims.claim import Claim, above, below
from assaygym.benchmarks.claims.command import main


def stub(name: str, gain: float) -> Claim:
    return Claim(
        name=name,
        source="A paper, arXiv 1234.56789",
        says=f"{name} is better.",
        setting="two numbers.",
        checks=(
            above("better", "new", "old"),
            below("cheaper", "new", "old", ratio=True, decides=False),
        ),
        measure=lambda seed, quick: {"new": 1 + gain + seed / 100, "old": 1.0},
    )


@pytest.fixture(autouse=True)
def stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    made = (stub("good", 0.5), stub("bad", -0.5), stub("open", -0.02))
    monkeypatch.setattr(command, "CLAIMS", {claim.name: claim for claim in made})


def told(*arguments: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main([*arguments, "--json", "-"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_all_claims_get_their_verdicts(capsys: pytest.CaptureFixture[str]) -> None:
    found = told("all", capsys=capsys)
    verdicts = {claim["name"]: claim["verdict"] for claim in found["claims"]}
    assert verdicts == {"good": "held", "bad": "did not hold", "open": "undecided"}
    assert found["versions"].keys() == {"python", "assaygym", "torch", "transformers"}
    assert (found["seeds"], found["quick"]) == (5, False)


def test_the_document_holds_every_figure_of_every_seed(capsys: pytest.CaptureFixture[str]) -> None:
    [claim] = told("good", "--seeds", "3", capsys=capsys)["claims"]
    assert claim["figures"]["new"]["values"] == [1.5, 1.51, 1.52]
    assert claim["figures"]["old"] == {"mean": 1.0, "interval": {"low": 1.0, "high": 1.0}, "values": [1.0] * 3}
    better, cheaper = claim["checks"]
    assert better["effect"] == pytest.approx(0.51)
    assert (better["verdict"], better["wanted"], better["decides"]) == ("held", "above 0", True)
    assert (cheaper["verdict"], cheaper["wanted"], cheaper["decides"]) == ("did not hold", "below 1", False)


def test_a_claim_that_does_not_hold_is_shown_so_and_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bad"]) == 0
    said = capsys.readouterr().out
    assert "bad: did not hold" in said
    for text in ("bad is better.", "Source: A paper, arXiv 1234.56789.", "(cheaper)", "x 0.52", "All claims"):
        assert (text in said) == (text != "All claims")


def test_several_claims_end_with_a_table_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["good", "bad", "good", "--quick"]) == 0
    said = capsys.readouterr().out
    assert "All claims" in said
    assert "mean nothing" in said
    assert said.count("good is better.") == 1


def test_one_seed_has_no_interval_and_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    [claim] = told("good", "--seeds", "1", capsys=capsys)["claims"]
    assert claim["verdict"] == "undecided"
    assert claim["checks"][0]["interval"] == {"low": None, "high": None}


def test_finished_pairs_are_found_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = told("good", "--out", str(tmp_path), capsys=capsys)
    second = told("good", "--out", str(tmp_path), capsys=capsys)
    assert first["claims"] == second["claims"]
    assert first["command"][-3:] == [tmp_path.name, "--json", "-"]


def test_the_list_has_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "good          good is better. [A paper, arXiv 1234.56789]"
    assert len(lines) == 3


def test_an_unknown_name_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["goods"]) == 2
    assert "no claim 'goods'; did you mean 'good'" in capsys.readouterr().err


def test_the_catalogue_covers_the_papers() -> None:
    names = "dapo cppo tree_grpo arpo gui_arpo gigpo gmpo gspo ghpo eepo ufo training_free grpo_lambda gfpo step_time"
    assert set(CLAIMS) == {*names.split(), "delta"}
    assert all(claim.name == name for name, claim in CLAIMS.items())
    for claim in CLAIMS.values():
        assert any(check.decides for check in claim.checks)
        assert len({check.says for check in claim.checks}) == len(claim.checks)
