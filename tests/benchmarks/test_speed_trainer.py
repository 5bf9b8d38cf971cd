"""The measurement of training beside TRL: equal work, whose turn it is, and what the figures say."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.benchmarks.speed import trainer, trainer_learning, trainer_steps
from assaygym.benchmarks.speed.trainer_field import Load, Ours, Step, Theirs, checked, noise_of
from assaygym.benchmarks.speed.trainer_steps import SIZES, Memory, Size, paired_steps, ratios
from assaygym.envs.definition import TaskDefinition
from assaygym.envs.families.reverse import reverse
from assaygym.errors import RunError

TINY = Size(layers=1, hidden=16, heads=2, prompts=2, samples=3, tokens=5)
TOKENIZER = tiny_tokenizer()
NEEDS_TRL = pytest.mark.skipif("not __import__('importlib.util').util.find_spec('trl')", reason="trl is an extra")
QUIET = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """The measurement sets one thread for the whole process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def load(**changes: Any) -> Load:
    task = TaskDefinition("bench/Noise-v0", reverse.pose, verifier=noise_of)
    return replace(Load(task=task, knobs={"length": 3}, prompts=2, samples=3, tokens=5, steps=3), **changes)


def step(seconds: float, reward: float = 0.0) -> Step:
    return Step(seconds=seconds, cpu_seconds=2 * seconds, samples=10, tokens=40, reward=reward)


def gone(model: Any, start: Any) -> float:
    pairs = zip(model.parameters(), start.parameters(), strict=True)
    return float(sum(float((one - other).detach().norm()) for one, other in pairs))


@NEEDS_TRL
@QUIET
def test_both_sample_equally_many_tokens_of_the_same_tasks_and_move_their_own_weights(tmp_path: Path) -> None:
    start = tiny_model(TOKENIZER, hidden=16, layers=1, heads=2)
    asked: dict[str, list[str]] = {"assaygym": [], "TRL": []}
    who = ""

    def listening(text: str, gold: object) -> Any:
        asked[who].append(str(gold))
        return noise_of(text, gold)

    task = TaskDefinition("bench/Noise-v0", reverse.pose, verifier=listening)
    ours = Ours(start, TOKENIZER, load(task=task))
    theirs = Theirs(start, TOKENIZER, load(task=task), folder=str(tmp_path))
    for _ in range(2):
        for one in (ours, theirs):
            who = one.name
            before = gone(ours.model, start), gone(theirs.model, start)
            taken = one.step()
            assert (taken.tokens, taken.samples) == (30, 6)
            after = gone(ours.model, start), gone(theirs.model, start)
            assert [x != y for x, y in zip(before, after, strict=True)] == [one is ours, one is theirs]
    theirs.close()
    assert asked["assaygym"] == asked["TRL"]
    assert len(asked["TRL"]) == 12
    assert not theirs._thread.is_alive()


@NEEDS_TRL
@QUIET
def test_a_fault_of_trl_is_told_and_not_waited_for(tmp_path: Path) -> None:
    def broken(text: str, gold: object) -> Any:
        raise ZeroDivisionError("the judge is ill")

    model = tiny_model(TOKENIZER, hidden=16, layers=1, heads=2)
    theirs = Theirs(model, TOKENIZER, load(), folder=str(tmp_path))
    theirs._trainer.reward_funcs = [broken]
    with pytest.raises(RunError, match="TRL failed: TypeError"):
        theirs.step()


def test_without_trl_the_reason_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trl.trainer.grpo_config", None)
    monkeypatch.setitem(trainer_steps.SIZES, "2x64", TINY)
    assert trainer.main(["--only", "2x64", "--rounds", "1"]) == 2
    assert "pip install 'assaygym[trl]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tokens", "exact", "fine"), [(30, True, True), (29, True, False), (29, False, True), (31, False, False)]
)
def test_a_step_of_other_work_is_no_measurement(tokens: int, exact: bool, fine: bool) -> None:
    if fine:
        assert checked(load(exact=exact), 1.0, 1.0, tokens, 0.5).tokens == tokens
        return
    with pytest.raises(RunError, match=f"sampled {tokens} tokens; expected"):
        checked(load(exact=exact), 1.0, 1.0, tokens, 0.5)


def test_rewards_differ_from_text_to_text_so_that_no_row_can_be_left_out() -> None:
    values = {noise_of(f"{n}", None).value for n in range(60)}
    assert len(values) > 50
    assert all(0 <= value < 1 for value in values)


def test_weights_that_stay_where_they_were_are_no_measurement() -> None:
    ours = Ours(tiny_model(TOKENIZER, hidden=16, layers=1, heads=2), TOKENIZER, load())
    with pytest.raises(RunError, match="where they were"):
        trainer_steps._moved(ours, ours.model)


def test_ratios_are_taken_within_a_round_and_their_median_counts() -> None:
    ours, theirs = [step(1.0), step(2.0), step(4.0)], [step(2.0), step(2.0), step(12.0)]
    assert ratios(ours, theirs) == {"seconds": 2.0, "cpu_seconds": 2.0}


def test_the_large_size_has_half_a_billion_parameters_and_long_completions() -> None:
    large = SIZES["large"]
    per_layer = 4 * large.hidden**2 + 3 * large.hidden * 4 * large.hidden
    assert large.layers * per_layer >= 500_000_000
    assert (large.tokens, large.bfloat16, large.on_gpu) == (1024, True, True)
    assert large.prompts * large.samples % (large.micro_rows or 1) == 0


@NEEDS_TRL
@QUIET
def test_the_path_of_the_large_size_runs_on_a_cpu_when_it_is_small(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = replace(SIZES["large"], layers=1, hidden=16, heads=2, prompts=2, samples=2, tokens=6, micro_rows=2)
    monkeypatch.setitem(trainer_steps.SIZES, "large", replace(small, rounds=2))
    path = tmp_path / "large.json"
    assert trainer.main(["--size", "large", "--rounds", "9", "--json", str(path)]) == 0
    found = json.loads(path.read_text())
    size = found["steps"]["large"]
    assert (size["model"]["device"], size["model"]["bfloat16"], size["model"]["rollouts"]) == ("cpu", True, "own")
    assert [(row["trainer"], row["tokens"], len(row["rounds"])) for row in size["rows"]] == [
        ("assaygym", 24, 2),
        ("TRL", 24, 2),
    ]
    assert all(row["moved"] > 0 and row["peak_gib"] is None for row in size["rows"])
    assert (found["learning"], found["goals"]) == ([], [])
    assert "TRL takes" in capsys.readouterr().out
    assert str(tmp_path) not in path.read_text()


def test_memory_is_told_apart_by_whose_it_is() -> None:
    class Cuda:
        """Memory by hand, in GiB."""

        held = peak = 10 << 30

        def synchronize(self) -> None:
            pass

        def reset_peak_memory_stats(self) -> None:
            self.peak = self.held

        def memory_allocated(self) -> int:
            return self.held

        def max_memory_allocated(self) -> int:
            return self.peak

        def use(self, kept: int, meanwhile: int) -> None:
            self.peak = self.held + (meanwhile << 30)
            self.held += kept << 30

    cuda = Cuda()
    memory = Memory(type("Torch", (), {"cuda": cuda}), "cuda")
    for name, kept, meanwhile in (("ours", 2, 3), ("theirs", 4, 4), ("ours", 0, 5), ("theirs", 1, 2)):
        with memory.of(name):
            cuda.use(kept, meanwhile)
    assert memory.peaks == {"ours": 7.0, "theirs": 6.0}


def test_vllm_makes_the_rollouts_of_both_only_at_a_size_for_gpus(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: dict[str, Any] = {}

    class Stop(Exception):
        pass

    def ours(*given: Any, player: Any) -> Any:
        made["player"] = player
        return type("One", (), {"name": "assaygym"})()

    def theirs(*given: Any, **options: Any) -> Any:
        made["options"] = options
        raise Stop

    monkeypatch.setattr(trainer_steps, "Ours", ours)
    monkeypatch.setattr(trainer_steps, "Theirs", theirs)
    for on_gpu in (False, True):
        with pytest.raises(Stop):
            paired_steps(replace(TINY, on_gpu=on_gpu), 1, str(tmp_path), rollouts="vllm")
        assert (made["player"] is not None) is on_gpu
        assert ("use_vllm" in made["options"]) is on_gpu


class Learner:
    """Whose reward is `reward + rate * steps`."""

    def __init__(self, name: str, rate: float, reward: float = 0.2) -> None:
        self.name, self.rate, self.reward = name, rate, reward
        self.closed, self.model = 0, None

    def step(self) -> Step:
        self.reward += self.rate
        return step(0.5, self.reward)

    def close(self) -> None:
        self.closed += 1


def test_a_run_ends_when_both_have_learnt_and_tells_what_each_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    field = [Learner("assaygym", 0.125, 0.25), Learner("TRL", 0.0625, 0.25)]
    monkeypatch.setattr(trainer_learning, "_field", lambda *given: field)
    (run,) = trainer_learning.learn(1, 90, "")
    ours, theirs = run["rows"]["assaygym"], run["rows"]["TRL"]
    assert (ours["steps"], ours["samples"], ours["seconds"]) == (7, 70, 3.5)
    assert (theirs["steps"], theirs["samples"]) == (11, 110)
    assert run["ratio"] == {"samples": 1.571, "seconds": 1.571}
    assert [one.closed for one in field] == [1, 1]


def test_who_never_learns_has_no_ratio_and_misses_the_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer_learning, "_field", lambda *g: [Learner("assaygym", 0.0), Learner("TRL", 0.1)])
    runs = trainer_learning.learn(1, 12, "")
    assert runs[0]["rows"]["assaygym"]["steps"] is None
    assert len(runs[0]["rows"]["assaygym"]["rewards"]) == 12
    assert runs[0]["ratio"] == {"samples": None, "seconds": None}
    assert [(goal["found"], goal["met"]) for goal in trainer.goals({}, runs)] == [(0.0, False)] * 2


def test_goals_are_of_the_sizes_and_runs_that_were_measured() -> None:
    sizes = {"2x64": {"ratio": {"seconds": 1.31}}, "4x256": {"ratio": {"seconds": 0.99}}, "large": {"ratio": {}}}
    ours, theirs = {"samples": 100, "seconds": 4.0}, {"samples": 80, "seconds": 9.0}
    runs = [{"rows": {"assaygym": one, "TRL": other}} for one, other in ((ours, theirs), (ours, ours))]
    found = [(goal["found"], goal["wanted"], goal["met"]) for goal in trainer.goals(sizes, runs)]
    assert found == [(1.31, 1.3, True), (0.99, 1.0, False), (0.9, 0.9, True), (1.625, 1.0, True)]


def test_an_unknown_part_is_told_from_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        trainer.main(["--only", "2x64,9x9"])
    assert "no part '9x9'; expected some of 2x64, 4x256, learn" in capsys.readouterr().err


@NEEDS_TRL
@QUIET
@pytest.mark.slow
def test_both_learn_to_write_backwards(tmp_path: Path) -> None:
    (run,) = trainer_learning.learn(1, 250, str(tmp_path))
    assert all(row["steps"] is not None and row["first"] < 0.5 for row in run["rows"].values()), run
