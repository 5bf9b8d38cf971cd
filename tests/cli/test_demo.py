"""`assay demo --quick`: every stage, with small numbers."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("transformers", reason="training needs transformers")


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less teaching than even --quick has."""
    from assaygym.agents.recipes import showcase

    monkeypatch.setattr(showcase, "REVERSE", replace(showcase.REVERSE, warm_steps=8))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.mark.usefixtures("brief")
def test_it_measures_trains_and_reports(run: Any, tmp_path: Path) -> None:
    result = run("demo", "--quick", "--json")
    assert result.exit_code == 0
    facts = json.loads(result.stdout)
    assert [row["kind"] for row in facts["environments"]] == ["math", "code", "tool"]
    for row in facts["environments"]:
        if not row["reason"]:
            assert row["scores"]["oracle"].startswith("100.0 %")
            assert row["scores"]["null"].startswith("0.0 %")
    assert facts["before"]["interval"]["low"] <= facts["before"]["mean"] <= facts["before"]["interval"]["high"]
    report = (tmp_path / facts["report"]).read_text()
    for part in ("## Agents without a model", "| before GRPO |", "| after GRPO |", "│"):
        assert part in report
    assert (tmp_path / "runs/demo/train/metrics.jsonl").is_file()
    assert "step 4/4" in result.stderr

    again = run("demo", "--quick", "--seed", "1")
    assert again.exit_code == 0
    assert again.stdout.splitlines()[-2:] == [
        "report: runs/demo/report.md",
        "pages: runs/demo/reports.html, with every episode of the first part",
    ]
    table = (tmp_path / "runs/demo/reports.html").read_text()
    for folder in ("assay-Shop-v0-oracle", "assay-Countdown-v0-null"):
        assert f'"{folder}/report.html"' in table
        assert (tmp_path / "runs/demo" / folder / "report.html").is_file()
    for part in ("oracle", "null", "before GRPO", "after GRPO"):
        assert part in again.stdout


@pytest.mark.usefixtures("brief")
def test_without_jinja2_there_are_no_pages_and_nothing_else_is_missing(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assaygym.benchmarks.report import html
    from assaygym.errors import MissingDependencyError

    def missing() -> Any:
        raise MissingDependencyError.of("jinja2", "eval", "the HTML report")

    monkeypatch.setattr(html, "_environment", missing)
    result = run("demo", "--quick")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "report: runs/demo/report.md")
    assert "needs jinja2" in result.stderr
    assert not list((tmp_path / "runs/demo").rglob("*.html"))


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_what_the_second_half_needs_is_told_before_the_first(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == package else found(name))
    result = run("demo")
    assert (result.exit_code, result.stdout, list(tmp_path.iterdir())) == (2, "", [])
    assert f"needs {package}" in result.stderr
    assert "pip install 'assaygym[train]'" in result.stderr


@pytest.mark.usefixtures("brief")
def test_an_environment_that_cannot_be_isolated_is_told_and_the_rest_goes_on(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from assaygym.benchmarks import runner
    from assaygym.errors import IsolationError

    def refusing(env_id: str, *args: Any, **options: Any) -> Any:
        if "FunctionFromTests" in env_id:
            raise IsolationError("this machine isolates nothing")
        return original(env_id, *args, **options)

    original = runner.evaluate
    monkeypatch.setattr(runner, "evaluate", refusing)
    result = run("demo", "--quick")
    assert "assay/FunctionFromTests-v0 did not run: this machine isolates nothing" in result.stderr
    assert "not run" in result.stdout
    assert "did not run" in (tmp_path / "runs/demo/report.md").read_text()


def test_a_folder_of_something_else_is_not_deleted(run: Any, tmp_path: Path) -> None:
    kept = tmp_path / "mine" / "train" / "thesis.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("precious")
    result = run("demo", "--quick", "--out", "mine")
    assert (result.exit_code, "give another --out" in result.stderr) == (2, True)
    assert kept.read_text() == "precious"
