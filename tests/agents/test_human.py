"""A person as the policy."""

from __future__ import annotations

import io

import pytest

from assaygym.agents.human import HumanPolicy
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.errors import PolicyError
from assaygym.types import Message

PROMPT = Prompt(messages=(Message(role="user", content="2 + 2?"),))


def play(text: str, prompt: Prompt = PROMPT) -> str:
    (completion,) = HumanPolicy(io.StringIO(text), show=None).generate([prompt], SamplingParams())
    return completion.message.content


@pytest.mark.parametrize(
    ("typed", "turn"),
    [("4\n", "4"), ("4", "4"), ("\n", ""), ("one\\\ntwo\\\nthree\nfour\n", "one\ntwo\nthree")],
)
def test_a_line_is_a_turn_unless_it_says_it_goes_on(typed: str, turn: str) -> None:
    assert play(typed) == turn


@pytest.mark.parametrize("typed", ["", "unfinished\\\n"])
def test_the_end_of_the_input_ends_the_episode_with_a_reason(typed: str) -> None:
    with pytest.raises(PolicyError, match="the player left"):
        play(typed)


def test_a_function_that_raises_eof_error_is_an_end_of_input() -> None:
    def read(prompt: str) -> str:
        raise EOFError

    with pytest.raises(PolicyError, match="the player left"):
        HumanPolicy(read, show=None).generate([PROMPT], SamplingParams())


def test_ctrl_c_passes_through() -> None:
    def read(prompt: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        HumanPolicy(read, show=None).generate([PROMPT], SamplingParams())


def test_only_what_is_new_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    new = Message(role="tool", content="18")
    prompt = Prompt(messages=(*PROMPT.messages, new), observation=(new,), turn=1)
    HumanPolicy(io.StringIO("ok\n")).generate([prompt], SamplingParams())
    assert capsys.readouterr().out == "[tool] 18\n"
