"""What real kinds of templates do to a conversation that goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.chat import Chat
from assaygym.agents.conversations import CONVERSATIONS
from assaygym.agents.templates import History, check_template, first_drift, load_chat
from assaygym.agents.tiny import tiny_tokenizer
from assaygym.errors import ConfigError, PolicyError
from assaygym.types import Message, ToolCall

Bpe = Callable[[str], Any]

USER, YES = Message(role="user", content="2+2?"), Message(role="assistant", content="yes")
THINKING = (USER, Message(role="assistant", content="<think>hm</think>4"), USER, YES)
STRIPS_REASONING = (
    "{% for m in messages %}{{ '<' + m.role + '>' }}"
    "{% if m.role == 'assistant' and not loop.last %}{{ m.content.split('</think>')[-1] }}"
    "{% else %}{{ m.content }}{% endif %}{{ '<end>' }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
REASONING = {"reasoning in the text", "reasoning in a field"}
SPACE = {"space before the answer", "space after the answer"}
CALLS = {"one tool call", "several tool calls", "a turn after a tool call", "arguments in another order"}
EVERY = {conversation.name for conversation in CONVERSATIONS}


def chat(template: str | None) -> Chat:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = template
    return Chat(tokenizer)


def named(bpe: Bpe, template: str, *histories: History) -> set[str]:
    findings = check_template(Chat(bpe(template))).findings
    return {finding.conversation for finding in findings if finding.history in histories}


def test_a_template_that_only_appends_does_not_drift() -> None:
    bound = Chat(tiny_tokenizer())
    assert first_drift(bound, THINKING) is None
    assert check_template(bound).prefix_preserving


def test_the_first_token_that_drifts_is_told() -> None:
    drift = first_drift(chat(STRIPS_REASONING), THINKING)
    assert drift is not None
    assert (drift.turn, drift.before, drift.after, drift.rewritten) == (0, "<", "4", True)
    assert drift.position == len("2+2?") + 3
    assert str(drift) == "after turn 1, token 7 changes from '<' to '4'"


def test_a_history_that_ends_early_differs_where_it_ends() -> None:
    drift = first_drift(chat("{{ messages[0].content }}{% if messages | length < 3 %}<end>{% endif %}"), THINKING)
    assert drift is not None
    assert (drift.position, drift.before, drift.after) == (4, "<end>", "")


def test_a_template_that_refuses_the_conversation_is_an_error() -> None:
    with pytest.raises(PolicyError, match="cannot render"):
        first_drift(chat("{{ raise_exception('no') }}"), THINKING)


@pytest.mark.parametrize(
    ("template", "rewritten"),
    [
        ("chatml", set()),
        ("qwen", REASONING),
        ("qwen3", EVERY),
        ("llama3", SPACE),
        ("mistral", {"system prompt", "a turn after a tool call", "a call that is broken off"}),
        ("gemma", SPACE),
        ("deepseek", EVERY),
        ("strips", SPACE),
        ("sorts", {"arguments in another order"}),
        ("no_tools", set()),
    ],
)
def test_what_a_template_rewrites_is_found_by_kind(bpe: Bpe, template: str, rewritten: set[str]) -> None:
    assert named(bpe, template, History.REWRITTEN) == rewritten


@pytest.mark.parametrize(
    ("template", "refused"),
    [
        ("chatml", set()),
        ("llama3", {"several tool calls"}),
        ("gemma", CALLS | {"system prompt"}),
        ("no_tools", CALLS),
        ("mistral", set()),
    ],
)
def test_what_a_template_refuses_is_not_called_a_drift(bpe: Bpe, template: str, refused: set[str]) -> None:
    assert named(bpe, template, History.REFUSED) == refused


@pytest.mark.parametrize("template", ["chatml", "qwen", "no_tools"])
def test_text_that_is_kept_and_tokenised_otherwise_in_one_piece_is_told_apart(bpe: Bpe, template: str) -> None:
    assert named(bpe, template, History.RETOKENISED) == {"space before the answer"}


def test_a_token_that_merges_across_the_start_of_an_answer_is_shown(bpe: Bpe) -> None:
    (finding,) = (f for f in check_template(Chat(bpe("chatml"))).findings if f.drift)
    assert finding.drift is not None
    assert (finding.drift.before, finding.drift.after, finding.drift.rewritten) == ("t\n", "t", False)


@pytest.mark.parametrize("template", ["chatml", "qwen", "qwen3", "llama3", "mistral", "deepseek", "strips", "sorts"])
def test_a_rollout_appends_whatever_the_template_would_rewrite(bpe: Bpe, template: str) -> None:
    assert {finding.rollout for finding in check_template(Chat(bpe(template))).findings} == {""}


@pytest.mark.parametrize(("template", "refused"), [("gemma", CALLS | {"system prompt"}), ("no_tools", CALLS)])
def test_a_rollout_refuses_what_cannot_be_appended_and_says_why(bpe: Bpe, template: str, refused: set[str]) -> None:
    findings = [f for f in check_template(Chat(bpe(template))).findings if f.rollout]
    assert {finding.conversation for finding in findings} == refused
    for finding in findings:
        assert "by this chat template" in finding.rollout or "cannot render" in finding.rollout


def test_a_report_is_plain_json(bpe: Bpe) -> None:
    row = json.loads(json.dumps(check_template(Chat(bpe("qwen"))).to_dict()))
    assert row["prefix_preserving"] is False
    thought = next(c for c in row["conversations"] if c["conversation"] == "reasoning in the text")
    assert thought["history"] == "rewritten"
    assert thought["drift"] == {"turn": 0, "position": 23, "before": "<", "after": "It", "rewritten": True}


def test_a_folder_with_a_tokenizer_is_loaded(bpe: Bpe, tmp_path: Path) -> None:
    bpe("qwen").save_pretrained(tmp_path)
    bound = load_chat(str(tmp_path))
    assert bound.render((USER,), (), generation=True) == "<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n"


def test_a_folder_without_a_tokenizer_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot load the tokenizer of .* expected a folder that holds one"):
        load_chat(str(tmp_path))


def test_what_a_template_writes_after_the_end_of_a_turn_was_not_sampled_and_may_merge(bpe: Bpe) -> None:
    tokenizer = bpe("chatml")
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}{{ c.function.name }}{% endfor %}"
        "{{ '</s>\\n' if m.role == 'assistant' else '</s>' }}{% endfor %}"
    )
    bound = Chat(tokenizer)
    called = Message(role="assistant", content="", tool_calls=(ToolCall(id="c", name="f", arguments='{"a": 1}'),))
    assert len(bound.encode("\n\n")) == 1
    assert first_drift(bound, (USER, called, Message(role="user", content="\nok"), YES)) is None
