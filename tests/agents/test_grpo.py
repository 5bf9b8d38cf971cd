import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from assaygym.agents.aggregations import seq_mean_token_mean, seq_sum_const, token_mean
from assaygym.agents.recipes import RECIPES, recipe
from assaygym.agents.recipes.grpo import GRPOConfig, objective, train
from assaygym.agents.tiny import save_tiny
from assaygym.errors import ConfigError, RegistrationError

torch.set_num_threads(1)
SMALL = GRPOConfig(steps=1, prompts=2, group_size=2, max_tokens=4)
MASK = torch.tensor([[0.0, 1, 1], [0.0, 1, 0]])


def test_the_registry_knows_every_recipe_by_its_own_name() -> None:
    assert {name: entry.name for name, entry in RECIPES.items()} == {name: name for name in RECIPES}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_a_config_of_defaults_and_a_function(name: str) -> None:
    assert dataclasses.is_dataclass(recipe(name).config())
    assert callable(recipe(name).train)


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no recipe 'grop'; did you mean 'grpo'"):
        recipe("grop")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("seq_mean_token_mean", seq_mean_token_mean(MASK)),
        ("token_mean", token_mean(MASK)),
        ("seq_sum_const", seq_sum_const(MASK, constant=4)),
    ],
)
def test_the_config_names_the_aggregation(name: str, expected: torch.Tensor) -> None:
    parts = objective(dataclasses.replace(SMALL, aggregation=name))  # type: ignore[arg-type]
    torch.testing.assert_close(parts.aggregate(MASK), expected)


def test_the_config_names_the_scale_of_the_advantage() -> None:
    parts = objective(dataclasses.replace(SMALL, scale="none"))
    assert parts.advantage(torch.tensor([2.0, 0.0]), torch.tensor([0, 0])).tolist() == [1.0, -1.0]


def test_the_config_names_the_bounds_of_the_ratio() -> None:
    parts = objective(dataclasses.replace(SMALL, clip_low=0.5, clip_high=0.25, dual_clip=3.0))
    ratios, advantages = torch.tensor([[2.0, 0.25, 9.0]]), torch.tensor([[1.0, -1.0, -1.0]])
    given = parts.surrogate(parts.ratio(ratios.log(), torch.zeros(1, 3), torch.ones(1, 3)), advantages)
    torch.testing.assert_close(given.loss_BT, torch.tensor([[-1.25, 0.5, 3.0]]))


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"scale": "batch"}, "scale is 'batch'; expected 'std' or 'none'"),
        ({"aggregation": "mean"}, "aggregation is 'mean'; expected one of seq_mean_token_mean"),
        ({"kl_weight": -1.0}, "kl_weight is -1.0; expected 0 or more"),
        ({"steps": 0}, "steps is 0; expected at least 1"),
    ],
)
def test_a_setting_outside_its_range_is_told(setting: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        GRPOConfig(**setting)  # type: ignore[arg-type]


def test_an_unknown_environment_is_told_before_the_model_is_looked_at() -> None:
    with pytest.raises(RegistrationError, match="Reverse-v0"):
        train(SMALL, "assay/Revers-v0", "no-such-model")


def test_a_model_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match=r"cannot load the model '\./no-such-model'"):
        train(SMALL, "assay/Reverse-v0", "./no-such-model")


def test_a_run_from_a_folder_writes_metrics_and_a_checkpoint(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "model", hidden=32, layers=1)
    seen: list[float] = []
    rows = train(
        SMALL,
        "assay/Reverse-v0",
        model,
        folder=tmp_path / "run",
        knobs={"length": 2},
        on_step=lambda m: seen.append(m["step"]),
    )
    assert [row["step"] for row in rows] == seen == [1]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint-000001", "metrics.jsonl"]


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_without_the_library_the_sentence_says_what_to_install(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from assaygym.agents.recipes import recipe\n"
        "grpo = recipe('grpo')\n"
        "try: grpo.train(grpo.config(), 'assay/Reverse-v0', 'anywhere')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert told.startswith("MissingDependencyError")
    assert f"needs {missing}" in told
    assert "assaygym[train]" in told
