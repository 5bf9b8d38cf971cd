"""Tree-GRPO: leaves that share the turns before they parted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.live import LiveEpisode
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.scripted import OraclePolicy, ScriptedPolicy
from assaygym.agents.strategies import Group, Tree
from assaygym.agents.strategies.tree import TreePlan
from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.envs.registration import make
from assaygym.errors import ConfigError
from assaygym.types import Completion, StopReason

JOB = EpisodeJob(key="a/b", seed=1)


def plan(shape: Tree, seed: int | None = 0) -> TreePlan:
    return TreePlan(JOB, shape.trees, seed, shape=shape)


def root_of(name: str) -> str:
    return name.partition(".")[0]


SMALL = st.integers(1, 3)


@given(
    seed=st.integers(0, 99), orders=st.tuples(st.integers(), st.integers()), trees=SMALL, expansions=SMALL,
    rounds=SMALL, keep=st.floats(0, 1), fails=st.sampled_from([0.0, 0.2, 0.7]), tools=st.floats(0, 1),
)  # fmt: skip
def test_the_budget_is_met_and_the_group_does_not_depend_on_the_order_of_turns(
    stage: Any, check: Callable[[Group], None], seed: int, orders: tuple[int, int], trees: int, expansions: int,
    rounds: int, keep: float, fails: float, tools: float,
) -> None:  # fmt: skip
    budget = 1 + expansions * rounds
    leaves = max(1, round(keep * budget))
    shape = Tree(trees, expansions, rounds, leaves)
    plays = [stage(seed=seed, order=order, fails=fails, tools=tools) for order in orders]
    groups = [play.play(plan(shape, seed)) for play in plays]
    for group, play in zip(groups, plays, strict=True):
        everyone = (*group.trajectories, *group.pruned)
        assert Counter(one.notes["tree"] for one in everyone) == dict.fromkeys(range(trees), budget)
        assert Counter(one.notes["tree"] for one in group.trajectories) == dict.fromkeys(range(trees), leaves)
        assert play.asked >= sum(1 for _ in group.sampled())  # a turn that failed was asked for, and is in no record
        assert not play.open
        check(group)
    assert groups[0] == groups[1]


@given(seed=st.integers(0, 999))
def test_a_leaf_is_a_fork_of_its_own_tree_or_the_trees_first(stage: Any, seed: int) -> None:
    group = stage(seed=seed).play(plan(Tree(3, 2, 2), seed))
    numbers = {one.id: one.notes["tree"] for one in group.trajectories}
    for one in group.trajectories:
        if one.parent is None:
            assert one.id == f"a/b/{one.notes['tree']}"
        else:
            name, turn = one.parent
            assert numbers[name] == one.notes["tree"]
            assert root_of(one.id) == root_of(name)
            assert 0 <= turn < len(one.turns)


@given(seed=st.integers(0, 999))
def test_what_is_sampled_is_what_the_turns_count(stage: Any, seed: int) -> None:
    play = stage(seed=seed)
    group = play.play(plan(Tree(2, 3, 1), seed))
    assert play.asked == sum(1 for _ in group.sampled())
    assert play.asked == len({id(turn) for one in group.trajectories for turn in one.turns})


@given(order=st.integers(), fork_fails=st.floats(0, 1))
def test_nodes_that_cannot_be_copied_are_failed_leaves(
    stage: Any, check: Callable[[Group], None], order: int, fork_fails: float
) -> None:
    play = stage(order=order, fork_fails=fork_fails)
    group = play.play(plan(Tree(2, 2, 2, 3)))
    assert (len(group.trajectories), len(group.pruned)) == (6, 4)
    failed = [one for one in (*group.trajectories, *group.pruned) if one.stop_reason is StopReason.ERROR]
    assert all(one.parent is not None for one in failed)
    assert not play.open
    check(group)


def test_failed_leaves_are_kept_last(stage: Any) -> None:
    seen = 0
    for seed in range(40):
        group = stage(seed=seed, fails=0.2).play(plan(Tree(1, 3, 1, 2), seed))
        judged = sum(not math.isnan(one.reward) for one in (*group.trajectories, *group.pruned))
        assert len(group.judged) == min(2, judged)
        seen += judged < 4
    assert seen > 5


def test_nodes_are_distinct_as_far_as_there_are_enough(stage: Any) -> None:
    for seed in range(30):
        group = stage(seed=seed, ends=0.0, turns=3).play(plan(Tree(1, 5, 1), seed))
        drawn = Counter(one.parent for one in group.trajectories if one.parent is not None)
        assert set(drawn) == {("a/b/0", turn) for turn in range(3)}
        assert sorted(drawn.values()) == [1, 2, 2]


def test_every_node_is_drawn_sometimes_in_later_rounds_those_of_earlier_rounds_too(stage: Any) -> None:
    depths: Counter[int] = Counter()
    turns: Counter[int] = Counter()
    for seed in range(200):
        for one in stage(seed=seed, ends=0.0, turns=4).play(plan(Tree(1, 1, 2), seed)).trajectories:
            depths[one.id.count(".")] += 1
            if one.parent is not None:
                turns[one.parent[1]] += 1
    assert depths[0] == 200
    assert depths[2] > 20
    assert set(turns) == {0, 1, 2, 3}
    assert min(turns.values()) > 40


def test_a_chain_that_fails_before_its_first_turn_is_replaced_from_the_prompt(
    ledger: Any, token_policy: Any, task_jobs: Any, check: Callable[[Group], None]
) -> None:
    policy = token_policy(fails=lambda prompt, rng: prompt.turn == 0 and rng.random() < 0.5)
    crew = Crew(lambda: ledger(split="all"), policy, params=SamplingParams(seed=1), concurrency=4)
    groups = list(Tree(2, 2, 2).collect(crew, task_jobs(10)))
    for group in groups:
        assert Counter(one.notes["tree"] for one in group.trajectories) == {0: 5, 1: 5}
        check(group)
    assert any(one.id.endswith(("/2", "/3")) and not math.isnan(one.reward) for g in groups for one in g.trajectories)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_one_and_eight_threads_give_the_same_groups(
    ledger: Any, token_policy: Any, task_jobs: Any, check: Callable[[Group], None], concurrency: int
) -> None:
    def groups(concurrency: int) -> dict[str, Group]:
        crew = Crew(lambda: ledger(split="all"), token_policy(), params=SamplingParams(seed=3), concurrency=concurrency)
        return {group.key: group for group in Tree(2, 2, 2, 4).collect(crew, task_jobs(5))}

    found = groups(concurrency)
    assert found == groups(3)
    for group in found.values():
        assert (len(group.trajectories), len(group.pruned)) == (8, 2)
        check(group)


def test_a_leaf_goes_on_from_the_state_of_its_node(ledger: Any, token_policy: Any, task_jobs: Any) -> None:
    crew = Crew(lambda: ledger(split="all"), token_policy(), params=SamplingParams(seed=5), concurrency=4)
    for group in Tree(2, 3, 2).collect(crew, task_jobs(4)):
        for one in group.trajectories:
            total = 0
            for turn, after in zip(one.turns, one.turns[1:], strict=False):
                [call] = turn.completion.message.tool_calls
                total += int(call.arguments.split(":")[1].strip(" }"))
                assert after.observation[0].content == str(total)


def test_a_leaf_is_asked_exactly_the_tokens_of_its_node(dialogue: Any, check: Callable[[Group], None]) -> None:
    tokenizer = tiny_tokenizer()
    policy = TransformersPolicy(tiny_model(tokenizer, hidden=16, layers=1, heads=2), tokenizer)
    params = SamplingParams(seed=1, max_tokens=5)
    crew = Crew(lambda: dialogue(turns=3), policy, params=params, concurrency=4)
    [group] = Tree(2, 3, 2).collect(crew, [EpisodeJob(key="k", seed=1)])
    check(group)
    asked = {one.id: [turn.completion for turn in one.turns] for one in group.trajectories}
    for one in group.trajectories:
        for before, after in pairwise(asked[one.id]):
            grown = before.prompt_ids + before.token_ids
            assert after.prompt_ids[: len(grown)] == grown
        if one.parent is not None:
            name, turn = one.parent
            assert asked[one.id][turn].prompt_ids == asked[name][turn].prompt_ids
            assert asked[one.id][turn].token_ids != asked[name][turn].token_ids
    assert len({tuple(turn.token_ids for turn in turns) for turns in asked.values()}) == 14


def test_every_leaf_of_an_oracles_tree_is_right(task_jobs: Any) -> None:
    crew = Crew(lambda: make("assay/Shop-v0"), OraclePolicy(), params=SamplingParams(seed=1), concurrency=4)
    for group in Tree(2, 3, 2).collect(crew, task_jobs(4)):
        assert group.rewards == (1.0,) * 14


def test_nodes_are_closed_when_the_run_ends_early(ledger: Any, token_policy: Any, task_jobs: Any) -> None:
    crew = Crew(lambda: ledger(split="all"), token_policy(ends=0.1), params=SamplingParams(seed=1), concurrency=2)
    groups = Tree(2, 2, 2).collect(crew, task_jobs(20))
    next(groups)
    assert ledger.open_now
    groups.close()  # type: ignore[attr-defined]
    assert not ledger.open_now


def test_a_node_that_is_made_while_the_run_ends_is_closed_too(stage: Any) -> None:
    class EndsEarly(TreePlan):
        """The run ends while the second node is made."""

        def answered(self, live: LiveEpisode, completion: Completion) -> Sequence[LiveEpisode]:
            if len(live.turns) == 1:
                self.close()
            return super().answered(live, completion)

    play = stage(ends=0.0, turns=4)
    play.play(EndsEarly(JOB, 1, 0, shape=Tree(1, 1, 1)))
    assert not play.open


@pytest.mark.parametrize("concurrency", [1, 4])
def test_an_interrupt_leaves_no_node_open(ledger: Any, task_jobs: Any, concurrency: int) -> None:
    asked = 0

    def interrupted(prompt: Prompt) -> str:
        nonlocal asked
        asked += 1
        if asked == 12:
            raise KeyboardInterrupt
        return '<tool_call>\n{"name": "add", "arguments": {"n": 1}}\n</tool_call>'

    crew = Crew(lambda: ledger(split="all"), ScriptedPolicy(interrupted), concurrency=concurrency)
    with pytest.raises(KeyboardInterrupt):
        list(Tree(2, 2, 2).collect(crew, task_jobs(20)))
    assert not ledger.open_now


@pytest.mark.parametrize("wrong", [(0,), (1, 0), (1, 1, 0), (1, 1, 1, 3), (1, 1, 1, 0)])
def test_numbers_outside_their_range_are_refused(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="expected at least 1 each, and leaves at most"):
        Tree(*wrong)
