"""Every live episode takes its turn at the same time, as one batch in a fixed order.

A policy that batches whatever happens to wait gives the same tokens but for rounding, which depends on the number of
rows in a matrix product. Sampling in lockstep fixes the rows, so that a training run repeats bit for bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.agents.workers import EpisodeJob, rollout_many
from assaygym.envs.core import Env
from assaygym.errors import PolicyError
from assaygym.types import Completion, Trajectory

__all__ = ["Lockstep", "play_in_lockstep"]


def play_in_lockstep(
    make_env: Callable[[], Env], policy: Policy, jobs: Sequence[EpisodeJob], params: SamplingParams
) -> list[Trajectory]:
    """All episodes at once, each on a thread and an environment of its own; in the order of `jobs`.

    Each (key, sample) stands once among the jobs.

    Raises:
        Exception: whatever `make_env` raises.
    """
    together = Lockstep(policy, len(jobs))
    found = {}
    for job, trajectory in rollout_many(make_env, together, jobs, concurrency=len(jobs), params=params):
        together.retire()
        found[job.key, job.sample] = trajectory
    return [found[job.key, job.sample] for job in jobs]


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

    `retire` must be called for each episode that ended, or the others wait for it.

    Args:
        policy: who plays.
        episodes: how many run at once. They sample with equal parameters, the seed apart.
    """

    def __init__(self, policy: Policy, episodes: int) -> None:
        self.name, self.policy, self.live = policy.name, policy, episodes
        self._turn = threading.Condition()
        self._waiting: list[_Call] = []

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order; an episode asks for one at a time.

        Raises:
            Exception: what `policy` raised for this prompt alone.
        """
        return [self._ask(_Call(prompt, params)) for prompt in prompts]

    def retire(self) -> None:
        """Wait for one episode less."""
        with self._turn:
            self.live -= 1
            self._go()

    def _ask(self, call: _Call) -> Completion:
        with self._turn:
            self._waiting.append(call)
            self._go()
            self._turn.wait_for(lambda: call.answer is not None or call.error is not None)
        if call.answer is None:
            raise call.error or PolicyError(f"{self.name} gave no answer")
        return call.answer

    def _go(self) -> None:
        """Take the turn if everyone waits; the lock is held, as there is nobody else to run."""
        if not self._waiting or len(self._waiting) < self.live:
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
