"""Training by names."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from assaygym.agents.parts.rollouts import IID
from assaygym.agents.recipes.group_relative import GRPO
from assaygym.agents.settings import TrainSettings
from assaygym.agents.tiny import save_tiny, tiny_model, tiny_tokenizer
from assaygym.agents.train import train
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.errors import ConfigError, RegistrationError

torch.set_num_threads(1)
SMALL = TrainSettings(steps=1, prompts=2, max_tokens=4)
RECIPE = replace(GRPO, rollout=IID(2))


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no recipe 'grop'; did you mean 'grpo'"):
        train("grop", "assay/Reverse-v0", "no-such-model")


def test_an_unknown_environment_is_told_before_the_model_is_looked_at() -> None:
    with pytest.raises(RegistrationError, match="Reverse-v0"):
        train(RECIPE, "assay/Revers-v0", "no-such-model")


def test_a_model_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match=r"cannot load the model '\./no-such-model'"):
        train(RECIPE, "assay/Reverse-v0", "./no-such-model")


def test_a_run_from_a_folder_writes_metrics_and_a_checkpoint(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "model", hidden=32, layers=1)
    seen: list[float] = []
    rows = train(
        RECIPE,
        ["assay/Reverse-v0", "assay/Reverse-v0"],
        model,
        SMALL,
        folder=tmp_path / "run",
        knobs={"length": 2},
        on_step=lambda m: seen.append(m["step"]),
    )
    assert [row["step"] for row in rows] == seen == [1]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint-000001", "metrics.jsonl"]


def test_an_adaptive_level_begins_at_the_one_given_and_is_recorded() -> None:
    settings = replace(SMALL, steps=2, curriculum="adaptive", curriculum_rate=2.0)
    tokenizer = tiny_tokenizer()
    policy = TransformersPolicy(tiny_model(tokenizer, hidden=32, layers=1), tokenizer)
    rows = train(RECIPE, "assay/Reverse-v0", policy, settings, knobs={"level": 3})
    assert [row["level/0"] for row in rows] == [3.0, 2.0]  # it solves nothing


def test_another_engine_is_made_of_the_policy_that_is_trained() -> None:
    synced: list[object] = []

    class Engine(TransformersPolicy):
        def sync(self, model: object) -> None:
            synced.append(model)

    tokenizer = tiny_tokenizer()
    policy = TransformersPolicy(tiny_model(tokenizer, hidden=32, layers=1), tokenizer)
    train(RECIPE, "assay/Reverse-v0", policy, SMALL, player=lambda given: Engine(given.model, given.tokenizer))
    assert synced == [policy.model]


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_without_the_library_the_sentence_says_what_to_install(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from assaygym.agents.train import train\n"
        "try: train('grpo', 'assay/Reverse-v0', 'anywhere')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert told.startswith("MissingDependencyError")
    assert f"needs {missing}" in told
    assert "assaygym[train]" in told
