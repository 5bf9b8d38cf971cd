"""The frozen model beside the one that is trained."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import torch

from assaygym.agents.lora import with_new_adapter
from assaygym.agents.reference import Reference
from assaygym.errors import ConfigError

IDS = torch.tensor([[5, 6, 7]])


def moved(model: Any) -> None:
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.add_(0.1)


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(IDS).logits
    return found


@pytest.fixture(params=["copy", "adapter"])
def model(request: Any, small: Any) -> Any:
    plain = small.policy().model
    return plain if request.param == "copy" else with_new_adapter(plain, rank=2, alpha=4)


def test_it_stays_as_it_was_when_the_model_moves(model: Any) -> None:
    before, reference = logits(model), Reference(model)
    moved(model)
    with reference.model() as frozen:
        assert torch.equal(logits(frozen), before)
    assert not torch.equal(logits(model), before)


def test_in_place_whoever_samples_from_the_model_samples_from_it(model: Any) -> None:
    before, reference = logits(model), Reference(model)
    moved(model)
    after = logits(model)
    with suppress(KeyError), reference.in_place():
        assert torch.equal(logits(model), before)
        raise KeyError
    assert torch.equal(logits(model), after)


def test_it_becomes_the_model_as_it_is_now_and_a_checkpoint_brings_it_back(small: Any) -> None:
    model = small.policy().model
    reference = Reference(model)
    moved(model)
    reference.reset()
    state = reference.state()
    assert state is not None
    kept, expected = {name: value.clone() for name, value in state.items()}, logits(model)
    moved(model)
    reference.reset()
    reference.load(kept)
    with reference.model() as frozen:
        assert torch.equal(logits(frozen), expected)


def test_the_reference_of_adapters_cannot_move_and_has_no_state(small: Any) -> None:
    reference = Reference(with_new_adapter(small.policy().model, rank=2, alpha=4))
    assert reference.state() is None
    with pytest.raises(ConfigError, match="train without lora_rank"):
        reference.reset()
