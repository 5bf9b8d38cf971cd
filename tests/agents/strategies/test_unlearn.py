"""The forgetting step on a model's weights."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.policy import SamplingParams
from assaygym.agents.strategies import Group, Independent, SampleThenForget, Unlearn
from assaygym.agents.strategies.unlearn import ROOM, complementary_loss
from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.errors import ConfigError, PolicyError

PARAMS = SamplingParams(seed=1, max_tokens=6)


@pytest.fixture(scope="module")
def policy() -> TransformersPolicy:
    tokenizer = tiny_tokenizer()
    return TransformersPolicy(tiny_model(tokenizer, hidden=16, layers=1, heads=2), tokenizer)


def weights(policy: TransformersPolicy) -> list[bytes]:
    return [weight.detach().numpy().tobytes() for weight in policy.model.parameters()]


@pytest.fixture
def groups(policy: TransformersPolicy, dialogue: Callable[..., Any]) -> list[Group]:
    crew = Crew(dialogue, policy, params=PARAMS, concurrency=2)
    return list(Independent(2).collect(crew, [EpisodeJob(key=f"t{i}", seed=i) for i in range(2)]))


def mean_probability(policy: TransformersPolicy, groups: list[Group]) -> float:
    """Of the sampled tokens, recomputed."""
    found = []
    for turn in (turn for group in groups for one in group.trajectories for turn in one.turns):
        ids = torch.tensor([[*turn.completion.prompt_ids, *turn.completion.token_ids]])
        with torch.no_grad():
            logp = policy.model(ids).logits[0].log_softmax(-1)
        n = len(turn.completion.token_ids)
        found += logp[-n - 1 : -1].gather(-1, ids[0, -n:, None]).exp().flatten().tolist()
    return math.fsum(found) / len(found)


@given(st.floats(-20, 0))
def test_the_loss_is_minus_the_log_of_one_minus_p(logp: float) -> None:
    given_ = torch.tensor(logp, dtype=torch.float64, requires_grad=True)
    loss = complementary_loss(given_)
    p = math.exp(logp)
    assert loss.item() == pytest.approx(-math.log(1 - p + ROOM), abs=1e-9)
    loss.backward()  # type: ignore[no-untyped-call]
    assert given_.grad is not None
    assert given_.grad.item() == pytest.approx(p / (1 - p + ROOM))


def test_what_was_said_is_less_likely_while_the_context_lasts(policy: TransformersPolicy, groups: list[Group]) -> None:
    before, kept = mean_probability(policy, groups), weights(policy)
    unlearn = Unlearn(policy, learning_rate=1e-2)
    with unlearn(groups):
        assert mean_probability(policy, groups) < 0.9 * before
        assert weights(policy) != kept
    assert weights(policy) == kept
    assert unlearn.stats is not None
    assert unlearn.stats.applied
    assert unlearn.stats.loss > 0


@pytest.mark.parametrize("micro_batch", [1, 3])
def test_the_step_does_not_depend_on_the_size_of_the_micro_batch(
    policy: TransformersPolicy, groups: list[Group], micro_batch: int
) -> None:
    found = []
    for size in (micro_batch, 16):
        unlearn = Unlearn(policy, learning_rate=1e-2, micro_batch=size)
        with unlearn(groups):
            assert unlearn.stats is not None
            found.append((unlearn.stats.loss, mean_probability(policy, groups)))
    assert found[0] == pytest.approx(found[1], rel=1e-3)


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_the_weights_are_restored_bit_for_bit_however_the_context_ends(
    policy: TransformersPolicy, groups: list[Group], fault: type[BaseException]
) -> None:
    kept = weights(policy)
    with pytest.raises(fault), Unlearn(policy, learning_rate=1e-1)(groups):
        raise fault
    assert weights(policy) == kept


def test_a_step_that_fails_in_the_middle_is_undone(
    policy: TransformersPolicy, groups: list[Group], monkeypatch: pytest.MonkeyPatch
) -> None:
    step = torch.optim.Adam.step

    def broken(self: Any, *given: Any) -> Any:
        step(self, *given)
        raise MemoryError

    monkeypatch.setattr(torch.optim.Adam, "step", broken)
    kept = weights(policy)
    with pytest.raises(MemoryError), Unlearn(policy)(groups):
        pass
    assert weights(policy) == kept


def test_gradients_flags_and_mode_of_the_model_are_left_as_they_were(
    policy: TransformersPolicy, groups: list[Group]
) -> None:
    model = policy.model
    first, *others = list(model.parameters())
    gradient = first.grad = torch.ones_like(first)
    frozen = others[0].requires_grad_(False)
    model.train()
    try:
        with Unlearn(policy, learning_rate=1e-2)(groups):
            assert model.training
        assert model.training
        assert first.grad is gradient
        assert bool((gradient == 1).all())
        assert not frozen.requires_grad
        assert frozen.grad is None
        assert all(weight.grad is None for weight in others)
    finally:
        frozen.requires_grad_(True)
        first.grad = None
        model.eval()


def test_the_step_sees_the_policy_that_sampled_and_no_dropout(policy: TransformersPolicy, groups: list[Group]) -> None:
    losses = []
    unlearn = Unlearn(policy)
    attention = policy.model.model.layers[0].self_attn
    try:
        for attention.attention_dropout, training in ((0.0, False), (0.5, True)):
            policy.model.train(training)
            with unlearn(groups):
                assert unlearn.stats is not None
                losses.append(unlearn.stats.loss)
    finally:
        attention.attention_dropout = 0.0
        policy.model.eval()
    assert losses[0] == losses[1]


@pytest.mark.parametrize("applied", [True, False])
def test_the_gate_looks_at_the_mean_entropy(policy: TransformersPolicy, groups: list[Group], applied: bool) -> None:
    entropies = [e for g in groups for one in g.trajectories for t in one.turns for e in t.completion.entropies or ()]
    mean = math.fsum(entropies) / len(entropies)
    kept = weights(policy)
    unlearn = Unlearn(policy, entropy_below=mean + (0.01 if applied else -0.01), learning_rate=1e-2)
    with unlearn(groups):
        assert (weights(policy) != kept) is applied
    assert unlearn.stats is not None
    assert unlearn.stats.applied is applied
    assert unlearn.stats.entropy == pytest.approx(mean)


def test_two_stages_with_a_real_model(policy: TransformersPolicy, dialogue: Callable[..., Any]) -> None:
    kept = weights(policy)
    crew = Crew(dialogue, policy, params=PARAMS, concurrency=4)
    strategy = SampleThenForget(4, Unlearn(policy, learning_rate=1e-2))
    [group] = strategy.collect(crew, [EpisodeJob(key="t", seed=1)])
    assert weights(policy) == kept
    assert ["forgotten" in one.notes for one in group.trajectories] == [False, False, True, True]
    second = Group(key="t", trajectories=group.trajectories[2:])
    behaviour = [lp for one in second.trajectories for turn in one.turns for lp in turn.completion.logprobs or ()]
    assert math.fsum(map(math.exp, behaviour)) / len(behaviour) != pytest.approx(mean_probability(policy, [second]))


def test_what_cannot_be_unlearned_is_told(policy: TransformersPolicy, groups: list[Group]) -> None:
    with pytest.raises(PolicyError, match="nothing to forget"), Unlearn(policy)([]):
        pass
    for weight in policy.model.parameters():
        weight.requires_grad_(False)
    try:
        with pytest.raises(ConfigError, match="requires_grad_"), Unlearn(policy)(groups):
            pass
    finally:
        policy.model.requires_grad_(True)
    with pytest.raises(ConfigError, match="expected numbers above 0"):
        Unlearn(policy, learning_rate=0.0)


def test_the_strategies_load_no_torch() -> None:
    code = (
        "import sys, assaygym.agents.strategies as s; s.Branching, s.Tree, s.Refill, s.Replay, s.Hint;"
        "s.SampleThenForget; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_torch_the_missing_extra_is_told() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\nimport assaygym.agents.strategies as s\n"
        "try: s.Unlearn\nexcept ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "assaygym[train]" in done.stdout
