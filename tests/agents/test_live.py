"""A running episode and its forks."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import pytest

from assaygym.agents.live import LiveEpisode, derived_seed, sampled_tokens
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.agents.scripted import ConstantPolicy, ScriptedPolicy
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import tool
from assaygym.errors import ContextOverflowError, SandboxError
from assaygym.types import Completion, Message, StopReason, ToolCall, Trajectory

MakeEnv = Callable[..., Any]


class Seeds:
    """Keeps the seeds that it is asked to sample with."""

    name = "seeds"

    def __init__(self) -> None:
        self.seen: list[int | None] = []

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        self.seen.append(params.seed)
        return [said("a")]


class Counting(gymnasium.Wrapper[str, str, str, str]):
    """Has a state of its own: the actions it has passed on."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.actions: list[str] = []

    def step(self, action: str) -> Any:
        self.actions.append(action)
        return self.env.step(action)


def started(env: Any, **options: Any) -> LiveEpisode:
    live = LiveEpisode(env, id="t/0", **options)
    live.start(seed=3)
    return live


def forked_at(live: LiveEpisode, turn: int, policy: Any = None) -> tuple[LiveEpisode, Trajectory]:
    """A fork made before the environment saw the completion of this turn, and the original's record."""
    forks = []

    def watch(live: LiveEpisode, completion: Completion) -> None:
        if len(live.turns) == turn:
            forks.append(live.fork())

    trajectory = live.play(policy or ConstantPolicy("a"), watch=watch, strict=True)
    return forks[0], trajectory


def uncopied(env: Any) -> Any:
    """The environment, whose copy fails as that of a session that has gone."""

    def fork(n: int) -> Any:
        raise SandboxError("the session is gone")

    env.fork = fork
    return env


def test_a_fork_goes_on_from_the_turn_it_was_made_at(dialogue: MakeEnv) -> None:
    fork, original = forked_at(started(dialogue(turns=3)), 1)
    played = fork.play(ScriptedPolicy(["x", "b", "right"]), strict=True)
    assert (fork.id, fork.parent, played.parent) == ("t/0.1", ("t/0", 1), ("t/0", 1))
    assert played.turns[0] is original.turns[0]
    assert [turn.completion.message.content for turn in played.turns] == ["a", "b", "right"]
    assert (original.reward, played.reward) == (0.0, 1.0)
    assert (played.task_id, played.seed, played.env_id) == (original.task_id, original.seed, original.env_id)


def test_a_fork_shares_no_state_with_the_original(dialogue: MakeEnv) -> None:
    live = started(Counting(dialogue(turns=3)))
    live.notes["path"] = ["root"]
    fork, _ = forked_at(live, 1)
    fork.notes["path"].append("fork")
    assert live.notes == {"path": ["root"]}
    assert (len(live.turns), len(fork.turns)) == (3, 1)
    assert len(fork.conversation) == 4
    assert isinstance(fork.env, Counting)
    assert isinstance(live.env, Counting)
    assert (fork.env.actions, live.env.actions) == (["a"], ["a"] * 3)
    assert fork.core is fork.env.unwrapped
    assert fork.core is not live.core
    assert (fork.core.turns, live.core.turns) == (1, 3)


def test_a_wrapped_environment_is_copied_by_its_own_fork(dialogue: MakeEnv) -> None:
    env = dialogue(turns=2)
    given = copy.deepcopy(env)
    live = started(Counting(env))
    env.fork = lambda n: [given]
    assert live.fork().core is given


def test_a_copy_that_fails_in_a_wrapper_leaves_no_environment_open(dialogue: MakeEnv) -> None:
    class Stubborn(Counting):
        def __deepcopy__(self, memo: Any) -> Any:
            raise SandboxError("not this one")

    env = dialogue(turns=2)
    given = copy.deepcopy(env)
    env.fork = lambda n: [given]
    assert isinstance(started(Stubborn(env)).fork().fault, SandboxError)
    assert given.closed


def test_forks_sample_with_seeds_of_their_own_that_repeat(dialogue: MakeEnv) -> None:
    def seeds() -> list[list[int | None]]:
        live = started(dialogue(turns=2), params=SamplingParams(seed=7))
        played = []
        for one in (live.fork(), live.fork(), live.fork().fork(), live):
            policy = Seeds()
            one.play(policy, strict=True)
            played.append(policy.seen)
        return played

    first = seeds()
    assert len({seed for seen in first for seed in seen}) == 8
    assert seeds() == first
    assert derived_seed(7, 0) == first[-1][0]


def test_without_a_seed_forks_have_none(dialogue: MakeEnv) -> None:
    assert started(dialogue()).fork().params.seed is None


def test_ids_of_forks_tell_their_line(dialogue: MakeEnv) -> None:
    live = started(dialogue())
    first, second = live.fork(), live.fork()
    assert [first.id, second.id, second.fork().id, first.fork().id] == ["t/0.1", "t/0.2", "t/0.2.1", "t/0.1.1"]


@pytest.mark.alone
def test_a_fork_has_the_time_that_was_left_and_uses_it_up_only_while_it_plays(dialogue: MakeEnv) -> None:
    def slow(prompt: Prompt) -> str:
        time.sleep(0.02)
        return "a"

    fork, original = forked_at(started(dialogue(turns=2), timeout=0.5), 1, ScriptedPolicy(slow))
    assert original.stop_reason is StopReason.COMPLETED
    assert 0 < fork.seconds_left < 0.5 - 0.02
    time.sleep(0.6)
    assert fork.play(ConstantPolicy("a")).stop_reason is StopReason.COMPLETED


def test_a_fork_has_the_tokens_that_were_left_before_the_turn(dialogue: MakeEnv) -> None:
    class Ten(Seeds):
        def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
            tokens = tuple(range(min(10, params.max_tokens)))
            return [Completion(message=Message(role="assistant", content="a"), token_ids=tokens)]

    live = started(dialogue(turns=9), max_tokens=25)
    fork, original = forked_at(live, 1, Ten())
    assert (fork.spent, live.spent) == (10, 25)
    played = fork.play(Ten())
    assert (original.stop_reason, played.stop_reason) == (StopReason.MAX_TOKENS,) * 2
    assert [len(turn.completion.token_ids) for turn in played.turns] == [10, 10, 5]


def test_a_fork_that_cannot_be_made_is_a_failed_record_and_the_original_goes_on(dialogue: MakeEnv) -> None:
    fork, original = forked_at(started(uncopied(dialogue(turns=2))), 1)
    assert original.stop_reason is StopReason.COMPLETED
    failed = fork.play(ConstantPolicy("a"))
    assert (failed.stop_reason, failed.id, failed.parent) == (StopReason.ERROR, "t/0.1", ("t/0", 1))
    assert failed.error == "the fork failed: the session is gone"
    assert failed.reward != failed.reward  # NaN
    assert len(failed.turns) == 1


def test_closing_a_fork_that_cannot_be_made_leaves_the_original_open(dialogue: MakeEnv) -> None:
    live = started(uncopied(dialogue(turns=2)))
    live.fork().env.close()
    assert not live.core.closed  # type: ignore[attr-defined]


def test_a_fork_of_a_fork_that_cannot_be_made_cannot_either(dialogue: MakeEnv) -> None:
    twice = started(uncopied(dialogue())).fork().fork()
    assert (twice.id, twice.play(ConstantPolicy("a")).error) == ("t/0.1.1", "the fork failed: the session is gone")


def test_strict_raises_why_a_fork_cannot_be_made(dialogue: MakeEnv) -> None:
    with pytest.raises(SandboxError, match="session is gone"):
        started(uncopied(dialogue())).fork().play(ConstantPolicy("a"), strict=True)


def test_an_answer_that_comes_late_is_not_shown_to_who_watches(dialogue: MakeEnv) -> None:
    def slow(prompt: Prompt) -> str:
        time.sleep(0.03)
        return "a"

    seen: list[Completion] = []
    live = started(dialogue(turns=3), timeout=0.01)
    trajectory = live.play(ScriptedPolicy(slow), watch=lambda live, completion: seen.append(completion))
    assert (trajectory.stop_reason, len(trajectory.turns), seen) == (StopReason.TIMEOUT, 1, [])


def test_a_context_that_overflows_at_the_first_turn_ends_the_episode_without_one(dialogue: MakeEnv) -> None:
    def full(prompt: Prompt) -> str:
        raise ContextOverflowError("4,100 tokens, the context has 4,096")

    trajectory = started(dialogue()).play(ScriptedPolicy(full), strict=True)
    assert (trajectory.stop_reason, trajectory.turns, trajectory.reward) == (StopReason.CONTEXT_OVERFLOW, (), 0.0)


@pytest.mark.parametrize(
    ("ids", "logprobs", "count"), [((), None, 0), ((1, 2), None, 2), ((), (-1.0,), 1), ((1,), (-1.0, -2.0), 2)]
)
def test_tokens_are_counted_by_ids_or_log_probabilities(ids: Any, logprobs: Any, count: int) -> None:
    message = Message(role="assistant", content="")
    assert sampled_tokens(Completion(message=message, token_ids=ids, logprobs=logprobs)) == count


def test_a_hint_ends_the_prompt(dialogue: MakeEnv) -> None:
    live = LiveEpisode(dialogue())
    live.start(seed=1, hint=lambda env: f" Hint: {env.task.answer if env.task else ''}.")
    assert live.conversation[-1].content.endswith("? Hint: right.")


class Ear(ToolEnv):
    """You listen."""

    def setup(self, rng: Any) -> str:
        return "What do you hear?"

    @tool
    def listen(self, where: str) -> str:
        """Listen."""
        return "rain"

    def verify(self) -> bool:
        return True


HEARD = '<tool_call>{"name": "listen", "arguments": {"where": "roof"}}</tool_call>'


def test_a_turn_keeps_the_calls_that_the_environment_read_out_of_its_text() -> None:
    first, last = started(Ear(split="all")).play(ScriptedPolicy([f"Hush.\n{HEARD}", "Rain."]), strict=True).turns
    call = ToolCall(id="call_0_0", name="listen", arguments='{"where": "roof"}')
    assert first.completion.message.content == f"Hush.\n{HEARD}"
    assert first.action == Message(role="assistant", content="Hush.", tool_calls=(call,))
    assert (first.info["tool_calls"], "action" in first.info, last.action) == (1, False, None)


def test_a_turn_whose_answer_was_read_as_it_stands_keeps_no_second_copy_whatever_was_thought() -> None:
    answer = Completion(message=Message(role="assistant", content="Rain.", reasoning="I listen."))
    live = started(Ear(split="all"))
    live.take(answer)
    assert (live.turns[0].action, live.conversation[-1].reasoning) == (None, "I listen.")


def test_what_the_environment_read_is_no_part_of_what_makes_two_turns_equal() -> None:
    (turn, _) = started(Ear(split="all")).play(ScriptedPolicy([HEARD, "Rain."]), strict=True).turns
    assert turn.action is not None
    assert dataclasses.replace(turn, action=None) == turn
