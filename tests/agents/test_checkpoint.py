"""A run that was interrupted, at whatever moment, goes on as if it had not been."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from assaygym.agents.checkpoint import latest_checkpoint, save_checkpoint
from assaygym.agents.metrics import append_metrics, cut_metrics, read_metrics
from assaygym.agents.parts.regularisers import KL
from assaygym.agents.parts.rollouts import IID, Replayed
from assaygym.agents.parts.shaping import Lagrangian
from assaygym.agents.recipes.actor_critic import PPO
from assaygym.agents.recipes.group_relative import DAPO
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.errors import RunError
from assaygym.types import Score

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
fork = multiprocessing.get_context("fork")


class Strict:
    """Mixed into an environment: all or nothing, so that groups without spread and without reward are many."""

    def _worth(self, text: str) -> float:
        return float(sum(c in "aeiouAEIOU" for c in text) > 1)


def recipe_of(small: Any, name: str) -> Any:
    """One of each kind of state: none, value model, thrown-away tasks, a buffer, a moving weight, a moved reference."""
    return {
        "grpo": small.recipe,
        "ppo": replace(PPO, rollout=IID(4)),
        "dapo": replace(DAPO, rollout=IID(2)),
        "replay": replace(small.recipe, rollout=Replayed(episodes=3)),
        "lagrangian": replace(small.recipe, shaping=(Lagrangian(cost="length", limit=3.0),)),
        "reset": replace(small.recipe, regularisers=(KL(0.5, reset_every=2),)),
    }[name]


@pytest.mark.filterwarnings("ignore:.* groups at the cap:RuntimeWarning")
@pytest.mark.parametrize("name", ["grpo", "ppo", "dapo", "replay", "lagrangian", "reset"])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(small: Any, tmp_path: Path, name: str) -> None:
    class Env(Strict, small.Env):  # type: ignore[misc]
        def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
            return super().reset(seed=None if seed is None else seed % 3, options=options)  # tasks that come again

        def _reply(self, action: Any) -> Any:
            reply = super()._reply(action)
            measured = {"length": float(len(action.content))}
            return replace(reply, score=Score.of(reply.score.value, metrics=measured))

    def trainer(policy: Any, **options: Any) -> Any:
        settings = {"steps": 4, "prompts": 3, "updates": 2, "mini_batches": 2, "schedule": "linear"}
        make_env = small.Env if name in ("grpo", "ppo") else Env
        return small.trainer(policy, recipe=recipe_of(small, name), make_env=make_env, **settings, **options)

    straight, cut, resumed = small.policy(), small.policy(), small.policy(seed=5)
    expected = trainer(straight).fit()
    first = trainer(cut, folder=tmp_path, checkpoint_every=1)
    for _ in range(2):
        first.step()
    second = trainer(resumed, folder=tmp_path, checkpoint_every=1)
    assert second.done == 2
    assert small.figures(second.fit()) == small.figures(expected[2:])
    assert torch.equal(small.weights(resumed), small.weights(straight))
    assert small.figures(read_metrics(tmp_path)) == small.figures(expected)
    assert name != "replay" or len(first.sampler.inner.buffer) > 0


def test_the_generators_of_the_process_go_on_where_they_were(small: Any, tmp_path: Path) -> None:
    class Chance(small.Env):  # type: ignore[misc]
        def _worth(self, text: str) -> float:
            return float((random.random() + np.random.random() + torch.rand(1).item()) / 3)

    def rewards(steps: int, folder: Path | None) -> list[float]:
        return [
            row["reward"] for row in small.trainer(make_env=Chance, folder=folder, steps=steps, env_threads=1).fit()
        ]

    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(3)
    expected = rewards(4, None)
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(3)
    before = rewards(2, tmp_path)
    random.seed(9)
    assert before + rewards(4, tmp_path) == expected


# -- killed ----------------------------------------------------------------------------------------------------------


def begin(small: Any, folder: Path, steps: int) -> tuple[Any, Any]:
    """The run as a process of its own, and where it tells of its steps."""
    receiver, sender = fork.Pipe(duplex=False)

    def play() -> None:
        small.trainer(
            folder=folder, steps=steps, checkpoint_every=3, on_step=lambda row: sender.send(row["step"])
        ).fit()

    process = fork.Process(target=play)
    process.start()
    sender.close()
    return process, receiver


def killed_and_resumed(small: Any, folder: Path, steps: int, moments: list[float]) -> None:
    """Start it again and again; each time it is killed so many seconds after its first step."""
    for moment in moments:
        process, told = begin(small, folder, steps)
        assert told.poll(60)
        time.sleep(moment)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    last, _ = begin(small, folder, steps)
    last.join(120)
    assert last.exitcode == 0


def compared(small: Any, tmp_path: Path, steps: int, moments: list[float]) -> None:
    """Metrics and weights of a run that was killed are those of one that was not."""
    small.trainer().step()  # what a first step imports, the processes below need not
    killed_and_resumed(small, tmp_path / "straight", steps, [])
    killed_and_resumed(small, tmp_path / "killed", steps, moments)
    rows, expected = read_metrics(tmp_path / "killed"), read_metrics(tmp_path / "straight")
    assert small.figures(rows) == small.figures(expected)
    assert (tmp_path / "killed" / "metrics.jsonl").read_text().count("\n") == steps
    first, second = (latest_checkpoint(tmp_path / name) for name in ("straight", "killed"))
    assert first is not None
    assert second is not None
    policies = [TransformersPolicy(str(path)) for path in (first, second)]
    assert torch.equal(*map(small.weights, policies))
    assert [path.name for path in (tmp_path / "killed").iterdir() if path.is_dir()] == [f"checkpoint-{steps:06d}"]


def test_a_run_that_is_killed_goes_on_by_the_same_command(small: Any, tmp_path: Path) -> None:
    compared(small, tmp_path, 30, [0.0, 0.1])


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_run_that_is_killed_at_ten_moments_ends_as_if_nothing_had_been(small: Any, tmp_path: Path) -> None:
    chance = random.Random(1)
    compared(small, tmp_path, 600, [chance.uniform(0, 1.0) for _ in range(10)])


# -- what lies in the folder -----------------------------------------------------------------------------------------


def test_a_finished_run_has_no_step_left_and_its_model_is_loaded_by_the_policy(small: Any, tmp_path: Path) -> None:
    policy = small.policy()
    small.trainer(policy, folder=tmp_path).fit()
    assert small.trainer(folder=tmp_path).fit() == []
    saved = latest_checkpoint(tmp_path)
    assert saved is not None
    assert torch.equal(small.weights(TransformersPolicy(str(saved))), small.weights(policy))
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["checkpoint-000003"]


def test_a_checkpoint_that_was_not_finished_is_not_seen(small: Any, tmp_path: Path) -> None:
    model = small.policy().model
    save_checkpoint(tmp_path, 4, model, small.tokenizer, {})
    for name in ("partial-123", "checkpoint-000009.tmp", "partial-1"):
        (tmp_path / name).mkdir()
    assert latest_checkpoint(tmp_path) == tmp_path / "checkpoint-000004"
    save_checkpoint(tmp_path, 5, model, small.tokenizer, {})
    assert not (tmp_path / "partial-1").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"learning_rate": 5.0}, r"learning_rate 0\.01 \(now 5\.0\)"),
        ({"identity": {"env": "b-v0"}}, r"env a-v0 \(now b-v0\)"),
    ],
    ids=["settings", "environment"],
)
def test_a_folder_with_another_run_is_refused_by_what_differs(
    small: Any, tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    small.trainer(folder=tmp_path, identity={"env": "a-v0"}).step()
    with pytest.raises(RunError, match=told):
        small.trainer(folder=tmp_path, **{"identity": {"env": "a-v0"}, **change})


def test_a_broken_checkpoint_is_told_and_not_overwritten(small: Any, tmp_path: Path) -> None:
    small.trainer(folder=tmp_path).step()
    saved = latest_checkpoint(tmp_path)
    assert saved is not None
    (saved / "trainer.pt").write_bytes(b"torn")
    with pytest.raises(RunError, match="cannot resume from"):
        small.trainer(folder=tmp_path)


def test_rows_after_the_checkpoint_are_cut_off_before_they_are_written_again(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        append_metrics(tmp_path, {"step": step, "reward": step / 4})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4, "rew')
    cut_metrics(tmp_path, 2)
    append_metrics(tmp_path, {"step": 3, "reward": 0.0})
    rows = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert rows == ['{"step": 1, "reward": 0.25}', '{"step": 2, "reward": 0.5}', '{"step": 3, "reward": 0.0}']
