"""ARPO (arXiv 2507.19849): where a tool result makes the policy unsure, the episode branches.

A fork has the state before the turn in question and samples this turn anew, so that the branches part exactly at the
node after the tool result.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from assaygym.agents.jobs import AnyCrew, EpisodeJob, Next
from assaygym.agents.live import LiveEpisode
from assaygym.agents.strategies.base import play_groups
from assaygym.agents.strategies.group import Group, GroupPlan
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Completion, Trajectory

__all__ = ["Branching"]


class Branching:
    """`group` leaves for each task: `initial` episodes from the prompt, and forks at turns that follow a tool result.

    At such a turn an episode branches with probability clip(base + weight * (H_now - H_first), 0, 1). H is the sum of
    the entropies of a turn's first `tokens` tokens over log(vocabulary); H_first is that of the episode's own first
    turn. The forks that a group may have are shared out evenly among its initial episodes, and at each branching point
    among the branches: so which episode branches where depends on the seed of the crew, the task and the turn, never
    on the threads. Forks that an episode did not use become fresh episodes from the prompt. A fork that fails stands in
    the group as a failed trajectory.

    Args:
        group: leaves of each task.
        initial: how many of them start from the prompt.
        beam: forks at one branching point at most, beside the episode itself.
        base: the probability of branching where the entropy is that of the first turn.
        weight: of the rise of the entropy.
        tokens: at the start of a turn, over which entropies are summed.
        vocabulary: size of the policy's; None takes that of its tokenizer.

    Raises:
        ConfigError: a number is outside its range.
    """

    def __init__(
        self,
        group: int = 16,
        initial: int = 8,
        *,
        beam: int = 2,
        base: float = 0.5,
        weight: float = 0.2,
        tokens: int = 20,
        vocabulary: int | None = None,
    ) -> None:
        if not 1 <= initial <= group or beam < 1 or tokens < 1:
            raise ConfigError(
                f"group={group}, initial={initial}, beam={beam}, tokens={tokens}; expected 1 to group initial episodes "
                "and at least 1 of the others"
            )
        if vocabulary is not None and vocabulary < 2:
            raise ConfigError(f"vocabulary={vocabulary}; expected at least 2")
        self.group, self.initial, self.beam = group, initial, beam
        self.base, self.weight, self.tokens, self.vocabulary = base, weight, tokens, vocabulary

    def collect(self, crew: AnyCrew, tasks: Iterable[EpisodeJob]) -> Iterator[Group]:
        """The groups of these tasks, as they are done.

        Raises:
            ConfigError: the vocabulary is neither given nor to be had from the policy's tokenizer.
            PolicyError: the policy gives no entropies.
        """
        scale = math.log(self.vocabulary or _vocabulary(crew.policy))
        plan = partial(BranchPlan, episodes=self.initial, seed=crew.params.seed, rule=self, scale=scale)
        return play_groups(crew, map(plan, tasks))

    def probability(self, now: float, first: float) -> float:
        """Of branching at a turn whose normalised entropy is `now`, where the first turn's is `first`."""
        return min(1.0, max(0.0, self.base + self.weight * (now - first)))


@dataclass(slots=True)
class BranchPlan(GroupPlan):
    """The plan of one task. Args: as in `GroupPlan`; `scale` is log(vocabulary)."""

    rule: Branching = field(default_factory=Branching)
    scale: float = 1.0
    forks_left: dict[str, int] = field(default_factory=dict[str, int])
    """By episode: the forks that it, and those forked from it, may still have."""

    def begin(self) -> Iterable[Next]:
        """The initial episodes."""
        jobs = [self.fresh() for _ in range(self.episodes)]
        self._share(self.rule.group - self.episodes, [job.id for job in jobs])
        return jobs

    def answered(self, live: LiveEpisode, completion: Completion) -> Sequence[LiveEpisode]:
        """The forks to play, where the episode branches."""
        forks_left = self.forks_left.get(live.id, 0)
        if not forks_left:
            return ()
        now = self._entropy(completion)
        if not _branching_point(live) or not self._branches(live, now):
            return ()
        forks = [live.fork() for _ in range(min(forks_left, self.rule.beam))]
        self._share(forks_left - len(forks), [live.id, *(fork.id for fork in forks)])
        return forks

    def ended(self, trajectory: Trajectory) -> Iterable[Next]:
        """Fresh episodes in place of the forks that this one did not use."""
        self.trajectories.append(trajectory)
        return [self.fresh() for _ in range(self.forks_left.pop(trajectory.id, 0))]

    def _share(self, forks: int, names: Sequence[str]) -> None:
        """Divide these evenly, the odd ones to the first."""
        each, odd = divmod(forks, len(names))
        self.forks_left |= {name: each + (i < odd) for i, name in enumerate(names)}

    def _branches(self, live: LiveEpisode, now: float) -> bool:
        chance = self.rule.probability(now, self._entropy(live.turns[0].completion))
        return self.random("branch", live.id, len(live.turns)).random() < chance

    def _entropy(self, completion: Completion) -> float:
        entropies = completion.entropies if completion.entropies is not None else completion.top_k_entropies
        if entropies is None:
            raise PolicyError(
                "Branching needs the entropy of each sampled token, and the policy gave a completion without: use one "
                "whose completions have `entropies` or `top_k_entropies` (TransformersPolicy has)"
            )
        return math.fsum(entropies[: self.rule.tokens]) / self.scale


def _branching_point(live: LiveEpisode) -> bool:
    """Whether the turn follows a tool result, and no fork was made for this very turn before."""
    forked_here = live.parent is not None and live.parent[1] == len(live.turns)
    return bool(live.turns) and not forked_here and any(message.role == "tool" for message in live.observation)


def _vocabulary(policy: Any) -> int:
    try:
        return len(policy.tokenizer)
    except (AttributeError, TypeError):
        raise ConfigError(
            f"Branching divides entropies by log(vocabulary), and {policy.name} has no tokenizer; pass vocabulary="
        ) from None
