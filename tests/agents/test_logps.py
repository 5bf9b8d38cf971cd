"""Log-probabilities of given tokens: those of a plain softmax, in little memory."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import Gemma2Config, Gemma2ForCausalLM, LlamaConfig, LlamaForCausalLM, PhiConfig, PhiForCausalLM

from assaygym.agents.heads import parts_of
from assaygym.agents.logps import token_logps

torch.set_num_threads(1)
SIZE: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
LENGTHS = (9, 5, 12)


def llama(vocabulary: int = 50) -> Any:
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(vocab_size=vocabulary, **SIZE)).train(False)


def biased() -> Any:
    torch.manual_seed(0)
    model = PhiForCausalLM(PhiConfig(vocab_size=50, **SIZE)).train(False)
    torch.nn.init.normal_(model.lm_head.bias)
    return model


def capped() -> Any:
    torch.manual_seed(0)
    config = Gemma2Config(
        vocab_size=50, num_key_value_heads=2, head_dim=8, final_logit_softcapping=2.0, pad_token_id=0, **SIZE
    )
    model = Gemma2ForCausalLM(config).train(False)
    with torch.no_grad():
        model.lm_head.weight.mul_(50)
    return model


MODELS = {"plain": llama, "head with a bias": biased, "soft-capped logits": capped}


def rows(vocabulary: int = 50) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows of three lengths; of each the tokens after the second are asked for, but one in the middle."""
    torch.manual_seed(1)
    tokens_BT = torch.randint(1, vocabulary, (3, max(LENGTHS)))
    mask_BT = torch.zeros(3, max(LENGTHS))
    for row, length in enumerate(LENGTHS):
        tokens_BT[row, length:] = 0
        mask_BT[row, 2:length] = 1
        mask_BT[row, 3] = 0
    return tokens_BT, mask_BT, torch.tensor(LENGTHS)


def plain(model: Any, temperature: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """By the definition: all logits, a softmax over all of them."""
    tokens_BT, mask_BT, lengths_B = rows()
    attention_BT = (torch.arange(tokens_BT.shape[1]) < lengths_B.unsqueeze(1)).long()
    logits_BTV = model(input_ids=tokens_BT, attention_mask=attention_BT).logits.float() / temperature
    logps_BTV = torch.cat([torch.zeros_like(logits_BTV[:, :1]), logits_BTV[:, :-1]], 1).log_softmax(-1)
    chosen_BT = logps_BTV.gather(-1, tokens_BT.unsqueeze(-1)).squeeze(-1)
    return chosen_BT * mask_BT, -(logps_BTV.exp() * logps_BTV).sum(-1) * mask_BT


def gradient(model: Any, value: torch.Tensor) -> torch.Tensor:
    model.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


@pytest.mark.parametrize("chunk", [1, 150, 1 << 20], ids=["a token each", "three tokens", "whole"])
@pytest.mark.parametrize("name", MODELS)
def test_they_are_those_of_a_softmax_over_all_logits(name: str, chunk: int) -> None:
    model = MODELS[name]()
    logps_BT, entropy_BT = token_logps(model, *rows(), temperature=0.7, chunk=chunk)
    expected_BT, entropies_BT = plain(model, 0.7)
    torch.testing.assert_close(logps_BT, expected_BT, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(entropy_BT, entropies_BT, atol=1e-6, rtol=1e-6)
    weights_BT = torch.linspace(-1, 1, logps_BT.numel()).view_as(logps_BT)
    found, expected = gradient(model, (logps_BT * weights_BT).sum()), gradient(model, (expected_BT * weights_BT).sum())
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("chunk", [150, 1 << 20])
def test_the_entropy_has_a_gradient_where_it_is_asked_for(chunk: int) -> None:
    model = llama()
    found = gradient(model, token_logps(model, *rows(), entropy_gradient=True, chunk=chunk)[1].sum())
    torch.testing.assert_close(found, gradient(model, plain(model)[1].sum()), atol=1e-6, rtol=1e-6)
    assert not token_logps(model, *rows(), chunk=chunk)[1].requires_grad


def test_under_autocast_they_are_those_of_the_model_under_autocast() -> None:
    model = llama()
    with torch.autocast("cpu", torch.bfloat16):
        whole_BT, chunked_BT = (token_logps(model, *rows(), chunk=chunk)[0] for chunk in (1 << 20, 150))
        expected_BT = plain(model)[0]
    assert whole_BT.dtype == torch.float32
    torch.testing.assert_close(whole_BT, expected_BT, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(chunked_BT, expected_BT, atol=1e-6, rtol=1e-6)
    exact_BT = token_logps(model, *rows())[0]
    assert 0 < (whole_BT - exact_BT).abs().max() < 0.05


def test_a_model_that_bends_its_logits_or_is_watched_runs_its_own_forward_pass() -> None:
    ids_1T = torch.tensor([[1, 2, 3]])
    assert parts_of(llama(), ids_1T) is not None
    assert parts_of(biased(), ids_1T) is not None
    assert parts_of(capped(), ids_1T) is None
    watched = llama()
    watched.register_forward_hook(lambda *_: None)
    assert parts_of(watched, ids_1T) is None


def test_a_model_whose_layers_and_head_give_other_logits_is_not_taken_apart() -> None:
    class Doubled(LlamaForCausalLM):  # type: ignore[no-untyped-call]
        def forward(self, *args: Any, **options: Any) -> Any:
            out = super().forward(*args, **options)
            out.logits = out.logits * 2  # pyright: ignore[reportOptionalOperand]
            return out

    model = Doubled(LlamaConfig(vocab_size=50, **SIZE)).train(False)
    assert parts_of(model, torch.tensor([[1, 2, 3]])) is None
    torch.testing.assert_close(token_logps(model, *rows())[0], plain(model)[0], atol=1e-6, rtol=1e-6)


class Largest(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The number of elements of the largest tensor that any operation makes, those of backward passes included."""

    numel = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for one in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(one, torch.Tensor):
                self.numel = max(self.numel, one.numel())
        return out


@contextmanager
def kept(sizes: list[int]) -> Iterator[None]:
    """The elements of what the forward pass keeps for the backward pass."""

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        sizes.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield


@pytest.mark.parametrize("grad", [True, False], ids=["update", "no gradient"])
def test_no_tensor_is_larger_than_the_chunk_or_the_head_itself(grad: bool) -> None:
    model, sizes = llama(5000), list[int]()
    tokens, wanted = rows(5000), int(rows()[1].sum())
    chunk, head = 4 * 5000, 16 * 5000
    model.lm_head.weight.requires_grad_(False)
    model.get_input_embeddings().weight.requires_grad_(False)
    token_logps(model, *tokens)
    with Largest() as seen, nullcontext() if grad else torch.no_grad(), kept(sizes):  # type: ignore[no-untyped-call]
        logps_BT, _ = token_logps(model, *tokens, chunk=chunk)
        if grad:
            logps_BT.sum().backward()  # type: ignore[no-untyped-call]
    assert seen.numel <= max(chunk, head) < wanted * 5000
    assert not [size for size in sizes if size == wanted * 5000]
    with Largest() as whole:  # type: ignore[no-untyped-call]
        token_logps(model, *tokens)
    assert whole.numel == wanted * 5000
