"""The learning rate over a run: a warm-up, then constant or falling to 0."""

from __future__ import annotations

import math

from assaygym.agents.settings import TrainSettings

__all__ = ["learning_rate"]


def learning_rate(settings: TrainSettings, step: int) -> float:
    """Of step `step` (from 0).

    While it warms up `(step + 1) / (warmup_steps + 1)` of the highest; then the highest, or falling evenly ("linear")
    or along half a cosine ("cosine") to 0 after the last step.
    """
    return settings.learning_rate * _share(settings, step)


def _share(settings: TrainSettings, step: int) -> float:
    warmup = settings.warmup_steps
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if settings.schedule == "constant":
        return 1.0
    done = min(1.0, (step - warmup) / max(1, settings.steps - warmup))
    return 1.0 - done if settings.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * done))
