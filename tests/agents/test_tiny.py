import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.tiny import CHARACTERS, save_tiny, tiny_model, tiny_tokenizer
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.errors import ConfigError
from assaygym.types import Message

TOKENIZER = tiny_tokenizer()
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "a  b\nc"},
    {"role": "assistant", "content": "\\boxed{c}"},
    {"role": "tool", "content": "ok"},
]


@given(st.text(st.sampled_from(CHARACTERS)).filter(lambda text: "<" not in text))
def test_every_text_of_its_alphabet_comes_back_one_id_a_character(text: str) -> None:
    ids = TOKENIZER(text)["input_ids"]
    assert len(ids) == len(text)
    assert TOKENIZER.decode(ids) == text


def test_what_it_does_not_know_is_one_unknown_id() -> None:
    assert TOKENIZER("aéb")["input_ids"][1] == TOKENIZER.unk_token_id


def test_a_longer_conversation_begins_with_the_shorter_one() -> None:
    rendered = [str(TOKENIZER.apply_chat_template(CHAT[:n], tokenize=False)) for n in range(1, len(CHAT) + 1)]
    for shorter, longer in pairwise(rendered):
        assert longer.startswith(shorter)


def test_the_generation_prompt_is_how_an_assistant_message_starts() -> None:
    asked = str(TOKENIZER.apply_chat_template(CHAT[:2], add_generation_prompt=True, tokenize=False))
    assert TOKENIZER.apply_chat_template(CHAT[:3], tokenize=False) == asked + "\\boxed{c}<end>"


def test_a_turn_ends_with_the_end_of_sequence_id() -> None:
    ids = TOKENIZER.apply_chat_template(CHAT[:3], return_dict=False)
    assert ids[-1] == TOKENIZER.eos_token_id != TOKENIZER.pad_token_id


def test_a_seed_fixes_the_weights_and_leaves_the_generator_of_the_caller_alone() -> None:
    before = torch.get_rng_state()
    first, again, other = (tiny_model(TOKENIZER, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)
    assert torch.equal(before, torch.get_rng_state())


def test_heads_that_do_not_divide_the_channels_are_refused() -> None:
    with pytest.raises(ConfigError, match="hidden=64 with heads=5"):
        tiny_model(TOKENIZER, heads=5)


def test_a_saved_model_is_loaded_by_the_policy_with_the_same_weights(tmp_path: Path) -> None:
    policy = TransformersPolicy(str(save_tiny(tmp_path / "tiny", hidden=32, layers=1, seed=3)))
    made = tiny_model(TOKENIZER, hidden=32, layers=1, seed=3).state_dict()
    assert all(torch.equal(value, made[name]) for name, value in policy.model.state_dict().items())
    prompt = Prompt(messages=(Message(role="user", content="hi"),))
    (said,) = policy.generate([prompt], SamplingParams(max_tokens=4, seed=0))
    assert TOKENIZER.decode(list(said.prompt_ids)) == "<user>hi<end><assistant>"


def test_importing_the_module_loads_neither_torch_nor_transformers() -> None:
    code = "import sys, assaygym.agents.tiny; print({'torch', 'transformers'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
