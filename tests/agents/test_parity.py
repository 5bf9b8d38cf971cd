"""Whether what samples has the weights of what is trained."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.parity import (
    TOLERANCES,
    check_sampled,
    check_weights,
    model_scores,
    parity_of,
    probe_rows,
)
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.errors import PolicyError, WeightMismatchError
from assaygym.types import Message

TOKENIZER: Any = tiny_tokenizer()
MODEL: Any = tiny_model(TOKENIZER, hidden=32, layers=1, heads=2)
ROWS = probe_rows(TOKENIZER, longest=40)
TOLERANCE = TOLERANCES["float32"]


class Copy:
    """An engine with a copy of the weights, which a sync may have missed."""

    name = "copy"

    def __init__(self, model: Any) -> None:
        self.model = copy.deepcopy(model)

    def score(self, rows: Sequence[Sequence[int]]) -> list[tuple[float, ...]]:
        return model_scores(self.model, rows)


def moved(by: float) -> Any:
    """The model with noise of this size on every weight."""
    model = copy.deepcopy(MODEL)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight += by * torch.randn_like(weight)
    return model


def test_the_scores_are_the_log_probabilities_of_each_id_after_the_first() -> None:
    (scores,) = model_scores(MODEL, ROWS[:1])
    logits = MODEL(input_ids=torch.tensor([ROWS[0]])).logits[0, :-1]
    picked = logits.log_softmax(-1).gather(1, torch.tensor(ROWS[0][1:]).unsqueeze(1)).squeeze(1)
    assert scores == pytest.approx(picked.tolist(), abs=1e-5)


def test_scores_begin_where_they_are_asked_to_and_know_the_temperature() -> None:
    (late,) = model_scores(MODEL, ROWS[:1], [30])
    (all_of_them,) = model_scores(MODEL, ROWS[:1])
    (cool,) = model_scores(MODEL, ROWS[:1], [30], temperature=0.5)
    assert late == pytest.approx(all_of_them[29:], abs=1e-5)
    assert cool != pytest.approx(late, abs=1e-3)


def test_a_model_in_training_is_scored_without_dropout_and_left_in_training() -> None:
    model = copy.deepcopy(MODEL).train()
    model.config.attention_dropout = 0.5
    for layer in model.model.layers:
        layer.self_attn.attention_dropout = 0.5
    assert model_scores(model, ROWS) == model_scores(MODEL, ROWS)
    assert model.training


def test_a_true_copy_passes() -> None:
    parity = check_weights(Copy(MODEL), MODEL, ROWS, tolerance=1e-5)
    assert parity.tokens == sum(len(row) - 1 for row in ROWS)
    assert parity.largest <= 1e-5


@pytest.mark.parametrize("by", [0.003, 0.1])
def test_a_copy_that_missed_a_step_is_refused(by: float) -> None:
    with pytest.raises(WeightMismatchError, match=r"copy does not have the trainer's weights.*sync again"):
        check_weights(Copy(MODEL), moved(by), ROWS, tolerance=TOLERANCE)


def test_one_layer_that_was_not_loaded_is_noticed() -> None:
    engine = Copy(MODEL)
    with torch.no_grad():
        engine.model.model.layers[0].mlp.down_proj.weight.zero_()
    with pytest.raises(WeightMismatchError, match="nats at row"):
        check_weights(engine, MODEL, ROWS, tolerance=TOLERANCE)


def test_scores_that_are_not_numbers_are_refused_whatever_the_tolerance() -> None:
    engine = Copy(MODEL)
    with torch.no_grad():
        engine.model.lm_head.weight.fill_(math.nan)
    with pytest.raises(WeightMismatchError, match="up to inf nats"):
        check_weights(engine, MODEL, ROWS, tolerance=1e9)


def prompt(text: str) -> Prompt:
    asked = (Message(role="user", content=text),)
    return Prompt(messages=asked, observation=asked)


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_what_a_policy_sampled_agrees_with_its_model(temperature: float) -> None:
    policy = TransformersPolicy(MODEL, TOKENIZER)
    params = SamplingParams(max_tokens=12, seed=1, temperature=temperature)
    completions = policy.generate([prompt("a"), prompt("a longer one")], params)
    parity = check_sampled(completions, MODEL, name="hf", tolerance=1e-4, temperature=temperature or 1.0)
    assert parity.tokens == sum(len(completion.token_ids) for completion in completions)


def test_what_was_sampled_with_the_weights_before_is_refused() -> None:
    completions = TransformersPolicy(moved(0.05), TOKENIZER).generate([prompt("a")], SamplingParams(max_tokens=12))
    with pytest.raises(WeightMismatchError, match="hf does not have the trainer's weights"):
        check_sampled(completions, MODEL, name="hf", tolerance=TOLERANCE)


def test_text_alone_proves_no_weights() -> None:
    with pytest.raises(PolicyError, match="without log-probabilities"):
        check_sampled([said("4")], MODEL, name="openai", tolerance=TOLERANCE)
    with pytest.raises(PolicyError, match="without log-probabilities"):
        check_sampled([], MODEL, name="openai", tolerance=TOLERANCE)


def test_probes_are_cut_to_the_context_and_one_is_longer_than_a_block_of_a_cache() -> None:
    assert max(map(len, probe_rows(TOKENIZER))) > 128
    assert {len(row) for row in probe_rows(TOKENIZER, longest=20)} == {20}


def test_the_largest_difference_is_told_with_its_place() -> None:
    parity = parity_of([(-1.0, -2.0), (-3.0,)], [(-1.0, -2.5), (-3.1,)])
    assert (parity.largest, parity.where, parity.tokens) == (0.5, (0, 1), 3)
    assert parity.mean == pytest.approx(0.2)
    assert str(parity).startswith("0.5 nats at row 0, token 1")


def test_impossible_tokens_on_both_sides_are_alike_and_on_one_side_are_not() -> None:
    assert parity_of([(-math.inf,)], [(-math.inf,)]).largest == 0
    assert parity_of([(-math.inf,)], [(-1.0,)]).largest == math.inf


@pytest.mark.parametrize(("first", "second"), [([(-1.0,)], [(-1.0, -2.0)]), ([(-1.0,)], []), ([], []), ([()], [()])])
def test_rows_that_cannot_be_compared_are_refused(first: Any, second: Any) -> None:
    with pytest.raises(ValueError, match="log-probabilities"):
        parity_of(first, second)


logps = st.lists(st.floats(-50, 0) | st.just(-math.inf) | st.just(math.nan), min_size=1, max_size=5)


@given(logps)
def test_rows_agree_with_themselves_unless_they_are_not_numbers(row: list[float]) -> None:
    assert parity_of([row], [row]).largest == (math.inf if any(map(math.isnan, row)) else 0)
