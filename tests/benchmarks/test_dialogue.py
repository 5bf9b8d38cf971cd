"""An episode taken apart for a person to read."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.record import trajectory_to_dict
from assaygym.agents.rollout import rollout
from assaygym.agents.scripted import ScriptedPolicy
from assaygym.benchmarks.dialogue import Block, dialogue, ending, visible
from assaygym.benchmarks.records import EpisodeRecord, Outcome
from assaygym.envs.grammars import GRAMMARS
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import tool
from assaygym.types import Completion, Message, Score, StopReason, ToolCall, Trajectory, Turn, Verdict

HERMES = '<tool_call>\n{"name": "find", "arguments": {"id": 7}}\n</tool_call>'
CALL = ToolCall(id="call_0_0", name="find", arguments='{"id": 7}')


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


@pytest.mark.parametrize("name", GRAMMARS)
def test_a_call_in_a_text_is_the_one_that_the_environment_ran_whatever_its_grammar(name: str) -> None:
    (_, _, calling, result, answer) = dialogue(trajectory_to_dict(desk(name)))
    (call,) = calling.calls
    assert (call.name, call.failure, result.answers) == ("python", "", "python")
    assert call.arguments is not None
    assert call.arguments["code"].strip() == "6 * 7"
    assert (answer.text, answer.calls) == ("It is 42.", ())


def desk(name: str) -> Trajectory:
    """An episode of an environment with this grammar: a call written as text, its result, an answer."""

    class Desk(ToolEnv, grammar=name):
        """You calculate."""

        def setup(self, rng: object) -> str:
            return "What is six times seven?"

        @tool
        def python(self, code: str) -> str:
            """Run code."""
            return "42"

        def verify(self) -> bool:
            return self.reply == "It is 42."

    text = GRAMMARS[name].render("", [ToolCall(id="", name="python", arguments='{"code": "6 * 7"}')])
    return rollout(Desk(split="all"), ScriptedPolicy([text, "It is 42."]), seed=0)


def test_words_around_a_call_are_told_from_it() -> None:
    action = Message(role="assistant", content="Hm.", tool_calls=(CALL,))
    found = blocks(said(f"Hm.\n{HERMES}", action=action))[1]
    assert (found.text, [call.arguments for call in found.calls]) == ("Hm.", [{"id": 7}])


def test_what_reads_like_a_call_is_none_where_the_environment_read_none() -> None:
    found = blocks(said(HERMES))[1]
    assert (found.text, found.calls, found.failures) == (HERMES, (), ())


def test_a_call_that_the_environment_refused_keeps_its_text_and_says_so() -> None:
    text = '<tool_call>{"name": "find", </tool_call>'
    found = blocks(said(text, info={"tool_calls": 0, "tool_errors": 1, "repaired": False}))[1]
    assert (found.text, found.failures) == (text, ("the environment's answer says why",))


def test_a_structured_call_that_the_environment_read_as_text_is_still_a_call() -> None:
    call = ToolCall(id="a", name="f", arguments='{"x": 1')
    message = Message(role="assistant", content="", tool_calls=(call,))
    rendered = Message(role="assistant", content='<tool_call>\n{"name": "f", "arguments": {"x": 1}\n</tool_call>')
    (found,) = blocks(Turn(observation=(), completion=Completion(message=message), action=rendered))
    assert (found.text, [each.raw for each in found.calls]) == ("", ['{"x": 1'])


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
    action = Message(role="assistant", content="", tool_calls=(CALL,))
    assert blocks(said(HERMES, action=action), answer)[2].answers == "find"


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


@given(st.text())
def test_any_text_of_a_model_can_be_taken_apart(text: str) -> None:
    (_, found) = blocks(said(text))
    assert found.calls == ()
    assert found.text in (text, found.text.strip())
