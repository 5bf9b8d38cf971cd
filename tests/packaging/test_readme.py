"""The README's examples run exactly as printed."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

import assaygym as ag

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
TASK, TOOL_ENV = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[:2]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("readme")
    (folder / "readme_examples.py").write_text(TASK + "\n" + TOOL_ENV)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("readme_examples")
    sys.path.remove(str(folder))


def code_lines(block: str) -> int:
    return sum(1 for line in block.splitlines() if line.strip() and not line.startswith("import"))


def test_the_task_takes_at_most_four_lines_and_the_tool_environment_fifteen() -> None:
    assert code_lines(TASK) == 4
    assert code_lines(TOOL_ENV) == 15


@pytest.mark.parametrize("env_id", ["my/reverse-v0", "my/shop-v0"])
def test_an_example_passes_the_checker_of_gymnasium(examples: ModuleType, env_id: str) -> None:
    check_env(gymnasium.make(env_id).unwrapped)


@pytest.mark.parametrize("env_id", ["my/reverse-v0", "my/shop-v0"])
def test_the_oracle_of_an_example_earns_one(examples: ModuleType, env_id: str) -> None:
    for seed in range(10):
        env, done, reward = ag.make(env_id), False, 0.0
        env.reset(seed=seed)
        while not done:
            _, reward, done, _, _ = env.step(env.oracle_action())
        assert reward == 1.0


@pytest.mark.parametrize("env_id", ["my/reverse-v0", "my/shop-v0"])
def test_silence_earns_nothing_in_an_example(examples: ModuleType, env_id: str) -> None:
    env = ag.make(env_id)
    env.reset(seed=1)
    assert env.step("")[1] == 0.0


@pytest.mark.parametrize("env_id", ["my/reverse-v0", "my/shop-v0"])
def test_an_example_is_sound(examples: ModuleType, env_id: str) -> None:
    report = ag.check_env(env_id)
    assert report.passed, str(report)


def test_the_task_scores_an_answer_by_itself(examples: ModuleType) -> None:
    assert examples.reverse.score("\\boxed{cba}", "cba").value == 1.0
    assert examples.reverse.make(split="eval").split == "eval"


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 200
