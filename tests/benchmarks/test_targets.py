from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.targets import DEFAULT_TASKS, Target, find_target
from assaygym.envs.data_tasks import task_from_data
from assaygym.envs.definition import TaskDefinition
from assaygym.errors import ConfigError, IsolationError, RegistrationError


def target(rows: int | None, *, by_index: bool) -> Target:
    return Target(id="t", make=_never, rows=rows, by_index=by_index, config={})


def _never() -> Any:
    raise AssertionError("no environment is needed to plan")


@pytest.mark.parametrize(
    ("n", "limit", "planned"),
    [
        (None, None, range(0, 10)),
        (4, None, range(0, 4)),
        (None, 3, range(0, 3)),
        (4, 3, range(0, 3)),
        (99, None, range(0, 10)),
    ],
)
def test_the_tasks_of_a_suite_are_its_first_rows_whatever_the_seed(
    n: int | None, limit: int | None, planned: range
) -> None:
    assert target(10, by_index=True).tasks(n, limit, seed=7) == tuple(planned)


@pytest.mark.parametrize(
    ("rows", "n", "planned"),
    [
        (None, None, range(7, 7 + DEFAULT_TASKS)),
        (None, 3, range(7, 10)),
        (5, None, range(7, 12)),
        (5, 50, range(7, 12)),
    ],
)
def test_the_tasks_of_an_environment_are_seeds_from_the_given_one(
    rows: int | None, n: int | None, planned: range
) -> None:
    assert target(rows, by_index=False).tasks(n, None, seed=7) == tuple(planned)


def test_a_row_is_picked_by_its_index_and_a_seed_by_nothing() -> None:
    assert target(5, by_index=True).reset_options(3) == {"index": 3}
    assert target(None, by_index=False).reset_options(3) is None


def test_a_registered_environment_is_found_with_its_level_resolved() -> None:
    easy, hard = (find_target("assay/ChainSum-v0", level=level).config for level in (0, 3))
    assert easy["id"] == "assay/ChainSum-v0"
    assert easy["split"] == "eval"
    assert easy["knobs"] != hard["knobs"]
    assert find_target("assay/ChainSum-v0").make().split == "eval"


def test_an_environment_of_data_has_as_many_tasks_as_its_split() -> None:
    rows = [{"q": f"What is {i}?", "a": str(i)} for i in range(40)]
    definition = task_from_data("test/rows-v0", rows, prompt="q", gold="a", verifier=str.__eq__)
    found = find_target(definition, split="eval")
    assert found.rows == len(definition.order("eval"))
    assert 0 < len(found.tasks(None, None, 0)) < 40


def test_a_knob_that_json_does_not_know_is_written_as_its_text() -> None:
    def pose(rng: random.Random, *, names: tuple[str, ...] = ("a",)) -> tuple[str, str]:
        return rng.choice(names), "x"

    definition = TaskDefinition("test/knob-v0", pose, verifier=str.__eq__)
    assert find_target(definition, split="all", knobs={"names": ("b",)}).config["knobs"] == {"names": "('b',)"}


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("math50", ConfigError, "did you mean 'math500'"),
        ("ChainSum-v0", ConfigError, "did you mean 'assay/ChainSum-v0'"),
        ("absent.module:assay/X-v0", RegistrationError, "cannot import 'absent.module'"),
    ],
)
def test_an_unknown_target_is_refused_with_what_is_near(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        find_target(name)


@pytest.mark.parametrize("name", ["humaneval", "assay/PythonCalc-v0"])
def test_a_machine_that_cannot_isolate_programs_is_told_before_the_first_episode(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    def refuse() -> None:
        raise IsolationError("user namespaces are off")

    row = {"task_id": "x/0", "prompt": "def f():\n", "entry_point": "f", "test": "def check(f):\n    assert f()\n"}
    data = tmp_path / "rows.jsonl"
    data.write_text(json.dumps(row))
    monkeypatch.setattr("assaygym.benchmarks.targets.shared_sandbox", refuse)
    with pytest.raises(IsolationError, match="user namespaces are off"):
        find_target(name, data=data if name == "humaneval" else None)
