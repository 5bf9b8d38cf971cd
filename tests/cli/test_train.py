"""`assay train`: a tiny model on the CPU, a few steps."""

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("transformers", reason="training needs transformers")

SMALL = ("--set", "length=2", "--set", "prompts=2", "--set", "group_size=2", "--set", "max_tokens=8")
TRAIN = ("train", "grpo", "--env", "assay/Reverse-v0", "--out", "run", "--warm-start", "3", *SMALL)


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_tiny_model_is_built_taught_trained_and_resumed(run: Any, tmp_path: Path) -> None:
    first = run(*TRAIN, "--steps", "2", "--json")
    told = json.loads(first.stdout)
    assert (first.exit_code, told["steps"], told["new_steps"]) == (0, 2, 2)
    assert "warm start: step 3/3" in first.stderr
    assert "step 2/2" in first.stderr
    assert (tmp_path / told["model"] / "config.json").is_file()

    second = run(*TRAIN, "--steps", "3")
    assert "over 3 steps (1 of them now)" in second.stdout
    assert "warm start" not in second.stderr

    refused = run(*TRAIN, "--steps", "3", "--set", "group_size=4")
    assert (refused.exit_code, "group_size 2 (now 4)" in refused.stderr) == (2, True)

    played = run("eval", "assay/Reverse-v0", "--policy", f"hf:{told['folder']}/start", "-n", "2", "--max-tokens", "4")
    assert played.exit_code == 0


def test_a_model_that_is_not_there_is_told(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    result = run("train", "grpo", "--env", "assay/Reverse-v0", "--model", "./no-such-model", "--out", "run")
    assert result.exit_code == 2
    assert "no-such-model" in result.stderr


def test_without_torch_the_sentence_names_the_extra(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "assaygym.agents.checkpoint", None)
    result = run(*TRAIN, "--steps", "1")
    assert result.exit_code == 2
    assert "pip install 'assaygym[train]'" in result.stderr
