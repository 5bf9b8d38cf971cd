"""How soon a task is learnt: both trainers from one warm start, step by step in turns, until the reward is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assaygym.benchmarks.speed.terminal import progress
from assaygym.benchmarks.speed.trainer_field import Contender, Load, Ours, Step, Theirs
from assaygym.benchmarks.speed.trainer_steps import one_thread

__all__ = ["REACHED", "learn", "reached"]

REACHED = 0.8
"""The reward that counts as learnt: mean of the samples of the last `WINDOW` steps."""
WINDOW = 5


def learn(seeds: int, steps: int, folder: str) -> list[dict[str, Any]]:
    """One run for each seed (of weights and sampling).

    Args:
        seeds: how many.
        steps: of each trainer, at most.
        folder: for what TRL writes.

    Raises:
        MissingDependencyError: trl, torch or transformers is not installed.
        RunError: a trainer failed.
    """
    one_thread()
    runs = []
    with progress(seeds * steps, lines=10) as tell:
        for seed in range(seeds):
            field = _field(seed, steps, folder)
            seen: dict[str, list[Step]] = {one.name: [] for one in field}
            for number in range(steps):
                for one in field if number % 2 == 0 else reversed(field):
                    if reached(seen[one.name]) is None:
                        seen[one.name].append(one.step())
                tell(seed * steps + number + 1, f"seed {seed}, step {number + 1}")
                if all(reached(rows) is not None for rows in seen.values()):
                    break
            for one in field:
                one.close()
            runs.append(_run(seed, seen))
    return runs


def reached(steps: Sequence[Step]) -> int | None:
    """The number of the step at which the reward was there; None where it never was."""
    for number in range(WINDOW, len(steps) + 1):
        if sum(step.reward for step in steps[number - WINDOW : number]) / WINDOW >= REACHED:
            return number
    return None


def _field(seed: int, steps: int, folder: str) -> list[Contender]:
    from assaygym.agents.recipes.showcase import REVERSE, warmed
    from assaygym.envs.families.reverse import reverse

    policy = warmed(REVERSE, seed=seed)
    model, tokenizer, tokens = policy.model, policy.tokenizer, REVERSE.settings.max_tokens
    load = Load(task=reverse, knobs=REVERSE.knobs, tokens=tokens, exact=False, steps=steps + 1)
    return [Ours(model, tokenizer, load, seed=seed), Theirs(model, tokenizer, load, folder=folder, seed=seed)]


def _run(seed: int, seen: dict[str, list[Step]]) -> dict[str, Any]:
    rows = {name: _row(steps) for name, steps in seen.items()}
    ours, theirs = rows["assaygym"], rows["TRL"]
    both = ours["steps"] is not None and theirs["steps"] is not None
    units = ("samples", "seconds")
    return {
        "seed": seed,
        "rows": rows,
        "ratio": {unit: round(theirs[unit] / ours[unit], 3) if both else None for unit in units},
    }


def _row(steps: Sequence[Step]) -> dict[str, Any]:
    number = reached(steps)
    taken = steps if number is None else steps[:number]
    return {
        "steps": number,
        "samples": None if number is None else sum(step.samples for step in taken),
        "seconds": None if number is None else round(sum(step.seconds for step in taken), 3),
        "first": round(steps[0].reward, 4),
        "last": round(steps[-1].reward, 4),
        "rewards": [round(step.reward, 4) for step in taken],
    }
