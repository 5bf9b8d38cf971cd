"""Who a warm start may imitate beside the oracle."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from assaygym.agents.policy import Policy, Prompt, SamplingParams, said
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Completion

__all__ = ["AnswerPolicy", "Mixture"]


class AnswerPolicy:
    """Says the task's own answer at once, without a look at its tools.

    Raises:
        PolicyError: from `generate`, when a prompt comes without an environment, or its task has no plain answer.
    """

    name = "answer"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        return [said(_answer(prompt)) for prompt in prompts]


class Mixture:
    """Some episodes by one policy, the rest by another.

    Who plays an episode is a function of (this seed, the task), so that it is one policy at all its turns.

    Args:
        policy: plays `share` of the tasks.
        other: plays the rest.
        share: in [0, 1].
        seed: of the division.

    Raises:
        ConfigError: `share` is outside [0, 1].
        PolicyError: from `generate`, when a prompt comes without an environment.
    """

    name = "mixture"

    def __init__(self, policy: Policy, other: Policy, *, share: float, seed: int = 0) -> None:
        if not 0 <= share <= 1:
            raise ConfigError(f"share is {share}; expected the share of tasks that {policy.name} plays, from 0 to 1")
        self.policy, self.other, self.share, self.seed = policy, other, share, seed

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        """One completion a prompt, in order."""
        return [self._player(prompt).generate([prompt], params)[0] for prompt in prompts]

    def _player(self, prompt: Prompt) -> Policy:
        if prompt.env is None or prompt.env.task is None:
            raise PolicyError("a mixture divides the tasks of environments, and this prompt comes without one")
        drawn = Random(f"{self.seed} {prompt.env.task.id}").random()
        return self.policy if drawn < self.share else self.other


def _answer(prompt: Prompt) -> str:
    task = None if prompt.env is None else prompt.env.task
    if task is None or not isinstance(task.answer, (str, int)) or isinstance(task.answer, bool):
        raise PolicyError(
            f"the answer policy says a task's answer, and {'there is no task' if task is None else task.id} has none "
            "that is text or a whole number; use the oracle"
        )
    return str(task.answer)
