"""A text that is judged cannot vote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import ConfigError
from assaygym.verifiers.judges.ballot import Ballot, ChatModel, Panel, Poll, yes_or_no

CASE = {"QUESTION": "6 x 7?", "REFERENCE ANSWER": "", "ANSWER": "42"}


def test_what_is_judged_stands_between_lines_with_the_mark() -> None:
    ballot = Ballot.of(CASE)
    _, user = ballot.messages("End with SCORE {mark}: N")
    assert f"BEGIN ANSWER {ballot.mark}\n42\nEND ANSWER {ballot.mark}" in user.content
    assert user.content.endswith(f"SCORE {ballot.mark}: N")
    assert "REFERENCE" not in user.content


def test_the_mark_depends_on_all_that_is_judged_and_on_nothing_else() -> None:
    assert Ballot.of(CASE).mark == Ballot.of(dict(reversed(CASE.items()))).mark
    others = [{**CASE, "ANSWER": "43"}, {**CASE, "QUESTION": "6 x 8?"}, {"QUESTION": "42", "ANSWER": "6 x 7?"}]
    assert len({Ballot.of(parts).mark for parts in [CASE, *others]}) == 4


def test_braces_in_what_is_judged_stay_as_they_are() -> None:
    _, user = Ballot.of({"ANSWER": "{mark} {0} {statement}"}).messages("x {mark}")
    assert "{mark} {0} {statement}" in user.content


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("SCORE {m}: 7", "7"),
        ("fine.\n**SCORE {m}: 7**\n", "7"),
        ("SCORE {m}: **7**.", "7"),
        ("- `SCORE {m}:7`", "7"),
        ("SCORE {m}: 7\r\n", "7"),
        ("SCORE {m}: 7\nSCORE {m}: 7", "7"),
        ("SCORE {m}: YES", "yes"),
        ("<think>SCORE {m}: 3, or not\nSCORE {m}: 3\n</think>\nSCORE {m}: 7", "7"),
        ("SCORE {m}: 3\nSCORE {m}: 7", ""),
        ("SCORE {m}: 7/10", ""),
        ("SCORE {m}: -7", ""),
        ("SCORE {m}: 7.5", ""),
        ("SCORE {m}: ٧", ""),
        ("SCORE {m}:\n7", ""),
        ("I write SCORE {m}: 7", ""),
        ("score {m}: 7", ""),
        ("SCORE: 7", ""),
        ("SCORE 0123456789abcdef: 7", ""),
        ("", ""),
    ],
)
def test_a_vote_is_a_line_with_the_mark_of_which_there_is_one(line: str, said: str) -> None:
    ballot = Ballot.of(CASE)
    assert ballot.read(line.replace("{m}", ballot.mark), "SCORE") == said


@given(st.text(max_size=200), st.integers(0, 9))
def test_a_reply_that_quotes_anything_before_its_vote_is_read_right(quoted: str, vote: int) -> None:
    ballot = Ballot.of({"ANSWER": quoted})
    assert ballot.read(f"{quoted}\nSCORE {ballot.mark}: {vote}\n{quoted}", "SCORE") == str(vote)


def test_votes_are_asked_with_one_seed_each_and_the_same_messages(chat: Callable[..., Any]) -> None:
    model = chat(lambda mark, _, seed: f"VERDICT {mark}: {'YES' if seed % 2 else 'NO'}")
    result = Panel(model, votes=3, seed=5).poll(CASE, "Yes or no? {mark}", "VERDICT", yes_or_no)
    assert result.votes == (1.0, 0.0, 1.0)
    assert [seed for _, seed in model.asked] == [5, 6, 7]
    assert len({messages for messages, _ in model.asked}) == 1
    assert isinstance(model, ChatModel)


def test_votes_that_cannot_be_read_are_left_out_and_counted(chat: Callable[..., Any]) -> None:
    model = chat(lambda mark, _, seed: "I refuse" if seed else f"VERDICT {mark}: YES")
    result = Panel(model, votes=3).poll(CASE, "", "VERDICT", yes_or_no)
    assert result == Poll((1.0,), 2, "I refuse")
    assert result.metrics["votes_unparsed"] == 2


def test_the_metrics_are_sum_mean_and_spread() -> None:
    assert Poll((4.0, 8.0), 1).metrics == {
        "votes": 2, "votes_unparsed": 1, "votes_sum": 12, "votes_mean": 6, "votes_spread": 2,
    }  # fmt: skip


def test_a_long_text_is_cut_before_the_model_sees_it(chat: Callable[..., Any]) -> None:
    model = chat(lambda mark, *_: f"VERDICT {mark}: YES")
    result = Panel(model, max_chars=100).poll({"ANSWER": "a" * 10**6}, "", "VERDICT", yes_or_no)
    assert result.votes == (1.0,)
    assert len(model.asked[0][0][1].content) < 300


@pytest.mark.parametrize("options", [{"votes": 0}, {"max_chars": 1}])
def test_a_panel_that_asks_nothing_is_refused(chat: Callable[..., Any], options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="votes from 1"):
        Panel(chat(str), **options)
