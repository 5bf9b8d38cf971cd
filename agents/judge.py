"""Policies as judges, and step rewards on tokens: where the reward models of `assaygym.verifiers.judges` need a model.

as_chat_model(policy)       what `generative`, `proposition` and `StepJudge` ask
EndogenousReward(policy)    a verifier of the policy's own logits
token_places(...)           the sampled token that ends each step of a step reward
"""

from __future__ import annotations

import inspect
import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.errors import ConfigError, MissingDependencyError, VerifierError
from assaygym.types import Message, Score
from assaygym.verifiers.judges.base import Asked, asked_of, check_squash, opinion, said_nothing, squashed, text_of

if TYPE_CHECKING:
    from torch import Tensor

    from assaygym.agents.transformers_policy import TransformersPolicy

__all__ = ["EndogenousReward", "PolicyChatModel", "as_chat_model", "token_places"]

JUDGING = SamplingParams(temperature=0.5, max_tokens=4096)


@dataclass(frozen=True, slots=True)
class PolicyChatModel:
    """See `as_chat_model`."""

    policy: Policy
    params: SamplingParams = JUDGING

    @property
    def name(self) -> str:
        """That of the policy."""
        return self.policy.name

    def ask(self, messages: Sequence[Message], *, seed: int) -> str:
        """The policy's reply.

        Raises:
            PolicyError: it gave none.
        """
        prompt = Prompt(messages=tuple(messages), observation=tuple(messages))
        [completion] = self.policy.generate([prompt], replace(self.params, seed=seed))
        return completion.message.content


def as_chat_model(policy: Policy, params: SamplingParams = JUDGING) -> PolicyChatModel:
    """Any policy as the `ChatModel` that judges ask; its reasoning, where it is kept apart, is not read.

    Args:
        policy: a policy that needs no environment.
        params: how it samples; their seed gives way to that of the vote.
    """
    return PolicyChatModel(policy, params)


class EndogenousReward:
    """A verifier: the reward that a causal language model's logits hold for a response (EndoRM, arXiv 2506.23235).

    The task's answer must be an `Asked` with the prompt. The prompt is rendered by the model's chat template, the
    response and the end of its turn are the actions; what does not fit the model's context is left out, and the value
    expected after the rest takes its place. Rewards are unbounded: the value of the score is that of the mean reward of
    a token (or of their sum), squashed by `1 / (1 + exp(-(x - center) / scale))`. Metrics: `raw_mean`, `raw_sum`,
    `tokens`. The model should be frozen and in eval mode; a policy that is rewarded by itself rewards what it likes.

    Args:
        policy: the model with its chat template.
        alpha: see `endogenous_rewards`.
        reduce: what is squashed: `mean`, or `sum` as in the paper, which favours short responses.
        center: the reward whose value is 0.5.
        scale: by how much a reward must grow for the odds of its value to grow e-fold.

    Raises:
        ConfigError: `alpha` or `scale` is not above 0, `center` is not finite, or `reduce` is neither.
        MissingDependencyError: torch is not installed.
    """

    name = "endogenous"

    def __init__(
        self,
        policy: TransformersPolicy,
        *,
        alpha: float = 1.0,
        reduce: Literal["mean", "sum"] = "mean",
        center: float = 0.0,
        scale: float = 1.0,
    ) -> None:
        try:
            from assaygym.agents.endogenous import endogenous_rewards
        except ImportError as error:
            raise MissingDependencyError.of(error.name or "torch", "train", "EndogenousReward") from error
        check_squash(center, scale)
        if not alpha > 0 or reduce not in ("mean", "sum"):
            raise ConfigError(f"alpha={alpha}, reduce={reduce!r}; expected alpha above 0, reduce 'mean' or 'sum'")
        self.policy, self.alpha, self.reduce, self.center, self.scale = policy, alpha, reduce, center, scale
        self._rewards_of = endogenous_rewards

    def __call__(self, response: object, answer: object, /) -> Score:
        """The squashed reward.

        Raises:
            VerifierError: the prompt is missing, or fills the model's context alone (INVALID in `judge`).
        """
        text = text_of(response)
        if not text.strip():
            return said_nothing()
        rewards = self.rewards(asked_of(answer), text)
        total = math.fsum(rewards)
        found = {"raw_sum": total, "raw_mean": total / len(rewards), "tokens": float(len(rewards))}
        raw = found[f"raw_{self.reduce}"]
        told = f"endogenous reward of {self.policy.name}: {self.reduce} {raw:g} of {len(rewards)} tokens"
        return opinion(squashed(raw, self.center, self.scale), told, found)

    def rewards(self, asked: Asked, response: str) -> tuple[float, ...]:
        """The reward of each token of the response, the one that ends the turn last.

        Raises:
            VerifierError: as when called.
        """
        import torch

        prompt_ids, action_ids, ended = self._ids(asked, response)
        tokens_BT = torch.tensor([[*prompt_ids, *action_ids]], device=self.policy.model.device)
        first = len(prompt_ids) - 1
        with torch.inference_mode():
            logits_BTV = self._logits(tokens_BT, len(action_ids) + 1)
            mask_BT = torch.ones_like(tokens_BT[:, first:])
            mask_BT[:, 0] = 0
            ended_B = torch.tensor([ended], device=tokens_BT.device)
            rewards_BT = self._rewards_of(logits_BTV, tokens_BT[:, first:], mask_BT, ended_B, alpha=self.alpha)
        return tuple(rewards_BT[0, 1:].tolist())

    def _ids(self, asked: Asked, response: str) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
        """Prompt, actions, and whether the last one ends the turn."""
        if not asked.question:
            raise VerifierError("an endogenous reward needs the question; pose the task with Asked(prompt=...)")
        chat, context = self.policy.chat, self.policy.context
        prompt_ids = chat.render_ids(asked.messages, generation=True)
        end = next((i for i in (*chat.closing_ids, chat.tokenizer.eos_token_id) if i in chat.end_ids), None)
        action_ids = (*chat.encode(response), *(() if end is None else (end,)))
        room = len(action_ids) if context is None else context - len(prompt_ids)
        if room < 1:
            raise VerifierError(
                f"the prompt has {len(prompt_ids)} tokens and the context of {self.policy.name} {context}"
            )
        return prompt_ids, action_ids[:room], end is not None and len(action_ids) <= room

    def _logits(self, tokens_BT: Tensor, last: int) -> Tensor:
        """Of the last columns, in 32 bits."""
        model: Any = self.policy.model
        keep = {"logits_to_keep": last} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}
        logits_BTV: Tensor = model(input_ids=tokens_BT, use_cache=False, **keep).logits
        return logits_BTV[:, -last:].float()


def token_places(
    text_of: Callable[[Sequence[int]], str], token_ids: Sequence[int], ends: Sequence[int]
) -> tuple[int, ...]:
    """For each step the index of the sampled token that completes it: where `shaping.token_rewards` puts its value.

    Args:
        text_of: decodes ids as the response was decoded.
        token_ids: the sampled ids of the response.
        ends: characters [0, end) of the response, as `StepReward.end` tells them.

    Raises:
        ConfigError: an end lies outside of the text of these ids.
    """
    length = len(text_of(token_ids))
    if wrong := [end for end in ends if not 0 < end <= length]:
        raise ConfigError(f"a step ends at character {wrong[0]} and the tokens make {length} characters")
    counts = range(len(token_ids) + 1)
    return tuple(bisect_left(counts, end, key=lambda count: len(text_of(token_ids[:count]))) - 1 for end in ends)
