"""Two processes on one machine do what one does."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from assaygym.agents.metrics import read_metrics
from assaygym.agents.parts.losses import Clip
from assaygym.agents.parts.regularisers import KL
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.ranks import Ranks
from assaygym.agents.recipes.actor_critic import PPO
from assaygym.agents.recipes.group_relative import DAPO
from assaygym.agents.tiny import save_tiny
from assaygym.errors import PolicyError, RunError

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
fork = multiprocessing.get_context("fork")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def in_two(work: Callable[[Ranks], Any]) -> list[Any]:
    """What `work` gives, or raises, in each of two processes; None of one that dies without a word."""
    port = free_port()
    pipes = [fork.Pipe(duplex=False) for _ in range(2)]

    def play(rank: int) -> None:
        where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "RANK": str(rank), "WORLD_SIZE": "2"}
        os.environ.update(where)
        for other in (pipes[1 - rank][1], pipes[0][0], pipes[1][0]):
            other.close()
        try:
            ranks = Ranks.of_environment()
            found = work(ranks)
            ranks.close()
        except Exception as error:
            found = error
        pipes[rank][1].send_bytes(pickle.dumps(found))

    played = [fork.Process(target=play, args=(rank,)) for rank in range(2)]
    for one in played:
        one.start()
    for _, sender in pipes:
        sender.close()
    found = [_received(receiver) for receiver, _ in pipes]
    for one in played:
        one.join(10)
        one.kill()
    return found


def _received(receiver: Any) -> Any:
    try:
        return pickle.loads(receiver.recv_bytes()) if receiver.poll(60) else TimeoutError("no result")
    except EOFError:
        return None


# -- what they exchange ----------------------------------------------------------------------------------------------


def test_each_knows_what_all_have_in_the_order_of_their_ranks() -> None:
    def work(ranks: Ranks) -> Any:
        return ranks.leads, ranks.gathered({"mine": "x" * (1 + 5 * ranks.rank)}), ranks.from_lead(ranks.rank)

    every = [{"mine": "x"}, {"mine": "xxxxxx"}]
    assert in_two(work) == [(True, every, 0), (False, every, 0)]


def test_gradients_are_summed_also_where_one_process_has_none() -> None:
    def work(ranks: Ranks) -> Any:
        both, one, none = (torch.nn.Parameter(torch.ones(2)) for _ in range(3))
        both.grad = torch.full((2,), 1.0 + ranks.rank)
        if ranks.rank:
            one.grad = torch.tensor([3.0, 4.0])
        ranks.sum_gradients([both, one, none])
        return [None if weight.grad is None else weight.grad.tolist() for weight in (both, one, none)]

    assert in_two(work) == [[[3.0, 3.0], [3.0, 4.0], None]] * 2


def test_weights_become_those_of_the_leading_process() -> None:
    def work(ranks: Ranks) -> Any:
        weight = torch.full((3,), float(ranks.rank))
        ranks.copy_from_lead([weight])
        return weight.tolist()

    assert in_two(work) == [[0.0, 0.0, 0.0]] * 2


def test_alone_nothing_is_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    ranks = Ranks.of_environment()
    assert (ranks.world, ranks.leads, ranks.gathered(7), ranks.from_lead("x")) == (1, True, [7], "x")


def test_processes_that_were_not_told_of_each_other_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RunError, match="do not find each other"):
        Ranks.of_environment()


# -- a run -----------------------------------------------------------------------------------------------------------

RECIPES = ["grpo", "grouped", "ppo", "dapo"]


def run_of(small: Any, name: str, ranks: Ranks | None = None) -> tuple[Any, torch.Tensor]:
    """Metrics and weights of two steps."""

    class Whole(small.Env):  # type: ignore[misc]
        """Pays for one vowel at least, so that many groups have no spread."""

        def _worth(self, text: str) -> float:
            return float(super()._worth(text) > 0.3)

    class Grouped(Clip):
        grouped = True

    recipes = {
        "grpo": replace(small.recipe, regularisers=(KL(0.1),)),
        "grouped": replace(small.recipe, loss=Grouped()),
        "ppo": replace(PPO, rollout=IID(4)),
        "dapo": replace(DAPO, rollout=IID(2)),
    }
    policy = small.policy()
    settings = {"steps": 2, "prompts": 3, "learning_rate": 1e-3, "micro_tokens": 60, "updates": 2}
    make_env = Whole if name == "dapo" else small.Env
    trainer = small.trainer(policy, recipe=recipes[name], ranks=ranks, make_env=make_env, **settings)
    return small.figures(trainer.fit()), small.weights(policy)


@pytest.mark.parametrize("name", RECIPES)
def test_two_processes_draw_the_same_tasks_and_make_the_same_update(small: Any, name: str) -> None:
    rows, expected = run_of(small, name)
    found = in_two(lambda ranks: run_of(small, name, ranks))
    for theirs, weights in found:
        for row, other in zip(rows, theirs, strict=True):
            assert other == pytest.approx(row, abs=1e-5, rel=1e-4)
        torch.testing.assert_close(weights, expected, atol=1e-6, rtol=0)
    assert torch.equal(found[0][1], found[1][1])
    assert rows[0]["grad_norm"] > 0
    assert name != "dapo" or rows[0]["tasks_drawn"] > 3


def test_the_leading_process_writes_and_both_resume(small: Any, tmp_path: Path) -> None:
    def work(ranks: Ranks, steps: int) -> Any:
        policy = small.policy()
        written: list[float] = []
        told = {"on_step": lambda row: written.append(row["step"])}
        trainer = small.trainer(policy, steps=steps, ranks=ranks, folder=tmp_path, checkpoint_every=2, **told)
        return trainer.done, written, small.figures(trainer.fit()), small.weights(policy)

    straight = in_two(lambda ranks: work(ranks, 3))[0]
    for path in tmp_path.iterdir():
        path.rename(tmp_path.parent / f"gone-{path.name}")
    in_two(lambda ranks: work(ranks, 2))
    again = in_two(lambda ranks: work(ranks, 3))
    assert [one[0] for one in again] == [2, 2]
    assert [one[1] for one in again] == [[3.0], []]
    assert again[0][2] == straight[2][2:]
    assert torch.equal(again[0][3], straight[3])
    assert torch.equal(again[1][3], straight[3])
    assert [row["step"] for row in read_metrics(tmp_path)] == [1, 2, 3]


# -- when one fails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [0, 1], ids=["the leading one", "another"])
def test_what_fails_in_one_process_ends_both_with_its_message(small: Any, who: int) -> None:
    def work(ranks: Ranks) -> Any:
        trainer = small.trainer(ranks=ranks)
        if ranks.rank == who:

            def broken(step: int) -> Any:
                raise PolicyError("the disk of this machine is full")

            trainer.sampler.sample = broken
        trainer.step()

    started = time.monotonic()
    found = in_two(work)
    assert time.monotonic() - started < 20
    assert str(found[who]) == "the disk of this machine is full"
    assert isinstance(found[1 - who], RunError)
    assert f"process {who} of 2: the disk of this machine is full" in str(found[1 - who])


def test_a_process_that_is_killed_ends_the_other() -> None:
    def work(ranks: Ranks) -> Any:
        if ranks.rank:
            os._exit(9)
        return ranks.gathered(1)

    found, dead = in_two(work)
    assert dead is None
    assert isinstance(found, RunError)
    assert "another process of this run" in str(found)


SCRIPT = """
from dataclasses import replace
import sys
from assaygym.agents.parts.rollouts import IID
from assaygym.agents.recipes.group_relative import GRPO
from assaygym.agents.settings import TrainSettings
from assaygym.agents.train import train
settings = TrainSettings(steps=2, prompts=3, max_tokens=6, learning_rate=1e-3)
train(replace(GRPO, rollout=IID(4)), "assay/Reverse-v0", sys.argv[1], settings, folder=sys.argv[2], knobs={"length": 2})
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_torchrun_trains_by_names_as_one_process_does(small: Any, tmp_path: Path) -> None:
    model, script = save_tiny(tmp_path / "model", hidden=32, layers=1), tmp_path / "run.py"
    script.write_text(SCRIPT)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for name, command in {"one": [sys.executable], "two": torchrun}.items():
        subprocess.run([*command, str(script), str(model), str(tmp_path / name)], check=True)
    one, two = (small.figures(read_metrics(tmp_path / name)) for name in ("one", "two"))
    for row, other in zip(one, two, strict=True):
        assert other == pytest.approx(row, abs=1e-5, rel=1e-4)
