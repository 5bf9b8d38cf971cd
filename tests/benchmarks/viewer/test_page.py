"""What the right side of the viewer shows of an episode, line by line, without a terminal."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from assaygym.benchmarks.dialogue import visible
from assaygym.benchmarks.records import EpisodeRecord
from assaygym.benchmarks.viewer.layout import Folds, lay_out
from assaygym.benchmarks.viewer.page import LONGEST, Section, raw_sections, sections
from assaygym.errors import ConfigError

MakeEpisode = Callable[..., EpisodeRecord]


def page(record: EpisodeRecord, mode: str = "dialogue", width: int = 60, folds: Folds | None = None) -> list[str]:
    return [line.text.plain.rstrip() for line in lay_out(sections(record, mode), width, folds or Folds())]


def with_turn(record: EpisodeRecord, number: int, **fields: Any) -> EpisodeRecord:
    """The record with other fields in the message of a turn, which the environment read as it stands."""
    turn = record.trajectory["turns"][number]
    turn["completion"]["message"].update(fields)
    turn["action"] = None
    return record


def test_a_dialogue_is_shown_from_the_question_to_the_verdict(episode: MakeEpisode) -> None:
    assert page(episode(7, extracted="42", flags=("copied",), lenient=1.0)) == [
        "▾ user",
        "│ Question 7?",
        "",
        "assistant · turn 1 · 0.5 s                          reward 0",
        "  ▾ call find",
        "  │ email  a@b.c",
        "",
        "▾ tool find",
        "│ Error: no such customer",
        "",
        "assistant · turn 2 · 3 tokens                    reward +0.5",
        "│ It is 42.",
        "",
        "verdict: incorrect                                         0",
        "│ reason 7",
        "│ extracted: 42",
        "│ lenient: 1",
        "│ flags: copied",
    ]


def test_why_is_the_verdict_alone(episode: MakeEpisode) -> None:
    assert page(episode(7), "why") == ["verdict: incorrect                                         0", "│ reason 7"]


def test_an_episode_without_a_score_says_so(episode: MakeEpisode) -> None:
    assert page(episode(7, 0, "error"), "why")[0].split() == ["verdict:", "error", "no", "score"]


def test_an_episode_that_never_began_is_its_verdict(episode: MakeEpisode) -> None:
    lines = page(episode(7, 0, "error", trajectory={}))
    assert "nothing was recorded of what was said" in lines[0]
    assert lines[-1] == "│ reason 7"


def test_tokens_stand_with_their_log_probabilities(episode: MakeEpisode) -> None:
    lines = page(episode(7), "tokens", width=80)
    assert lines[0].startswith("turn 2 · 3 tokens · mean -1.920 nats, least -4.250")
    assert lines[-1] == "│ 11:-0.01 12:-1.50 13:-4.25"


def test_a_policy_without_tokens_has_none(episode: MakeEpisode) -> None:
    record = episode(7)
    record.trajectory["turns"][1]["completion"].update(token_ids=[], logprobs=None)
    assert "│ the policy recorded no tokens" in page(record, "tokens")


def test_metrics_are_those_of_the_verdict_and_what_it_took(episode: MakeEpisode) -> None:
    trajectory = {**episode(7).trajectory, "score": {"metrics": {"missing": 2.0}, "seconds": 0.25}}
    lines = page(episode(7, trajectory=trajectory), "metrics")
    assert "│ missing  2" in lines
    assert "│ tool calls        1" in lines
    assert "│ verify seconds    0.25" in lines


def test_the_raw_line_is_indented_json_and_escaped() -> None:
    lines = lay_out(raw_sections(json.dumps({"text": "a\u202e"}).encode()), 60, Folds())
    assert [line.text.plain for line in lines] == ["the line of the log", "│ {", '│   "text": "a\\u202e"', "│ }"]


def test_another_mode_is_refused(episode: MakeEpisode) -> None:
    with pytest.raises(ConfigError, match="no page 'pictures'"):
        sections(episode(7), "pictures")


def test_reasoning_folds_and_stands_before_the_answer(episode: MakeEpisode) -> None:
    record = with_turn(episode(7), 1, content="<think>\nSeven times six.\n</think>\n42")
    opened = page(record)
    assert opened[-6:-3] == ["  ▾ reasoning", "  │ Seven times six.", "│ 42"]
    assert "  ▸ reasoning  Seven times six." in page(record, folds=Folds(every=False))


def test_a_call_that_cannot_be_read_shows_its_text_and_why(episode: MakeEpisode) -> None:
    calls = [{"id": "x", "name": "find", "arguments": '{"email": '}]
    lines = page(with_turn(episode(7), 0, content="", tool_calls=calls), width=100)
    assert "  │ the arguments are not JSON: Expecting value: line 1 column 11 (char 10)" in lines
    assert '  │ {"email": '.rstrip() in lines


def test_a_value_of_several_lines_goes_on_in_its_column(episode: MakeEpisode) -> None:
    calls = [{"id": "x", "name": "run", "arguments": json.dumps({"code": "a = 1\nprint(a)", "n": [1]})}]
    lines = page(with_turn(episode(7), 0, content="", tool_calls=calls))
    assert lines[4:8] == ["  ▾ call run", "  │ code  a = 1", "  │       print(a)", "  │ n     [1]"]


def test_a_long_system_prompt_is_closed_at_first(episode: MakeEpisode) -> None:
    record = episode(7)
    record.trajectory["turns"][0]["observation"].insert(
        0, {"role": "system", "content": "Be kind. " * 100, "reasoning": None, "tool_calls": [], "tool_call_id": None}
    )
    assert page(record)[0].startswith("▸ system  Be kind.")
    assert page(record, folds=Folds(every=True))[1].startswith("│ Be kind. Be kind.")


def test_what_is_very_long_is_cut_and_says_by_how_much(episode: MakeEpisode) -> None:
    lines = page(episode(7, answer="x" * (LONGEST + 1234)))
    assert "│ … 1,234 more characters; assay show prints them" in lines


@pytest.mark.parametrize("mode", ["dialogue", "why", "metrics"])
def test_what_a_model_writes_is_neither_markup_nor_a_command_of_the_terminal(episode: MakeEpisode, mode: str) -> None:
    hostile = "[red]bold[/red] \x1b[2J\x1b]0;title\x07 [@click=app.quit]x[/] \u202eevil"
    record = episode(7, answer=hostile, explanation=hostile, task_id=hostile, category=hostile)
    plain = "\n".join(page(record, mode, width=200))
    assert r"[red]bold[/red] \e[2J\e]0;title\a [@click=app.quit]x[/] \u202eevil" in plain
    assert not {"\x1b", "\x07", "\u202e"} & set(plain)


@given(st.text(), st.integers(min_value=1, max_value=90))
def test_no_line_is_wider_than_the_page(text: str, width: int) -> None:
    body = Text(visible(text))
    section = Section(
        head=Text(visible(text.replace("\n", " "))), body=body, note=Text("reward 1"), folds=True, indent=2
    )
    assert max((line.text.cell_len for line in lay_out([section, section], width, Folds())), default=0) <= max(2, width)


def test_folds_open_all_close_all_and_go_back() -> None:
    section = Section(head=Text("h"), body=Text("b"), folds=True)
    closed = Section(head=Text("h"), body=Text("b"), folds=True, closed=True)
    folds = Folds()
    seen = []
    for _ in range(4):
        seen.append((folds.is_open(0, section), folds.is_open(1, closed)))
        folds = folds.next()
    assert seen == [(True, False), (True, True), (False, False), (True, False)]


def test_one_section_is_turned_alone_and_what_does_not_fold_is_always_open() -> None:
    section = Section(head=Text("h"), body=Text("b"), folds=True)
    assert not Folds().turn(0).is_open(0, section)
    assert Folds().turn(0).is_open(1, section)
    assert Folds().turn(0).turn(0).is_open(0, section)
    assert Folds(every=False).is_open(0, Section(head=Text("h"), body=Text("b")))
