"""Who generates: `model.generate` of transformers, and `TransformersPolicy` on the same model and prompts."""

from __future__ import annotations

import importlib.metadata
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.errors import MissingDependencyError, RunError
from assaygym.types import Message

__all__ = ["LENGTHS", "Contender", "even", "installed", "ragged"]

LENGTHS = (8, 256)
"""Shortest and longest completion where lengths differ."""
WAVES = 4
"""Times as many prompts as rows, where lengths differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to generate. `run` returns the number of tokens that were asked for."""

    name: str
    about: str
    run: Callable[[], int]
    against: str | None = None
    """The yardstick, by name."""


def installed() -> dict[str, str]:
    """The versions of what is measured."""
    return {name: importlib.metadata.version(name) for name in ("torch", "transformers")}


def even(model: str | None, batch: int, tokens: int) -> list[Contender]:
    """Everybody generates exactly so many tokens for each prompt.

    Raises:
        MissingDependencyError: torch or transformers is not installed.
    """
    policy = _policy(model, batch)
    prompts = [_prompt(number) for number in range(batch)]
    params, pool = SamplingParams(max_tokens=tokens, seed=1), ThreadPoolExecutor(batch)

    def one_call() -> int:
        return _count(policy.generate(prompts, params), [tokens] * batch)

    def threads() -> int:
        return _count(_threaded(pool, policy, prompts, [params] * batch), [tokens] * batch)

    def raw() -> int:
        _raw(policy, prompts, tokens)
        return batch * tokens

    return [
        Contender(name="model.generate", about="ids in, ids out", run=raw),
        Contender(name="policy, one call", about="all prompts in one call", run=one_call, against="model.generate"),
        Contender(
            name="policy, 64 threads", about="a thread for each prompt", run=threads, against="model.generate"
        ),
    ]  # fmt: skip


def ragged(model: str | None, batch: int) -> list[Contender]:
    """More prompts than rows, each with a length of its own: a static batch goes on until its longest row ends."""
    policy = _policy(model, batch)
    rng = random.Random(0)
    prompts = [_prompt(number) for number in range(WAVES * batch)]
    lengths = [rng.randint(*LENGTHS) for _ in prompts]
    params = [SamplingParams(max_tokens=length, seed=number) for number, length in enumerate(lengths)]
    pool = ThreadPoolExecutor(len(prompts))

    def continuous() -> int:
        return _count(_threaded(pool, policy, prompts, params), lengths)

    def static() -> int:
        for first in range(0, len(prompts), batch):
            part = slice(first, first + batch)
            _raw(policy, prompts[part], max(lengths[part]))
        return sum(lengths)

    def waves() -> int:
        answers = []
        for first in range(0, len(prompts), batch):
            part = slice(first, first + batch)
            answers += _threaded(pool, policy, prompts[part], params[part])
        return _count(answers, lengths)

    return [
        Contender(name="static batches, lengths differ", about="model.generate to each batch's longest", run=static),
        Contender(
            name="policy in waves, lengths differ",
            about="each wave waits for its longest row",
            run=waves,
            against="static batches, lengths differ",
        ),
        Contender(
            name="policy, lengths differ",
            about="a thread for each prompt, rows join and leave",
            run=continuous,
            against="static batches, lengths differ",
        ),
    ]


def _policy(model: str | None, batch: int) -> TransformersPolicy:
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError.of("torch", "train", "this benchmark") from error
    torch.set_num_threads(1)
    if model is not None:
        policy = TransformersPolicy(model, max_batch=batch)
    else:
        from assaygym.agents.tiny import tiny_model, tiny_tokenizer

        tokenizer = tiny_tokenizer()
        policy = TransformersPolicy(tiny_model(tokenizer), tokenizer, max_batch=batch)
    policy.end_ids = []  # everybody samples as many tokens as was asked for
    return policy


def _prompt(number: int) -> Prompt:
    asked = (Message(role="user", content=f"What is {number % 90 + 10} + {number * 7 % 90 + 10}?"),)
    return Prompt(messages=asked, observation=asked)


def _threaded(
    pool: ThreadPoolExecutor, policy: TransformersPolicy, prompts: Sequence[Prompt], params: Iterable[SamplingParams]
) -> list[Any]:
    return list(pool.map(lambda prompt, one: policy.generate([prompt], one)[0], prompts, params))


def _count(answers: Sequence[Any], lengths: Sequence[int]) -> int:
    found = [len(answer.token_ids) for answer in answers]
    if found != list(lengths):
        raise RunError(f"{len(found)} completions of {sum(found)} tokens; expected {len(lengths)} of {sum(lengths)}")
    return sum(found)


def _raw(policy: TransformersPolicy, prompts: Sequence[Prompt], tokens: int) -> None:
    import torch

    ids = [policy.chat.prompt_ids(prompt) for prompt in prompts]
    width = max(map(len, ids))
    padded = torch.tensor([[policy.pad_id] * (width - len(row)) + list(row) for row in ids])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in ids])
    out = policy.model.generate(
        input_ids=padded.to(policy.model.device),
        attention_mask=mask.to(policy.model.device),
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        eos_token_id=None,
        pad_token_id=policy.pad_id,
        max_new_tokens=tokens,
    )
    if tuple(out.shape) != (len(prompts), width + tokens):
        raise RunError(f"model.generate returned {tuple(out.shape)}; expected {(len(prompts), width + tokens)}")
