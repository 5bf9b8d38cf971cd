"""docs/reward-models.md says what is so: its programs run, its tables and lists name what there is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from assaygym import agents, verifiers
from assaygym.verifiers.judges import AGGREGATIONS, SPLITTERS
from assaygym.verifiers.judges.http_reward import Wire

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "reward-models.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def test_its_programs_run_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "*")
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) >= 10
    assert sum(block.count("assert ") for block in blocks) >= 20
    names: dict[str, Any] = {"__name__": "guide"}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec", dont_inherit=True), names)


def test_its_table_names_reward_models_with_their_first_parameters() -> None:
    rows = re.findall(r"^\| `(\w+)\((.*?)\)`", TEXT, re.MULTILINE)
    assert len(rows) == 6
    for name, given in rows:
        made = getattr(verifiers, name, None) or getattr(agents, name)
        assert given.split(", ") == list(inspect.signature(made).parameters)[: given.count(",") + 1]


def test_its_lists_are_whole() -> None:
    splitters, aggregates = re.findall(r"(?:Steps|aggregates) are ((?:`\w+`(?:, | or )?)+)", TEXT)
    assert sorted(re.findall(r"\w+", splitters.replace(" or ", " "))) == sorted(SPLITTERS)
    assert sorted(re.findall(r"\w+", aggregates.replace(" or ", " "))) == sorted(AGGREGATIONS)
    assert all(f'"{wire}"' in TEXT for wire in get_args(Wire) if wire != "plain")
