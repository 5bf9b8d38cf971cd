"""The parameters of a Llama-like model, as they are in its modules: nothing is copied.

`read_weights` looks at every module, since hooks, adapters and quantisation change what a model computes without
changing its class. What it cannot vouch for it refuses, and the model's own forward pass is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as registry

__all__ = ["Layer", "Linear", "Weights", "read_weights"]

FAMILY = {
    f"transformers.models.{name.lower()}.modeling_{name.lower()}": f"{name}ForCausalLM"
    for name in ("Llama", "Mistral", "Qwen2", "Qwen3")
}
ROPE = frozenset({"default", "linear", "llama3", "yarn"})
"""Rotary embeddings whose frequencies do not change with the length of the input."""
ATTENTION = frozenset({"eager", "sdpa", "flash_attention_2"})
DTYPES = frozenset({torch.float32, torch.bfloat16, torch.float16})

Linear = tuple[Tensor, Tensor | None]
"""Weight and bias."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One decoder layer."""

    before_attention: Tensor
    query: Linear
    key: Linear
    value: Linear
    out: Linear
    query_norm: Tensor | None
    key_norm: Tensor | None
    before_mlp: Tensor
    gate: Linear
    up: Linear
    down: Linear
    act: Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """All that a forward pass needs."""

    layers: tuple[Layer, ...]
    embedding: Tensor
    padding: int | None
    """The id whose embedding has no gradient."""
    norm: Tensor
    head: Linear
    epsilon: float
    query_heads: int
    key_heads: int
    head_dim: int
    scale: float
    """Of the attention's scores."""
    frequencies: Tensor
    rotary_scale: float

    @property
    def dtype(self) -> torch.dtype:
        """Of every parameter."""
        return self.embedding.dtype

    @property
    def device(self) -> torch.device:
        """Of every parameter."""
        return self.embedding.device


def read_weights(model: Any) -> Weights | None:
    """The model's parameters, or None where its own forward pass may do something else than this family's."""
    kind = type(model)
    if FAMILY.get(kind.__module__) != kind.__name__ or _watched():
        return None
    config, inner = model.config, model.model
    rotary, layers = inner.rotary_emb, inner.layers[: config.num_hidden_layers]
    linears = [[*_linears(layer)] for layer in layers]
    norms = [inner.norm, *(norm for layer in layers for norm in _norms(layer))]
    outer = [model, inner, rotary, inner.embed_tokens, model.lm_head]
    inside = [part for layer in layers for part in (layer, layer.self_attn, layer.mlp, layer.mlp.act_fn)]
    if not all(map(_plain, [*outer, *inside, *norms, *chain(*linears)])) or not _usual(model, rotary, layers):
        return None
    dense = [model.lm_head, *chain(*linears)]
    if any(type(module) is not nn.Linear for module in dense) or not _alike([inner.embed_tokens, *dense, *norms]):
        return None
    return Weights(
        layers=tuple(map(_layer, layers, linears)),
        embedding=inner.embed_tokens.weight,
        padding=inner.embed_tokens.padding_idx,
        norm=inner.norm.weight,
        head=_linear(model.lm_head),
        epsilon=inner.norm.variance_epsilon,
        query_heads=config.num_attention_heads,
        key_heads=config.num_key_value_heads,
        head_dim=layers[0].self_attn.head_dim,
        scale=layers[0].self_attn.scaling,
        frequencies=rotary.inv_freq,
        rotary_scale=rotary.attention_scaling,
    )


def _usual(model: Any, rotary: Any, layers: Any) -> bool:
    """Whether every layer attends to all that came before, by rotary embeddings that do not change."""
    config, embedding, attention = model.config, model.model.embed_tokens, layers[0].self_attn
    return (
        type(embedding) is nn.Embedding
        and embedding.max_norm is None
        and set(getattr(config, "layer_types", None) or ["full_attention"]) == {"full_attention"}
        and not _slides(model, attention)
        and config._attn_implementation in ATTENTION
        and getattr(rotary, "rope_type", None) in ROPE
        and 2 * rotary.inv_freq.numel() == attention.head_dim
    )


def _slides(model: Any, attention: Any) -> bool:
    """Whether the attention looks back over a window only: Mistral says so in its config, the others in each layer."""
    if type(model).__name__.startswith("Mistral"):
        return model.config.sliding_window is not None
    return getattr(attention, "sliding_window", None) is not None


def _plain(module: nn.Module) -> bool:
    """Whether calling the module runs its class's own forward and nothing else."""
    return not (module._forward_hooks or module._forward_pre_hooks or "forward" in module.__dict__)


def _watched() -> bool:
    """Whether hooks for all modules are set (profilers and debuggers do)."""
    return bool(registry._global_forward_hooks or registry._global_forward_pre_hooks)


def _alike(modules: Sequence[Any]) -> bool:
    """Whether all parameters are plain ones, of one type, on one device."""
    dtype, device = modules[0].weight.dtype, modules[0].weight.device
    return dtype in DTYPES and all(
        type(parameter) is nn.Parameter and parameter.dtype == dtype and parameter.device == device
        for module in modules
        for parameter in module._parameters.values()
        if parameter is not None
    )


def _linears(layer: Any) -> Iterator[Any]:
    attention, mlp = layer.self_attn, layer.mlp
    yield from (attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj)
    yield from (mlp.gate_proj, mlp.up_proj, mlp.down_proj)


def _norms(layer: Any) -> Iterator[Any]:
    yield from (layer.input_layernorm, layer.post_attention_layernorm)
    yield from (norm for name in ("q_norm", "k_norm") if (norm := layer.self_attn._modules.get(name)) is not None)


def _linear(module: Any) -> Linear:
    return module.weight, module.bias


def _layer(layer: Any, linears: Sequence[Any]) -> Layer:
    query, key, value, out, gate, up, down = map(_linear, linears)
    before_attention, before_mlp, *norms = (norm.weight for norm in _norms(layer))
    return Layer(
        before_attention=before_attention,
        query=query,
        key=key,
        value=value,
        out=out,
        query_norm=norms[0] if norms else None,
        key_norm=norms[1] if norms else None,
        before_mlp=before_mlp,
        gate=gate,
        up=up,
        down=down,
        act=layer.mlp.act_fn,
    )
