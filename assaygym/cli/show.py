"""`assay show`: the episodes of a run as a table, or one of them with all that was said in it."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assaygym.cli.command import Json
from assaygym.cli.output import emit_json, say, show_table
from assaygym.errors import ConfigError, RunError, did_you_mean

if TYPE_CHECKING:
    from assaygym.benchmarks.index import Entry, EpisodeIndex
    from assaygym.benchmarks.records import EpisodeRecord, Key

WIDTH = 60
"""Characters of an answer or a reason in the table."""
SORTS: Mapping[str, Callable[[Entry], Any]] = {
    "episode": lambda entry: entry.record.key,
    "outcome": lambda entry: entry.record.outcome.value,
    "value": lambda entry: entry.record.value,
    "turns": lambda entry: entry.measures.turns,
    "calls": lambda entry: entry.measures.tool_calls,
    "errors": lambda entry: entry.measures.tool_errors,
    "tokens": lambda entry: entry.measures.sampled_tokens,
    "characters": lambda entry: entry.measures.characters,
    "seconds": lambda entry: entry.measures.seconds,
}


def show(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of an evaluation, or a rescored-N.json in it.")
    ],
    episode: Annotated[
        str | None, typer.Argument(metavar="EPISODE", help="TASK/SAMPLE or a task's id; a table of all without it.")
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="Of the episode, only how and why it was judged.")] = False,
    tokens: Annotated[bool, typer.Option("--tokens", help="With the sampled ids and their log-probabilities.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Its JSON line, as it stands in the log.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="All but the correct ones.")] = False,
    outcome: Annotated[list[str] | None, typer.Option(help="Those that came out so. Repeatable.")] = None,
    category: Annotated[str | None, typer.Option(help="Those of tasks of this category.")] = None,
    flag: Annotated[str | None, typer.Option(help="Those in which a hack detector saw this.")] = None,
    grep: Annotated[str | None, typer.Option(help="Those in which this was said, in whatever case.")] = None,
    sort: Annotated[str, typer.Option(help=f"By {', '.join(SORTS)}; -NAME: the largest first.")] = "episode",
    limit: Annotated[int, typer.Option(min=0, help="Episodes listed; 0: all.")] = 50,
    json: Json = False,
) -> int:
    """Show the episodes of a run, or one of them: what was said, what it earned, the verdict and its reason."""
    with ExitStack() as stack:
        found = _Run(run, stack)
        if episode is None:
            if why or tokens or raw:
                raise ConfigError("--why, --tokens and --raw are for one episode; give its TASK/SAMPLE")
            _list(found, _filter(failed, outcome, category, flag), grep, sort, limit, json)
        else:
            _one(found, episode, why=why, tokens=tokens, raw=raw, json=json)
    return 0


class _Run:
    """An open run; the verdicts are those of a `rescored-N.json` where that was given."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        from assaygym.benchmarks.folder import EPISODES, read_run
        from assaygym.benchmarks.index import EpisodeIndex

        later = path.is_file()
        self.folder = path.parent if later else path
        document = read_run(self.folder)[0]
        self.name, self.config = str(path), document["config"]
        config = str(document["config_hash"])
        self.said: EpisodeIndex = stack.enter_context(EpisodeIndex(self.folder / EPISODES, config))
        self.scores: EpisodeIndex | None = None
        if later:
            scores = path.with_suffix(".jsonl")
            if not scores.is_file():
                raise RunError(f"{path} has no {scores.name} beside it; give a run's folder, or a rescored-N.json")
            self.scores = stack.enter_context(EpisodeIndex(scores, config))

    def entries(self) -> Iterator[Entry]:
        if self.scores is None:
            yield from self.said.entries()
            return
        later = {entry.record.key: entry.record for entry in self.scores.entries()}
        for entry in self.said.entries():
            if entry.record.key in later:
                yield replace(entry, record=later[entry.record.key])

    def read(self, entry: Entry) -> EpisodeRecord:
        """The episode with what was said, and the verdict that is asked for."""
        record = self.said.read(entry)
        later = self.scores.find(*record.key) if self.scores is not None else None
        if later is None:
            return record
        notes = {**record.trajectory.get("notes", {}), "before": f"{record.outcome.value}: {record.explanation}"}
        return replace(later.record, trajectory={**record.trajectory, "score": None, "notes": notes})

    def find(self, given: str) -> list[Entry]:
        """The episodes that a name may mean: one by its key, or the samples of a task."""
        if key := re.fullmatch(r"(\d+)/(\d+)", given):
            entry = self.said.find(int(key[1]), int(key[2]))
            if entry is not None:
                return [entry]
        found = self.said.named(given)
        if not found and given.isdecimal():
            entry = self.said.find(int(given), 0)
            found = [entry] if entry is not None else []
        if not found:
            raise RunError(f"{self.name} holds no episode {given!r}; assay show {self.name} lists what it holds")
        return found


def _filter(
    failed: bool, outcomes: list[str] | None, category: str | None, flag: str | None
) -> Callable[[Entry], bool] | None:
    """Whether an entry is asked for; None where all are."""
    from assaygym.benchmarks.records import Outcome

    known = [outcome.value for outcome in Outcome]
    for each in outcomes or ():
        if each not in known:
            raise ConfigError(f"--outcome {each!r} is no outcome; {did_you_mean(each, known)}")
    if not (failed or outcomes or category is not None or flag is not None):
        return None
    return lambda entry: (
        not (failed and entry.record.outcome is Outcome.CORRECT)
        and (not outcomes or entry.record.outcome.value in outcomes)
        and (category is None or entry.record.category == category)
        and (flag is None or flag in entry.record.flags)
    )


def _list(
    run: _Run, wanted: Callable[[Entry], bool] | None, grep: str | None, sort: str, limit: int, json: bool
) -> None:
    key, descending = _order(sort)
    entries = run.entries()
    if wanted is not None:
        entries = filter(wanted, entries)
    if grep is not None:
        words = grep.casefold()
        entries = (entry for entry in entries if _said(run.said.read(entry).trajectory, words))
    if wanted is None and grep is None and sort == "episode" and run.scores is None:
        found, count = list(islice(entries, limit or None)), len(run.said)
    else:
        everything = _sorted(entries, key, descending)
        found, count = everything[: limit or None], len(everything)
    if json:
        emit_json({"run": run.name, "episodes": count, "shown": [_row(entry) for entry in found]})
        return
    if found:
        show_table(_COLUMNS, map(_cells, found))
    if len(found) < count:
        say(f"{len(found)} of {count} episodes; --limit 0 lists all")
    elif not found:
        say(f"{run.name} holds no such episode" if wanted or grep else f"{run.name} holds no episode yet")


def _order(sort: str) -> tuple[Callable[[Entry], Any], bool]:
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise ConfigError(f"--sort {sort!r} is no column; {did_you_mean(name, SORTS)}")
    return SORTS[name], sort != name


def _sorted(entries: Iterator[Entry], key: Callable[[Entry], Any], descending: bool) -> list[Entry]:
    """In that order; what has no such number comes last, whichever way."""
    known: list[Entry] = []
    rest: list[Entry] = []
    for entry in entries:
        value = key(entry)
        (rest if isinstance(value, float) and math.isnan(value) else known).append(entry)
    return [*sorted(known, key=key, reverse=descending), *rest]


def _said(trajectory: Mapping[str, Any], words: str) -> bool:
    """Whether a message of the episode holds the words, which are case-folded."""
    return any(
        words in text.casefold()
        for turn in trajectory.get("turns") or ()
        for message in (*turn["observation"], turn["completion"]["message"])
        for text in (
            message["content"],
            message.get("reasoning") or "",
            *(part for call in message.get("tool_calls") or () for part in (call["name"], call["arguments"])),
        )
    )


_COLUMNS = ("episode", "task", "outcome", "value", "turns", "calls", "tokens", "seconds", "answer", "why")


def _cells(entry: Entry) -> tuple[str, ...]:
    record, took = entry.record, entry.measures
    return (
        _name(record.key),
        _cut(record.task_id),
        record.outcome.value,
        _number(record.value),
        str(took.turns),
        str(took.tool_calls),
        str(took.sampled_tokens or "-"),
        _number(took.seconds),
        _cut(record.extracted or "-"),
        _cut(record.explanation),
    )


def _name(key: Key) -> str:
    return f"{key[0]}/{key[1]}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"


def _cut(text: str) -> str:
    from assaygym.benchmarks.dialogue import visible

    line = visible(" ".join(text.split()))
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _row(entry: Entry) -> dict[str, Any]:
    row = asdict(entry.record)
    del row["trajectory"]
    return {**row, "measures": asdict(entry.measures)}


def _one(run: _Run, given: str, *, why: bool, tokens: bool, raw: bool, json: bool) -> None:
    entry, *others = run.find(given)
    if others:
        names = ", ".join(_name(each.record.key) for each in others[:10])
        say(f"this is {_name(entry.record.key)}; the task has {len(others)} more: {names}")
    if raw:
        _print_line(run.said.raw(entry))
        return
    record = run.read(entry)
    if json:
        emit_json({**asdict(record), "measures": asdict(entry.measures)})
        return
    from assaygym.cli.show_episode import print_episode, print_verdict

    if why:
        print_verdict(record)
    else:
        print_episode(record, entry.measures, run.config, tokens=tokens)


def _print_line(line: bytes) -> None:
    """The bytes as they are, unless a terminal would obey them."""
    from assaygym.benchmarks.dialogue import visible

    if sys.stdout.isatty():
        print(visible(line.decode("utf-8", "backslashreplace")))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(line + b"\n")
