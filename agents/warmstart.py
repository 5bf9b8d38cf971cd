"""Supervised steps on played episodes, so that a model that knows nothing has something to improve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.aggregations import token_mean
from assaygym.agents.batch import Batch, make_batch
from assaygym.agents.chat import Chat
from assaygym.agents.logps import token_logps
from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import OraclePolicy
from assaygym.envs.core import Env
from assaygym.types import Completion, Message

__all__ = ["Demonstrator", "warm_start"]

ALIKE = 0.75
"""Rows that go together are at least this share of the longest one."""


class Demonstrator:
    """Another policy, with the ids that a model would have been fed and would have sampled to say the same.

    Args:
        tokenizer: of the model.
        policy: who says what is shown; the oracle if None.

    Raises:
        PolicyError: from `generate`, when the chat template cannot render or continue the conversation.
        TaskError: from `generate`, when the oracle is asked and the environment has none.
    """

    name = "demonstrator"

    def __init__(self, tokenizer: Any, policy: Policy | None = None) -> None:
        self.chat = Chat(tokenizer)
        closing = self.chat.suffix_ids((Message(role="user", content="next"),))[0]
        self.end_id: int = closing if closing in self.chat.end_ids else tokenizer.eos_token_id
        self.policy = policy or OraclePolicy()

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order; its log-probabilities are 0."""
        said = self.policy.generate(prompts, params)
        return [self._with_ids(prompt, completion.message) for prompt, completion in zip(prompts, said, strict=True)]

    def _with_ids(self, prompt: Prompt, message: Message) -> Completion:
        ids = (*self.chat.encode(message.content), self.end_id)
        return Completion(
            message=message, prompt_ids=self.chat.prompt_ids(prompt), token_ids=ids, logprobs=(0.0,) * len(ids)
        )


def warm_start(
    model: Any,
    tokenizer: Any,
    make_env: Callable[[], Env],
    *,
    steps: int,
    teacher: Policy | None = None,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
    until: float | None = None,
    seed: int = 0,
    on_step: Callable[[int, float], None] | None = None,
) -> int:
    """Teach `model`, in place, to say what the teacher says; the number of steps taken.

    Step `i` (from 0) shows the tasks of seeds `seed + i * batch_size` and on. Only what the assistant says is learnt.

    Args:
        model: a causal language model of `transformers`.
        tokenizer: its tokenizer.
        make_env: makes the environment.
        steps: optimiser steps, at most.
        teacher: plays what is shown, such as a `Mixture`; the oracle if None.
        batch_size: episodes a step.
        learning_rate: of AdamW, at the first step; falls linearly to 0 at `steps`.
        until: stop when the mean loss (nats a token) of the last 8 steps is below this.
        seed: seed of the first task.
        on_step: called with (step from 1, loss).

    Raises:
        TaskError: the oracle is the teacher, and the environment has none.
        PolicyError: the chat template cannot render or continue a conversation.
    """
    env, shows = make_env(), Demonstrator(tokenizer, teacher)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.0)
    losses: list[float] = []
    while len(losses) < steps and not _reached(losses, until):
        optimizer.param_groups[0]["lr"] = learning_rate * (1 - len(losses) / steps)
        first = seed + len(losses) * batch_size
        shown = [rollout(env, shows, seed=s, strict=True) for s in range(first, first + batch_size)]
        batch = make_batch(shown, [0] * batch_size, pad_id=tokenizer.pad_token_id).to(model.device)
        losses.append(_imitate(model, optimizer, batch))
        if on_step is not None:
            on_step(len(losses), losses[-1])
    return len(losses)


def _reached(losses: Sequence[float], until: float | None) -> bool:
    return until is not None and len(losses) >= 8 and sum(losses[-8:]) / 8 < until


def _imitate(model: Any, optimizer: torch.optim.Optimizer, shown: Batch) -> float:
    weights_BT = token_mean(shown.mask_BT)
    optimizer.zero_grad()
    total = 0.0
    for rows_B in _alike(shown.lengths_B):
        width = int(shown.lengths_B[rows_B].max())
        tokens_BT, mask_BT = shown.tokens_BT[rows_B, :width], shown.mask_BT[rows_B, :width]
        logps_BT, _ = token_logps(model, tokens_BT, mask_BT, shown.lengths_B[rows_B])
        loss = -(logps_BT * weights_BT[rows_B, :width]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return total


def _alike(lengths_B: Tensor) -> Iterator[Tensor]:
    """All rows, in parts whose shortest is not much shorter than the longest: padding costs as much as tokens."""
    order_B = lengths_B.argsort(descending=True, stable=True)
    lengths = lengths_B[order_B].tolist()
    start = 0
    for row, length in enumerate(lengths):
        if length < ALIKE * lengths[start]:
            yield order_B[start:row]
            start = row
    yield order_B[start:]
