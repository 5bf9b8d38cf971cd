"""`assay export`: a recorded run as another program's data."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import FOUND_SOMETHING, Json
from assaygym.cli.output import emit_json, say
from assaygym.errors import AssayError, ConfigError, did_you_mean

if TYPE_CHECKING:
    from assaygym.agents.preferences import Counts
    from assaygym.types import ToolSpec

PAIRS, KTO = FORMATS = "pairs", "kto"
THRESHOLD = 0.5


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of an evaluation, or a file of a recording.")],
    to: Annotated[str, typer.Option(metavar="FORMAT", help="pairs (DPO, IPO, SimPO, ORPO, ...) or kto.")],
    out: Annotated[
        Path | None, typer.Option(help="JSON lines, or parquet by its name; standard output without it.")
    ] = None,
    margin: Annotated[float | None, typer.Option(help="For pairs: the gap between rewards, above which; 0.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="For pairs: every pair, not only the best against the worst.")
    ] = False,
    turn_only: Annotated[
        bool, typer.Option("--turn-only", help="For pairs: the turn where two part, not all that follows.")
    ] = False,
    reference: Annotated[
        Path | None, typer.Option(metavar="RUN", help="For pairs: a run on the same tasks to prefer, as the oracle's.")
    ] = None,
    threshold: Annotated[float | None, typer.Option(help=f"For kto: good is a reward above it; {THRESHOLD}.")] = None,
    tools: Annotated[bool, typer.Option(help="With the tools that the agent had, asked of the environment.")] = True,
    json: Json = False,
) -> int:
    """Export a run for TRL's preference trainers. Exit code 1: there was nothing to export, and no file was written."""
    from assaygym.agents.preferences import Counts, label_rows
    from assaygym.agents.preferences_file import write_rows
    from assaygym.agents.preferences_source import Recording

    for_pairs = {"margin": margin is not None, "all": every, "turn-only": turn_only, "reference": reference is not None}
    _check(to, [name for name, given in for_pairs.items() if given], ["threshold"] if threshold is not None else [])
    counts, recording = Counts(), Recording(run)
    _keep_apart(out, recording.files)
    asked = _tools_of if tools else None
    if to == PAIRS:
        rows = _pairs(recording, counts, asked, reference, margin=margin, every=every, turn_only=turn_only)
    else:
        limit = THRESHOLD if threshold is None else threshold
        rows = label_rows(recording, threshold=limit, tools=asked, counts=counts)
    write_rows(rows, out)
    say(_told(counts, recording.torn, to))
    if json and out is not None:
        emit_json({**counts.to_dict(), "torn": recording.torn, "out": str(out)})
    return 0 if counts.rows else FOUND_SOMETHING


def _pairs(recording: Any, counts: Counts, tools: Any, reference: Path | None, **rule: Any) -> Iterator[dict[str, Any]]:
    from assaygym.agents.preferences import PairRule, pair_rows, references_of
    from assaygym.agents.preferences_source import Recording

    references = None if reference is None else references_of(Recording(reference))
    return pair_rows(recording, PairRule(**rule), references=references, tools=tools, counts=counts)


def _check(to: str, for_pairs: list[str], for_kto: list[str]) -> None:
    """Refuse a format that there is not, or an option of the other one.

    Raises:
        ConfigError: as said.
    """
    if to not in FORMATS:
        raise ConfigError(f"--to {to!r} is no format; {did_you_mean(to, FORMATS)}")
    if to == KTO and for_pairs:
        raise ConfigError(f"--{for_pairs[0]} is for --to pairs; kto has --threshold")
    if to == PAIRS and for_kto:
        raise ConfigError(f"--{for_kto[0]} is for --to kto; pairs have --margin")


def _keep_apart(out: Path | None, files: Sequence[Path]) -> None:
    """Raises ConfigError where the file to write is one of those to read."""
    if out is not None and out.exists() and any(out.samefile(file) for file in files):
        raise ConfigError(f"--out {out} is the recording itself, which it would erase; give another --out")


@functools.cache
def _tools_of(env_id: str) -> tuple[ToolSpec, ...]:
    """What the agent may call in this environment; a suite's tasks have no tools.

    Raises:
        ConfigError: it cannot be asked.
    """
    from assaygym.benchmarks.suites import SUITES
    from assaygym.envs.registration import make

    if env_id in SUITES:
        return ()
    try:
        env = make(env_id)
        try:
            return env.tools
        finally:
            env.close()
    except AssayError as error:
        raise ConfigError(
            f"cannot ask {env_id} for the tools that the agent had: {error}; --import the file that defines it, or "
            "--no-tools leaves them out"
        ) from error


def _told(counts: Counts, torn: int, to: str) -> str:
    parts = [
        (counts.invalid, "episodes without a reward (invalid or failed)"),
        (counts.empty, "episodes without an answer"),
        (counts.small, "groups too small"),
        (counts.flat, "groups without a gap"),
        (counts.unmatched, "groups without a reference"),
        (counts.same, "pairs of the same words"),
        (torn, "lines still being written"),
    ]
    left = ", ".join(f"{count} {name}" for count, name in parts if count) or "nothing"
    rows = f"{counts.rows} {to if to == PAIRS else 'answers'}" if counts.rows else "nothing to export, no file written,"
    return f"{rows} from {counts.groups} groups of {counts.episodes} episodes; left out: {left}"
