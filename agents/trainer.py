"""The one trainer: sample groups of episodes, compare them, update the weights; recipes name the parts.

    Sampler.sample -> make_batch -> Scene: shaping, filters, advantage -> Updater.update -> metrics, checkpoint

A step is a function of (weights, optimiser, settings, cursors, step number): tasks and sampling are seeded by the step,
so on CPU a resumed run repeats what an uninterrupted one does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.batch import Batch, make_batch
from assaygym.agents.checkpoint import latest_checkpoint, load_weights, read_state, save_checkpoint
from assaygym.agents.describe import described
from assaygym.agents.jobs import MakeEnv
from assaygym.agents.metrics import append_metrics
from assaygym.agents.policy import ModelPolicy, Policy
from assaygym.agents.ranks import Ranks
from assaygym.agents.recipes.recipe import Recipe
from assaygym.agents.regularisers import k1
from assaygym.agents.sampling import Sample, Sampler
from assaygym.agents.scene import Scene
from assaygym.agents.settings import TrainSettings
from assaygym.agents.update import Metrics, Updater
from assaygym.errors import RunError

__all__ = ["Metrics", "Trainer"]

FREE = frozenset({"steps", "checkpoint_every", "micro_tokens", "env_threads", "concurrency"})
"""Settings that a resumed run may have changed."""


class Trainer:
    """Trains the model of `policy` in place on the tasks of some environments.

    Args:
        policy: its `model` is the one that is updated.
        make_envs: one function for each environment, that makes a fresh one for each episode that runs at once.
        recipe: the parts of the method.
        settings: how much is sampled, and how the weights move.
        player: samples the episodes, where that is not `policy` itself: another engine with a `sync(model)` that gives
            it the weights, such as `VLLMPolicy`.
        ranks: the processes of the run.
        folder: where `metrics.jsonl` and checkpoints go; None writes nothing. A folder with a checkpoint is resumed.
        identity: what else makes this run this run (environment, model), as plain values; a resumed run must agree.
        on_step: called with the metrics of each step, for a live display.

    Raises:
        RunError: the folder holds a run with other settings or another identity, or a checkpoint that cannot be read.
        ConfigError: the recipe and the settings do not go together.
    """

    def __init__(
        self,
        policy: ModelPolicy,
        make_envs: Sequence[MakeEnv],
        recipe: Recipe,
        settings: TrainSettings,
        *,
        player: Policy | None = None,
        ranks: Ranks | None = None,
        folder: str | Path | None = None,
        identity: Mapping[str, Any] | None = None,
        on_step: Callable[[Metrics], None] | None = None,
    ) -> None:
        self.policy, self.recipe, self.settings = policy, recipe, settings
        self.model = policy.model.eval()  # no dropout: the sampler and the update must see one distribution
        self.ranks = ranks or Ranks()
        self.updater = Updater(self.model, recipe, settings, self.ranks)
        self.sampler = Sampler(policy, make_envs, recipe, settings, player=player, reference=self.updater.reference)
        self.folder = Path(folder) if folder is not None else None
        self.identity = {**asdict(settings), **recipe.described(), **(identity or {})}
        self.on_step = on_step
        self.done = 0
        self.memory: dict[str, Any] = {}
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
        sample = self.sampler.sample(self.done)
        trajectories = [trajectory for group in sample.groups for trajectory in group.trajectories]
        labels = [label for label, group in enumerate(sample.groups) for _ in group.trajectories]
        batch = make_batch(trajectories, labels, pad_id=self.policy.pad_id).to(self.model.device)
        sampled = time.perf_counter()
        scene = self._scene(batch, sample)
        advantages_BT = self._advantages(scene)
        metrics: Metrics = {"step": self.done + 1, **described(scene, sample, trajectories)}
        metrics |= self.updater.update(scene, advantages_BT)
        metrics |= {"step_time": time.perf_counter() - started, "sampling_time": sampled - started}
        self.done += 1
        self._after()
        self._record(metrics)
        return metrics

    def _scene(self, batch: Batch, sample: Sample) -> Scene:
        """What the parts are given."""
        updater, settings = self.updater, self.settings
        old_BT = updater.logps(batch) if self._computes_old() else batch.sampled_BT
        scene = Scene(
            batch=batch,
            step=self.done,
            max_tokens=settings.max_tokens,
            rewards_N=batch.rewards_N,
            keep_N=torch.ones_like(batch.groups_N, dtype=torch.bool),
            old_BT=old_BT,
            companions_NC=sample.companions_NC(batch.groups_N, self.recipe.rollout.companions),
            memory=self.memory,
        )
        if updater.kl is not None or self.recipe.loss.reference:
            scene.reference_BT = updater.logps(batch, reference=True)
        if updater.kl is not None and updater.kl.placement == "reward" and scene.reference_BT is not None:
            scene.penalty_BT = updater.kl.weight * k1(old_BT, scene.reference_BT) * batch.mask_BT
        if updater.critic is not None:
            with torch.no_grad():
                scene.values_BT = updater.critic.values(scene, torch.arange(len(batch.lengths_B)))
        return scene

    def _advantages(self, scene: Scene) -> Tensor:
        """Shape, filter, compare, filter again."""
        for shaping in self.recipe.shaping:
            scene.rewards_N = shaping(scene)
        for part in self.recipe.filters:
            if not part.after:
                scene.keep_N = scene.keep_N & part(scene)
        advantages_BT = self.recipe.advantage(scene)
        scene.advantages_N = _per_episode(advantages_BT, scene.batch)
        for part in self.recipe.filters:
            if part.after:
                scene.keep_N = scene.keep_N & part(scene)
        return advantages_BT * scene.per_row(scene.keep_N)

    def _computes_old(self) -> bool:
        wanted = self.settings.old_logps
        if wanted == "auto":
            return self.recipe.correction is not None or self.sampler.player is not self.policy
        return wanted == "trainer"

    def _after(self) -> None:
        """What happens between two steps."""
        kl = self.updater.kl
        if kl is not None and kl.reset_every is not None and self.done % kl.reset_every == 0 and self.updater.reference:
            self.updater.reference.reset()
            self.updater.forget()

    def _record(self, metrics: Metrics) -> None:
        last = self.done >= self.settings.steps
        if self.folder is not None and self.ranks.leads:
            append_metrics(self.folder, metrics)
            if last or self.done % self.settings.checkpoint_every == 0:
                self._save(self.folder)
        if self.on_step is not None and self.ranks.leads:
            self.on_step(metrics)

    def _save(self, folder: Path) -> None:
        state = {
            "step": self.done,
            "identity": self.identity,
            "cursors": self.sampler.cursors,
            "memory": self.memory,
            **self.updater.state(),
        }
        save_checkpoint(folder, self.done, self.model, self.policy.tokenizer, state)

    def _resume(self) -> None:
        if self.folder is None or (path := latest_checkpoint(self.folder)) is None:
            return
        state = read_state(path)
        mine, theirs = self.identity, state["identity"]
        if changed := [name for name in mine if name not in FREE and mine[name] != theirs.get(name)]:
            what = ", ".join(f"{name} {theirs.get(name)} (now {mine[name]})" for name in changed)
            raise RunError(f"{path.parent} holds a run with {what}; use its settings or name another folder")
        load_weights(path, self.model)
        self.updater.load(state)
        self.sampler.cursors = list(state["cursors"])
        self.memory = dict(state["memory"])
        self.done = state["step"]


def _per_episode(advantages_BT: Tensor, batch: Batch) -> Tensor:
    """The mean over the sampled tokens of each episode."""
    weighted_B = (advantages_BT * batch.mask_BT).sum(1)
    zeros_N = torch.zeros_like(batch.rewards_N)
    sums_N = zeros_N.index_add(0, batch.episode_B, weighted_B)
    return sums_N / zeros_N.index_add(0, batch.episode_B, batch.mask_BT.sum(1)).clamp(min=1)
