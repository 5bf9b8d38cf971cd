"""What `assaygym.agents` offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import assaygym.agents as agents


@pytest.mark.parametrize("name", agents.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(agents, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = agents.nothing


def test_importing_the_layer_loads_no_model_library() -> None:
    code = (
        "import sys, assaygym.agents as a; a.OpenAIPolicy, a.TransformersPolicy, a.rollout_many;"
        "print([m for m in ('torch', 'transformers', 'openai', 'pydantic', 'rich', 'typer') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
