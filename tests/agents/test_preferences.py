"""Groups become pairs and labelled answers: which, in what order, with what before them."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.preferences import Counts, PairRule, label_rows, pair_rows, references_of
from assaygym.agents.preferences_nodes import nodes_of
from assaygym.agents.strategies.group import Group
from assaygym.errors import ConfigError
from assaygym.types import Completion, Message, StopReason, ToolCall, ToolSpec, Trajectory, Turn


def turns(*said: str, reward: float = 0.0, ask: str = "Q") -> tuple[Turn, ...]:
    """One turn for each text, after `ask`, then after `result N`; the last one earns the reward."""
    asked = [ask, *(f"result {i}" for i in range(1, len(said)))]
    return tuple(
        Turn(
            observation=(Message(role="user", content=question),),
            completion=Completion(message=Message(role="assistant", content=text)),
            reward=reward if i == len(said) - 1 else 0.0,
        )
        for i, (question, text) in enumerate(zip(asked, said, strict=True))
    )


def leaf(name: str, its: tuple[Turn, ...], parent: tuple[str, int] | None = None, **fields: Any) -> Trajectory:
    given = {"stop_reason": StopReason.COMPLETED, "task_id": "t", "env_id": "e", **fields}
    return Trajectory(seed=0, split="all", turns=its, score=None, id=name, parent=parent, **given)


def group(*rewards: float, key: str = "k", ask: str = "Q") -> Group:
    """One-turn episodes that each say another thing."""
    leaves = [leaf(f"{key}/{i}", turns(f"a{i}", reward=r, ask=ask), task_id=key) for i, r in enumerate(rewards)]
    return Group(key=key, trajectories=tuple(leaves))


def said(row: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    prompt, chosen, rejected = ([m["content"] for m in row[name]] for name in ("prompt", "chosen", "rejected"))
    return prompt, chosen, rejected


ROOT = leaf("k/0", turns("a", "b", "c", reward=1.0))
FORK = leaf("k/0.1", (*ROOT.turns[:1], *turns("-", "x", "y", reward=0.2)[1:]), ("k/0", 1))
DEEP = leaf("k/0.1.1", (*FORK.turns[:2], *turns("-", "-", "z", reward=0.6)[2:]), ("k/0.1", 2))
OTHER = leaf("k/1", turns("p", reward=0.0))
TREE = Group(key="k", trajectories=(ROOT, FORK, DEEP, OTHER))


def test_the_best_answer_is_paired_with_the_worst() -> None:
    (row,) = pair_rows([group(0.5, 1.0, 0.0)])
    assert row == {
        "prompt": [{"role": "user", "content": "Q"}],
        "chosen": [{"role": "assistant", "content": "a1"}],
        "rejected": [{"role": "assistant", "content": "a2"}],
        "margin": 1.0,
        "turn": 0,
        "chosen_value": 1.0,
        "rejected_value": 0.0,
        "chosen_turns": 1,
        "rejected_turns": 1,
        "env_id": "e",
        "task_id": "k",
        "group": "k",
        "chosen_id": "k/1",
        "rejected_id": "k/2",
    }


def test_the_first_of_several_equals_is_taken() -> None:
    (row,) = pair_rows([group(0.0, 1.0, 1.0, 0.0)])
    assert (row["chosen_id"], row["rejected_id"]) == ("k/1", "k/0")


def test_all_pairs_with_a_gap_come_in_the_order_of_the_answers() -> None:
    rows = pair_rows([group(0.5, 1.0, 0.0, 1.0)], PairRule(every=True))
    assert [(row["chosen_id"][-1], row["rejected_id"][-1]) for row in rows] == [
        ("0", "2"),
        ("1", "0"),
        ("1", "2"),
        ("3", "0"),
        ("3", "2"),
    ]


def test_a_gap_has_to_be_above_the_margin() -> None:
    given = [group(0.0, 0.5)]
    assert [len(list(pair_rows(given, PairRule(margin=margin)))) for margin in (0.0, 0.49, 0.5)] == [1, 1, 0]


@pytest.mark.parametrize("margin", [-0.1, math.nan, math.inf])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(ConfigError, match="expected a gap between rewards, 0 or more"):
        PairRule(margin=margin)


def test_each_node_of_a_tree_gives_a_pair_behind_what_is_shared() -> None:
    root, fork, deep = pair_rows([TREE])
    assert said(root) == (["Q"], ["a", "result 1", "b", "result 2", "c"], ["p"])
    assert said(fork) == (["Q", "a", "result 1"], ["b", "result 2", "c"], ["x", "result 2", "y"])
    assert said(deep) == (["Q", "a", "result 1", "x", "result 2"], ["z"], ["y"])
    assert [row["turn"] for row in (root, fork, deep)] == [0, 1, 2]
    assert [(row["chosen_turns"], row["rejected_turns"]) for row in (root, fork, deep)] == [(3, 1), (2, 2), (1, 1)]
    assert [row["margin"] for row in (root, fork, deep)] == pytest.approx([1.0, 0.8, 0.4])


def test_the_turn_alone_is_worth_the_mean_of_all_that_went_on_from_it() -> None:
    root, fork, deep = pair_rows([TREE], PairRule(turn_only=True))
    assert said(root) == (["Q"], ["a"], ["p"])
    assert (root["chosen_value"], root["rejected_value"]) == (pytest.approx(0.6), 0.0)
    assert said(fork)[1:] == (["b"], ["x"])
    assert (fork["chosen_value"], fork["rejected_value"]) == (1.0, pytest.approx(0.4))
    assert said(deep)[1:] == (["z"], ["y"])


def test_turns_that_say_the_same_are_one_answer_with_their_mean() -> None:
    leaves = [
        leaf(f"k/{i}", turns(*text, reward=r)) for i, (text, r) in enumerate([("sb", 1.0), ("sc", 0.0), ("d", 0.2)])
    ]
    (row,) = pair_rows([Group(key="k", trajectories=tuple(leaves))], PairRule(turn_only=True))
    assert (said(row)[1:], row["chosen_value"], row["rejected_value"]) == ((["s"], ["d"]), 0.5, 0.2)


def test_a_turn_that_only_a_pruned_leaf_sampled_is_shared_all_the_same() -> None:
    (row,) = pair_rows([Group(key="k", trajectories=(ROOT, DEEP), pruned=(FORK,))])
    assert (row["turn"], said(row)[0]) == (1, ["Q", "a", "result 1"])


def test_answers_to_different_prompts_are_not_compared() -> None:
    hinted = leaf("k/1", turns("x", reward=0.0, ask="Q, and a hint"))
    counts = Counts()
    assert list(pair_rows([Group(key="k", trajectories=(ROOT, hinted))], counts=counts)) == []
    assert counts.flat == 1


def test_two_that_say_the_same_are_no_pair_and_the_next_is_taken() -> None:
    leaves = [leaf(f"k/{i}", turns(text, reward=r)) for i, (text, r) in enumerate([("s", 1.0), ("s", 0.0), ("d", 0.2)])]
    counts = Counts()
    (row,) = pair_rows([Group(key="k", trajectories=tuple(leaves))], counts=counts)
    assert (row["chosen_id"], row["rejected_id"], counts.same) == ("k/0", "k/2", 1)


def test_what_is_in_no_pair_is_counted() -> None:
    failed = leaf("k/2", turns("x"), stop_reason=StopReason.ERROR)
    given = [
        Group(key="k", trajectories=(*group(1.0, 0.0).trajectories, failed)),
        group(0.5, 0.5),
        group(1.0, math.nan, math.inf),
        Group(key="k", trajectories=(leaf("k/0", ()),)),
    ]
    counts = Counts()
    assert len(list(pair_rows(given, counts=counts))) == 1
    assert counts == Counts(groups=4, episodes=9, invalid=3, empty=1, small=2, flat=1, rows=1)


def test_a_reference_is_preferred_to_the_worst_of_the_own_answers() -> None:
    references = references_of([group(1.0, 0.0, key="k")])
    (row,) = pair_rows([group(0.5, 0.0, 0.2, key="k")], references=references)
    assert (row["chosen_id"], row["rejected_id"], said(row)[1:]) == ("k/0", "k/1", (["a0"], ["a1"]))


def test_a_reference_needs_no_gap_unless_one_is_asked_for() -> None:
    references = references_of([Group(key="k", trajectories=(leaf("k/0", turns("oracle", reward=1.0), task_id="k"),))])
    own = [group(1.0, 0.0)]
    assert [len(list(pair_rows(own, PairRule(margin=m, every=True), references=references))) for m in (None, 0)] == [
        2,
        1,
    ]


def test_a_reference_that_is_worse_is_not_preferred() -> None:
    references = references_of([Group(key="k", trajectories=(leaf("k/0", turns("oracle", reward=0.5), task_id="k"),))])
    rows = pair_rows([group(1.0, 0.0)], PairRule(every=True), references=references)
    assert [row["rejected_id"] for row in rows] == ["k/1"]


def test_a_reference_to_another_prompt_of_the_task_is_none() -> None:
    counts = Counts()
    references = references_of([group(1.0, ask="Q at another level")])
    assert list(pair_rows([group(0.0), group(math.nan)], references=references, counts=counts)) == []
    assert (counts.unmatched, counts.small) == (1, 1)


def test_the_reference_of_a_task_is_its_best_episode_and_never_a_failed_one() -> None:
    (best,) = references_of([group(0.5, math.nan, 1.0, 1.0), group(0.7)]).values()
    assert best.id == "k/2"


def test_every_judged_episode_has_a_label() -> None:
    counts = Counts()
    rows = list(label_rows([group(1.0, 0.5, math.nan)], counts=counts))
    assert [(row["completion"][0]["content"], row["label"], row["value"]) for row in rows] == [
        ("a0", True, 1.0),
        ("a1", False, 0.5),
    ]
    assert list(rows[0]) == "prompt completion label value turns env_id task_id group id".split()
    assert counts == Counts(groups=1, episodes=3, invalid=1, rows=2)


def test_the_threshold_of_a_label_can_be_set() -> None:
    assert [row["label"] for row in label_rows([group(1.0, 0.5, 0.2)], threshold=0.2)] == [True, True, False]
    with pytest.raises(ConfigError, match="threshold is nan"):
        list(label_rows([], threshold=math.nan))


def test_the_whole_episode_stands_behind_a_label() -> None:
    row = list(label_rows([TREE]))[2]
    assert [m["content"] for m in row["completion"]] == ["a", "result 1", "x", "result 2", "z"]
    assert row["turns"] == 3


def test_messages_have_the_keys_that_chat_templates_read() -> None:
    call = ToolCall(id="c1", name="add", arguments='{"a": 1}')
    asked = Message(role="assistant", content="", reasoning="hm", tool_calls=(call,))
    result = Message(role="tool", content="3", tool_call_id="c1")
    first = Turn(observation=(Message(role="user", content="Q"),), completion=Completion(message=asked))
    last = Turn(
        observation=(result,), completion=Completion(message=Message(role="assistant", content="3")), reward=1.0
    )
    (row,) = label_rows([Group(key="k", trajectories=(leaf("k/0", (first, last)),))])
    function = {"name": "add", "arguments": {"a": 1}}
    calls = [{"id": "c1", "type": "function", "function": function}]
    assert row["completion"] == [
        {"role": "assistant", "content": "", "reasoning_content": "hm", "tool_calls": calls},
        {"role": "tool", "content": "3", "name": "add", "tool_call_id": "c1"},
        {"role": "assistant", "content": "3"},
    ]


def test_tools_are_json_text_in_a_column_of_their_own() -> None:
    spec = ToolSpec(name="add", description="Add.", parameters={"type": "object", "properties": {}})
    rows = [*pair_rows([group(1.0, 0.0)], tools=lambda _: [spec]), *label_rows([group(1.0)], tools=lambda _: [spec])]
    for row in rows:
        (tool,) = json.loads(row["tools"])
        assert tool == {
            "type": "function",
            "function": {"name": "add", "description": "Add.", "parameters": dict(spec.parameters)},
        }
    assert all("tools" not in row for row in pair_rows([group(1.0, 0.0)], tools=lambda _: ()))


@st.composite
def trees(draw: st.DrawFn) -> Group:
    """Chains of up to three turns from the prompt, and forks of whatever is there."""
    made: list[Trajectory] = []
    for number in range(draw(st.integers(1, 7))):
        parent = draw(st.sampled_from([None, *made]))
        length, reward = draw(st.integers(1, 3)), draw(st.sampled_from([0.0, 0.5, 1.0, math.nan]))
        kept = 0 if parent is None else draw(st.integers(0, len(parent.turns) - 1))
        fresh = turns(*["-"] * kept, *(f"{number}.{i}" for i in range(length)), reward=reward)[kept:]
        if parent is None:
            made.append(leaf(f"k/{number}", fresh))
        else:
            made.append(leaf(f"{parent.id}.{number}", (*parent.turns[:kept], *fresh), (parent.id, kept)))
    return Group(key="k", trajectories=tuple(made))


@given(trees())
def test_every_two_leaves_with_a_gap_are_one_pair_behind_all_that_they_share(tree: Group) -> None:
    known = {one.id: one for one in tree.trajectories}
    rows = list(pair_rows([tree], PairRule(every=True)))
    found = [(row["chosen_id"], row["rejected_id"]) for row in rows]
    assert sorted(found) == sorted(
        (a.id, b.id) for a in tree.trajectories for b in tree.trajectories if a.reward > b.reward
    )
    for row in rows:
        better, worse = known[row["chosen_id"]], known[row["rejected_id"]]
        shared = sum(a == b for a, b in zip(better.turns, worse.turns, strict=False))
        assert row["turn"] == shared
        assert row["margin"] == better.reward - worse.reward > 0
        assert len(row["prompt"]) == 2 * shared + 1
        assert row["prompt"] + row["chosen"] == next(
            one["prompt"] + one["completion"] for one in label_rows([tree]) if one["id"] == better.id
        )


@given(trees())
def test_the_best_pair_of_a_node_has_the_widest_gap_of_all_its_pairs(tree: Group) -> None:
    def gaps(rule: PairRule) -> list[float]:
        return sorted(row["margin"] for row in pair_rows([tree], rule))

    best, every = gaps(PairRule()), gaps(PairRule(every=True))
    assert len(best) <= len(nodes_of(tree))
    assert set(best) <= set(every)
    assert max(best, default=None) == max(every, default=None)
