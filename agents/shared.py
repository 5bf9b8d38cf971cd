"""Episodes of one step played by several processes: each plays a share of the tasks, and all know all groups.

Strategies need not know. Tasks that one of them asks for at a time are a wave: plan `i` of it is played by process
`i mod world`, then the groups are exchanged and come out in the order of the plans. What a strategy decides because of
them (further tasks, a hint, a stand-in from a buffer) it decides alike in every process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from assaygym.agents.jobs import AnyCrew, Plan
from assaygym.agents.ranks import Ranks
from assaygym.agents.strategies.group import Group, GroupPlan

__all__ = ["SharedCrew"]

P = TypeVar("P", bound=Plan)
G = TypeVar("G", bound=GroupPlan)


class SharedCrew:
    """The crews of all processes as one.

    Args:
        crew: this process's own.
        ranks: the processes; each makes its `SharedCrew` and hands it the same plans.
    """

    def __init__(self, crew: AnyCrew, ranks: Ranks) -> None:
        self.crew, self.ranks = crew, ranks
        self.policy, self.params = crew.policy, crew.params

    def run(self, plans: Iterable[P]) -> Iterator[P]:
        """Play all plans in this process alone."""
        return self.crew.run(plans)

    def groups(self, plans: Iterable[G]) -> Iterator[Group]:
        """The groups of all plans, in their order."""
        plans = iter(plans)
        while wave := list(plans):
            played = self._played(wave)
            yield from (played[place] for place in sorted(played))

    def _played(self, wave: list[G]) -> dict[int, Group]:
        """By the number of the plan."""
        places = {id(plan): place for place, plan in enumerate(wave)}
        mine = self.ranks.mine(wave)
        kept = set(map(id, mine))
        for plan in wave:
            if id(plan) not in kept:
                plan.close()
        found = {places[id(plan)]: plan.group() for plan in self.crew.run(mine)}
        return {place: group for part in self.ranks.gathered(found) for place, group in part.items()}
