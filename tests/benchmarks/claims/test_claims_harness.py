"""Measuring pair by pair: what is finished is kept, found again, and never mixed with what is not the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assaygym.benchmarks.claims.claim import Claim, below
from assaygym.benchmarks.claims.harness import FILE, PairLog, measured
from assaygym.errors import RunError


class Bench:
    """Counts which seeds are measured; the figure is a tenth of the seed."""

    def __init__(self) -> None:
        self.seeds: list[int] = []
        self.fault_at: int | None = None

    def __call__(self, seed: int, quick: bool) -> dict[str, float]:
        if seed == self.fault_at:
            raise RuntimeError("the machine was switched off")
        self.seeds.append(seed)
        return {"a": seed / 10, "quick": quick}


def claim(measure: Callable[[int, bool], dict[str, float]], name: str = "stub") -> Claim:
    check = below("less", "a", 9.0)
    return Claim(name=name, source="s", says="It is so.", setting="t", checks=(check,), measure=measure)


def run(claims: list[Claim], folder: Path | None, *, seeds: int = 3, quick: bool = False) -> list[list[float]]:
    rows = measured(claims, range(seeds), PairLog(folder), quick=quick, tell=lambda done, text: None)
    return [[pair.figures["a"] for pair in row] for row in rows]


def test_every_claim_is_measured_with_every_seed() -> None:
    first, second = Bench(), Bench()
    assert run([claim(first), claim(second, "other")], None) == [[0.0, 0.1, 0.2]] * 2
    assert first.seeds == second.seeds == [0, 1, 2]


def test_an_ended_run_goes_on_where_it_was(tmp_path: Path) -> None:
    bench = Bench()
    bench.fault_at = 2
    with pytest.raises(RuntimeError, match="switched off"):
        run([claim(bench)], tmp_path)
    bench.fault_at = None
    assert run([claim(bench)], tmp_path, seeds=4) == [[0.0, 0.1, 0.2, 0.3]]
    assert bench.seeds == [0, 1, 2, 3]


def test_a_line_torn_by_a_crash_is_measured_again(tmp_path: Path) -> None:
    bench = Bench()
    run([claim(bench)], tmp_path)
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-20])
    assert run([claim(bench)], tmp_path) == [[0.0, 0.1, 0.2]]
    assert bench.seeds == [0, 1, 2, 2]
    assert run([claim(bench)], tmp_path) == [[0.0, 0.1, 0.2]]
    assert bench.seeds == [0, 1, 2, 2]
    assert [json.loads(line)["seed"] for line in path.read_bytes().splitlines() if line.endswith(b"}")] == [0, 1, 2]


def test_figures_of_another_rule_or_size_are_not_taken(tmp_path: Path) -> None:
    bench = Bench()
    run([claim(bench)], tmp_path, seeds=1)
    run([claim(bench)], tmp_path, seeds=1, quick=True)
    run([replace(claim(bench), setting="another")], tmp_path, seeds=1)
    assert bench.seeds == [0, 0, 0]
    run([claim(bench)], tmp_path, seeds=1)
    assert bench.seeds == [0, 0, 0]


def test_progress_counts_pairs(tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    claims = [claim(Bench()), claim(Bench(), "other")]
    measured(claims, range(2), PairLog(None), quick=False, tell=lambda done, text: told.append((done, text)))
    assert told == [(1, "stub, seed 0"), (2, "stub, seed 1"), (3, "other, seed 0"), (4, "other, seed 1")]


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="give another --out"):
        PairLog(tmp_path / "file")
