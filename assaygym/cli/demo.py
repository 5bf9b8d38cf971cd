"""`assay demo`: two minutes, offline: measure agents, train one, measure it again."""

from __future__ import annotations

import dataclasses
import importlib.util
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import FOUND_SOMETHING, Json, slug
from assaygym.cli.live import TrainingDisplay, chart
from assaygym.cli.output import emit_json, say, show_table
from assaygym.errors import ConfigError, MissingDependencyError

if TYPE_CHECKING:
    from assaygym.agents.recipes.showcase import Outcome, Progress
    from assaygym.benchmarks.statistics import Interval

ENVIRONMENTS = {"math": "assay/Countdown-v0", "code": "assay/FunctionFromTests-v0", "tool": "assay/Shop-v0"}
AGENTS = ("oracle", "null")
REPORT, PAGES, TRAINED = "report.md", "reports.html", "train"
FULL = {"n": 20, "eval_tasks": 256}
QUICK = {"n": 4, "eval_tasks": 32}
QUICK_TRAINING: dict[str, Any] = {"steps": 4, "prompts": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One row of the first table: what each agent scored, or why the environment did not run."""

    kind: str
    env_id: str
    scores: dict[str, str]
    reason: str = ""


def demo(
    out: Annotated[Path, typer.Option(help="Folder of the runs and of the report.")] = Path("runs") / "demo",
    seed: Annotated[int, typer.Option(min=0, help="Of the tasks, the weights and the sampling.")] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small numbers: shows that it runs, not that it learns.")
    ] = False,
    json: Json = False,
) -> int:
    """See it work, offline: agents measured, a small transformer trained by its rewards, measured before and after."""
    started = time.perf_counter()
    _need_torch()
    _take(out)
    sizes = QUICK if quick else FULL
    say("1. Agents on a math, a code and a tool environment: an oracle must earn 1, a silent agent nothing")
    measured = [_measure(kind, env_id, out, sizes["n"], seed) for kind, env_id in ENVIRONMENTS.items()]
    if not json:
        _show_measured(measured)
    say("\n2. A small transformer, built here: taught a little by the oracle, then trained by reward alone (GRPO)")
    outcome = _train(out / TRAINED, seed, sizes["eval_tasks"], quick=quick)
    before, after = (_interval(right, outcome.tasks) for right in (outcome.before, outcome.after))
    learnt = after.low > before.high
    report = _write_report(out, measured, outcome, learnt)
    pages = _write_pages(out, measured)
    seconds = time.perf_counter() - started
    facts = {
        "environments": measured,
        "tasks": outcome.tasks,
        "before": {"mean": outcome.before / outcome.tasks, "interval": before},
        "after": {"mean": outcome.after / outcome.tasks, "interval": after},
        "learnt": learnt,
        "report": report,
        "pages": pages,
        "seconds": round(seconds, 1),
    }
    if json:
        emit_json(facts)
    else:
        _show_outcome(outcome, learnt, seconds)
        print(
            f"report: {report}" + ("" if pages is None else f"\npages: {pages}, with every episode of the first part")
        )
    if quick:
        say("--quick trains a few steps only: leave it out to see the reward climb")
    return 0 if learnt or quick else FOUND_SOMETHING


def _need_torch() -> None:
    """Say at once, and not after the first half, that the second cannot run.

    Raises:
        MissingDependencyError: torch or transformers is not installed.
    """
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise MissingDependencyError.of(package, "train", "the demo's training")


def _take(out: Path) -> None:
    """Clear what an earlier demo trained.

    Raises:
        ConfigError: what is there is of something else.
    """
    trained = out / TRAINED
    if trained.exists() and any(trained.iterdir()) and not (trained / "metrics.jsonl").exists():
        raise ConfigError(f"{trained} is not of an earlier demo; give another --out")
    shutil.rmtree(trained, ignore_errors=True)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make {out}: {error.strerror}; give another --out") from error


def _measure(kind: str, env_id: str, out: Path, n: int, seed: int) -> Measured:
    from assaygym.benchmarks.runner import evaluate
    from assaygym.errors import IsolationError

    scores = {}
    for agent in AGENTS:
        folder = out / f"{slug(env_id)}-{agent}"
        try:
            summary = evaluate(env_id, agent, out=folder, n=n, seed=seed, overwrite=True)
        except IsolationError as error:
            return Measured(kind=kind, env_id=env_id, scores=dict.fromkeys(AGENTS, "not run"), reason=str(error))
        scores[agent] = summary.headline()
        say(f"   {env_id} by {agent}: {scores[agent]}")
    return Measured(kind=kind, env_id=env_id, scores=scores)


def _train(folder: Path, seed: int, eval_tasks: int, *, quick: bool) -> Outcome:
    from assaygym.agents.recipes.showcase import REVERSE, showcase

    settings = dataclasses.replace(REVERSE.settings, **QUICK_TRAINING) if quick else REVERSE.settings
    show = dataclasses.replace(REVERSE, settings=settings)
    with TrainingDisplay(f"GRPO on {show.env_id}: mean reward of each step", settings.steps) as display:

        def tell(progress: Progress) -> None:
            if progress.stage == "grpo":
                display({"step": progress.step, "reward": progress.value})
            elif progress.stage == "warm start":
                display.note(f"the oracle's answers: step {progress.step}, loss {progress.value:.2f} nats a token")
            else:
                display.note(f"{progress.stage}: {100 * progress.value:.1f} % right", at_once=True)

        with _one_thread():
            return showcase(show, seed=seed, eval_tasks=eval_tasks, folder=folder, on_progress=tell)


@contextmanager
def _one_thread() -> Iterator[None]:
    """A model this small is faster on one thread than on several that wait for one another."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _interval(right: float, tasks: int) -> Interval:
    from assaygym.benchmarks.statistics import wilson_interval

    return wilson_interval(right, tasks)


def _headline(right: float, tasks: int) -> str:
    from assaygym.benchmarks.summary import bracketed, percent

    return f"{percent(right / tasks)} {bracketed(_interval(right, tasks))} n={tasks}"


def _verdict(learnt: bool) -> str:
    return "It learnt: the intervals do not overlap." if learnt else "The intervals overlap: no improvement is shown."


def _show_measured(measured: list[Measured]) -> None:
    rows = [(row.kind, row.env_id, *(row.scores[agent] for agent in AGENTS)) for row in measured]
    show_table(("kind", "environment", *AGENTS), rows)
    for row in measured:
        if row.reason:
            say(f"{row.env_id} did not run: {row.reason}")


def _show_outcome(outcome: Outcome, learnt: bool, seconds: float) -> None:
    rows = [
        (when, _headline(right, outcome.tasks))
        for when, right in (("before GRPO", outcome.before), ("after GRPO", outcome.after))
    ]
    print("\n3. The eval split: words that no training step has shown (95 % Wilson intervals)")
    show_table(("", "right"), rows)
    print(f"{_verdict(learnt)} {seconds:.0f} s in all.")


def _write_report(out: Path, measured: list[Measured], outcome: Outcome, learnt: bool) -> Path:
    """Write the demo's report; the runs it names have their own."""
    from assaygym.agents.recipes.showcase import REVERSE

    table = [
        "| kind | environment | " + " | ".join(AGENTS) + " |",
        "|" + "---|" * (2 + len(AGENTS)),
        *(_report_row(row) for row in measured),
    ]
    lines = [
        *("# assay demo", ""),
        *("## Agents without a model", "", *table, ""),
        *(f"- {row.env_id} did not run: {row.reason}" for row in measured if row.reason),
        *("", f"## A small transformer on {REVERSE.env_id}", ""),
        *("| | right |", "|---|---|"),
        f"| before GRPO | {_headline(outcome.before, outcome.tasks)} |",
        f"| after GRPO | {_headline(outcome.after, outcome.tasks)} |",
        *("", f"{_verdict(learnt)} Mean reward of each training step:", ""),
        *("```", chart([float(row["reward"]) for row in outcome.metrics]), "```", ""),
        f"Intervals are Wilson's, 95 %. Each step's figures: `{TRAINED}/metrics.jsonl`.",
    ]
    path = out / REPORT
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; give another --out") from error
    return path


def _write_pages(out: Path, measured: list[Measured]) -> Path | None:
    """Write a page for each run of the first part, and their table, which is returned; None without jinja2."""
    from assaygym.benchmarks.report.html import write_index, write_page

    try:
        pages = [
            write_page(out / f"{slug(row.env_id)}-{agent}") for row in measured if not row.reason for agent in AGENTS
        ]
        write_index(pages, out / PAGES)
    except MissingDependencyError as error:
        say(f"no pages of the episodes: {error}")
        return None
    return out / PAGES


def _report_row(row: Measured) -> str:
    def cell(agent: str) -> str:
        return row.scores[agent] if row.reason else f"[{row.scores[agent]}]({slug(row.env_id)}-{agent}/{REPORT})"

    cells: list[Any] = [row.kind, row.env_id, *map(cell, AGENTS)]
    return f"| {' | '.join(cells)} |"
