"""One episode through the step API."""

import copy
import math
import pickle
import random
from collections.abc import Iterator
from typing import Any

import gymnasium
import pytest
from gymnasium.utils.seeding import np_random

from assaygym.envs.core import Env, Reply
from assaygym.errors import ConfigError, SandboxError, TaskError
from assaygym.types import Message, Score, Task, Verdict


class Count(Env):
    """Say the numbers 1 to `goal` one a turn; any other word ends it."""

    def __init__(self, **options: Any) -> None:
        super().__init__("test/count-v0", **{"max_turns": 5, **options})
        self.goal = 0
        self.said: list[str] = []

    def _pose(self, rng: random.Random) -> Task[int]:
        self.goal, self.said = rng.randint(2, 3), []
        token = rng.randrange(10**6)
        return Task(
            id=f"t{token}", prompt=(Message(role="user", content=f"{token}: to {self.goal}"),), answer=self.goal
        )

    def _reply(self, action: Message) -> Reply:
        if action.content == "boom":
            raise SandboxError("the worker is gone")
        if action.content == "bug":
            raise KeyError("missing")
        self.said.append(action.content)
        right = self.said == [str(i + 1) for i in range(len(self.said))]
        if not right or len(self.said) == self.goal:
            return Reply(score=Score.of(right))
        return Reply(messages=(Message(role="user", content="next"),), info={"said": len(self.said)})

    def _solve(self) -> Iterator[str]:
        for i in range(self.goal):
            yield str(i + 1)


class Mute(Env):
    """Never ends by itself and has no oracle."""

    def __init__(self, **options: Any) -> None:
        super().__init__("test/mute-v0", **{"max_turns": 2, **options})

    def _pose(self, rng: random.Random) -> Task[None]:
        return Task(id="m", prompt=(Message(role="user", content="?"),), answer=None)

    def _reply(self, action: Message) -> Reply:
        return Reply()


@pytest.fixture
def env() -> Count:
    made = Count()
    made.reset(seed=1)
    return made


def test_reset_gives_the_prompt_as_text_and_as_messages(env: Count) -> None:
    observation, info = env.reset(seed=4)
    assert observation == info["messages"][0].content
    assert (info["seed"], info["split"], info["tools"]) == (4, "train", ())
    assert env.task is not None
    assert info["task_id"] == env.task.id


def test_the_same_seed_gives_the_same_task(env: Count) -> None:
    assert env.reset(seed=9) == Count().reset(seed=9)


def test_without_a_seed_each_episode_differs_and_the_order_repeats() -> None:
    def prompts(seed: int) -> list[str]:
        env = Count()
        return [env.reset(seed=seed)[0], *(env.reset()[0] for _ in range(3))]

    assert len(set(prompts(1))) == 4
    assert prompts(1) == prompts(1)


def test_gymnasiums_generator_is_the_one_that_its_own_reset_makes(env: Count) -> None:
    env.reset(seed=9)
    expected, seed = np_random(9)
    assert env.np_random_seed == seed
    assert [int(env.np_random.integers(100)) for _ in range(3)] == [int(expected.integers(100)) for _ in range(3)]
    env.reset()
    assert env.np_random_seed == seed


def test_a_fork_draws_as_the_original_would_have(env: Count) -> None:
    (early,) = env.fork(1)
    drawn = int(env.np_random.integers(10**6))
    (late,) = env.fork(1)
    assert int(early.np_random.integers(10**6)) == drawn
    assert int(late.np_random.integers(10**6)) == int(env.np_random.integers(10**6)) != drawn


def test_a_generator_of_ones_own_can_be_set(env: Count) -> None:
    given, _ = np_random(5)
    env.np_random = given
    assert env.np_random is given
    assert env.np_random_seed == -1


def test_an_environment_that_was_never_seeded_has_a_generator_all_the_same() -> None:
    fresh = Count()
    assert 0 <= fresh.np_random.random() < 1
    assert fresh.np_random_seed >= 0


@pytest.mark.parametrize(
    ("seed", "message"), [(-1, "greater or equal to zero"), ("1", "python integer"), (1.0, "python")]
)
def test_a_seed_that_is_none_is_gymnasiums_error(env: Count, seed: Any, message: str) -> None:
    with pytest.raises(gymnasium.error.Error, match=message):
        env.reset(seed=seed)


def test_a_turn_in_the_middle_earns_nothing_and_goes_on(env: Count) -> None:
    observation, reward, terminated, truncated, info = env.step("1")
    assert (observation, reward, terminated, truncated) == ("next", 0.0, False, False)
    assert info["messages"] == (Message(role="user", content="next"),)
    assert (info["said"], info["action"].content) == (1, "1")
    assert "score" not in info


def test_the_last_turn_carries_the_score_and_its_value_as_reward(env: Count) -> None:
    env.step("1")
    _, reward, terminated, truncated, info = env.step("wrong")
    assert (reward, terminated, truncated) == (0.0, True, False)
    assert info["score"].verdict is Verdict.INCORRECT


def test_a_limit_truncates_and_does_not_terminate() -> None:
    env = Mute()
    env.reset(seed=1)
    env.step("a")
    _, reward, terminated, truncated, info = env.step("b")
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert "within 2 turns" in info["score"].explanation


@pytest.mark.parametrize(("word", "reason"), [("boom", "the worker is gone"), ("bug", "KeyError: 'missing'")])
def test_a_fault_of_ours_is_invalid_and_never_zero(env: Count, word: str, reason: str) -> None:
    _, reward, terminated, _, info = env.step(word)
    assert math.isnan(reward)
    assert terminated
    assert info["score"].verdict is Verdict.INVALID
    assert reason in info["score"].explanation


def test_a_step_before_reset_asks_for_reset() -> None:
    with pytest.raises(gymnasium.error.ResetNeeded, match="before the first step"):
        Count().step("1")


def test_a_step_after_the_end_asks_for_reset(env: Count) -> None:
    env.step("wrong")
    with pytest.raises(gymnasium.error.ResetNeeded, match="has ended"):
        env.step("1")


def test_an_action_that_is_no_text_is_a_type_error(env: Count) -> None:
    with pytest.raises(TypeError, match="is text, not int"):
        env.step(1)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "x" * 1_000_000, "١٢٣"])
def test_no_text_raises(env: Count, text: str) -> None:
    assert env.step(text)[1] == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "test"}, "no split 'test'"),
        ({"render_mode": "human"}, "no render mode 'human'"),
        ({"max_turns": 0}, "expected at least 1"),
    ],
)
def test_a_wrong_option_is_a_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Count(**options)


def test_an_unknown_reset_option_is_refused(env: Count) -> None:
    with pytest.raises(ConfigError, match="takes no reset options, got row"):
        env.reset(options={"row": 1})


def test_the_oracle_plays_along_to_the_full_reward(env: Count) -> None:
    reward, done = 0.0, False
    while not done:
        _, reward, done, _, _ = env.step(env.oracle_action())
    assert reward == 1.0


def test_an_oracle_with_nothing_more_to_do_says_so(env: Count) -> None:
    for _ in range(env.goal):
        env.oracle_action()
    with pytest.raises(TaskError, match="no further action"):
        env.oracle_action()


def test_an_environment_without_an_oracle_says_so() -> None:
    env = Mute()
    env.reset(seed=1)
    assert not env.has_oracle
    with pytest.raises(TaskError, match="has no oracle"):
        env.oracle_action()


def test_branches_of_a_fork_are_equal_and_share_nothing(env: Count) -> None:
    env.step("1")
    left, right = env.fork(2)
    left.step("wrong")
    assert right.said == env.said == ["1"]
    assert right.step("2") == env.step("2")


def test_the_oracle_of_a_branch_goes_on_where_it_was(env: Count) -> None:
    env.step(env.oracle_action())
    assert env.fork(1)[0].oracle_action() == env.oracle_action() == "2"


def test_a_branch_made_between_the_oracles_action_and_the_step_gives_that_action_itself(env: Count) -> None:
    action = env.oracle_action()
    branch = env.fork(1)[0]
    assert branch.oracle_action() == action == "1"
    env.step(action)
    branch.step("1")
    assert branch.oracle_action() == env.oracle_action() == "2"


def test_a_fork_into_a_negative_number_is_refused(env: Count) -> None:
    with pytest.raises(ConfigError, match="-1 times"):
        env.fork(-1)


def test_an_episode_survives_pickling_in_the_middle(env: Count) -> None:
    env.step(env.oracle_action())
    again = pickle.loads(pickle.dumps(env))
    assert again.step(again.oracle_action()) == env.step(env.oracle_action())


def test_the_transcript_handed_out_is_a_copy(env: Count) -> None:
    env.transcript.clear()
    assert len(env.transcript) == 1


def test_the_rendered_transcript_holds_every_message_and_the_verdict() -> None:
    env = Count(render_mode="ansi")
    env.reset(seed=1)
    env.step("wrong")
    text = env.render()
    assert text is not None
    assert text.splitlines()[1:] == ["[assistant] wrong", "[incorrect] 0"]


def test_without_a_render_mode_nothing_is_rendered(env: Count) -> None:
    assert env.render() is None


def test_sampled_actions_include_the_right_one(env: Count) -> None:
    env.action_space.seed(0)
    drawn = {env.action_space.sample() for _ in range(100)}
    assert {"1", "", "\\boxed{42}"} <= drawn


def test_sampling_an_action_does_not_advance_the_oracle(env: Count) -> None:
    env.action_space.sample()
    assert env.oracle_action() == "1"


def test_train_and_eval_share_no_prompt() -> None:
    def prompts(split: str) -> set[str]:
        env = Count(split=split)
        return {env.reset(seed=s)[0] for s in range(200)}

    assert prompts("train").isdisjoint(prompts("eval"))


def test_a_split_without_a_task_says_what_to_do() -> None:
    empty = {"train": "eval", "eval": "train"}
    env = Mute(split="train")
    try:
        env.reset(seed=1)
    except TaskError:
        empty_split = "train"
    else:
        empty_split = empty["train"]
    with pytest.raises(TaskError, match="too few distinct prompts"):
        Mute(split=empty_split).reset(seed=1)
    assert Mute(split="all").reset(seed=1)[0] == "?"


def test_a_deep_copy_is_a_fork(env: Count) -> None:
    twin = copy.deepcopy(env)
    assert twin.step("1")[0] == "next"
    assert env.turns == 0
