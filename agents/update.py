"""The update of a step: forward and backward passes in micro-batches, and the optimiser.

A micro-batch holds as many rows as fit into a number of tokens, the longest first, so that little of it is padding.
Each row's weight in the loss is that of the whole mini-batch, so the split does not change the gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.batch import Batch
from assaygym.agents.critic import Critic
from assaygym.agents.logps import token_logps
from assaygym.agents.lora import has_adapter
from assaygym.agents.losses import Surrogate
from assaygym.agents.micro import inputs_of, micro_batches, mini_batches, share_of
from assaygym.agents.parts.regularisers import KL, Entropy
from assaygym.agents.passes import Passes
from assaygym.agents.ranks import Ranks
from assaygym.agents.recipes.recipe import Recipe
from assaygym.agents.reference import Reference
from assaygym.agents.regularisers import ESTIMATES
from assaygym.agents.scene import Rows, Scene
from assaygym.agents.schedule import learning_rate
from assaygym.agents.settings import TrainSettings
from assaygym.errors import ConfigError

__all__ = ["Metrics", "Updater"]

Metrics = dict[str, float]


class Updater:
    """Computes log-probabilities with the model of a run, and moves its weights.

    Args:
        model: of `transformers`, or as peft wrapped it; changed in place.
        recipe: names the parts of the loss.
        settings: how the weights move.
        ranks: who else computes a share of the gradient.

    Raises:
        ConfigError: none of the model's weights can be trained, or a reference of adapters is to be reset.
    """

    def __init__(self, model: Any, recipe: Recipe, settings: TrainSettings, ranks: Ranks) -> None:
        self.model, self.recipe, self.settings, self.ranks = model, recipe, settings, ranks
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        if not self.weights:
            raise ConfigError("all weights of the model are frozen; unfreeze some, or set lora_rank above 0")
        self.kl = recipe.regulariser(KL)
        self.entropy = recipe.regulariser(Entropy)
        if self.kl is not None and self.kl.reset_every is not None and has_adapter(model):
            raise ConfigError("a model with adapters cannot reset its reference; train without lora_rank")
        self.reference = Reference(model) if recipe.needs_reference else None
        self.critic = Critic(model, recipe, settings, ranks) if recipe.advantage.critic else None
        self.weigh = recipe.aggregation.weights(max_tokens=settings.max_tokens)
        self.passes = Passes(model, settings)
        self.forget()

    def forget(self) -> None:
        """Begin with a new optimiser."""
        settings = self.settings
        self.optimizer = torch.optim.AdamW(self.weights, lr=settings.learning_rate, weight_decay=settings.weight_decay)

    @torch.no_grad()
    def logps(self, batch: Batch, *, reference: bool = False, rows_B: Tensor | None = None) -> Tensor:
        """`[B, T]`: log-probabilities of the sampled tokens, under the model as it is or under the reference.

        Args:
            batch: the rows.
            reference: under the reference.
            rows_B: the rows that are wanted, the others hold 0; None is all.
        """
        found_BT = torch.zeros_like(batch.sampled_BT)
        if rows_B is None:
            rows_B = torch.arange(len(batch.lengths_B), device=batch.lengths_B.device)
        with self._of(reference) as model:
            mine_B = share_of(self.ranks, batch, rows_B)
            for some_B in micro_batches(mine_B, batch, self.settings.micro_tokens):
                with self.passes.precision():
                    logps_BT, _ = token_logps(model, *inputs_of(batch, some_B), temperature=self.settings.temperature)
                found_BT[some_B, : logps_BT.shape[1]] = logps_BT
        return self.ranks.total(found_BT)

    def update(self, scene: Scene, advantages_BT: Tensor) -> Metrics:
        """All passes over the step's batch; the figures are means over the optimiser's steps."""
        rate = learning_rate(self.settings, scene.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        advantages_BT = advantages_BT.expand_as(scene.batch.mask_BT)
        taken = [
            self._optimise(scene, advantages_BT, rows_B)
            for _ in range(self.settings.updates)
            for rows_B in mini_batches(scene.batch, self.settings.mini_batches)
        ]
        names = dict.fromkeys(name for row in taken for name in row)
        means = {name: sum(row.get(name, 0.0) for row in taken) / len(taken) for name in names}
        before = {name: value for name, value in taken[0].items() if name.startswith("sampling/")}
        return {"learning_rate": rate, **means, **before}

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds beside the model."""
        return {
            "optimizer": self.optimizer.state_dict(),
            "reference": None if self.reference is None else self.reference.state(),
            "critic": None if self.critic is None else self.critic.state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take what `state` gave."""
        self.optimizer.load_state_dict(state["optimizer"])
        if self.reference is not None and state["reference"] is not None:
            self.reference.load(state["reference"])
        if self.critic is not None:
            self.critic.load(state["critic"])

    def _optimise(self, scene: Scene, advantages_BT: Tensor, rows_B: Tensor) -> Metrics:
        """One step of the optimiser on these rows."""
        batch = scene.batch
        kept_BT = batch.mask_BT * scene.per_row(scene.keep_N)
        weights_BT = torch.zeros_like(kept_BT)
        weights_BT[rows_B] = self.weigh(kept_BT[rows_B])
        figures = {} if self.critic is None else self.critic.update(scene, rows_B)
        useful_B = self._useful(advantages_BT, weights_BT, rows_B)
        if not len(useful_B):
            return {"loss": 0.0, "grad_norm": 0.0, **figures}
        self.optimizer.zero_grad()
        groups_B = batch.groups_N[batch.episode_B] if self.recipe.loss.grouped else None
        mine_B = share_of(self.ranks, batch, useful_B, groups_B)
        parts = [
            self._backward(scene, advantages_BT, weights_BT, some_B)
            for some_B in micro_batches(mine_B, batch, self.settings.micro_tokens, groups_B)
        ]
        self.ranks.sum_gradients(self.weights)
        norm = torch.nn.utils.clip_grad_norm_(self.weights, self.settings.max_grad_norm)
        self.optimizer.step()
        return {**self._means(parts), "grad_norm": float(norm), **figures}

    def _useful(self, advantages_BT: Tensor, weights_BT: Tensor, rows_B: Tensor) -> Tensor:
        """The rows that a gradient can come from; the others do not go through the model."""
        moves_BT = weights_BT[rows_B] != 0
        in_loss = self.kl is not None and self.kl.placement == "loss"
        if not (in_loss or self.entropy is not None or self.recipe.loss.grouped or self.recipe.loss.reference):
            moves_BT = moves_BT & (advantages_BT[rows_B] != 0)
        return rows_B[moves_BT.any(1)]

    def _backward(self, scene: Scene, advantages_BT: Tensor, weights_BT: Tensor, rows_B: Tensor) -> Metrics:
        """Add the gradient of these rows; `loss` is their share of the batch's, the others are sums over tokens."""
        settings, inputs = self.settings, inputs_of(scene.batch, rows_B)
        with self.passes.forward():
            logps_BT, entropy_BT = token_logps(
                self.model, *inputs, temperature=settings.temperature, entropy_gradient=self.entropy is not None
            )
        cut = _Cut(scene, advantages_BT, rows_B, logps_BT.shape[1])
        out = self.recipe.loss(cut.rows(logps_BT))
        sums = cut.figures(out, logps_BT, entropy_BT)
        loss_BT = out.loss_BT
        if self.recipe.correction is not None:
            loss_BT = loss_BT * self.recipe.correction(cut.of(scene.old_BT), cut.of(scene.batch.sampled_BT), inputs[1])
        if self.entropy is not None:
            loss_BT = loss_BT - self.entropy.weight * entropy_BT
        if self.kl is not None and self.kl.placement == "loss" and scene.reference_BT is not None:
            kl_BT = ESTIMATES[self.kl.estimate](logps_BT, cut.of(scene.reference_BT)) * inputs[1]
            scale_BT = (logps_BT - cut.of(scene.old_BT)).exp() if self.kl.unbiased else 1.0
            loss_BT = loss_BT + self.kl.weight * scale_BT * kl_BT
            sums["kl"] = kl_BT.detach().sum()
        loss = (loss_BT * cut.of(weights_BT)).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        sums["loss"] = loss.detach()
        return dict(zip(sums, torch.stack(list(sums.values())).tolist(), strict=True))

    def _means(self, parts: Sequence[Metrics]) -> Metrics:
        """Over the tokens of all micro-batches of all processes; the loss is a sum."""
        every = [part for parts in self.ranks.gathered(list(parts)) for part in parts]
        tokens = sum(part.pop("tokens") for part in every)
        figures = {name: [part[name] for part in every] for name in every[0]}
        sums = {name: sum(values) for name, values in figures.items() if not name.endswith("/max")}
        largest = {name: max(values) for name, values in figures.items() if name.endswith("/max")}
        return {name: value if name == "loss" else value / tokens for name, value in sums.items()} | largest

    def _of(self, reference: bool) -> AbstractContextManager[Any]:
        if not reference:
            return nullcontext(self.model)
        assert self.reference is not None
        return self.reference.model()


class _Cut:
    """The rows of a micro-batch, as wide as the longest."""

    def __init__(self, scene: Scene, advantages_BT: Tensor, rows_B: Tensor, width: int) -> None:
        self.scene, self.rows_B, self.width = scene, rows_B, width
        self.advantages_BT = self.of(advantages_BT)

    def of(self, whole_BT: Tensor) -> Tensor:
        return whole_BT[self.rows_B, : self.width]

    def rows(self, logps_BT: Tensor) -> Rows:
        scene = self.scene
        return Rows(
            logps_BT=logps_BT,
            old_BT=self.of(scene.old_BT),
            mask_BT=self.of(scene.batch.mask_BT),
            turns_BT=self.of(scene.batch.turns_BT),
            advantages_BT=self.advantages_BT,
            groups_B=scene.batch.groups_N[scene.batch.episode_B[self.rows_B]],
            episodes_B=scene.batch.episode_B[self.rows_B],
            reference_BT=None if scene.reference_BT is None else self.of(scene.reference_BT),
        )

    @torch.no_grad()
    def figures(self, out: Surrogate, logps_BT: Tensor, entropy_BT: Tensor) -> dict[str, Tensor]:
        """Sums over tokens; `tokens` is their number."""
        mask_BT, moved_BT = self.of(self.scene.batch.mask_BT), logps_BT - self.of(self.scene.old_BT)
        clipped_BT = out.clipped_BT * mask_BT
        sums = {
            "tokens": mask_BT.sum(),
            "entropy": entropy_BT.sum(),
            "clip_ratio/low_mean": (clipped_BT * (moved_BT < 0)).sum(),
            "clip_ratio/high_mean": (clipped_BT * (moved_BT > 0)).sum(),
            "clip_ratio/region_mean": clipped_BT.sum(),
        }
        if self.scene.old_BT is self.scene.batch.sampled_BT:  # else they were compared before the update
            gaps_BT = (moved_BT * mask_BT).abs()
            sums["sampling/sampling_logp_difference/mean"] = gaps_BT.sum()
            sums["sampling/sampling_logp_difference/max"] = gaps_BT.max()
        return sums
