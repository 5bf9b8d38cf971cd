"""The benchmark of branching: exact counts, the same each time."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from assaygym.agents.crew import Crew, EpisodeJob
from assaygym.agents.policy import Prompt, SamplingParams
from assaygym.agents.strategies import Group, Independent
from assaygym.benchmarks.speed import branching
from assaygym.benchmarks.speed.branching import Agent, costs
from assaygym.benchmarks.speed.contender import WrongResult
from assaygym.envs.registration import make
from assaygym.errors import PolicyError

QUICK = ["--tasks", "4", "--leaves", "8"]


def counted(*more: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert branching.main([*QUICK, *more, "--json", "-"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_counts_are_the_same_with_any_number_of_threads(capsys: pytest.CaptureFixture[str]) -> None:
    alone, beside = counted(capsys=capsys), counted("--threads", "6", capsys=capsys)
    assert alone["rows"] == beside["rows"]
    assert alone["rows"] != counted("--seed", "1", capsys=capsys)["rows"]


def test_branches_and_trees_cost_less_than_independent_samples_at_equal_leaves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = counted(capsys=capsys)
    iid, *others = found["rows"]
    assert [row["strategy"] for row in found["rows"]] == ["iid", "branch 4 to 8", "tree 2 x (1 + 3)"]
    assert {row["leaves"] for row in found["rows"]} == {32}
    assert iid["turns"] == iid["turns_in_leaves"]
    assert iid["tokens_of_iid"] == iid["calls_of_iid"] == 1.0
    for row in others:
        assert row["turns"] < row["turns_in_leaves"]
        assert row["tokens_per_leaf"] == pytest.approx(row["tokens"] / 32, abs=0.01)
        assert row["tokens_of_iid"] < 1.0
        assert row["calls_of_iid"] < 1.0
    assert found["versions"].keys() == {"python", "assaygym"}
    assert found["command"][:3] == ["python", "-m", "assaygym.benchmarks.speed.branching"]


def test_trees_share_the_leaves_out_in_two_ways() -> None:
    assert list(branching.strategies(16)) == ["iid", "branch 8 to 16", "tree 4 x (1 + 3)", "tree 2 x (1 + 7)"]


def group() -> tuple[Group, Agent]:
    agent = Agent()
    crew = Crew(lambda: make("assay/Shop-v0"), agent, params=SamplingParams(seed=1), concurrency=1)
    [found] = Independent(2).collect(crew, [EpisodeJob(key="k", seed=1)])
    return found, agent


def test_a_record_that_is_not_what_was_sampled_is_refused() -> None:
    found, agent = group()
    assert costs([found], agent)["tokens"] == agent.tokens > 0
    agent.tokens += 1
    with pytest.raises(WrongResult, match=rf"recorded are {agent.tokens - 1} tokens .* sampled were {agent.tokens}"):
        costs([found], agent)


def test_failed_episodes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: Agent, *given: object) -> object:
        raise PolicyError("gone")

    monkeypatch.setattr(Agent, "_completion", gone)
    found, agent = group()
    with pytest.raises(WrongResult, match="gone"):
        costs([found], agent)


def test_the_table_has_a_row_for_each_strategy(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(file=io.StringIO(), record=True, width=220)
    branching.show(counted("--level", "1", capsys=capsys), console)
    told = console.export_text()
    assert "4 tasks of assay/Shop-v0, level 1" in told
    assert all(word in told for word in ("iid", "branch 4 to 8", "tree 2 x (1 + 3)", "calls of iid", "exact counts"))


@pytest.mark.parametrize(
    ("arguments", "told"), [(["--leaves", "6"], "a multiple of 4"), (["--env", "no/Env-v0"], "no/Env")]
)
def test_what_cannot_be_counted_is_told(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert branching.main([*QUICK, *arguments]) == 2
    assert told in capsys.readouterr().err


def test_the_agent_plays_only_from_inside() -> None:
    with pytest.raises(PolicyError, match="without one"):
        Agent().generate([Prompt(messages=())], SamplingParams())


def test_the_document_is_written_where_it_is_asked_for(tmp_path: Any) -> None:
    file = tmp_path / "counts.json"
    assert branching.main(["--tasks", "1", "--leaves", "4", "--json", str(file)]) == 0
    assert json.loads(file.read_text())["command"][-2:] == ["--json", "counts.json"]
