"""The one trainer: sample groups of episodes, compare them, update the weights; recipes name the parts.

    Sampler.sample -> make_batch -> Scene: shaping, filters, advantage -> Updater.update -> metrics, checkpoint

A step is a function of (weights, optimiser, settings, cursors, what parts and strategies remember, step number): tasks
and sampling are seeded by the step, so on CPU a resumed run repeats what an uninterrupted one does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from assaygym.agents.batch import Batch, make_batch
from assaygym.agents.checkpoint import latest_checkpoint, load_weights, read_state, save_checkpoint
from assaygym.agents.curriculum import Curriculum
from assaygym.agents.describe import described, drawn, sampler_gap
from assaygym.agents.generators import load_generators, state_of_generators
from assaygym.agents.jobs import MakeEnv
from assaygym.agents.lora import with_new_adapter
from assaygym.agents.metrics import Watch, append_metrics, cut_metrics
from assaygym.agents.policy import ModelPolicy, Policy
from assaygym.agents.ranks import Ranks
from assaygym.agents.recipes.recipe import Recipe
from assaygym.agents.regularisers import k1
from assaygym.agents.run_folder import refuse_another_run
from assaygym.agents.sampling import Sample, Sampler
from assaygym.agents.scene import Scene
from assaygym.agents.schedule import learning_rate
from assaygym.agents.settings import TrainSettings
from assaygym.agents.sync import WeightSync
from assaygym.agents.update import Metrics, Updater
from assaygym.errors import ConfigError, PolicyError

__all__ = ["Metrics", "Trainer"]

FREE = frozenset({"steps", "checkpoint_every", "micro_tokens", "env_threads", "concurrency", "patience"})
"""Settings that a resumed run may have changed."""


class Trainer:
    """Trains the model of `policy` in place on the tasks of some environments.

    Args:
        policy: its `model` is the one that is updated; with `lora_rank` an adapter is put on it.
        make_envs: one function for each environment, that makes a fresh one for each episode that runs at once.
        recipe: the parts of the method.
        settings: how much is sampled, and how the weights move.
        player: samples the episodes, where that is not `policy` itself: another engine with a `sync(model)` that gives
            it the weights, such as `VLLMPolicy`. It is called before each step, and what is sampled is compared.
        ranks: the processes of the run.
        curriculum: chooses the level of each environment; with the setting `curriculum="adaptive"`.
        folder: where `metrics.jsonl` and checkpoints go; None writes nothing. A folder with a checkpoint is resumed.
        identity: what else makes this run this run (environment, model), as plain values; a resumed run must agree.
        on_step: called with the metrics of each step, for a live display.

    Raises:
        RunError: the folder holds a run with other settings or another identity, or a checkpoint that cannot be read.
        ConfigError: the recipe, the settings and the player do not go together.
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
        curriculum: Curriculum | None = None,
        folder: str | Path | None = None,
        identity: Mapping[str, Any] | None = None,
        on_step: Callable[[Metrics], None] | None = None,
    ) -> None:
        if (curriculum is None) != (settings.curriculum == "none"):
            raise ConfigError(f"curriculum={settings.curriculum!r} and curriculum {curriculum}; give both or none")
        self.policy, self.recipe, self.settings = policy, recipe, settings
        self.ranks = ranks or Ranks()
        if settings.lora_rank:
            rank, alpha = settings.lora_rank, settings.lora_alpha
            policy.model = with_new_adapter(policy.model, rank=rank, alpha=alpha, seed=settings.seed)
        self.model = policy.model.eval()  # no dropout: the sampler and the update must see one distribution
        self.ranks.copy_from_lead(self.model.state_dict().values())
        self.updater = Updater(self.model, recipe, settings, self.ranks)
        self.sampler = Sampler(
            policy,
            make_envs,
            recipe,
            settings,
            player=player,
            reference=self.updater.reference,
            curriculum=curriculum,
            ranks=self.ranks,
        )
        theirs = player is not None and player is not policy
        self.sync = WeightSync(player, self.model, temperature=settings.temperature) if player and theirs else None
        self.folder = Path(folder) if folder is not None else None
        self.identity = {**asdict(settings), **recipe.described(), **(identity or {})}
        self.on_step = on_step
        self.done = self.barren = 0
        self.memory: dict[str, Any] = {}
        with self.ranks.together():
            self._resume()

    def fit(self) -> list[Metrics]:
        """Run the steps that are left; the metrics of each.

        Raises:
            PolicyError: as `step`.
            WeightMismatchError: as `step`.
            RunError: another process of the run failed.
        """
        return [self.step() for _ in range(self.done, self.settings.steps)]

    def step(self) -> Metrics:
        """Sample, update, write down.

        Raises:
            PolicyError: no episode of the step could be judged, or the filters left nothing `patience` times in a row.
            WeightMismatchError: the player samples with other weights than those that are trained.
            RunError: another process of the run failed.
        """
        with self.ranks.together():
            watch = Watch()
            if self.sync is not None:
                self.sync.bring()
                watch.lap("sync_time")
            sample = self.sampler.sample(self.done)
            if self.sync is not None:
                self.sync.check(self.ranks.mine(sample.groups))
            watch.lap("sampling_time")
            metrics: Metrics = {"step": self.done + 1, **self._learn(sample, watch)}
            metrics |= {"step_time": watch.total(), **watch.laps}
            self.done += 1
            self._after()
            self._record(metrics)
        return metrics

    def _learn(self, sample: Sample, watch: Watch) -> Metrics:
        """Update by what was sampled, if anything is left of it."""
        if not sample.groups:
            self._barren(sample)
            return {**drawn(sample), "loss": 0.0, "grad_norm": 0.0, "learning_rate": self._rate()}
        trajectories = [trajectory for group in sample.groups for trajectory in group.trajectories]
        labels = [label for label, group in enumerate(sample.groups) for _ in group.trajectories]
        batch = make_batch(trajectories, labels, pad_id=self.policy.pad_id).to(self.model.device)
        scene = self._scene(batch, sample)
        advantages_BT = self._advantages(scene)
        if scene.reference_BT is None and self.updater.kl is not None and bool(scene.keep_N.any()):
            kept_B = (scene.per_row(scene.keep_N).squeeze(1)).nonzero().squeeze(1)
            scene.reference_BT = self.updater.logps(batch, reference=True, rows_B=kept_B)
        metrics = described(scene, sample, trajectories)
        if scene.old_BT is not batch.sampled_BT:
            metrics |= sampler_gap(scene.old_BT, batch.sampled_BT, batch.mask_BT)
        watch.lap("scoring_time")
        if bool(scene.keep_N.any()):
            self.barren = 0
        else:
            self._barren(sample)
        metrics |= self.updater.update(scene, advantages_BT)
        watch.lap("update_time")
        return metrics

    def _barren(self, sample: Sample) -> None:
        """Count a step whose filters left nothing.

        Raises:
            PolicyError: it was one too many in a row.
        """
        self.barren += 1
        if self.barren >= self.settings.patience:
            raise PolicyError(
                f"the filters left nothing of {self.barren} steps in a row: none of the {len(sample.drawn)} tasks of "
                f"step {self.done + 1} had rewards that differ within its group and pass them (mean reward "
                f"{drawn(sample)['reward']:.3g}): choose tasks that are sometimes solved (another level, "
                "curriculum=adaptive, a warm start, the recipe ghpo)"
            )

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
        in_reward = updater.kl is not None and updater.kl.placement == "reward"
        if in_reward or self.recipe.loss.reference:
            scene.reference_BT = updater.logps(batch, reference=True)
        if updater.kl is not None and in_reward and scene.reference_BT is not None:
            scene.penalty_BT = updater.kl.weight * k1(old_BT, scene.reference_BT) * batch.mask_BT
        if updater.critic is not None:
            scene.values_BT = updater.critic.values(batch)
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
        settings = self.settings
        if settings.old_logps == "auto":
            rounds = settings.precision != "float32"
            return self.recipe.correction is not None or self.sync is not None or rounds
        return settings.old_logps == "trainer"

    def _rate(self) -> float:
        return learning_rate(self.settings, self.done)

    def _after(self) -> None:
        """What happens between two steps."""
        kl = self.updater.kl
        if kl is not None and kl.reset_every is not None and self.done % kl.reset_every == 0 and self.updater.reference:
            self.updater.reference.reset()
            self.updater.forget()

    def _record(self, metrics: Metrics) -> None:
        last = self.done >= self.settings.steps
        if self.folder is not None:
            if self.ranks.leads:
                append_metrics(self.folder, metrics)
            if last or self.done % self.settings.checkpoint_every == 0:
                self._save(self.folder)
        if self.on_step is not None and self.ranks.leads:
            self.on_step(metrics)

    def _save(self, folder: Path) -> None:
        """All processes come here; the leading one writes."""
        state = {
            "step": self.done,
            "barren": self.barren,
            "identity": self.identity,
            "memory": self.memory,
            "sampler": self.sampler.state(),
            "generators": self.ranks.gathered(state_of_generators()),
            **self.updater.state(),
        }
        if self.ranks.leads:
            save_checkpoint(folder, self.done, self.model, self.policy.tokenizer, state)

    def _resume(self) -> None:
        if self.folder is None:
            return
        path = self.ranks.from_lead(latest_checkpoint(self.folder))
        if path is not None:
            self._load(path)
        if self.ranks.leads:
            cut_metrics(self.folder, self.done)

    def _load(self, path: Path) -> None:
        state = read_state(path)
        refuse_another_run(path.parent, self.identity, state["identity"], free=FREE)
        load_weights(path, self.model)
        self.updater.load(state)
        self.sampler.load(state["sampler"])
        self.memory, self.barren, self.done = dict(state["memory"]), state["barren"], state["step"]
        generators = state["generators"]
        load_generators(generators[self.ranks.rank if len(generators) == self.ranks.world else 0])


def _per_episode(advantages_BT: Tensor, batch: Batch) -> Tensor:
    """The mean over the sampled tokens of each episode."""
    weighted_B = (advantages_BT * batch.mask_BT).sum(1)
    zeros_N = torch.zeros_like(batch.rewards_N)
    sums_N = zeros_N.index_add(0, batch.episode_B, weighted_B)
    return sums_N / zeros_N.index_add(0, batch.episode_B, batch.mask_BT.sum(1)).clamp(min=1)
