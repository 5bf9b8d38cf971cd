"""`assay compare`: two recorded runs over the same tasks, with the statistics of pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assaygym.cli.command import FOUND_SOMETHING, Json
from assaygym.cli.output import emit_json, say
from assaygym.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from assaygym.benchmarks.compare import Comparison

STRICT = "strict"
READINGS = (STRICT, "lenient")


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="The folder of the run that differences start from.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The folder of the other run.")],
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT", help="What may differ: prompts, tasks, verifier; several with commas."),
    ] = None,
    reading: Annotated[
        str, typer.Option(help="strict: the format is required; lenient: the answer, however it is written.")
    ] = STRICT,
    confidence: Annotated[float, typer.Option(help="Of the intervals; tests are at one less it.")] = 0.95,
    flips: Annotated[int, typer.Option(min=0, help="Names of tasks listed that only one run solved.")] = 20,
    json: Json = False,
) -> int:
    """Compare two runs, task by task. Exit code 1: B is worse than A, significantly, or no task has a score in both."""
    from assaygym.benchmarks import compare as comparing
    from assaygym.benchmarks.recorded import load_run, run_pair

    if reading not in READINGS:
        raise ConfigError(f"--reading {reading!r} is no reading; {did_you_mean(reading, READINGS)}")
    if not 0 < confidence < 1:
        raise ConfigError(f"--confidence is {confidence}; expected a number between 0 and 1, such as 0.95")
    runs = load_run(a), load_run(b)
    for gap in (gap for run in runs for gap in run.gaps()):
        say(f"note: {gap}")
    found = comparing.compare(
        *run_pair(*runs),
        allow=[name.strip() for given in allow or () for name in given.split(",")],
        reading="strict" if reading == STRICT else "lenient",
        confidence=confidence,
    )
    if json:
        emit_json(found.as_dict())
    else:
        print("\n".join(comparing.comparison_lines(found, flips)))
    return FOUND_SOMETHING if _is_worse(found) else 0


def _is_worse(found: Comparison) -> bool:
    """Whether a gate between two runs should close: B lost to A, or there was nothing to judge it by."""
    return not found.result.tasks or (found.significant and found.result.difference < 0)
