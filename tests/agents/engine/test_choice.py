"""Which way a model runs: the fastest that can be vouched for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from assaygym.agents.engine.choice import Chooser
from assaygym.agents.engine.forward import to_logits
from assaygym.agents.engine.native import NativeRows
from assaygym.agents.engine.rows import CachedRows
from assaygym.agents.engine.weights import read_weights

IDS = (5, 6, 7)


class Own(nn.Linear):
    """A layer of another class, as quantisation and adapters put in."""


def hook(model: Any) -> None:
    model.model.layers[1].mlp.register_forward_hook(lambda *_: None)


def patch(model: Any) -> None:
    model.model.layers[0].self_attn.forward = model.model.layers[0].self_attn.forward


def swap(model: Any) -> None:
    layer = model.model.layers[0].mlp
    outs, ins = layer.up_proj.weight.shape
    layer.up_proj = Own(ins, outs, bias=False)


def widen(model: Any) -> None:
    model.lm_head.double()


def rename(model: Any) -> None:
    model.__class__ = type("LlamaForCausalLM", (type(model),), {"__module__": "somewhere.else"})


@pytest.mark.parametrize("change", [hook, patch, swap, widen, rename])
def test_weights_of_a_model_that_computes_something_else_are_refused(lab: Any, change: Any) -> None:
    model = lab.fresh("llama")
    assert read_weights(model) is not None
    change(model)
    assert read_weights(model) is None
    with pytest.raises(TypeError, match="LlamaForCausalLM is not a model whose forward pass is known"):
        NativeRows(model).admit([IDS], [0])


def test_weights_are_the_models_own_and_tied_ones_are_one(lab: Any) -> None:
    model = lab.fresh("qwen2 tied")
    weights = read_weights(model)
    assert weights is not None
    assert weights.head[0] is weights.embedding is model.get_input_embeddings().weight


def test_hooks_for_all_modules_are_seen(lab: Any) -> None:
    handle = nn.modules.module.register_module_forward_hook(lambda *_: None)
    try:
        assert read_weights(lab.model("llama")) is None
    finally:
        handle.remove()
    assert read_weights(lab.model("llama")) is not None


@pytest.mark.parametrize("name", ["mistral sliding", "qwen2 sliding", "dynamic rope", "gpt2"])
def test_what_is_unusual_is_left_to_the_model(lab: Any, name: str) -> None:
    assert read_weights(lab.model(name)) is None


def test_a_hook_changes_the_way_and_its_removal_changes_it_back(lab: Any) -> None:
    model = lab.fresh("llama").eval()
    chooser = Chooser(model, 0)
    assert chooser(IDS).name == "native"
    handle = model.register_forward_hook(lambda *_: None)
    assert chooser(IDS).name == "cached"
    handle.remove()
    assert chooser(IDS).name == "native"


def test_a_native_forward_that_disagrees_is_not_used(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*args: Any) -> torch.Tensor:
        return right(*args) * 1.01

    right = to_logits
    monkeypatch.setattr("assaygym.agents.engine.native.to_logits", wrong)
    assert Chooser(lab.model("llama"), 0)(IDS).name == "cached"


def test_a_trial_with_weights_that_are_no_numbers_proves_nothing(lab: Any) -> None:
    model = lab.fresh("llama").eval()
    kept = model.lm_head.weight.detach().clone()
    chooser = Chooser(model, 0)
    with torch.no_grad():
        model.lm_head.weight.fill_(torch.nan)
        chooser(IDS)
        model.lm_head.weight.copy_(kept)
    assert not chooser._trusted
    assert chooser(IDS).name == "native"
    assert chooser._trusted


class Counts(nn.Module):
    """Logits from how often each id has been seen: a causal model with no cache at all."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(0, 3, vocabulary**2).sin().view(vocabulary, vocabulary))
        self.config = SimpleNamespace(name_or_path="counts")
        self.device, self.dtype = torch.device("cpu"), torch.float32

    def forward(self, input_ids: torch.Tensor, **_: Any) -> Any:
        return SimpleNamespace(logits=self.weight[input_ids].cumsum(1))


def test_a_model_without_a_cache_runs_on_plain_forward_passes(lab: Any) -> None:
    model = Counts(lab.vocabulary).eval()
    engine = lab.engine(model)
    assert engine.choice(IDS) == "plain"
    requests = [lab.ask(length, seed=length, max_tokens=9, end=False) for length in (2, 5, 5, 3)]
    for request, sampled in zip(requests, engine.run(requests), strict=True):
        lab.assert_plain(model, request, sampled)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_model_in_training_mode_samples_without_dropout_and_stays_in_it(lab: Any, name: str) -> None:
    model, seen = lab.fresh(name).train(), list[bool]()
    frozen = next(module for module in model.modules() if isinstance(module, nn.Embedding)).eval()
    model.register_forward_pre_hook(lambda module, _: seen.append(module.training))
    request = lab.ask(4, max_tokens=8)
    (sampled,) = lab.engine(model).run([request])
    assert model.training
    assert not frozen.training
    assert not any(seen)
    lab.assert_plain(model.eval(), request, sampled)


def test_an_update_in_place_is_seen_at_the_next_request(lab: Any) -> None:
    model = lab.fresh("llama").eval()
    engine = lab.engine(model)
    engine.run([lab.ask(4)])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    request = lab.ask(4)
    lab.assert_plain(model, request, engine.run([request])[0])


def test_a_model_can_be_trained_after_it_was_sampled_from(lab: Any) -> None:
    for name in ("llama", "dynamic rope", "gpt2"):
        model = lab.fresh(name).eval()
        lab.engine(model).run([lab.ask(4)])
        model(input_ids=torch.tensor([IDS])).logits.logsumexp(-1).sum().backward()
        assert all(parameter.grad is not None for parameter in model.parameters())


def test_cached_rows_let_go_of_columns_that_no_row_uses(lab: Any) -> None:
    rows = CachedRows(lab.model("gpt2"), 0, joinable=True)
    rows.admit([[3, 4], [5] * 40], [0, 1])
    assert rows._mask_BT.shape[1] == 40
    assert rows.drop({1}) == [0]
    assert rows._mask_BT.shape[1] == 2
