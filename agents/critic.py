"""The value model of PPO: a copy of the policy with one number in place of the vocabulary."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.parts.regularisers import ValueLoss
from assaygym.agents.recipes.recipe import Recipe
from assaygym.agents.scene import Scene
from assaygym.agents.settings import TrainSettings

__all__ = ["Critic"]


class Critic:
    """Estimates what is still to come at each sampled token, from what stands before it.

    Args:
        model: the policy's at the start, whose layers are copied.
        recipe: its `ValueLoss` says how the estimates are learnt.
        settings: how the weights move.
    """

    def __init__(self, model: Any, recipe: Recipe, settings: TrainSettings) -> None:
        self.rule, self.settings = recipe.regulariser(ValueLoss) or ValueLoss(), settings
        self.body = copy.deepcopy(model.base_model).requires_grad_(True)
        self.head = torch.nn.Linear(model.config.get_text_config().hidden_size, 1, device=model.device)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)
        self.weights = [*self.body.parameters(), *self.head.parameters()]
        rate = settings.learning_rate if self.rule.learning_rate is None else self.rule.learning_rate
        self.optimizer = torch.optim.AdamW(self.weights, lr=rate, weight_decay=settings.weight_decay)

    def values(self, scene: Scene, rows_B: Tensor) -> Tensor:
        """`[b, T]` of these rows: the value before each sampled token, 0 elsewhere."""
        batch = scene.batch
        columns_T = torch.arange(batch.tokens_BT.shape[1], device=batch.tokens_BT.device)
        attention_BT = (columns_T < batch.lengths_B[rows_B].unsqueeze(1)).long()
        hidden_BTH = self.body(input_ids=batch.tokens_BT[rows_B], attention_mask=attention_BT, use_cache=False)[0]
        values_BT = self.head(hidden_BTH.float()).squeeze(-1)
        before_BT = torch.nn.functional.pad(values_BT[:, :-1], (1, 0))
        return before_BT * batch.mask_BT[rows_B]

    def update(self, scene: Scene, rows_B: Tensor) -> dict[str, float]:
        """One step of the optimiser towards `scene.targets_BT`."""
        assert scene.targets_BT is not None
        assert scene.values_BT is not None
        mask_BT = scene.batch.mask_BT[rows_B]
        old_BT, targets_BT = scene.values_BT[rows_B], scene.targets_BT[rows_B]
        values_BT = self.values(scene, rows_B)
        errors_BT = (values_BT - targets_BT).square()
        if self.rule.clip is not None:
            held_BT = old_BT + (values_BT - old_BT).clamp(-self.rule.clip, self.rule.clip)
            errors_BT = torch.maximum(errors_BT, (held_BT - targets_BT).square())
        loss = 0.5 * self.rule.weight * (errors_BT * mask_BT).sum() / mask_BT.sum().clamp(min=1)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.weights, self.settings.max_grad_norm)
        self.optimizer.step()
        return {"value_loss": loss.item()}

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "body": self.body.state_dict(),
            "head": self.head.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take what `state` gave."""
        self.body.load_state_dict(state["body"])
        self.head.load_state_dict(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
