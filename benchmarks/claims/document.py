"""What was measured as JSON values: the claims with their checks, every figure of every seed, machine and versions."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from assaygym.benchmarks.claims.claim import Check, Claim, t_interval, verdict_of
from assaygym.benchmarks.claims.harness import Pair
from assaygym.benchmarks.speed.document import machine, versions
from assaygym.benchmarks.statistics import as_plain

__all__ = ["document"]


def document(claims: Sequence[Claim], rows: Sequence[Sequence[Pair]], *, seeds: int, quick: bool) -> dict[str, Any]:
    """Everything that the tables show, and the figures of the seeds behind it."""
    found = {name: version for name, version in versions().items() if name in ("python", "assaygym")}
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": found | {name: importlib.metadata.version(name) for name in ("torch", "transformers")},
        "seeds": seeds,
        "quick": quick,
        "claims": [_claim(claim, row) for claim, row in zip(claims, rows, strict=True)],
    }


def _claim(claim: Claim, row: Sequence[Pair]) -> dict[str, Any]:
    figures = [pair.figures for pair in row]
    findings = claim.findings(figures)
    checks = [
        {**as_plain(finding), "wanted": _wanted(check)} for check, finding in zip(claim.checks, findings, strict=True)
    ]
    names = list(figures[0]) if figures else []
    return {
        "name": claim.name,
        "source": claim.source,
        "says": claim.says,
        "setting": claim.setting,
        "verdict": str(verdict_of(findings)),
        "checks": checks,
        "figures": {name: _figure([one[name] for one in figures]) for name in names},
        "cpu_seconds": [pair.cpu_seconds for pair in row],
    }


def _figure(values: Sequence[float]) -> dict[str, Any]:
    mean = fmean(values)
    plain: dict[str, Any] = as_plain({"mean": mean, "interval": t_interval(values), "values": list(values)})
    return plain


def _wanted(check: Check) -> str:
    """The range in words."""
    low = None if check.low == -math.inf else f"{check.low:.3g}"
    high = None if check.high == math.inf else f"{check.high:.3g}"
    if low is None:
        return f"below {high}"
    return f"above {low}" if high is None else f"{low} to {high}"
