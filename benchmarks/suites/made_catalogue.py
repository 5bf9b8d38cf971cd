"""Suites that are made here and need no download: mixtures of the built-in environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from assaygym.benchmarks.suites.declaration import Row, Suite
from assaygym.benchmarks.suites.mixture import Member, fixed_rows, fresh_rows, mixture

__all__ = ["MADE_SUITES"]

VERSION = 1
"""Part of the seeds. To be raised when an environment below changes the tasks of its seeds."""
COUNT = 300

MATH = (
    Member("assay/ChainSum-v0", (1, 3, 5)),
    Member("assay/WordProblem-v0", (1, 3, 5)),
    Member("assay/Countdown-v0", (1, 2, 3)),
)
CODE = (
    Member("assay/FunctionFromTests-v0", (0, 2, 4)),
    Member("assay/OutputPrediction-v0", (0, 2, 4)),
    Member("assay/InputPrediction-v0", (0, 2, 4)),
    Member("assay/StdinStdout-v0", (0, 2, 4)),
    Member("assay/JsonTransform-v0", (0, 2, 4)),
    Member("assay/Regex-v0", (0, 2, 4)),
)
TOOLS = (
    Member("assay/Shop-v0", (0, 1, 2, 3, 4)),
    Member("assay/Calculator-v0", (1, 2, 3, 4)),
    Member("assay/PythonCalc-v0", (0, 1, 2, 3, 4)),
)


def _pair(
    name: str, title: str, kind: Literal["math", "code", "tool"], members: Sequence[Member], requires: tuple[str, ...]
) -> tuple[Suite, Suite]:
    """A suite of fixed seeds, and the one of seeds that nobody has seen."""

    def fixed(options: Mapping[str, Any]) -> list[Row]:
        return fixed_rows(members, COUNT, VERSION)

    def fresh(options: Mapping[str, Any]) -> list[Row]:
        assert isinstance(options, dict)  # it takes the entropy that is drawn
        return fresh_rows(members, COUNT, options)

    def suite(suffix: str, of: str, made: Any, options: tuple[str, ...]) -> Suite:
        return Suite(
            id=f"{name}{suffix}",
            title=f"{title}, {of}",
            kind=kind,
            licence="Apache-2.0",
            published="",
            files=("test.jsonl",),
            rows=COUNT,
            columns=("env", "level", "seed"),
            made=made,
            define=mixture,
            options=options,
            requires=requires,
        )

    return (
        suite("", f"version {VERSION}", fixed, ()),
        suite("-fresh", "drawn anew for each run", fresh, ("entropy",)),
    )


MADE_SUITES = (
    *_pair("assay-math", "Sums, word problems and countdowns", "math", MATH, ()),
    *_pair("assay-code", "Functions, programs, predictions and regular expressions", "code", CODE, ("sandbox",)),
    *_pair("assay-tools", "A shop, a calculator and a Python tool", "tool", TOOLS, ("sandbox",)),
)
