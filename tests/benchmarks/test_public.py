from __future__ import annotations

import subprocess
import sys

import pytest

from assaygym import benchmarks


@pytest.mark.parametrize("name", benchmarks.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(benchmarks, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        _ = benchmarks.evalute


def test_an_evaluation_of_plain_python_loads_nothing_heavy() -> None:
    heavy = "torch transformers vllm sympy openai docker pyarrow huggingface_hub rich pydantic typer".split()
    code = f"import sys, assaygym.benchmarks.runner as r; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
