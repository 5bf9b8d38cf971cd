"""Evaluate a policy on a suite or an environment, and lose nothing.

    target --plan--> (task, sample), ... --minus those already in the folder--> rollout_many --> episodes.jsonl
                                                                                                     |
                                                              summary.json, report.md <-- summarise -+

The same call on the same folder resumes: what has a verdict is not run again, what failed through no fault of the agent
is tried once more, and the last record of a (task, sample) is the one that counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import assaygym
from assaygym.agents.crew import Budget
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.agents.record import trajectory_to_dict
from assaygym.agents.registry import policy_from
from assaygym.agents.workers import EpisodeJob, rollout_many
from assaygym.benchmarks.folder import Plan, RunFolder, open_run
from assaygym.benchmarks.index import IndexedLog, final_records
from assaygym.benchmarks.progress import ProgressCallback, Tally
from assaygym.benchmarks.provenance import prompt_digest
from assaygym.benchmarks.records import EpisodeRecord, Key, judgement, outcome_of
from assaygym.benchmarks.report.plain import write_report
from assaygym.benchmarks.summary import Summary, summarise
from assaygym.benchmarks.targets import Target, find_target
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import ConfigError, RunError
from assaygym.types import StopReason, Trajectory

__all__ = ["RunInterrupted", "evaluate"]

CUT = frozenset({StopReason.MAX_TURNS, StopReason.MAX_TOKENS, StopReason.CONTEXT_OVERFLOW, StopReason.TIMEOUT})


class RunInterrupted(KeyboardInterrupt):
    """Ctrl-C during an evaluation. Every finished episode is kept; `summary` is what there is so far."""

    def __init__(self, summary: Summary) -> None:
        super().__init__(
            f"stopped after {summary.done} of {summary.planned} episodes; "
            f"the same call with the folder {summary.folder} resumes"
        )
        self.summary = summary


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
        policy_label: what to call the policy in the records; its own name when None.
        overwrite: delete the run in `out` instead of resuming it.
        progress: called after each episode with the running counts, from one thread.
        **knobs: further options of an environment.

    Raises:
        ConfigError: no such target or policy, or an option it does not take.
        DataError: a suite's data cannot be used.
        RunError: `out` is in use, or holds another run.
        RunInterrupted: on Ctrl-C, after everything finished was kept.
    """
    if k < 1:
        raise ConfigError(f"k is {k}; expected at least 1 sample of each task")
    if seed < 0:
        raise ConfigError(f"seed is {seed}; expected 0 or more")
    if timeout is not None and not timeout > 0:
        raise ConfigError(f"timeout is {timeout}; expected more than 0 seconds")
    found = find_target(target, data=data, columns=columns, split=split, level=level, knobs=knobs)
    sampling = params or SamplingParams()
    evaluation = _Evaluation(
        target=found,
        plan=Plan(tasks=found.tasks(n, limit, seed), samples=k),
        policy=policy_from(policy, seed=seed) if isinstance(policy, str) else policy,
        label=policy_label or (policy if isinstance(policy, str) else policy.name),
        seed=seed,
        params=sampling if sampling.seed is not None else replace(sampling, seed=seed),
        limits={"timeout": timeout, "max_tokens": max_tokens},
        concurrency=concurrency,
        progress=progress,
    )
    if out is not None:
        return evaluation.run(out, overwrite)
    with tempfile.TemporaryDirectory(prefix="assay-eval-") as scratch:
        return replace(evaluation.run(scratch, overwrite), folder="")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evaluation:
    """The arguments of `evaluate`, resolved."""

    target: Target
    plan: Plan
    policy: Policy
    label: str
    seed: int
    params: SamplingParams
    limits: Mapping[str, float | None]
    concurrency: int
    progress: ProgressCallback | None

    def run(self, out: str | Path, overwrite: bool) -> Summary:
        """Play what is missing in the folder and write its report."""
        interrupted = False
        with open_run(out, self.config(), self.plan, overwrite=overwrite) as run:
            kept = final_records(run.episodes, run.config_hash)
            tally = self._tally(kept)
            try:
                self._play([key for key in self.plan.keys if _missing(kept, key)], run, tally)
            except KeyboardInterrupt:
                interrupted = True
            except BaseException:
                with suppress(RunError):  # a full disk fails this too; what came first says more
                    run.end_attempt(episodes=tally.done - tally.resumed, interrupted=False)
                raise
            run.end_attempt(episodes=tally.done - tally.resumed, interrupted=interrupted)
            records = final_records(run.episodes, run.config_hash)
            summary = summarise(self.target.id, self.label, self.plan, records, str(out))
            write_report(run.path, summary)
        if interrupted:
            raise RunInterrupted(summary)
        return summary

    def config(self) -> dict[str, Any]:
        """All that can change a verdict; another configuration may not share the folder."""
        return {
            "assaygym": assaygym.__version__,
            "target": dict(self.target.config),
            "policy": {"name": self.label},
            "params": {**asdict(self.params), "stop": list(self.params.stop)},
            "seed": self.seed,
            "limits": dict(self.limits),
        }

    def _tally(self, kept: Mapping[Key, EpisodeRecord]) -> Tally:
        tally = Tally(name=self.target.id, planned=len(self.plan.tasks) * self.plan.samples)
        for key in self.plan.keys:
            if not _missing(kept, key):
                tally.add(kept[key], resumed=True)
        return tally

    def _play(self, keys: Sequence[Key], run: RunFolder, tally: Tally) -> None:
        """Play these episodes and write each down as it ends."""
        episodes = rollout_many(
            self.target.make,
            self.policy,
            (self._job(*key) for key in keys),
            concurrency=self.concurrency,
            params=self.params,
            budget=Budget(
                timeout=self.limits["timeout"],
                max_tokens=None if self.limits["max_tokens"] is None else int(self.limits["max_tokens"]),
            ),
        )
        with closing(cast("Generator[tuple[EpisodeJob, Trajectory]]", episodes)), IndexedLog(run.episodes) as log:
            for job, trajectory in episodes:
                record = _record(job, trajectory, run, self.target)
                log.append(record)
                tally.add(record)
                if self.progress is not None:
                    self.progress(tally)

    def _job(self, task: int, sample: int) -> EpisodeJob:
        return EpisodeJob(key=str(task), seed=task, options=self.target.reset_options(task), sample=sample)


def _missing(kept: Mapping[Key, EpisodeRecord], key: Key) -> bool:
    return key not in kept or kept[key].outcome.retried


def _record(job: EpisodeJob, trajectory: Trajectory, run: RunFolder, target: Target) -> EpisodeRecord:
    row = trajectory_to_dict(trajectory)
    return EpisodeRecord(
        task=int(job.key),
        sample=job.sample,
        config=run.config_hash,
        task_id=trajectory.task_id,
        **judgement(trajectory.score, outcome_of(trajectory), trajectory.error),
        category=target.category(int(job.key)),
        prompt=prompt_digest(row),
        truncated=_cut(trajectory),
        attempt=run.attempt,
        trajectory=row,
    )


def _cut(trajectory: Trajectory) -> bool:
    """Whether a limit cut the episode, or one of its turns."""
    return trajectory.stop_reason in CUT or any(turn.completion.finish_reason == "length" for turn in trajectory.turns)
