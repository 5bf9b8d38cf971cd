"""Rows whose shared tokens are computed once: the logits and gradients of the model's own forward pass."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents import logps
from assaygym.agents.engine import packed
from assaygym.agents.engine.packed import pack, packed_states
from assaygym.agents.logps import token_logps

ROWS = ([3, 4, 5, 6, 7], [3, 4, 5, 8], [3, 4, 5, 8, 9, 9, 4], [5], [3, 4, 5, 6, 7], [3, 0, 5, 0])
KNOWN = ["llama", "llama grouped, biased", "llama3 rope", "qwen2 tied", "qwen3", "mistral"]


def padded(rows: Any, pad: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows]), torch.tensor([*map(len, rows)])


def figures(model: Any, *, own: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Log-probabilities of every token but the first, and gradients of a weighted sum of them."""
    with monkeypatch.context() as patch:
        if own:
            patch.setattr(logps, "packed_states", lambda *given: None)
        tokens_BT, lengths_B = padded(ROWS)
        mask_BT = (torch.arange(tokens_BT.shape[1]) < lengths_B.unsqueeze(1)).float()
        mask_BT[:, 0] = 0
        logps_BT, entropy_BT = token_logps(model, tokens_BT, mask_BT, lengths_B, entropy_gradient=True)
        weights_BT = torch.linspace(-1, 1, logps_BT.numel()).view_as(logps_BT)
        model.zero_grad()
        (logps_BT * weights_BT + 0.1 * entropy_BT).sum().backward()  # type: ignore[no-untyped-call]
        return logps_BT.detach(), [weight.grad.clone() for weight in model.parameters()]


@pytest.mark.parametrize("name", KNOWN)
def test_log_probabilities_and_gradients_are_those_of_the_models_own_forward_pass(
    lab: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = lab.fresh(name).eval()
    found, gradients = figures(model, own=False, monkeypatch=monkeypatch)
    assert packed._agrees[model]
    expected, others = figures(model, own=True, monkeypatch=monkeypatch)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    for one, other in zip(gradients, others, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_the_embedding_of_padding_gets_no_gradient_where_the_model_gives_it_none(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = lab.fresh("llama").eval()
    embedding = model.get_input_embeddings()
    for padding in (None, 0):
        embedding.padding_idx = padding
        figures(model, own=False, monkeypatch=monkeypatch)
        assert bool(embedding.weight.grad[0].any()) is (padding is None)


def test_what_rows_share_from_the_start_is_one_token() -> None:
    tokens_BT, lengths_B = padded(ROWS)
    found = pack(tokens_BT, lengths_B)
    assert len(found.first_M) == 13
    assert found.node_BT[0].tolist() == found.node_BT[4].tolist()
    assert found.node_BT[1, :4].tolist() == found.node_BT[2, :4].tolist()
    assert found.node_BT[5, 0] == found.node_BT[0, 0]
    assert found.node_BT[3, 0] != found.node_BT[0, 2]  # the same id, and nothing before it


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=9))
def test_places_have_one_token_exactly_where_all_up_to_them_is_the_same(rows: list[list[int]]) -> None:
    tokens_BT, lengths_B = padded(rows, pad=7)
    found = pack(tokens_BT, lengths_B)
    texts: dict[int, tuple[int, ...]] = {}
    for number, row in enumerate(rows):
        for column in range(len(row)):
            node = int(found.node_BT[number, column])
            assert texts.setdefault(node, tuple(row[: column + 1])) == tuple(row[: column + 1])
    assert len(set(texts.values())) == len(texts) == len(found.first_M)
    width = tokens_BT.shape[1]
    for node, place in enumerate(found.first_M.tolist()):
        assert tuple(rows[place // width][: place % width + 1]) == texts[node]


@pytest.mark.parametrize("why", ["another family", "hooks", "autocast", "recomputed", "training", "sliding"])
def test_a_pass_that_does_more_than_this_one_is_left_to_the_model(lab: Any, why: str) -> None:
    name = {"another family": "gpt2", "sliding": "mistral sliding"}.get(why, "llama")
    model = lab.fresh(name).eval()
    tokens_BT, lengths_B = padded(ROWS)
    wanted_BT = torch.ones_like(tokens_BT, dtype=torch.bool)
    if why == "hooks":
        model.model.layers[0].register_forward_hook(lambda *given: None)
    if why == "recomputed":
        model.activation_checkpointing_enable({"use_reentrant": False})
    if why == "training":
        model.train()
    with torch.autocast("cpu", torch.bfloat16, enabled=why == "autocast"):
        assert packed_states(model, tokens_BT, lengths_B, wanted_BT) is None


def test_a_model_that_fails_the_trial_runs_its_own_pass_and_is_not_tried_again(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, trials = lab.fresh("llama").eval(), list[float]()
    states = packed._states

    def wrong(*given: Any) -> torch.Tensor:
        trials.append(1.0)
        return states(*given) * 1.5 + 1

    monkeypatch.setattr(packed, "_states", wrong)
    tokens_BT, lengths_B = padded(ROWS)
    wanted_BT = torch.ones_like(tokens_BT, dtype=torch.bool)
    assert [packed_states(model, tokens_BT, lengths_B, wanted_BT) for _ in range(2)] == [None, None]
    assert len(trials) == 1


def test_the_same_rows_give_the_same_bits(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (figures(lab.fresh("llama").eval(), own=False, monkeypatch=monkeypatch) for _ in range(2))
    assert torch.equal(one[0], other[0])
    assert all(map(torch.equal, one[1], other[1]))
