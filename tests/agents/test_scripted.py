"""Policies without a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.agents.scripted import (
    ConstantPolicy,
    EchoPolicy,
    NullPolicy,
    OraclePolicy,
    RandomPolicy,
    ScriptedPolicy,
)
from assaygym.envs.core import Env
from assaygym.errors import ConfigError, PolicyError, TaskError
from assaygym.types import Message

PARAMS = SamplingParams()
ASK = (Message(role="user", content="2 + 2?"),)
MakeEnv = Callable[..., Env]


def text(policy: Policy, prompt: Prompt, params: SamplingParams = PARAMS) -> str:
    (completion,) = policy.generate([prompt], params)
    assert completion.message.role == "assistant"
    assert completion.finish_reason == "stop"
    assert completion.token_ids == ()
    return completion.message.content


def started(make: MakeEnv, seed: int = 0, **options: int) -> Env:
    env = make(**options)
    env.reset(seed=seed)
    return env


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_a_script_answers_by_turn(turn: int) -> None:
    assert text(ScriptedPolicy(["a", "b", "c"]), Prompt(messages=ASK, turn=turn)) == "abc"[turn]


def test_a_script_of_one_text_is_one_response_and_not_its_letters() -> None:
    assert text(ScriptedPolicy("abc"), Prompt(messages=ASK)) == "abc"


def test_a_script_that_is_too_short_says_so() -> None:
    with pytest.raises(PolicyError, match="1 responses and the episode reached turn 2"):
        ScriptedPolicy(["a"]).generate([Prompt(messages=ASK, turn=1)], PARAMS)


def test_a_script_may_be_a_function_of_the_prompt() -> None:
    policy = ScriptedPolicy(lambda prompt: prompt.messages[-1].content.upper())
    assert text(policy, Prompt(messages=(Message(role="user", content="yes"),))) == "YES"


@pytest.mark.parametrize(
    ("policy", "said"), [(NullPolicy(), ""), (EchoPolicy(), "2 + 2?"), (ConstantPolicy("42"), "42")]
)
def test_the_plain_policies_say_what_they_are_named_for(policy: Policy, said: str) -> None:
    assert text(policy, Prompt(messages=ASK)) == said


def test_every_prompt_gets_a_completion_in_order() -> None:
    prompts = [Prompt(messages=(Message(role="user", content=str(i)),)) for i in range(5)]
    assert [c.message.content for c in EchoPolicy().generate(prompts, PARAMS)] == ["0", "1", "2", "3", "4"]


def test_the_oracle_plays_the_environments_own_solution(dialogue: MakeEnv) -> None:
    env = started(dialogue, turns=2)
    assert text(OraclePolicy(), Prompt(messages=ASK, env=env)) == "more"
    env.step("more")
    assert text(OraclePolicy(), Prompt(messages=ASK, env=env, turn=1)) == "right"


def test_the_oracle_of_an_environment_without_one_is_a_task_error(
    dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = started(dialogue)
    monkeypatch.setattr(type(env), "_solve", lambda self: None)
    with pytest.raises(TaskError, match="has no oracle"):
        OraclePolicy().generate([Prompt(messages=ASK, env=env)], PARAMS)


@pytest.mark.parametrize("policy", [OraclePolicy(), RandomPolicy()])
def test_a_policy_that_plays_from_inside_refuses_a_prompt_without_environment(policy: Policy) -> None:
    with pytest.raises(PolicyError, match=f"the {policy.name} policy plays from inside an environment"):
        policy.generate([Prompt(messages=ASK)], PARAMS)


def erring(make: MakeEnv, seed: int = 0, sample: int | None = None, noise: float = 0.5) -> list[str]:
    params = SamplingParams(seed=sample)
    prompts = [Prompt(messages=ASK, env=started(make, task)) for task in range(20)]
    return [text(OraclePolicy(noise, seed), prompt, params) for prompt in prompts]


def test_a_noisy_oracle_repeats_with_its_seeds_and_differs_with_either(dialogue: MakeEnv) -> None:
    assert erring(dialogue) == erring(dialogue)
    assert len({tuple(erring(dialogue, seed, sample)) for seed in (0, 1) for sample in (None, 1)}) == 4


def test_a_noisy_oracle_does_not_depend_on_what_runs_beside(dialogue: MakeEnv) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: erring(dialogue), range(4)))
    assert runs == [erring(dialogue)] * 4


def test_a_noisy_oracle_errs_as_often_as_it_is_told(dialogue: MakeEnv) -> None:
    wrong = sum(said != "right" for sample in range(20) for said in erring(dialogue, sample=sample, noise=0.2))
    assert 0.13 < wrong / 400 < 0.27


def played(policy: OraclePolicy, env: Env, params: SamplingParams = PARAMS) -> list[str]:
    """What it says in the episode that was started."""
    said, ended = list[str](), False
    while not ended:
        said.append(text(policy, Prompt(messages=ASK, env=env, turn=env.turns), params))
        *_, terminated, truncated, _ = env.step(said[-1])
        ended = terminated or truncated
    return said


def test_a_failing_episode_has_one_mistake_at_any_turn_and_the_turn_it_displaced_comes_next(dialogue: MakeEnv) -> None:
    places = Counter[int]()
    for task in range(30):
        said = played(OraclePolicy(1.0), started(dialogue, task, turns=3))
        (miss,) = set(said) - {"more", "right"}
        places[said.index(miss)] += 1
        assert [each for each in said if each != miss] == ["more", "more"]
    assert set(places) == {0, 1, 2}


def test_as_many_episodes_of_several_turns_fail_as_it_is_told(dialogue: MakeEnv) -> None:
    policy, env, failed = OraclePolicy(0.2), dialogue(turns=3), 0
    for sample in range(200):
        env.reset(seed=sample % 20)
        failed += played(policy, env, SamplingParams(seed=sample))[-1] != "right"
    assert 0.12 < failed / 200 < 0.28


def test_an_episode_that_it_joins_late_is_not_taken_for_the_one_before(dialogue: MakeEnv) -> None:
    policy, env = OraclePolicy(1.0), started(dialogue, turns=2)
    played(policy, env)
    env.reset(seed=1)
    env.step("more")
    assert text(policy, Prompt(messages=ASK, env=env, turn=1)) != "right"


@pytest.mark.parametrize("noise", [-0.1, 1.1, float("nan")])
def test_a_noise_that_is_no_share_is_refused(noise: float) -> None:
    with pytest.raises(ConfigError, match="noise is"):
        OraclePolicy(noise)


def actions(make: MakeEnv, policy: RandomPolicy, params: SamplingParams = PARAMS) -> list[str]:
    return [text(policy, Prompt(messages=ASK, env=started(make, seed)), params) for seed in range(12)]


def test_random_actions_repeat_with_the_seed_and_differ_without(dialogue: MakeEnv) -> None:
    assert actions(dialogue, RandomPolicy(1)) == actions(dialogue, RandomPolicy(1))
    assert actions(dialogue, RandomPolicy(1)) != actions(dialogue, RandomPolicy(2))
    assert len(set(actions(dialogue, RandomPolicy(1)))) > 1


def test_random_samples_of_one_task_differ_with_the_sampling_seed(dialogue: MakeEnv) -> None:
    policy = RandomPolicy(1)
    first, second = (actions(dialogue, policy, SamplingParams(seed=seed)) for seed in (1, 2))
    assert first != second


def test_random_actions_do_not_depend_on_what_runs_beside(dialogue: MakeEnv) -> None:
    policy = RandomPolicy(3)
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: actions(dialogue, policy), range(8)))
    assert runs == [actions(dialogue, policy)] * 8


def test_a_random_action_leaves_the_environments_own_space_alone(dialogue: MakeEnv) -> None:
    env = started(dialogue)
    env.action_space.seed(5)
    expected = env.action_space.np_random.bit_generator.state
    text(RandomPolicy(), Prompt(messages=ASK, env=env))
    assert env.action_space.np_random.bit_generator.state == expected
