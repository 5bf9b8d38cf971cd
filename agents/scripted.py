"""Policies without a model: what an environment is checked with before any model sees it."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from assaygym.agents.erring import Mistake, next_mistake
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
    """Plays the environment's own solution, which is worth a reward of 1, and fails in some episodes.

    Whether an episode is one of them, and how, is a function of (this seed, `SamplingParams.seed`, environment, task),
    whatever else runs beside it; a fork of it is an episode of its own. It has a near miss in place of one of the
    oracle's turns, drawn among those where a mistake cannot be put right afterwards, or several where none alone does
    it (`next_mistake`). The turn that was displaced is said next, if the episode goes on. An episode in which nothing
    near the oracle's turns is wrong ends right.

    Args:
        noise: the share of episodes, in [0, 1], that look right and end wrong: expected reward 1 - noise, or more
            where mistakes earn partial credit.
        seed: of the choice and of the mistakes.

    Raises:
        ConfigError: `noise` is outside [0, 1].
        PolicyError: from `generate`, when a prompt comes without an environment.
        TaskError: from `generate`, when the environment has no oracle.
    """

    def __init__(self, noise: float = 0.0, seed: int = 0) -> None:
        if not 0 <= noise <= 1:
            raise ConfigError(f"noise is {noise}; expected the share of episodes that end wrong, from 0 to 1")
        self.name = f"oracle:{noise:g}" if noise else "oracle"
        self.noise, self.seed = noise, seed
        self._episodes: WeakKeyDictionary[Env, tuple[object, bool, Mistake | None]] = WeakKeyDictionary()
        """The task of the episode under way, whether it is to fail, and its latest or next mistake."""

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        return [said(self._turn(prompt, params.seed)) for prompt in prompts]

    def _turn(self, prompt: Prompt, sample_seed: int | None) -> str:
        env = _env_of(prompt, "oracle")
        if self.noise:
            rng = Random(_key(self.seed, sample_seed, env, prompt.turn))
            mistake = self._mistake(env, rng)
            if mistake is not None and mistake.turn == env.turns:
                return mistake.miss.text
        return env.oracle_action()

    def _mistake(self, env: Env, rng: Random) -> Mistake | None:
        """The latest or the next mistake of this episode."""
        task, fails, mistake = self._episodes.get(env, (None, False, None))
        if task is not env.task or not env.turns:
            fails, mistake = rng.random() < self.noise, None
        if fails and (mistake is None or (mistake.turn < env.turns and not mistake.miss.final)):
            mistake = next_mistake(env, rng)
        self._episodes[env] = (env.task, fails, mistake)
        return mistake


def _env_of(prompt: Prompt, policy: str) -> Env:
    if prompt.env is None:
        raise PolicyError(f"the {policy} policy plays from inside an environment, and this prompt comes without one")
    return prompt.env


def _key(seed: int, sample_seed: int | None, env: Env, turn: int) -> int:
    """A number in [0, 2**32) that depends on all of these and on nothing else."""
    task_id = env.task.id if env.task is not None else ""
    key = repr((seed, sample_seed, env.id, task_id, turn)).encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=4).digest(), "big")
