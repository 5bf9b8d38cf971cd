"""GHPO: hard tasks are sampled again with a share of their solution in the prompt."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from assaygym.agents.crew import Budget, Crew, EpisodeJob
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.scripted import ScriptedPolicy
from assaygym.agents.strategies import Branching, Group, Hint, Independent, Refill
from assaygym.agents.strategies.hint import HINT, reference_solution
from assaygym.envs.core import Env
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Completion, Message

MakeEnv = Callable[..., Any]
SOLUTION = "x=1;y=22"
JOBS = [EpisodeJob(key=f"t{i}", seed=i) for i in range(6)]


def shown(prompt: Prompt) -> str | None:
    """The part of the solution that is in the prompt."""
    _, hint, part = prompt.messages[1].content.partition(HINT)
    return part if hint else None


def needs(characters: int) -> ScriptedPolicy:
    """Is right as soon as it is shown so much of the solution."""
    return ScriptedPolicy(lambda prompt: "right" if len(shown(prompt) or "") >= characters else "wrong")


def collect(
    make: Callable[[], Any], policy: Any, strategy: Any, jobs: Sequence[EpisodeJob] = JOBS, threads: int = 4
) -> dict[str, Group]:
    crew = Crew(make, policy, params=SamplingParams(seed=1), concurrency=threads)
    return {group.key: group for group in strategy.collect(crew, jobs)}


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize(
    ("characters", "share", "tries"), [(0, None, 1), (2, 0.25, 2), (3, 0.5, 3), (6, 0.75, 4), (8, 0.75, 4)]
)
def test_a_hard_task_climbs_the_ladder_until_it_is_solved(
    dialogue: MakeEnv, characters: int, share: float | None, tries: int, threads: int
) -> None:
    groups = collect(dialogue, needs(characters), Hint(Independent(3), source=lambda env: SOLUTION), threads=threads)
    assert set(groups) == {job.key for job in JOBS}
    for key, group in groups.items():
        first = 3 * (tries - 1)
        assert [one.id for one in group.trajectories] == [f"{key}/{first + i}" for i in range(3)]
        assert {one.notes.get("hint") for one in group.trajectories} == {share}
        assert group.rewards == ((1.0,) * 3 if characters < 8 else (0.0,) * 3)
        assert len(group.pruned) == first
        assert {one.task_id for one in group.pruned} <= {group.trajectories[0].task_id}


def test_the_hint_is_the_first_share_of_the_solution_at_the_end_of_the_prompt(dialogue: MakeEnv) -> None:
    seen: list[str | None] = []

    def note(prompt: Prompt) -> str:
        seen.append(shown(prompt))
        assert prompt.messages[0].content == "Answer."
        assert prompt.messages[1].role == "user"
        return "wrong"

    collect(
        dialogue, ScriptedPolicy(note), Hint(Independent(1), (0.1, 0.5, 1.0), source=lambda env: SOLUTION), JOBS[:1], 1
    )
    assert seen == [None, "x", "x=1;", SOLUTION]


def test_tasks_that_are_solved_without_are_left_alone(dialogue: MakeEnv) -> None:
    def policy(prompt: Prompt) -> str:
        assert prompt.env is not None
        easy = prompt.env._running().seed % 2
        return "right" if easy or shown(prompt) else "wrong"

    groups = collect(dialogue, ScriptedPolicy(policy), Hint(Independent(2)))
    assert {key: group.trajectories[0].notes for key, group in groups.items()} == {
        f"t{i}": {} if i % 2 else {"hint": 0.25} for i in range(6)
    }


def test_a_group_that_nobody_could_judge_is_not_hard(dialogue: MakeEnv) -> None:
    def fail(prompt: Prompt) -> str:
        raise PolicyError("no answer")

    groups = collect(dialogue, ScriptedPolicy(fail), Hint(Independent(2)))
    assert all(len(group.trajectories) == 2 and not group.pruned for group in groups.values())
    assert not any(group.judged for group in groups.values())


def test_where_the_hinted_episodes_fail_the_group_before_stands(dialogue: MakeEnv) -> None:
    def policy(prompt: Prompt) -> str:
        if shown(prompt) is not None:
            raise PolicyError("no answer")
        return "wrong"

    for group in collect(dialogue, ScriptedPolicy(policy), Hint(Independent(2))).values():
        assert group.rewards == (0.0, 0.0)
        assert not any(one.notes for one in group.trajectories)
        assert [one.notes["hint"] for one in group.pruned] == [0.25, 0.25]


@pytest.mark.parametrize(("step", "threads"), [(1, 1), (1, 4)])
def test_a_task_without_a_solution_ends_the_run(step: int, threads: int, dialogue: MakeEnv) -> None:
    def none(env: Env) -> str:
        raise ConfigError("no solution; pass Hint(source=...)")

    with pytest.raises(ConfigError, match="pass Hint"):
        collect(dialogue, needs(99), Hint(Independent(2), source=none), threads=threads)


def test_the_solution_is_that_of_the_metadata_else_the_oracles_first_action(
    dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = dialogue(turns=3)
    env.reset(seed=1)
    assert reference_solution(env) == "more"
    assert reference_solution(env) == env.oracle_action() == "more"  # it took no step of the oracle's
    env.task.metadata["solution"] = 42
    assert reference_solution(env) == "42"
    del env.task.metadata["solution"]
    monkeypatch.setattr(type(env), "has_oracle", False)
    with pytest.raises(ConfigError, match="neither metadata"):
        reference_solution(env)


class Costly:
    """Is always wrong; a hinted answer uses up the run's tokens."""

    name = "costly"

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        message = Message(role="assistant", content="wrong")
        return [Completion(message=message, token_ids=() if shown(one) is None else (1,) * 10) for one in prompts]


def test_a_hard_group_is_kept_where_the_run_ends_before_it_is_tried_again(dialogue: MakeEnv) -> None:
    crew = Crew(dialogue, Costly(), budget=Budget(run_max_tokens=5), concurrency=1, lookahead=0)
    [group] = Hint(Independent(1), source=lambda env: SOLUTION).collect(crew, JOBS)
    assert (group.key, group.trajectories[0].notes, len(group.pruned)) == ("t0", {"hint": 0.25}, 1)


def test_a_jobs_own_hint_stays(dialogue: MakeEnv) -> None:
    job = EpisodeJob(key="t", seed=1, hint=lambda env: " Think.")
    seen: list[str] = []

    def note(prompt: Prompt) -> str:
        seen.append(prompt.messages[1].content.partition("?")[2])
        return "wrong"

    collect(dialogue, ScriptedPolicy(note), Hint(Independent(1), (1.0,), source=lambda env: "S"), [job], 1)
    assert seen == [" Think.", f" Think.{HINT}S"]


def test_hints_nest_with_branches_and_refills(ledger: Any, token_policy: Any, check: Any) -> None:
    hint = Hint(Branching(3, 2, vocabulary=100), source=lambda env: "add")
    found = []
    for threads in (1, 8):
        refill = Refill(hint, 8, max_groups=200)
        crew = Crew(lambda: ledger(split="all"), token_policy(), params=SamplingParams(seed=8), concurrency=threads)
        jobs = (EpisodeJob(key=f"k{i}", seed=i) for i in range(200))
        found.append({group.key: group for group in refill.collect(crew, jobs)})
    assert found[0] == found[1]
    assert len(found[0]) == 8
    assert any("hint" in one.notes for group in found[0].values() for one in group.trajectories)
    for group in found[0].values():
        assert group.spread > 0
        check(group)


@pytest.mark.parametrize("ladder", [(), (0.0,), (0.5, 0.5), (0.5, 0.25), (0.5, 1.5), (math.nan,)])
def test_a_ladder_that_does_not_rise_within_0_and_1_is_refused(ladder: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="expected growing shares"):
        Hint(Independent(2), ladder)


def test_completions_are_those_of_the_hinted_prompt(dialogue: MakeEnv) -> None:
    """The record holds the prompt as the policy saw it."""
    groups = collect(dialogue, needs(2), Hint(Independent(1), source=lambda env: SOLUTION), JOBS[:1], 1)
    [one] = groups["t0"].trajectories
    assert one.turns[0].observation[-1].content.endswith(f"{HINT}x=")
    assert isinstance(one.turns[0].completion, Completion)
