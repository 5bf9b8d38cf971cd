"""LoRA adapters, through peft."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.errors import ConfigError, MissingDependencyError
from assaygym.types import Completion, Message

TOKENIZER: Any = tiny_tokenizer()
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
"""peft asks transformers by a name that is going."""


def ask(policy: TransformersPolicy, *texts: str) -> list[Completion]:
    prompts = [Prompt(messages=(Message(role="user", content=text),)) for text in texts]
    return policy.generate(prompts, SamplingParams(max_tokens=12, seed=1))


def wrapped(seed: int = 5) -> Any:
    """A tiny model with an adapter that changes what it says."""
    peft = pytest.importorskip("peft", reason="the extra lora is not installed")
    config = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj", "up_proj"], task_type="CAUSAL_LM")
    model = peft.get_peft_model(tiny_model(TOKENIZER, hidden=32, layers=2, heads=2), config)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.5)
    return model


def assert_own(policy: TransformersPolicy, completion: Completion) -> None:
    """The log-probabilities are those of the wrapped model's forward pass."""
    ids = torch.tensor([completion.prompt_ids + completion.token_ids])
    with torch.no_grad():
        logps = policy.model(input_ids=ids).logits[0, len(completion.prompt_ids) - 1 : -1].log_softmax(-1)
    picked = logps.gather(1, torch.tensor(completion.token_ids).unsqueeze(1)).squeeze(1).tolist()
    assert completion.logprobs == pytest.approx(picked, abs=1e-5)


def test_a_wrapped_model_samples_with_its_adapter() -> None:
    policy = TransformersPolicy(wrapped().eval(), TOKENIZER)
    adapted = ask(policy, "a", "a longer one")
    for completion in adapted:
        assert_own(policy, completion)
    with policy.model.disable_adapter():
        assert ask(policy, "a")[0].logprobs != adapted[0].logprobs
    assert ask(policy, "a", "a longer one") == adapted


def test_an_adapter_put_on_after_the_first_turn_is_used_at_the_next() -> None:
    peft = pytest.importorskip("peft", reason="the extra lora is not installed")
    policy = TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=2, heads=2), TOKENIZER)
    (before,) = ask(policy, "a")
    config = peft.LoraConfig(r=4, target_modules=["q_proj"], init_lora_weights=False)
    peft.inject_adapter_in_model(config, policy.model)
    (after,) = ask(policy, "a")
    assert after.logprobs != before.logprobs
    assert_own(policy, after)


def test_a_saved_adapter_is_put_on_a_model_by_its_path(tmp_path: Path) -> None:
    model = wrapped().eval()
    model.save_pretrained(str(tmp_path / "adapter"))
    plain = tiny_model(TOKENIZER, hidden=32, layers=2, heads=2)
    policy = TransformersPolicy(plain, TOKENIZER, adapter=str(tmp_path / "adapter"))
    assert policy.name.endswith(str(tmp_path / "adapter"))
    assert ask(policy, "x", "yy") == ask(TransformersPolicy(model, TOKENIZER), "x", "yy")


def test_an_adapter_that_is_not_there_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("peft", reason="the extra lora is not installed")
    with pytest.raises(ConfigError, match=r"cannot load the adapter .*expected a folder that peft saved"):
        TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2), TOKENIZER, adapter=str(tmp_path))


def test_without_peft_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingDependencyError, match=r"an adapter needs peft.*assaygym\[lora\]"):
        TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2), TOKENIZER, adapter="x")
