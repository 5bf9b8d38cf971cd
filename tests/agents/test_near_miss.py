"""Answers that look right and are not."""

from __future__ import annotations

import json
import statistics
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.near_miss import near_miss
from assaygym.agents.policy import SamplingParams
from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import OraclePolicy
from assaygym.envs.core import Env, Reply
from assaygym.envs.registration import all_specs, make
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import call, tool
from assaygym.types import Message, Score, Task, Verdict

PURE = ["ChainSum", "Countdown", "Reverse", "WordProblem", "OutputPrediction", "Sql", "StackVM", "Manufactoria"]


class Asked(Env):
    """Is right about whatever `right` accepts."""

    def __init__(self, right: Any) -> None:
        super().__init__("test/asked-v0", split="all")
        self.right = right
        self.reset(seed=0)

    def _pose(self, rng: Any) -> Task[Any]:
        return Task(id="t", prompt=(Message(role="user", content="?"),), answer="")

    def _reply(self, action: Message) -> Reply:
        return Reply(score=self.right(action.content))

    def __deepcopy__(self, memo: Any) -> Asked:
        return Asked(self.right)


def scored(accepted: set[str]) -> Any:
    return lambda said: Score.of(said in accepted)


def misses(right: str, accepted: set[str] | None = None) -> set[str]:
    env = Asked(scored(accepted or {right}))
    return {missed(env, right, seed) for seed in range(60)}


def missed(env: Env, right: str, seed: int) -> str:
    miss = near_miss(env, right, Random(seed))
    assert miss is not None
    return miss.text


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (r"So \boxed{7}.", {r"So \boxed{6}.", r"So \boxed{8}."}),
        (r"7 + 5 is \boxed{12}", {r"7 + 5 is \boxed{11}", r"7 + 5 is \boxed{13}", r"7 + 5 is \boxed{21}"}),
        ("2 and 3\n#### 5", {"2 and 3\n#### 4", "2 and 3\n#### 6"}),
        ("<answer>ab</answer> 1", {"<answer>ba</answer> 1"}),
        ("1 is:\n```python\nx < y\n```", {"1 is:\n```python\nx > y\n```"}),
        ("one two", {"two one", "noe two", "oen two", "one wto", "one tow"}),
    ],
)
def test_a_near_miss_is_one_small_mistake_in_the_answer(right: str, expected: set[str]) -> None:
    assert misses(right) <= expected
    assert len(misses(right)) >= min(2, len(expected))


def test_what_is_right_after_all_is_not_said() -> None:
    assert misses(r"\boxed{7}", {r"\boxed{7}", r"\boxed{8}"}) == {r"\boxed{6}"}


def test_what_cannot_be_judged_is_not_said() -> None:
    env = Asked(lambda said: Score.invalid("died") if "8" in said else Score.of(said == "7"))
    assert {missed(env, "7", seed) for seed in range(20)} == {"6"}


def test_partial_credit_is_a_miss_and_full_marks_are_not() -> None:
    env = Asked(lambda said: Score(value=0.5, verdict=Verdict.PARTIAL) if "8" in said else Score.of(True))
    assert {missed(env, "7", seed) for seed in range(20)} <= {"8", ""}


def test_where_everything_but_silence_is_right_it_is_silent() -> None:
    env = Asked(lambda said: Score.of(said != ""))
    assert missed(env, "7", 0) == ""


def test_where_everything_is_right_there_is_no_near_miss() -> None:
    assert near_miss(Asked(lambda said: Score.of(True)), "7", Random(0)) is None


@given(st.text(max_size=30), st.integers(0, 99))
def test_a_near_miss_is_found_for_any_text_and_never_the_text_itself(right: str, seed: int) -> None:
    env = Asked(lambda said: Score.of(said.strip() == right.strip() and right.strip() != ""))
    assert missed(env, right, seed).strip() != right.strip() or not right.strip()


class Till(ToolEnv):
    """Use the tool."""

    def setup(self, rng: Any) -> str:
        self.paid: list[Any] = []
        return "Pay 5 to Ada at once."

    @tool
    def pay(self, amount: int, to: str, at_once: bool = False) -> str:
        """Pay."""
        self.paid.append((amount, to, at_once))
        return "ok"

    def verify(self) -> bool:
        return self.paid == [(5, "Ada", True)]

    def solve(self) -> Any:
        yield call("pay", amount=5, to="Ada", at_once=True)
        yield "Paid."


def first_turns() -> list[str]:
    env = Till(split="all")
    env.reset(seed=1)
    return [missed(env, env.fork(1)[0].oracle_action(), seed) for seed in range(60)]


def test_a_call_has_one_argument_changed_and_still_reads_as_a_call() -> None:
    env = Till(split="all")
    calls = [env.parse_action(text).tool_calls for text in first_turns()]
    found = [json.loads(made[0].arguments) for made in calls if made]
    right = {"amount": 5, "to": "Ada", "at_once": True}
    assert {sum(row[name] != right[name] for name in right) for row in found} == {1}
    assert {name for row in found for name in right if row[name] != right[name]} == set(right)


def test_the_final_answer_may_come_too_early() -> None:
    assert 1 <= first_turns().count("Paid.") <= 30


def test_the_environment_is_left_as_it_was() -> None:
    env = Till(split="all")
    env.reset(seed=1)
    near_miss(env, env.fork(1)[0].oracle_action(), Random(0))
    assert (env.paid, env.turns) == ([], 0)
    assert '"amount": 5' in env.oracle_action()


def mean_reward(name: str, noise: float, episodes: int) -> float:
    env, policy = make(f"assay/{name}-v0"), OraclePolicy(noise, seed=3)
    params = SamplingParams(seed=5)
    return statistics.fmean(rollout(env, policy, seed=s, params=params, strict=True).reward for s in range(episodes))


@pytest.mark.parametrize("name", PURE)
def test_a_near_miss_is_never_right_by_accident(name: str) -> None:
    assert mean_reward(name, 1.0, 12) == 0


@pytest.mark.parametrize("name", ["ChainSum", "Countdown", "Reverse"])
def test_the_expected_reward_is_one_less_the_noise(name: str) -> None:
    assert mean_reward(name, 0.2, 300) == pytest.approx(0.8, abs=0.07)


SEVERAL = [spec.id for spec in all_specs() if spec.id.startswith("assay/") and spec.max_turns > 1]
DEAR = {"assay/MiniRepo-v0"}
QUICK = {"assay/Calculator-v0", "assay/Shop-v0", "assay/TicTacToe-v0"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in DEAR else []) for name in SEVERAL]
)
def test_where_there_are_several_turns_every_failing_episode_ends_wrong(name: str) -> None:
    env, policy = make(name), OraclePolicy(1.0, seed=3)
    rewards = [rollout(env, policy, seed=seed, strict=True).reward for seed in range(25 if name in QUICK else 2)]
    assert max(rewards) < 1


@pytest.mark.parametrize("name", sorted(QUICK))
def test_the_share_of_failing_episodes_is_the_noise_whatever_the_number_of_turns(name: str) -> None:
    env, policy = make(name), OraclePolicy(0.3, seed=3)
    found = [rollout(env, policy, seed=s, params=SamplingParams(seed=s), strict=True) for s in range(150)]
    assert sum(each.reward < 1 for each in found) / 150 == pytest.approx(0.3, abs=0.12)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [spec.id for spec in all_specs() if spec.id.startswith("assay/") and spec.max_turns == 1]
)
def test_no_shipped_environment_of_one_turn_pays_for_a_near_miss(name: str) -> None:
    env, policy = make(name), OraclePolicy(1.0, seed=1)
    trajectories = [rollout(env, policy, seed=seed, strict=True) for seed in range(20)]
    assert [t.reward for t in trajectories] == [0.0] * 20
    assert sum(t.turns[0].completion.message.content == "" for t in trajectories) == 0
