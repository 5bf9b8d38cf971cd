"""`assay compare`: a gate between two runs that tells what it compared."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def runs(run: Any) -> Any:
    """Runs of twenty tasks each: `null`, `oracle` and `again`, the oracle once more."""
    for name, policy in (("null", "null"), ("oracle", "oracle"), ("again", "oracle")):
        run("eval", "assay/Reverse-v0", "--policy", policy, "-n", "20", "--out", name)
    return run


def test_the_better_run_is_named_with_the_evidence(runs: Any) -> None:
    result = runs("compare", "null", "oracle")
    assert result.exit_code == 0
    for part in ("B - A: +100.0 points", "solved by A only 0, B only 20", "p < 0.001", "oracle is better than null"):
        assert part in result.stdout
    assert result.stderr == ""


def test_a_significant_loss_is_exit_code_1_and_a_tie_is_not(runs: Any) -> None:
    assert runs("compare", "oracle", "null").exit_code == 1
    tie = runs("compare", "oracle", "again")
    assert (tie.exit_code, "no detectable difference" in tie.stdout) == (0, True)


def test_json_is_the_whole_comparison(runs: Any) -> None:
    found = json.loads(runs("compare", "null", "oracle", "--json").stdout)
    assert (found["result"]["tasks"], found["significant"], found["reading"]) == (20, True, "strict")
    assert (
        json.loads(runs("compare", "null", "oracle", "--reading", "lenient", "--json").stdout)["reading"] == "lenient"
    )


def test_only_so_many_flips_are_listed(runs: Any) -> None:
    assert "only B: seed 0, seed 1 and 18 more" in runs("compare", "null", "oracle", "--flips", "2").stdout


def test_other_tasks_and_prompts_are_refused_until_they_are_allowed(runs: Any) -> None:
    runs("eval", "assay/Reverse-v0", "--policy", "oracle", "-n", "5", "--level", "2", "--out", "other")
    refused = runs("compare", "oracle", "other")
    assert refused.exit_code == 2
    assert "allow tasks, prompts" in refused.stderr
    allowed = runs("compare", "oracle", "other", "--allow", "tasks,prompts")
    assert "compared although they differ: another prompt for 5 tasks" in allowed.stdout
    assert runs("compare", "oracle", "other", "--allow", "tasks", "--allow", "prompts").exit_code == 0


def test_a_run_of_an_earlier_version_is_told_and_refused(runs: Any, tmp_path: Path) -> None:
    path = tmp_path / "again/run.json"
    document = json.loads(path.read_text())
    del document["config"]["target"]["verifier"]
    path.write_text(json.dumps(document))
    result = runs("compare", "oracle", "again")
    assert result.exit_code == 2
    assert "note: again does not record its verifier" in result.stderr
    assert "unknown in again; allow verifier" in result.stderr


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("compare", "oracle", "nowhere"), "holds no run"),
        (("compare", "oracle", "null", "--allow", "prompt"), "did you mean 'prompts'"),
        (("compare", "oracle", "null", "--reading", "strikt"), "did you mean 'strict'"),
        (("compare", "oracle", "null", "--confidence", "95"), "between 0 and 1"),
    ],
)
def test_what_cannot_be_compared_is_told_in_a_sentence(runs: Any, args: tuple[str, ...], sentence: str) -> None:
    result = runs(*args)
    assert (result.exit_code, sentence in result.stderr) == (2, True)
