"""The command: which claims, how many seeds, where finished pairs go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from assaygym.benchmarks.claims.catalogue import CLAIMS
from assaygym.benchmarks.claims.document import document
from assaygym.benchmarks.claims.harness import PairLog, measured
from assaygym.benchmarks.claims.table import show
from assaygym.benchmarks.speed.script import run_script
from assaygym.benchmarks.speed.terminal import positive, progress
from assaygym.errors import ConfigError, did_you_mean

__all__ = ["main", "take"]

PROG = "python -m assaygym.benchmarks.claims"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code: 0 whatever the verdicts, 2 where something could not be measured."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "list" in given:
        for claim in CLAIMS.values():
            print(f"{claim.name:<14}{claim.says} [{claim.source}]")
        return 0
    return run_script(given, _parser(), take, show, files=("--out",))


def take(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the options ask for; returns the document.

    Raises:
        ConfigError: no such claim.
        RunError: the folder cannot be used.
    """
    names = list(CLAIMS) if "all" in options.claims else list(dict.fromkeys(options.claims))
    for name in names:
        if name not in CLAIMS:
            raise ConfigError(f"no claim {name!r}; {did_you_mean(name, CLAIMS)}")
    claims = [CLAIMS[name] for name in names]
    log = PairLog(options.out)
    with progress(len(claims) * options.seeds, lines=200) as tell:
        rows = measured(claims, range(options.seeds), log, quick=options.quick, tell=partial(tell))
    return document(claims, rows, seeds=options.seeds, quick=options.quick)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description="Claims of papers, measured in miniature.")
    parser.add_argument("claims", nargs="+", metavar="NAME", help="claims; all of them: all; what there is: list")
    parser.add_argument("--seeds", type=positive, default=5, help="(%(default)s)")
    parser.add_argument("--quick", action="store_true", help="sizes for tests; the figures mean nothing")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where finished pairs are kept, and found again")
    parser.add_argument("--json", metavar="FILE", help="write every figure there; - prints them instead of the tables")
    return parser
