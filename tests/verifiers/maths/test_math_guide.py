"""docs/math.md says what is so: its programs run, its tables hold."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from assaygym.verifiers import verify_math
from assaygym.verifiers.maths.policy import PRESETS, MathPolicy

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "math.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def table(header: str) -> list[tuple[str, ...]]:
    """The cells of the table under this header, without their backticks."""
    lines = TEXT.split(header + "\n", 1)[1].splitlines()[1:]
    rows = lines[: next(i for i, line in enumerate(lines) if not line.startswith("|"))]
    return [tuple(cell.strip().strip("`") for cell in row.strip("| ").split(" | ")) for row in rows]


def option(written: str) -> dict[str, Any]:
    name, _, value = written.partition("=")
    return {name: ast.literal_eval(value)}


PAIRS = table("| gold | answer | verdict |")
OPTIONS = table("| option | gold | answer |")


def test_the_programs_of_the_guide_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) >= 7
    assert sum(block.count("assert ") for block in blocks) >= 12
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), names)


@pytest.mark.parametrize(("gold", "answer", "verdict"), PAIRS)
def test_the_pairs_of_the_guide_are_judged_so(gold: str, answer: str, verdict: str) -> None:
    assert verdict in ("same", "different")
    assert (verify_math(rf"\boxed{{{answer}}}", gold).value == 1.0) is (verdict == "same")


@pytest.mark.parametrize(("written", "gold", "answer"), OPTIONS)
def test_an_option_of_the_guide_lets_its_answer_pass(written: str, gold: str, answer: str) -> None:
    assert verify_math(rf"\boxed{{{answer}}}", gold).value == 0.0
    assert verify_math(rf"\boxed{{{answer}}}", gold, policy=MathPolicy.of(**option(written))).value == 1.0


def test_the_guide_names_every_option_and_preset() -> None:
    named = {name for written, *_ in OPTIONS for name in option(written)} | {"list_order", "units", "strict_format"}
    assert named == set(MathPolicy.__dataclass_fields__)
    assert [name for name, _ in table("| preset | for |")] == list(PRESETS)
