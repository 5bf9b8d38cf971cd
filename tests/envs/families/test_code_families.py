"""What every environment about code keeps, over many seeds."""

import statistics
import time

import pytest

from assaygym.envs.attacks import echo
from assaygym.envs.registration import make
from assaygym.errors import ConfigError

IDS = (
    "assay/OutputPrediction-v0",
    "assay/InputPrediction-v0",
    "assay/Regex-v0",
    "assay/TestWriting-v0",
    "assay/StdinStdout-v0",
    "assay/JsonTransform-v0",
    "assay/Complexity-v0",
)
EACH = pytest.mark.parametrize("env_id", IDS)
SEEDS = range(50)
SAID = (
    "",
    "I do not know.",
    "0",
    "<answer>0</answer>",
    "<answer>[1, 2, 3]</answer>",
    "<answer>'abc'</answer>",
    "<answer>f([1, 2, 3])</answer>",
    "<answer>f('abc', 3)</answer>",
    "<answer>f(17)</answer>",
    "<answer>.*</answer>",
    r"<answer>\w+</answer>",
    "```python\nassert True\n```",
    "```python\nprint(0)\n```",
    "```python\nprint(input())\n```",
    "```python\nassert make_items([]) == []\nassert make_items([1, 2, 3]) == [1, 2, 3]\n```",
)


def earned(env_id: str, level: int, said: str | None) -> float:
    env = make(env_id, level=level)
    total = 0.0
    for seed in SEEDS:
        env.reset(seed=seed)
        total += env.step(echo(env) if said is None else said)[1]
    return total / len(SEEDS)


@EACH
@pytest.mark.parametrize("level", [0, 4])
def test_nothing_and_the_prompt_itself_earn_nothing(env_id: str, level: int) -> None:
    assert earned(env_id, level, "") == 0.0
    assert earned(env_id, level, None) == 0.0


@EACH
@pytest.mark.parametrize("said", SAID)
def test_a_constant_earns_next_to_nothing(env_id: str, said: str) -> None:
    assert earned(env_id, 0, said) <= 0.02


@EACH
@pytest.mark.parametrize("level", range(5))
def test_a_task_is_posed_in_no_time(env_id: str, level: int) -> None:
    env = make(env_id, level=level)
    taken = []
    for seed in SEEDS:
        begun = time.thread_time()
        env.reset(seed=seed)
        taken.append(time.thread_time() - begun)
    assert statistics.median(taken) < 0.05


@EACH
def test_there_are_five_levels(env_id: str) -> None:
    make(env_id, level=4).reset(seed=0)
    with pytest.raises(ConfigError, match="levels 0 to 4"):
        make(env_id, level=5)


@EACH
def test_prompts_are_phrased_in_several_ways(env_id: str) -> None:
    env = make(env_id)
    starts = {" ".join(env.reset(seed=seed)[0].split()[:2]) for seed in SEEDS}
    assert len(starts) >= 3
