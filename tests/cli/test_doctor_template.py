"""`assay doctor --template`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.tiny import tiny_tokenizer

STRIPS = (
    "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools here') }}{% endif %}"
    "{{ '<' + m.role + '>' + m.content.split('</think>')[-1] + '<end>' }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def saved(folder: Path, template: str | None = None) -> str:
    tokenizer = tiny_tokenizer()
    if template is not None:
        tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return str(folder)


def test_a_template_that_only_appends_is_exit_code_0(run: Any, tmp_path: Path) -> None:
    result = run("doctor", "--template", saved(tmp_path))
    assert result.exit_code == 0
    assert "Prefix-preserving" in result.stdout
    assert "several turns" in result.stdout


def test_a_template_that_drifts_is_exit_code_1_with_the_first_token(run: Any, tmp_path: Path) -> None:
    result = run("doctor", "--template", saved(tmp_path, STRIPS))
    assert result.exit_code == 1
    assert "rewritten  after turn 1, token 19 changes from '<' to '\\n'" in result.stdout
    assert "Not prefix-preserving" in result.stdout


def test_what_a_rollout_would_refuse_is_told_with_its_reason(run: Any, tmp_path: Path) -> None:
    text = run("doctor", "--template", saved(tmp_path, STRIPS)).stdout
    assert "a rollout refuses: cannot continue a conversation with (tool)" in " ".join(text.split())
    assert "no tools here" in text


def test_json_has_every_conversation(run: Any, tmp_path: Path) -> None:
    result = run("doctor", "--json", "--template", saved(tmp_path, STRIPS))
    report = json.loads(result.stdout)
    histories = {row["conversation"]: row["history"] for row in report["conversations"]}
    assert (result.exit_code, report["prefix_preserving"], report["model"]) == (1, False, str(tmp_path))
    assert (histories["reasoning in the text"], histories["one tool call"]) == ("rewritten", "refused")
    assert histories["several turns"] == "kept"


@pytest.mark.parametrize("args", [("doctor", "--template", "."), ("doctor", "assay/Reverse-v0", "--template", ".")])
def test_nothing_to_load_and_two_things_to_check_are_usage_errors(run: Any, args: tuple[str, ...]) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "cannot load the tokenizer" in result.stderr or "one at a time" in result.stderr
