"""What an evaluation would do, without doing it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from assaygym.agents.openai_usage import Prices
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.benchmarks.estimate import RunEstimate, characters_of, duration, from_prompts
from assaygym.benchmarks.limits import RunLimits
from assaygym.benchmarks.records import Key
from assaygym.benchmarks.targets import Target

__all__ = ["FEW", "Preview", "guess", "spread"]

FEW = 8
"""Episodes that are played before the rest is estimated, or tasks that are posed where nothing is played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The plan of a run, what of it is left, and what that will roughly take."""

    target: str
    policy: str
    tasks: int
    samples: int
    left: int
    """Episodes that would be played."""
    folder: str
    """Where it would be written; empty for nowhere."""
    config: Mapping[str, Any]
    """All that can change a verdict, without secrets."""
    config_hash: str
    limits: RunLimits
    estimate: RunEstimate | None
    """None where nothing is left."""

    @property
    def planned(self) -> int:
        """Episodes in all."""
        return self.tasks * self.samples

    def to_dict(self) -> dict[str, Any]:
        """Plain values; what is not known is NaN."""
        return {**asdict(self), "planned": self.planned}

    def rows(self) -> Iterator[tuple[str, str]]:
        """Names and values for a person."""
        yield "plan", f"{self.tasks} tasks x {self.samples} = {self.planned} episodes of {self.target} by {self.policy}"
        yield "left", f"{self.left} to play, {self.planned - self.left} are there"
        yield "folder", self.folder or "none: nothing would be kept"
        for name, value in _settings(self.config):
            yield name, value
        for name, limit in asdict(self.limits).items():
            if limit is not None:
                yield f"limit of {name}", duration(limit) if name == "time" else f"{limit:,}"
        if self.estimate is not None:
            yield "estimate", self.estimate.sentence()
            if math.isnan(self.estimate.prompt_tokens.likely):
                yield "", "the first episodes of the run itself give a better one"


def spread(keys: Sequence[Key]) -> list[Key]:
    """A few episodes of different tasks, from the beginning to the end of a plan, which may be sorted."""
    first = list({task: (task, sample) for task, sample in reversed(keys)}.values())[::-1]
    few = min(FEW, len(first))
    return [first[place * len(first) // few] for place in range(few)]


def guess(target: Target, keys: Sequence[Key], params: SamplingParams, prices: Prices | None) -> RunEstimate:
    """The estimate of episodes of which nothing is known, from the prompts of a few of their tasks.

    Raises:
        AssayError: a task cannot be posed.
    """
    env = target.make()
    try:
        characters = []
        for task, _ in spread(keys):
            _, info = env.reset(seed=task, options=target.reset_options(task))
            characters.append(characters_of(Prompt(messages=tuple(info["messages"]), tools=tuple(info["tools"]))))
        return from_prompts(characters, len(keys), max_tokens=params.max_tokens, max_turns=env.max_turns, prices=prices)
    finally:
        env.close()


def _settings(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "target", _shown(config["target"], "id", "prompt")
    yield "policy", _shown(config["policy"], "name") or "no settings of its own"
    yield "sampling", _shown(config["params"])
    yield "episode", _shown(config["limits"])


def _shown(settings: Mapping[str, Any], *without: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items() if name not in without)
