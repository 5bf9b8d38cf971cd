"""Tables of pairs, one module a kind in `pairs/`: every pair of SAME is right, no pair of DIFFERENT is."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from assaygym.types import Verdict
from assaygym.verifiers import verify_math

TABLES = {path.stem: path for path in sorted((Path(__file__).parent / "pairs").glob("*.py"))}


def pairs(kind: str, name: str) -> list[tuple[str, str]]:
    table: list[tuple[str, str]] = runpy.run_path(str(TABLES[kind]))[name]
    return table


def wrong(rows: list[tuple[str, str]], right: bool) -> list[str]:
    scores = [(gold, pred, verify_math(pred, gold)) for gold, pred in rows]
    return [
        f"gold {gold!r}, pred {pred!r}: {score.value} ({score.explanation})"
        for gold, pred, score in scores
        if (score.verdict is Verdict.CORRECT) != right
    ]


@pytest.mark.parametrize("kind", TABLES)
def test_the_same_object_in_another_notation_is_right(kind: str) -> None:
    failed = wrong(pairs(kind, "SAME"), True)
    assert not failed, "\n".join([f"{len(failed)} wrongly refused", *failed])


@pytest.mark.parametrize("kind", TABLES)
def test_a_near_miss_is_wrong(kind: str) -> None:
    failed = wrong(pairs(kind, "DIFFERENT"), False)
    assert not failed, "\n".join([f"{len(failed)} wrongly accepted", *failed])


def test_there_are_two_thousand_pairs_of_fifty_kinds() -> None:
    counts = [len(pairs(kind, name)) for kind in TABLES for name in ("SAME", "DIFFERENT")]
    assert len(TABLES) >= 50
    assert min(counts) >= 3
    assert sum(counts) >= 2000
