"""A recorded run as the statistics take it: its folder read into `RunSamples`, two of them for a comparison.

run.json --plan, verifier--+
episodes.jsonl --records---+--> RecordedRun --names of tasks--> RunSamples
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assaygym.benchmarks.folder import EPISODES, RESCORED, Plan, read_run
from assaygym.benchmarks.index import final_records
from assaygym.benchmarks.records import EpisodeRecord, Key, Outcome
from assaygym.benchmarks.statistics import RunSamples, Sample, Status, TaskSamples
from assaygym.errors import ConfigError, RunError

__all__ = ["STATUSES", "RecordedRun", "load_run", "run_pair", "run_samples"]

STATUSES = {Outcome.INVALID: Status.INVALID, Outcome.ERROR: Status.ERRORED, Outcome.UNFINISHED: Status.TRUNCATED}
"""The status of an episode without a score; every other outcome is SCORED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """What the folder of a run holds, without what was said in the episodes."""

    name: str
    """The folder or the file of later scores, as the user named it."""
    folder: str
    config: Mapping[str, Any]
    plan: Plan
    records: Mapping[Key, EpisodeRecord]

    @property
    def target(self) -> Mapping[str, Any]:
        """The configuration of what was evaluated."""
        found: Mapping[str, Any] = self.config["target"]
        return found

    @property
    def verifier(self) -> str:
        """The verifier with its digest and the package's version; empty in a run that did not record one."""
        told = self.target.get("verifier", "")
        return f"{told} (assaygym {self.config.get('assaygym', 'unknown')})" if told else ""

    @property
    def data(self) -> str:
        """Digest of a suite's data; empty for an environment, whose tasks are seeds."""
        return str(self.target.get("data", {}).get("sha256", ""))

    def gaps(self) -> list[str]:
        """Sentences about what an earlier version did not record, and a comparison needs."""
        told = str(self.target.get("verifier", ""))
        if not told:
            return [f"{self.name} does not record its verifier: it is of an earlier version"]
        if "#" not in told:
            return [f"{self.name} records its verifier by name only, without options: it is of an earlier version"]
        return []


def load_run(path: str | Path) -> RecordedRun:
    """The run in a folder; one that is still being written is read as far as it is.

    Args:
        path: the folder, or a `rescored-N.json` in it, for the scores and the verifier of then.

    Raises:
        RunError: there is no run, or one that cannot be read.
    """
    later = Path(path).is_file()
    folder = Path(path).parent if later else Path(path)
    document, plan = read_run(folder)
    config: dict[str, Any] = document["config"]
    log = folder / EPISODES
    if later:
        log = Path(path).with_suffix(".jsonl")
        head = _read_rescoring(Path(path))
        target = {**config["target"], "verifier": head["verifier"]}
        config = {**config, "assaygym": head["assaygym"], "target": target}
    records = final_records(log, document["config_hash"])
    return RecordedRun(name=str(path), folder=str(folder), config=config, plan=plan, records=records)


def _read_rescoring(path: Path) -> dict[str, Any]:
    try:
        head: dict[str, Any] = json.loads(path.read_bytes())
        return {name: str(head[name]) for name in ("verifier", "assaygym")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} is no {RESCORED}-N.json of a run; give that, or the run's folder") from error


def run_samples(run: RecordedRun, names: Mapping[int, str] | None = None, *, answers: bool = True) -> RunSamples:
    """The run's planned tasks with their samples; records outside the plan are passed over.

    Args:
        run: what was read.
        names: of tasks, where another run of the same data may know more of them.
        answers: whether the answers are put in canonical form, for votes; a math answer takes milliseconds.
    """
    named = names if names is not None else _names([run])
    found: dict[int, list[EpisodeRecord]] = {task: [] for task in run.plan.tasks}
    for key in run.plan.keys:
        if key in run.records:
            found[key[0]].append(run.records[key])
    shared = _shared_prompts(found) if not run.data else {}
    canonical = _canonical_of(str(run.target.get("verifier", ""))) if answers else _none
    tasks = [
        TaskSamples(
            task=named[task],
            samples=tuple(_sample(record, canonical) for record in records),
            planned=run.plan.samples,
            category=next((record.category for record in records if record.category), None),
            cluster=shared.get(task),
        )
        for task, records in found.items()
    ]
    prompts = {named[task]: prompt for task, records in found.items() if (prompt := _prompt(records))}
    return RunSamples(name=run.name, tasks=tasks, prompts=prompts, verifier=run.verifier)


def run_pair(a: RecordedRun, b: RecordedRun) -> tuple[RunSamples, RunSamples]:
    """Two runs for `compare`: tasks named alike, and a prompt that only one of them knows left out of both.

    Raises:
        ConfigError: they evaluate different things, which share no task whatever the names.
    """
    if a.target["id"] != b.target["id"]:
        raise ConfigError(
            f"{a.name} evaluates {a.target['id']} and {b.name} {b.target['id']}; expected two runs on the same"
        )
    together = _names([a, b]) if a.data == b.data else None
    mine, other = (run_samples(run, together, answers=False) for run in (a, b))
    only_one = mine.prompts.keys() ^ other.prompts.keys()
    shared = {task.task for task in mine.tasks} & {task.task for task in other.tasks}
    return _without_prompts(mine, only_one & shared), _without_prompts(other, only_one & shared)


def _without_prompts(run: RunSamples, tasks: set[str]) -> RunSamples:
    kept = {name: prompt for name, prompt in run.prompts.items() if name not in tasks}
    return RunSamples(name=run.name, tasks=run.tasks, prompts=kept, verifier=run.verifier)


def _names(runs: Sequence[RecordedRun]) -> dict[int, str]:
    """What to call each task: by its seed, or as the suite's data call the row, with its number where that is no name.

    Never by its place alone: the same rows in another order are the same tasks.
    """
    tasks = sorted({task for run in runs for task in run.plan.tasks})
    if not runs[0].data:
        return {task: f"seed {task}" for task in tasks}
    ids = {record.task: record.task_id for run in runs for record in run.records.values() if record.task_id}
    uses = Counter(ids.get(task, "") for task in tasks)
    return {
        task: ids[task] if task in ids and uses[ids[task]] == 1 else f"{ids.get(task, 'row')} #{task}" for task in tasks
    }


def _shared_prompts(found: Mapping[int, Sequence[EpisodeRecord]]) -> dict[int, str]:
    """The prompt, as a cluster, of each seed that poses the same task as another one."""
    prompts = {task: prompt for task, records in found.items() if (prompt := _prompt(records))}
    uses = Counter(prompts.values())
    return {task: prompt for task, prompt in prompts.items() if uses[prompt] > 1}


def _prompt(records: Sequence[EpisodeRecord]) -> str:
    return next((record.prompt for record in records if record.prompt), "")


def _sample(record: EpisodeRecord, canonical: Callable[[str], str | None]) -> Sample:
    if not record.outcome.scored:
        return Sample(status=STATUSES[record.outcome])
    answer = canonical(record.extracted) if record.extracted is not None else None
    return Sample(value=record.value, lenient=record.lenient, answer=answer)


def _canonical_of(verifier: str) -> Callable[[str], str | None]:
    """How answers under this verifier are written for votes."""
    if verifier.partition("#")[0] != "math":
        return _stripped
    from assaygym.verifiers.maths import canonical

    return functools.lru_cache(maxsize=65536)(canonical)


def _stripped(answer: str) -> str | None:
    return " ".join(answer.split()) or None


def _none(answer: str) -> str | None:
    return None
