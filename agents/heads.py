"""Where a causal language model's layers end and its head begins, for those whose logits are `head(layers(ids))`.

Some models bend or scale what their head gives. A model is taken apart only where its config names nothing of the kind
and a trial shows the same logits; any other runs its own forward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

__all__ = ["Parts", "layers_of", "parts_of"]

Parts = tuple[Callable[..., Any], Callable[[Tensor], Tensor]]
"""The layers, and the head."""
TRIAL = 16
"""Ids of the trial, at most."""
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-9}
"""Of the difference between the logits, as a share of their spread."""
COARSE = 0.02
"""The tolerance in half precision."""

_same: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
"""What the trial of a model found."""


def layers_of(model: Any) -> Any:
    """The model without its head; a model that peft wrapped has its adapters inside."""
    inner = _unwrapped(model)
    return getattr(inner, "base_model", inner)


def parts_of(model: Any, ids_1T: Tensor) -> Parts | None:
    """Layers and head, or None where the model's own forward pass may do something else with them.

    Args:
        model: of `transformers`, or as peft wrapped it.
        ids_1T: a row of its vocabulary, for the trial of a model that was not seen before.
    """
    inner, layers = _unwrapped(model), layers_of(model)
    head = inner.get_output_embeddings() if hasattr(inner, "get_output_embeddings") else None
    if head is None or layers is inner or _watched(inner) or _bends(inner.config):
        return None
    if inner not in _same:
        _same[inner] = _agree(inner, layers, head, ids_1T[:, :TRIAL])
    return (layers, head) if _same[inner] else None


def _unwrapped(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _watched(module: Any) -> bool:
    """Whether calling the module runs more than its class's own forward."""
    return bool(module._forward_hooks or module._forward_pre_hooks or "forward" in module.__dict__)


def _bends(config: Any) -> bool:
    """Whether the config names a scale or a cap of the logits; too small to be seen in a trial of small logits."""
    named = {name: value for name, value in vars(config.get_text_config()).items() if "logit" in name}
    return any(value not in (None, False, 1, 1.0) for value in named.values())


@torch.no_grad()
def _agree(inner: Any, layers: Any, head: Any, ids_1T: Tensor) -> bool:
    whole: Tensor = inner(input_ids=ids_1T, use_cache=False).logits
    try:
        apart: Tensor = head(layers(input_ids=ids_1T, use_cache=False)[0])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError):
        return False  # not layers of this form; whatever they are, the model's own forward pass knows
    if whole.shape != apart.shape:
        return False
    tolerance = TOLERANCE.get(whole.dtype, COARSE)
    spread = (whole - whole.mean()).float().norm()
    return not bool((whole - apart).float().norm() > tolerance * spread)
