"""The groups of one step: which tasks are drawn, who plays them, and the companions that the advantage looks at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import count, islice

import torch
from torch import Tensor

from assaygym.agents.crew import Crew
from assaygym.agents.jobs import AnyCrew, EpisodeJob, MakeEnv
from assaygym.agents.live import derived_seed
from assaygym.agents.lockstep import LockstepCrew
from assaygym.agents.policy import ModelPolicy, Policy, SamplingParams
from assaygym.agents.recipes.recipe import Recipe
from assaygym.agents.reference import Reference
from assaygym.agents.settings import TrainSettings
from assaygym.agents.strategies.group import Group
from assaygym.agents.strategies.independent import Independent
from assaygym.errors import ConfigError, PolicyError

__all__ = ["Sample", "Sampler"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was sampled in one step."""

    groups: tuple[Group, ...]
    """In the order of their tasks."""
    companions: tuple[tuple[float, ...], ...] = ()
    """The rewards of each group's companions, in the order of the groups; empty where the recipe has none."""
    drawn: int = 0
    """Tasks drawn, those of groups that were thrown away included."""

    def companions_NC(self, labels_N: Tensor, count: int) -> Tensor | None:
        """The companions of each episode's group, `labels_N` being the numbers of the groups; None without any."""
        if not self.companions:
            return None
        rows = [[*rewards, *[math.nan] * (count - len(rewards))] for rewards in self.companions]
        return torch.tensor(rows, dtype=torch.float32)[labels_N.cpu()].to(labels_N.device)


class Sampler:
    """Samples the steps of a run.

    Args:
        policy: whose model is trained.
        make_envs: one for each environment of the run; task after task goes to the next of them.
        recipe: its rollout says how a group is sampled, its filters whether further tasks are drawn.
        settings: how much is sampled.
        player: who answers; `policy` itself where None.
        reference: of companions that the reference plays.

    Attributes:
        cursors: of each environment, the next task (its seed) to be drawn. With what the strategies remember, all that
            a run has to keep of its data.

    Raises:
        ConfigError: there are more environments than tasks a step.
    """

    def __init__(
        self,
        policy: ModelPolicy,
        make_envs: Sequence[MakeEnv],
        recipe: Recipe,
        settings: TrainSettings,
        *,
        player: Policy | None = None,
        reference: Reference | None = None,
    ) -> None:
        if not 1 <= len(make_envs) <= settings.prompts:
            raise ConfigError(
                f"{len(make_envs)} environments and prompts={settings.prompts}; give each one task a step"
            )
        self.policy, self.player, self.reference = policy, player or policy, reference
        self.recipe, self.settings = recipe, settings
        self.make_envs = [recipe.rollout.wrapped(make_env) for make_env in make_envs]
        self.inner = recipe.rollout.strategy(policy, temperature=settings.temperature)
        self.cursors = [0] * len(make_envs)

    def sample(self, step: int) -> Sample:
        """The groups of this step, in the order of their tasks.

        Raises:
            PolicyError: none is left of those that were drawn.
        """
        params = self._params(derived_seed(self.settings.seed, step))
        before = sum(self.cursors)
        found = [self._of_env(number, params) for number in range(len(self.make_envs))]
        groups = [group for some in found for group in some]
        if not groups:
            raise PolicyError(
                f"none of the {sum(self.cursors) - before} tasks of step {step + 1} had rewards that differ within its "
                "group: choose tasks that are sometimes solved (a lower level, a warm start, the recipe ghpo)"
            )
        companions = [row for number, some in enumerate(found) for row in self._companions(number, some, params)]
        return Sample(groups=tuple(groups), companions=tuple(companions), drawn=sum(self.cursors) - before)

    def _of_env(self, number: int, params: SamplingParams) -> list[Group]:
        """The groups of one environment's share of the tasks."""
        envs = len(self.make_envs)
        wanted = len(range(number, self.settings.prompts, envs))
        strategy = self.inner
        for part in self.recipe.filters:
            strategy = part.refilled(strategy, wanted)
        tasks = self._tasks(number)
        jobs = tasks if strategy is not self.inner else islice(tasks, wanted)
        groups = strategy.collect(self._crew(number, self.player, params), jobs)
        return sorted(groups, key=lambda group: _number(group.key))

    def _tasks(self, number: int) -> Iterator[EpisodeJob]:
        for task in count(self.cursors[number]):
            self.cursors[number] = task + 1
            yield EpisodeJob(key=f"{number}-{task}", seed=task)

    def _crew(self, number: int, player: Policy, params: SamplingParams) -> AnyCrew:
        make_env, settings = self.make_envs[number], self.settings
        if settings.lockstep:
            return LockstepCrew(make_env, player, params=params, threads=settings.env_threads)
        return Crew(make_env, player, params=params, concurrency=settings.concurrency)

    def _params(self, seed: int) -> SamplingParams:
        return SamplingParams(temperature=self.settings.temperature, max_tokens=self.settings.max_tokens, seed=seed)

    def _companions(self, number: int, groups: Sequence[Group], params: SamplingParams) -> list[tuple[float, ...]]:
        """The rewards of the companions of these groups."""
        rollout = self.recipe.rollout
        if rollout.companion is None:
            return []
        if rollout.companion == "greedy":
            params = replace(params, temperature=0.0)
        jobs = [EpisodeJob(key=group.key, seed=_number(group.key)) for group in groups]
        with self.reference.in_place() if rollout.companion == "reference" and self.reference else nullcontext():
            crew = self._crew(number, self.policy, replace(params, seed=derived_seed(params.seed or 0, "companions")))
            played = {group.key: group.rewards for group in Independent(rollout.companions).collect(crew, jobs)}
        return [played[group.key] for group in groups]


def _number(key: str) -> int:
    return int(key.rpartition("-")[2])
