"""Every recipe trains: the figures of its steps, the direction of its update, what is remembered over a restart."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from assaygym.agents.parts.regularisers import KL, Entropy, ValueLoss
from assaygym.agents.parts.shaping import Lagrangian
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.recipes import AGENTIC, RECIPES, Recipe, recipe
from assaygym.agents.settings import TrainSettings
from assaygym.agents.tiny import tiny_model, tiny_tokenizer
from assaygym.agents.trainer import Metrics, Trainer
from assaygym.agents.transformers_policy import TransformersPolicy
from assaygym.envs.core import Env, Reply
from assaygym.errors import ConfigError
from assaygym.types import Completion, Message, Score, Task

torch.set_num_threads(1)
TOKENIZER = tiny_tokenizer()
SETTINGS = TrainSettings(steps=2, prompts=3, max_tokens=4, learning_rate=1e-3, seed=1)
RIGHT, WRONG = "aeio", "zxcv"
HERE = [entry for entry in RECIPES.values() if entry not in AGENTIC]
"""Those that sample episodes independently."""

every_recipe = pytest.mark.parametrize("method", HERE, ids=lambda method: method.name)


class Vowels(Env):
    """Rewards the share of vowels; `cost` is the share of capitals."""

    def __init__(self) -> None:
        super().__init__("test/vowels-v0", split="all", max_turns=1)

    def _pose(self, rng: Any) -> Task[Any]:
        number = rng.randrange(100)
        return Task(id=f"v{number}", prompt=(Message(role="user", content=f"{number}"),), answer="")

    def _reply(self, action: Message) -> Reply:
        text, size = action.content, max(len(action.content), 1)
        share = sum(letter in "aeiouAEIOU" for letter in text) / size
        return Reply(score=Score.of(share, metrics={"cost": sum(map(str.isupper, text)) / size}))

    def _solve(self) -> list[str]:
        return [RIGHT]


class TwoAnswers:
    """Says what is right and what is wrong by turns, as likely as the model has it."""

    name = "two-answers"

    def __init__(self, policy: TransformersPolicy) -> None:
        self.policy = policy
        self.said = 0
        self.prompt_ids: tuple[int, ...] = ()

    def generate(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Completion]:
        return [self._answer(completion) for completion in self.policy.generate(prompts, params)]

    def sync(self, model: Any) -> None:
        """It has no weights."""

    def _answer(self, completion: Completion) -> Completion:
        text = (RIGHT, WRONG)[self.said % 2]
        self.said, self.prompt_ids = self.said + 1, completion.prompt_ids or ()
        ids, logprobs = likelihoods(self.policy, self.prompt_ids, text)
        message = Message(role="assistant", content=text)
        return replace(completion, message=message, token_ids=ids, logprobs=logprobs, finish_reason="stop")


def small(method: Recipe) -> Recipe:
    """With no more than four episodes a task; an untrained model never stops, which here costs half."""
    episodes = min(4, method.rollout.episodes)  # type: ignore[attr-defined]
    fewer = method.changed("rollout.episodes", episodes)
    return fewer.changed("stop_properly.share", 0.5) if method.name == "prorl" else fewer


def fresh() -> TransformersPolicy:
    return TransformersPolicy(tiny_model(TOKENIZER, hidden=32, layers=1), TOKENIZER)


def run(method: Recipe, **options: Any) -> list[Metrics]:
    settings = options.pop("settings", SETTINGS)
    return Trainer(fresh(), [Vowels], method, settings, **options).fit()


def likelihoods(
    policy: TransformersPolicy, prompt_ids: Sequence[int], text: str
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The ids of a text and their log-probabilities."""
    ids = tuple(TOKENIZER.encode(text, add_special_tokens=False))
    with torch.no_grad():
        logits = policy.model(torch.tensor([[*prompt_ids, *ids]])).logits[0, len(prompt_ids) - 1 : -1]
    return ids, tuple(logits.log_softmax(-1)[range(len(ids)), ids].tolist())


# -- training --------------------------------------------------------------------------------------------------------


@every_recipe
def test_two_steps_have_the_figures_of_the_method(method: Recipe) -> None:
    rows = run(small(method))
    assert [row["step"] for row in rows] == [1, 2]
    for row in rows:
        assert all(math.isfinite(value) for value in row.values())
        assert 0 <= row["reward"] <= 1
        assert row["filtered"] < row["tasks_drawn"] * 4
    wanted = {"loss", "grad_norm", "entropy", "clip_ratio/region_mean", "completions/mean_length", "reward_std"}
    wanted |= {"kl"} if method.needs_reference else set()
    wanted |= {"value_loss"} if method.regulariser(ValueLoss) else set()
    wanted |= {"reward_shaped"} if method.shaping else set()
    assert wanted <= set(rows[0])
    assert rows[0]["grad_norm"] > 0
    assert rows[0].get("kl", 0.0) == pytest.approx(0.0, abs=1e-6)


@every_recipe
def test_a_step_makes_the_better_answer_likelier_than_the_worse(method: Recipe) -> None:
    policy = fresh()
    player = TwoAnswers(policy)
    settings = replace(SETTINGS, steps=1, prompts=4)
    trainer = Trainer(policy, [Vowels], small(method), settings, player=player)
    before = fresh()
    row = trainer.step()
    assert 0.25 <= row["reward"] <= 0.75
    moved = {
        text: sum(likelihoods(policy, player.prompt_ids, text)[1])
        - sum(likelihoods(before, player.prompt_ids, text)[1])
        for text in (RIGHT, WRONG)
    }
    assert moved[RIGHT] > moved[WRONG] + 1e-3
    assert moved[RIGHT] > 0


@pytest.mark.parametrize("name", ["gvpo", "qrpo", "gspo", "rloo"])
def test_the_split_into_micro_batches_does_not_change_the_update(name: str) -> None:
    method, settings = small(recipe(name)), replace(SETTINGS, steps=1)
    (whole,) = run(method, settings=settings)
    (split,) = run(method, settings=replace(settings, micro_tokens=20))
    assert split["loss"] == pytest.approx(whole["loss"], abs=1e-6)
    assert split["grad_norm"] == pytest.approx(whole["grad_norm"], rel=1e-4)


@pytest.mark.parametrize("name", ["grpo", "rloo", "gvpo", "reinforce_pp_baseline"])
def test_groups_of_one_teach_nothing_and_are_counted(name: str) -> None:
    method = replace(recipe(name), regularisers=()).changed("rollout.episodes", 1)
    (row,) = run(method, settings=replace(SETTINGS, steps=1))
    assert (row["groups_of_one"], row["grad_norm"]) == (3.0, 0.0)


def test_half_of_the_episodes_are_pruned_and_all_but_k_of_a_group_filtered() -> None:
    settings = replace(SETTINGS, steps=1)
    (pruned,) = run(small(recipe("cppo")), settings=settings)
    (best,) = run(small(recipe("gfpo")).changed("top_k.k", 3), settings=settings)
    assert (pruned["filtered"], best["filtered"]) == (6.0, 3.0)


def test_prorl_lets_the_reference_follow() -> None:
    method = small(recipe("prorl")).changed("kl.reset_every", 1)
    drifting = small(recipe("prorl")).changed("kl.reset_every", "none")
    settings = replace(SETTINGS, learning_rate=1e-2)
    assert run(method, settings=settings)[1]["kl"] == pytest.approx(0.0, abs=1e-9)
    assert run(drifting, settings=settings)[1]["kl"] > 1e-4


def test_weighing_the_divergence_by_the_ratio_changes_the_gradient_even_on_the_policy_that_sampled() -> None:
    """GRPO's equation 4 does not, TRL does: the two part as soon as policy and reference do."""
    method = small(recipe("grpo")).changed("kl.weight", 1.0)
    settings = replace(SETTINGS, learning_rate=1e-2)
    paper, trl = run(method, settings=settings), run(method.changed("kl.unbiased", True), settings=settings)
    assert trl[0]["grad_norm"] == pytest.approx(paper[0]["grad_norm"], rel=1e-5)
    assert trl[1]["grad_norm"] != pytest.approx(paper[1]["grad_norm"], rel=1e-3)


def test_what_a_part_remembers_is_in_the_checkpoint(tmp_path: Path) -> None:
    method = replace(small(recipe("grpo")), shaping=(Lagrangian(limit=0.9, rate=0.5),))
    settings = replace(SETTINGS, steps=3, checkpoint_every=1)
    straight = run(method, settings=settings)
    weights = [row["memory/lagrangian"] for row in straight]
    assert weights[0] > weights[1] > weights[2]  # capitals are rare, so the constraint eases
    cut = Trainer(fresh(), [Vowels], method, settings, folder=tmp_path)
    cut.step()
    resumed = Trainer(fresh(), [Vowels], method, settings, folder=tmp_path)
    assert [row["memory/lagrangian"] for row in resumed.fit()] == weights[1:]


# -- the list --------------------------------------------------------------------------------------------------------


def test_all_methods_are_there() -> None:
    wanted = """ppo rloo reinforce_pp remax grpo dr_grpo dapo cppo gspo gmpo gvpo cispo sapo grpo_lambda gfpo ghpo gigpo
    arpo gui_arpo tree_grpo eepo raft raft_pp reinforce_rej prorl qrpo ufo delta"""
    assert set(wanted.split()) <= set(RECIPES)


def test_a_recipe_says_what_it_is_and_where_it_is_from() -> None:
    for name, entry in RECIPES.items():
        assert entry.name == name
        assert entry.summary.endswith(".")
        assert entry.paper.startswith("arXiv ")


def test_no_two_recipes_are_the_same_method() -> None:
    described = [tuple(entry.described().values()) for entry in RECIPES.values()]
    assert len(set(described)) == len(described)


def test_settings_of_a_recipe_are_settings_of_a_run() -> None:
    for entry in RECIPES.values():
        assert TrainSettings(**entry.settings)


def test_a_loss_by_the_reference_keeps_one() -> None:
    keeps = {entry.name for entry in RECIPES.values() if entry.needs_reference}
    assert {"ppo", "grpo", "qrpo", "prorl"} <= keeps
    assert not {"dr_grpo", "dapo", "gspo", "gvpo", "remax"} & keeps
    assert recipe("ufo").regulariser(Entropy) is not None
    assert recipe("rloo").regulariser(KL) == KL(0.05, "k1", "reward")


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no recipe 'grop'; did you mean 'grpo'"):
        recipe("grop")


def test_recipes_are_read_changed_and_compared_without_torch() -> None:
    code = (
        "import sys\n"
        "from assaygym.agents.recipes import RECIPES\n"
        "from assaygym.agents.recipes.table import as_dict, difference, table\n"
        "rows = table(RECIPES.values()); [as_dict(one) for one in RECIPES.values()]\n"
        "difference(RECIPES['grpo'], RECIPES['grpo'].changed('kl.weight', '0.5'))\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
