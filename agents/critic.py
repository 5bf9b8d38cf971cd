"""The value model of PPO: a copy of the policy with one number in place of the vocabulary."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.batch import Batch
from assaygym.agents.heads import layers_of
from assaygym.agents.micro import inputs_of, micro_batches, share_of
from assaygym.agents.parts.regularisers import ValueLoss
from assaygym.agents.passes import Passes
from assaygym.agents.ranks import Ranks
from assaygym.agents.recipes.recipe import Recipe
from assaygym.agents.scene import Scene
from assaygym.agents.settings import TrainSettings

__all__ = ["Critic"]


class Critic:
    """Estimates what is still to come at each sampled token, from what stands before it.

    Of a model with adapters the adapters are copied, and the rest is shared with the policy.

    Args:
        model: the policy's at the start, whose layers are copied.
        recipe: its `ValueLoss` says how the estimates are learnt.
        settings: how the weights move.
        ranks: who else computes a share.
    """

    def __init__(self, model: Any, recipe: Recipe, settings: TrainSettings, ranks: Ranks) -> None:
        self.rule, self.settings, self.ranks = recipe.regulariser(ValueLoss) or ValueLoss(), settings, ranks
        self.body = _copied(layers_of(model))
        self.head = torch.nn.Linear(model.config.get_text_config().hidden_size, 1, device=model.device)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)
        self.passes = Passes(self.body, settings)
        self.weights = [*(one for one in self.body.parameters() if one.requires_grad), *self.head.parameters()]
        rate = settings.learning_rate if self.rule.learning_rate is None else self.rule.learning_rate
        self.optimizer = torch.optim.AdamW(self.weights, lr=rate, weight_decay=settings.weight_decay)

    @torch.no_grad()
    def values(self, batch: Batch) -> Tensor:
        """`[B, T]`: the value before each sampled token, 0 elsewhere."""
        found_BT = torch.zeros_like(batch.mask_BT)
        for rows_B in self._parts(batch, torch.arange(len(batch.lengths_B), device=batch.lengths_B.device)):
            values_BT = self._values(batch, rows_B)
            found_BT[rows_B, : values_BT.shape[1]] = values_BT
        return self.ranks.total(found_BT)

    def update(self, scene: Scene, rows_B: Tensor) -> dict[str, float]:
        """One step of the optimiser towards `scene.targets_BT`."""
        tokens = scene.batch.mask_BT[rows_B].sum().clamp(min=1)
        self.optimizer.zero_grad()
        losses = [self._backward(scene, some_B, tokens) for some_B in self._parts(scene.batch, rows_B)]
        self.ranks.sum_gradients(self.weights)
        torch.nn.utils.clip_grad_norm_(self.weights, self.settings.max_grad_norm)
        self.optimizer.step()
        return {"value_loss": sum(self.ranks.gathered(sum(losses)))}

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        trained = {name: one.detach() for name, one in self.body.named_parameters() if one.requires_grad}
        return {"body": trained, "head": self.head.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Take what `state` gave."""
        self.body.load_state_dict(state["body"], strict=False)
        self.head.load_state_dict(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _parts(self, batch: Batch, rows_B: Tensor) -> list[Tensor]:
        """This process's micro-batches of these rows."""
        return list(micro_batches(share_of(self.ranks, batch, rows_B), batch, self.settings.micro_tokens))

    def _values(self, batch: Batch, rows_B: Tensor) -> Tensor:
        """`[b, t]` of these rows, as wide as the longest."""
        tokens_BT, mask_BT, lengths_B = inputs_of(batch, rows_B)
        columns_T = torch.arange(tokens_BT.shape[1], device=tokens_BT.device)
        attention_BT = (columns_T < lengths_B.unsqueeze(1)).long()
        with self.passes.forward():
            hidden_BTH = self.body(input_ids=tokens_BT, attention_mask=attention_BT, use_cache=False)[0]
        values_BT = self.head(hidden_BTH.float()).squeeze(-1)
        before_BT = torch.nn.functional.pad(values_BT[:, :-1], (1, 0))
        return before_BT * mask_BT

    def _backward(self, scene: Scene, rows_B: Tensor, tokens: Tensor) -> float:
        """Add the gradient of these rows; their share of the loss, `tokens` being those of all rows."""
        assert scene.targets_BT is not None
        assert scene.values_BT is not None
        values_BT = self._values(scene.batch, rows_B)
        width = values_BT.shape[1]
        old_BT, targets_BT = scene.values_BT[rows_B, :width], scene.targets_BT[rows_B, :width]
        errors_BT = (values_BT - targets_BT).square()
        if self.rule.clip is not None:
            held_BT = old_BT + (values_BT - old_BT).clamp(-self.rule.clip, self.rule.clip)
            errors_BT = torch.maximum(errors_BT, (held_BT - targets_BT).square())
        loss = 0.5 * self.rule.weight * (errors_BT * scene.batch.mask_BT[rows_B, :width]).sum() / tokens
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()


def _copied(layers: Any) -> Any:
    """A copy that can be trained; what is frozen is shared."""
    frozen = {id(one): one for one in layers.parameters() if not one.requires_grad}
    return copy.deepcopy(layers, frozen)
