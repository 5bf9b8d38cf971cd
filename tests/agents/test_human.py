"""A person as the policy."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from assaygym.agents.human import HumanPolicy
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.rollout import rollout
from assaygym.envs.registration import make
from assaygym.errors import PolicyError
from assaygym.types import Message, StopReason, ToolSpec

PROMPT = Prompt(messages=(Message(role="user", content="2 + 2?"),))
ADD = ToolSpec(
    name="add",
    description="Add.",
    parameters={"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]},
)


def play(text: str, prompt: Prompt = PROMPT) -> str:
    (completion,) = HumanPolicy(io.StringIO(text), show=None).generate([prompt], SamplingParams())
    return completion.message.content


@pytest.mark.parametrize(
    ("typed", "turn"),
    [
        ("4\n", "4"),
        ("4", "4"),
        ("\n", ""),
        ("one\\\ntwo\\\nthree\nfour\n", "one\ntwo\nthree"),
        ("```python\nx = 1 + \\\n 2\n```\nmore\n", "```python\nx = 1 + \\\n 2\n```"),
        ("```python\\\nx\\\n```\n", "```python\nx\n```"),
        ("```x```\nmore\n", "```x```"),
        ('"""\none\n\ntwo \\\n"""\nmore\n', "one\n\ntwo \\"),
        ('"""\n:quit\n"""\n', ":quit"),
        ("say :quit\n", "say :quit"),
        (":help\n", ":help"),
    ],
)
def test_a_turn_is_a_line_or_what_its_beginning_says_it_is(typed: str, turn: str) -> None:
    assert play(typed) == turn


@pytest.mark.parametrize("typed", ["", "unfinished\\\n", "```python\nx\n", '"""\nx\n', ":quit\n", " :quit \n"])
def test_leaving_ends_the_episode_with_a_reason(typed: str) -> None:
    with pytest.raises(PolicyError, match="the player left"):
        play(typed)


def test_a_function_that_raises_eof_error_is_an_end_of_input() -> None:
    def read(prompt: str) -> str:
        raise EOFError

    with pytest.raises(PolicyError, match="the player left"):
        HumanPolicy(read, show=None).generate([PROMPT], SamplingParams())


def test_who_has_left_is_not_asked_again(dialogue: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    person = HumanPolicy(io.StringIO(":quit\nright\n"))
    first, second = (rollout(dialogue(), person, seed=seed) for seed in (1, 2))
    assert [t.stop_reason for t in (first, second)] == [StopReason.ERROR] * 2
    assert "they left an earlier episode" in str(second.error)
    assert capsys.readouterr().out.count("Question") == 1


def test_ctrl_c_passes_through() -> None:
    def read(prompt: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        HumanPolicy(read, show=None).generate([PROMPT], SamplingParams())


def shown(capsys: pytest.CaptureFixture[str], prompt: Prompt, typed: str = "ok\n") -> str:
    HumanPolicy(io.StringIO(typed)).generate([prompt], SamplingParams())
    return capsys.readouterr().out


def test_only_what_is_new_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    new = Message(role="tool", content="18")
    prompt = Prompt(messages=(*PROMPT.messages, new), observation=(new,), turn=1, tools=(ADD,))
    assert shown(capsys, prompt) == "[tool] 18\n"


def test_tools_are_shown_with_the_first_prompt_and_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    first = Prompt(messages=PROMPT.messages, tools=(ADD,))
    assert shown(capsys, first) == "[user] 2 + 2?\n[system] add(a, b?): Add.\n:help for help\n"
    later = Prompt(messages=PROMPT.messages, observation=(), tools=(ADD,), turn=1)
    assert shown(capsys, later, ":tools\nok\n").endswith("[system] add(a, b?): Add.\n")


def test_help_says_how_to_write_several_lines_and_how_to_leave(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, PROMPT, ":help\n:tools\nok\n")
    assert all(part in text for part in ("```", '"""', ":quit", "There are no tools."))


def test_a_call_is_shown_as_the_environment_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    rollout(make("assay/Shop-v0"), HumanPolicy(io.StringIO("I give up.\n")), seed=1, strict=True)
    text = capsys.readouterr().out
    assert 'A call is written so: <tool_call> {"name": "' in text
    assert "find_customer(email): " in text
