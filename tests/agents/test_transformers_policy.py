"""A model in this process as a policy."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.rollout import rollout
from assaygym.agents.tiny import save_tiny, tiny_model, tiny_tokenizer
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.agents.workers import EpisodeJob, rollout_many
from assaygym.errors import ConfigError, ContextOverflowError, PolicyError
from assaygym.types import Completion, Message, StopReason

TOKENIZER: Any = tiny_tokenizer()
END = TOKENIZER.eos_token_id


@pytest.fixture(scope="module")
def policy() -> TransformersPolicy:
    return TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2), TOKENIZER)


def prompt(text: str = "2+2?") -> Prompt:
    asked = (Message(role="user", content=text),)
    return Prompt(messages=asked, observation=asked)


def ask(policy: TransformersPolicy, *texts: str, **params: Any) -> list[Completion]:
    return policy.generate([prompt(text) for text in texts], SamplingParams(**{"max_tokens": 10, "seed": 1, **params}))


def test_a_completion_holds_what_was_fed_and_what_was_sampled(policy: TransformersPolicy) -> None:
    (completion,) = ask(policy, "2+2?")
    assert TOKENIZER.decode(completion.prompt_ids) == "<user>2+2?<end><assistant>"
    assert 1 <= len(completion.token_ids) <= 10
    assert completion.message.content == TOKENIZER.decode(completion.token_ids, skip_special_tokens=True)
    assert completion.logprobs is not None
    assert completion.entropies is not None
    assert len(completion.logprobs) == len(completion.entropies) == len(completion.token_ids)


def test_the_log_probabilities_are_the_models_own(policy: TransformersPolicy) -> None:
    for completion in ask(policy, "a", "a longer one", "b"):
        ids = torch.tensor([completion.prompt_ids + completion.token_ids])
        with torch.no_grad():
            logps = policy.model(input_ids=ids).logits[0, len(completion.prompt_ids) - 1 : -1].log_softmax(-1)
        picked = logps.gather(1, torch.tensor(completion.token_ids).unsqueeze(1)).squeeze(1).tolist()
        assert completion.logprobs == pytest.approx(picked, abs=1e-5)


def test_prompts_are_answered_in_order_and_with_seeds_of_their_own(policy: TransformersPolicy) -> None:
    three = ask(policy, "x", "x", "yy")
    assert [TOKENIZER.decode(c.prompt_ids)[6:8] for c in three] == ["x<", "x<", "yy"]
    assert three[0].token_ids != three[1].token_ids
    assert three[1].token_ids == ask(policy, "x", seed=2)[0].token_ids


def test_no_prompts_need_no_model(policy: TransformersPolicy) -> None:
    assert policy.generate([], SamplingParams()) == []


def test_the_text_ends_before_the_stop_string_and_the_ids_hold_it(policy: TransformersPolicy) -> None:
    free = ask(policy, "x", max_tokens=40)[0]
    stop = free.message.content[4:6]
    (cut,) = ask(policy, "x", max_tokens=40, stop=(stop,))
    assert cut.message.content == free.message.content.split(stop)[0]
    assert TOKENIZER.decode(cut.token_ids, skip_special_tokens=True).endswith(stop)
    assert cut.finish_reason == "stop"


def speaker(*ids: int) -> TransformersPolicy:
    """A policy that says these ids, over and over."""
    policy = TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2), TOKENIZER)
    follows = dict(zip((TOKENIZER.convert_tokens_to_ids("<assistant>"), *ids), ids, strict=False))

    def certain(module: Any, args: Any, kwargs: Any, out: Any) -> Any:
        logits = torch.full_like(out.logits, -30.0)
        for row, last in enumerate(kwargs["input_ids"][:, -1].tolist()):
            logits[row, -1, follows.get(last, END)] = 30.0
        out.logits = logits
        return out

    policy.model.register_forward_hook(certain, with_kwargs=True)
    return policy


def test_the_end_of_turn_id_is_kept_in_the_ids_and_left_out_of_the_text() -> None:
    four = TOKENIZER.convert_tokens_to_ids("4")
    (completion,) = ask(speaker(four, END), "2+2?")
    assert (completion.token_ids, completion.message.content) == ((four, END), "4")
    assert completion.finish_reason == "stop"


def test_a_turn_that_runs_out_of_tokens_says_so() -> None:
    four, two = TOKENIZER.convert_tokens_to_ids(["4", "2"])
    (completion,) = ask(speaker(four, two, END), "2+2?", max_tokens=2)
    assert (completion.token_ids, completion.finish_reason) == ((four, two), "length")


def test_a_turn_ends_where_the_context_does() -> None:
    policy = TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2), TOKENIZER)
    policy.context = 12
    (completion,) = ask(policy, "2+2?", max_tokens=50)
    assert len(completion.prompt_ids) + len(completion.token_ids) <= 12
    with pytest.raises(ContextOverflowError, match=r"prompt has 13 tokens and the context of .* 12"):
        ask(policy, "x" * 10)


def test_a_full_context_ends_an_episode(policy: TransformersPolicy, dialogue: Callable[..., Any]) -> None:
    small = TransformersPolicy(policy.model, TOKENIZER)
    small.context = 80
    trajectory = rollout(
        dialogue(turns=99, max_turns=99), small, seed=1, params=SamplingParams(max_tokens=8, seed=1), strict=True
    )
    assert trajectory.stop_reason is StopReason.CONTEXT_OVERFLOW
    assert trajectory.turns


def test_the_ids_of_every_turn_begin_those_of_the_next(
    policy: TransformersPolicy, dialogue: Callable[..., Any]
) -> None:
    params = SamplingParams(max_tokens=12, seed=3)
    jobs = [EpisodeJob(key=str(i), seed=i) for i in range(12)]
    results = list(rollout_many(lambda: dialogue(turns=4), policy, jobs, concurrency=6, params=params, strict=True))
    assert [len(trajectory.turns) for _, trajectory in results] == [4] * 12
    for _, trajectory in results:
        fed: tuple[int, ...] = ()
        for turn in trajectory.turns:
            assert turn.completion.prompt_ids[: len(fed)] == fed
            added = TOKENIZER.decode(turn.completion.prompt_ids[len(fed) :])
            for message in turn.observation:
                assert f"<{message.role}>{message.content}<end>" in added
            fed = turn.completion.prompt_ids + turn.completion.token_ids


def test_threads_get_what_one_caller_alone_gets(policy: TransformersPolicy) -> None:
    texts = [f"question {i}" for i in range(32)]
    with ThreadPoolExecutor(32) as pool:
        together = list(pool.map(lambda text: ask(policy, text)[0], texts))
    for text, completion in zip(texts, together, strict=True):
        assert completion.token_ids == ask(policy, text)[0].token_ids


def test_a_models_training_mode_is_left_as_found_and_not_used_for_sampling() -> None:
    policy = TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2), TOKENIZER)
    seen: list[bool] = []
    policy.model.register_forward_pre_hook(lambda module, args: seen.append(module.training))
    policy.model.train()
    ask(policy, "x")
    assert policy.model.training
    assert not any(seen)


def test_a_shared_model_can_be_trained_after_sampling() -> None:
    policy = TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2), TOKENIZER)
    (before,) = ask(policy, "x")
    loss = policy.model(input_ids=torch.tensor([before.prompt_ids])).logits.logsumexp(-1).sum()
    loss.backward()
    torch.optim.SGD(policy.model.parameters(), lr=1.0).step()
    (after,) = ask(policy, "x")
    assert after.logprobs != before.logprobs


def test_a_model_that_fails_is_a_policy_error(policy: TransformersPolicy) -> None:
    def fail(module: Any, args: Any) -> None:
        raise RuntimeError("out of memory")

    hook = policy.model.register_forward_pre_hook(fail)
    with pytest.raises(PolicyError, match="generation failed: RuntimeError: out of memory"):
        ask(policy, "x")
    hook.remove()
    assert ask(policy, "x")


def test_a_folder_is_loaded_with_its_tokenizer(tmp_path: Path) -> None:
    folder = str(save_tiny(tmp_path / "model", hidden=32, layers=1, heads=2))
    loaded = TransformersPolicy(folder)
    passed = TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2), TOKENIZER)
    assert loaded.name == f"hf:{folder}"
    assert loaded.model.dtype == torch.float32
    assert ask(loaded, "x")[0].token_ids == ask(passed, "x")[0].token_ids


def test_a_model_without_its_tokenizer_is_refused() -> None:
    with pytest.raises(ConfigError, match="passed without a tokenizer"):
        TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2))


@pytest.mark.parametrize("name", ["./no/such/folder", "not a name", "a/b/c"])
def test_a_name_that_is_no_model_is_refused_with_what_was_expected(name: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot load the model .*expected a folder with a transformers model"):
        TransformersPolicy(name)


def test_a_turn_that_is_asked_for_later_is_answered_while_a_long_one_goes_on(policy: TransformersPolicy) -> None:
    endless = TransformersPolicy(policy.model, TOKENIZER)
    endless.end_ids = []
    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(ask, endless, "long", max_tokens=1500)
        short = [pool.submit(ask, endless, f"{i}", max_tokens=3).result(60)[0] for i in range(3)]
        assert not long.done()
        assert [len(completion.token_ids) for completion in short] == [3, 3, 3]
        assert len(long.result(60)[0].token_ids) == 1500


def test_a_call_that_cannot_be_rendered_hurts_no_other(policy: TransformersPolicy) -> None:
    with ThreadPoolExecutor(8) as pool:
        small = TransformersPolicy(policy.model, TOKENIZER)
        small.context = 60
        asked = [pool.submit(ask, small, "x" * (90 if i == 3 else i + 1)) for i in range(8)]
        with pytest.raises(ContextOverflowError):
            asked[3].result(60)
        assert all(len(asked[i].result(60)) == 1 for i in range(8) if i != 3)


def test_no_thread_is_left_when_the_policy_is_dropped() -> None:
    def engines() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "assaygym-engine"]

    before = len(engines())
    policy = TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2), TOKENIZER)
    ask(policy, "x")
    (mine,) = set(engines()[-1:])
    del policy
    gc.collect()
    mine.join(5)
    assert not mine.is_alive()
    assert len(engines()) <= before
