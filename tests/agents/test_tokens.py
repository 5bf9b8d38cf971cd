"""Token segments: what was fed stays, what was sampled is marked, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaygym.agents.batch import make_batch
from assaygym.agents.chat import Chat
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.rollout import rollout
from assaygym.agents.tokens import TokenSegment, mask_of, row_ids, token_rows
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import tool
from assaygym.types import Completion, Message, StopReason, Trajectory, Turn

Bpe = Callable[[str], Any]


class Adder(ToolEnv):
    """You add numbers."""

    def setup(self, rng: Any) -> str:
        return f"Add {rng.randint(1, 9)} and 2."

    @tool
    def add(self, a: int, b: int) -> str:
        """Add two numbers."""
        return f"\n{a + b}\n" if a < 5 else f" {a + b} <|im_end|>"

    def verify(self) -> bool:
        return True


class TokenPolicy:
    """Says what a script says, as ids: each text whole or letter by letter, with or without an end."""

    name = "tokens"

    def __init__(self, chat: Chat, script: Sequence[tuple[str, bool, bool]]) -> None:
        self.chat, self.script = chat, script

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        return [self._turn(prompt) for prompt in prompts]

    def _turn(self, prompt: Prompt) -> Completion:
        text, by_letter, ends = self.script[prompt.turn] if prompt.turn < len(self.script) else ("Done.", False, True)
        ids = tuple(i for part in (text if by_letter else [text]) for i in self.chat.encode(part))
        ids += (self.chat.closing_ids[0],) if ends or not ids else ()
        return Completion(
            message=Message(role="assistant", content=decoded(self.chat, ids)),
            prompt_ids=self.chat.prompt_ids(prompt),
            token_ids=ids,
            logprobs=tuple(-0.5 for _ in ids),
        )


def decoded(chat: Chat, ids: Sequence[int]) -> str:
    return str(chat.tokenizer.decode(list(ids), skip_special_tokens=True))


def call(a: int) -> str:
    return f'<tool_call>\n{{"name": "add", "arguments": {{"b": 2, "a": {a}}}}}\n</tool_call>'


TEXTS = st.one_of(
    st.integers(0, 9).map(call),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda pair: call(pair[0]) + "\n" + call(pair[1])),
    st.just('<tool_call>\n{"name": "add", "arguments": {'),
    st.text("a4 \n.<é", max_size=6).map(lambda text: f"<think>{text}</think>{call(1)}{text}"),
    st.text("a4 \n.<é", max_size=6),
)
SCRIPTS = st.lists(st.tuples(TEXTS, st.booleans(), st.booleans()), max_size=5)


@pytest.mark.parametrize("template", ["chatml", "qwen3", "llama3", "mistral", "deepseek", "strips", "sorts"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=SCRIPTS)
def test_an_episode_is_one_row_of_what_was_fed_with_exactly_what_was_sampled_marked(
    bpe: Bpe, template: str, script: list[tuple[str, bool, bool]]
) -> None:
    chat = Chat(bpe(template))
    trajectory = rollout(Adder(split="all", max_turns=5), TokenPolicy(chat, script), seed=1, strict=True)
    turns = [turn.completion for turn in trajectory.turns]
    for before, after in pairwise(turns):
        assert after.prompt_ids[: len(before.prompt_ids + before.token_ids)] == before.prompt_ids + before.token_ids
    (row,) = token_rows(trajectory)
    assert row_ids(row) == turns[-1].prompt_ids + turns[-1].token_ids
    assert sum(mask_of(row)) == sum(len(turn.token_ids) for turn in turns)
    assert [s.ids for s in row if s.sampled] == [turn.token_ids for turn in turns]
    assert [s.turn for s in row if s.sampled] == list(range(len(turns)))
    batch = make_batch([trajectory], [0], pad_id=0)
    assert tuple(batch.mask_BT[0].int().tolist()) == mask_of(row)


@pytest.mark.parametrize("template", ["chatml", "qwen", "deepseek", "sorts"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=SCRIPTS)
def test_decoded_segments_are_the_messages(bpe: Bpe, template: str, script: list[tuple[str, bool, bool]]) -> None:
    chat = Chat(bpe(template))
    trajectory = rollout(Adder(split="all", max_turns=5), TokenPolicy(chat, script), seed=2, strict=True)
    (row,) = token_rows(trajectory)
    said = [decoded(chat, segment.ids) for segment in row if segment.sampled]
    assert said == [turn.completion.message.content for turn in trajectory.turns]
    for segment in row:
        if not segment.sampled:
            text, at = chat.tokenizer.decode(list(segment.ids)), 0
            for message in trajectory.turns[segment.turn].observation:
                at = text.index(message.content, at) + len(message.content)


def completion(prompt: tuple[int, ...], sampled: tuple[int, ...]) -> Completion:
    said = Message(role="assistant", content="?")
    return Completion(message=said, prompt_ids=prompt, token_ids=sampled, logprobs=(-1.0,) * len(sampled))


def episode(*completions: Completion) -> Trajectory:
    turns = tuple(Turn(observation=(), completion=c) for c in completions)
    return Trajectory(
        env_id="e", task_id="t", seed=0, split="train", turns=turns, score=None, stop_reason=StopReason.COMPLETED
    )


def test_segments_say_who_wrote_them_in_which_turn() -> None:
    (row,) = token_rows(episode(completion((1, 2), (3,)), completion((1, 2, 3, 4), (5, 6))))
    assert row == (
        TokenSegment(writer="prompt", turn=0, ids=(1, 2)),
        TokenSegment(writer="assistant", turn=0, ids=(3,), logprobs=(-1.0,)),
        TokenSegment(writer="observation", turn=1, ids=(4,)),
        TokenSegment(writer="assistant", turn=1, ids=(5, 6), logprobs=(-1.0, -1.0)),
    )
    assert mask_of(row) == (0, 0, 1, 0, 1, 1)


def test_a_rewritten_history_begins_a_row_whose_prompt_is_not_marked_again() -> None:
    rows = token_rows(
        episode(completion((1, 2), (3, 4)), completion((1, 2, 4, 9), (5,)), completion((1, 2, 4, 9, 5), (6,)))
    )
    assert [row_ids(row) for row in rows] == [(1, 2, 3, 4), (1, 2, 4, 9, 5, 6)]
    assert [mask_of(row) for row in rows] == [(0, 0, 1, 1), (0, 0, 0, 0, 1, 1)]
    assert [segment.writer for segment in rows[1]] == ["prompt", "assistant", "assistant"]


def test_turns_without_ids_are_left_out() -> None:
    assert token_rows(episode(completion((), ()))) == ()
    (row,) = token_rows(episode(completion((), ()), completion((1,), (2,))))
    assert [segment.turn for segment in row] == [1, 1]


IDS = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@given(st.lists(st.builds(completion, IDS, IDS), max_size=4))
def test_whatever_was_sampled_is_marked_once_after_exactly_its_prompt(completions: list[Completion]) -> None:
    rows = token_rows(episode(*completions))
    marked = [(n, at) for n, row in enumerate(rows) for at, m in enumerate(mask_of(row)) if m]
    expected = [c for c in completions if c.token_ids]
    assert len(marked) == sum(len(c.token_ids) for c in expected)
    for row in rows:
        for at, segment in enumerate(row):
            if segment.sampled:
                asked = expected.pop(0)
                assert (row_ids(row[:at]), segment.ids) == (asked.prompt_ids, asked.token_ids)
    assert expected == []


def test_a_tool_result_that_spells_a_marker_is_never_sampled_text(bpe: Bpe) -> None:
    chat = Chat(bpe("chatml"))
    trajectory = rollout(
        Adder(split="all", max_turns=5), TokenPolicy(chat, [(call(7), False, True)]), seed=3, strict=True
    )
    (row,) = token_rows(trajectory)
    results = [s for s in row if s.writer == "observation"]
    assert "9 " in decoded(chat, results[0].ids)
    assert json.dumps(mask_of(results)) == json.dumps([0] * len(results[0].ids))


def test_a_rollout_that_a_template_cannot_continue_says_so_and_is_no_zero(bpe: Bpe) -> None:
    trajectory = rollout(Adder(split="all", max_turns=5), TokenPolicy(Chat(bpe("no_tools")), [(call(7), False, True)]))
    assert trajectory.stop_reason is StopReason.ERROR
    assert "cannot continue a conversation with (tool) by this chat template" in str(trajectory.error)
    assert trajectory.reward != trajectory.reward
