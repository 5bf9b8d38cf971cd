"""`assay recipes`."""

import json
from typing import Any

from assaygym.agents.recipes import RECIPES


def test_the_table_has_a_row_for_every_method(run: Any) -> None:
    result = run("recipes")
    names = [line.split()[0] for line in result.stdout.splitlines() if line[:1].strip()]
    assert names == ["method", *RECIPES]


def test_the_table_leaves_out_what_is_a_parts_default(run: Any) -> None:
    (line,) = [line for line in run("recipes").stdout.splitlines() if line.startswith("dr_grpo")]
    assert "group(scale=none)" in line
    assert "eps" not in line


def test_one_method_is_shown_whole(run: Any) -> None:
    told = run("recipes", "dapo").stdout
    assert "arXiv 2503.14476" in told
    assert "clip(low=0.2, high=0.28, dual=10.0, level=token)" in told


def test_two_methods_are_told_apart(run: Any) -> None:
    rows = json.loads(run("recipes", "grpo", "dr_grpo", "--json").stdout)
    changed = {row["what"]: (row["first"], row["second"]) for row in rows}
    assert changed["group.scale"] == ("std", "none")
    assert changed["aggregation"] == ("seq_mean_token_mean", "seq_sum_const")


def test_a_method_against_itself_is_an_empty_table(run: Any) -> None:
    assert json.loads(run("recipes", "grpo", "grpo", "--json").stdout) == []


def test_all_methods_as_json(run: Any) -> None:
    rows = json.loads(run("recipes", "--json").stdout)
    assert [row["name"] for row in rows] == list(RECIPES)
    assert rows[list(RECIPES).index("dapo")]["loss"] == [
        {"name": "clip", "low": 0.2, "high": 0.28, "dual": 10.0, "level": "token"}
    ]


def test_an_unknown_method_names_the_nearest(run: Any) -> None:
    result = run("recipes", "grop")
    assert (result.exit_code, "did you mean 'grpo'" in result.stderr) == (2, True)
