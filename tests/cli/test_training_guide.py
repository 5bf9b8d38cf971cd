"""docs/training.md says what is so: its programs run, its table names every part."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import torch

from assaygym.agents.parts.registry import PARTS
from assaygym.agents.recipes import RECIPES

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "training.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def test_the_programs_of_the_guide_run() -> None:
    torch.set_num_threads(1)
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, Any] = {"__name__": __name__}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec", dont_inherit=True), names)


@pytest.mark.parametrize("slot", PARTS)
def test_the_table_names_every_part_of_a_slot(slot: str) -> None:
    (row,) = re.findall(rf"^\| {slot} \|.*$", TEXT, re.MULTILINE)
    assert set(re.findall(r"\w+", row.split("|")[3])) >= set(PARTS[slot])


def test_every_recipe_that_is_named_is_there() -> None:
    named = re.findall(r"`?assay (?:train|recipes) (\w+)(?: (\w+))?", TEXT)
    known = {*RECIPES, "training_free_grpo", ""}
    assert {name for pair in named for name in pair} <= known


def test_the_commands_of_the_first_screen_run(run: Any) -> None:
    (commands,) = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in commands.splitlines():
        words = shlex.split(line, comments=True)[1:]
        if words[0] == "train":
            words = [*words, "--warm-start", "0", "--steps", "1", "--set", "filters=none"]
        result = run(*words)
        assert result.exit_code == 0, (line, result.stderr)
