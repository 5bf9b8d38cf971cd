"""How the forward passes of an update run: precision, and activations that are computed again instead of kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from assaygym.agents.settings import TrainSettings
from assaygym.errors import ConfigError

__all__ = ["Passes"]


class Passes:
    """The forward passes of one model.

    Args:
        model: of `transformers`, or as peft wrapped it; in evaluation mode, where it stays.
        settings: say how.

    Raises:
        ConfigError: activations are to be computed again, and the model has no layers that can.
    """

    def __init__(self, model: Any, settings: TrainSettings) -> None:
        self.settings, self.device = settings, model.device.type
        self.layers = _recomputing(model) if settings.gradient_checkpointing else []

    @contextmanager
    def forward(self) -> Iterator[None]:
        """While this lasts, the model computes as the settings say.

        Layers compute their activations again only in training mode: the layers alone are in it, nothing inside them,
        so that no dropout acts.
        """
        for layer in self.layers:
            layer.training = torch.is_grad_enabled()
        try:
            with self.precision():
                yield
        finally:
            for layer in self.layers:
                layer.training = False

    def precision(self) -> AbstractContextManager[Any]:
        """Weights stay as they are; matrix products are rounded where the settings say so."""
        if self.settings.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device, torch.bfloat16)


def _recomputing(model: Any) -> list[Any]:
    """The layers that compute again, told to, and without a dropout of their own."""
    from transformers.modeling_layers import GradientCheckpointingLayer

    layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    if not layers:
        raise ConfigError(f"{type(model).__name__} has no layers that recompute; set gradient_checkpointing=False")
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})
    for layer in layers:
        for name, value in vars(layer).items():
            if "drop" in name and isinstance(value, float):
                setattr(layer, name, 0.0)
    return layers
