"""Policies without a model: what an environment is checked with before any model sees it."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from assaygym.agents.near_miss import near_miss
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Completion

if TYPE_CHECKING:
    from assaygym.envs.core import Env

__all__ = ["ConstantPolicy", "EchoPolicy", "NullPolicy", "OraclePolicy", "RandomPolicy", "ScriptedPolicy"]


class ScriptedPolicy:
    """Says `responses[t]` at turn `t` of every episode, or whatever a function of the prompt returns.

    Raises:
        PolicyError: from `generate`, when an episode has more turns than there are responses.
    """

    name = "scripted"

    def __init__(self, responses: Sequence[str] | Callable[[Prompt], str]) -> None:
        if isinstance(responses, str):
            responses = (responses,)
        self._responses = responses

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        return [said(self._response(prompt)) for prompt in prompts]

    def _response(self, prompt: Prompt) -> str:
        if callable(self._responses):
            return self._responses(prompt)
        if prompt.turn < len(self._responses):
            return self._responses[prompt.turn]
        raise PolicyError(
            f"the script has {len(self._responses)} responses and the episode reached turn {prompt.turn + 1}: "
            "give one response for every turn"
        )


class ConstantPolicy:
    """Says the same text at every turn."""

    name = "constant"

    def __init__(self, text: str) -> None:
        self.text = text

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        return [said(self.text) for _ in prompts]


class NullPolicy(ConstantPolicy):
    """Says nothing: an environment that rewards it is broken."""

    name = "null"

    def __init__(self) -> None:
        super().__init__("")


class EchoPolicy:
    """Repeats the last message it was shown: an environment that rewards it leaks its answer."""

    name = "echo"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        return [said(prompt.messages[-1].content if prompt.messages else "") for prompt in prompts]


class RandomPolicy:
    """Samples the environment's action space.

    The action is a function of (this seed, `SamplingParams.seed`, environment, task, turn), whatever else runs beside
    it: several samples of one task differ when `SamplingParams.seed` does.

    Raises:
        PolicyError: from `generate`, when a prompt comes without an environment.
    """

    name = "random"

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        return [said(self._action(prompt, params.seed)) for prompt in prompts]

    def _action(self, prompt: Prompt, sample_seed: int | None) -> str:
        env = _env_of(prompt, self.name)
        space: Any = copy.copy(env.action_space)  # a space is shared by environments: seeding it in place would race
        space.seed(_key(self.seed, sample_seed, env, prompt.turn))
        return str(space.sample())


class OraclePolicy:
    """Plays the environment's own solution, which is worth a reward of 1, or now and then a near miss.

    Whether a turn is one, and which, is a function of (this seed, `SamplingParams.seed`, environment, task, turn),
    whatever else runs beside it. A near miss that lets the episode go on takes the place of the oracle's turn; the
    oracle then says that turn next.

    Args:
        noise: the share of turns, in [0, 1], that are wrong and look right: expected reward 1 - noise in environments
            of one turn, less in longer ones.
        seed: of the near misses.

    Raises:
        ConfigError: `noise` is outside [0, 1].
        PolicyError: from `generate`, when a prompt comes without an environment.
        TaskError: from `generate`, when the environment has no oracle.
    """

    def __init__(self, noise: float = 0.0, seed: int = 0) -> None:
        if not 0 <= noise <= 1:
            raise ConfigError(f"noise is {noise}; expected the share of turns that are near misses, from 0 to 1")
        self.name = f"oracle:{noise:g}" if noise else "oracle"
        self.noise, self.seed = noise, seed

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        return [said(self._turn(prompt, params.seed)) for prompt in prompts]

    def _turn(self, prompt: Prompt, sample_seed: int | None) -> str:
        env = _env_of(prompt, "oracle")
        if self.noise:
            rng = Random(_key(self.seed, sample_seed, env, prompt.turn))
            if rng.random() < self.noise:
                return near_miss(env, env.fork(1)[0].oracle_action(), rng)
        return env.oracle_action()


def _env_of(prompt: Prompt, policy: str) -> Env:
    if prompt.env is None:
        raise PolicyError(f"the {policy} policy plays from inside an environment, and this prompt comes without one")
    return prompt.env


def _key(seed: int, sample_seed: int | None, env: Env, turn: int) -> int:
    """A number in [0, 2**32) that depends on all of these and on nothing else."""
    task_id = env.task.id if env.task is not None else ""
    key = repr((seed, sample_seed, env.id, task_id, turn)).encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=4).digest(), "big")
