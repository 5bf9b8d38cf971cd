"""`assay export`: a run in, rows for preference trainers out, and everything left out is told."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from assaygym.agents import OraclePolicy, ScriptedPolicy
from assaygym.agents.record import group_to_dict, trajectory_to_dict
from assaygym.agents.rollout import rollout
from assaygym.agents.strategies.group import Group
from assaygym.cli.command import import_code
from assaygym.envs.registration import make
from assaygym.types import StopReason

FLIP = "mine/flip-v0"


@pytest.fixture
def played(run: Any, tasks: str, tmp_path: Path) -> Path:
    """Two tasks of `flip`, twice each, and one that could not be judged."""
    import_code(tasks)
    env, groups = make(FLIP), []
    for seed in (0, 1):
        both = [rollout(env, policy, seed=seed) for policy in (OraclePolicy(), ScriptedPolicy(["\\boxed{no}"]))]
        named = [dataclasses.replace(one, id=f"{seed}/{i}") for i, one in enumerate(both)]
        failed = dataclasses.replace(named[0], id=f"{seed}/2", stop_reason=StopReason.ERROR)
        groups.append(Group(key=str(seed), trajectories=(*named, failed)))
    path = tmp_path / "played.jsonl"
    path.write_text("".join(json.dumps(group_to_dict(group)) + "\n" for group in groups))
    return path


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_pairs_go_to_standard_output_and_the_counts_beside_them(run: Any, played: Path) -> None:
    result = run("export", str(played), "--to", "pairs")
    rows = records(result.stdout)
    assert result.exit_code == 0
    assert [(row["group"], row["margin"], row["chosen_id"], row["rejected_id"]) for row in rows] == [
        ("0", 1.0, "0/0", "0/1"),
        ("1", 1.0, "1/0", "1/1"),
    ]
    assert rows[0]["rejected"] == [{"role": "assistant", "content": "\\boxed{no}"}]
    assert result.stderr.splitlines() == [
        "2 pairs from 2 groups of 6 episodes; left out: 2 episodes without a reward (invalid or failed)"
    ]


def test_the_same_run_gives_the_same_bytes(run: Any, played: Path) -> None:
    first, second = (run("export", str(played), "--to", "pairs", "--all").stdout for _ in range(2))
    assert first == second != ""


def test_an_evaluation_is_exported_as_it_is(run: Any, tasks: str) -> None:
    options = ("--import", tasks, "--policy", "oracle:0.5", "-n", "6", "-k", "4", "--out", "run")
    assert run("eval", FLIP, *options).exit_code == 0
    result = run("export", "run", "--to", "kto", "--out", "out/kto.parquet", "--json")
    told = json.loads(result.stdout)
    table = pyarrow.parquet.read_table("out/kto.parquet")
    assert (result.exit_code, told["rows"], told["groups"], told["out"]) == (0, 24, 6, "out/kto.parquet")
    assert table["label"].to_pylist() == [value > 0.5 for value in table["value"].to_pylist()]
    assert set(table["label"].to_pylist()) == {True, False}
    assert table["group"].to_pylist() == [str(task) for task in range(6) for _ in range(4)]


def test_a_reference_run_is_preferred(run: Any, played: Path, tmp_path: Path) -> None:
    oracle = rollout(make(FLIP), OraclePolicy(), seed=0)
    (tmp_path / "oracle.jsonl").write_text(json.dumps(trajectory_to_dict(oracle)) + "\n")
    result = run("export", str(played), "--to", "pairs", "--reference", "oracle.jsonl", "--all")
    (row,) = records(result.stdout)
    assert row["chosen"] == [{"role": "assistant", "content": oracle.turns[0].completion.message.content}]
    assert row["rejected_id"] == "0/1"
    assert "1 groups without a reference, 1 pairs of the same words" in result.stderr


def test_the_tools_are_those_of_the_environment(run: Any, tasks: str) -> None:
    options = ("--import", tasks, "--policy", "oracle", "-n", "1", "--out", "run")
    assert run("eval", "mine/door-v0", *options).exit_code == 0
    (row,) = records(run("export", "run", "--to", "kto").stdout)
    assert [tool["function"]["name"] for tool in json.loads(row["tools"])] == ["open_door"]
    assert [message["role"] for message in row["completion"]] == ["assistant", "tool", "assistant"]
    (bare,) = records(run("export", "run", "--to", "kto", "--no-tools").stdout)
    assert bare == {name: value for name, value in row.items() if name != "tools"}


def test_an_environment_that_is_not_known_is_told_with_what_to_do(run: Any, played: Path) -> None:
    played.write_text(played.read_text().replace(FLIP, "theirs/flip-v0"))
    result = run("export", str(played), "--to", "pairs", "--out", "pairs.jsonl")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot ask theirs/flip-v0 for the tools" in result.stderr
    assert "--import the file that defines it, or --no-tools" in result.stderr
    assert not list(Path().glob("pairs*"))
    assert run("export", str(played), "--to", "pairs", "--no-tools").exit_code == 0


def test_a_broken_line_is_told_and_leaves_no_file(run: Any, played: Path) -> None:
    played.write_text(played.read_text() + "{}\n")
    result = run("export", str(played), "--to", "pairs", "--out", "pairs.jsonl")
    assert (result.exit_code, "line 3: not a record of a trajectory" in result.stderr) == (2, True)
    assert not list(Path().glob("pairs*"))


def test_nothing_to_export_is_exit_code_1_and_no_file(run: Any, played: Path) -> None:
    result = run("export", str(played), "--to", "pairs", "--margin", "1", "--out", "pairs.jsonl")
    assert (result.exit_code, Path("pairs.jsonl").exists()) == (1, False)
    assert "nothing to export, no file written" in result.stderr
    assert "2 groups without a gap" in result.stderr


def test_the_recording_is_not_overwritten(run: Any, played: Path) -> None:
    before = played.read_bytes()
    result = run("export", str(played), "--to", "pairs", "--out", str(played))
    assert (result.exit_code, "is the recording itself" in result.stderr) == (2, True)
    assert played.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--to", "pair"), "--to 'pair' is no format; did you mean 'pairs'"),
        (("--to", "pairs", "--threshold", "1"), "--threshold is for --to kto; pairs have --margin"),
        (("--to", "kto", "--margin", "0"), "--margin is for --to pairs; kto has --threshold"),
        (("--to", "kto", "--all"), "--all is for --to pairs"),
        (("--to", "kto", "--turn-only"), "--turn-only is for --to pairs"),
        (("--to", "kto", "--reference", "x"), "--reference is for --to pairs"),
        (("--to", "pairs", "--margin", "-1"), "margin is -1.0; expected a gap between rewards"),
        (("--to", "pairs", "--reference", "nowhere"), "no file or folder nowhere"),
    ],
)
def test_an_option_that_cannot_be_is_told(run: Any, played: Path, options: tuple[str, ...], sentence: str) -> None:
    result = run("export", str(played), *options)
    assert (result.exit_code, sentence in result.stderr, result.stdout) == (2, True, ""), result.stderr


def test_a_run_that_is_not_there_is_told(run: Any) -> None:
    result = run("export", "nowhere", "--to", "pairs")
    assert (result.exit_code, "no file or folder nowhere" in result.stderr) == (2, True)
