"""`assay train`: a tiny model on the CPU, a few steps."""

import json
from pathlib import Path
from typing import Any

import pytest

from assaygym.agents.recipes import recipe
from assaygym.cli.train import configured

torch = pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("transformers", reason="training needs transformers")

TWO = ("--set", "prompts=2", "--set", "max_tokens=8", "--set", "filters=none", "--set", "rollout.episodes=2")
SMALL = ("--set", "length=2", "--set", "prompts=2", "--set", "iid.episodes=2", "--set", "max_tokens=8")
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
    assert "frac_reward_zero_std" in second.stdout
    assert (tmp_path / "run" / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "warm start" not in second.stderr

    refused = run(*TRAIN, "--steps", "3", "--set", "rollout.episodes=4")
    assert (refused.exit_code, "iid(episodes=2) (now iid(episodes=4))" in refused.stderr) == (2, True)

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


def test_several_environments_take_turns(run: Any, tmp_path: Path) -> None:
    ids = "assay/Reverse-v0,assay/ChainSum-v0"
    told = run("train", "dapo", "--env", ids, "--out", "run", "--warm-start", "0", "--steps", "1", "--json", *TWO)
    assert told.exit_code == 0, told.stderr
    assert "on assay/Reverse-v0, assay/ChainSum-v0, tiny" in told.stderr
    assert json.loads(told.stdout)["steps"] == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--env", "assay/Reverse-v0,"), "one comma between"),
        (("--env", "assay/Reverse-v0,assay/Reverse-v0"), "each once"),
        (("--env", "assay/Reverse-v0", "--set", "learning_rate=fast"), "learning_rate is 'fast'; expected float"),
        (("--env", "assay/Reverse-v0", "--set", "loss.hihg=1"), "did you mean 'high'"),
        (("--env", "assay/Reverse-v0", "--set", "lenght=2"), "no option 'lenght'"),
        (("--env", "assay/Reverse-v0", "--track", "tensorbord"), "did you mean 'tensorboard'"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_built(run: Any, options: tuple[str, ...], sentence: str) -> None:
    result = run("train", "grpo", *options, "--out", "run")
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not Path("run/start").exists()


def test_parts_settings_and_knobs_go_where_they_belong() -> None:
    given = {"loss.high": 0.28, "correction": "tis", "prompts": 3, "length": 2, "kl.weight": 0.5}
    method, settings, knobs = configured(recipe("grpo"), given, tiny=False)
    assert str(method.loss) == "clip(low=0.2, high=0.28, level=token)"
    assert (method.correction and method.correction.name, settings.prompts, knobs) == ("tis", 3, {"length": 2})
    assert "kl(weight=0.5" in method.described()["regularisers"]


def test_another_process_of_the_run_shows_and_tells_nothing(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (Path("run") / "start").mkdir(parents=True)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr("assaygym.agents.train.train", lambda *args, **options: [])
    result = run("train", "grpo", "--env", "assay/Reverse-v0", "--out", "run")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
