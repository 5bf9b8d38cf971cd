"""An episode taken apart for a person to read."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.record import trajectory_to_dict
from assaygym.benchmarks.dialogue import Block, dialogue, ending, visible
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.types import Completion, Message, Score, StopReason, ToolCall, Trajectory, Turn, Verdict

HERMES = '<tool_call>\n{"name": "find", "arguments": {"id": 7}}\n</tool_call>'


def blocks(*turns: Turn) -> list[Block]:
    score = Score(value=0.0, verdict=Verdict.INCORRECT)
    trajectory = Trajectory(
        env_id="e", task_id="t", seed=0, split="eval", turns=turns, score=score, stop_reason=StopReason.COMPLETED
    )
    return dialogue(trajectory_to_dict(trajectory))


def said(text: str, **fields: object) -> Turn:
    """A turn that answers a question; `fields` are the turn's."""
    return Turn(
        observation=(Message(role="user", content="Why?"),),
        completion=Completion(message=Message(role="assistant", content=text)),
        **fields,  # type: ignore[arg-type]
    )


def test_messages_come_in_the_order_they_were_said() -> None:
    found = blocks(said("First.", reward=0.25), said("Second."))
    assert [(each.turn, each.role, each.text) for each in found] == [
        (0, "user", "Why?"),
        (0, "assistant", "First."),
        (1, "user", "Why?"),
        (1, "assistant", "Second."),
    ]
    assert [each.reward for each in found] == [None, 0.25, None, 0.0]


def test_an_empty_trajectory_has_no_blocks() -> None:
    assert dialogue({}) == []


@pytest.mark.parametrize(
    "text",
    [
        HERMES,
        "<tool_call>\n<function=find>\n<parameter=id>\n7\n</parameter>\n</function>\n</tool_call>",
        '[TOOL_CALLS][{"name": "find", "arguments": {"id": 7}}]',
        '<|python_tag|>{"name": "find", "parameters": {"id": 7}}',
        '{"tool_calls": [{"type": "function", "function": {"name": "find", "arguments": "{\\"id\\": 7}"}}]}',
    ],
)
@pytest.mark.parametrize("told", [{}, {"tool_calls": 1}])
def test_a_call_in_a_text_is_read_whatever_its_grammar(text: str, told: dict[str, int]) -> None:
    (call,) = blocks(said(text, info=told))[1].calls
    assert (call.name, call.arguments, call.failure) == ("find", {"id": 7}, "")


@pytest.mark.parametrize("text", ["[find(id=7)]", 'Action: find\nAction Input: {"id": 7}'])
def test_a_grammar_without_marks_is_read_only_where_the_environment_ran_a_call(text: str) -> None:
    assert blocks(said(text, info={"tool_calls": 1}))[1].calls[0].arguments == {"id": 7}
    assert blocks(said(text))[1].calls == ()
    assert blocks(said(text))[1].text == text


def test_a_call_that_cannot_be_read_keeps_its_text_and_the_reason() -> None:
    text = '<tool_call>{"name": "find", </tool_call>'
    found = blocks(said(text, info={"tool_calls": 0, "tool_errors": 1}))[1]
    assert found.text == text
    assert "not JSON" in found.failures[0]


def test_structured_calls_are_taken_as_they_are_and_bad_arguments_are_told() -> None:
    calls = (ToolCall(id="a", name="f", arguments='{"x": 1'), ToolCall(id="b", name="g", arguments="[1]"))
    message = Message(role="assistant", content="Hm.", tool_calls=calls)
    first, second = blocks(Turn(observation=(), completion=Completion(message=message)))[0].calls
    assert first.arguments is None
    assert "not JSON" in first.failure
    assert second.failure == "the arguments are no JSON object"


def test_a_tools_answer_names_the_tool() -> None:
    answer = Turn(
        observation=(Message(role="tool", content="none", tool_call_id="call_0_0"),),
        completion=Completion(message=Message(role="assistant", content="Sorry.")),
    )
    assert blocks(said(HERMES, info={"tool_calls": 1}), answer)[2].answers == "find"


@pytest.mark.parametrize(
    ("text", "thought", "rest"),
    [
        ("<think>\nHm.\n</think>\n\n42", "Hm.", "42"),
        ("Hm.</think>42", "Hm.", "42"),
        ("<think>Hm", "Hm", ""),
        ("42", "", "42"),
    ],
)
def test_what_was_thought_aloud_stands_apart(text: str, thought: str, rest: str) -> None:
    found = blocks(said(text))[1]
    assert (found.reasoning, found.text) == (thought, rest)


def test_the_ending_tells_the_record_and_the_metrics() -> None:
    score = {"metrics": {"format": 1.0}, "seconds": 0.5}
    record = EpisodeRecord(
        task=1, sample=0, config="c", task_id="t", outcome=Outcome.UNFINISHED, value=math.nan, explanation="cut",
        trajectory={"score": score, "stop_reason": "timeout", "error": None, "notes": {"hint": "yes"}},
    )  # fmt: skip
    found = ending(record)
    assert (found.outcome, found.explanation, found.stop_reason) == ("unfinished", "cut", "timeout")
    assert (found.metrics, found.notes, found.seconds, found.error) == ({"format": 1.0}, {"hint": "yes"}, 0.5, "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\e[31mred\e[0m"),
        ("safe\u202etxt.exe", r"safe\u202etxt.exe"),
        ("a\rb\x00\x07", r"a\rb\0\a"),
        ("\x9b2J", r"\x9b2J"),
        ("zero\u200bwidth\U000e0041", r"zero\u200bwidth\U000e0041"),
        ("half \ud800", r"half \ud800"),
        ("tab\there\nand 日本語 é", "tab    here\nand 日本語 é"),
    ],
)
def test_what_a_terminal_obeys_or_hides_is_shown_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(codec=None)))
def test_visible_text_can_be_written_and_holds_no_control_character(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not set(shown) & {*map(chr, range(10)), *map(chr, range(11, 32)), *map(chr, range(127, 160))}


@given(st.text(), st.sampled_from([None, 0, 1, 2]))
def test_any_text_of_a_model_can_be_taken_apart(text: str, told: int | None) -> None:
    (_, found) = blocks(said(text, info={} if told is None else {"tool_calls": told}))
    json.dumps([call.raw for call in found.calls])
    assert found.text in (text, found.text.strip())
