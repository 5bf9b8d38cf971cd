"""Training-Free GRPO (arXiv 2510.08191): the trainer's interface, with an experience text in place of weights.

A step samples groups with the lessons so far in the prompt, keeps the groups that hold both better and worse attempts,
and lets a coach say what the lessons should be. The policy is any that chats.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assaygym.agents.crew import Crew
from assaygym.agents.experience.coach import Coach
from assaygym.agents.experience.lessons import Lessons, WithLessons
from assaygym.agents.jobs import EpisodeJob, MakeEnv
from assaygym.agents.live import derived_seed
from assaygym.agents.metrics import append_metrics
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.agents.run_folder import refuse_another_run, write_whole
from assaygym.agents.strategies.group import Group
from assaygym.agents.strategies.independent import Independent
from assaygym.errors import ConfigError, DataError, PolicyError, RunError

__all__ = ["ExperienceLearner", "ExperienceSettings"]

Metrics = dict[str, float]
STATE = "lessons.json"
FREE = frozenset({"steps", "concurrency"})
"""Settings that a resumed run may have changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperienceSettings:
    """How much is sampled; the defaults are those of the paper's experiments on mathematics.

    Raises:
        ConfigError: a value is outside its range; the sentence names it.
    """

    steps: int = 3
    prompts: int = 50
    """Tasks a step."""
    episodes: int = 5
    """Of each task."""
    max_tokens: int = 4096
    """Longest completion of one turn, in tokens."""
    temperature: float = 0.7
    lessons: int = 64
    """How many there are at most; the oldest go first."""
    concurrency: int = 32
    """Episodes at once."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "prompts", "episodes", "max_tokens", "lessons", "concurrency"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected at least 1")
        if self.temperature < 0:
            raise ConfigError(f"temperature is {self.temperature}; expected 0 or more")


class ExperienceLearner:
    """Learns lessons from the tasks of some environments.

    Args:
        policy: who plays; it is told the lessons.
        make_envs: one function for each environment; task after task goes to the next of them.
        settings: how much is sampled.
        coach: who writes the lessons; a `Coach` of `policy` itself where None.
        folder: where `metrics.jsonl` and `lessons.json` go; None writes nothing. A folder with lessons is resumed.
        identity: what else makes this run this run (environment, model), as plain values; a resumed run must agree.
        on_step: called with the metrics of each step.

    Attributes:
        lessons: as they are now.
        player: the policy with the lessons, to be evaluated.

    Raises:
        RunError: the folder holds a run with other settings or another identity, or lessons that cannot be read.
        ConfigError: there are more environments than tasks a step.
    """

    def __init__(
        self,
        policy: Policy,
        make_envs: Sequence[MakeEnv],
        settings: ExperienceSettings,
        *,
        coach: Coach | None = None,
        folder: str | Path | None = None,
        identity: Mapping[str, Any] | None = None,
        on_step: Callable[[Metrics], None] | None = None,
    ) -> None:
        if not 1 <= len(make_envs) <= settings.prompts:
            raise ConfigError(
                f"{len(make_envs)} environments and prompts={settings.prompts}; give each one task a step"
            )
        self.make_envs, self.settings, self.on_step = list(make_envs), settings, on_step
        self.coach = coach or Coach(policy)
        self.folder = Path(folder) if folder is not None else None
        self.identity = {**asdict(settings), **(identity or {})}
        self.lessons, self.done = Lessons(settings.lessons), 0
        self._resume()
        self.player = WithLessons(policy, self.lessons)

    def fit(self) -> list[Metrics]:
        """Run the steps that are left; the metrics of each.

        Raises:
            PolicyError: no episode of a step could be judged, or the coach could not answer.
        """
        return [self.step() for _ in range(self.done, self.settings.steps)]

    def step(self) -> Metrics:
        """Sample, let the coach compare, write down.

        Raises:
            PolicyError: as `fit`.
        """
        started = time.perf_counter()
        groups = [group for number in range(len(self.make_envs)) for group in self._groups(number)]
        rewards = [reward for group in groups for reward in group.rewards]
        if not rewards:
            raise PolicyError(f"none of the {sum(len(g.trajectories) for g in groups)} episodes could be judged")
        telling = [group for group in groups if group.spread > 0]
        unread = self.coach.unread
        changes = self.coach.changes(telling, self.lessons) if telling else []
        lost = self.lessons.apply(changes)
        self.done += 1
        metrics = {
            "step": self.done,
            "reward": sum(rewards) / len(rewards),
            "reward_std": sum(group.spread for group in groups) / len(groups),
            "frac_reward_zero_std": 1 - len(telling) / len(groups),
            "invalid": float(sum(len(group.trajectories) - len(group.rewards) for group in groups)),
            "lessons": float(len(self.lessons.texts)),
            "changes": float(len(changes) - lost),
            "changes_lost": float(lost),
            "answers_unread": float(self.coach.unread - unread),
            "step_time": time.perf_counter() - started,
        }
        self._record(metrics)
        return metrics

    def _groups(self, number: int) -> list[Group]:
        """The groups of one environment's share of this step's tasks."""
        settings, envs = self.settings, len(self.make_envs)
        wanted = len(range(number, settings.prompts, envs))
        first = self.done * wanted
        jobs = [EpisodeJob(key=f"{number}-{task}", seed=task) for task in range(first, first + wanted)]
        params = SamplingParams(
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            seed=derived_seed(settings.seed, self.done, number),
        )
        crew = Crew(self.make_envs[number], self.player, params=params, concurrency=settings.concurrency)
        groups = {group.key: group for group in Independent(settings.episodes).collect(crew, jobs)}
        return [groups[job.key] for job in jobs]

    def _record(self, metrics: Metrics) -> None:
        if self.folder is not None:
            append_metrics(self.folder, metrics)
            self._save(self.folder)
        if self.on_step is not None:
            self.on_step(metrics)

    def _save(self, folder: Path) -> None:
        state = {"step": self.done, "identity": self.identity, "lessons": self.lessons.to_dict()}
        write_whole(folder / STATE, json.dumps(state, ensure_ascii=False, indent=1).encode())

    def _resume(self) -> None:
        if self.folder is None or not (path := self.folder / STATE).is_file():
            return
        try:
            state = json.loads(path.read_text())
            lessons, done, theirs = Lessons.from_dict(state["lessons"]), int(state["step"]), dict(state["identity"])
        except (ValueError, KeyError, TypeError, DataError) as error:
            raise RunError(f"cannot resume from {path}: {error}; delete it to begin again") from error
        refuse_another_run(self.folder, self.identity, theirs, free=FREE)
        self.lessons, self.done = lessons, done
