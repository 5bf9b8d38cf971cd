"""Parts for episodes of many turns, on batches made by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from assaygym.agents.advantages import group
from assaygym.agents.batch import make_batch
from assaygym.agents.forks import averaged_over_forks
from assaygym.agents.parts.agentic import ForkGroup, InvalidActions, StepGroup, TopSpread, TreeGroup
from assaygym.agents.scene import Scene
from assaygym.errors import ConfigError
from assaygym.types import Completion, Message, Score, StopReason, Trajectory, Turn


def episode(
    reward: float, *turns: str, name: str = "", parent: tuple[str, int] | None = None, bad: int = 0, tree: int = 0
) -> Trajectory:
    """Its turns answer these observations with two tokens each; the last one earns the reward; `bad` are malformed."""
    fed: tuple[int, ...] = ()
    taken = []
    for number, seen in enumerate(turns):
        prompt = (*fed, 1)
        said = Completion(
            message=Message(role="assistant", content=f"t{number}"),
            prompt_ids=prompt,
            token_ids=(7, 8),
            logprobs=(-1.0, -2.0),
        )
        fed = (*prompt, 7, 8)
        last = number == len(turns) - 1
        info = {"tool_errors": 1, "tool_calls": 0} if number < bad else {"tool_errors": 0, "tool_calls": 1}
        observation = (Message(role="user", content=seen),)
        taken.append(Turn(observation=observation, completion=said, reward=reward if last else 0.0, info=info))
    return Trajectory(
        env_id="e",
        task_id="t",
        seed=0,
        split="train",
        turns=tuple(taken),
        score=Score.of(reward),
        stop_reason=StopReason.COMPLETED,
        id=name,
        parent=parent,
        notes={"tree": tree},
    )


def scene(*groups: list[Trajectory], keep: list[bool] | None = None) -> Scene:
    labels = [label for label, some in enumerate(groups) for _ in some]
    batch = make_batch([one for some in groups for one in some], labels, pad_id=0)
    return Scene(
        batch=batch,
        step=0,
        max_tokens=8,
        rewards_N=batch.rewards_N,
        keep_N=torch.ones(len(labels), dtype=torch.bool) if keep is None else torch.tensor(keep),
        old_BT=batch.sampled_BT,
    )


FORKED = [
    episode(1.0, "q", "a", name="g/0"),
    episode(0.0, "q", "b", name="g/0.1", parent=("g/0", 1)),
    episode(0.0, "q", "a", name="g/1"),
]
"""The first two share their first turn."""


# -- forks -----------------------------------------------------------------------------------------------------------


def test_soft_leaves_every_row_its_own_advantage() -> None:
    given = scene(FORKED)
    expected_N = group(given.batch.rewards_N, given.batch.groups_N)
    torch.testing.assert_close(ForkGroup("soft")(given), expected_N.unsqueeze(1))


def test_hard_gives_shared_tokens_the_mean_of_the_rows_that_share_them() -> None:
    given = scene(FORKED)
    one, two, three = group(given.batch.rewards_N, given.batch.groups_N).tolist()
    mean = (one + two) / 2
    rows = [[0, mean, mean, 0, one, one], [0, mean, mean, 0, two, two], [0, three, three, 0, three, three]]
    torch.testing.assert_close(ForkGroup("hard")(given), torch.tensor(rows))


def test_hard_leaves_filtered_episodes_out_of_the_mean() -> None:
    given = scene(FORKED, keep=[True, False, True])
    advantages_BT = ForkGroup("hard")(given)
    assert advantages_BT[1].tolist() == [0.0] * 6
    torch.testing.assert_close(advantages_BT[0, 1], advantages_BT[0, 4])


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.integers(0, 1000))
def test_without_a_clip_soft_and_hard_have_one_gradient(values: list[float], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    segments_BT = torch.tensor([[-1, 0, 0, 1, 1], [-1, 0, 0, 2, 2], [-1, 0, 0, 3, 3]])
    soft_BT = torch.tensor(values, dtype=torch.float64).unsqueeze(1).expand(3, 5) * (segments_BT >= 0)
    shared = torch.randn(4, 2, generator=generator, dtype=torch.float64)

    def gradient(advantages_BT: Tensor) -> Tensor:
        logps = shared.clone().requires_grad_(True)
        rows_BT = torch.stack([torch.cat([torch.zeros(1), logps[0], logps[i]]) for i in (1, 2, 3)])
        (-advantages_BT * rows_BT.exp() * (segments_BT >= 0)).sum().backward()  # type: ignore[no-untyped-call]
        assert logps.grad is not None
        return logps.grad

    torch.testing.assert_close(gradient(soft_BT), gradient(averaged_over_forks(soft_BT, segments_BT)))


def test_nothing_sampled_is_nothing_shared() -> None:
    nothing = torch.full((2, 3), -1)
    assert averaged_over_forks(torch.ones(2, 3), nothing).tolist() == [[0.0] * 3] * 2


def test_an_unknown_way_to_share_is_refused() -> None:
    with pytest.raises(ConfigError, match="shared is 'both'"):
        ForkGroup("both")  # type: ignore[arg-type]


# -- trees -----------------------------------------------------------------------------------------------------------


def test_a_leaf_is_compared_with_all_leaves_and_with_those_of_its_tree() -> None:
    leaves = [episode(r, "q", tree=tree) for r, tree in [(1.0, 0), (0.0, 0), (1.0, 1), (1.0, 1)]]
    given = scene(leaves)
    inter = group(given.batch.rewards_N, torch.zeros(4, dtype=torch.int64))
    intra = group(given.batch.rewards_N, torch.tensor([0, 0, 1, 1]))
    torch.testing.assert_close(TreeGroup()(given), (inter + intra).unsqueeze(1))


# -- turns in one state ----------------------------------------------------------------------------------------------


def test_a_turn_is_compared_with_the_turns_that_saw_the_same() -> None:
    """By hand: two episodes meet in "start"; in the states they reach alone, the episode's part is all there is."""
    won, lost = episode(1.0, "start", "left"), episode(0.0, "start", "right")
    found_BT = StepGroup(gamma=0.5, weight=1.0, scale="none")(scene([won, lost]))
    # episode: +-0.5; returns in "start": 0.5 and 0, centred +-0.25; in "left" and "right" alone: 0
    expected = [[0.75, 0.75, 0.75, 0.5, 0.5, 0.5], [-0.75, -0.75, -0.75, -0.5, -0.5, -0.5]]
    torch.testing.assert_close(found_BT, torch.tensor(expected))


def test_the_same_observation_in_another_task_is_another_state() -> None:
    pair = [episode(1.0, "start"), episode(0.0, "start")]
    alone = StepGroup(scale="none")(scene(pair))
    both = StepGroup(scale="none")(scene(pair, [episode(1.0, "start"), episode(1.0, "start")]))
    torch.testing.assert_close(both[:2], alone)
    assert both[2:].abs().max() == 0


def test_a_longer_episode_weighs_more_in_the_mean_of_its_group() -> None:
    long, short = episode(1.0, "a", "b", "c"), episode(0.0, "d")
    found_BT = StepGroup(weight=0.0, scale="none")(scene([long, short]))
    assert found_BT[0, 1] == pytest.approx(0.25)
    assert found_BT[1, 1] == pytest.approx(-0.75)


def test_shaping_reaches_the_returns_of_the_steps() -> None:
    given = scene([episode(1.0, "s"), episode(1.0, "s")])
    given.rewards_N = torch.tensor([0.5, 1.0])
    found_BT = StepGroup(gamma=1.0, scale="none")(given)
    assert found_BT[:, 1].tolist() == pytest.approx([-0.5, 0.5])


def test_filtered_turns_are_compared_with_nobody() -> None:
    given = scene([episode(1.0, "s"), episode(0.0, "s"), episode(0.0, "s")], keep=[True, True, False])
    found_BT = StepGroup(scale="none")(given)
    assert found_BT[:, 1].tolist() == pytest.approx([1.0, -1.0, 0.0])


def test_malformed_calls_cost_their_share_of_the_turns() -> None:
    given = scene([episode(1.0, "a", "b", bad=1), episode(1.0, "a", "b")])
    assert InvalidActions(0.1)(given).tolist() == pytest.approx([0.95, 1.0])


# -- groups that differ most -----------------------------------------------------------------------------------------


def test_the_groups_that_differ_most_stay() -> None:
    flat, some, wide = [[episode(r, "q") for r in rewards] for rewards in ((1.0, 1.0), (0.5, 1.0), (0.0, 1.0))]
    assert TopSpread(0.34)(scene(flat, some, wide)).tolist() == [False, False, False, False, True, True]
    assert TopSpread(0.01)(scene(flat, wide)).tolist() == [False, False, True, True]


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_share_outside_its_range_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="share is"):
        TopSpread(share)
