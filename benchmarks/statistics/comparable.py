"""Whether two runs may be compared: what differs between them besides the policy, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assaygym.benchmarks.statistics.samples import TaskSamples
from assaygym.errors import ConfigError, did_you_mean

__all__ = ["ALLOWABLE", "RunSamples", "check_comparable", "check_names"]

ALLOWABLE = ("prompts", "tasks", "verifier")
"""What may differ between two runs when `allow` names it."""
SHOWN = 3
"""Names of tasks in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSamples:
    """A run as the comparison takes it."""

    name: str
    tasks: Sequence[TaskSamples]
    prompts: Mapping[str, str] = field(default_factory=dict[str, str])
    """A digest, for each task by name, of all that the agent was shown; empty where that is not known."""
    verifier: str = ""
    """Names the verifier with its version and options; empty where that is not known."""


def check_names(tasks: Sequence[TaskSamples]) -> None:
    """See to it that each task has a name of its own.

    Raises:
        ConfigError: two tasks have one name.
    """
    twice = [name for name, count in Counter(task.task for task in tasks).items() if count > 1]
    if twice:
        raise ConfigError(f"{len(twice)} tasks stand twice in the run, the first is {twice[0]!r}; join their samples")


def check_comparable(a: RunSamples, b: RunSamples, allow: Collection[str]) -> tuple[str, ...]:
    """The sentences about what differs and was allowed to.

    Raises:
        ConfigError: the runs differ in what was not allowed, share no task, have a task twice, or `allow` names
            something else.
    """
    for run in (a, b):
        check_names(run.tasks)
    for name in allow:
        if name not in ALLOWABLE:
            raise ConfigError(f"allow names {name!r}; {did_you_mean(name, ALLOWABLE)}")
    found = {what: told for what, told in _differences(a, b) if told}
    refused = [what for what in found if what not in allow]
    if refused:
        why = "; ".join(found[what] for what in refused)
        raise ConfigError(
            f"{a.name} and {b.name} cannot be compared: {why}; allow {', '.join(refused)} to do so all the same"
        )
    if not {task.task for task in a.tasks} & {task.task for task in b.tasks}:
        raise ConfigError(f"{a.name} and {b.name} cannot be compared: they share no task")
    return tuple(found.values())


def _differences(a: RunSamples, b: RunSamples) -> Iterator[tuple[str, str]]:
    """What may differ, with the sentence that says how; empty where it does not."""
    ours, theirs = [task.task for task in a.tasks], [task.task for task in b.tasks]
    only_ours, only_theirs = _without(ours, theirs), _without(theirs, ours)
    lacks = [f"{_named(only_ours)} only in {a.name}"] * bool(only_ours)
    lacks += [f"{_named(only_theirs)} only in {b.name}"] * bool(only_theirs)
    yield "tasks", "other tasks: " + ", ".join(lacks) if lacks else ""
    missing = set(only_ours)
    other = [t for t in ours if t not in missing and a.prompts.get(t) != b.prompts.get(t)]
    yield "prompts", f"another prompt for {_named(other)}" if other else ""
    verifiers = f"another verifier: {a.verifier or 'unknown'} in {a.name}, {b.verifier or 'unknown'} in {b.name}"
    yield "verifier", verifiers if a.verifier != b.verifier else ""


def _without(names: Sequence[str], others: Sequence[str]) -> list[str]:
    known = set(others)
    return [name for name in names if name not in known]


def _named(tasks: Sequence[str]) -> str:
    shown = ", ".join(tasks[:SHOWN]) + (", ..." if len(tasks) > SHOWN else "")
    return f"{len(tasks)} {'task' if len(tasks) == 1 else 'tasks'} ({shown})"
