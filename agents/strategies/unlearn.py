"""The forgetting step of EEPO (arXiv 2510.05837) for a policy whose model is in this process."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from assaygym.agents.policy import ModelPolicy
from assaygym.agents.strategies.group import Group
from assaygym.errors import ConfigError, MissingDependencyError, PolicyError

try:
    import torch
    from torch import Tensor

    from assaygym.agents.batch import Batch, make_batch
    from assaygym.agents.logps import token_logps
except ImportError as error:
    raise MissingDependencyError.of("torch", "train", "Unlearn") from error

__all__ = ["Unlearn", "UnlearnStats", "complementary_loss"]

ROOM = 1e-4
"""Keeps the loss finite where a token was certain; its gradient is then at most 1 / ROOM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlearnStats:
    """What one step found and did."""

    entropy: float
    """Mean over the sampled tokens, as the policy reported it (nats)."""
    loss: float
    applied: bool
    """False where the gate was closed."""


class Unlearn:
    """`with Unlearn(policy, ...)(groups):` the policy is less likely to say what it said in these groups.

    One step of Adam on the mean of -log(1 - p) over the sampled tokens of all judged trajectories. Its gradient grows
    with p / (1 - p): what dominates is pushed down most. Weights, gradients and mode of the model are what they were,
    bit for bit, when the context ends, however it ends; while it lasts they are held twice.

    Args:
        policy: its `model` is changed in place. Nothing may be sampling from it while the context is entered or left.
        learning_rate: how far each weight moves.
        entropy_below: the gate: nothing is unlearned where the mean entropy of the sampled tokens is not below this
            (nats), for then the policy explores by itself. The default always unlearns.
        temperature: what the sampler divided the logits by.
        micro_batch: rows a forward pass.

    Attributes:
        stats: of the latest step.

    Raises:
        ConfigError: a number is not above 0.
    """

    def __init__(
        self,
        policy: ModelPolicy,
        *,
        learning_rate: float = 1e-5,
        entropy_below: float = math.inf,
        temperature: float = 1.0,
        micro_batch: int = 16,
    ) -> None:
        if not min(learning_rate, entropy_below, temperature, micro_batch) > 0:
            raise ConfigError(
                f"learning_rate={learning_rate}, entropy_below={entropy_below}, temperature={temperature}, "
                f"micro_batch={micro_batch}; expected numbers above 0"
            )
        self.policy, self.learning_rate, self.entropy_below = policy, learning_rate, entropy_below
        self.temperature, self.micro_batch = temperature, micro_batch
        self.stats: UnlearnStats | None = None

    @contextmanager
    def __call__(self, groups: Sequence[Group]) -> Iterator[None]:
        """The context within which the policy has forgotten.

        Raises:
            ConfigError: the model has no weights to train.
            PolicyError: no trajectory was judged, or a completion has no entropies.
        """
        entropy = _mean_entropy(groups)
        if not entropy < self.entropy_below:
            self.stats = UnlearnStats(entropy=entropy, loss=math.nan, applied=False)
            yield
            return
        weights = [weight for weight in self.policy.model.parameters() if weight.requires_grad]
        if not weights:
            raise ConfigError("Unlearn: no weight of the model takes a gradient; call model.requires_grad_(True)")
        training = self.policy.model.training
        kept = [(weight, weight.detach().clone(), weight.grad) for weight in weights]
        try:
            self.stats = UnlearnStats(entropy=entropy, loss=self._step(weights, groups), applied=True)
            yield
        finally:
            with torch.no_grad():
                for weight, old, gradient in kept:
                    weight.copy_(old)
                    weight.grad = gradient
            self.policy.model.train(training)

    @torch.enable_grad()
    def _step(self, weights: Sequence[Tensor], groups: Sequence[Group]) -> float:
        trajectories = [trajectory for group in groups for trajectory in group.trajectories]
        labels = [i for i, group in enumerate(groups) for _ in group.trajectories]
        model = self.policy.model
        batch = make_batch(trajectories, labels, pad_id=self.policy.pad_id).to(model.device)
        training = model.training
        model.eval()  # no dropout: the policy that sampled had none
        for weight in weights:
            weight.grad = None
        tokens = float(batch.mask_BT.sum())
        rows = torch.split(torch.arange(len(batch.lengths_B), device=model.device), self.micro_batch)
        loss = sum(self._backward(batch, rows_B, tokens) for rows_B in rows)
        torch.optim.Adam(weights, lr=self.learning_rate).step()
        for weight in weights:
            weight.grad = None
        model.train(training)
        return loss

    def _backward(self, batch: Batch, rows_B: Tensor, tokens: float) -> float:
        """Add the gradient of these rows' share of the mean; their share."""
        width = int(batch.lengths_B[rows_B].max())
        tokens_BT, mask_BT = batch.tokens_BT[rows_B, :width], batch.mask_BT[rows_B, :width]
        logps_BT, _ = token_logps(
            self.policy.model, tokens_BT, mask_BT, batch.lengths_B[rows_B], temperature=self.temperature
        )
        loss = (complementary_loss(logps_BT) * mask_BT).sum() / tokens
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()


def complementary_loss(logps: Tensor) -> Tensor:
    """-log(1 - p) of each log-probability, with `ROOM` in place of what is left of 1 - p at most."""
    return -torch.log1p(ROOM - logps.exp())


def _mean_entropy(groups: Sequence[Group]) -> float:
    completions = [turn.completion for group in groups for one in group.judged for turn in one.turns]
    if any(completion.entropies is None for completion in completions):
        raise PolicyError("Unlearn looks at the entropy of each sampled token, and a completion has no `entropies`")
    entropies = [entropy for completion in completions for entropy in completion.entropies or ()]
    if not entropies:
        raise PolicyError("Unlearn: no judged trajectory has a sampled token; there is nothing to forget")
    return math.fsum(entropies) / len(entropies)
