"""What a step is made of: which tasks, in which environments, at which level, played by whom."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from assaygym.agents.curriculum import Curriculum, ladder
from assaygym.agents.parts.filters import NonzeroStd, PositiveOnly
from assaygym.agents.parts.rollouts import IID, Forget, Greedy, Replayed, WithReference
from assaygym.agents.reference import Reference
from assaygym.agents.sampling import Sampler
from assaygym.agents.trainer import Trainer
from assaygym.envs.registration import make
from assaygym.errors import ConfigError, PolicyError

LEFT_EMPTY = "ignore:.* groups at the cap:RuntimeWarning"


def sampler(small: Any, *make_envs: Any, recipe: Any = None, **settings: Any) -> Sampler:
    policy = settings.pop("policy", None) or small.policy()
    own = {name: settings.pop(name) for name in ("player", "reference", "curriculum") if name in settings}
    chosen = replace(small.settings, **{"prompts": 4, **settings})
    return Sampler(policy, make_envs or (small.Env,), recipe or small.recipe, chosen, **own)


def seeds(sample: Any) -> list[tuple[str, int]]:
    return [(group.trajectories[0].env_id, group.trajectories[0].seed) for group in sample.groups]


def flat(small: Any) -> Any:
    """An environment whose every task with an odd seed pays the same for everything."""

    class Flat(small.Env):  # type: ignore[misc]
        def _worth(self, text: str) -> float:
            return 0.25 if self._running().seed % 2 else len(set(text)) / 100

    return Flat


# -- tasks -----------------------------------------------------------------------------------------------------------


def test_tasks_are_drawn_one_after_the_other_and_never_twice(small: Any) -> None:
    made = sampler(small)
    drawn = [seed for step in range(3) for _, seed in seeds(made.sample(step))]
    assert drawn == list(range(12))
    assert made.cursors == [12]


def test_environments_take_turns_and_each_has_a_cursor(small: Any) -> None:
    class Other(small.Env):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(turns=2)
            self.id = "test/other-v0"

    made = sampler(small, small.Env, Other, prompts=3)
    assert seeds(made.sample(0)) == [("test/vowels-v0", 0), ("test/vowels-v0", 1), ("test/other-v0", 0)]
    assert made.cursors == [2, 1]


def test_more_environments_than_tasks_are_refused(small: Any) -> None:
    with pytest.raises(ConfigError, match="2 environments and prompts=1"):
        sampler(small, small.Env, small.Env, prompts=1)


def test_a_group_is_so_many_samples_of_one_task(small: Any) -> None:
    sample = sampler(small, recipe=replace(small.recipe, rollout=IID(5))).sample(0)
    for group in sample.groups:
        assert len({one.task_id for one in group.trajectories}) == 1
        assert len({one.turns[0].completion.token_ids for one in group.trajectories}) == 5
    assert sample.drawn == tuple(group.rewards for group in sample.groups)


def test_a_step_depends_on_its_number_and_cursors_alone(small: Any) -> None:
    straight, fresh = sampler(small), sampler(small)
    straight.sample(0)
    expected = straight.sample(1)
    fresh.load({**fresh.state(), "cursors": [4]})
    assert fresh.sample(1) == expected
    fresh.load({**fresh.state(), "cursors": [4]})
    assert fresh.sample(2) != expected


def test_with_threads_instead_of_rounds_the_same_tasks_are_played(small: Any) -> None:
    sample = sampler(small, lockstep=False, concurrency=3).sample(0)
    assert seeds(sample) == seeds(sampler(small).sample(0))


# -- filters that draw further tasks ---------------------------------------------------------------------------------


def test_tasks_that_are_thrown_away_are_replaced_and_counted(small: Any) -> None:
    recipe = replace(small.recipe, filters=(NonzeroStd(refill=True),))
    sample = sampler(small, flat(small), recipe=recipe, prompts=3).sample(0)
    assert [seed for _, seed in seeds(sample)] == [0, 2, 4]
    assert [len(set(rewards)) == 1 for rewards in sample.drawn] == [False, True, False, True, False]
    kept = sum(len(turn.completion.token_ids) for group in sample.groups for turn in group.sampled())
    assert sample.tokens > kept


@pytest.mark.filterwarnings(LEFT_EMPTY)
def test_steps_that_the_filters_leave_empty_are_recorded_and_too_many_in_a_row_end_the_run(small: Any) -> None:
    class Same(small.Env):  # type: ignore[misc]
        def _worth(self, text: str) -> float:
            return 0.25

    recipe = replace(small.recipe, filters=(NonzeroStd(refill=True, rounds=2),))
    policy = small.policy()
    trainer = small.trainer(policy, make_env=Same, recipe=recipe, patience=3)
    before = small.weights(policy)
    rows = [trainer.step(), trainer.step()]
    assert [(row["reward"], row["tasks_drawn"], row["loss"], row["step"]) for row in rows] == [
        (0.25, 4, 0, 1),
        (0.25, 4, 0, 2),
    ]
    assert (small.weights(policy) == before).all()
    with pytest.raises(PolicyError, match=r"nothing of 3 steps in a row: none of the 4 tasks of step 3 .*reward 0\.25"):
        trainer.step()


def test_a_step_with_something_left_begins_the_count_anew(small: Any) -> None:
    class Later(small.Env):  # type: ignore[misc]
        def _worth(self, text: str) -> float:
            return len(set(text)) / 100 if self._running().seed in (4, 5) else 0.0

    recipe = replace(small.recipe, filters=(PositiveOnly(),))
    trainer = small.trainer(make_env=Later, recipe=recipe, patience=3, steps=6)
    counts = []
    for _ in range(5):
        trainer.step()
        counts.append(trainer.barren)
    assert counts == [1, 2, 0, 1, 2]
    with pytest.raises(PolicyError, match="3 steps in a row"):
        trainer.step()


@pytest.mark.filterwarnings(LEFT_EMPTY)
def test_where_nobody_could_judge_anything_the_step_says_why(small: Any) -> None:
    recipe = replace(small.recipe, filters=(NonzeroStd(refill=True, rounds=1),))
    made = sampler(small, partial(small.Env, invalid=lambda seed: True), recipe=recipe)
    with pytest.raises(PolicyError, match="none of 4 tasks could be judged: the judge is away"):
        made.sample(0)


# -- who plays -------------------------------------------------------------------------------------------------------


def test_a_greedy_companion_is_played_beside_each_group(small: Any) -> None:
    sample = sampler(small, recipe=replace(small.recipe, rollout=Greedy(episodes=2))).sample(0)
    again = sampler(small, recipe=replace(small.recipe, rollout=Greedy(episodes=2)), seed=7).sample(0)
    assert [len(rewards) for rewards in sample.companions] == [1] * 4
    assert sample.companions == again.companions
    assert sample.drawn != again.drawn


def test_companions_of_the_reference_are_sampled_with_its_weights(small: Any) -> None:
    recipe = replace(small.recipe, rollout=WithReference(episodes=2, references=3))
    policy, other = small.policy(), small.policy(seed=9)
    frozen = Reference(other.model)
    frozen._model = policy.model
    made = sampler(small, policy=policy, recipe=recipe, reference=frozen)
    expected = sampler(small, policy=other, recipe=recipe, reference=None).sample(0)
    before = small.weights(policy)
    sample = made.sample(0)
    assert sample.companions == expected.companions
    assert sample.drawn != expected.drawn
    assert (small.weights(policy) == before).all()


def test_a_rollout_that_unlearns_cannot_go_with_another_engine(small: Any) -> None:
    with pytest.raises(ConfigError, match="cannot follow"):
        sampler(small, recipe=replace(small.recipe, rollout=Forget(4)), player=small.policy())


def test_what_a_strategy_remembers_is_part_of_the_state(small: Any) -> None:
    recipe = replace(small.recipe, rollout=Replayed(episodes=2, above=0.0))
    made, other = sampler(small, recipe=recipe), sampler(small, recipe=recipe)
    made.sample(0)
    assert len(made.inner.buffer) > 0  # type: ignore[attr-defined]
    other.load(made.state())
    assert other.state() == made.state()


# -- the level -------------------------------------------------------------------------------------------------------


def ladders(length: int = 4) -> list[list[Any]]:
    return [[partial(make, "assay/Reverse-v0", split="train", level=level) for level in range(length)]]


def test_the_levels_of_an_environment_are_found() -> None:
    rungs = ladder("assay/Reverse-v0", {})
    assert len(rungs) > 2
    lengths = [len(rung().reset(seed=0)[0]) for rung in rungs]
    assert lengths[0] < min(lengths[1:])


def test_tasks_are_shared_between_the_two_levels_next_to_the_position() -> None:
    curriculum = Curriculum(ladders(), start=1.25)
    drawn = [curriculum.levels(0, 8, seed) for seed in range(200)]
    assert all(sum(shares.values()) == 8 and set(shares) <= {1, 2} for shares in drawn)
    mean = sum(level * count for shares in drawn for level, count in shares.items()) / (200 * 8)
    assert mean == pytest.approx(1.25, abs=0.02)
    assert Curriculum(ladders(), start=9).levels(0, 8, 0) == {3: 8}
    assert Curriculum(ladders()).levels(0, 8, 0) == {0: 8}


def test_the_position_moves_with_the_success_and_stays_on_the_ladder() -> None:
    curriculum = Curriculum(ladders(), target=0.5, rate=1.0, start=1.0)
    curriculum.learn(0, [1.0, 1.0, 0.5, 0.5])
    assert curriculum.positions == [1.25]
    for _ in range(9):
        curriculum.learn(0, [0.0])
    assert curriculum.positions == [0.0]
    curriculum.learn(0, [])
    assert curriculum.positions == [0.0]


def test_a_policy_of_a_certain_skill_is_held_at_the_target() -> None:
    """Half of the answers are right at level 2.5, all at level 0, none at level 5."""
    curriculum, seen = Curriculum(ladders(6), target=0.5, rate=1.0), []
    for step in range(60):
        shares = curriculum.levels(0, 16, step)
        rewards = [1 - level / 5 for level, count in shares.items() for _ in range(count)]
        curriculum.learn(0, rewards)
        seen.append(sum(rewards) / len(rewards))
    assert sum(seen[30:]) / 30 == pytest.approx(0.5, abs=0.02)
    assert curriculum.positions[0] == pytest.approx(2.5, abs=0.2)


def test_a_step_is_drawn_at_the_levels_of_its_curriculum_and_moves_it(small: Any) -> None:
    class Level(small.Env):  # type: ignore[misc]
        def __init__(self, level: int) -> None:
            super().__init__()
            self.id = f"test/level-{level}"

        def _worth(self, text: str) -> float:
            return 1.0

    rungs = [partial(Level, level) for level in range(3)]
    curriculum = Curriculum([rungs], target=0.5, rate=1.0, start=0.5)
    settings = replace(small.settings, prompts=4, curriculum="adaptive")
    trainer = Trainer(small.policy(), [rungs[0]], small.recipe, settings, curriculum=curriculum)
    sample = trainer.sampler.sample(0)
    assert {name for name, _ in seeds(sample)} == {"test/level-0", "test/level-1"}
    assert all(len({one.env_id for one in group.trajectories}) == 1 for group in sample.groups)
    assert (sample.levels, curriculum.positions) == ((0.5,), [1.0])
    row = trainer.step()
    assert row["level/0"] == 1.0


def test_a_curriculum_needs_levels_and_its_setting(small: Any) -> None:
    with pytest.raises(ConfigError, match="environment 0 has one level"):
        Curriculum([ladders()[0][:1]])
    with pytest.raises(ConfigError, match="target=1"):
        Curriculum(ladders(), target=1)
    with pytest.raises(ConfigError, match="curriculum='none' and curriculum <"):
        Trainer(small.policy(), [small.Env], small.recipe, small.settings, curriculum=Curriculum(ladders()))
