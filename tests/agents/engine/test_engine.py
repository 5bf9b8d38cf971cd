"""The engine: what is sampled and what is said of it, whoever else is in the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.agents.engine.engine import CHUNK_TOKENS, Engine
from assaygym.agents.engine.request import Request, Sampled
from assaygym.errors import PolicyError

NATIVE = ["llama", "llama grouped, biased", "llama3 rope", "yarn rope", "qwen2 tied", "qwen3", "mistral"]
CACHED = ["gpt2", "dynamic rope"]
APART = ["mistral sliding", "qwen2 sliding"]
WAYS = ["llama", "gpt2", "qwen2 sliding"]
"""One model for each way to run."""


def drive(engine: Engine, script: Sequence[tuple[int, Request]]) -> list[Sampled]:
    """Each request is a call of its own, added so many steps after the one before."""
    found: dict[int, Sampled] = {}
    for number, (pause, request) in enumerate(script):
        for _ in range(pause):
            collect(engine, found)
        engine.add(number, [request])
    while engine.busy:
        collect(engine, found)
    return [found[number] for number in range(len(script))]


def collect(engine: Engine, found: dict[int, Sampled]) -> None:
    for call, _, answer in engine.step():
        assert isinstance(call, int)
        assert isinstance(answer, Sampled)
        found[call] = answer


@pytest.mark.parametrize("name", NATIVE + CACHED + APART)
def test_log_probabilities_and_entropies_are_those_of_a_plain_forward_pass(lab: Any, name: str) -> None:
    engine = lab.engine(name)
    way = "native" if name in NATIVE else "cached" if name in CACHED else "apart"
    assert engine.choice((5, 6)) == way
    requests = [lab.ask(length, seed=length, max_tokens=40, end=False) for length in (1, 5, 5, 9, 33)]
    for request, sampled in zip(requests, engine.run(requests), strict=True):
        lab.assert_plain(lab.model(name), request, sampled)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
@pytest.mark.parametrize("name", WAYS)
def test_they_are_those_of_the_tempered_distribution(lab: Any, name: str, temperature: float) -> None:
    request = lab.ask(5, temperature=temperature)
    (sampled,) = lab.engine(name).run([request])
    lab.assert_plain(lab.model(name), request, sampled, temperature)


@pytest.mark.parametrize("name", ["llama grouped, biased", "qwen2 tied", "qwen3"])
def test_in_16_bits_the_native_forward_is_as_near_to_32_bits_as_the_models_own(lab: Any, name: str) -> None:
    exact = lab.model(name)
    coarse = lab.fresh(name)
    coarse.load_state_dict(exact.state_dict())
    coarse = coarse.to(torch.bfloat16).eval()
    engine = lab.engine(coarse)
    assert engine.choice((5, 6)) == "native"
    requests = [lab.ask(length, seed=length, max_tokens=30, end=False) for length in (3, 8, 20)]
    ours, theirs = [], []
    for request, sampled in zip(requests, engine.run(requests), strict=True):
        wanted, _ = lab.forward(exact, request, sampled)
        own, _ = lab.forward(coarse, request, sampled)
        ours += [abs(a - b) for a, b in zip(sampled.logprobs, wanted, strict=True)]
        theirs += [abs(a - b) for a, b in zip(own, wanted, strict=True)]
    assert sum(ours) <= 1.5 * sum(theirs) + 1e-3


@pytest.mark.parametrize("name", WAYS)
def test_a_greedy_row_takes_the_likeliest_token_and_reports_temperature_one(lab: Any, name: str) -> None:
    model, request = lab.model(name), lab.ask(3, temperature=0.0, max_tokens=6)
    (sampled,) = lab.engine(name).run([request])
    lab.assert_plain(model, request, sampled)
    ids = list(request.prompt_ids)
    for token in sampled.token_ids:
        with torch.no_grad():
            assert token == int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax())
        ids.append(token)


@pytest.mark.parametrize("name", WAYS)
@settings(max_examples=8, deadline=None)
@given(
    script=st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 40), st.integers(1, 50), st.booleans()), min_size=2, max_size=9
    ),
    max_batch=st.integers(1, 6),
)
def test_whoever_joins_and_whenever_a_request_gets_what_it_gets_alone(
    lab: Any, name: str, script: list[tuple[int, int, int, bool]], max_batch: int
) -> None:
    requests = [
        lab.ask(length, seed=number, max_tokens=tokens, temperature=0.0 if greedy else 1.0)
        for number, (_, length, tokens, greedy) in enumerate(script)
    ]
    pauses = [pause for pause, *_ in script]
    together = drive(lab.engine(name, max_batch), list(zip(pauses, requests, strict=True)))
    alone = lab.engine(name)
    for request, sampled in zip(requests, together, strict=True):
        (single,) = alone.run([request])
        assert sampled.token_ids == single.token_ids
        assert sampled.finish_reason == single.finish_reason
        assert sampled.logprobs == pytest.approx(single.logprobs, abs=1e-5)
        lab.assert_plain(lab.model(name), request, sampled)


@pytest.mark.parametrize("name", WAYS)
def test_a_set_of_requests_gets_the_same_bits_each_time_whatever_ran_before(lab: Any, name: str) -> None:
    requests = [lab.ask(length, seed=length, max_tokens=5 * length) for length in (2, 3, 4, 5, 6, 7, 3, 9)]
    engine = lab.engine(name, max_batch=3)
    first = engine.run(requests)
    engine.run([lab.ask(90, max_tokens=70)])
    assert engine.run(requests) == first == lab.engine(name, max_batch=3).run(requests)


@pytest.mark.parametrize("name", WAYS)
def test_a_request_that_comes_later_does_not_wait_for_the_longest(lab: Any, name: str) -> None:
    engine = lab.engine(name)
    engine.add("long", [lab.ask(4, max_tokens=200, end=False)])
    for _ in range(10):
        engine.step()
    engine.add("short", [lab.ask(6, max_tokens=3, end=False)])
    steps = 0
    while not (done := engine.step()):
        steps += 1
    assert [call for call, _, _ in done] == ["short"]
    assert steps < 10
    assert engine.busy


def test_equal_prompts_are_fed_once_and_sampled_apart(lab: Any) -> None:
    model = lab.fresh("gpt2").eval()
    engine = lab.engine(model)
    engine.run([lab.ask(3)])
    rows: list[int] = []
    hook = model.register_forward_pre_hook(
        lambda module, args, kwargs: rows.append(kwargs["input_ids"].shape[0]), with_kwargs=True
    )
    group = engine.run([lab.ask(3, seed=seed, end=False) for seed in range(6)])
    hook.remove()
    assert rows[:2] == [1, 6]
    assert len({sampled.token_ids for sampled in group}) > 1
    for seed, sampled in enumerate(group):
        lab.assert_plain(model, lab.ask(3, seed=seed), sampled)


def test_the_same_seed_samples_the_same_and_no_seed_does_not(lab: Any) -> None:
    engine = lab.engine("llama")
    same = [engine.run([lab.ask(3, seed=9)])[0].token_ids for _ in range(2)]
    free = {engine.run([lab.ask(3, seed=None)])[0].token_ids for _ in range(4)}
    assert same[0] == same[1]
    assert len(free) > 1


@pytest.mark.parametrize("name", WAYS)
def test_sampling_touches_no_global_generator(lab: Any, name: str) -> None:
    state = torch.random.get_rng_state()
    lab.engine(name).run([lab.ask(3)])
    assert torch.equal(torch.random.get_rng_state(), state)


def test_each_row_has_its_own_limit_and_says_that_it_was_cut(lab: Any) -> None:
    requests = [lab.ask(n, max_tokens=n, seed=n, end=False) for n in (1, 2, 3, 7, 150, 300)]
    for request, sampled in zip(requests, lab.engine("llama").run(requests), strict=True):
        assert len(sampled.token_ids) == request.max_tokens
        assert sampled.finish_reason == "length"
        lab.assert_plain(lab.model("llama"), request, sampled)


def test_an_end_id_ends_its_row_and_is_part_of_it(lab: Any) -> None:
    engine = lab.engine("llama")
    (free,) = engine.run([lab.ask(3, seed=4, end=False)])
    end = free.token_ids[5]
    request = Request(prompt_ids=lab.ask(3).prompt_ids, max_tokens=12, seed=4, end_ids=frozenset({end}))
    cut, other = engine.run([request, lab.ask(3, seed=4, end=False)])
    length = free.token_ids.index(end) + 1
    assert (cut.token_ids, cut.finish_reason) == (free.token_ids[:length], "stop")
    assert len(cut.logprobs) == len(cut.entropies) == length
    assert other.token_ids == free.token_ids


def test_nothing_is_fed_once_the_last_row_has_ended(lab: Any) -> None:
    model, calls = lab.fresh("gpt2").eval(), list[int]()
    engine = lab.engine(model)
    engine.run([lab.ask(3)])
    hook = model.register_forward_pre_hook(lambda *_: calls.append(1))
    engine.run([lab.ask(3, max_tokens=1)])
    hook.remove()
    assert len(calls) == 1


@pytest.mark.parametrize("name", WAYS)
def test_a_stop_string_ends_its_row_and_no_other(lab: Any, name: str) -> None:
    engine = lab.engine(name)
    free = engine.run([lab.ask(3, seed=4, end=False), lab.ask(3, seed=5, end=False)])
    stop = lab.text(free[0].token_ids[3:5])
    cut = engine.run([lab.ask(3, seed=4, end=False, stop=("no such", stop)), lab.ask(3, seed=5, end=False)])
    assert lab.text(cut[0].token_ids) == lab.text(free[0].token_ids).split(stop)[0] + stop
    assert cut[0].finish_reason == "stop"
    assert cut[1].token_ids == free[1].token_ids


def test_prompts_of_very_different_lengths_are_not_padded_to_the_longest(lab: Any) -> None:
    fed: list[int] = []
    engine, model = lab.engine("gpt2"), lab.model("gpt2")
    engine.choice((5, 6))
    hook = model.register_forward_pre_hook(
        lambda module, args, kwargs: fed.append(kwargs["input_ids"].numel()), with_kwargs=True
    )
    prompts = [lab.ask(length, max_tokens=1) for length in (*range(3, 30), 300, 310)]
    engine.run(prompts)
    hook.remove()
    tokens = sum(len(request.prompt_ids) for request in prompts)
    assert tokens <= sum(fed) < 2 * tokens < CHUNK_TOKENS


@pytest.mark.parametrize("name", WAYS)
def test_a_call_that_is_discarded_leaves_the_others_as_they_are(lab: Any, name: str) -> None:
    engine, found = lab.engine(name, max_batch=2), dict[int, Sampled]()
    engine.add(0, [lab.ask(5, max_tokens=30, end=False)])
    engine.add(1, [lab.ask(5, seed=6, max_tokens=30, end=False), lab.ask(7, seed=7, end=False)])
    for _ in range(8):
        engine.step()
    engine.discard(1)
    while engine.busy:
        collect(engine, found)
    assert list(found) == [0]
    lab.assert_plain(lab.model(name), lab.ask(5), found[0])


def test_weights_that_are_no_numbers_are_an_error_at_the_first_token(lab: Any) -> None:
    broken = lab.fresh("llama").eval()
    with torch.no_grad():
        broken.lm_head.weight.fill_(float("nan"))
    engine = lab.engine(broken)
    engine.add("call", [lab.ask(3, max_tokens=100)])
    ((_, _, answer),) = engine.step()
    assert isinstance(answer, PolicyError)
    assert "logits are not numbers" in str(answer)
    assert not engine.busy


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_a_row_whose_logits_are_no_numbers_hurts_nobody_else(lab: Any, name: str) -> None:
    broken, bad = lab.fresh(name).eval(), lab.vocabulary - 1
    engine = lab.engine(broken, max_batch=2)
    engine.run([lab.ask(3)])
    with torch.no_grad():
        broken.get_input_embeddings().weight = torch.nn.Parameter(broken.get_input_embeddings().weight.clone())
        broken.get_input_embeddings().weight[bad] = float("nan")
    engine.add("bad", [Request(prompt_ids=(5, 6, bad, 8), max_tokens=9)])
    engine.add("good", [lab.ask(6, max_tokens=30, end=False)])
    engine.add("next", [lab.ask(3, max_tokens=50, end=False)])
    answers: dict[Any, Any] = {}
    while engine.busy:
        answers |= {call: answer for call, _, answer in engine.step()}
    assert isinstance(answers["bad"], PolicyError)
    assert len(answers["good"].token_ids) == 30
    assert len(answers["next"].token_ids) == 50


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_a_prompt_that_the_model_chokes_on_fails_alone(lab: Any, name: str) -> None:
    engine = lab.engine(name)
    (alone,) = engine.run([lab.ask(4, max_tokens=20)])
    engine.add("early", [lab.ask(4, max_tokens=20)])
    for _ in range(3):
        engine.step()
    engine.add("bad", [Request(prompt_ids=(5, 9999), max_tokens=9), lab.ask(3)])
    engine.add("late", [lab.ask(4, max_tokens=20)])
    answers: dict[Any, Any] = {}
    while engine.busy:
        answers |= {call: answer for call, _, answer in engine.step()}
    assert isinstance(answers["bad"], (IndexError, RuntimeError))
    assert answers["early"].token_ids == answers["late"].token_ids == alone.token_ids
