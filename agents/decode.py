"""The decode loop of `TransformersPolicy`: a causal language model, a growing key-value cache, one sampler.

Equal prompts (a group of rollouts) are prefilled once. Rows that ended leave the batch when half of it has. Each row
draws from a generator of its own, so what it samples depends on its seed and not on its neighbours, up to the rounding
of a matrix product with another number of rows.

Axes: B rows, U distinct prompts, P prompt tokens, N new tokens, V vocabulary.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from assaygym.errors import PolicyError
from assaygym.types import FinishReason

__all__ = ["Request", "Sampled", "decode", "sample"]

WINDOW = 4
"""Tokens looked at for each character of a stop string: one character is at most four byte tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One prompt to continue. `temperature` 0 is greedy."""

    prompt_ids: tuple[int, ...]
    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """The ids as sampled, a final end id included, with log-probability and entropy (nats) of each."""

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    entropies: tuple[float, ...]
    finish_reason: FinishReason


@torch.inference_mode()
def decode(
    model: Any,
    requests: Sequence[Request],
    *,
    end_ids: Sequence[int],
    pad_id: int,
    text_of: Callable[[Sequence[int]], str],
) -> list[Sampled]:
    """Continue every prompt; the model is in evaluation mode.

    Args:
        model: a causal language model of `transformers`.
        requests: at least one; each prompt holds at least one id.
        end_ids: sampling one of these ends a row.
        pad_id: fills short prompts on the left, and is never attended to.
        text_of: ids to text, to look for stop strings.

    Raises:
        PolicyError: the model's logits are not numbers.
    """
    return _Decoder(model, requests, end_ids, pad_id, text_of).run()


def sample(
    logits_BV: Tensor, temperature_B1: Tensor, top_p_B1: Tensor, uniform_B1: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """(token_B, logprob_B, entropy_B), by inverting the distribution function at `uniform_B1` (float64, in [0, 1)).

    Log-probability and entropy are those of softmax(logits / temperature) over the whole vocabulary, before the cut by
    `top_p`: what a trainer recomputes. A greedy row (temperature 0) has those of temperature 1.
    """
    greedy_B1 = temperature_B1 == 0
    logp_BV = torch.log_softmax(logits_BV.float() / torch.where(greedy_B1, 1.0, temperature_B1), dim=-1)
    p_BV = logp_BV.exp()
    kept_BV = p_BV if bool((top_p_B1 == 1).all()) else _nucleus(p_BV, top_p_B1)
    cdf_BV = kept_BV.to(torch.float64).cumsum(-1)
    drawn_B1 = torch.searchsorted(cdf_BV, uniform_B1 * cdf_BV[:, -1:], right=True).clamp_(max=p_BV.shape[-1] - 1)
    token_B1 = torch.where(greedy_B1, logp_BV.argmax(-1, keepdim=True), drawn_B1)
    return token_B1.squeeze(1), logp_BV.gather(1, token_B1).squeeze(1), torch.special.entr(p_BV).sum(-1)


def _nucleus(p_BV: Tensor, top_p_B1: Tensor) -> Tensor:
    """The smallest set of tokens whose probability reaches `top_p`; 0 elsewhere."""
    sorted_BV, order_BV = p_BV.sort(-1, descending=True)
    before_BV = sorted_BV.cumsum(-1) - sorted_BV
    return torch.zeros_like(p_BV).scatter(1, order_BV, sorted_BV * (before_BV < top_p_B1))


class _Decoder:
    """The state of one batch. `rows_B` holds the requests that go on; results lie in full-size arrays."""

    def __init__(
        self,
        model: Any,
        requests: Sequence[Request],
        end_ids: Sequence[int],
        pad_id: int,
        text_of: Callable[[Sequence[int]], str],
    ) -> None:
        self.model, self.requests, self.pad_id, self.text_of = model, requests, pad_id, text_of
        self.device = model.device
        steps = max(request.max_tokens for request in requests)
        self.end_E = torch.tensor(list(end_ids), dtype=torch.int64, device=self.device)
        self.uniforms_BN = self._tensor([_uniforms(request, steps) for request in requests], torch.float64)
        self.temperature_B1 = self._tensor([[request.temperature] for request in requests], torch.float32)
        self.top_p_B1 = self._tensor([[request.top_p] for request in requests], torch.float32)
        self.limit_B = self._tensor([request.max_tokens for request in requests], torch.int64)
        shape = (len(requests), steps)
        self.tokens_BN = torch.full(shape, pad_id, dtype=torch.int64, device=self.device)
        self.logps_BN = torch.zeros(shape, device=self.device)
        self.entropies_BN = torch.zeros(shape, device=self.device)
        self.count_B = torch.zeros(len(requests), dtype=torch.int64, device=self.device)
        self.stopped_B = torch.zeros(len(requests), dtype=torch.bool, device=self.device)
        self.stops = any(request.stop for request in requests)

    def run(self) -> list[Sampled]:
        logits_BV = self._prefill()
        rows_B = torch.arange(len(self.requests), device=self.device)
        going_B = torch.ones_like(rows_B, dtype=torch.bool)
        for step in range(self.tokens_BN.shape[1]):
            token_B = self._sample(logits_BV, rows_B, going_B, step)
            going_B = going_B & ~self.stopped_B[rows_B] & (self.count_B[rows_B] < self.limit_B[rows_B])
            left = int(going_B.sum())
            if not left:
                break
            if 2 * left <= len(rows_B):
                token_B, rows_B, going_B = self._compact(token_B, rows_B, going_B)
            logits_BV = self._forward(token_B.unsqueeze(1))
        return self._results()

    def _prefill(self) -> Tensor:
        from transformers import DynamicCache

        unique = {request.prompt_ids: 0 for request in self.requests}
        unique = {ids: index for index, ids in enumerate(unique)}
        width = max(map(len, unique))
        self.padded = any(len(ids) < width for ids in unique)
        ids_UP = self._tensor([[self.pad_id] * (width - len(ids)) + list(ids) for ids in unique], torch.int64)
        lengths_U1 = self._tensor([[len(ids)] for ids in unique], torch.int64)
        self.mask_BT = (torch.arange(width, device=self.device) >= width - lengths_U1).long()
        self.position_B1 = torch.zeros_like(lengths_U1)
        self.cache = DynamicCache(config=self.model.config)
        self.accepted = _accepted(self.model)
        logits_UV = self._call(ids_UP, (self.mask_BT.cumsum(-1) - 1).clamp(min=0))
        self.position_B1 = lengths_U1
        if len(unique) == len(self.requests):
            return logits_UV
        index_B = self._tensor([unique[request.prompt_ids] for request in self.requests], torch.int64)
        self._select(index_B)
        return logits_UV[index_B]

    def _forward(self, ids_B1: Tensor) -> Tensor:
        """Feed one more token a row."""
        if self.padded:
            self.mask_BT = torch.cat([self.mask_BT, torch.ones_like(ids_B1)], dim=1)
        logits_BV = self._call(ids_B1, self.position_B1)
        self.position_B1 = self.position_B1 + 1
        return logits_BV

    def _call(self, ids: Tensor, positions: Tensor) -> Tensor:
        extras = {"position_ids": positions, "logits_to_keep": 1}
        out = self.model(
            input_ids=ids,
            attention_mask=self.mask_BT if self.padded else None,
            past_key_values=self.cache,
            use_cache=True,
            **{name: value for name, value in extras.items() if name in self.accepted},
        )
        logits_BV: Tensor = out.logits[:, -1]
        return logits_BV

    def _sample(self, logits_BV: Tensor, rows_B: Tensor, going_B: Tensor, step: int) -> Tensor:
        token_B, logp_B, entropy_B = sample(
            logits_BV, self.temperature_B1[rows_B], self.top_p_B1[rows_B], self.uniforms_BN[rows_B, step : step + 1]
        )
        live_B = rows_B[going_B]
        self.tokens_BN[live_B, step] = token_B[going_B]
        self.logps_BN[live_B, step] = logp_B[going_B]
        self.entropies_BN[live_B, step] = entropy_B[going_B]
        self.count_B[live_B] = step + 1
        self.stopped_B[live_B] |= torch.isin(token_B[going_B], self.end_E)
        if self.stops:
            self._look_for_stops(live_B, step + 1)
        return token_B

    def _look_for_stops(self, rows_B: Tensor, count: int) -> None:
        for row in rows_B.tolist():
            if stop := self.requests[row].stop:
                window = WINDOW * (max(map(len, stop)) + 1)
                text = self.text_of(self.tokens_BN[row, max(0, count - window) : count].tolist())
                if any(string in text for string in stop):
                    self.stopped_B[row] = True

    def _compact(self, token_B: Tensor, rows_B: Tensor, going_B: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Drop the rows that ended."""
        self._select(going_B.nonzero().squeeze(1))
        return token_B[going_B], rows_B[going_B], going_B[going_B]

    def _select(self, index_B: Tensor) -> None:
        self.cache.batch_select_indices(index_B)
        self.mask_BT, self.position_B1 = self.mask_BT[index_B], self.position_B1[index_B]

    def _results(self) -> list[Sampled]:
        if bool(torch.isnan(self.logps_BN).any()):
            raise PolicyError("the model's logits are not numbers (NaN): its weights are broken or it has diverged")
        arrays = (self.tokens_BN.tolist(), self.logps_BN.tolist(), self.entropies_BN.tolist())
        counts, stopped = self.count_B.tolist(), self.stopped_B.tolist()
        return [
            Sampled(
                token_ids=tuple(tokens[:n]),
                logprobs=tuple(logps[:n]),
                entropies=tuple(entropies[:n]),
                finish_reason="stop" if stop else "length",
            )
            for tokens, logps, entropies, n, stop in zip(*arrays, counts, stopped, strict=True)
        ]

    def _tensor(self, values: Any, dtype: torch.dtype) -> Tensor:
        return torch.as_tensor(np.asarray(values), dtype=dtype, device=self.device)


def _uniforms(request: Request, steps: int) -> Any:
    if request.temperature == 0:
        return np.zeros(steps)
    return np.random.default_rng(request.seed).random(steps)


def _accepted(model: Any) -> frozenset[str]:
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model  # a peft wrapper hides the signature
    return frozenset(inspect.signature(inner.forward).parameters)
