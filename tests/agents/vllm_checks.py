"""What `VLLMPolicy` does with vLLM itself; `test_vllm_policy.py` runs this file with an interpreter that has it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from assaygym.agents.parity import check_sampled, check_weights, model_scores, probe_rows
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.registry import policy_from
from assaygym.agents.tiny import save_tiny, tiny_model, tiny_tokenizer
from assaygym.agents.vllm_policy import VLLMPolicy
from assaygym.agents.workers import EpisodeJob, rollout_many
from assaygym.errors import ConfigError, ContextOverflowError, PolicyError, WeightMismatchError
from assaygym.types import Completion, Message

pytestmark = pytest.mark.filterwarnings("default")  # vLLM and what it imports warn of many things
TOKENIZER: Any = tiny_tokenizer()
END = TOKENIZER.eos_token_id
EXACT = 1e-5
ROWS = probe_rows(TOKENIZER, longest=200)


@pytest.fixture(scope="module")
def policy() -> Iterator[VLLMPolicy]:
    """Its engine is one per process, so all tests share it; `fresh` gives its model back its weights."""
    with VLLMPolicy(tiny_model(TOKENIZER, hidden=64, heads=2), TOKENIZER, context=640, max_batch=64) as made:
        yield made


@pytest.fixture(autouse=True)
def fresh(policy: VLLMPolicy) -> Iterator[None]:
    state = {name: weight.clone() for name, weight in policy.model.state_dict().items()}
    yield
    policy.model.load_state_dict(state)
    policy.sync()


def step(model: Any, size: float = 0.02) -> None:
    """What an optimiser does to the weights."""
    with torch.no_grad():
        for weight in model.parameters():
            weight += size * torch.randn_like(weight)


def prompt(text: str) -> Prompt:
    asked = (Message(role="user", content=text),)
    return Prompt(messages=asked, observation=asked)


def ask(policy: VLLMPolicy, *texts: str, **params: Any) -> list[Completion]:
    return policy.generate([prompt(text) for text in texts], SamplingParams(**{"max_tokens": 16, "seed": 1, **params}))


def test_a_completion_holds_what_was_fed_and_what_was_sampled(policy: VLLMPolicy) -> None:
    (completion,) = ask(policy, "2+2?")
    assert TOKENIZER.decode(completion.prompt_ids) == "<user>2+2?<end><assistant>"
    assert completion.message.content == TOKENIZER.decode(completion.token_ids, skip_special_tokens=True)
    for values in (completion.logprobs, completion.top_k_entropies):
        assert values is not None
        assert len(values) == len(completion.token_ids) > 0
    assert completion.entropies is None


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0, 1.7])
def test_the_log_probabilities_are_those_of_the_model_at_the_temperature(
    policy: VLLMPolicy, temperature: float
) -> None:
    completions = ask(policy, *(f"question {i}" for i in range(32)), temperature=temperature)
    parity = check_sampled(completions, policy.model, name="v", tolerance=EXACT, temperature=temperature or 1.0)
    assert parity.tokens > 300


def test_below_top_p_the_log_probabilities_are_of_what_is_left(policy: VLLMPolicy) -> None:
    (completion,) = ask(policy, "x", top_p=0.3, max_tokens=64)
    row = completion.prompt_ids + completion.token_ids
    full = model_scores(policy.model, [row], [len(completion.prompt_ids)])[0]
    raised = np.array(completion.logprobs) - np.array(full)
    assert raised == pytest.approx(np.full(len(full), -np.log(0.3)), abs=0.1)


def test_the_entropy_is_estimated_from_below_and_the_more_ids_the_closer(policy: VLLMPolicy) -> None:
    (completion,) = ask(policy, "x", max_tokens=8)
    ids = torch.tensor([completion.prompt_ids + completion.token_ids])
    logps = policy.model(input_ids=ids).logits[0, len(completion.prompt_ids) - 1 : -1].log_softmax(-1)
    top = logps.topk(policy.top_k).values
    assert policy.top_k == 20
    assert completion.top_k_entropies == pytest.approx((-(top.exp() * top).sum(-1)).tolist(), abs=EXACT)
    whole = -(logps.exp() * logps).sum(-1)
    assert all(a < b for a, b in zip(completion.top_k_entropies or (), whole.tolist(), strict=True))


def test_scores_of_given_ids_are_the_models(policy: VLLMPolicy) -> None:
    assert check_weights(policy, policy.model, ROWS, tolerance=EXACT).tokens == sum(len(row) - 1 for row in ROWS)


def test_threads_get_what_one_caller_alone_gets(policy: VLLMPolicy) -> None:
    texts = [f"question {i}" for i in range(48)]
    with ThreadPoolExecutor(48) as pool:
        together = list(pool.map(lambda text: ask(policy, text, temperature=0)[0], texts))
    alone = [ask(policy, text, temperature=0)[0] for text in texts]
    assert [c.token_ids for c in together] == [c.token_ids for c in alone]
    assert [TOKENIZER.decode(c.prompt_ids)[6:-16] for c in together] == texts


def test_nobody_waits_for_the_slowest(policy: VLLMPolicy) -> None:
    with ThreadPoolExecutor(9) as pool:
        slow = pool.submit(ask, policy, "x", max_tokens=600, temperature=2.0)
        quick = [pool.submit(ask, policy, f"{i}", max_tokens=2) for i in range(8)]
        first = list(as_completed([slow, *quick]))
    assert len(slow.result()[0].token_ids) > 50
    assert first[-1] is slow


def test_more_prompt_tokens_at_once_than_a_step_takes_go_with_seeds(policy: VLLMPolicy) -> None:
    long = "7" * 600
    completions = ask(policy, *(f"{long}{i}" for i in range(60)), max_tokens=4)
    assert sum(len(completion.prompt_ids) for completion in completions) > 16_384
    assert all(completion.token_ids for completion in completions)


def test_seeds_repeat_and_differ(policy: VLLMPolicy) -> None:
    one, other = ask(policy, "x", "x")
    assert one.token_ids != other.token_ids
    assert ask(policy, "x", seed=2)[0].token_ids == other.token_ids
    assert ask(policy, "x", seed=1)[0].token_ids == one.token_ids
    assert ask(policy, "x", seed=None)[0].token_ids != ask(policy, "x", seed=None)[0].token_ids


def test_the_text_ends_before_the_stop_string_and_the_ids_hold_it(policy: VLLMPolicy) -> None:
    free = ask(policy, "x", max_tokens=40)[0]
    stop = free.message.content[4:6]
    (cut,) = ask(policy, "x", max_tokens=40, stop=(stop,))
    assert cut.message.content == free.message.content.split(stop)[0]
    assert TOKENIZER.decode(cut.token_ids, skip_special_tokens=True).endswith(stop)
    assert (cut.finish_reason, free.finish_reason) == ("stop", "length")
    assert cut.logprobs == pytest.approx((free.logprobs or ())[: len(cut.token_ids)], abs=EXACT)


def test_the_end_of_turn_id_is_kept_in_the_ids_and_left_out_of_the_text(policy: VLLMPolicy) -> None:
    with torch.no_grad():
        policy.model.lm_head.weight[END] = 100 * policy.model.lm_head.weight[END]
    policy.sync()
    ended = [c for c in ask(policy, *map(str, range(20))) if c.finish_reason == "stop"]
    assert ended
    for completion in ended:
        assert completion.token_ids[-1] == END
        assert END not in completion.token_ids[:-1]
        assert "<end>" not in completion.message.content


def test_a_full_context_is_a_length_and_a_longer_prompt_an_error_of_its_own(policy: VLLMPolicy) -> None:
    (completion,) = ask(policy, "x" * 630, max_tokens=50, temperature=2.0)
    assert (len(completion.prompt_ids) + len(completion.token_ids), completion.finish_reason) == (640, "length")
    with pytest.raises(ContextOverflowError, match=r"prompt has 640 tokens and the context of vllm.* 640"):
        ask(policy, "x" * 637)
    assert ask(policy, "x")


def test_a_temperature_that_vllm_would_change_is_refused(policy: VLLMPolicy) -> None:
    for temperature in (0.001, 2.5):
        with pytest.raises(ConfigError, match="vLLM samples at 0"):
            ask(policy, "x", temperature=temperature)


def test_the_ids_of_every_turn_begin_those_of_the_next(policy: VLLMPolicy, dialogue: Callable[..., Any]) -> None:
    params = SamplingParams(max_tokens=12, seed=3)
    jobs = [EpisodeJob(key=str(i), seed=i) for i in range(12)]
    results = list(rollout_many(lambda: dialogue(turns=4), policy, jobs, concurrency=6, params=params, strict=True))
    assert [len(trajectory.turns) for _, trajectory in results] == [4] * 12
    for _, trajectory in results:
        fed: tuple[int, ...] = ()
        for turn in trajectory.turns:
            assert turn.completion.prompt_ids[: len(fed)] == fed
            assert turn.completion.token_ids
            fed = turn.completion.prompt_ids + turn.completion.token_ids
        check_sampled([turn.completion for turn in trajectory.turns], policy.model, name="v", tolerance=EXACT)


def test_a_later_turn_reads_the_turns_before_it_from_the_cache(policy: VLLMPolicy) -> None:
    from assaygym.agents.vllm_requests import sampling

    ids = policy.chat.prompt_ids(prompt("y" * 500))
    request = sampling(ids, SamplingParams(max_tokens=1), seed=1, room=9, top_k=1, end_ids=())
    assert policy._thread.ask([request])[0].num_cached_tokens == 0
    assert policy._thread.ask([request])[0].num_cached_tokens >= 256


@pytest.mark.parametrize("in_place", [True, False])
def test_a_sync_brings_the_trainers_weights(policy: VLLMPolicy, in_place: bool, monkeypatch: Any) -> None:
    monkeypatch.setattr(policy, "_in_place", in_place)
    before = ask(policy, "x", temperature=0)[0]
    step(policy.model)
    with pytest.raises(WeightMismatchError):
        check_weights(policy, policy.model, ROWS, tolerance=1e-3)
    assert policy.sync().largest < EXACT
    after = ask(policy, "x", temperature=0)[0]
    check_sampled([after], policy.model, name="v", tolerance=EXACT)
    assert after.logprobs != before.logprobs


def test_another_model_and_a_state_can_be_synced_too(policy: VLLMPolicy) -> None:
    other = tiny_model(TOKENIZER, hidden=64, heads=2, seed=5)
    assert policy.sync(other).largest < EXACT
    check_sampled(ask(policy, "x"), other, name="v", tolerance=EXACT)
    step(other)
    assert policy.sync(other.state_dict()).largest < EXACT
    check_sampled(ask(policy, "x"), other, name="v", tolerance=EXACT)
    with pytest.raises(ConfigError, match="the state is not one of the model"):
        policy.sync({"wrong": torch.zeros(1)})


def test_what_is_asked_during_a_sync_is_answered_with_the_new_weights(policy: VLLMPolicy) -> None:
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(ask, policy, "x", max_tokens=300, temperature=2.0)
        while not policy._thread._flying:
            pass
        old = {name: weight.clone() for name, weight in policy.model.state_dict().items()}
        step(policy.model)
        new = pool.submit(policy.sync)
        while not policy._thread._waiting:
            pass
        late = ask(policy, "x")
        assert new.result().largest < EXACT
        check_sampled(late, policy.model, name="v", tolerance=EXACT)
        policy.model.load_state_dict(old)
        check_sampled(running.result(), policy.model, name="v", tolerance=EXACT, temperature=2.0)


def test_keys_and_values_of_the_weights_before_are_noticed(policy: VLLMPolicy, tmp_path: Path) -> None:
    """The engine's own reloading of weights leaves the prefix cache as it is."""
    step(policy.model)
    policy.model.save_pretrained(tmp_path)
    path = {"weights_path": str(tmp_path)}
    policy._thread.alone(lambda engine: engine.collective_rpc("reload_weights", kwargs=path))
    assert check_weights(policy, policy.model, ROWS, tolerance=EXACT)
    with pytest.raises(WeightMismatchError, match="does not have the trainer's weights"):
        policy._thread.alone(lambda engine: policy._checked(engine, model=policy.model), mends=True)


def test_wrong_weights_are_refused_until_a_sync_brings_the_right_ones(policy: VLLMPolicy, monkeypatch: Any) -> None:
    step(policy.model)
    with monkeypatch.context() as patched:
        patched.setattr("assaygym.agents.vllm_weights.update", lambda engine, weights: None)
        with pytest.raises(WeightMismatchError, match="log-probabilities differ by up to"):
            policy.sync()
    with pytest.raises(WeightMismatchError, match="log-probabilities differ by up to"):
        ask(policy, "x")
    policy.sync()
    check_sampled(ask(policy, "x"), policy.model, name="v", tolerance=EXACT)


def test_the_generators_of_the_process_go_on_as_if_there_were_no_engine(policy: VLLMPolicy, monkeypatch: Any) -> None:
    monkeypatch.setattr(policy, "_in_place", False)
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    expected = torch.rand(1), random.random(), np.random.rand()
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    policy.sync()
    assert (torch.rand(1), random.random(), np.random.rand()) == expected


def test_a_sleeping_engine_refuses_and_wakes_with_its_weights(policy: VLLMPolicy, monkeypatch: Any) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(policy, "_in_place", False)
        policy.sync()
    before = ask(policy, "x")
    policy.sleep()
    policy.sleep()
    with pytest.raises(PolicyError, match="wake"):
        ask(policy, "x")
    policy.wake()
    policy.wake()
    assert ask(policy, "x") == before


def test_a_sync_wakes_an_engine_whose_weights_were_dropped_and_nothing_else_does(policy: VLLMPolicy) -> None:
    step(policy.model)
    policy.sleep(keep_weights=False)
    with pytest.raises(PolicyError, match=r"call sync\(\) instead"):
        policy.wake()
    assert policy.sync().largest < EXACT
    check_sampled(ask(policy, "x"), policy.model, name="v", tolerance=EXACT)


def test_a_trainer_samples_with_it_and_brings_it_every_step(policy: VLLMPolicy, small: Any) -> None:
    from assaygym.agents.transformers_policy import TransformersPolicy

    trained = TransformersPolicy(policy.model, TOKENIZER)
    rows = small.trainer(trained, player=policy, steps=3).fit()
    assert all(row["grad_norm"] > 0 for row in rows)
    assert max(row["sampling/sampling_logp_difference/max"] for row in rows) < EXACT


def test_a_folder_is_a_policy_by_name(policy: VLLMPolicy, tmp_path: Path) -> None:
    policy.sleep()  # one engine at a time
    folder = str(save_tiny(tmp_path / "model", hidden=64, heads=2))
    with policy_from(f"vllm:{folder}", context=256) as made:  # type: ignore[attr-defined]
        assert (made.name, made.context) == (f"vllm:{folder}", 256)
        check_sampled(ask(made, "x"), policy.model, name="v", tolerance=EXACT)
        with pytest.raises(ConfigError, match="was made from a name"):
            made.sync()
    policy.sync()


def test_the_measurement_runs_and_all_sample_alike(policy: VLLMPolicy, tmp_path: Path) -> None:
    from assaygym.benchmarks.speed.vllm import main

    policy.sleep()
    file = tmp_path / "vllm.json"
    assert main(["--prompts", "4", "--tokens", "4", "--rounds", "2", "--json", str(file)]) in (0, 1)
    rows = json.loads(file.read_text())["rows"]
    assert len(rows) == 4
    assert {tuple(row["tokens"]) for row in rows} == {tuple(rows[0]["tokens"])}
    assert all(row["per_second"] > 0 for row in rows)
    policy.sync()
