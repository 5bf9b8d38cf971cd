"""docs/reports.md says what is so: its commands run in its order, its keys are those of the page."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from assaygym.benchmarks.report.html import TEMPLATES

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")


def test_the_commands_of_the_guide_run_one_after_the_other(run: Any, tmp_path: Path) -> None:
    commands = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
    assert len(commands) == 12
    for line in commands:
        result = run(*shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.stderr)
    made = ("a/report.html", "b/report.html", "reports.html", "a/rescored.html", "a.json", "episodes.csv")
    assert [name for name in made if not (tmp_path / "runs" / name).is_file()] == []


def test_the_keys_of_the_guide_are_those_of_the_page() -> None:
    (keys,) = re.findall(r"const KEYS = \[(.*?)\];", (TEMPLATES / "app.js").read_text(), re.DOTALL)
    ours = {key for each in re.findall(r'\["([^"]+)",', keys) for key in each.split(", ")} - {"Esc"}
    assert set(re.findall(r"`(.)`", "".join(re.findall(r"^\| `.*", TEXT, re.MULTILINE)))) == ours
