"""A product, with a calculator that may be asked once."""

import re

import pytest

from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import ScriptedPolicy
from assaygym.envs.core import Env
from assaygym.envs.registration import make
from assaygym.errors import ConfigError


def asked(one: int, other: int) -> Env:
    """An environment that has just put this question."""
    env = make("assay/Calculator-v0", terse=True)
    for seed in range(100_000):
        if env.reset(seed=seed)[0] == f"{one}*{other}?":
            return env
    raise AssertionError("no seed puts this question")


@pytest.fixture(scope="module")
def question() -> Env:
    return asked(37, 84)


@pytest.fixture
def env(question: Env) -> Env:
    return question.fork(1)[0]


def test_a_call_is_answered_and_the_number_alone_is_the_answer(env: Env) -> None:
    observation, reward, terminated, truncated, info = env.step("C37*84;")
    assert (observation, reward, terminated, truncated) == ("3108|", 0.0, False, False)
    assert (info["tool_calls"], info["tool_errors"]) == (1, 0)
    assert env.step("3108")[1:4] == (1.0, True, False)


@pytest.mark.parametrize("said", ["3108", r"\boxed{3108}", " 3108\n", "Answer: 3108"])
def test_who_knows_the_product_needs_no_call(env: Env, said: str) -> None:
    assert env.step(said)[1:4] == (1.0, True, False)


@pytest.mark.parametrize(
    "said",
    [
        "", "3108|", "3,108", "31080", "3108 3107", "3107 or 3108", "37*84", "37*84=3108", "C37*84; 3108", "C37*84",
        "c37*84;", "C37*84;C37*84;", "C37+84;", "C37*84*1;", "C-37*84;", "C３７*84;", "C1234567890*1;", "٣١٠٨", "03108",
        "3108.0",
    ],
)  # fmt: skip
def test_what_is_neither_a_call_nor_the_number_is_a_wrong_answer(env: Env, said: str) -> None:
    assert env.step(said)[1:4] == (0.0, True, False)


@pytest.mark.parametrize("said", ["C37*84;", "3108|", "", "37*84?"])
def test_the_second_turn_is_always_the_answer(env: Env, said: str) -> None:
    env.step("C37*84;")
    assert env.step(said)[1:4] == (0.0, True, False)


def test_the_calculator_multiplies_what_it_is_given_whatever_was_asked(env: Env) -> None:
    assert env.step(" C999999999*999999999;\n")[0] == "999999998000000001|"


def test_a_call_earns_and_costs_nothing() -> None:
    for calls in ([], ["C12*34;"]):
        env = make("assay/Calculator-v0")
        env.reset(seed=5)
        right = str(env.task.answer)  # type: ignore[union-attr]
        assert rollout(env, ScriptedPolicy([*calls, right]), seed=5).reward == 1.0
        assert rollout(env, ScriptedPolicy([*calls, right[::-1] + "7"]), seed=5).reward == 0.0


def test_one_turn_is_too_few_for_a_call() -> None:
    env = make("assay/Calculator-v0", max_turns=1)
    env.reset(seed=1)
    assert env.step("C12*34;")[1:4] == (0.0, False, True)


@pytest.mark.parametrize("level", range(5))
def test_the_numbers_have_as_many_digits_as_the_level_says(level: int) -> None:
    env = make("assay/Calculator-v0", level=level, terse=True)
    for seed in range(200):
        prompt, _ = env.reset(seed=seed)
        assert re.fullmatch(rf"[0-9]{{{level + 2}}}\*[0-9]{{{level + 2}}}\?", prompt)
        one, other = map(int, prompt.rstrip("?").split("*"))
        assert env.task is not None
        assert env.task.answer == str(one * other)
        assert env.task.answer not in prompt


def test_the_rules_are_told_unless_the_prompt_is_to_be_terse() -> None:
    told, terse = (make("assay/Calculator-v0", terse=terse).reset(seed=0)[1]["messages"] for terse in (False, True))
    assert [message.role for message in told] == ["system", "user"]
    assert [message.role for message in terse] == ["user"]
    assert "C12*34;" in told[0].content


def test_a_terse_that_is_no_truth_value_is_refused() -> None:
    with pytest.raises(ConfigError, match="terse 'yes'; expected"):
        make("assay/Calculator-v0", terse="yes")
