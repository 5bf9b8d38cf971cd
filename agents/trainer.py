"""The one trainer: sample groups of episodes, compare them, update the weights; recipes name the parts.

A step is a function of (weights, optimiser, settings, step number): tasks and sampling are seeded by the step, so on
CPU a resumed run repeats what an uninterrupted one does.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from assaygym.agents.advantages import group_stds
from assaygym.agents.batch import Batch, make_batch
from assaygym.agents.checkpoint import latest_checkpoint, load_weights, read_state, save_checkpoint
from assaygym.agents.live import derived_seed
from assaygym.agents.lockstep import play_in_lockstep
from assaygym.agents.logps import token_logps
from assaygym.agents.losses import Surrogate
from assaygym.agents.metrics import append_metrics
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.agents.ratios import Ratio, token_ratio
from assaygym.agents.regularisers import k3
from assaygym.agents.settings import TrainSettings
from assaygym.agents.workers import EpisodeJob
from assaygym.envs.core import Env
from assaygym.errors import RunError
from assaygym.types import Trajectory

__all__ = ["Metrics", "Objective", "Trainer"]

Metrics = dict[str, float]


class ModelPolicy(Policy, Protocol):
    """A policy that samples from a model the trainer can update in place, such as `TransformersPolicy`."""

    model: Any
    tokenizer: Any
    pad_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What a recipe names: one function for each part of the loss."""

    advantage: Callable[[Tensor, Tensor], Tensor]
    """(rewards_N, groups_N) -> `[N]`."""
    surrogate: Callable[[Ratio, Tensor], Surrogate]
    """(ratio, advantages_B1) -> the loss of each token."""
    aggregate: Callable[[Tensor], Tensor]
    """(mask_BT) -> the weight of each token."""
    ratio: Callable[[Tensor, Tensor, Tensor], Ratio] = token_ratio
    """(logps_BT, old_BT, mask_BT) -> how far the policy has moved, at the level of tokens or rows."""
    kl_weight: float = 0.0
    """Of the k3 estimate against the model as it was before the first step; 0 needs no second model."""


class Trainer:
    """Trains the model of `policy` in place on the tasks of `make_env`.

    Args:
        policy: samples the episodes; its `model` is the one that is updated.
        make_env: a fresh environment for each episode that runs at once.
        objective: the parts of the loss.
        settings: how much is sampled, and how the weights move.
        folder: where `metrics.jsonl` and checkpoints go; None writes nothing. A folder with a checkpoint is resumed.
        identity: what else makes this run this run (environment, model), as plain values; a resumed run must agree.
        on_step: called with the metrics of each step, for a live display.

    Raises:
        RunError: the folder holds a run with other settings or another identity, or a checkpoint that cannot be read.
    """

    def __init__(
        self,
        policy: ModelPolicy,
        make_env: Callable[[], Env],
        objective: Objective,
        settings: TrainSettings,
        *,
        folder: str | Path | None = None,
        identity: Mapping[str, Any] | None = None,
        on_step: Callable[[Metrics], None] | None = None,
    ) -> None:
        self.policy, self.make_env, self.objective, self.settings = policy, make_env, objective, settings
        self.model = policy.model.eval()  # no dropout: the sampler and the update must see one distribution
        self.reference = copy.deepcopy(self.model).requires_grad_(False) if objective.kl_weight else None
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.folder = Path(folder) if folder is not None else None
        self.identity = {**asdict(settings), **(identity or {})}
        self.on_step = on_step
        self.done = 0
        self._resume()

    def fit(self) -> list[Metrics]:
        """Run the steps that are left; the metrics of each.

        Raises:
            PolicyError: no episode of a step could be judged.
        """
        return [self.step() for _ in range(self.done, self.settings.steps)]

    def step(self) -> Metrics:
        """Sample, update, write down.

        Raises:
            PolicyError: no episode of the step could be judged.
        """
        started = time.perf_counter()
        trajectories, groups = self._sample()
        batch = make_batch(trajectories, groups, pad_id=self.policy.pad_id).to(self.model.device)
        metrics = {"step": self.done + 1, **_describe(batch), **self._update(batch)}
        metrics |= {"learning_rate": self.settings.learning_rate, "step_time": time.perf_counter() - started}
        self.done += 1
        self._record(metrics)
        return metrics

    def _sample(self) -> tuple[list[Trajectory], list[int]]:
        """The step's episodes and the task of each, in an order that does not depend on which ended first."""
        wanted = self.settings.prompts
        tasks = range(self.done * wanted, (self.done + 1) * wanted)
        jobs = [EpisodeJob(key=str(t), seed=t, sample=i) for t in tasks for i in range(self.settings.group_size)]
        params = SamplingParams(
            temperature=self.settings.temperature,
            max_tokens=self.settings.max_tokens,
            seed=derived_seed(self.settings.seed, self.done),
        )
        return play_in_lockstep(self.make_env, self.policy, jobs, params), [int(job.key) for job in jobs]

    def _update(self, batch: Batch) -> Metrics:
        """Move the weights; every figure is of the first pass over the batch."""
        advantages_N = self.objective.advantage(batch.rewards_N, batch.groups_N)
        weights_BT = self.objective.aggregate(batch.mask_BT)
        rows_B = self._useful(batch, advantages_N)
        passes = [self._pass(batch, advantages_N, weights_BT, rows_B) for _ in range(self.settings.updates)]
        return passes[0]

    def _useful(self, batch: Batch, advantages_N: Tensor) -> Tensor:
        """The rows that a gradient can come from, the longest first, so that a micro-batch is of like lengths."""
        order_B = batch.lengths_B.argsort(descending=True, stable=True)
        if self.reference is not None:
            return order_B
        return order_B[advantages_N[batch.episode_B][order_B] != 0]

    def _pass(self, batch: Batch, advantages_N: Tensor, weights_BT: Tensor, rows_B: Tensor) -> Metrics:
        """One optimiser step on the whole batch."""
        if not len(rows_B):
            return {"loss": 0.0, "grad_norm": 0.0}
        self.optimizer.zero_grad()
        parts = [
            self._backward(batch, advantages_N, weights_BT, some_B)
            for some_B in torch.split(rows_B, self.settings.micro_batch)
        ]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.max_grad_norm)
        self.optimizer.step()
        sums = {name: sum(part[name] for part in parts) for name in parts[0]}
        tokens = sums.pop("tokens")
        means = {name: value / tokens for name, value in sums.items() if name != "loss"}
        return {"loss": sums["loss"], "grad_norm": float(norm), **means}

    def _backward(self, batch: Batch, advantages_N: Tensor, weights_BT: Tensor, rows_B: Tensor) -> Metrics:
        """Add the gradient of these rows; `loss` is their share of the batch's, the others are sums over tokens."""
        width = int(batch.lengths_B[rows_B].max())
        tokens_BT, mask_BT, old_BT = (x[rows_B, :width] for x in (batch.tokens_BT, batch.mask_BT, batch.old_BT))
        inputs = (tokens_BT, mask_BT, batch.lengths_B[rows_B])
        logps_BT, entropy_BT = token_logps(self.model, *inputs, temperature=self.settings.temperature)
        ratio = self.objective.ratio(logps_BT, old_BT, mask_BT)
        out = self.objective.surrogate(ratio, advantages_N[batch.episode_B[rows_B]].unsqueeze(1))
        sums = {"entropy": entropy_BT.sum(), "clip_ratio/region_mean": (out.clipped_BT * mask_BT).sum()}
        loss_BT = out.loss_BT
        if self.reference is not None:
            with torch.no_grad():
                reference_BT, _ = token_logps(self.reference, *inputs, temperature=self.settings.temperature)
            kl_BT = k3(logps_BT, reference_BT) * mask_BT
            loss_BT = loss_BT + self.objective.kl_weight * kl_BT
            sums["kl"] = kl_BT.sum()
        loss = (loss_BT * weights_BT[rows_B, :width]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        sums["sampling/sampling_logp_difference/mean"] = ((logps_BT.detach() - old_BT).abs() * mask_BT).sum()
        return {"loss": loss.item(), "tokens": mask_BT.sum().item(), **{k: float(v.detach()) for k, v in sums.items()}}

    def _record(self, metrics: Metrics) -> None:
        last = self.done >= self.settings.steps
        if self.folder is not None:
            append_metrics(self.folder, metrics)
            if last or self.done % self.settings.checkpoint_every == 0:
                self._save(self.folder)
        if self.on_step is not None:
            self.on_step(metrics)

    def _save(self, folder: Path) -> None:
        state = {
            "step": self.done,
            "identity": self.identity,
            "optimizer": self.optimizer.state_dict(),
        }
        save_checkpoint(folder, self.done, self.model, self.policy.tokenizer, state)

    def _resume(self) -> None:
        if self.folder is None or (path := latest_checkpoint(self.folder)) is None:
            return
        state = read_state(path)
        free = {"steps", "checkpoint_every"}
        mine, theirs = self.identity, state["identity"]
        if changed := [name for name in mine if name not in free and mine[name] != theirs.get(name)]:
            what = ", ".join(f"{name} {theirs.get(name)} (now {mine[name]})" for name in changed)
            raise RunError(f"{path.parent} holds a run with {what}; use its settings or name another folder")
        load_weights(path, self.model)
        self.optimizer.load_state_dict(state["optimizer"])
        self.done = state["step"]


def _describe(batch: Batch) -> Metrics:
    """What was sampled, by TRL's names."""
    std_K, lengths_B = group_stds(batch.rewards_N, batch.groups_N), batch.mask_BT.sum(1)
    sampled = float(lengths_B.sum())
    return {
        "reward": float(batch.rewards_N.mean()),
        "reward_std": float(std_K.mean()),
        "frac_reward_zero_std": float((std_K == 0).float().mean()),
        "completions/mean_length": sampled / len(batch.rewards_N),
        "num_tokens": sampled,
        "invalid": float(batch.dropped),
    }
