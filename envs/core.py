"""`Env`: one episode of a task, through the Gymnasium step API.

Action: the assistant's text for this turn. Observation: the text that is new to the agent. The structured form is in
`info`: `messages`, `tools`, and `score` on the step that ends the episode.

`terminated` says that the task ended, `truncated` that a limit cut it. When a part of ours fails (the task's code, a
tool, the verifier, the sandbox) the episode ends with verdict INVALID and reward NaN: never a zero.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import gymnasium
import numpy as np
from gymnasium.utils.seeding import np_random

from assaygym.envs.seeding import check_split, keyed_rng, split_of
from assaygym.envs.spaces import EXAMPLES, TextSpace
from assaygym.errors import AssayError, ConfigError, EmptySplitError, TaskError, told
from assaygym.types import Message, Score, Task, ToolCall, ToolSpec

__all__ = ["Env", "Episode", "Reply"]

DRAWS = 1000
"""How many tasks are drawn in search of one that belongs to the split."""


@dataclass(slots=True)
class Episode:
    """The state of the running episode that is not the task's own."""

    task: Task[Any]
    seed: int
    transcript: list[Message]
    turns: int = 0
    score: Score | None = None
    """Set when the episode has ended."""
    oracle_steps: int = 0
    """Actions of the oracle up to the latest `step`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an environment answers to one turn; a `score` ends the episode."""

    messages: tuple[Message, ...] = ()
    score: Score | None = None
    info: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Env(gymnasium.Env[str, str]):
    """Base of every environment. Subclasses pose a task and reply to turns; users call `reset` and `step`.

    Args:
        env_id: the registered id, version included.
        split: `train` and `eval` never share a prompt; `all` does not tell them apart.
        render_mode: None or `ansi` (the transcript).
        max_turns: assistant turns before the episode is truncated.
        knobs: the difficulty knobs as resolved; part of the seed's key.

    Raises:
        ConfigError: an unknown split or render mode, or `max_turns` below 1.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 1}  # type: ignore[misc]

    def __init__(
        self,
        env_id: str,
        *,
        split: str = "train",
        render_mode: str | None = None,
        max_turns: int = 1,
        knobs: Mapping[str, Any] | None = None,
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ConfigError(f"{env_id} has no render mode {render_mode!r}; expected 'ansi' or None")
        if max_turns < 1:
            raise ConfigError(f"max_turns of {env_id} is {max_turns}; expected at least 1")
        self.id = env_id
        self.split = check_split(split)
        self.render_mode = render_mode
        self.max_turns = max_turns
        self.knobs = dict(knobs or {})
        self.observation_space = TextSpace()
        self.action_space = TextSpace(self.example_actions)
        self._episode: Episode | None = None
        self._oracle: Iterator[Any] | None = None
        self._oracle_ahead = 0
        """Actions that the oracle gave since the latest `step`: a fork gives them anew."""
        self.__generator: np.random.Generator | None = None

    # what a subclass gives

    @abstractmethod
    def _pose(self, rng: Any) -> Task[Any]:
        """Draw a task with this generator and set the episode's own state."""

    @abstractmethod
    def _reply(self, action: Message) -> Reply:
        """React to one turn of the agent. Whatever it raises makes the episode INVALID."""

    def _conclude(self) -> Score:
        """The score of an episode cut by `max_turns`."""
        return Score.of(0.0, explanation=f"no final answer within {self.max_turns} turns")

    def _solve(self) -> Iterable[str | ToolCall | Sequence[ToolCall]] | None:
        """The oracle's turns, produced lazily while the episode goes on; None without an oracle."""
        return None

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What the agent may call."""
        return ()

    def parse_action(self, text: str) -> Message:
        """The assistant's message that a turn's text stands for."""
        return Message(role="assistant", content=text)

    def action_text(self, message: Message) -> str:
        """The text to pass to `step` for a message, structured tool calls included."""
        return message.content

    # the Gymnasium API

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Start an episode. The same seed gives the same task; without one, the next seed of this instance is drawn.

        Raises:
            TaskError: the task's own code failed; `EmptySplitError`, the split has no task.
            ConfigError: an option that this environment does not know.
            gymnasium.error.Error: the seed is no int from 0.
        """
        if seed is not None:
            self.__reseed(seed)
        chosen = int(self.np_random.integers(2**31)) if seed is None else seed
        self._oracle, self._oracle_ahead = None, 0
        self._episode = None
        task = self._draw(chosen, options or {})
        self._episode = Episode(task, chosen, list(task.prompt))
        info = {
            "messages": task.prompt,
            "tools": self.tools,
            "task_id": task.id,
            "seed": chosen,
            "split": self.split,
        }
        return text_of(task.prompt), info

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Take the assistant's text for this turn. Never raises for anything the text may hold.

        Raises:
            gymnasium.error.ResetNeeded: no episode is running.
            TypeError: the action is not text.
        """
        episode = self._running()
        if not isinstance(action, str):
            raise TypeError(f"the action of {self.id} is text, not {type(action).__name__}")
        message = self.parse_action(action)
        episode.transcript.append(message)
        episode.turns += 1
        episode.oracle_steps += self._oracle_ahead
        self._oracle_ahead = 0
        reply = self._guarded_reply(message)
        score, truncated = reply.score, False
        if score is None and episode.turns >= self.max_turns:
            score, truncated = self._guarded_score(self._conclude), True
        episode.transcript.extend(reply.messages)
        episode.score = score
        info: dict[str, Any] = {**reply.info, "action": message, "messages": reply.messages}
        if score is not None:
            info["score"] = score
        reward = 0.0 if score is None else score.value
        return text_of(reply.messages), reward, score is not None and not truncated, truncated, info

    def reopen(self, feedback: str) -> Message:
        """Take back the verdict of an episode that has just ended: it goes on with this from the user.

        Returns:
            The message, for the observation.

        Raises:
            gymnasium.error.ResetNeeded: the episode has not ended.
        """
        if self._episode is None or self._episode.score is None:
            raise gymnasium.error.ResetNeeded(f"no episode of {self.id} has ended that could be taken up again")
        message = Message(role="user", content=feedback)
        self._episode.score = None
        self._episode.transcript.append(message)
        return message

    def render(self) -> str | None:
        """The transcript so far, or None without a render mode."""
        if self.render_mode is None:
            return None
        lines = [f"[{message.role}] {self.action_text(message)}" for message in self.transcript]
        if self._episode is not None and self._episode.score is not None:
            score = self._episode.score
            lines.append(f"[{score.verdict}] {score.value:g} {score.explanation}".rstrip())
        return "\n".join(lines)

    def close(self) -> None:
        """End the episode."""
        self._oracle, self._oracle_ahead = None, 0

    # the episode

    @property
    def task(self) -> Task[Any] | None:
        """The task of the running episode."""
        return None if self._episode is None else self._episode.task

    @property
    def transcript(self) -> list[Message]:
        """Everything said so far, the prompt included (a copy)."""
        return [] if self._episode is None else list(self._episode.transcript)

    @property
    def turns(self) -> int:
        """Assistant turns taken so far."""
        return 0 if self._episode is None else self._episode.turns

    @property
    def has_oracle(self) -> bool:
        """Whether the environment can solve its own tasks."""
        return type(self)._solve is not Env._solve

    def oracle_action(self) -> str:
        """The oracle's next turn in this episode.

        Raises:
            TaskError: there is no oracle, or it has nothing more to do.
            gymnasium.error.ResetNeeded: no episode is running.
        """
        episode = self._running()
        if self._oracle is None:
            self._oracle = self._resumed_oracle(episode.oracle_steps)
        try:
            step = next(self._oracle)
        except StopIteration:
            raise TaskError(f"the oracle of {self.id} has no further action, but the episode goes on") from None
        except AssayError:
            raise
        except Exception as error:
            raise TaskError(f"the oracle of {self.id} raised {type(error).__name__}: {error}") from error
        self._oracle_ahead += 1
        return step if isinstance(step, str) else self.action_text(calls_message(step))

    def example_actions(self) -> tuple[str, ...]:
        """Actions worth trying: the right one where there is an oracle, wrong and malformed ones."""
        if self._episode is None or self._episode.score is not None or not self.has_oracle:
            return EXAMPLES
        probe = self.fork(1)[0]
        try:
            return (probe.oracle_action(), *EXAMPLES)
        except AssayError:
            return EXAMPLES

    def fork(self, n: int) -> list[Self]:
        """`n` independent copies of the live episode; afterwards the branches share nothing.

        Raises:
            ConfigError: `n` is negative.
        """
        if n < 0:
            raise ConfigError(f"cannot fork {self.id} {n} times; expected 0 or more")
        return [copy.deepcopy(self) for _ in range(n)]

    def __getstate__(self) -> dict[str, Any]:
        # a generator cannot be copied; it is resumed by its step count
        return {**self.__dict__, "_oracle": None, "_oracle_ahead": 0}

    @property
    def _np_random(self) -> np.random.Generator | None:
        """Gymnasium's generator; made when it is asked for, as it takes longer than a task and tasks have their own."""
        if self.__generator is None and self._np_random_seed is not None and self._np_random_seed >= 0:
            self.__generator = np_random(self._np_random_seed)[0]
        return self.__generator

    @_np_random.setter
    def _np_random(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, generator: np.random.Generator | None
    ) -> None:
        self.__generator = generator

    def __reseed(self, seed: int) -> None:
        """What Gymnasium's `reset` does with a seed, the generator still to be made."""
        if not isinstance(seed, int) or seed < 0:
            np_random(seed)  # raises Gymnasium's sentence
        self.__generator, self._np_random_seed = None, seed

    def _running(self) -> Episode:
        if self._episode is None:
            raise gymnasium.error.ResetNeeded(f"call reset() of {self.id} before the first step")
        if self._episode.score is not None:
            raise gymnasium.error.ResetNeeded(f"the episode of {self.id} has ended; call reset()")
        return self._episode

    def _draw(self, seed: int, options: Mapping[str, Any]) -> Task[Any]:
        """The task of a seed: the first one drawn that belongs to the split."""
        if options:
            raise ConfigError(f"{self.id} takes no reset options, got {', '.join(sorted(options))}")
        rng = keyed_rng(self.id, self.split, seed, self.knobs)
        for _ in range(DRAWS):
            task = self._guarded_pose(rng)
            if self.split == "all" or split_of(task) == self.split:
                return task
        raise EmptySplitError(
            f"{self.id} drew no task of the {self.split!r} split in {DRAWS} draws at seed {seed}: too few distinct "
            "prompts to keep train and eval apart; add variety, raise the level, or pass split='all'"
        )

    def _guarded_pose(self, rng: Any) -> Task[Any]:
        try:
            return self._pose(rng)
        except AssayError:
            raise
        except Exception as error:
            raise TaskError(f"posing a task of {self.id} raised {type(error).__name__}: {error}") from error

    def _guarded_reply(self, message: Message) -> Reply:
        try:
            return self._reply(message)
        except Exception as error:  # the boundary: a fault of ours ends the episode without a judgement
            return Reply(score=failed(self.id, error))

    def _guarded_score(self, make: Any) -> Score:
        try:
            return Score.of(make())
        except Exception as error:  # the same boundary
            return failed(self.id, error)

    def _resumed_oracle(self, steps: int) -> Iterator[Any]:
        turns = self._solve()
        if turns is None:
            raise TaskError(f"{self.id} has no oracle")
        oracle = iter(turns)
        for _ in range(steps):
            next(oracle, None)
        return oracle


def text_of(messages: Sequence[Message]) -> str:
    """The plain text of messages, as an observation."""
    return "\n\n".join([message.content for message in messages])


def calls_message(calls: ToolCall | Sequence[ToolCall]) -> Message:
    """The assistant message that makes these calls and says nothing."""
    return Message(role="assistant", content="", tool_calls=(calls,) if isinstance(calls, ToolCall) else tuple(calls))


def failed(env_id: str, error: Exception) -> Score:
    """The INVALID score of an episode that a part of ours broke."""
    return Score.invalid(f"{env_id} failed: {told(error)}")
