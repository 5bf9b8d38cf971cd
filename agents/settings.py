"""What every training run has to choose, whatever its recipe. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from assaygym.errors import ConfigError

__all__ = ["TrainSettings"]

Schedule = Literal["constant", "linear", "cosine"]
OldLogps = Literal["auto", "sampler", "trainer"]
Precision = Literal["float32", "bfloat16"]
CurriculumKind = Literal["none", "adaptive"]
CHOICES = {
    "schedule": get_args(Schedule),
    "old_logps": get_args(OldLogps),
    "precision": get_args(Precision),
    "curriculum": get_args(CurriculumKind),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How much is sampled, and how the weights move.

    Raises:
        ConfigError: a value is outside its range; the sentence names it.
    """

    steps: int = 100
    """Steps of the whole run: each samples once and updates `updates * mini_batches` times."""
    prompts: int = 16
    """Tasks a step; the recipe's rollout says how many episodes each has."""
    max_tokens: int = 256
    """Longest completion of one turn, in tokens."""
    temperature: float = 1.0
    learning_rate: float = 1e-6
    """Of AdamW, at its highest. A tiny model wants about 5e-4."""
    schedule: Schedule = "constant"
    """Of the learning rate after the warm-up; the others fall to 0 at the last step."""
    warmup_steps: int = 0
    """Steps over which the learning rate rises from 0."""
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    updates: int = 1
    """Passes over each batch; the second is the first whose ratio differs from 1."""
    mini_batches: int = 1
    """Optimiser steps a pass, each on a share of the step's tasks."""
    micro_tokens: int = 16384
    """Tokens of a forward pass, padding included; bounds memory and does not change the update."""
    old_logps: OldLogps = "auto"
    """Log-probabilities at the start of the update: as the sampler gave them, or computed anew by the trainer. `auto`
    computes them where the recipe has a correction, where another engine samples, or where the precision differs."""
    precision: Precision = "float32"
    """Of the forward passes; with bfloat16 the weights and the optimiser stay as they are."""
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass instead of keeping them."""
    lora_rank: int = 0
    """Of low-rank adapters, which are then all that is trained; 0 trains the weights themselves."""
    lora_alpha: float = 16.0
    """The adapters' outputs are scaled by `lora_alpha / lora_rank`."""
    curriculum: CurriculumKind = "none"
    """`adaptive` moves the level of each environment so that its mean reward stays near `curriculum_target`."""
    curriculum_target: float = 0.5
    curriculum_rate: float = 0.5
    """Levels a step that a mean reward 1 above the target would move."""
    patience: int = 3
    """Steps in a row that the filters may leave nothing of; then the run ends."""
    lockstep: bool = True
    """Episodes take their turns together, so that a run repeats bit for bit; else each goes on as fast as it can."""
    concurrency: int = 64
    """Episodes at once where they do not go in lockstep."""
    env_threads: int = 8
    """Environments that step at the same time in lockstep."""
    checkpoint_every: int = 50
    """Steps between checkpoints; the last step always writes one."""
    seed: int = 0

    def __post_init__(self) -> None:
        at_least_one = "steps prompts max_tokens updates mini_batches micro_tokens concurrency env_threads patience"
        for name in (*at_least_one.split(), "checkpoint_every"):
            _require(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        for name in ("temperature", "learning_rate", "max_grad_norm", "lora_alpha", "curriculum_rate"):
            _require(name, getattr(self, name), getattr(self, name) > 0, "a number above 0")
        for name in ("weight_decay", "warmup_steps", "lora_rank"):
            _require(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")
        for name, known in CHOICES.items():
            _require(name, repr(getattr(self, name)), getattr(self, name) in known, " or ".join(map(repr, known)))
        _require("curriculum_target", self.curriculum_target, 0 < self.curriculum_target < 1, "a number in (0, 1)")
        _require("mini_batches", self.mini_batches, self.mini_batches <= self.prompts, "at most prompts")


def _require(name: str, value: object, holds: bool, expected: str) -> None:
    if not holds:
        raise ConfigError(f"{name} is {value}; expected {expected}")
