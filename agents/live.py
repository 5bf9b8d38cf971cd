"""A running episode: an environment, the conversation so far, the record of its turns.

It can be forked between two turns: the copy has the state of the environment (its sandbox session included), the same
turns behind it and a seed of its own, and shares nothing with the original afterwards.

What a part of ours raises ends the episode as an error (`StopReason.ERROR`, reward NaN), never as a reward of zero.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, cast

import gymnasium

from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.envs.core import Env
from assaygym.errors import ContextOverflowError, PolicyError, told
from assaygym.types import Completion, Message, Score, StopReason, ToolSpec, Trajectory, Turn

__all__ = ["AnyEnv", "LiveEpisode", "Watch", "derived_seed", "sampled_tokens"]

AnyEnv = gymnasium.Env[str, str]
OWN_KEYS = frozenset({"action", "messages", "score"})
"""What `step` reports and a `Turn` already holds elsewhere."""
UNKNOWN_SEED = -1
UNLIMITED = float("inf")
PLAIN = SamplingParams()


class LiveEpisode:
    """One episode, from `start` to its `Trajectory`. Used by one thread at a time.

    Args:
        env: an `Env`, bare or inside Gymnasium wrappers.
        params: how to sample. Each turn samples with a seed of its own, derived from `params.seed`.
        id: names the trajectory in its group; forks refer to it.
        timeout: seconds of wall clock that playing may take. An answer that comes later is kept and not played. A fork
            has what was left when the turn began that it was made at, and uses it up while it is played itself.
        max_tokens: sampled tokens of the whole episode. Counts what the policy reports, ids or log-probabilities; the
            turns of a policy that reports neither are free.
    """

    def __init__(
        self,
        env: AnyEnv,
        params: SamplingParams | None = None,
        *,
        id: str = "",
        timeout: float | None = None,
        max_tokens: int | None = None,
    ) -> None:
        self.env, self.core = env, cast(Env, env.unwrapped)
        """With its wrappers, and without."""
        self.params, self.id = params or PLAIN, id
        self.seconds_left = UNLIMITED if timeout is None else timeout
        self.max_tokens = max_tokens
        self.parent: tuple[str, int] | None = None
        self.fault: Exception | None = None
        """Why this fork has no environment of its own to play in: the original's could not be copied."""
        self.env_id, self.split, self.task_id, self.seed = "", "", "", UNKNOWN_SEED
        self.tools: tuple[ToolSpec, ...] = ()
        self.conversation: list[Message] = []
        self.observation: tuple[Message, ...] = ()
        self.turns: list[Turn] = []
        self.score: Score | None = None
        self.spent = 0
        """Sampled tokens so far, those of shared turns included."""
        self.forks = 0
        self.notes: dict[str, Any] = {}
        """What a strategy wants the record to say of this episode."""

    def start(
        self, seed: int | None, options: Mapping[str, Any] | None = None, hint: Callable[[Env], str] | None = None
    ) -> None:
        """Reset the environment and take its first observation.

        Args:
            seed: of the task; None lets the environment draw it.
            options: passed to `reset`.
            hint: of the environment after its reset: text that is appended to the last message of the prompt.

        Raises:
            Exception: whatever the environment raises.
        """
        core = self.core
        self.env_id, self.split = core.id, core.split
        self.seed = UNKNOWN_SEED if seed is None else seed
        _, info = self.env.reset(seed=seed, options=None if options is None else dict(options))
        self.seed, self.split, self.task_id = info["seed"], info["split"], info["task_id"]
        self.tools = tuple(info["tools"])
        self.observation = tuple(info["messages"])
        if hint is not None:
            *before, last = self.observation
            self.observation = (*before, replace(last, content=last.content + hint(core)))
        self.conversation.extend(self.observation)

    def started(
        self,
        seed: int | None,
        options: Mapping[str, Any] | None = None,
        hint: Callable[[Env], str] | None = None,
        *,
        strict: bool = False,
    ) -> Trajectory | None:
        """As `start`, but None, or the record of an episode that could not start.

        Args:
            seed: as in `start`, like the next two.
            options: passed to `reset`.
            hint: of the environment after its reset.
            strict: raise what a part of ours raises instead of recording it.
        """
        try:
            self.start(seed, options, hint)
        except Exception as fault:  # the boundary: see `play`
            if strict:
                raise
            return self.trajectory(StopReason.ERROR, told(fault))
        return None

    def play(
        self,
        policy: Policy,
        *,
        watch: Watch | None = None,
        halted: Callable[[], StopReason | None] | None = None,
        strict: bool = False,
    ) -> Trajectory:
        """Play a started episode to its end.

        Args:
            policy: who plays.
            watch: called with this episode and each completion before the environment sees it, when the episode can
                still be forked as it was before this turn.
            halted: asked before each turn; a reason ends the episode with it.
            strict: raise what a part of ours raises instead of recording it.

        Raises:
            KeyboardInterrupt: always passes through, as all that is no `Exception`.
        """
        try:
            return self.trajectory(self._play(policy, watch, halted))
        except Exception as fault:  # the boundary: one failed episode is recorded and never ends a run
            if strict and not isinstance(fault, ContextOverflowError):
                raise
            return self.failed(fault)

    def failed(self, fault: Exception) -> Trajectory:
        """The record of the episode, ended by this."""
        if isinstance(fault, ContextOverflowError):
            return self.trajectory(StopReason.CONTEXT_OVERFLOW, str(fault))
        return self.trajectory(
            StopReason.ERROR, told(fault) if self.fault is None else f"the fork failed: {told(fault)}"
        )

    def ask(self) -> tuple[Prompt, SamplingParams]:
        """What the policy is asked at this turn, and how it samples.

        Raises:
            Exception: the `fault` of a fork that has no environment.
        """
        if self.fault is not None:
            raise self.fault
        return self._prompt(), self._turn_params()

    def take(self, completion: Completion, seconds: float | None = None) -> StopReason | None:
        """Give an answer to the environment; how the episode ended, if it did.

        Args:
            completion: the answer.
            seconds: what the policy took for it, for the record.

        Raises:
            Exception: whatever the environment raises.
        """
        self.spent += sampled_tokens(completion)
        terminated, truncated = self._step(completion, seconds)
        if terminated:
            return StopReason.COMPLETED
        return StopReason.MAX_TURNS if truncated else None

    def fork(self) -> LiveEpisode:
        """An independent copy of the episode as it is between two turns.

        Where the environment cannot be copied (`SandboxError` of its session) the fork has a `fault`: played, it ends
        at once as an error with its `parent`, and this episode goes on.
        """
        self.forks += 1
        twin = copy.copy(self)
        twin.id, twin.parent, twin.forks = f"{self.id}.{self.forks}", (self.id, len(self.turns)), 0
        twin.conversation, twin.turns = list(self.conversation), list(self.turns)
        twin.notes = copy.deepcopy(self.notes)
        if self.params.seed is not None:
            twin.params = replace(self.params, seed=derived_seed(self.params.seed, twin.id))
        try:
            twin.env = self._copied_env()
        except Exception as fault:  # the boundary of the fork, as in `play`
            twin.env, twin.fault = gymnasium.Env(), fault
        twin.core = cast(Env, twin.env.unwrapped)
        return twin

    def trajectory(self, stop: StopReason, error: str | None = None) -> Trajectory:
        """The record of the episode, ended for this reason."""
        return Trajectory(
            env_id=self.env_id,
            task_id=self.task_id,
            seed=self.seed,
            split=self.split,
            turns=tuple(self.turns),
            score=self.score,
            stop_reason=stop,
            id=self.id,
            parent=self.parent,
            error=error,
            notes=self.notes,
        )

    def _copied_env(self) -> AnyEnv:
        if self.fault is not None:
            raise self.fault
        core = self.core.fork(1)[0]
        if self.env is self.core:
            return core
        try:
            return copy.deepcopy(self.env, {id(self.core): core})  # the wrappers, around the fork
        except BaseException:
            core.close()
            raise

    def _play(self, policy: Policy, watch: Watch | None, halted: Callable[[], StopReason | None] | None) -> StopReason:
        deadline = time.monotonic() + self.seconds_left
        while True:
            if halted is not None and (reason := halted()) is not None:
                return reason
            self.seconds_left = deadline - time.monotonic()
            if self.seconds_left <= 0:
                return StopReason.TIMEOUT
            if self.max_tokens is not None and self.spent >= self.max_tokens:
                return StopReason.MAX_TOKENS
            asked = time.monotonic()
            completion = _answer(policy, *self.ask())
            answered = time.monotonic()
            taken = round(answered - asked, 6)
            if answered >= deadline:
                self.spent += sampled_tokens(completion)
                self.turns.append(Turn(observation=self.observation, completion=completion, sampling_seconds=taken))
                return StopReason.TIMEOUT
            if watch is not None:
                watch(self, completion)
            if (end := self.take(completion, taken)) is not None:
                return end

    def _prompt(self) -> Prompt:
        return Prompt(
            messages=tuple(self.conversation),
            tools=self.tools,
            previous=self.turns[-1].completion if self.turns else None,
            observation=self.observation,
            turn=len(self.turns),
            env=self.core,
        )

    def _turn_params(self) -> SamplingParams:
        params = self.params
        if self.max_tokens is not None and self.max_tokens - self.spent < params.max_tokens:
            params = replace(params, max_tokens=self.max_tokens - self.spent)
        if params.seed is not None:
            params = replace(params, seed=derived_seed(params.seed, len(self.turns)))
        return params

    def _step(self, completion: Completion, seconds: float | None) -> tuple[bool, bool]:
        """Give the completion to the environment; (terminated, truncated)."""
        message = completion.message
        begun = time.monotonic()
        _, reward, terminated, truncated, info = self.env.step(self.core.action_text(message))
        read: Message = info["action"]
        action = read if message.reasoning is None else replace(read, reasoning=message.reasoning)
        self.turns.append(
            Turn(
                observation=self.observation,
                completion=completion,
                reward=float(reward),
                info={key: value for key, value in info.items() if key not in OWN_KEYS},
                action=None if action == message else read,
                sampling_seconds=seconds,
                step_seconds=round(time.monotonic() - begun, 6),
            )
        )
        self.score = info.get("score")
        self.observation = tuple(info["messages"])
        self.conversation.append(action)
        self.conversation.extend(self.observation)
        return terminated, truncated


Watch = Callable[[LiveEpisode, Completion], None]


def sampled_tokens(completion: Completion) -> int:
    """How many tokens the policy says it sampled."""
    return max(len(completion.token_ids), len(completion.logprobs or ()))


def derived_seed(seed: int, *key: object) -> int:
    """A seed in [0, 2**31) that depends on all of these and on nothing else."""
    return int.from_bytes(blake2b(repr((seed, key)).encode(), digest_size=4).digest(), "big") >> 1


def _answer(policy: Policy, prompt: Prompt, params: SamplingParams) -> Completion:
    """The one completion of the prompt.

    Raises:
        PolicyError: the policy gave another number of them, or something else.
    """
    given: Any = policy.generate([prompt], params)
    if type(given) is not list and not isinstance(given, Sequence):
        raise PolicyError(_misanswered(policy, type(given).__name__))
    if len(given) != 1 or type(given[0]) is not Completion:
        raise PolicyError(_misanswered(policy, [type(one).__name__ for one in given]))
    completion: Completion = given[0]
    return completion


def _misanswered(policy: Policy, kinds: object) -> str:
    return f"{policy.name}.generate answered one prompt with {kinds}; expected a list of one Completion"
