"""The decode loop: what is sampled, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel

from assaygym.agents.decode import Request, Sampled, decode, sample
from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.errors import PolicyError

TOKENIZER: Any = tiny_tokenizer()
END, PAD = TOKENIZER.eos_token_id, TOKENIZER.pad_token_id


def llama() -> Any:
    return tiny_model(TOKENIZER, hidden=32, layers=2, heads=2, seed=3)


def gpt2() -> Any:
    torch.manual_seed(3)
    config = GPT2Config(vocab_size=len(TOKENIZER), n_positions=128, n_embd=32, n_layer=2, n_head=2, eos_token_id=END)
    return GPT2LMHeadModel(config).eval()  # type: ignore[no-untyped-call]


MODELS: dict[str, Callable[[], Any]] = {"llama": llama, "gpt2": gpt2}


@pytest.fixture(params=MODELS, scope="module")
def model(request: pytest.FixtureRequest) -> Any:
    return MODELS[request.param]()


def text_of(ids: Any) -> str:
    return str(TOKENIZER.decode(list(ids)))


def run(model: Any, *requests: Request, end_ids: tuple[int, ...] = (END,)) -> list[Sampled]:
    return decode(model, requests, end_ids=end_ids, pad_id=PAD, text_of=text_of)


def ask(text: str, seed: int | None = 1, max_tokens: int = 12, **options: Any) -> Request:
    ids = tuple(TOKENIZER(text, add_special_tokens=False)["input_ids"])
    return Request(prompt_ids=ids, seed=seed, max_tokens=max_tokens, **options)


def forward(
    model: Any, request: Request, sampled: Sampled, temperature: float = 1.0
) -> tuple[list[float], list[float]]:
    """(log-probability, entropy) of each sampled id by one plain forward pass without padding or cache."""
    ids = torch.tensor([request.prompt_ids + sampled.token_ids])
    with torch.no_grad():
        logits = model(input_ids=ids, use_cache=False).logits[0, len(request.prompt_ids) - 1 : -1] / temperature
    logp = torch.log_softmax(logits, -1)
    picked = logp.gather(1, torch.tensor(sampled.token_ids).unsqueeze(1)).squeeze(1)
    return picked.tolist(), (-(logp.exp() * logp).sum(-1)).tolist()


def assert_plain(model: Any, request: Request, sampled: Sampled, temperature: float = 1.0) -> None:
    logps, entropies = forward(model, request, sampled, temperature)
    assert sampled.logprobs == pytest.approx(logps, abs=1e-4)
    assert sampled.entropies == pytest.approx(entropies, abs=1e-4)


@pytest.mark.parametrize("temperature", [1.0, 0.5, 2.0])
def test_log_probabilities_are_those_of_a_plain_forward_pass(model: Any, temperature: float) -> None:
    requests = [ask("a" * n, seed=n, temperature=temperature) for n in (1, 5, 5, 9)]
    for request, sampled in zip(requests, run(model, *requests), strict=True):
        assert_plain(model, request, sampled, temperature)


def test_a_greedy_row_takes_the_likeliest_token_and_reports_temperature_one(model: Any) -> None:
    request = ask("abc", temperature=0.0, max_tokens=6)
    (sampled,) = run(model, request)
    assert_plain(model, request, sampled)
    ids = list(request.prompt_ids)
    for token in sampled.token_ids:
        with torch.no_grad():
            assert token == int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax())
        ids.append(token)


def test_a_row_does_not_depend_on_its_neighbours(model: Any) -> None:
    alone = run(model, ask("abc", seed=5))[0]
    beside = run(model, ask("x" * 40, seed=6), ask("abc", seed=5), ask("y", seed=7, max_tokens=3))
    assert beside[1].token_ids == alone.token_ids
    assert beside[1].logprobs == pytest.approx(alone.logprobs, abs=1e-4)


def test_equal_prompts_are_prefilled_once_and_sampled_apart(model: Any) -> None:
    rows: list[int] = []
    hook = model.register_forward_pre_hook(
        lambda module, args, kwargs: rows.append(kwargs["input_ids"].shape[0]), with_kwargs=True
    )
    group = run(model, *[ask("abc", seed=seed) for seed in range(6)])
    hook.remove()
    assert rows[0] == 1
    assert len({sampled.token_ids for sampled in group}) > 1
    for seed, sampled in enumerate(group):
        assert_plain(model, ask("abc", seed=seed), sampled)


def test_the_same_seed_samples_the_same_and_no_seed_does_not(model: Any) -> None:
    same = [run(model, ask("abc", seed=9))[0].token_ids for _ in range(2)]
    free = {run(model, ask("abc", seed=None))[0].token_ids for _ in range(4)}
    assert same[0] == same[1]
    assert len(free) > 1


def test_sampling_touches_no_global_generator(model: Any) -> None:
    state = torch.random.get_rng_state()
    run(model, ask("abc"))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_each_row_has_its_own_limit_and_says_that_it_was_cut(model: Any) -> None:
    requests = [ask("a" * n, max_tokens=n, seed=n) for n in (1, 2, 3, 7, 11)]
    for request, sampled in zip(requests, run(model, *requests, end_ids=()), strict=True):
        assert len(sampled.token_ids) == request.max_tokens
        assert sampled.finish_reason == "length"
        assert_plain(model, request, sampled)


def test_an_end_id_ends_its_row_and_is_part_of_it(model: Any) -> None:
    free = run(model, ask("abc", seed=4), ask("xy", seed=8), end_ids=())
    end = free[0].token_ids[5]
    cut = run(model, ask("abc", seed=4), ask("xy", seed=8), end_ids=(end,))
    length = free[0].token_ids.index(end) + 1
    assert cut[0].token_ids == free[0].token_ids[:length]
    assert cut[0].finish_reason == "stop"
    assert len(cut[0].logprobs) == len(cut[0].entropies) == length


def test_decoding_stops_when_the_last_row_has_ended(model: Any) -> None:
    calls: list[int] = []
    hook = model.register_forward_pre_hook(lambda *_: calls.append(1))
    run(model, ask("abc", max_tokens=200), end_ids=tuple(range(len(TOKENIZER))))
    hook.remove()
    assert len(calls) == 1


def test_a_stop_string_ends_its_row_and_no_other(model: Any) -> None:
    free = run(model, ask("abc", seed=4), ask("abc", seed=5), end_ids=())
    stop = text_of(free[0].token_ids[3:5])
    cut = run(model, ask("abc", seed=4, stop=(stop,)), ask("abc", seed=5), end_ids=())
    assert text_of(cut[0].token_ids).endswith(stop)
    assert len(cut[0].token_ids) <= 5
    assert cut[0].finish_reason == "stop"
    assert cut[1].token_ids == free[1].token_ids


def test_weights_that_are_no_numbers_are_an_error() -> None:
    broken = llama()
    with torch.no_grad():
        broken.lm_head.weight.fill_(float("nan"))
    with pytest.raises(PolicyError, match="logits are not numbers"):
        run(broken, ask("abc"))


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).unsqueeze(1)


def draw(logits: list[float], u: float, temperature: float = 1.0, top_p: float = 1.0) -> int:
    token, _, _ = sample(torch.tensor([logits]), column(temperature), column(top_p), column(u))
    return int(token)


@pytest.mark.parametrize(("u", "token"), [(0.0, 0), (0.24, 0), (0.26, 1), (0.49, 1), (0.51, 2), (0.999999, 2)])
def test_sampling_inverts_the_distribution_function(u: float, token: int) -> None:
    assert draw([0.0, 0.0, 0.6931472], u) == token


def test_a_token_of_probability_zero_is_never_drawn() -> None:
    assert draw([-torch.inf, 0.0, -torch.inf], 0.0) == draw([-torch.inf, 0.0, -torch.inf], 1 - 2**-53) == 1


@pytest.mark.parametrize(("top_p", "drawn"), [(0.3, {2}), (0.5, {2}), (0.6, {1, 2}), (1.0, {0, 1, 2})])
def test_top_p_keeps_the_fewest_tokens_that_reach_it(top_p: float, drawn: set[int]) -> None:
    logits = torch.tensor([0.2, 0.29, 0.51]).log().tolist()
    assert {draw(logits, u / 100, top_p=top_p) for u in range(100)} == drawn


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=6), st.floats(0, 0.999), st.floats(0.25, 4))
def test_every_draw_is_a_token_with_its_own_probability(logits: list[float], u: float, temperature: float) -> None:
    token, logp, entropy = sample(torch.tensor([logits]), column(temperature), column(1.0), column(u))
    p = torch.softmax(torch.tensor(logits, dtype=torch.float64) / temperature, -1)
    assert float(logp.exp()) == pytest.approx(float(p[int(token)]), rel=1e-3, abs=1e-6)
    assert float(entropy) == pytest.approx(float(-(p * p.log()).sum()), abs=1e-3)
    assert p[: int(token)].sum() <= u + 1e-5
    assert p[: int(token) + 1].sum() >= u - 1e-5
