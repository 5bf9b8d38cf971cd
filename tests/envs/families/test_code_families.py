"""What every environment about code keeps, over many seeds."""

import statistics
import time

import pytest

from assaygym.envs.attacks import echo
from assaygym.envs.core import Env
from assaygym.envs.registration import make
from assaygym.errors import ConfigError

ANSWERED = (
    "assay/OutputPrediction-v0",
    "assay/InputPrediction-v0",
    "assay/Regex-v0",
    "assay/TestWriting-v0",
    "assay/StdinStdout-v0",
    "assay/JsonTransform-v0",
    "assay/Complexity-v0",
)
PROGRAMMED = (
    "assay/Sql-v0",
    "assay/StackVM-v0",
    "assay/Manufactoria-v0",
    "assay/Shell-v0",
    "assay/BouncingSim-v0",
    "assay/BugRepair-v0",
    "assay/MiniRepo-v0",
)
SEEDS = range(50)
ANSWERS = (
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
PROGRAMS = (
    "0",
    "```sql\nSELECT 1\n```",
    "```sql\nSELECT * FROM customers\n```",
    "```python\ndef f(x):\n    return x\n```",
    "```bash\ntrue\n```",
    "```\nPUSH 1\n```",
    "```\nSTART s:\n    NEXT e\nEND e\n```",
)
CONSTANTS = [
    *((env_id, said) for env_id in ANSWERED for said in ANSWERS),
    *((env_id, said) for env_id in PROGRAMMED for said in PROGRAMS),
]
EACH = pytest.mark.parametrize("env_id", [*ANSWERED, *PROGRAMMED])


def earned(env: Env, said: str | None) -> float:
    """The mean reward of saying the same at every turn (None: the prompt)."""
    total = 0.0
    for seed in SEEDS:
        env.reset(seed=seed)
        for _ in range(env.max_turns):
            _, reward, terminated, truncated, _ = env.step(echo(env) if said is None else said)
            if terminated or truncated:
                total += reward
                break
    return total / len(SEEDS)


@EACH
@pytest.mark.parametrize("level", [0, 4])
def test_nothing_and_the_prompt_itself_earn_nothing(env_id: str, level: int) -> None:
    assert earned(make(env_id, level=level), "") == 0.0
    assert earned(make(env_id, level=level), None) == 0.0


@pytest.mark.parametrize(("env_id", "said"), CONSTANTS)
def test_a_constant_earns_next_to_nothing(env_id: str, said: str) -> None:
    assert earned(make(env_id, level=0), said) <= 0.02


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
    starts = {" ".join(env.reset(seed=seed)[1]["messages"][-1].content.split()[:2]) for seed in SEEDS}
    assert len(starts) >= 3
