"""ARPO: episodes branch where a tool result makes the policy unsure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from itertools import count
from random import Random
from types import SimpleNamespace
from typing import Any

import gymnasium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.crew import Budget, Crew, EpisodeJob
from assaygym.agents.live import LiveEpisode
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.scripted import ConstantPolicy
from assaygym.agents.strategies import Branching, Group, Tree
from assaygym.agents.strategies.branching import BranchPlan
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Completion, Message, StopReason, Turn

JOB = EpisodeJob(key="t", seed=1)


def branching(**rule: Any) -> Branching:
    return Branching(**{"vocabulary": 100, **rule})


def plan(rule: Branching, seed: int | None = 0) -> BranchPlan:
    return BranchPlan(JOB, rule.initial, seed, rule=rule, scale=1.0)


def completion(*entropies: float) -> Completion:
    return Completion(message=Message(role="assistant", content="a"), entropies=entropies)


def after_tool(plan_: BranchPlan, first: Completion, *, role: Any = "tool", name: str = "t/0") -> LiveEpisode:
    """An initial episode before its second turn, which follows a message of this role."""
    list(plan_.begin())
    live = LiveEpisode(gymnasium.Env(), id=name)
    live.turns.append(Turn(observation=(), completion=first))
    live.observation = (Message(role=role, content="3"),)
    live.fork = lambda: SimpleNamespace(id=f"{name}.{plan_.begun}", fault=None)  # type: ignore[method-assign,assignment,return-value]
    return live


@pytest.mark.parametrize(
    ("now", "first", "expected"), [(0.5, 0.5, 0.5), (1.5, 0.5, 0.7), (0.0, 1.0, 0.3), (9.0, 0.0, 1.0), (0.0, 9.0, 0.0)]
)
def test_the_probability_rises_with_the_entropy_over_the_first_turn(now: float, first: float, expected: float) -> None:
    assert branching().probability(now, first) == pytest.approx(expected)


def test_the_entropy_is_a_sum_over_the_first_tokens_over_the_log_of_the_vocabulary() -> None:
    rule = branching(tokens=3)
    of = BranchPlan(JOB, 8, 0, rule=rule, scale=math.log(100))._entropy
    assert of(completion(1.0, 2.0, 3.0, 50.0)) == pytest.approx(6 / math.log(100))
    estimate = Completion(message=Message(role="assistant", content=""), top_k_entropies=(0.5,))
    assert of(estimate) == pytest.approx(0.5 / math.log(100))
    assert of(completion()) == 0.0


@pytest.mark.parametrize(
    ("first", "now", "forks"), [(0.0, 5.0, 1), (5.0, 0.0, 0)], ids=["the entropy rose", "the entropy fell"]
)
def test_the_turn_is_compared_with_the_episodes_own_first_turn(first: float, now: float, forks: int) -> None:
    one = plan(branching(group=2, initial=1, weight=1.0))
    assert len(one.answered(after_tool(one, completion(first)), completion(now))) == forks


def test_the_turns_between_do_not_count() -> None:
    one = plan(branching(group=2, initial=1, weight=1.0))
    live = after_tool(one, completion(0.0))
    live.turns.append(Turn(observation=(), completion=completion(9.0)))
    assert len(one.answered(live, completion(5.0))) == 1


def test_another_episodes_entropy_changes_nothing() -> None:
    one = plan(branching(group=4, initial=2, weight=1.0))
    one.answered(after_tool(one, completion(9.0), name="t/0"), completion(9.0))
    assert len(one.answered(after_tool(one, completion(0.0), name="t/1"), completion(5.0))) == 1


@pytest.mark.parametrize("role", ["user", "system"])
def test_a_turn_that_follows_no_tool_result_does_not_branch(role: str) -> None:
    one = plan(branching(group=16, initial=1, base=1.0))
    assert not one.answered(after_tool(one, completion(0.0), role=role), completion(9.0))


@pytest.mark.parametrize(("beam", "group", "forks"), [(1, 16, 1), (2, 16, 2), (5, 3, 2)])
def test_a_branching_point_has_at_most_beam_forks_and_no_more_than_are_left(beam: int, group: int, forks: int) -> None:
    one = plan(branching(group=group, initial=1, base=1.0, beam=beam))
    assert len(one.answered(after_tool(one, completion(0.0)), completion(0.0))) == forks


SHARES = st.floats(0, 1)


@given(
    seed=st.integers(0, 99), orders=st.tuples(st.integers(), st.integers()), initial=st.integers(1, 5),
    more=st.integers(0, 8), beam=st.integers(1, 3), base=SHARES, fails=st.sampled_from([0.0, 0.1, 0.6]), tools=SHARES,
)  # fmt: skip
def test_every_group_is_full_and_does_not_depend_on_the_order_of_turns(
    stage: Any, check: Callable[[Group], None], seed: int, orders: tuple[int, int], initial: int, more: int, beam: int,
    base: float, fails: float, tools: float,
) -> None:  # fmt: skip
    rule = branching(group=initial + more, initial=initial, beam=beam, base=base)
    groups = [stage(seed=seed, order=order, fails=fails, tools=tools).play(plan(rule, seed)) for order in orders]
    for group in groups:
        assert len(group.trajectories) == rule.group
        assert not group.pruned
        assert max(Counter(one.parent for one in group.trajectories if one.parent).values(), default=0) <= beam
        check(group)
    assert groups[0] == groups[1]


@given(order=st.integers(), fork_fails=SHARES)
def test_forks_that_fail_are_failed_leaves_and_everything_else_goes_on(
    stage: Any, check: Callable[[Group], None], order: int, fork_fails: float
) -> None:
    play = stage(order=order, fork_fails=fork_fails)
    group = play.play(plan(branching(group=9, initial=3, base=0.7)))
    assert len(group.trajectories) == 9
    assert all(one.parent is not None for one in group.trajectories if one.stop_reason is StopReason.ERROR)
    check(group)
    assert not play.open


def collect(crew: Crew, rule: Branching, jobs: list[EpisodeJob]) -> dict[str, Group]:
    return {group.key: group for group in rule.collect(crew, jobs)}


@pytest.mark.parametrize("wrap", [lambda env: env, gymnasium.wrappers.OrderEnforcing], ids=["bare", "wrapped"])
def test_one_and_eight_threads_give_the_same_groups(
    ledger: Any, token_policy: Any, task_jobs: Any, check: Callable[[Group], None], wrap: Callable[[Any], Any]
) -> None:
    rule = branching(group=8, initial=3, base=0.6)
    found = [
        collect(
            Crew(lambda: wrap(ledger(split="all")), token_policy(), params=SamplingParams(seed=3), concurrency=threads),
            rule,
            task_jobs(6),
        )
        for threads in (1, 8)
    ]
    assert found[0] == found[1]
    assert any(one.parent is not None for group in found[0].values() for one in group.trajectories)
    for group in found[0].values():
        assert len(group.judged) == 8
        check(group)


def test_a_fork_samples_the_turn_after_the_tool_result_anew(ledger: Any, token_policy: Any, task_jobs: Any) -> None:
    crew = Crew(lambda: ledger(split="all"), token_policy(), params=SamplingParams(seed=1), concurrency=1)
    for group in collect(crew, branching(group=6, initial=2, base=1.0), task_jobs(3)).values():
        byid = {one.id: one for one in group.trajectories}
        for fork in (one for one in group.trajectories if one.parent is not None):
            name, turn = fork.parent or ("", 0)
            assert {message.role for message in fork.turns[turn].observation} == {"tool"}
            assert fork.turns[turn].observation == byid[name].turns[turn].observation
            assert fork.turns[turn].completion != byid[name].turns[turn].completion


def test_the_rewards_of_forks_are_those_of_what_they_did(ledger: Any, token_policy: Any, task_jobs: Any) -> None:
    crew = Crew(lambda: ledger(split="all"), token_policy(), params=SamplingParams(seed=5), concurrency=4)
    for job in task_jobs(4):
        env = ledger(split="all")
        env.reset(seed=job.seed)
        [group] = branching(group=8, initial=2, base=1.0).collect(crew, [job])
        for one in group.trajectories:
            calls = [call for turn in one.turns for call in turn.completion.message.tool_calls]
            total = sum(int(call.arguments.split(":")[1].strip(" }")) for call in calls)
            assert one.reward == float(total % 3 == env.wanted)


def test_an_environment_that_cannot_be_forked_gives_failed_leaves(
    ledger: Any, token_policy: Any, task_jobs: Any
) -> None:
    ledger.broken = True
    crew = Crew(lambda: ledger(split="all"), token_policy(), params=SamplingParams(seed=1), concurrency=4)
    for group in collect(crew, branching(group=6, initial=2, base=1.0), task_jobs(3)).values():
        failed = [one for one in group.trajectories if one.stop_reason is StopReason.ERROR]
        assert len(group.trajectories) == 6
        assert failed
        assert all("no room for another session" in (one.error or "") for one in failed)
        assert {one.id for one in failed}.isdisjoint(leaf for segment in group.segments for leaf in segment.leaves)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_policy_without_entropies_ends_the_run_at_its_first_turn(
    ledger: Any, token_policy: Any, task_jobs: Any, threads: int
) -> None:
    crew = Crew(lambda: ledger(split="all"), token_policy(entropies=False), concurrency=threads)
    with pytest.raises(PolicyError, match="Branching needs the entropy of each sampled token"):
        collect(crew, branching(), task_jobs(2))


def test_the_vocabulary_is_that_of_the_policys_tokenizer(ledger: Any, token_policy: Any, task_jobs: Any) -> None:
    policy = token_policy()
    with pytest.raises(ConfigError, match="tokens has no tokenizer; pass vocabulary="):
        Branching().collect(Crew(ledger, policy), [])
    policy.tokenizer = ["token"] * 50
    crew = Crew(lambda: ledger(split="all"), policy, params=SamplingParams(seed=2))
    assert collect(crew, Branching(8, 4), task_jobs(3)) == collect(crew, Branching(8, 4, vocabulary=50), task_jobs(3))
    with pytest.raises(ConfigError, match="no tokenizer"):
        Branching().collect(Crew(ledger, ConstantPolicy("a")), [])


def test_forks_that_nobody_plays_are_closed_when_the_run_ends_early(
    ledger: Any, token_policy: Any, task_jobs: Any
) -> None:
    crew = Crew(lambda: ledger(split="all"), token_policy(ends=0.1), params=SamplingParams(seed=1), concurrency=2)
    groups = branching(group=12, initial=2, base=1.0).collect(crew, task_jobs(20))
    next(groups)
    groups.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("inner", [Branching(12, 3, base=0.8, vocabulary=9), Tree(3, 3, 1)], ids=["branch", "tree"])
def test_many_threads_lose_and_double_nothing(
    ledger: Any, token_policy: Any, task_jobs: Any, check: Callable[[Group], None], inner: Any
) -> None:
    def fails(prompt: Prompt, rng: Random) -> bool:
        return rng.random() < 0.03

    params = SamplingParams(seed=1)
    crew = Crew(lambda: ledger(split="all"), token_policy(fails=fails), params=params, concurrency=48)
    groups = list(inner.collect(crew, task_jobs(60)))
    assert sorted(group.key for group in groups) == sorted(job.key for job in task_jobs(60))
    assert {len(group.trajectories) for group in groups} == {12}
    assert sum(len(group.judged) for group in groups) < 720
    for group in groups:
        check(group)


@pytest.mark.parametrize("threads", [1, 4])
def test_an_interrupt_leaves_no_fork_open(ledger: Any, token_policy: Any, task_jobs: Any, threads: int) -> None:
    asked = count()

    def fails(prompt: Prompt, rng: Random) -> bool:
        if next(asked) == 40:
            raise KeyboardInterrupt
        return False

    policy, params = token_policy(ends=0.1, fails=fails), SamplingParams(seed=1)
    crew = Crew(lambda: ledger(split="all"), policy, params=params, concurrency=threads)
    kept: list[Group] = []
    with pytest.raises(KeyboardInterrupt):
        kept.extend(branching(group=6, initial=2, base=1.0).collect(crew, task_jobs(30)))
    assert all(len(group.judged) == 6 for group in kept)
    assert not ledger.open_now


def test_a_fork_uses_up_the_tokens_that_its_parent_left(ledger: Any, token_policy: Any, task_jobs: Any) -> None:
    budget = Budget(max_tokens=25)
    crew = Crew(lambda: ledger(split="all"), token_policy(ends=0.0), params=SamplingParams(seed=1), budget=budget)
    for group in collect(crew, branching(group=6, initial=2, base=1.0), task_jobs(3)).values():
        for one in group.trajectories:
            assert one.stop_reason is StopReason.MAX_TOKENS
            assert sum(len(turn.completion.token_ids) for turn in one.turns[:-1]) < 25


@pytest.mark.parametrize(
    "wrong", [{"group": 4, "initial": 5}, {"initial": 0}, {"beam": 0}, {"tokens": 0}, {"vocabulary": 1}]
)
def test_numbers_outside_their_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        branching(**wrong)
