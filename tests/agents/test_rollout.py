"""One episode: a policy meets an environment."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import pytest

from assaygym.agents.live import derived_seed
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import ConstantPolicy, OraclePolicy, ScriptedPolicy
from assaygym.envs.core import Env
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import call, tool
from assaygym.errors import ContextOverflowError, PolicyError, TaskError
from assaygym.types import Completion, Message, Score, StopReason, ToolCall, Trajectory, Verdict

MakeEnv = Callable[..., Any]


class Recorder:
    """Keeps what it was asked; answers through a function, or raises what that returns."""

    name = "recorder"

    def __init__(self, answer: Callable[[Prompt], Completion | Exception] = lambda prompt: said("right")) -> None:
        self.answer = answer
        self.prompts: list[Prompt] = []
        self.params: list[SamplingParams] = []

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        self.prompts += prompts
        self.params.append(params)
        answers = [self.answer(prompt) for prompt in prompts]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return [answer for answer in answers if isinstance(answer, Completion)]


def sampled(count: int) -> Completion:
    return Completion(message=Message(role="assistant", content="more"), token_ids=tuple(range(count)))


class Calculator(ToolEnv):
    """Use the tool."""

    def setup(self, rng: Any) -> str:
        self.sums: list[int] = []
        return "Add 2 and 3 with the tool."

    @tool
    def add(self, a: int, b: int) -> int:
        """Add two numbers."""
        self.sums.append(a + b)
        return a + b

    def verify(self) -> bool:
        return self.sums == [5]

    def solve(self) -> Any:
        yield call("add", a=2, b=3)
        yield "5"


def test_a_right_answer_completes_with_its_score(dialogue: MakeEnv) -> None:
    trajectory = rollout(dialogue(), ConstantPolicy("right"), seed=7)
    assert trajectory.stop_reason is StopReason.COMPLETED
    assert trajectory.reward == 1.0
    assert trajectory.score is not None
    assert trajectory.score.verdict is Verdict.CORRECT
    assert trajectory.error is None


def test_the_trajectory_says_which_episode_it_was(dialogue: MakeEnv) -> None:
    env = dialogue()
    trajectory = rollout(env, OraclePolicy(), seed=7)
    assert (trajectory.env_id, trajectory.seed, trajectory.split) == ("test/dialogue-v0", 7, "all")
    assert trajectory.task_id == env.task.id


def test_without_a_seed_the_drawn_one_is_recorded_and_repeats_the_task(dialogue: MakeEnv) -> None:
    first = rollout(dialogue(), OraclePolicy())
    again = rollout(dialogue(), OraclePolicy(), seed=first.seed)
    assert again.task_id == first.task_id


def test_each_turn_holds_only_what_was_new_to_the_agent(dialogue: MakeEnv) -> None:
    trajectory = rollout(dialogue(turns=3), ScriptedPolicy(["a", "b", "right"]), seed=1)
    assert [[m.role for m in turn.observation] for turn in trajectory.turns] == [["system", "user"], ["user"], ["user"]]
    assert trajectory.turns[1].observation[0].content == "Go on after 'a'."
    assert [turn.reward for turn in trajectory.turns] == [0.0, 0.0, 1.0]
    assert trajectory.turns[2].info == {"length": 5}


def test_the_policy_is_shown_the_whole_conversation_and_its_own_last_turn(dialogue: MakeEnv) -> None:
    policy = Recorder(lambda prompt: said("ab"[prompt.turn] if prompt.turn < 2 else "right"))
    env = dialogue(turns=3)
    rollout(env, policy, seed=1, strict=True)
    third = policy.prompts[2]
    assert [m.role for m in third.messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert [m.content for m in third.messages][2::2] == ["a", "b"]
    assert third.previous is not None
    assert third.previous.message.content == "b"
    assert third.observation == third.messages[-1:]
    assert (third.turn, third.env) == (2, env)
    assert policy.prompts[0].previous is None
    assert policy.prompts[0].observation == policy.prompts[0].messages


def test_the_reasoning_of_a_turn_stays_in_the_conversation(dialogue: MakeEnv) -> None:
    answer = Completion(message=Message(role="assistant", content="a", reasoning="because"))
    policy = Recorder(lambda prompt: said("right") if prompt.turn else answer)
    rollout(dialogue(turns=2), policy, seed=1, strict=True)
    assert policy.prompts[1].messages[2] == answer.message


def test_text_tool_calls_and_structured_ones_play_the_same() -> None:
    structured = Completion(
        message=Message(
            role="assistant", content="", tool_calls=(ToolCall(id="x", name="add", arguments='{"a": 2, "b": 3}'),)
        ),
        finish_reason="tool_calls",
    )
    policy = Recorder(lambda prompt: said("5") if prompt.turn else structured)
    by_structure = rollout(Calculator(split="all"), policy, seed=1, strict=True)
    by_text = rollout(Calculator(split="all"), OraclePolicy(), seed=1, strict=True)
    assert by_structure.reward == by_text.reward == 1.0
    assert [t.observation for t in by_structure.turns] == [t.observation for t in by_text.turns]
    assert [spec.name for spec in policy.prompts[0].tools] == ["add"]
    answered = policy.prompts[1].messages[-2:]
    assert answered[0].tool_calls[0].id == answered[1].tool_call_id


@pytest.mark.parametrize(
    "wrap",
    [
        gymnasium.wrappers.OrderEnforcing,
        gymnasium.wrappers.PassiveEnvChecker,
        lambda env: gymnasium.wrappers.TimeLimit(env, max_episode_steps=50),
        lambda env: gymnasium.wrappers.TransformReward(env, lambda reward: float(reward) / 2),
    ],
)
def test_an_environment_in_gymnasium_wrappers_plays_the_same(dialogue: MakeEnv, wrap: Callable[..., Any]) -> None:
    wrapped = rollout(wrap(dialogue(turns=2)), OraclePolicy(), seed=3, strict=True)
    bare = rollout(dialogue(turns=2), OraclePolicy(), seed=3, strict=True)
    assert (wrapped.task_id, wrapped.score) == (bare.task_id, bare.score)
    assert len(wrapped.turns) == 2


def test_the_reward_is_what_the_outermost_wrapper_gives(dialogue: MakeEnv) -> None:
    env = gymnasium.wrappers.TransformReward(dialogue(), lambda reward: float(reward) / 2)
    assert rollout(env, OraclePolicy(), seed=3).reward == 0.5


def test_a_limit_of_turns_is_the_stop_reason(dialogue: MakeEnv) -> None:
    trajectory = rollout(dialogue(turns=9, max_turns=2), ConstantPolicy("a"), seed=1)
    assert trajectory.stop_reason is StopReason.MAX_TURNS
    assert len(trajectory.turns) == 2
    assert trajectory.score is not None


def test_the_token_budget_is_shared_by_the_turns(dialogue: MakeEnv) -> None:
    policy = Recorder(lambda prompt: sampled(40))
    trajectory = rollout(
        dialogue(turns=9), policy, seed=1, max_tokens=100, params=SamplingParams(max_tokens=50), strict=True
    )
    assert [params.max_tokens for params in policy.params] == [50, 50, 20]
    assert trajectory.stop_reason is StopReason.MAX_TOKENS
    assert trajectory.score is None
    assert len(trajectory.turns) == 3


def test_log_probabilities_without_ids_count_as_tokens(dialogue: MakeEnv) -> None:
    answer = Completion(message=Message(role="assistant", content="a"), logprobs=(-1.0,) * 10)
    trajectory = rollout(dialogue(turns=9), Recorder(lambda prompt: answer), seed=1, max_tokens=10)
    assert (trajectory.stop_reason, len(trajectory.turns)) == (StopReason.MAX_TOKENS, 1)


def test_an_answer_after_the_deadline_is_kept_and_not_played(dialogue: MakeEnv) -> None:
    def slow(prompt: Prompt) -> Completion:
        time.sleep(0.03)
        return said("right")

    trajectory = rollout(dialogue(), Recorder(slow), seed=1, timeout=0.01)
    assert trajectory.stop_reason is StopReason.TIMEOUT
    assert (trajectory.score, trajectory.reward) == (None, 0.0)
    assert trajectory.turns[0].completion.message.content == "right"


def test_a_full_context_is_a_stop_reason_and_not_an_error(dialogue: MakeEnv) -> None:
    policy = Recorder(lambda prompt: ContextOverflowError("too long") if prompt.turn else said("a"))
    trajectory = rollout(dialogue(turns=3), policy, seed=1, strict=True)
    assert trajectory.stop_reason is StopReason.CONTEXT_OVERFLOW
    assert trajectory.error == "too long"
    assert (len(trajectory.turns), trajectory.reward) == (1, 0.0)


@pytest.mark.parametrize(
    ("fault", "text"),
    [(PolicyError("server is gone"), "server is gone"), (ZeroDivisionError("oops"), "ZeroDivisionError: oops")],
)
def test_a_policy_that_raises_is_an_error_and_never_a_zero(dialogue: MakeEnv, fault: Exception, text: str) -> None:
    trajectory = rollout(dialogue(turns=2), Recorder(lambda prompt: fault if prompt.turn else said("a")), seed=1)
    assert (trajectory.stop_reason, trajectory.error) == (StopReason.ERROR, text)
    assert trajectory.reward != trajectory.reward  # NaN
    assert len(trajectory.turns) == 1


@pytest.mark.parametrize("given", [[], [said("right"), said("wrong")], None, ["right"], said("right")])
def test_a_policy_that_answers_with_anything_but_one_completion_is_told(dialogue: MakeEnv, given: Any) -> None:
    policy = Recorder()
    policy.generate = lambda prompts, params: given  # type: ignore[method-assign]
    trajectory = rollout(dialogue(), policy, seed=1)
    assert (trajectory.stop_reason, trajectory.turns) == (StopReason.ERROR, ())
    assert "recorder.generate answered one prompt with" in (trajectory.error or "")


def test_an_environment_that_raises_in_a_step_is_an_error(dialogue: MakeEnv) -> None:
    trajectory = rollout(dialogue(turns=3, faults={1: OSError("disk")}), ConstantPolicy("a"), seed=1)
    assert (trajectory.stop_reason, trajectory.error) == (StopReason.ERROR, "OSError: disk")
    assert len(trajectory.turns) == 1


def test_a_task_that_cannot_be_posed_is_an_error_with_its_seed(
    dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Env, rng: Any) -> Any:
        raise KeyError("column")

    env = dialogue()
    monkeypatch.setattr(type(env), "_pose", broken)
    trajectory = rollout(env, OraclePolicy(), seed=11)
    assert (trajectory.stop_reason, trajectory.seed, trajectory.turns) == (StopReason.ERROR, 11, ())
    assert "raised KeyError: 'column'" in str(trajectory.error)


def test_strict_raises_what_failed(dialogue: MakeEnv) -> None:
    with pytest.raises(TaskError, match="has no further action"):
        rollout(dialogue(turns=1, max_turns=5), Recorder(lambda p: TaskError("has no further action")), strict=True)


def test_an_interrupt_passes_through(dialogue: MakeEnv) -> None:
    def interrupted(prompt: Prompt) -> Completion:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rollout(dialogue(), Recorder(interrupted), seed=1)


def test_an_invalid_verdict_is_a_reward_of_nan_and_no_error(dialogue: MakeEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    def invalid(self: Env, action: Message) -> Any:
        raise OSError("grader died")

    env = dialogue()
    monkeypatch.setattr(type(env), "_reply", invalid)
    trajectory = rollout(env, ConstantPolicy("right"), seed=1)
    assert trajectory.stop_reason is StopReason.COMPLETED
    assert isinstance(trajectory.score, Score)
    assert trajectory.score.verdict is Verdict.INVALID
    assert trajectory.reward != trajectory.reward


def seeds_of(make: MakeEnv, seed: int | None) -> list[int | None]:
    policy = Recorder(lambda prompt: said("a"))
    rollout(make(turns=3), policy, seed=1, params=SamplingParams(seed=seed), strict=True)
    return [params.seed for params in policy.params]


def test_each_turn_samples_with_a_seed_of_its_own(dialogue: MakeEnv) -> None:
    assert seeds_of(dialogue, 5) == seeds_of(dialogue, 5)
    assert len(set(seeds_of(dialogue, 5))) == 3
    assert not set(seeds_of(dialogue, 5)) & set(seeds_of(dialogue, 6))
    assert seeds_of(dialogue, None) == [None] * 3


def test_a_derived_seed_is_the_same_in_every_process() -> None:
    assert derived_seed(1, "task", 2) == 257417502
    assert derived_seed(1, "task", 3) != derived_seed(1, "task", 2)


def test_a_halted_episode_ends_before_its_next_turn(dialogue: MakeEnv) -> None:
    asked = iter([None, StopReason.MAX_TOKENS])
    trajectory: Trajectory = rollout(dialogue(turns=5), ConstantPolicy("a"), seed=1, halted=lambda: next(asked))
    assert (trajectory.stop_reason, len(trajectory.turns)) == (StopReason.MAX_TOKENS, 1)
