"""One episode: a policy meets an environment. Straight-line code; `workers` runs many at once.

An episode always ends in a `Trajectory`. What a part of ours raises is written into it (`StopReason.ERROR`, reward NaN)
and is never a reward of zero; only an interrupt passes through.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, cast

import gymnasium

from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.envs.core import Env
from assaygym.errors import ContextOverflowError, PolicyError, told
from assaygym.types import Completion, Message, Score, StopReason, ToolSpec, Trajectory, Turn

__all__ = ["derived_seed", "rollout"]

OWN_KEYS = frozenset({"action", "messages", "score"})
"""What `step` reports and a `Turn` already holds elsewhere."""
UNKNOWN_SEED = -1


@dataclass(slots=True)
class _Live:
    """A running episode."""

    params: SamplingParams
    deadline: float
    budget: int | None
    env_id: str = ""
    split: str = ""
    seed: int = UNKNOWN_SEED
    task_id: str = ""
    tools: tuple[ToolSpec, ...] = ()
    conversation: list[Message] = field(default_factory=list[Message])
    observation: tuple[Message, ...] = ()
    turns: list[Turn] = field(default_factory=list[Turn])
    score: Score | None = None
    spent: int = 0


def rollout(
    env: gymnasium.Env[str, str],
    policy: Policy,
    *,
    seed: int | None = None,
    options: Mapping[str, Any] | None = None,
    params: SamplingParams | None = None,
    timeout: float | None = None,
    max_tokens: int | None = None,
    strict: bool = False,
    cancelled: Callable[[], bool] | None = None,
) -> Trajectory:
    """Play one episode from `reset` to its end.

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
        cancelled: asked before each turn; True stops the episode as an error.

    Raises:
        KeyboardInterrupt: always passes through.
    """
    now = time.monotonic()
    live = _Live(params or SamplingParams(), now + timeout if timeout is not None else float("inf"), max_tokens)
    error = None
    try:
        _start(live, env, seed, options)
        stop = _play(live, env, policy, cancelled)
    except ContextOverflowError as overflow:
        stop, error = StopReason.CONTEXT_OVERFLOW, str(overflow)
    except Exception as fault:  # the boundary: one failed episode is recorded and never ends a run
        if strict:
            raise
        stop, error = StopReason.ERROR, told(fault)
    return Trajectory(
        env_id=live.env_id,
        task_id=live.task_id,
        seed=live.seed,
        split=live.split,
        turns=tuple(live.turns),
        score=live.score,
        stop_reason=stop,
        error=error,
    )


def derived_seed(seed: int, *key: object) -> int:
    """A seed in [0, 2**31) that depends on all of these and on nothing else."""
    return int.from_bytes(blake2b(repr((seed, key)).encode(), digest_size=4).digest(), "big") >> 1


def _start(live: _Live, env: gymnasium.Env[str, str], seed: int | None, options: Mapping[str, Any] | None) -> None:
    core = cast(Env, env.unwrapped)
    live.env_id, live.split = core.id, core.split
    live.seed = UNKNOWN_SEED if seed is None else seed
    _, info = env.reset(seed=seed, options=None if options is None else dict(options))
    live.seed, live.split, live.task_id = info["seed"], info["split"], info["task_id"]
    live.tools = tuple(info["tools"])
    live.observation = tuple(info["messages"])
    live.conversation.extend(live.observation)


def _play(
    live: _Live, env: gymnasium.Env[str, str], policy: Policy, cancelled: Callable[[], bool] | None
) -> StopReason:
    core = cast(Env, env.unwrapped)
    while True:
        if cancelled is not None and cancelled():
            raise InterruptedError("the run was stopped before the episode ended")
        if time.monotonic() >= live.deadline:
            return StopReason.TIMEOUT
        if live.budget is not None and live.spent >= live.budget:
            return StopReason.MAX_TOKENS
        completion = _answer(policy, _prompt(live, core), _turn_params(live))
        live.spent += max(len(completion.token_ids), len(completion.logprobs or ()))
        if time.monotonic() >= live.deadline:
            live.turns.append(Turn(observation=live.observation, completion=completion))
            return StopReason.TIMEOUT
        terminated, truncated = _step(live, env, core, completion)
        if terminated or truncated:
            return StopReason.COMPLETED if terminated else StopReason.MAX_TURNS


def _answer(policy: Policy, prompt: Prompt, params: SamplingParams) -> Completion:
    """The one completion of the prompt.

    Raises:
        PolicyError: the policy gave another number of them, or something else.
    """
    given: Any = policy.generate([prompt], params)
    if not isinstance(given, Sequence) or [type(one) for one in given] != [Completion]:
        kinds = [type(one).__name__ for one in given] if isinstance(given, Sequence) else type(given).__name__
        raise PolicyError(f"{policy.name}.generate answered one prompt with {kinds}; expected a list of one Completion")
    completion: Completion = given[0]
    return completion


def _prompt(live: _Live, core: Env) -> Prompt:
    return Prompt(
        messages=tuple(live.conversation),
        tools=live.tools,
        previous=live.turns[-1].completion if live.turns else None,
        observation=live.observation,
        turn=len(live.turns),
        env=core,
    )


def _turn_params(live: _Live) -> SamplingParams:
    params = live.params
    if live.budget is not None and live.budget - live.spent < params.max_tokens:
        params = replace(params, max_tokens=live.budget - live.spent)
    if params.seed is not None:
        params = replace(params, seed=derived_seed(params.seed, len(live.turns)))
    return params


def _step(live: _Live, env: gymnasium.Env[str, str], core: Env, completion: Completion) -> tuple[bool, bool]:
    """Play the completion; (terminated, truncated)."""
    _, reward, terminated, truncated, info = env.step(core.action_text(completion.message))
    rest = {key: value for key, value in info.items() if key not in OWN_KEYS}
    live.turns.append(Turn(observation=live.observation, completion=completion, reward=float(reward), info=rest))
    live.score = info.get("score")
    live.observation = tuple(info["messages"])
    action: Message = info["action"]
    if completion.message.reasoning is not None:
        action = replace(action, reasoning=completion.message.reasoning)
    live.conversation.append(action)
    live.conversation.extend(live.observation)
    return terminated, truncated
