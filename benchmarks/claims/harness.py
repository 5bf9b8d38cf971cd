"""Measures claims seed by seed. Each finished pair is one JSON line, so that an ended run goes on where it was."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assaygym.benchmarks.claims.claim import Claim
from assaygym.errors import RunError

__all__ = ["FILE", "Pair", "PairLog", "measured"]

FILE = "pairs.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The figures of one claim and one seed."""

    claim: str
    key: str
    seed: int
    quick: bool
    figures: dict[str, float]
    cpu_seconds: float
    """Of this process; what a claim before it had warmed up counts there."""


class PairLog:
    """The finished pairs of a folder; without one, those of this process.

    Raises:
        RunError: the folder cannot be written.
    """

    def __init__(self, folder: Path | None) -> None:
        self.path = None if folder is None else folder / FILE
        self.known: dict[tuple[str, str, int, bool], Pair] = {}
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lines = self.path.read_bytes().splitlines() if self.path.exists() else []
        except OSError as error:
            raise RunError(f"cannot use {self.path}: {error.strerror}; give another --out") from error
        for pair in filter(None, map(_pair, lines)):
            self.known[_place(pair)] = pair

    def add(self, pair: Pair) -> None:
        """Write one whole line to disk; a line torn by a crash is closed off first."""
        self.known[_place(pair)] = pair
        if self.path is None:
            return
        with self.path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(json.dumps(asdict(pair), allow_nan=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def measured(
    claims: Sequence[Claim], seeds: Iterable[int], log: PairLog, *, quick: bool, tell: Callable[[int, str], None]
) -> list[list[Pair]]:
    """The pairs of each claim, in the order of the seeds; those that the log has are not measured again.

    Args:
        claims: which.
        seeds: of each.
        log: where finished pairs go.
        quick: at the size for tests.
        tell: told how many pairs are done, and what was done last.
    """
    wanted, rows = list(seeds), list[list[Pair]]()
    for number, claim in enumerate(claims):
        row: list[Pair] = []
        for seed in wanted:
            known = log.known.get((claim.name, claim.key, seed, quick))
            row.append(known or _measure(claim, seed, quick, log))
            tell(number * len(wanted) + len(row), f"{claim.name}, seed {seed}")
        rows.append(row)
    return rows


def _measure(claim: Claim, seed: int, quick: bool, log: PairLog) -> Pair:
    started = time.process_time()
    figures = {name: float(value) for name, value in claim.measure(seed, quick).items()}
    spent = time.process_time() - started
    pair = Pair(claim=claim.name, key=claim.key, seed=seed, quick=quick, figures=figures, cpu_seconds=round(spent, 2))
    log.add(pair)
    return pair


def _place(pair: Pair) -> tuple[str, str, int, bool]:
    return pair.claim, pair.key, pair.seed, pair.quick


def _pair(line: bytes) -> Pair | None:
    try:
        return Pair(**json.loads(line))
    except (ValueError, TypeError):
        return None  # torn by a crash; the pair is measured again
