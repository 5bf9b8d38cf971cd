"""Evaluate a policy on a suite or an environment, and lose nothing.

    target --plan--> (task, sample), ... --minus those already in the folder--> play --> episodes.jsonl
                                                                                               |
                                                        summary.json, report.md <-- summarise -+

The same call on the same folder resumes: what has a verdict is not run again, what failed through no fault of the agent
is tried once more, and the last record of a (task, sample) is the one that counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from assaygym.agents.openai_usage import MeteredPolicy
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.agents.registry import policy_from
from assaygym.benchmarks.evaluation import EstimateOverLimit, Evaluation, RunInterrupted
from assaygym.benchmarks.folder import Plan
from assaygym.benchmarks.limits import RunLimits
from assaygym.benchmarks.preview import Preview
from assaygym.benchmarks.progress import ProgressCallback
from assaygym.benchmarks.summary import Summary
from assaygym.benchmarks.targets import find_target
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import ConfigError

__all__ = ["EstimateOverLimit", "RunInterrupted", "evaluate", "preview"]


def evaluate(
    target: str | TaskDefinition,
    policy: Policy | str,
    *,
    out: str | Path | None = None,
    n: int | None = None,
    k: int = 1,
    limit: int | None = None,
    data: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    split: str = "eval",
    level: int | None = None,
    seed: int = 0,
    params: SamplingParams | None = None,
    concurrency: int = 8,
    timeout: float | None = None,
    max_tokens: int | None = None,
    limit_time: float | None = None,
    limit_tokens: int | None = None,
    limit_cost: float | None = None,
    policy_label: str | None = None,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
    **knobs: Any,
) -> Summary:
    """Play `k` samples of each of `n` tasks and summarise; resumes the run in `out` if there is one.

    Args:
        target: a suite (`gsm8k`, `math500`, `humaneval`), an environment's id, or a task definition.
        policy: who plays, or its name as `policy_from` takes it.
        out: folder of the run; None keeps no records.
        n: tasks; None is the whole suite, or 100 of an environment.
        k: samples of each task.
        limit: at most so many tasks, whatever `n` says.
        data: file or folder of a suite's data; the Hub when None.
        columns: the data's own name for each suite column that is called otherwise there.
        split: of an environment. A suite is always whole.
        level: difficulty of an environment.
        seed: of the sampling, and the first task's seed in an environment.
        params: how to sample; its seed, when None, is `seed`. Each (task, sample) has a seed of its own.
        concurrency: episodes at once. Changes no verdict.
        timeout: seconds of each episode.
        max_tokens: sampled tokens of each episode.
        limit_time: seconds of this start, after which no further episode begins; `Summary.ended_by` says so. Those
            under way end by themselves. The same call resumes, as with the next two.
        limit_tokens: fed and sampled tokens of the whole run, as far as the policy reports them.
        limit_cost: of the whole run, for a policy with prices. The rest is not begun either if it would cost more by
            what the first few episodes cost, which are kept.
        policy_label: what to call the policy in the records; its own name when None.
        overwrite: delete the run in `out` instead of resuming it.
        progress: called after each episode with the running counts, from one thread; a `Display` hears of more.
        **knobs: further options of an environment.

    Raises:
        ConfigError: no such target or policy, or an option it does not take.
        DataError: a suite's data cannot be used.
        RunError: `out` is in use, or holds another run.
        EstimateOverLimit: the rest would cost more than `limit_cost`, after everything finished was kept.
        RunInterrupted: on Ctrl-C, likewise.
    """
    evaluation = _prepared(
        target,
        policy,
        n=n,
        k=k,
        limit=limit,
        data=data,
        columns=columns,
        split=split,
        level=level,
        seed=seed,
        params=params,
        concurrency=concurrency,
        timeout=timeout,
        max_tokens=max_tokens,
        limit_time=limit_time,
        limit_tokens=limit_tokens,
        limit_cost=limit_cost,
        policy_label=policy_label,
        progress=progress,
        **knobs,
    )
    if out is not None:
        return evaluation.run(out, overwrite)
    with tempfile.TemporaryDirectory(prefix="assay-eval-") as scratch:
        return replace(evaluation.run(scratch, overwrite), folder="")


def preview(
    target: str | TaskDefinition,
    policy: Policy | str,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    **options: Any,
) -> Preview:
    """What `evaluate` with the same arguments would play, where, and what that would roughly take; nothing is played.

    Raises:
        ConfigError, DataError, RunError: as `evaluate`; a run that another process writes is only looked at.
    """
    return _prepared(target, policy, **options).preview(None if overwrite else out, out)


def _prepared(
    target: str | TaskDefinition,
    policy: Policy | str,
    *,
    n: int | None = None,
    k: int = 1,
    limit: int | None = None,
    data: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    split: str = "eval",
    level: int | None = None,
    seed: int = 0,
    params: SamplingParams | None = None,
    concurrency: int = 8,
    timeout: float | None = None,
    max_tokens: int | None = None,
    limit_time: float | None = None,
    limit_tokens: int | None = None,
    limit_cost: float | None = None,
    policy_label: str | None = None,
    progress: ProgressCallback | None = None,
    **knobs: Any,
) -> Evaluation:
    """The arguments of `evaluate`, checked and resolved."""
    if k < 1:
        raise ConfigError(f"k is {k}; expected at least 1 sample of each task")
    if seed < 0:
        raise ConfigError(f"seed is {seed}; expected 0 or more")
    if timeout is not None and not timeout > 0:
        raise ConfigError(f"timeout is {timeout}; expected more than 0 seconds")
    found = find_target(target, data=data, columns=columns, split=split, level=level, knobs=knobs)
    player = policy_from(policy, seed=seed) if isinstance(policy, str) else policy
    if limit_cost is not None and not (isinstance(player, MeteredPolicy) and player.meter.prices is not None):
        raise ConfigError(
            f"limit_cost is {limit_cost} and the prices of {player.name} are not known; give a policy with "
            "prices=Prices(prompt=..., completion=...), on the command line --price PROMPT,COMPLETION"
        )
    sampling = params or SamplingParams()
    return Evaluation(
        target=found,
        plan=Plan(tasks=found.tasks(n, limit, seed), samples=k),
        policy=player,
        label=policy_label or (policy if isinstance(policy, str) else policy.name),
        seed=seed,
        params=sampling if sampling.seed is not None else replace(sampling, seed=seed),
        limits={"timeout": timeout, "max_tokens": max_tokens},
        run_limits=RunLimits(time=limit_time, tokens=limit_tokens, cost=limit_cost),
        concurrency=concurrency,
        progress=progress,
    )
