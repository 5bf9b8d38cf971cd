"""Every live episode takes its turn at the same time, as one batch in a fixed order.

A policy that batches whatever happens to wait gives the same tokens but for rounding, which depends on the number of
rows in a matrix product. Sampling in lockstep fixes the rows, so that a training run repeats bit for bit. It costs
time: every turn waits for the slowest tool call of the turn before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.live import AnyEnv, LiveEpisode
from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.errors import PolicyError
from assaygym.types import Completion, Trajectory

__all__ = ["Lockstep", "play_in_lockstep"]


def play_in_lockstep(
    make_env: Callable[[], AnyEnv], policy: Policy, jobs: Sequence[EpisodeJob], params: SamplingParams
) -> list[Trajectory]:
    """All episodes at once, each on a thread and an environment of its own; in the order of `jobs`.

    Raises:
        Exception: whatever `make_env` raises.
    """
    together = Lockstep(policy, len(jobs))
    plans = [_Member(job, together) for job in jobs]
    crew = Crew(make_env, together, params=params, concurrency=max(len(jobs), 1), on_stop=together.release)
    for _ in crew.run(plans):
        pass
    return [plan.played[0] for plan in plans]


class _Member:
    """The plan of one episode of the batch."""

    def __init__(self, job: EpisodeJob, together: Lockstep) -> None:
        self.job, self.together = job, together
        self.played: list[Trajectory] = []

    def begin(self) -> Sequence[EpisodeJob]:
        return (self.job,)

    def answered(self, live: LiveEpisode, completion: Completion) -> Sequence[LiveEpisode]:
        return ()

    def ended(self, trajectory: Trajectory) -> Sequence[EpisodeJob]:
        self.played.append(trajectory)
        self.together.retire()
        return ()


@dataclass(slots=True)
class _Call:
    prompt: Prompt
    params: SamplingParams
    answer: Completion | None = None
    error: Exception | None = None

    @property
    def order(self) -> tuple[str, int]:
        """The task, so that a group shares a batch, then the episode's own seed."""
        task = self.prompt.env.task if self.prompt.env is not None else None
        return (task.id if task is not None else "", self.params.seed or 0)


class Lockstep:
    """Asks `policy` once all `episodes` wait for their turn; each runs on a thread of its own.

    `retire` must be called for each episode that ended, or the others wait for it; `release` when the others need not
    go on.

    Args:
        policy: who plays.
        episodes: how many run at once. They sample with equal parameters, the seed apart.
    """

    def __init__(self, policy: Policy, episodes: int) -> None:
        self.name, self.policy, self.live = policy.name, policy, episodes
        self._turn = threading.Condition()
        self._waiting: list[_Call] = []
        self._released = False

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order; an episode asks for one at a time.

        Raises:
            Exception: what `policy` raised for this prompt alone.
            PolicyError: the episodes were released.
        """
        return [self._ask(_Call(prompt, params)) for prompt in prompts]

    def retire(self) -> None:
        """Wait for one episode less."""
        with self._turn:
            self.live -= 1
            self._go()
            self._pass_on()

    def release(self) -> None:
        """Let all that wait go, without an answer, and all that come. Does not wait for a policy that is at work."""
        self._released = True
        if self._turn.acquire(blocking=False):  # else whoever holds it passes it on
            self._pass_on()
            self._turn.release()

    def _pass_on(self) -> None:
        if self._released:
            self._turn.notify_all()

    def _ask(self, call: _Call) -> Completion:
        with self._turn:
            self._waiting.append(call)
            self._go()
            self._turn.wait_for(lambda: self._released or call.answer is not None or call.error is not None)
            self._pass_on()
        if call.answer is None:
            raise call.error or PolicyError(f"{self.name} gave no answer: the episodes were stopped")
        return call.answer

    def _go(self) -> None:
        """Take the turn if everyone waits; the lock is held, as there is nobody else to run."""
        if self._released or not self._waiting or len(self._waiting) < self.live:
            return
        calls, self._waiting = sorted(self._waiting, key=lambda call: call.order), []
        try:
            self._answer(calls)
        except Exception:  # one prompt can fail them all (a conversation too long): let it fail alone
            for call in calls:
                self._alone(call)
        self._turn.notify_all()

    def _answer(self, calls: Sequence[_Call]) -> None:
        answers = self.policy.generate([call.prompt for call in calls], calls[0].params)
        for call, answer in zip(calls, answers, strict=True):
            call.answer = answer

    def _alone(self, call: _Call) -> None:
        try:
            self._answer([call])
        except Exception as error:  # raised again in the episode's own thread; without it that thread waits for ever
            call.error = error
