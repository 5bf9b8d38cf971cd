"""Lessons, the changes they take, and the policy that is told them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.experience.lessons import Change, Lessons, WithLessons
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.errors import DataError
from assaygym.types import Completion, Message

USER = Message(role="user", content="Solve it.")
SYSTEM = Message(role="system", content="You solve things.")


class Listener:
    name = "listener"

    def __init__(self) -> None:
        self.heard: list[Prompt] = []

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        self.heard.extend(prompts)
        return [said("ok") for _ in prompts]


def add(text: str) -> Change:
    return Change(kind="add", text=text)


def heard(*messages: Message, lessons: Sequence[str] = ("Check twice.",)) -> tuple[Message, ...]:
    known, listener = Lessons(), Listener()
    known.apply([add(text) for text in lessons])
    prompt = Prompt(messages=messages, observation=messages)
    WithLessons(listener, known).generate([prompt], SamplingParams())
    return listener.heard[0].messages


def test_lessons_are_added_modified_and_deleted_by_their_names() -> None:
    lessons = Lessons()
    lessons.apply([add(" Draw it. "), add("Guess."), Change(kind="modify", key="L1", text="Draw it twice.")])
    lessons.apply([Change(kind="delete", key="L2"), add("Check units.")])
    assert lessons.listed() == "[L1] Draw it twice.\n[L3] Check units."


def test_a_change_of_a_lesson_that_there_is_not_is_counted_and_passed_over() -> None:
    lessons = Lessons()
    changes = [Change(kind="delete", key="L9"), Change(kind="modify", key="L9", text="x"), add("y")]
    assert lessons.apply(changes) == 2
    assert lessons.texts == {"L1": "y"}


def test_beyond_the_limit_the_oldest_go_and_no_name_comes_back() -> None:
    lessons = Lessons(limit=2)
    lessons.apply([add("a"), add("b"), add("c")])
    assert lessons.texts == {"L2": "b", "L3": "c"}


@given(st.lists(st.one_of(st.builds(add, st.text("ab", min_size=1)), st.builds(lambda i: f"L{i}", st.integers(1, 9)))))
def test_what_is_saved_is_what_is_loaded(steps: list[Change | str]) -> None:
    lessons = Lessons(limit=4)
    for step in steps:
        lessons.apply([step if isinstance(step, Change) else Change(kind="delete", key=step)])
    again = Lessons.from_dict(json.loads(json.dumps(lessons.to_dict())))
    for one in (lessons, again):
        one.apply([add("next")])
    assert again.texts == lessons.texts


@pytest.mark.parametrize("state", [{}, {"limit": 1, "given": 0, "texts": 3}, {"limit": "x", "given": 0, "texts": {}}])
def test_a_state_that_is_none_is_refused(state: dict[str, object]) -> None:
    with pytest.raises(DataError, match="not the state of lessons"):
        Lessons.from_dict(state)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "drop"}, "the kind 'drop'"),
        ({"kind": "add", "text": " "}, "has no text"),
        ({"kind": "delete"}, "does not say which"),
        ({"kind": "modify", "key": "L1"}, "has no text"),
    ],
)
def test_a_change_that_says_too_little_is_refused(fields: dict[str, str], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        Change(**fields)  # type: ignore[arg-type]


def test_the_lessons_stand_at_the_end_of_the_system_message() -> None:
    system, user = heard(SYSTEM, USER)
    assert system.content.startswith("You solve things.\n\n")
    assert system.content.endswith("[L1] Check twice.")
    assert user == USER


def test_a_conversation_without_a_system_message_gets_one() -> None:
    system, user = heard(USER)
    assert (system.role, user) == ("system", USER)
    assert "[L1] Check twice." in system.content


def test_without_lessons_the_prompt_is_what_it_was() -> None:
    assert heard(SYSTEM, USER, lessons=()) == (SYSTEM, USER)


def test_a_later_turn_is_told_the_lessons_and_keeps_what_is_new_apart() -> None:
    known, listener = Lessons(), Listener()
    known.apply([add("Check twice.")])
    more = Message(role="user", content="Go on.")
    answer = Message(role="assistant", content="ok")
    prompt = Prompt(messages=(USER, answer, more), previous=said("ok"), observation=(more,), turn=1)
    WithLessons(listener, known).generate([prompt], SamplingParams())
    assert [message.role for message in listener.heard[0].messages] == ["system", "user", "assistant", "user"]
    assert listener.heard[0].observation == (more,)
