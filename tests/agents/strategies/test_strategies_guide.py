"""docs/strategies.md says what is so: its programs run, its table names every strategy."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from assaygym.agents import strategies

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "strategies.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def test_the_programs_of_the_guide_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) >= 7
    assert sum(block.count("assert ") for block in blocks) >= 15
    names: dict[str, Any] = {"__name__": __name__}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec", dont_inherit=True), names)


def test_the_table_names_every_strategy() -> None:
    named = set(re.findall(r"^\| `(\w+)\(", TEXT, re.MULTILINE))
    offered = {name for name in strategies.__all__ if hasattr(getattr(strategies, name), "collect")} - {"Strategy"}
    assert named == offered


def test_the_parameters_of_the_table_are_those_of_the_strategies() -> None:
    for name, given in re.findall(r"^\| `(\w+)\((.*?)\)`", TEXT, re.MULTILINE):
        parameters = list(inspect.signature(getattr(strategies, name)).parameters)
        assert given.split(", ") == parameters[: given.count(",") + 1]


def test_every_public_name_can_be_had() -> None:
    assert all(getattr(strategies, name).__name__ == name for name in strategies.__all__)
    assert set(strategies.__all__) <= set(dir(strategies))
