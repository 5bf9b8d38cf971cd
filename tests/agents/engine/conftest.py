"""Small random models of several architectures, and engines on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest
import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from assaygym.agents.engine.engine import Engine
from assaygym.agents.engine.request import Request, Sampled

VOCABULARY = 60
END = 2
SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
    "bos_token_id": None,
    "eos_token_id": END,
    "pad_token_id": 0,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 128}
DYNAMIC = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0}
SLIDING: dict[str, Any] = {"sliding_window": 6, "use_sliding_window": True, "max_window_layers": 1}


def gpt2() -> Any:
    return GPT2LMHeadModel(
        GPT2Config(vocab_size=VOCABULARY, n_positions=512, n_embd=32, n_layer=2, n_head=2, eos_token_id=END)
    )


MAKERS: dict[str, Callable[[], Any]] = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE)),
    "llama grouped, biased": lambda: LlamaForCausalLM(
        LlamaConfig(**SHAPE, num_key_value_heads=2, attention_bias=True, mlp_bias=True, hidden_act="gelu")
    ),
    "llama3 rope": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, rope_parameters=LLAMA3)),
    "yarn rope": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, rope_parameters=YARN)),
    "qwen2 tied": lambda: Qwen2ForCausalLM(Qwen2Config(**SHAPE, num_key_value_heads=1, tie_word_embeddings=True)),
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SHAPE, num_key_value_heads=2, head_dim=12)),
    "mistral": lambda: MistralForCausalLM(MistralConfig(**SHAPE, num_key_value_heads=2, sliding_window=None)),
    "gpt2": gpt2,
    "dynamic rope": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE, rope_parameters=DYNAMIC)),
    "mistral sliding": lambda: MistralForCausalLM(MistralConfig(**SHAPE, num_key_value_heads=2, sliding_window=6)),
    "qwen2 sliding": lambda: Qwen2ForCausalLM(Qwen2Config(**SHAPE, num_key_value_heads=2, **SLIDING)),
}


@cache
def model_of(name: str) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = MAKERS[name]()
        for parameter in model.parameters():  # wide enough that no two distributions are alike by chance
            torch.nn.init.normal_(parameter, *((0, 0.15) if parameter.dim() > 1 else (1, 0.1)))
    return model.eval()


class Lab:
    """Makes models, engines and requests, and computes what should come out."""

    end = END
    vocabulary = VOCABULARY
    model = staticmethod(model_of)

    @staticmethod
    def fresh(name: str) -> Any:
        """A model of one's own, the same every time."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            return MAKERS[name]()

    @staticmethod
    def text(ids: Sequence[int]) -> str:
        """One character an id."""
        return "".join(chr(ord("A") + i) for i in ids)

    def engine(self, model: Any, max_batch: int = 64) -> Engine:
        """Of a model, or of the shared one of that name."""
        model = self.model(model) if isinstance(model, str) else model
        return Engine(model, pad_id=0, text_of=self.text, max_batch=max_batch)

    @staticmethod
    def ask(length: int, seed: int | None = 1, max_tokens: int = 12, end: bool = True, **options: Any) -> Request:
        """A prompt of so many ids, the same for the same length."""
        ids = tuple((7 * length + 5 * i) % (VOCABULARY - 3) + 3 for i in range(length))
        ends = frozenset({END} if end else ())
        return Request(prompt_ids=ids, seed=seed, max_tokens=max_tokens, end_ids=ends, **options)

    @staticmethod
    def forward(
        model: Any, request: Request, sampled: Sampled, temperature: float = 1.0
    ) -> tuple[list[float], list[float]]:
        """(log-probability, entropy) of each sampled id by one plain forward pass without padding or cache."""
        ids = torch.tensor([request.prompt_ids + sampled.token_ids])
        with torch.no_grad():
            logits = model(input_ids=ids, use_cache=False).logits[0, len(request.prompt_ids) - 1 : -1].float()
        logp = torch.log_softmax(logits / temperature, -1)
        picked = logp.gather(1, torch.tensor(sampled.token_ids).unsqueeze(1)).squeeze(1)
        return picked.tolist(), (-(logp.exp() * logp).sum(-1)).tolist()

    def assert_plain(
        self, model: Any, request: Request, sampled: Sampled, temperature: float = 1.0, tolerance: float = 1e-5
    ) -> None:
        """What is said of a sample is what a plain forward pass says."""
        logps, entropies = self.forward(model, request, sampled, temperature)
        assert sampled.logprobs == pytest.approx(logps, abs=tolerance)
        assert sampled.entropies == pytest.approx(entropies, abs=tolerance)


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab()
