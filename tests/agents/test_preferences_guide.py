"""docs/preferences.md says what is so: its programs and commands run, its tables hold."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import assaygym.agents.preferences
from assaygym.cli import app

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "preferences.md"
TEXT = GUIDE.read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_its_commands_and_programs_run_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(sh|python)\n(.*?)```", TEXT, re.DOTALL)
    assert [language for language, _ in blocks] == ["sh", "python", "python", "sh", "python"]
    names = {"__name__": "guide"}
    for language, block in blocks:
        if language == "python":
            exec(compile(block, str(GUIDE), "exec", dont_inherit=True), names)
            continue
        for line in block.splitlines():
            _, *args = shlex.split(line)
            assert CliRunner().invoke(app, args, catch_exceptions=False).exit_code == 0, line


def test_its_columns_are_those_of_the_module() -> None:
    documented = [line for line in str(assaygym.agents.preferences.__doc__).splitlines() if line.startswith("|")]
    assert "\n".join(documented) in TEXT


def test_its_losses_are_losses_of_trl() -> None:
    trl: Any = importlib.import_module("trl")
    known = trl.DPOConfig.__dataclass_fields__["loss_type"].metadata["help"]
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and "`DPOTrainer`" in line]
    named = {loss for row in rows for loss in re.findall(r'"(\w+)"', row)}
    assert {"sigmoid", "ipo"} <= named
    assert [loss for loss in named if f"`'{loss}'`" not in known] == []
