"""What was sampled in a step, by the names that TRL's trainers log."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from assaygym.agents.sampling import Sample
from assaygym.agents.scene import Scene
from assaygym.types import Trajectory

__all__ = ["described", "drawn", "sampler_gap"]


def described(scene: Scene, sample: Sample, trajectories: Sequence[Trajectory]) -> dict[str, float]:
    """Figures of one step. Lengths are sampled tokens of an episode.

    `kl` is k1 at the start of the update; one in the loss takes its place. `memory/...` is what parts remember.

    Args:
        scene: after the filters.
        sample: what the batch was made of.
        trajectories: all of them, those that could not be judged included.
    """
    batch = scene.batch
    lengths_N = batch.sampled_N.float()
    sizes_K = torch.unique(batch.groups_N, return_counts=True)[1]
    ended_N = lengths_N[~batch.truncated_N]
    figures = {
        **drawn(sample),
        "completions/mean_length": float(lengths_N.mean()),
        "completions/min_length": float(lengths_N.min()),
        "completions/max_length": float(lengths_N.max()),
        "completions/mean_terminated_length": float(ended_N.mean()) if len(ended_N) else 0.0,
        "completions/min_terminated_length": float(ended_N.min()) if len(ended_N) else 0.0,
        "completions/max_terminated_length": float(ended_N.max()) if len(ended_N) else 0.0,
        "completions/clipped_ratio": float(batch.truncated_N.float().mean()),
        "num_tokens": float(lengths_N.sum()),
        "turns": float(batch.turns_N.float().mean()),
        "groups_of_one": float((sizes_K == 1).sum()),
        "filtered": float((~scene.keep_N).sum()),
        "invalid": float(batch.dropped),
    }
    if scene.rewards_N is not batch.rewards_N:
        figures["reward_shaped"] = float(scene.rewards_N.mean())
    for name, values_N in batch.metrics.items():
        known_N = values_N[~values_N.isnan()]
        if len(known_N):
            figures[f"rewards/{name}/mean"] = float(known_N.mean())
            figures[f"rewards/{name}/std"] = _std(known_N.tolist())
    if scene.reference_BT is not None:
        apart_BT = (scene.old_BT - scene.reference_BT) * batch.mask_BT
        figures["kl"] = float(apart_BT.sum() / batch.mask_BT.sum())
    remembered = {f"memory/{name}": float(value) for name, value in scene.memory.items() if isinstance(value, float)}
    return figures | remembered | _tools(trajectories)


def drawn(sample: Sample) -> dict[str, float]:
    """Rewards as the environment gave them, of all tasks drawn: those that a filter threw away are no less a result."""
    groups = [rewards for rewards in sample.drawn if rewards]
    every = [reward for rewards in groups for reward in rewards]
    stds = list(map(_std, groups))
    figures = {
        "reward": math.fsum(every) / len(every),
        "reward_std": math.fsum(stds) / len(stds),
        "frac_reward_zero_std": stds.count(0.0) / len(stds),
        "tasks_drawn": float(len(sample.drawn)),
        "tokens_drawn": float(sample.tokens),
    }
    return figures | {f"level/{number}": level for number, level in enumerate(sample.levels)}


def sampler_gap(old_BT: Tensor, sampled_BT: Tensor, mask_BT: Tensor) -> dict[str, float]:
    """How far the trainer's log-probabilities at the start of the update lie from those that the sampler gave."""
    gaps_M = (old_BT - sampled_BT)[mask_BT.bool()]
    ratios_M = gaps_M.exp()
    return {
        "sampling/sampling_logp_difference/mean": float(gaps_M.abs().mean()),
        "sampling/sampling_logp_difference/max": float(gaps_M.abs().max()),
        "sampling/importance_sampling_ratio/min": float(ratios_M.min()),
        "sampling/importance_sampling_ratio/mean": float(ratios_M.mean()),
        "sampling/importance_sampling_ratio/max": float(ratios_M.max()),
    }


def _std(rewards: Sequence[float]) -> float:
    """With n - 1; 0 for one alone."""
    if min(rewards) == max(rewards):
        return 0.0
    mean = math.fsum(rewards) / len(rewards)
    return math.sqrt(math.fsum((reward - mean) ** 2 for reward in rewards) / (len(rewards) - 1))


def _tools(trajectories: Sequence[Trajectory]) -> dict[str, float]:
    """Calls an episode, and the share of them that came back as an error; nothing for environments without tools."""
    turns = [turn.info for trajectory in trajectories for turn in trajectory.turns if "tool_calls" in turn.info]
    if not turns:
        return {}
    calls, errors = (sum(info[name] for info in turns) for name in ("tool_calls", "tool_errors"))
    return {"tools/call_frequency": calls / len(trajectories), "tools/failure_frequency": errors / max(1, calls)}
