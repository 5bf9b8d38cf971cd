"""Verdicts anew on a recorded run, without generating: its actions through a fresh environment of the same task.

    run.json --> target;  episodes.jsonl --recorded actions--> reset, step, ... --Score--> flips, rescored-N.json(l)

An episode of one turn is its verifier on the recorded answer. The prompt, and what the environment says between turns,
must be as recorded: where it is not, the verdict would be on something else, so the episode has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path

import assaygym
from assaygym.agents.record import trajectory_from_dict
from assaygym.benchmarks.folder import EPISODES, RESCORED, read_run, write_json
from assaygym.benchmarks.index import EpisodeIndex
from assaygym.benchmarks.recorded import RecordedRun, load_run
from assaygym.benchmarks.records import EpisodeRecord, Key, Outcome, judgement
from assaygym.benchmarks.summary import Summary, summarise
from assaygym.benchmarks.targets import Target, find_target
from assaygym.envs.core import Env
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import ConfigError, RunError, told
from assaygym.types import Message, Score, Trajectory, Verdict

__all__ = ["Rescored", "Rescoring", "rescore", "target_of", "write_rescoring"]

CHUNK = 16
"""Episodes in hand for each worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """An episode before and after, without what was said; `reason`: why it has no verdict now, if so."""

    before: EpisodeRecord
    after: EpisodeRecord
    reason: str = ""

    @property
    def flipped(self) -> bool:
        """Whether it has another verdict or score."""
        return not self.reason and _verdict(self.before) != _verdict(self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescoring:
    """A run, judged anew. In `after`, an episode whose verdict cannot be had anew counts as an error, not as wrong."""

    run: RecordedRun
    verifier: str
    """The `verifier_text` of now."""
    episodes: tuple[Rescored, ...]
    """In the order of the plan."""
    before: Summary
    after: Summary

    @property
    def flips(self) -> tuple[Rescored, ...]:
        """The episodes with another verdict."""
        return tuple(episode for episode in self.episodes if episode.flipped)

    @property
    def lost(self) -> tuple[Rescored, ...]:
        """The episodes that had a score and have no verdict now."""
        return tuple(episode for episode in self.episodes if episode.reason and episode.before.outcome.scored)

    @property
    def kinds(self) -> dict[str, int]:
        """How many flips there are from which outcome to which: `{"incorrect -> correct": 3}`."""
        kinds = Counter(f"{each.before.outcome.value} -> {each.after.outcome.value}" for each in self.flips)
        return dict(sorted(kinds.items()))


def rescore(
    folder: str | Path,
    *,
    target: str | TaskDefinition | None = None,
    data: str | Path | None = None,
    concurrency: int = 8,
    progress: Callable[[int, int], object] | None = None,
) -> Rescoring:
    """Judge the episodes of a run anew; the run is only read.

    Args:
        folder: of the run.
        target: what it was on; found by the recorded id when None.
        data: a suite's file or folder; the Hub when None.
        concurrency: episodes at once.
        progress: told now and then how many episodes are done, of how many.

    Raises:
        RunError: the folder holds no run, or the target is not what it was (data, knobs, turns).
        ConfigError: there is no such target, or a folder or the suite's data must be given.
        DataError: the suite's data cannot be used.
    """
    if concurrency < 1:
        raise ConfigError(f"concurrency is {concurrency}; expected at least 1")
    if Path(folder).is_file():
        raise ConfigError(f"{folder} holds scores only; give the folder of the run, which has what was said")
    run = load_run(folder)
    found = target_of(run, target, data)
    planned = set(run.plan.keys)
    chosen = _counting(Path(folder), planned)
    done: dict[Key, Rescored] = {}
    with ThreadPoolExecutor(concurrency) as pool:
        for chunk in _chunks(chosen, CHUNK * concurrency):
            done.update((each.before.key, each) for each in pool.map(lambda record: _rescored(record, found), chunk))
            if progress is not None:
                progress(len(done), len(planned & run.records.keys()))
    episodes = tuple(done[key] for key in run.plan.keys if key in done)
    name, policy = str(run.target["id"]), str(run.config["policy"]["name"])
    return Rescoring(
        run=run,
        verifier=str(found.config["verifier"]),
        episodes=episodes,
        before=summarise(name, policy, run.plan, run.records, str(folder)),
        after=summarise(name, policy, run.plan, {each.after.key: each.after for each in episodes}, str(folder)),
    )


def write_rescoring(found: Rescoring) -> Path:
    """Store the new scores beside the old ones, which stay as they are: `rescored-N.jsonl`, then `rescored-N.json`.

    Returns:
        The `rescored-N.json`, which `load_run` takes in place of the folder.

    Raises:
        RunError: they cannot be written.
    """
    path = _unused(Path(found.run.folder))
    try:
        with path.with_suffix(".jsonl").open("xb") as file:
            file.writelines(each.after.line() for each in found.episodes)
    except OSError as error:
        raise RunError(f"cannot write {path.with_suffix('.jsonl')}: {error.strerror}") from error
    head = {
        "assaygym": assaygym.__version__,
        "scored": datetime.now(UTC).isoformat(timespec="seconds"),
        "verifier": found.verifier,
        "verifier_before": found.run.target.get("verifier", ""),
        "flips": found.kinds,
        "lost": len(found.lost),
        "summary": {**found.after.to_dict(), "folder": ""},
    }
    write_json(path, head)
    return path


def _unused(folder: Path) -> Path:
    numbers = (folder / f"{RESCORED}-{number}.json" for number in count(1))
    return next(path for path in numbers if not path.exists() and not path.with_suffix(".jsonl").exists())


def target_of(run: RecordedRun, target: str | TaskDefinition | None = None, data: str | Path | None = None) -> Target:
    """The target of a recorded run as it is now; only its verifier may be another one.

    Raises:
        RunError: something else is another one.
        ConfigError: there is no such target, or the suite's data must be given.
        DataError: the suite's data cannot be used.
    """
    there = run.target
    name = target if target is not None else str(there["id"])
    if there["kind"] == "suite":
        if data is None and there["data"]["source"] == "file":
            raise ConfigError(f"{run.name} was on a file; give it again with --data")
        options = there.get("options", {})
        found = find_target(name, data=data, columns=there["data"]["columns"], knobs=options)
    else:
        usual = find_target(name, split=there["split"])
        _check_same(run, usual, ("id",))
        wanted = {**there["knobs"], "max_turns": there["max_turns"]}
        have = {**usual.config["knobs"], "max_turns": usual.config["max_turns"]}
        knobs = {key: value for key, value in wanted.items() if have.get(key) != value}
        found = find_target(name, split=there["split"], knobs=knobs) if knobs else usual
    _check_same(run, found)
    return found


def _check_same(run: RecordedRun, found: Target, what_all: Collection[str] = ("id", "data", "max_turns")) -> None:
    facts = {
        "id": (run.target["id"], found.id),
        "data": (run.data, str(found.config.get("data", {}).get("sha256", ""))),
        "max_turns": (run.target.get("max_turns"), found.config.get("max_turns")),
    }
    for what in what_all:
        there, here = facts[what]
        if there != here:
            raise RunError(f"{run.name} cannot be scored again: its {what} was {there}, and is {here} now")


def _counting(folder: Path, keys: Collection[Key]) -> Iterator[EpisodeRecord]:
    """The records of these keys that count, with what was said; never all of them in memory."""
    with EpisodeIndex(folder / EPISODES, read_run(folder)[0]["config_hash"]) as index:
        for entry in index.entries():
            if entry.record.key in keys:
                yield index.read(entry)


def _chunks(records: Iterable[EpisodeRecord], size: int) -> Iterator[list[EpisodeRecord]]:
    rest = iter(records)
    while chunk := list(islice(rest, size)):
        yield chunk


def _rescored(record: EpisodeRecord, target: Target) -> Rescored:
    """The episode judged anew; what has no final answer stays as it is."""
    bare = replace(record, trajectory={})
    if record.outcome in (Outcome.ERROR, Outcome.UNFINISHED):
        return Rescored(before=bare, after=bare, reason=f"it ended as {record.outcome.value}: nothing was judged")
    try:
        with closing(target.make()) as env:
            score = _replayed(env, record, trajectory_from_dict(record.trajectory), target)
    except Exception as error:  # the boundary: an episode that cannot be replayed has no verdict, which is told
        reason = told(error)
        after = replace(bare, **judgement(None, Outcome.ERROR, f"not scored again: {reason}"))
        return Rescored(before=bare, after=after, reason=reason)
    return Rescored(before=bare, after=replace(bare, **judgement(score, _outcome(score))))


def _replayed(env: Env, record: EpisodeRecord, trajectory: Trajectory, target: Target) -> Score:
    """The score at the end of the recorded actions.

    Raises:
        RunError: the task, or an answer of the environment, is another one; or the episode ends elsewhere.
    """
    _, info = env.reset(seed=record.task, options=target.reset_options(record.task))
    for number, turn in enumerate(trajectory.turns, start=1):
        if _said(info["messages"]) != _said(turn.observation):
            what = "the prompt" if number == 1 else f"what the environment said before turn {number}"
            raise RunError(f"{what} is another one now")
        info = env.step(env.action_text(turn.completion.message))[4]
        if "score" in info:
            if number < len(trajectory.turns):
                raise RunError(f"it ends after turn {number} of {len(trajectory.turns)} now")
            score: Score = info["score"]
            return score
    raise RunError(f"it does not end after its {len(trajectory.turns)} turns any more")


def _said(messages: Iterable[Message]) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in messages]


def _outcome(score: Score) -> Outcome:
    return Outcome.INVALID if score.verdict is Verdict.INVALID else Outcome(score.verdict.value)


def _verdict(record: EpisodeRecord) -> tuple[Outcome, str, float | None]:
    return record.outcome, repr(record.value), record.lenient
