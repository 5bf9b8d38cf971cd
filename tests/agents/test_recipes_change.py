"""Recipes changed by text, and the table of what differs."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_type_hints

import pytest

from assaygym.agents.parts.advantages import GAE, LeaveOneOut
from assaygym.agents.parts.base import SLOTS
from assaygym.agents.parts.corrections import TIS
from assaygym.agents.parts.losses import Clip, Plain
from assaygym.agents.parts.registry import PARTS, part_class
from assaygym.agents.parts.regularisers import KL, Entropy, ValueLoss
from assaygym.agents.parts.rollouts import Hinted
from assaygym.agents.parts.shaping import Overlong, StopProperly, TwoPhase
from assaygym.agents.recipes import RECIPES, recipe
from assaygym.agents.recipes.change import changed, names_a_part
from assaygym.agents.recipes.table import Difference, as_dict, difference, table
from assaygym.errors import ConfigError

GRPO, PPO = recipe("grpo"), recipe("ppo")


@pytest.mark.parametrize(
    ("path", "value", "slot", "expected"),
    [
        ("loss.high", "0.28", "loss", Clip(0.2, 0.28)),
        ("clip.high", "0.28", "loss", Clip(0.2, 0.28)),
        ("loss.high", 1, "loss", Clip(0.2, 1.0)),
        ("loss.dual", " 3 ", "loss", Clip(0.2, 0.2, 3.0)),
        ("loss.level", "turn", "loss", Clip(level="turn")),
        ("loss", "plain", "loss", Plain()),
        ("advantage", "leave_one_out", "advantage", LeaveOneOut()),
        ("advantage", "gae", "advantage", GAE()),
        ("kl.weight", "1e-2", "regularisers", (KL(1e-2),)),
        ("kl.unbiased", "yes", "regularisers", (KL(unbiased=True),)),
        ("kl.reset_every", "none", "regularisers", (KL(),)),
        ("entropy.weight", "0.5", "regularisers", (KL(), Entropy(0.5))),
        ("regularisers", "none", "regularisers", ()),
        ("regularisers", "entropy + value", "regularisers", (Entropy(), ValueLoss())),
        ("overlong.limit", "64", "shaping", (Overlong(limit=64),)),
        ("two_phase.switch", "9", "shaping", (TwoPhase(switch=9),)),
        ("shaping", "stop_properly", "shaping", (StopProperly(),)),
        ("correction", "tis", "correction", TIS()),
        ("correction", None, "correction", None),
        ("tis.low", "0.5", "correction", TIS(low=0.5)),
    ],
)
def test_a_change_is_what_it_says_and_nothing_else(path: str, value: Any, slot: str, expected: Any) -> None:
    found = changed(GRPO, path, value)
    assert getattr(found, slot) == expected
    assert [other for other in SLOTS if getattr(found, other) != getattr(GRPO, other)] in ([slot], [])
    assert recipe("grpo") == GRPO


def test_a_recipe_changes_by_its_own_method_step_by_step() -> None:
    found = PPO.changed("kl.weight", "0.1").changed("value.clip", "none")
    assert found.regularisers == (KL(0.1, "k1", "reward"), ValueLoss(weight=1.0, clip=None))


@pytest.mark.parametrize("value", ["0.1,0.5", "(0.1, 0.5)", [0.1, 0.5]])
def test_several_numbers_are_a_field_too(value: Any) -> None:
    assert changed(recipe("ghpo"), "rollout.ladder", value).rollout == Hinted(ladder=(0.1, 0.5))


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("loss.hihg", "1", "clip has no field 'hihg'; did you mean 'high'"),
        ("los.high", "1", "names no slot and no part; did you mean 'loss'"),
        ("shapng", "overlong", "no slot of a recipe; did you mean 'shaping'"),
        ("kl", "0.1", "give a field, as in kl.FIELD=VALUE"),
        ("loss", "sapoo", "no part 'sapoo' for loss; did you mean 'sapo'"),
        ("loss", "none", "no part 'none' for loss"),
        ("sapo.positive", "1", "the loss of grpo is clip, not sapo; give loss=sapo first"),
        ("correction.high", "3", "grpo has no correction to set 'high' of; give one first"),
        ("shaping", "overlong+overlong", "each part once"),
        ("loss.high", "wide", "clip.high is 'wide'; expected a number"),
        ("loss.high", "nan", "clip.high is 'nan'; expected a number"),
        ("loss.high", True, "clip.high is True; expected a number"),
        ("loss.dual", "x", "expected a number or none"),
        ("rollout.episodes", "2.5", "iid.episodes is '2.5'; expected a whole number"),
        ("rollout.episodes", 2.0, "expected a whole number"),
        ("rollout.episodes", "0", "expected at least 1"),
        ("kl.unbiased", "maybe", "kl.unbiased is 'maybe'; expected true or false"),
        ("kl.unbiased", 1, "expected true or false"),
        ("kl.estimate", "k4", "kl.estimate is 'k4'; expected k1 or k2 or k3"),
        ("weights.terms", 5, "weights.terms is 5; expected text"),
        ("shaping", "two_phase", "no switch; give a step"),
    ],
)
def test_what_does_not_fit_is_told_with_what_would(path: str, value: Any, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        changed(GRPO, path, value)
    assert told in str(raised.value)


def test_paths_of_parts_are_told_from_other_names() -> None:
    assert [names_a_part(path) for path in ("loss", "loss.high", "kl.weight", "iid.x")] == [True] * 4
    assert [names_a_part(path) for path in ("level", "learning_rate", "env.loss", "")] == [False] * 4


# -- the registry ----------------------------------------------------------------------------------------------------


def test_a_name_belongs_to_one_part_of_one_slot() -> None:
    names = [name for parts in PARTS.values() for name in parts]
    assert len(set(names)) == len(names)
    assert list(PARTS) == list(SLOTS)
    assert not {*names} & {*SLOTS}


def test_the_types_of_all_fields_are_known_without_torch_and_every_field_has_a_default() -> None:
    for parts in PARTS.values():
        for kind in parts.values():
            hints = get_type_hints(kind)
            assert {field.name for field in fields(kind)} <= set(hints)
            if kind is not TwoPhase:
                assert str(kind()).startswith(kind.name)


def test_every_part_of_a_recipe_is_the_one_of_its_name() -> None:
    for entry in RECIPES.values():
        for slot, held in as_dict(entry).items():
            for part in held if slot in SLOTS else ():
                assert part_class(slot, part["name"])


# -- the table -------------------------------------------------------------------------------------------------------


def test_a_row_of_the_table_is_a_method_with_the_text_of_its_parts() -> None:
    (row,) = table([recipe("dr_grpo")])
    assert list(row) == ["method", *SLOTS]
    assert (row["method"], row["aggregation"], row["shaping"]) == ("dr_grpo", "seq_sum_const", "-")
    assert row["rollout"] == "iid(episodes=8)"


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_as_plain_values_is_json_and_holds_every_field(name: str) -> None:
    given = as_dict(recipe(name))
    again = json.loads(json.dumps(given))
    assert again["name"] == name
    assert all(isinstance(again[slot], list) for slot in SLOTS)
    loss = recipe(name).loss
    assert again["loss"] == [{"name": loss.name, **{f.name: getattr(loss, f.name) for f in fields(loss)}}]


def test_the_difference_names_fields_parts_and_slots() -> None:
    found = difference(GRPO, recipe("dapo"))
    assert Difference("rollout", "iid.episodes", "8", "16") in found
    assert Difference("loss", "clip.dual", "none", "10.0") in found
    assert Difference("aggregation", "aggregation", "seq_mean_token_mean", "token_mean") in found
    assert Difference("filters", "nonzero_std", "-", "nonzero_std(refill=True, rounds=10)") in found
    assert [row.what for row in found if row.slot == "regularisers"] == ["kl"]
    assert all(row.second == "-" for row in found if row.slot == "regularisers")


def test_settings_and_the_order_of_shaping_are_differences_too() -> None:
    assert Difference("settings", "updates", "-", "2") in difference(GRPO, recipe("cppo"))
    one, other = (GRPO.changed("shaping", order) for order in ("overlong+stop_properly", "stop_properly+overlong"))
    assert difference(one, other) == [
        Difference("shaping", "shaping", "overlong + stop_properly", "stop_properly + overlong")
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_does_not_differ_from_itself_and_differs_from_all_others(name: str) -> None:
    assert difference(recipe(name), recipe(name)) == []
    assert all(difference(recipe(name), other) for other in RECIPES.values() if other.name != name)
