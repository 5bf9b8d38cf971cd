"""What was sampled in a step, by the names that TRL's trainers log."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from assaygym.agents.advantages import group_stds
from assaygym.agents.sampling import Sample
from assaygym.agents.scene import Scene
from assaygym.types import Trajectory

__all__ = ["described"]


def described(scene: Scene, sample: Sample, trajectories: Sequence[Trajectory]) -> dict[str, float]:
    """Figures of one step. Lengths are sampled tokens of an episode; rewards are those of the environment.

    `kl` is k1 at the start of the update; one in the loss takes its place. `memory/...` is what parts remember.

    Args:
        scene: after the filters.
        sample: what the batch was made of.
        trajectories: all of them, those that could not be judged included.
    """
    batch = scene.batch
    std_K, lengths_N = group_stds(batch.rewards_N, batch.groups_N), batch.sampled_N.float()
    sizes_K = torch.unique(batch.groups_N, return_counts=True)[1]
    ended_N = lengths_N[~batch.truncated_N]
    figures = {
        "reward": float(batch.rewards_N.mean()),
        "reward_std": float(std_K.mean()),
        "frac_reward_zero_std": float((std_K == 0).float().mean()),
        "completions/mean_length": float(lengths_N.mean()),
        "completions/min_length": float(lengths_N.min()),
        "completions/max_length": float(lengths_N.max()),
        "completions/mean_terminated_length": float(ended_N.mean()) if len(ended_N) else 0.0,
        "completions/clipped_ratio": float(batch.truncated_N.float().mean()),
        "num_tokens": float(lengths_N.sum()),
        "turns": float(batch.turns_N.float().mean()),
        "tasks_drawn": float(sample.drawn),
        "groups_of_one": float((sizes_K == 1).sum()),
        "filtered": float((~scene.keep_N).sum()),
        "invalid": float(batch.dropped),
    }
    if scene.rewards_N is not batch.rewards_N:
        figures["reward_shaped"] = float(scene.rewards_N.mean())
    for name, values_N in batch.metrics.items():
        known_N = values_N[~values_N.isnan()]
        figures |= {f"rewards/{name}/mean": float(known_N.mean())} if len(known_N) else {}
    if scene.reference_BT is not None:
        apart_BT = (scene.old_BT - scene.reference_BT) * batch.mask_BT
        figures["kl"] = float(apart_BT.sum() / batch.mask_BT.sum())
    remembered = {f"memory/{name}": float(value) for name, value in scene.memory.items() if isinstance(value, float)}
    return figures | remembered | _tools(trajectories)


def _tools(trajectories: Sequence[Trajectory]) -> dict[str, float]:
    """Calls an episode, and the share of them that came back as an error; nothing for environments without tools."""
    turns = [turn.info for trajectory in trajectories for turn in trajectory.turns if "tool_calls" in turn.info]
    if not turns:
        return {}
    calls, errors = (sum(info[name] for info in turns) for name in ("tool_calls", "tool_errors"))
    return {"tools/call_frequency": calls / len(trajectories), "tools/failure_frequency": errors / max(1, calls)}
