"""Learning without weights: a stub that knows its task only once a lesson says it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.experience.coach import Coach, read_changes
from assaygym.agents.experience.learner import ExperienceLearner, ExperienceSettings
from assaygym.agents.experience.lessons import Change, Lessons
from assaygym.agents.metrics import read_metrics
from assaygym.agents.policy import Prompt, SamplingParams, said
from assaygym.errors import ConfigError, PolicyError, RunError
from assaygym.types import Completion

SMALL = ExperienceSettings(steps=2, prompts=2, episodes=4, concurrency=1)
LESSON = '[{"kind": "add", "text": "Say right."}]'


class Student:
    """Answers "right" once a lesson says so, before that in one of four attempts; as a coach it says `reply`."""

    name = "student"

    def __init__(self, reply: str | Callable[[str], str] = LESSON) -> None:
        self.reply, self.asked, self.played = reply, list[str](), 0

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        return [said(self._answer(prompt)) for prompt in prompts]

    def _answer(self, prompt: Prompt) -> str:
        question = prompt.messages[-1].content
        if prompt.env is None:
            self.asked.append(question)
            return self.reply if isinstance(self.reply, str) else self.reply(question)
        self.played += 1
        knows = any("Say right." in message.content for message in prompt.messages)
        return "right" if knows or self.played % 4 == 0 else "wrong"


def learner(student: Any, dialogue: Any, settings: ExperienceSettings = SMALL, **options: Any) -> ExperienceLearner:
    return ExperienceLearner(student, [dialogue], settings, **options)


def test_a_lesson_raises_the_reward_of_the_next_step(dialogue: Any) -> None:
    rows = learner(Student(), dialogue).fit()
    assert [row["reward"] for row in rows] == [0.25, 1.0]
    assert [row["frac_reward_zero_std"] for row in rows] == [0.0, 1.0]
    assert [row["lessons"] for row in rows] == [1.0, 1.0]  # merged: two groups said the same


def test_groups_that_agree_are_not_looked_at(dialogue: Any) -> None:
    student = Student()
    student.generate = lambda prompts, params: [said("wrong") for _ in prompts]  # type: ignore[method-assign]
    row = learner(student, dialogue).step()
    assert (row["reward"], row["changes"], row["lessons"]) == (0.0, 0.0, 0.0)
    assert student.asked == []


def test_each_attempt_is_summarised_then_the_group_compared_then_all_merged(dialogue: Any) -> None:
    student = Student()
    learner(student, dialogue).step()
    kinds = [("one attempt" in q[:40] and "s") or ("Several" in q[:40] and "c") or "m" for q in student.asked]
    assert "".join(kinds) == "sssscssssc" + "m"
    assert 'reward="1"' in student.asked[4]
    assert "user: Question" in student.asked[0]


def test_the_coach_may_be_another_model(dialogue: Any) -> None:
    student, coach = Student("nonsense"), Student()
    learner(student, dialogue, coach=Coach(coach)).step()
    assert student.asked == []
    assert coach.asked


def test_an_answer_without_a_list_is_counted_and_teaches_nothing(dialogue: Any) -> None:
    row = learner(Student("I would rather not."), dialogue).step()
    assert (row["answers_unread"], row["lessons"]) == (2.0, 0.0)


def test_a_merge_that_cannot_be_read_keeps_what_was_proposed(dialogue: Any) -> None:
    row = learner(Student(lambda question: LESSON if "Several" in question[:40] else "?"), dialogue).step()
    assert (row["lessons"], row["answers_unread"]) == (2.0, 1.0)


def test_a_group_proposes_no_more_changes_than_allowed(dialogue: Any) -> None:
    many = json.dumps([{"kind": "add", "text": f"lesson {i}"} for i in range(9)])
    one = ExperienceSettings(steps=1, prompts=1, episodes=4, concurrency=1)
    student = Student(many)
    assert learner(student, dialogue, one, coach=Coach(student, most=3)).step()["lessons"] == 3.0


def test_a_step_where_nothing_could_be_judged_says_so(dialogue: Any) -> None:
    broken = dialogue(faults={0: RuntimeError("gone")})
    with pytest.raises(PolicyError, match="none of the 8 episodes could be judged"):
        learner(Student(), lambda: broken).step()


def test_an_interrupted_run_goes_on_with_its_lessons(dialogue: Any, tmp_path: Path) -> None:
    learner(Student(), dialogue, folder=tmp_path).step()
    resumed = learner(Student(), dialogue, folder=tmp_path)
    assert (resumed.done, resumed.lessons.texts) == (1, {"L1": "Say right."})
    assert [row["reward"] for row in resumed.fit()] == [1.0]
    assert [row["step"] for row in read_metrics(tmp_path)] == [1, 2]
    assert not list(tmp_path.glob("*.partial"))


def test_a_folder_of_another_run_is_refused_by_what_differs(dialogue: Any, tmp_path: Path) -> None:
    learner(Student(), dialogue, folder=tmp_path, identity={"env": "a"}).step()
    with pytest.raises(RunError, match=r"env a \(now b\)"):
        learner(Student(), dialogue, folder=tmp_path, identity={"env": "b"})


def test_lessons_that_cannot_be_read_are_told_and_kept(dialogue: Any, tmp_path: Path) -> None:
    (tmp_path / "lessons.json").write_text('{"step": 1')
    with pytest.raises(RunError, match="cannot resume from"):
        learner(Student(), dialogue, folder=tmp_path)
    assert (tmp_path / "lessons.json").read_text() == '{"step": 1'


def test_the_player_is_the_policy_with_what_was_learnt(dialogue: Any) -> None:
    done = learner(Student(), dialogue)
    done.step()
    assert done.player.lessons is done.lessons


def test_tasks_go_round_the_environments(dialogue: Any) -> None:
    made = [0, 0]

    def maker(number: int) -> Any:
        def make() -> Any:
            made[number] += 1
            return dialogue()

        return make

    ExperienceLearner(Student(), [maker(0), maker(1)], SMALL).step()
    assert made == [1, 1]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [({"steps": 0}, "steps is 0"), ({"temperature": -1.0}, "temperature is -1.0"), ({"lessons": 0}, "lessons is 0")],
)
def test_settings_outside_their_range_are_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        ExperienceSettings(**settings)


# -- reading changes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (LESSON, [Change(kind="add", text="Say right.")]),
        (f"Here you are:\n```json\n{LESSON}\n```", [Change(kind="add", text="Say right.")]),
        ("As [1] says: []", None),
        ("[]", []),
        ("no list", None),
        ('{"kind": "add", "text": "x"}', None),
        ('[{"kind": "delete", "key": "L1"}, {"kind": "add"}, 3]', [Change(kind="delete", key="L1")]),
        ('[{"kind": "add", "text": 5}]', []),
        ('[{"kind": ["add"], "text": "x"}]', []),
        ("[" * 50000, None),
        ('[{"a":' * 50000, None),
    ],
    ids=[
        "plain",
        "fenced",
        "a citation first",
        "empty",
        "none",
        "no list around",
        "some bad",
        "number",
        "kind",
        "deep",
        "deep objects",
    ],
)
def test_changes_are_read_from_the_first_list(answer: str, expected: list[Change] | None) -> None:
    found = read_changes(answer)
    if expected is None:
        assert not found
    else:
        assert found == expected


def test_the_coach_is_shown_the_lessons_by_their_names() -> None:
    lessons = Lessons()
    lessons.apply([Change(kind="add", text="Draw it.")])
    assert Coach(Student()).changes([], lessons) == []
