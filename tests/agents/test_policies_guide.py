"""docs/policies.md says what is so: its programs and commands run, its tables hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import assaygym.agents.parquet
from assaygym.agents.registry import policy_from
from assaygym.agents.templates import History
from assaygym.agents.tiny import tiny_tokenizer
from assaygym.cli import app

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def rows(title: str) -> list[list[str]]:
    """The cells of the table whose first column has this title."""
    table = GUIDE[GUIDE.index(f"| {title} |") :].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()[2:]]


def test_its_programs_run_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    programs = blocks("python")
    assert len(programs) >= 6
    exec(compile("\n".join(programs), "policies.md", "exec"), {"__name__": "guide"})


def test_its_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_tokenizer().save_pretrained(tmp_path / "tiny-model")
    monkeypatch.chdir(tmp_path)
    commands = [line.split() for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 3
    for _, *args in commands:
        here = ["tiny-model" if arg.startswith("Qwen/") else arg for arg in args]  # nothing is fetched from the Hub
        assert CliRunner().invoke(app, here, catch_exceptions=False).exit_code == 0


def test_its_policies_are_those_that_have_the_name() -> None:
    for spec, made, _ in rows("`--policy`"):
        if not spec.startswith("`scripted:"):
            assert type(policy_from(spec.strip("`"))).__name__.removesuffix("Policy") in made


def test_its_histories_are_all_there_are() -> None:
    assert [row[0].strip("`") for row in rows("history")] == list(History)


def test_its_columns_are_those_of_the_module() -> None:
    documented = [line for line in str(assaygym.agents.parquet.__doc__).splitlines() if line.startswith("|")]
    assert "\n".join(documented) in GUIDE
