"""Strategies played round by round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assaygym.agents.jobs import EpisodeJob
from assaygym.agents.lockstep import LockstepCrew
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.agents.strategies import Tree
from assaygym.types import Completion, StopReason

MakeEnv = Callable[..., Any]
JOB = EpisodeJob(key="job", seed=0)


class Done:
    name = "done"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        return [said("done") for _ in prompts]


def test_forks_play_on_beside_their_original_and_are_closed(ledger: MakeEnv) -> None:
    tree = Tree(trees=1, expansions=2, rounds=1)
    crew = LockstepCrew(ledger, Done(), params=SamplingParams(seed=1))
    (group,) = tree.collect(crew, [JOB])
    assert [one.id for one in group.trajectories] == ["job/0", "job/0.1", "job/0.2"]
    assert all(one.stop_reason is StopReason.COMPLETED for one in group.trajectories)


def test_a_fork_that_could_not_be_made_ends_as_an_error(ledger: Any) -> None:
    ledger.broken = True
    crew = LockstepCrew(ledger, Done(), params=SamplingParams(seed=1))
    (group,) = Tree(trees=1, expansions=1, rounds=1).collect(crew, [JOB])
    assert [one.stop_reason for one in group.trajectories] == [StopReason.COMPLETED, StopReason.ERROR]
    assert "the fork failed" in str(group.trajectories[1].error)
