"""The groups of one step: which tasks are drawn, who plays them, and the companions that the advantage looks at."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.crew import Crew
from assaygym.agents.curriculum import Curriculum
from assaygym.agents.jobs import AnyCrew, EpisodeJob, MakeEnv
from assaygym.agents.live import derived_seed
from assaygym.agents.lockstep import LockstepCrew
from assaygym.agents.policy import ModelPolicy, Policy, SamplingParams
from assaygym.agents.ranks import Ranks
from assaygym.agents.recipes.recipe import Recipe
from assaygym.agents.reference import Reference
from assaygym.agents.settings import TrainSettings
from assaygym.agents.shared import SharedCrew
from assaygym.agents.strategies.base import Strategy, collected
from assaygym.agents.strategies.forget import SampleThenForget
from assaygym.agents.strategies.group import Group
from assaygym.agents.strategies.independent import Independent
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Trajectory

__all__ = ["Sample", "Sampler"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was sampled in one step."""

    groups: tuple[Group, ...]
    """In the order of their tasks; none where the filters threw all away."""
    companions: tuple[tuple[float, ...], ...] = ()
    """The rewards of each group's companions, in the order of the groups; empty where the recipe has none."""
    drawn: tuple[tuple[float, ...], ...] = ()
    """The rewards of every task drawn, those of groups that were thrown away included."""
    tokens: int = 0
    """Sampled for all that, turns that several episodes share counted once."""
    levels: tuple[float, ...] = ()
    """Of each environment, where there is a curriculum."""

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
        curriculum: chooses the level of each environment, in the place of `make_envs`.
        ranks: the processes of the run; each plays a share of the tasks, and all get all groups.

    Attributes:
        cursors: of each environment, the next task (its seed) to be drawn.

    Raises:
        ConfigError: there are more environments than tasks a step, or the rollout changes the policy and another engine
            samples.
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
        curriculum: Curriculum | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        if not 1 <= len(make_envs) <= settings.prompts:
            raise ConfigError(
                f"{len(make_envs)} environments and prompts={settings.prompts}; give each one task a step"
            )
        self.policy, self.player, self.reference = policy, player or policy, reference
        self.recipe, self.settings, self.ranks = recipe, settings, ranks or Ranks()
        self.make_envs, self.curriculum = make_envs, curriculum
        self.inner = recipe.rollout.strategy(policy, temperature=settings.temperature)
        self.cursors = [0] * len(make_envs)
        if self.player is not policy and isinstance(self.inner, SampleThenForget):
            raise ConfigError(f"{recipe.name} unlearns in this process, which {self.player.name} cannot follow")

    def sample(self, step: int) -> Sample:
        """The groups of this step, in the order of their tasks.

        Raises:
            PolicyError: groups were thrown away, none is left, and nothing could be judged.
        """
        params = self._params(derived_seed(self.settings.seed, step))
        groups: list[Group] = []
        companions: list[tuple[float, ...]] = []
        drawn: list[tuple[float, ...]] = []
        levels = () if self.curriculum is None else tuple(self.curriculum.positions)
        tally, tokens = _Tally(), 0
        for number in range(len(self.make_envs)):
            tally = _Tally()
            for make_env, wanted in self._shares(number, step):
                found = self._groups(number, make_env, wanted, params, tally)
                companions += self._companions(make_env, found, params)
                groups += found
            drawn += tally.rewards
            tokens += tally.tokens
            if self.curriculum is not None:
                self.curriculum.learn(number, [reward for rewards in tally.rewards for reward in rewards])
        if not groups and not any(drawn):
            raise PolicyError(f"none of {len(drawn)} tasks could be judged: {tally.reason}")
        return Sample(
            groups=tuple(groups), companions=tuple(companions), drawn=tuple(drawn), tokens=tokens, levels=levels
        )

    def state(self) -> dict[str, Any]:
        """What the next step depends on: the cursors, what the strategies remember, the levels."""
        return {
            "cursors": list(self.cursors),
            "strategies": [one.state() for one in _remembering(self.inner)],
            "curriculum": None if self.curriculum is None else self.curriculum.state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take what `state` gave."""
        self.cursors = list(state["cursors"])
        for one, remembered in zip(_remembering(self.inner), state["strategies"], strict=True):
            one.load(remembered)
        if self.curriculum is not None:
            self.curriculum.load(state["curriculum"])

    def _shares(self, number: int, step: int) -> Iterator[tuple[MakeEnv, int]]:
        """What makes the environment, and how many groups of it are wanted: at each level of the step."""
        wanted = len(range(number, self.settings.prompts, len(self.make_envs)))
        wrapped = self.recipe.rollout.wrapped
        if self.curriculum is None:
            yield wrapped(self.make_envs[number]), wanted
            return
        shares = self.curriculum.levels(number, wanted, derived_seed(self.settings.seed, step))
        for level, tasks in shares.items():
            yield wrapped(self.curriculum.ladders[number][level]), tasks

    def _groups(
        self, number: int, make_env: MakeEnv, wanted: int, params: SamplingParams, tally: _Tally
    ) -> list[Group]:
        """So many groups of one environment at one level, or fewer where the filters give up."""
        inner = _Tallied(self.inner, tally)
        strategy: Strategy = inner
        for part in self.recipe.filters:
            strategy = part.refilled(strategy, wanted)
        tasks = self._tasks(number)
        jobs = tasks if strategy is not inner else islice(tasks, wanted)
        groups = strategy.collect(self._crew(make_env, self.player, params), jobs)
        return sorted(groups, key=lambda group: _number(group.key))

    def _tasks(self, number: int) -> Iterator[EpisodeJob]:
        for task in count(self.cursors[number]):
            self.cursors[number] = task + 1
            yield EpisodeJob(key=f"{number}-{task}", seed=task)

    def _crew(self, make_env: MakeEnv, player: Policy, params: SamplingParams) -> AnyCrew:
        settings = self.settings
        crew: AnyCrew
        if settings.lockstep:
            crew = LockstepCrew(make_env, player, params=params, threads=settings.env_threads)
        else:
            crew = Crew(make_env, player, params=params, concurrency=settings.concurrency)
        return crew if self.ranks.world == 1 else SharedCrew(crew, self.ranks)

    def _params(self, seed: int) -> SamplingParams:
        return SamplingParams(temperature=self.settings.temperature, max_tokens=self.settings.max_tokens, seed=seed)

    def _companions(
        self, make_env: MakeEnv, groups: Sequence[Group], params: SamplingParams
    ) -> list[tuple[float, ...]]:
        """The rewards of the companions of these groups."""
        rollout = self.recipe.rollout
        if rollout.companion is None:
            return []
        if rollout.companion == "greedy":
            params = replace(params, temperature=0.0)
        jobs = [EpisodeJob(key=group.key, seed=_number(group.key)) for group in groups]
        with self.reference.in_place() if rollout.companion == "reference" and self.reference else nullcontext():
            crew = self._crew(make_env, self.policy, replace(params, seed=derived_seed(params.seed or 0, "companions")))
            played = {group.key: group.rewards for group in Independent(rollout.companions).collect(crew, jobs)}
        return [played[group.key] for group in groups]


@dataclass(slots=True)
class _Tally:
    """What was drawn of one environment."""

    rewards: list[tuple[float, ...]] = field(default_factory=list[tuple[float, ...]])
    tokens: int = 0
    reason: str = "nothing was sampled"
    """Why the latest episode that says so could not be judged."""


@dataclass(slots=True)
class _Tallied:
    """A strategy whose groups are counted, before anybody throws some of them away."""

    inner: Strategy
    tally: _Tally

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        """The groups of the inner strategy."""
        with collected(self.inner, crew, tasks) as groups:
            for group in groups:
                self.tally.rewards.append(group.rewards)
                self.tally.tokens += sum(len(turn.completion.token_ids) for turn in group.sampled())
                self.tally.reason = next(filter(None, map(_fault, group.trajectories)), self.tally.reason)
                yield group


def _fault(trajectory: Trajectory) -> str:
    """Why it could not be judged, as far as it says."""
    return trajectory.error or (trajectory.score.explanation if trajectory.score is not None else "")


def _remembering(strategy: Any) -> list[Any]:
    """The strategy and those inside it, as far as they have a `state()` and a `load(state)`."""
    chain: list[Any] = []
    while strategy is not None:
        chain.append(strategy)
        strategy = getattr(strategy, "inner", None)
    return [one for one in chain if hasattr(one, "state") and hasattr(one, "load")]


def _number(key: str) -> int:
    return int(key.rpartition("-")[2])
