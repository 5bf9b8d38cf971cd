"""`assay eval`: a policy on a suite or an environment."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import FOUND_SOMETHING, Json, Level, Seed, Settings, assignments, import_code, slug, typed
from assaygym.cli.output import console, emit_json, say, show_table
from assaygym.errors import ConfigError

if TYPE_CHECKING:
    from assaygym.agents.openai_usage import Prices
    from assaygym.agents.policy import Policy
    from assaygym.benchmarks.limits import RunLimits, Used
    from assaygym.benchmarks.summary import Summary

WEIGHTS = ("hf", "vllm")
"""Policies that load a model."""


def evaluate(
    targets: Annotated[
        list[str], typer.Argument(metavar="SUITE|ID...", help="A suite (gsm8k, ...) or an environment; or several.")
    ],
    policy: Annotated[str, typer.Option(help="Who plays: oracle, null, random, hf:PATH, openai:MODEL, ...")],
    n: Annotated[
        int | None, typer.Option("-n", help="Tasks: all of a suite, 100 of an environment without it.")
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Samples of each task.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the run; runs/TARGET-POLICY without it. Of several: one in it for each."),
    ] = None,
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
    limit_time: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begin no episode after 600, 10m, 2h; again to go on.")
    ] = None,
    limit_tokens: Annotated[
        int | None, typer.Option(help="Begin no episode after so many tokens, fed and sampled, of the whole run.")
    ] = None,
    limit_cost: Annotated[
        float | None, typer.Option(help="Begin no episode after this cost of the whole run, nor if it will be higher.")
    ] = None,
    price: Annotated[
        str | None,
        typer.Option(metavar="IN,OUT[,CACHED]", help="Dollars for a million tokens fed, sampled, fed from a cache."),
    ] = None,
    min_score: Annotated[float | None, typer.Option(help="Exit code 1 if a score is below this.")] = None,
    base_url: Annotated[str | None, typer.Option(help="The server of openai:MODEL.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Delete the run that is in the folder.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Play nothing: tell the plan and an estimate.")] = False,
    json: Json = False,
) -> int:
    """Evaluate a policy; the same command again resumes.

    Exit code 1: an episode has no verdict through our fault, a limit ended the run, or a score is below --min-score.
    """
    from assaygym.benchmarks.limits import RunLimits, seconds_of
    from assaygym.benchmarks.report.plain import print_summary

    if len(targets) > 1 and (data is not None or column):
        raise ConfigError(f"--data and --map are of one suite, and there are {len(targets)} targets; give one")
    limits = RunLimits(
        time=None if limit_time is None else seconds_of(limit_time), tokens=limit_tokens, cost=limit_cost
    )
    names = [_named(target) for target in targets]
    knobs = assignments(settings, own=("level", "split"))
    player = _player(policy, base_url, seed, price, dry_run=dry_run)
    arguments = [
        {
            "target": name,
            "policy": player,
            "out": _folder(out, name, policy, several=len(names) > 1),
            "n": n,
            "k": k,
            "limit": limit,
            "data": data,
            "columns": {key: str(value) for key, value in assignments(column).items()},
            "split": _usable_split(name, split, {"level": level, **knobs}, seed) if data is None else "eval",
            "level": level,
            "seed": seed,
            "params": _sampling(temperature, max_tokens),
            "concurrency": concurrency,
            "timeout": timeout,
            "policy_label": policy,
            "overwrite": overwrite,
            **knobs,
        }
        for name in names
    ]
    if dry_run:
        return _tell_plans(arguments, limits, json=json)
    summaries = _played(arguments, limits)
    if json:
        emit_json([each.to_dict() for each in summaries] if len(names) > 1 else summaries[0].to_dict())
    else:
        for summary in summaries:
            print_summary(summary, console())
    return _exit_code(summaries, min_score, len(names))


def _played(arguments: list[dict[str, Any]], limits: RunLimits) -> list[Summary]:
    """One run after the other, until a limit ends one; the limits are of all of them together."""
    from assaygym.benchmarks.limits import Used
    from assaygym.benchmarks.progress import ProgressDisplay
    from assaygym.benchmarks.runner import evaluate

    used, started, summaries = Used(), time.monotonic(), list[Any]()
    with ProgressDisplay() as progress:
        for each in arguments:
            left = _left(limits, used, time.monotonic() - started if summaries else 0.0)
            if left is None:
                break
            summaries.append(evaluate(**each, **left, progress=progress))
            if summaries[-1].ended_by:
                break
            if progress.tally is not None and progress.tally.spending is not None:
                used += progress.tally.spending.before + progress.tally.spending.now
    return summaries


def _left(limits: RunLimits, used: Used, seconds: float) -> dict[str, Any] | None:
    """The limits of the next run; None where an earlier one has used one up."""
    spent = {"time": seconds, "tokens": used.tokens, "cost": used.cost}
    left = {name: None if limit is None else limit - spent[name] for name, limit in asdict(limits).items()}
    if any(value is not None and value <= 0 for value in left.values()):
        return None
    return {f"limit_{name}": value for name, value in left.items()}


def _exit_code(summaries: list[Summary], min_score: float | None, wanted: int) -> int:
    """0 when all is as it was asked for; what is not is said."""
    code = 0
    for summary in summaries:
        mean = summary.score.mean
        if lacks_verdicts(summary):
            code = FOUND_SOMETHING
        if min_score is not None and not mean >= min_score:
            say(f"{summary.target}: the score is {mean:.4g}, below --min-score {min_score:g}")
            code = FOUND_SOMETHING
    if any(summary.ended_by for summary in summaries) or len(summaries) < wanted:
        say(f"what was done is kept; this goes on, with a higher limit of tokens or cost: {typed()}")
        code = FOUND_SOMETHING
    return code


def _tell_plans(arguments: list[dict[str, Any]], limits: RunLimits, *, json: bool) -> int:
    from assaygym.benchmarks.runner import preview

    given = {f"limit_{name}": limit for name, limit in asdict(limits).items()}
    plans = [preview(**each, **given) for each in arguments]
    if json:
        emit_json([plan.to_dict() for plan in plans] if len(plans) > 1 else plans[0].to_dict())
        return 0
    for plan in plans:
        show_table(("", "nothing is played: this is what would be"), plan.rows())
    return 0


def _named(target: str) -> str:
    """The name of the target, its code imported."""
    code, _, name = target.rpartition(":")
    if code:
        import_code(code)
    return name


def _folder(out: Path | None, name: str, policy: str, *, several: bool) -> Path:
    if out is None:
        return Path("runs") / f"{slug(name)}-{slug(policy)}"
    return out / slug(name) if several else out


def _player(policy: str, base_url: str | None, seed: int, price: str | None, *, dry_run: bool) -> Policy:
    """The policy; where nothing is played and it has weights to load, one that stands for it."""
    from assaygym.agents.registry import policy_from

    kind = policy.partition(":")[0]
    if price is not None and kind != "openai":
        raise ConfigError(f"--price {price} with --policy {policy}; only openai:MODEL is paid by the token")
    if dry_run and kind in WEIGHTS:
        return policy_from("null")
    return policy_from(policy, base_url=base_url, seed=seed, **({} if price is None else {"prices": _prices(price)}))


def _prices(text: str) -> Prices:
    from assaygym.agents.openai_usage import Prices

    try:
        prompt, completion, *cached = map(float, text.split(","))
        (cache,) = cached or (None,)
    except ValueError:
        raise ConfigError(
            f"--price {text}; expected IN,OUT or IN,OUT,CACHED per million tokens, such as 0.5,2"
        ) from None
    return Prices(prompt=prompt, completion=completion, cached=cache)


def lacks_verdicts(summary: Summary) -> bool:
    """Whether an episode has no verdict, and the agent is not to blame."""
    return bool(summary.counts["invalid"] or summary.counts["error"])


def _sampling(temperature: float, max_tokens: int) -> Any:
    from assaygym.agents.policy import SamplingParams

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
