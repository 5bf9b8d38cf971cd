"""What the rewards become before they are compared: declarations over `assaygym.agents.shaping`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from assaygym.agents.parts.base import Shaping
from assaygym.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

    from assaygym.agents.scene import Scene

__all__ = [
    "Lagrangian",
    "LengthTopLambda",
    "Overlong",
    "Repetition",
    "StopProperly",
    "TokenRewards",
    "TurnDecay",
    "TwoPhase",
    "Weights",
]

REWARD = "reward"
"""The name by which the parts here call the reward itself, as shaped so far."""


@dataclass(frozen=True, slots=True)
class Overlong(Shaping):
    """Minus up to `factor` for the last `buffer` tokens before `limit`: DAPO (arXiv 2503.14476, equation 13).

    `limit` counts the sampled tokens of an episode; None is the longest completion of one turn, and `buffer` a share.
    """

    name: ClassVar[str] = "overlong"
    limit: int | None = None
    buffer: float = 0.2
    factor: float = 1.0

    def __call__(self, scene: Scene) -> Tensor:
        """The rewards with the penalty added."""
        from assaygym.agents.shaping import overlong

        limit = scene.max_tokens if self.limit is None else self.limit
        buffer = max(1, round(limit * self.buffer))
        return scene.rewards_N + overlong(scene.batch.sampled_N, limit=limit, buffer=buffer, factor=self.factor)


@dataclass(frozen=True, slots=True)
class StopProperly(Shaping):
    """An episode that a limit ended keeps `share` of its reward: ProRL v2."""

    name: ClassVar[str] = "stop_properly"
    share: float = 0.0

    def __call__(self, scene: Scene) -> Tensor:
        """The rewards, those of truncated episodes scaled."""
        from assaygym.agents.shaping import stop_properly

        return stop_properly(scene.rewards_N, scene.batch.truncated_N, share=self.share)


@dataclass(frozen=True, slots=True)
class LengthTopLambda(Shaping):
    """Shorter right answers earn more in the `share` of groups that are solved most often: GRPO-λ (arXiv 2505.18086).

    `alpha` is the most that length can cost, as a share of the reward.
    """

    name: ClassVar[str] = "length_top_lambda"
    share: float = 0.2
    alpha: float = 0.2

    def __call__(self, scene: Scene) -> Tensor:
        """By the rewards as shaped so far."""
        from assaygym.agents.shaping import length_top_lambda

        batch = scene.batch
        rewards_N, lengths_N = scene.rewards_N, batch.sampled_N
        return length_top_lambda(rewards_N, batch.groups_N, lengths_N, share=self.share, alpha=self.alpha)


@dataclass(frozen=True, slots=True)
class TurnDecay(Shaping):
    """An answer at turn t (from 0) earns `base^t` of its reward: UFO (arXiv 2507.14295)."""

    name: ClassVar[str] = "turn_decay"
    base: float = 0.5

    def __call__(self, scene: Scene) -> Tensor:
        """By the turns of the episode."""
        from assaygym.agents.shaping import turn_decay

        return turn_decay(scene.rewards_N, scene.batch.turns_N - 1, base=self.base)


@dataclass(frozen=True, slots=True)
class Repetition(Shaping):
    """Takes `weight` times the share of turns that repeat an earlier one of the episode: UFO (arXiv 2507.14295)."""

    name: ClassVar[str] = "repetition"
    weight: float = 0.5

    def __call__(self, scene: Scene) -> Tensor:
        """The rewards with the penalty added."""
        from assaygym.agents.shaping import repetition

        batch = scene.batch
        return scene.rewards_N + repetition(batch.distinct_N, batch.turns_N, weight=self.weight)


@dataclass(frozen=True, slots=True)
class TokenRewards(Shaping):
    """The rewards of steps inside an episode (`info["token_rewards"]`) beside that of its end: process rewards.

    Without this part steps weigh 1 and the end weighs 1.

    Raises:
        ConfigError: both weigh 0.
    """

    name: ClassVar[str] = "token_rewards"
    steps: float = 1.0
    end: float = 1.0

    def __post_init__(self) -> None:
        if self.steps == self.end == 0:
            raise ConfigError("token_rewards: steps and end weigh 0; give one of them a weight")

    def __call__(self, scene: Scene) -> Tensor:
        """The rewards of the ends; sets `scene.marks_weight`."""
        scene.marks_weight = self.steps
        return scene.rewards_N * self.end


@dataclass(frozen=True, slots=True)
class TwoPhase(Shaping):
    """The dense reward, and from the switch on 1 for a whole solution and 0 else: DELTA (arXiv 2509.21016).

    The switch comes at step `switch`, or after the first step that solved this share of its episodes (`solved`),
    whichever is first; it is never taken back.

    Raises:
        ConfigError: neither is given, or one is outside its range.
    """

    name: ClassVar[str] = "two_phase"
    switch: int | None = None
    solved: float | None = None
    metric: str = REWARD
    """The dense reward: the environment's, or what a verifier measured under this name; 1 is a whole solution."""

    def __post_init__(self) -> None:
        if self.switch is None and self.solved is None:
            raise ConfigError("two_phase: no switch; give a step (switch=50) or a share of episodes (solved=0.1)")
        if (self.switch or 0) < 0 or not 0 < (1.0 if self.solved is None else self.solved) <= 1:
            raise ConfigError(f"two_phase: switch={self.switch}, solved={self.solved}; expected 0 or more, and (0, 1]")

    def __call__(self, scene: Scene) -> Tensor:
        """The reward of the phase; `scene.memory["two_phase"]` says that the second has begun."""
        from assaygym.agents.shaping import two_phase

        dense_N = _measured(scene, self.metric)
        binary_N = (dense_N >= 1).to(dense_N.dtype)
        begun = bool(scene.memory.get(self.name)) or (self.switch is not None and scene.step >= self.switch)
        known_N = scene.keep_N
        if self.solved is not None and bool(known_N.any()) and float(binary_N[known_N].mean()) >= self.solved:
            scene.memory[self.name] = True
        return two_phase(dense_N, binary_N, step=int(begun), switch=1)


@dataclass(frozen=True, slots=True)
class Weights(Shaping):
    """The weighted sum of what the verifier measured, such as `terms="accuracy:1,format:0.2"`.

    `reward` is the reward itself. With `normalise` each is compared within its group before they are added up: GDPO
    (arXiv 2601.05242), whose last step is the advantage `whiten_baseline`. An episode that lacks a measure is left out.

    Raises:
        ConfigError: `terms` is not written so.
    """

    name: ClassVar[str] = "weights"
    terms: str = REWARD + ":1"
    normalise: bool = False

    def __post_init__(self) -> None:
        self.parsed()

    def parsed(self) -> dict[str, float]:
        """The weight of each measure."""
        try:
            pairs = [(name.strip(), float(weight)) for name, weight in (term.split(":") for term in self._split())]
        except ValueError:
            pairs = []
        if not pairs or not all(name and math.isfinite(weight) for name, weight in pairs):
            raise ConfigError(f"weights: terms is {self.terms!r}; expected NAME:WEIGHT,... as in accuracy:1,format:0.2")
        return dict(pairs)

    def __call__(self, scene: Scene) -> Tensor:
        """The sum."""
        from assaygym.agents.shaping import weighted

        weights = self.parsed()
        measured = {name: _measured(scene, name) for name in weights}
        kept_N, sum_N = scene.keep_N, scene.rewards_N.clone()
        if bool(kept_N.any()):
            parts = {name: values_N[kept_N] for name, values_N in measured.items()}
            sum_N[kept_N] = weighted(parts, weights, scene.batch.groups_N[kept_N], normalise=self.normalise)
        return sum_N

    def _split(self) -> list[str]:
        return self.terms.split(",")


@dataclass(frozen=True, slots=True)
class Lagrangian(Shaping):
    """`(r - λ c) / (1 + λ)` for a cost `c` that the verifier measured: Safe RLHF (arXiv 2310.12773).

    `λ` begins at `start` and rises from step to step while the mean cost is above `limit`. An episode whose cost was
    not measured is left out.

    Raises:
        ConfigError: `start` is not above 0, or `rate` is negative.
    """

    name: ClassVar[str] = "lagrangian"
    cost: str = "cost"
    limit: float = 0.0
    rate: float = 0.1
    start: float = 1.0

    def __post_init__(self) -> None:
        if self.start <= 0 or self.rate < 0:
            raise ConfigError(f"lagrangian: start={self.start}, rate={self.rate}; expected above 0, and 0 or more")

    def __call__(self, scene: Scene) -> Tensor:
        """By the `λ` of the steps so far; `scene.memory["lagrangian"]` is its logarithm."""
        from assaygym.agents.shaping import Lagrangian as Rule

        costs_N = _measured(scene, self.cost)
        rule = Rule(self.limit, self.rate, scene.memory.get(self.name, math.log(self.start)))
        shaped_N = rule.shape(scene.rewards_N, costs_N)
        if bool(scene.keep_N.any()):
            rule.update(costs_N[scene.keep_N])
        scene.memory[self.name] = rule.log_weight
        return shaped_N


def _measured(scene: Scene, name: str) -> Tensor:
    """The reward, or a measure; episodes without it are left out and hold 0.

    Raises:
        ConfigError: no episode of the step has it.
    """
    if name == REWARD:
        return scene.rewards_N
    values_N = scene.batch.metrics.get(name)
    if values_N is None:
        known = did_you_mean(name, [REWARD, *scene.batch.metrics])
        raise ConfigError(f"no verifier of this step measured {name!r}; {known}")
    scene.keep_N = scene.keep_N & ~values_N.isnan()
    return values_N.nan_to_num(0.0)
