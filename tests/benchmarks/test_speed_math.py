"""The benchmark of the math verifier: its pairs, its figures, its document, and who takes part."""

import json
import os
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from assaygym.benchmarks.speed import math, math_loop
from assaygym.benchmarks.speed.contender import Absent, WrongResult
from assaygym.benchmarks.speed.math_contest import OURS, PEER, Contestant, Loop, attack, contestants, peer_python
from assaygym.benchmarks.speed.math_pairs import Hostile, Pair, generated, hostile, read_pairs, warm_up
from assaygym.errors import DataError
from assaygym.types import Verdict
from assaygym.verifiers import verify_math

QUICK = ["--rounds", "1", "--count", "30", "--no-peer", "--no-hostile"]


def test_the_generated_mix_is_the_same_each_time_and_half_right() -> None:
    pairs = generated(200)
    assert pairs == generated(200)
    assert pairs != generated(200, seed=1)
    assert sum(pair.expected is True for pair in pairs) == 100
    assert {pair.bare for pair in pairs} == {True, False}


def test_the_labels_of_the_generated_mix_are_right() -> None:
    for pair in generated(300):
        assert verify_math(pair.pred, pair.gold).value == float(pair.expected is True), pair


def test_the_pairs_of_the_warm_up_are_right_and_none_is_measured() -> None:
    assert len(warm_up()) > 40
    assert not set(warm_up()[-3:]) & set(generated(1000))


@pytest.mark.parametrize(
    ("gold", "pred", "plain"),
    [("42", "42", True), ("$1/2$", "0.5", True), ("7", "-8", True), ("x+1", "x+1", True), ("x+1", "1+x", False),
     ("1/2", r"\frac12", False), ("7", r"\boxed{7}", False)],
)  # fmt: skip
def test_plain_pairs_are_text_or_rationals(gold: str, pred: str, plain: bool) -> None:
    assert Pair(gold, pred, True, True).plain is plain


def test_the_peer_gets_dollars_around_golds_and_boxes_around_bare_answers() -> None:
    bare, told = Pair("2", "$x$", True, True), Pair("$2$", "It is $x$", True, False)
    assert (bare.dollars, bare.boxed) == ("$2$", r"\boxed{x}")
    assert (told.dollars, told.boxed) == ("$2$", "It is $x$")


def test_pairs_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    rows = [
        {"gold": "1", "pred": "1", "expected": True, "form": "answer"},
        {"gold": "1", "pred": r"\boxed{2}", "expected": False, "form": "completion"},
        {"gold": "1", "pred": "1.0", "expected": None},
    ]
    file.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    assert read_pairs(str(file)) == [
        Pair("1", "1", True, True), Pair("1", r"\boxed{2}", False, False), Pair("1", "1.0", None, True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line", ["{", '{"gold": "1", "pred": "1"}', '{"gold": 1, "pred": "1", "expected": true}', "[]"]
)
def test_a_line_that_is_no_pair_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"gold": "1", "pred": "1", "expected": true}\n' + line)
    with pytest.raises(DataError, match=r"pairs\.jsonl, line 2"):
        read_pairs(str(file))


def test_a_file_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert math.main([*QUICK, "--pairs", "/no/such/file"]) == 2
    assert "/no/such/file cannot be read" in capsys.readouterr().err


def test_figures_count_errors_by_kind_over_the_labelled_pairs() -> None:
    pairs = [
        Pair("1", text, expected, True) for text, expected in (("1", True), ("x", True), ("y", False), ("z", None))
    ]
    seen = {
        "seconds": [1e-5, 2e-5, 3e-5, 4e-5],
        "verdicts": [True, None, True, True],
        "rss_mb": [10.0, 12.5],
        "peak_mb": 13.0,
    }
    assert math.figures(pairs, seen) == {
        "per_second": 40_000.0, "p50_us": 20.0, "p90_us": 40.0, "p99_us": 40.0, "max_us": 40.0, "plain_p50_us": 10.0,
        "growth_mb": 2.5, "peak_mb": 13.0, "accuracy": 0.3333, "false_accepts": 1, "false_rejects": 1,
    }  # fmt: skip


def test_ratios_are_taken_within_rounds() -> None:
    ours = [{"per_second": 100.0}, {"per_second": 300.0}, {"per_second": 80.0}]
    peer = [{"per_second": 1.0}, {"per_second": 2.0}, {"per_second": 1.0}]
    assert math.ratios({(OURS, 1): ours, (PEER, 1): peer}) == {"1": 100.0}
    assert math.ratios({(OURS, 1): ours}) == {}


def test_the_responses_of_a_group_are_different_texts() -> None:
    assert len(set(math_loop.attempts("x", 8))) == 8
    assert math_loop.attempts("x", 1) == ["x"]


def test_every_gold_is_read_afresh_once_a_group() -> None:
    seen: list[str] = []
    grader = (
        lambda gold: seen.append(f"read {gold}"),
        lambda gold, pred: seen.append(pred),
        lambda: seen.append("forget"),
        2,
    )
    seconds, verdict = math_loop.timed(grader, ["a", "b", "c", "d"], 2)
    assert seen == ["forget", "read c", "d", " d"]
    assert seconds > 0
    assert verdict is None
    seen.clear()
    math_loop.timed(grader, ["a", "b", "c", "d"], 0)
    assert seen == ["read c", "d"]


class OwnLimit(BaseException):
    """As Math-Verify's time limit is none of Exception."""


@pytest.mark.parametrize("error", [ValueError, OwnLimit])
def test_a_verifier_that_raises_has_given_no_verdict(error: type[BaseException]) -> None:
    def judge(gold: str, pred: str) -> bool:
        raise error

    assert math_loop.timed((str, judge, lambda: None, 0), ["1", "1", "1", "1"], 1)[1] is None


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A real measurement of this package alone."""
    file = tmp_path_factory.mktemp("speed") / "math.json"
    assert math.main([*QUICK, "--json", str(file)]) == 0
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_the_document_has_a_row_for_each_group_and_nothing_of_this_machine(measured: dict[str, Any]) -> None:
    assert [(row["verifier"], row["group"]) for row in measured["rows"]] == [(OURS, 0), (OURS, 1), (OURS, 8)]
    for row in measured["rows"]:
        assert 0 < row["p50_us"] <= row["p99_us"] <= row["max_us"]
        assert row["accuracy"] == 1.0
    assert measured["pairs"] == {"count": 30, "plain": measured["pairs"]["plain"], "labelled": 30}
    assert {"python", "assaygym"} <= set(measured["versions"])
    assert measured["command"][-2:] == ["--json", "math.json"]
    assert os.sep + "work" not in json.dumps(measured)


def test_the_tables_tell_both_verifiers_and_what_hostile_pairs_did(measured: dict[str, Any]) -> None:
    rows = [*measured["rows"], {**measured["rows"][0], "verifier": PEER}]
    attacked = math._attack(
        [{"kind": "towers", "seconds": 2.0, "killed": True, "growth_mb": None, "executed": True, "accepted": False}]
    )
    console = Console(width=220, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    math.show({**measured, "rows": rows, "ratios": {"1": 250.0}, "hostile": {PEER: attacked}}, console)
    console.file.close()
    told = console.export_text()
    assert all(
        word in told for word in ("assaygym, 8 a gold", "250.0 times", "hostile: math-verify", "towers", "plain p50 us")
    )


def test_json_alone_is_printed_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert math.main([*QUICK, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["verifier"] == OURS


@pytest.mark.alone
def test_hostile_pairs_cost_us_little_and_run_nothing() -> None:
    some = [item for item in hostile() if item.kind in ("injection", "undefined", "factorials")]
    rows = attack(contestants(None, max(os.sched_getaffinity(0)))[0], some, str)
    assert len(rows) == len(some) > 20
    assert not any(row["executed"] or row["killed"] or row["accepted"] for row in rows)
    assert max(row["seconds"] for row in rows) < 5.0


def test_what_a_hostile_pair_runs_is_seen(tmp_path: Path) -> None:
    program = tmp_path / "loop.py"
    program.write_text(
        "import json, sys, pathlib\nprint('{\"versions\": {}}', flush=True)\n"
        "for line in sys.stdin:\n"
        "    pairs = json.loads(line)['pairs']\n"
        "    if pairs[0][1].startswith('/'): pathlib.Path(pairs[0][1]).touch()\n"
        "    if pairs[0][1] == 'end': raise SystemExit\n"
        "    print(json.dumps({'seconds': [0.1], 'verdicts': [True], 'rss_mb': [1, 2], 'peak_mb': 5}), flush=True)\n"
    )
    one = Contestant("fake", (sys.executable, "-I", str(program)))
    rows = attack(one, [Hostile("a", "1", "MARK"), Hostile("a", "1", "end"), Hostile("a", "1", "2")], str)
    assert [row["executed"] for row in rows] == [True, False, False]
    assert [row["killed"] for row in rows] == [False, True, False]
    assert [row["accepted"] for row in rows] == [True, False, True]
    assert rows[0]["growth_mb"] == 4.0


def test_an_interpreter_without_the_peer_is_told(tmp_path: Path) -> None:
    lacking = Contestant(
        PEER, (sys.executable, "-I", "-S", math_loop.__file__, PEER, str(max(os.sched_getaffinity(0))))
    )
    with pytest.raises(Absent, match="math-verify is not installed"):
        Loop(lacking, str(tmp_path))
    with pytest.raises(Absent, match="does not start"):
        Loop(Contestant(PEER, ("/no/such/python",)), str(tmp_path))


def test_a_loop_that_overstays_is_ended(tmp_path: Path) -> None:
    program = tmp_path / "loop.py"
    program.write_text("import sys\nprint('{\"versions\": {}}', flush=True)\nsys.stdin.read()")
    loop = Loop(Contestant("slow", (sys.executable, "-I", str(program))), str(tmp_path))
    with pytest.raises(WrongResult, match=r"took over 0\.2 s"):
        loop.ask([("1", "1", "1", "1")], seconds=0.2)


def test_a_peer_that_cannot_be_installed_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def bare(folder: str, with_pip: bool) -> None:
        Path(folder, "bin").mkdir()
        Path(folder, "bin", "python").write_text("#!/bin/sh\necho no index >&2\nexit 1\n")
        Path(folder, "bin", "python").chmod(0o755)

    monkeypatch.setattr(venv, "create", bare)
    assert math.main(["--rounds", "1", "--count", "5"]) == 2
    assert "failed: no index" in capsys.readouterr().err


def test_an_interpreter_that_is_given_is_used_as_it_is() -> None:
    with peer_python("/some/python") as python:
        assert contestants(python, 0)[1].command[0] == "/some/python"


def test_undecided_is_no_verdict_of_ours() -> None:
    _, judge, forget, place = math_loop.ours()
    forget()
    assert place == 0
    assert verify_math("???", "42").verdict is not Verdict.CORRECT
    assert judge("42", r"\boxed{42}") is True
    assert judge("42", r"\boxed{43}") is False
