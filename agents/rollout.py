"""One episode as one call: a policy meets an environment. `workers` and `strategies` play many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assaygym.agents.live import AnyEnv, LiveEpisode
from assaygym.agents.policy import Policy, SamplingParams
from assaygym.types import StopReason, Trajectory

__all__ = ["rollout"]


def rollout(
    env: AnyEnv,
    policy: Policy,
    *,
    seed: int | None = None,
    options: Mapping[str, Any] | None = None,
    params: SamplingParams | None = None,
    timeout: float | None = None,
    max_tokens: int | None = None,
    strict: bool = False,
    halted: Callable[[], StopReason | None] | None = None,
) -> Trajectory:
    """Play one episode from `reset` to its end. What a part of ours raises is recorded, never a reward of zero.

    Args:
        env: an `Env`, bare or inside Gymnasium wrappers.
        policy: who plays.
        seed: of the task; None lets the environment draw it.
        options: passed to `reset`.
        params: how to sample. Each turn samples with a seed of its own, derived from `params.seed`.
        timeout: seconds of wall clock. An answer that comes later is kept in the record and not played.
        max_tokens: sampled tokens of the whole episode. Counts what the policy reports, ids or log-probabilities; the
            turns of a policy that reports neither are free.
        strict: raise what a part of ours raises instead of recording it.
        halted: asked before each turn; a reason ends the episode with it.

    Raises:
        KeyboardInterrupt: always passes through.
    """
    live = LiveEpisode(env, params, timeout=timeout, max_tokens=max_tokens)
    unstarted = live.started(seed, options, strict=strict)
    return unstarted or live.play(policy, halted=halted, strict=strict)
