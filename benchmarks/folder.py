"""The folder of a run: its configuration, its lock and its files.

    run.json        the whole configuration, its hash, the plan, and every start of the run
    episodes.jsonl  one line per episode (`assaygym.benchmarks.records`)
    episodes.index  where each line is: a cache, which may be deleted (`assaygym.benchmarks.index`)
    summary.json    report.md       written when the run ends
    rescored-1.json, rescored-1.jsonl   later scores of the same episodes (`assaygym.benchmarks.rescore`)
    .lock           held while a process writes here

The configuration is all that can change a verdict, without keys and passwords (`assaygym.benchmarks.scrub`); another
one in the same folder is refused. The plan (how many tasks, how many samples) may grow from one start to the next. A
start records where it was played and, at its end, `why` it ended: `done`, `interrupted`, `limit NAME`, `estimate` (it
would have been over its limit), `error`. One without an end was killed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from assaygym.benchmarks.host import git_state, host_facts
from assaygym.benchmarks.records import mend
from assaygym.benchmarks.scrub import scrubbed
from assaygym.errors import RunError

__all__ = ["Plan", "RunFolder", "config_hash", "differences", "open_run", "peek", "read_run"]

FORMAT = 1
RUN, EPISODES, SUMMARY, REPORT, LOCK = "run.json", "episodes.jsonl", "summary.json", "report.md", ".lock"
RESCORED = "rescored"
"""Begins the names of the files with later scores."""

_held: set[Path] = set()
_held_guard = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which episodes a run consists of: `samples` of each of `tasks` tasks (rows or seeds, in order)."""

    tasks: tuple[int, ...]
    samples: int

    @property
    def keys(self) -> list[tuple[int, int]]:
        """Every (task, sample), task by task."""
        return [(task, sample) for task in self.tasks for sample in range(self.samples)]


class RunFolder:
    """A folder this process may write to. `attempt` counts its starts, from 1."""

    def __init__(self, path: Path, document: dict[str, Any]) -> None:
        self.path = path
        self._document = document

    @property
    def config_hash(self) -> str:
        """Hash of the configuration."""
        return str(self._document["config_hash"])

    @property
    def attempt(self) -> int:
        """Which start of the run this is."""
        return len(self._document["attempts"])

    @property
    def before(self) -> list[dict[str, Any]]:
        """The records of the starts before this one, the first first."""
        return list(self._document["attempts"][:-1])

    @property
    def episodes(self) -> Path:
        """The episodes' file."""
        return self.path / EPISODES

    def end_attempt(self, **facts: object) -> None:
        """Record the end of this start, with facts about it: JSON values, which are scrubbed of secrets."""
        self._document["attempts"][-1].update(ended=_now(), **scrubbed(facts))
        write_json(self.path / RUN, self._document)


@contextmanager
def open_run(
    path: str | Path, config: Mapping[str, Any], plan: Plan, *, overwrite: bool = False
) -> Iterator[RunFolder]:
    """Take a folder for a run: create it, or resume the run in it.

    Args:
        path: the folder.
        config: all that can change a verdict; JSON values only.
        plan: which episodes are wanted.
        overwrite: delete the run that is there.

    Raises:
        RunError: another process writes there, the folder holds a run of another configuration or something else, or
            it cannot be written.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot make the run's folder {folder}: {error.strerror}; give another --out") from error
    with _locked(folder):
        if overwrite:
            made = (f"{RESCORED}-*.json*", "*.index", "*.index-journal")
            later = [path.name for pattern in made for path in folder.glob(pattern)]
            for name in (EPISODES, RUN, SUMMARY, REPORT, *later):
                (folder / name).unlink(missing_ok=True)
        document = _resumed(folder, config)
        document["plan"] = {"tasks": _as_ranges(plan.tasks), "samples": plan.samples}
        document["attempts"].append(
            {"started": _now(), "ended": None, "host": host_facts(), "git": git_state(), "plan": document["plan"]}
        )
        write_json(folder / RUN, document)
        mend(folder / EPISODES)
        yield RunFolder(folder, document)


def read_run(path: str | Path) -> tuple[dict[str, Any], Plan]:
    """The document and the latest plan of the run in a folder.

    Raises:
        RunError: there is none, or it cannot be read.
    """
    document = _read_document(Path(path) / RUN)
    if document is None:
        raise RunError(f"{path} holds no run ({RUN} is missing); give the folder that was --out of an evaluation")
    plan = document["plan"]
    tasks = tuple(task for low, high in plan["tasks"] for task in range(low, high + 1))
    return document, Plan(tasks=tasks, samples=plan["samples"])


def peek(path: str | Path, config: Mapping[str, Any]) -> Path | None:
    """The episodes that a run of this configuration would resume, looked at and left as they are; None: none are there.

    Raises:
        RunError: the folder holds a run of another configuration or something else.
    """
    folder = Path(path)
    _resumed(folder, config)
    return folder / EPISODES if (folder / EPISODES).exists() else None


def config_hash(config: Mapping[str, Any]) -> str:
    """16 hex digits that differ whenever the configuration does."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """One phrase for each setting that differs, nested ones by their dotted name."""
    old, new = dict(_flat(there)), dict(_flat(here))
    return [
        f"{name} is {_shown(old, name)} there and {_shown(new, name)} here"
        for name in sorted(old.keys() | new.keys())
        if _shown(old, name) != _shown(new, name)
    ]


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a file in one step, so that a reader or a crash never meets half of it.

    Raises:
        RunError: it cannot be written.
    """
    scratch = path.with_name(f"{path.name}.tmp")
    try:
        scratch.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(scratch, path)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink()
        raise RunError(
            f"cannot write {path}: {error.strerror}; the episodes there are kept, the same call resumes"
        ) from error


def _resumed(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """The document of the run in the folder, or a new one."""
    config = scrubbed(config)
    fresh = {"format": FORMAT, "config": config, "config_hash": config_hash(config), "attempts": []}
    document = _read_document(folder / RUN)
    if document is None:
        if (folder / EPISODES).exists():
            raise RunError(f"{folder} holds {EPISODES} but no {RUN}; give another --out, or --overwrite to delete it")
        return fresh
    if document["config_hash"] != fresh["config_hash"]:
        what = "; ".join(differences(document["config"], json.loads(json.dumps(config))))
        raise RunError(
            f"{folder} holds a run of another configuration: {what}. "
            "Give another --out, the same settings to resume, or --overwrite to delete that run"
        )
    return document


def _read_document(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RunError(f"cannot read {path}: {error}; give another --out, or --overwrite to start anew") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise RunError(f"{path} is not a run of this version (format {FORMAT}); give another --out, or --overwrite")
    return document


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock.

    A record lock belongs to the process, not to the descriptor: a child that outlives a killed run does not keep it.
    For the same reason it does not part two threads of one process; `_held` does.
    """
    real = folder.resolve()
    with _held_guard:
        if real in _held:
            raise _busy(folder)
        _held.add(real)
    try:
        with _open_lock(folder) as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _busy(folder) from None
            yield
    finally:
        with _held_guard:
            _held.discard(real)


def _open_lock(folder: Path) -> IO[bytes]:
    try:
        return (folder / LOCK).open("wb")
    except OSError as error:
        raise RunError(f"cannot write to {folder}: {error.strerror}; give another --out") from error


def _busy(folder: Path) -> RunError:
    return RunError(f"another evaluation is writing to {folder}; wait for it to end, or give another --out")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _as_ranges(tasks: tuple[int, ...]) -> list[list[int]]:
    """`(0, 1, 2, 7)` as `[[0, 2], [7, 7]]`."""
    ranges: list[list[int]] = []
    for task in tasks:
        if ranges and task == ranges[-1][1] + 1:
            ranges[-1][1] = task
        else:
            ranges.append([task, task])
    return ranges


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _shown(settings: Mapping[str, Any], name: str) -> str:
    return json.dumps(settings[name], ensure_ascii=False) if name in settings else "absent"
