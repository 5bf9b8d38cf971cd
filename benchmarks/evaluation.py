"""One evaluation, its arguments resolved: what is missing is played and written down, and why it ended.

Where the policy has prices and nothing is known yet, a few tasks spread over the plan are played first; what they cost
is the ground of the estimate for the rest, and they are part of the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import assaygym
from assaygym.agents.crew import Budget
from assaygym.agents.openai_usage import MeteredPolicy, Prices, Usage
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.agents.record import trajectory_to_dict
from assaygym.agents.workers import EpisodeJob
from assaygym.benchmarks.estimate import RunEstimate, from_episodes
from assaygym.benchmarks.folder import Plan, RunFolder, config_hash, open_run, peek
from assaygym.benchmarks.index import IndexedLog, final_records
from assaygym.benchmarks.limits import RunLimits, Spending, Used, money, used_before
from assaygym.benchmarks.preview import FEW, Preview, guess, spread
from assaygym.benchmarks.progress import Display, ProgressCallback
from assaygym.benchmarks.provenance import prompt_digest
from assaygym.benchmarks.records import EpisodeRecord, Key, judgement, outcome_of
from assaygym.benchmarks.report.plain import write_report
from assaygym.benchmarks.scrub import scrubbed
from assaygym.benchmarks.summary import Summary, summarise
from assaygym.benchmarks.tally import Tally
from assaygym.benchmarks.targets import Target
from assaygym.benchmarks.watch import Played, WatchedPolicy, play
from assaygym.errors import RunError
from assaygym.types import StopReason, Trajectory

__all__ = ["EstimateOverLimit", "Evaluation", "RunInterrupted"]

CUT = frozenset({StopReason.MAX_TURNS, StopReason.MAX_TOKENS, StopReason.CONTEXT_OVERFLOW, StopReason.TIMEOUT})


class RunInterrupted(KeyboardInterrupt):
    """Ctrl-C during an evaluation. Every finished episode is kept; `summary` is what there is so far."""

    def __init__(self, summary: Summary) -> None:
        super().__init__(
            f"stopped after {summary.done} of {summary.planned} episodes; "
            f"the same call with the folder {summary.folder} resumes"
        )
        self.summary = summary


class EstimateOverLimit(RunError):
    """What is left would cost more than the limit of the run; every finished episode is kept."""


@dataclass(slots=True, kw_only=True)
class _Start:
    """One start of a run."""

    run: RunFolder
    kept: Mapping[Key, EpisodeRecord]
    todo: Sequence[Key]
    spending: Spending
    tally: Tally
    why: str = "done"
    refused: EstimateOverLimit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The arguments of `evaluate`, resolved."""

    target: Target
    plan: Plan
    policy: Policy
    label: str
    seed: int
    params: SamplingParams
    limits: Mapping[str, float | None]
    """Of an episode."""
    run_limits: RunLimits
    concurrency: int
    progress: ProgressCallback | None

    def run(self, out: str | Path, overwrite: bool) -> Summary:
        """Play what is missing in the folder and write its report.

        Raises:
            EstimateOverLimit, RunInterrupted, RunError: as `evaluate`.
        """
        used = self._usage()
        with open_run(out, self.config(), self.plan, overwrite=overwrite) as run:
            start = self._start(run)
            try:
                self._play(start)
            except KeyboardInterrupt:
                start.why = "interrupted"
            except EstimateOverLimit as error:
                start.why, start.refused = "estimate", error
            except BaseException:
                start.why = "error"
                with suppress(RunError):  # a full disk fails this too; what came first says more
                    self._end(start, used)
                raise
            self._end(start, used)
            summary = self._summary(start, out)
            write_report(run.path, summary)
        if start.refused is not None:
            raise start.refused
        if start.why == "interrupted":
            raise RunInterrupted(summary)
        return summary

    def preview(self, kept_in: str | Path | None, out: str | Path | None) -> Preview:
        """What `run` would do.

        Args:
            kept_in: the folder whose episodes would be kept; None keeps none.
            out: where it would be written.

        Raises:
            RunError: as `run`.
        """
        config = scrubbed(self.config())
        log = None if kept_in is None else peek(kept_in, config)
        kept = {} if log is None else final_records(log, config_hash(config))
        todo = self._todo(kept)
        return Preview(
            target=self.target.id,
            policy=self.label,
            tasks=len(self.plan.tasks),
            samples=self.plan.samples,
            left=len(todo),
            folder="" if out is None else str(out),
            config=config,
            config_hash=config_hash(config),
            limits=self.run_limits,
            estimate=self._guess(_known(kept), todo) if todo else None,
        )

    def config(self) -> dict[str, Any]:
        """All that can change a verdict; another configuration may not share the folder."""
        return {
            "assaygym": assaygym.__version__,
            "target": dict(self.target.config),
            "policy": {"name": self.label, **getattr(self.policy, "settings", {})},
            "params": {**asdict(self.params), "stop": list(self.params.stop)},
            "seed": self.seed,
            "limits": dict(self.limits),
        }

    @property
    def prices(self) -> Prices | None:
        """Of the policy, where they are known."""
        return self.policy.meter.prices if isinstance(self.policy, MeteredPolicy) else None

    def _start(self, run: RunFolder) -> _Start:
        kept = final_records(run.episodes, run.config_hash)
        spending = Spending(
            limits=self.run_limits,
            before=used_before(run.before, kept.values()),
            currency=self.prices.currency if self.prices is not None else "",
        )
        tally = Tally(name=self.target.id, planned=len(self.plan.tasks) * self.plan.samples, spending=spending)
        todo = self._todo(kept)
        missing = set(todo)
        for key in self.plan.keys:
            if key not in missing:
                tally.add(kept[key], resumed=True)
        return _Start(run=run, kept=kept, todo=todo, spending=spending, tally=tally)

    def _todo(self, kept: Mapping[Key, EpisodeRecord]) -> list[Key]:
        return [key for key in self.plan.keys if key not in kept or kept[key].outcome.retried]

    def _play(self, start: _Start) -> None:
        """Play what is missing: a few episodes first, where the rest is to be estimated from them."""
        policy = WatchedPolicy(self.policy, start.spending)
        start.tally.slowest = policy.slowest
        if isinstance(self.progress, Display):
            self.progress.begin(start.tally)
        known = _known(start.kept)
        pilot = spread(start.todo) if self.prices and len(known) < FEW < len(start.todo) else []
        rest = [key for key in start.todo if key not in set(pilot)]
        with IndexedLog(start.run.episodes) as log:
            known += self._episodes(pilot, policy, start, log)
            if self.prices and rest and start.spending.reached() is None:
                self._estimate(known, len(rest), start.spending)
            self._episodes(rest, policy, start, log)
        reached = start.spending.reached()
        if reached is not None and start.tally.done - start.tally.resumed < len(start.todo):
            start.why = f"limit {reached.name}"

    def _episodes(self, keys: Sequence[Key], policy: WatchedPolicy, start: _Start, log: IndexedLog) -> list[Used]:
        """Play these and write each down as it ends; what each took."""
        tokens = self.limits["max_tokens"]
        budget = Budget(timeout=self.limits["timeout"], max_tokens=None if tokens is None else int(tokens))
        jobs = (self._job(*key) for key in keys)
        found = []
        with closing(
            play(self.target.make, policy, jobs, concurrency=self.concurrency, params=self.params, budget=budget)
        ) as episodes:
            for played in episodes:
                record = _record(played, start.run, self.target)
                log.append(record)
                start.tally.add(record)
                found.append(played.used)
                if self.progress is not None:
                    self.progress(start.tally)
        return found

    def _estimate(self, known: Sequence[Used], left: int, spending: Spending) -> None:
        """Tell what the rest will take.

        Raises:
            EstimateOverLimit: more than the limit leaves.
        """
        estimate = from_episodes(known, left, concurrency=self.concurrency, prices=self.prices)
        if estimate is None or estimate.cost is None:
            return
        self._note(f"estimate {estimate.sentence()}")
        limit, spent = self.run_limits.cost, (spending.before + spending.now).cost
        if limit is not None and spent + estimate.cost.likely > limit:
            spent_text, limit_text = (money(amount, spending.currency) for amount in (spent, limit))
            raise EstimateOverLimit(
                f"the run has cost {spent_text} and its limit is {limit_text}; the estimate {estimate.sentence()}. "
                "Every finished episode is kept: raise the limit of the cost, or ask for fewer tasks or samples, and "
                "it goes on"
            )

    def _guess(self, known: Sequence[Used], todo: Sequence[Key]) -> RunEstimate:
        """The estimate before anything of this start was played."""
        found = from_episodes(known, len(todo), concurrency=self.concurrency, prices=self.prices)
        if found is not None:
            return found
        return guess(self.target, todo, self.params, self.prices)

    def _end(self, start: _Start, before: Usage | None) -> None:
        """Record why this start ended and what it took."""
        facts: dict[str, Any] = {"usage": start.spending.now.to_dict()}
        if isinstance(self.policy, MeteredPolicy) and before is not None:
            meter = self.policy.meter
            facts = {"usage": {**asdict(meter.usage().since(before)), **facts["usage"]}, "served": meter.served()}
        start.run.end_attempt(
            episodes=start.tally.done - start.tally.resumed,
            interrupted=start.why == "interrupted",
            why=start.why,
            limits=asdict(self.run_limits),
            concurrency=self.concurrency,
            **facts,
        )

    def _summary(self, start: _Start, out: str | Path) -> Summary:
        records = final_records(start.run.episodes, start.run.config_hash)
        summary = summarise(self.target.id, self.label, self.plan, records, str(out))
        reached = start.spending.reached() if start.why.startswith("limit ") else None
        if reached is None:
            return summary
        self._note(f"ended by a limit: {reached.sentence}; {summary.done} of {summary.planned} episodes are done")
        return replace(summary, ended_by=reached.sentence)

    def _note(self, sentence: str) -> None:
        if isinstance(self.progress, Display):
            self.progress.note(sentence)

    def _usage(self) -> Usage | None:
        return self.policy.meter.usage() if isinstance(self.policy, MeteredPolicy) else None

    def _job(self, task: int, sample: int) -> EpisodeJob:
        return EpisodeJob(key=str(task), seed=task, options=self.target.reset_options(task), sample=sample)


def _known(kept: Mapping[Key, EpisodeRecord]) -> list[Used]:
    """What the episodes took of which that is recorded."""
    return [Used.of(record.usage) for record in kept.values() if record.usage]


def _record(played: Played, run: RunFolder, target: Target) -> EpisodeRecord:
    job, trajectory = played.job, played.trajectory
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
        usage=played.used.to_dict(),
        trajectory=row,
    )


def _cut(trajectory: Trajectory) -> bool:
    """Whether a limit cut the episode, or one of its turns."""
    return trajectory.stop_reason in CUT or any(turn.completion.finish_reason == "length" for turn in trajectory.turns)
