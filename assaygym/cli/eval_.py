"""`assay eval`: a policy on a suite or an environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import FOUND_SOMETHING, Json, Level, Seed, Settings, assignments, import_code, slug
from assaygym.cli.output import console, emit_json, say

if TYPE_CHECKING:
    from assaygym.benchmarks.summary import Summary


def evaluate(
    target: Annotated[str, typer.Argument(metavar="SUITE|ID", help="A suite (gsm8k, ...) or an environment.")],
    policy: Annotated[str, typer.Option(help="Who plays: oracle, null, random, hf:PATH, openai:MODEL, ...")],
    n: Annotated[
        int | None, typer.Option("-n", help="Tasks: all of a suite, 100 of an environment without it.")
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Samples of each task.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; runs/TARGET-POLICY without it.")] = None,
    data: Annotated[Path | None, typer.Option(help="A suite's file or folder; the Hub without it.")] = None,
    column: Annotated[
        list[str] | None, typer.Option("--map", metavar="NAME=COLUMN", help="A suite's column under another name.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many tasks.")] = None,
    seed: Seed = 0,
    split: Annotated[
        str | None,
        typer.Option(help="Of an environment: train, eval, all. Eval without it, or all where eval is empty."),
    ] = None,
    level: Level = None,
    settings: Settings = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Episodes at once.")] = 8,
    temperature: Annotated[float, typer.Option(help="Of the sampling; 0 is greedy.")] = 1.0,
    max_tokens: Annotated[int, typer.Option(help="Longest answer of one turn, in tokens.")] = 1024,
    timeout: Annotated[float | None, typer.Option(help="Seconds of one episode.")] = None,
    base_url: Annotated[str | None, typer.Option(help="The server of openai:MODEL.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Delete the run that is in the folder.")] = False,
    json: Json = False,
) -> int:
    """Evaluate a policy; the same command again resumes. Exit code 1: an episode has no verdict through our fault."""
    from assaygym.agents.registry import policy_from
    from assaygym.benchmarks.progress import ProgressDisplay
    from assaygym.benchmarks.report.plain import print_summary
    from assaygym.benchmarks.runner import evaluate

    code, _, name = target.rpartition(":")
    if code:
        import_code(code)
    knobs = assignments(settings, own=("level", "split"))
    player = policy_from(policy, base_url=base_url, seed=seed)
    used = _usable_split(name, split, {"level": level, **knobs}, seed) if data is None else "eval"
    with ProgressDisplay() as progress:
        summary = evaluate(
            name,
            player,
            out=out or Path("runs") / f"{slug(name)}-{slug(policy)}",
            n=n,
            k=k,
            limit=limit,
            data=data,
            columns={key: str(value) for key, value in assignments(column).items()},
            split=used,
            level=level,
            seed=seed,
            params=_sampling(temperature, max_tokens),
            concurrency=concurrency,
            timeout=timeout,
            policy_label=policy,
            overwrite=overwrite,
            progress=progress,
            **knobs,
        )
    if json:
        emit_json(summary.to_dict())
    else:
        print_summary(summary, console())
    return FOUND_SOMETHING if lacks_verdicts(summary) else 0


def lacks_verdicts(summary: Summary) -> bool:
    """Whether an episode has no verdict, and the agent is not to blame."""
    return bool(summary.counts["invalid"] or summary.counts["error"])


def _sampling(temperature: float, max_tokens: int) -> Any:
    from assaygym.agents.policy import SamplingParams
    from assaygym.errors import ConfigError

    try:
        return SamplingParams(temperature=temperature, max_tokens=max_tokens)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _usable_split(name: str, split: str | None, options: dict[str, Any], seed: int) -> str:
    """The split to evaluate on: the one asked for; else `eval`, or `all` with a word about it where `eval` is empty.

    One task of an environment is posed, so that a task that cannot be posed is told before a run is begun.

    Raises:
        AssayError: it cannot be made or posed.
    """
    from assaygym.envs.registration import all_specs, make
    from assaygym.errors import EmptySplitError

    chosen = split or "eval"
    if name not in {spec.id for spec in all_specs()}:
        return chosen
    env = make(name, split=chosen, **{key: value for key, value in options.items() if value is not None})
    try:
        env.reset(seed=seed)
    except EmptySplitError:
        if split is not None:
            raise
        say(f"{name} has too few prompts for an eval split of its own: evaluating on all of them")
        return _usable_split(name, "all", options, seed)
    finally:
        env.close()
    return chosen
