"""Gaps among old objects are filled, so that new ones lie together."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assaygym.sandbox import Sandbox
from assaygym.sandbox.guest import dense

PAGE = 4096
SCATTERED = f"""
import random, sys
sys.path.insert(0, {str(dense.__file__).rpartition("/")[0]!r})
import dense
draw = random.Random(0)
old = [bytes(draw.randrange(480)) for _ in range(200_000)]
old = [one for one in old if draw.random() < 0.9]
{{before}}
new = [bytes(draw.randrange(480)) for _ in range(1_000)]
print(len({{{{id(one) // {PAGE} for one in new}}}}), len(dense._kept))
"""


def pages(before: str) -> tuple[int, int]:
    """How many pages a thousand new objects of all sizes lie on, and how many objects fill gaps."""
    ran = subprocess.run(
        [sys.executable, "-S", "-s", "-B", "-c", SCATTERED.format(before=before)],
        capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "0"}, timeout=60,
    )  # fmt: skip
    found, kept = map(int, ran.stdout.split())
    return found, kept


def test_new_objects_lie_close_together_once_gaps_are_filled() -> None:
    least = 1_000 * 280 // PAGE
    scattered, _ = pages("")
    together, _ = pages("dense.fill_gaps()")
    assert together < 2 * least < scattered


def test_what_was_filled_leaves_little_to_fill() -> None:
    _, first = pages("dense.fill_gaps()")
    _, again = pages("dense.fill_gaps(); dense.fill_gaps()")
    assert again - first < first / 3


def test_memory_managed_in_another_way_is_filled_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[object] = []
    monkeypatch.setattr(dense, "_kept", kept)
    monkeypatch.setattr(dense, "id", lambda one: dense.POOL_HEAD, raising=False)
    dense.fill_gaps()
    assert len(kept) == dense.MOST * dense.LARGEST // dense.STEP


@pytest.mark.parametrize("size", range(dense.STEP, dense.LARGEST + 1, dense.STEP))
def test_what_fills_a_gap_has_its_size(size: int) -> None:
    made = dense._of(size)
    assert size - dense.STEP < made.__sizeof__() <= size


def test_a_program_finds_nothing_of_it(jail: Sandbox) -> None:
    result = jail.run("import gc\nprint(sum(type(one) is list and bytes(479) in one[:1] for one in gc.get_objects()))")
    assert result.stdout == "0\n"
