"""Another engine that samples for a trainer: it gets the weights before each step, and is not believed that it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from assaygym.agents.lora import has_adapter, merged
from assaygym.agents.parity import TOLERANCES, Parity, check_sampled
from assaygym.agents.policy import Policy
from assaygym.agents.strategies.group import Group
from assaygym.errors import ConfigError
from assaygym.types import Completion

__all__ = ["SyncedPolicy", "WeightSync"]

CHECKED = 8
"""Completions of a step whose log-probabilities are compared."""
ELSEWHERE = frozenset({"replayed", "forgotten"})
"""Notes of trajectories that were sampled with other weights on purpose."""


class SyncedPolicy(Policy, Protocol):
    """A policy with weights of its own, such as `VLLMPolicy`."""

    def sync(self, model: Any) -> object:
        """Take the weights of this model of `transformers`."""
        ...


class WeightSync:
    """Keeps the weights of a player at those of the model that is trained.

    Args:
        player: samples. Its `tolerance` (nats), if it has one, is what its log-probabilities may differ by; else that
            of `parity.TOLERANCES` for the model's type.
        model: is trained.
        temperature: of the sampling.

    Raises:
        ConfigError: the player has no `sync`.
    """

    def __init__(self, player: Policy, model: Any, *, temperature: float) -> None:
        if not callable(getattr(player, "sync", None)):
            raise ConfigError(f"{player.name} has no sync(model); a player of a trainer must take its weights")
        self.player: Any = player
        self.model, self.temperature = model, temperature
        coarse = TOLERANCES.get(str(model.dtype).removeprefix("torch."), max(TOLERANCES.values()))
        given = getattr(player, "tolerance", None)
        self.tolerance = coarse if given is None else float(given)

    def bring(self) -> None:
        """Give the player the weights as they are now, an adapter merged into them.

        Raises:
            WeightMismatchError, PolicyError: from the player's own `sync`.
        """
        self.player.sync(merged(self.model) if has_adapter(self.model) else self.model)

    def check(self, groups: Sequence[Group]) -> Parity | None:
        """Compare a few of the step's completions with the model's own log-probabilities; None where there is none.

        Raises:
            WeightMismatchError: they differ by more than the tolerance: the player has other weights.
            PolicyError: a completion has no log-probabilities.
        """
        answers = _sampled(groups)
        if not answers:
            return None
        some = [answers[i * len(answers) // CHECKED] for i in range(CHECKED)] if len(answers) > CHECKED else answers
        return check_sampled(
            some, self.model, name=self.player.name, tolerance=self.tolerance, temperature=self.temperature
        )


def _sampled(groups: Sequence[Group]) -> list[Completion]:
    """The last completion of each trajectory that the player sampled now."""
    trajectories = [one for group in groups for one in group.trajectories if ELSEWHERE.isdisjoint(one.notes)]
    return [one.turns[-1].completion for one in trajectories if one.turns and one.turns[-1].completion.token_ids]
