"""`OpenAIPolicy` against vLLM's own server, with a model small enough for a CPU."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.openai_policy import OpenAIPolicy
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.tiny import save_tiny, tiny_tokenizer
from assaygym.agents.workers import EpisodeJob, rollout_many
from assaygym.errors import ContextOverflowError, PolicyError
from assaygym.types import Completion, Message

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
CONTEXT = 512
START_SECONDS = 300
ASK = Prompt(messages=(Message(role="user", content="2 + 2?"),))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"), hidden=64, heads=2)


@pytest.fixture(scope="module")
def url(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    python = sys.executable if importlib.util.find_spec("vllm") else str(ROOT / ".venv-vllm/bin/python")
    if not Path(python).exists():
        pytest.skip("vllm is not installed: scripts/vllm.sh makes a .venv-vllm that has it")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [python, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model), "--served-model-name", "tiny"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--dtype", "float32", "--max-model-len", str(CONTEXT)]
    command += ["--enforce-eager", "--logprobs-mode", "processed_logprobs"]
    command += ["--no-enable-chunked-prefill"]  # with seeds it ends the engine of a CPU
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    log = tmp_path_factory.mktemp("log") / "vllm.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(60)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(url, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"vLLM's server did not start: {log.read_text(errors='replace')[-3000:]}")


@pytest.fixture
def tokens(url: str) -> Iterator[OpenAIPolicy]:
    with OpenAIPolicy("tiny", url, endpoint="completions", tokenizer=tiny_tokenizer(), top_logprobs=5) as policy:
        yield policy


def test_log_probabilities_are_those_of_the_model(tokens: OpenAIPolicy, model: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    reference: Any = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    for completion in tokens.generate([ASK] * 4, SamplingParams(max_tokens=24, seed=1)):
        assert completion.logprobs is not None
        assert completion.top_k_entropies is not None
        start, count = len(completion.prompt_ids), len(completion.token_ids)
        with torch.no_grad():
            logits = reference(torch.tensor([completion.prompt_ids + completion.token_ids])).logits[0]
        rows = torch.log_softmax(logits, -1)[start - 1 : start - 1 + count]
        expected = rows[torch.arange(count), torch.tensor(completion.token_ids)]
        assert torch.allclose(expected, torch.tensor(completion.logprobs), atol=1e-5)
        entropies = -(rows.exp() * rows).sum(-1)
        assert all(0 < low <= high for low, high in zip(completion.top_k_entropies, entropies.tolist(), strict=True))


def test_many_episodes_of_many_turns_are_exact_to_the_token(
    tokens: OpenAIPolicy, dialogue: Callable[..., Any], tmp_path: Path
) -> None:
    jobs = [EpisodeJob(key=str(number), seed=number) for number in range(24)]
    params = SamplingParams(max_tokens=20, seed=3)
    played = list(rollout_many(lambda: dialogue(4), tokens, jobs, concurrency=24, params=params))
    assert [trajectory.error for _, trajectory in played] == [None] * 24
    for _, trajectory in played:
        completions: list[Completion] = [turn.completion for turn in trajectory.turns]
        assert len(completions) == 4
        for before, after in pairwise(completions):
            fed = before.prompt_ids + before.token_ids
            assert after.prompt_ids[: len(fed)] == fed
    sampled = sum(len(turn.completion.token_ids) for _, trajectory in played for turn in trajectory.turns)
    assert (tokens.usage.requests, tokens.usage.completion_tokens, tokens.usage.failures) == (96, sampled, {})


def test_a_run_from_the_cache_is_the_same_run(url: str, dialogue: Callable[..., Any], tmp_path: Path) -> None:
    def played() -> tuple[int, set[tuple[str, tuple[Completion, ...]]]]:
        with OpenAIPolicy("tiny", url, cache=tmp_path / "answers.db") as policy:
            jobs = [EpisodeJob(key=str(number), seed=number) for number in range(8)]
            params = SamplingParams(max_tokens=10, seed=3)
            pairs = list(rollout_many(lambda: dialogue(3), policy, jobs, concurrency=8, params=params))
            return policy.usage.requests, {(job.key, tuple(turn.completion for turn in t.turns)) for job, t in pairs}

    first, again = played(), played()
    assert (first[0], again[0]) == (24, 0)
    marked = {(key, tuple(replace(turn, cached=True) for turn in turns)) for key, turns in first[1]}
    assert marked == again[1]


@pytest.mark.parametrize("endpoint", ["chat", "completions"])
def test_a_prompt_beyond_the_context_is_an_overflow_and_a_long_one_has_what_is_left(url: str, endpoint: Any) -> None:
    tokenizer = tiny_tokenizer() if endpoint == "completions" else None
    with OpenAIPolicy("tiny", url, endpoint=endpoint, tokenizer=tokenizer) as policy:

        def ask(letters: int) -> Completion:
            asked = Prompt(messages=(Message(role="user", content="x" * letters),))
            return policy.generate([asked], SamplingParams(max_tokens=64))[0]

        with pytest.raises(ContextOverflowError, match="maximum context length is 512"):
            ask(CONTEXT + 10)
        assert ask(CONTEXT - 32).finish_reason in ("length", "stop")


def test_token_ids_come_with_chat_where_they_are_asked_for(url: str) -> None:
    with OpenAIPolicy("tiny", url, logprobs=True, extra_body={"return_token_ids": True}) as policy:
        (completion,) = policy.generate([ASK], SamplingParams(max_tokens=8, seed=2))
    assert completion.prompt_ids == tuple(tiny_tokenizer()("<user>2 + 2?<end><assistant>")["input_ids"])
    assert completion.logprobs is not None
    assert 0 < len(completion.token_ids) == len(completion.logprobs) <= 8


def test_a_model_that_is_not_there_is_named(url: str) -> None:
    with (
        OpenAIPolicy("other", url) as policy,
        pytest.raises(PolicyError, match=r"HTTP 404: The model `other` does not"),
    ):
        policy.generate([ASK], SamplingParams())
