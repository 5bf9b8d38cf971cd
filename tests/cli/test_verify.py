"""`assay verify`: one verdict a row, in order, whatever the rows hold."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.cli.verify import in_order
from assaygym.errors import DataError, IsolationError
from assaygym.sandbox import open_sandbox
from assaygym.verifiers.code import verify_row

ROWS = [
    ("math", r"\frac{1}{2}", "It is $\\boxed{0.5}$.", "correct"),
    ("math", "x+1", r"\boxed{1+x}", "correct"),
    ("math", "3", r"\boxed{4}", "incorrect"),
    ("number", "1,000", "So the answer is 1000.", "correct"),
    ("number", 12, "12", "correct"),
    ("number", "3", "no idea", "unparsed"),
    ("text", "Paris", "\\boxed{Paris}", "correct"),
    ("text", "Paris", "London", "incorrect"),
    ("choice", "B", "The answer is (B).", "correct"),
    ("choice", "B", "C", "incorrect"),
]


def write(path: Path, rows: list[Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(("kind", "gold", "pred", "verdict"), ROWS)
def test_a_row_gets_its_verdict(run: Any, tmp_path: Path, kind: str, gold: Any, pred: str, verdict: str) -> None:
    result = run("verify", kind, write(tmp_path / "rows.jsonl", [{"id": "a", "gold": gold, "pred": pred}]))
    (record,) = records(result.stdout)
    assert result.exit_code == 0
    assert list(record) == ["id", "verdict", "value", "extracted", "explanation", "ms"]
    assert (record["id"], record["verdict"], record["value"]) == ("a", verdict, float(verdict == "correct"))


def test_rows_come_out_in_the_order_they_went_in(run: Any, tmp_path: Path) -> None:
    rows = [{"id": i, "gold": str(i), "pred": f"\\boxed{{{i}}}"} for i in range(200)]
    result = run("verify", "math", write(tmp_path / "rows.jsonl", rows), "--workers", "8")
    assert [record["id"] for record in records(result.stdout)] == list(range(200))
    assert "200 rows: 200 correct" in result.stderr


def test_rows_come_from_standard_input(shell: Any) -> None:
    done = shell("verify", "number", "-", stdin='{"id": 1, "gold": "2", "pred": "2"}\n\n')
    assert (done.returncode, records(done.stdout)[0]["verdict"]) == (0, "correct")


def test_the_answers_are_not_overwritten_by_their_verdicts(run: Any, tmp_path: Path) -> None:
    file = Path(write(tmp_path / "rows.jsonl", [{"id": 1, "gold": "2", "pred": "2"}]))
    before = file.read_text()
    result = run("verify", "number", "rows.jsonl", "--out", str(file))
    assert (result.exit_code, "give another --out" in result.stderr) == (2, True)
    assert file.read_text() == before


def test_verdicts_go_to_a_file_and_the_counts_to_standard_output(run: Any, tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [{"id": 1, "gold": "2", "pred": "2"}])
    result = run("verify", "number", file, "--out", "sub/verdicts.jsonl", "--json")
    assert json.loads(result.stdout) == {"rows": 1, "verdicts": {"correct": 1}, "out": "sub/verdicts.jsonl"}
    assert records((tmp_path / "sub/verdicts.jsonl").read_text())[0]["id"] == 1


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{not json", "line 3 is not JSON"),
        ("\ud800".encode("utf-8", "surrogatepass"), "line 3 is not JSON"),
        ("[1, 2]", "line 3 is list; expected an object"),
        ('{"id": 3, "gold": "1"}', "line 3 has no 'pred'; expected id, gold, pred, found id, gold"),
        ('{"id": 3, "gold": "1", "pred": null}', "line 3: 'pred' is null; expected text or a number"),
        ('{"id": 3, "gold": {"a": 1}, "pred": "1"}', "line 3: 'gold' is"),
        ("[" * 100_000, "line 3 is not JSON"),
    ],
)
def test_a_bad_row_is_told_by_its_line_and_the_rows_before_it_are_written(
    run: Any, tmp_path: Path, line: str | bytes, sentence: str
) -> None:
    good = b'{"id": 1, "gold": "1", "pred": "1"}\n{"id": 2, "gold": "1", "pred": "2"}\n'
    bad = line if isinstance(line, bytes) else line.encode()
    (tmp_path / "rows.jsonl").write_bytes(good + bad + b"\n" + good)
    result = run("verify", "number", "rows.jsonl", "--out", "out.jsonl")
    assert result.exit_code == 2
    assert f"error: rows.jsonl, {sentence}" in result.stderr
    assert [record["id"] for record in records((tmp_path / "out.jsonl").read_text())] == [1, 2]


def test_a_row_that_cannot_be_judged_is_invalid_and_exit_code_1(run: Any, tmp_path: Path) -> None:
    rows = [{"id": 1, "gold": "no number at all", "pred": "1"}, {"id": 2, "gold": "1", "pred": "1"}]
    result = run("verify", "number", write(tmp_path / "rows.jsonl", rows))
    first, second = records(result.stdout)
    assert (result.exit_code, first["verdict"], first["value"]) == (1, "invalid", None)
    assert first["explanation"]
    assert second["verdict"] == "correct"


MATH = [{"id": 1, "gold": r"25\%", "pred": r"\boxed{25}"}]


@pytest.mark.parametrize(
    ("options", "verdict"),
    [
        ((), "incorrect"),
        (("--policy", "default"), "incorrect"),
        (("--policy", "lenient"), "correct"),
        (("--set", "percent=either"), "correct"),
        (("--policy", "math", "--set", "percent=number"), "incorrect"),
    ],
)
def test_math_is_judged_by_the_policy_given(run: Any, tmp_path: Path, options: tuple[str, ...], verdict: str) -> None:
    result = run("verify", "math", write(tmp_path / "rows.jsonl", MATH), *options)
    assert records(result.stdout)[0]["verdict"] == verdict


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        ("math", ("--policy", "lenientt"), "math policy 'lenientt' does not exist; did you mean 'lenient'"),
        ("math", ("--set", "percentage=either"), "no option 'percentage'; did you mean 'percent'"),
        ("math", ("--set", "percent=both"), "percent='both'; expected one of 'number', 'either'"),
        ("math", ("--set", "rounding=2"), "rounding=2; expected true or false"),
        ("math", ("--set", "rounding"), "'rounding' is no setting; expected KEY=VALUE"),
        ("math", ("--set", "policy=math"), "give --policy math"),
        ("number", ("--policy", "math"), "--policy is for math; 'number' has no policy"),
        ("text", ("--set", "percent=either"), "--set is for math; 'text' has no policy"),
    ],
)
def test_a_policy_that_cannot_be_is_told(
    run: Any, tmp_path: Path, kind: str, options: tuple[str, ...], sentence: str
) -> None:
    result = run("verify", kind, write(tmp_path / "rows.jsonl", MATH), *options)
    assert (result.exit_code, sentence in result.stderr) == (2, True), result.stderr


def test_a_long_file_tells_how_far_it_is(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.cli.verify.EVERY", -1.0)
    rows = [{"id": 1, "gold": "2", "pred": "2"}, {"id": 2, "gold": "2", "pred": "3"}]
    result = run("verify", "number", write(tmp_path / "rows.jsonl", rows))
    said = result.stderr.splitlines()
    assert said == [
        "so far 1 rows: 1 correct",
        "so far 2 rows: 1 correct, 1 incorrect",
        "2 rows: 1 correct, 1 incorrect",
    ]


def program(source: str, **fields: Any) -> dict[str, Any]:
    tests = [{"input": "2 3\n", "output": "5\n"}]
    return {"id": "p", "task": {"kind": "stdin", "checker": "tokens", "tests": tests}, "program": source, **fields}


@pytest.fixture(scope="module")
def isolated() -> None:
    """Skips where programs cannot be isolated."""
    try:
        open_sandbox("jail", workers=1).close()
    except IsolationError as error:
        pytest.skip(f"programs cannot be isolated here: {error}")


@pytest.mark.usefixtures("isolated")
def test_code_rows_are_run_in_the_sandbox(run: Any, tmp_path: Path) -> None:
    rows = [program("print(sum(map(int, input().split())))"), program("print(6)"), program("import os; os._exit(0)")]
    result = run("verify", "code", write(tmp_path / "rows.jsonl", rows))
    found = records(result.stdout)
    assert [record["value"] for record in found] == [1.0, 0.0, 0.0]
    assert {"id", "value", "verdict", "passed", "total", "tests", "isolation", "after", "flags", "ms"} <= set(found[0])
    assert found[0]["isolation"]


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize("runs", ["many", "one"])
def test_code_rows_are_run_the_way_that_is_asked_for(
    run: Any, tmp_path: Path, runs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def seen(row: Any, sandbox: Any, *, runs: Any) -> Any:
        asked.append(runs)
        return verify_row(row, sandbox, runs=runs)

    monkeypatch.setattr("assaygym.verifiers.code.rows.verify_row", seen)
    right = program("print(sum(map(int, input().split())))")
    path = write(tmp_path / "rows.jsonl", [right, program("print(6)", after=[right])])
    found = records(run("verify", "code", path, "--runs", runs).stdout)
    assert [record["value"] for record in found] == [1.0, 0.0]
    assert found[1]["after"][0]["value"] == 1.0
    assert asked == [runs] * 2


@pytest.mark.parametrize(
    ("kind", "runs", "sentence"),
    [("code", "all", "runs is 'all'; expected 'many'"), ("math", "one", "--runs is for code; 'math' runs nothing")],
)
def test_a_way_to_run_that_cannot_be_is_told(run: Any, tmp_path: Path, kind: str, runs: str, sentence: str) -> None:
    result = run("verify", kind, write(tmp_path / "rows.jsonl", []), "--runs", runs)
    assert (result.exit_code, sentence in result.stderr) == (2, True), result.stderr


@pytest.mark.usefixtures("isolated")
def test_programs_before_and_after_a_row_are_scored_with_it(run: Any, tmp_path: Path) -> None:
    leave = "open('/tmp/left', 'w').write('5')"
    look = "import os; print(5 if os.path.exists('/tmp/left') else 0)"
    rows = [program(look, prior=[program(leave)], after=[program("print(5)"), program(leave)])] * 2
    result = run("verify", "code", write(tmp_path / "rows.jsonl", rows))
    for record in records(result.stdout):
        assert record["value"] == 0.0
        assert [after["value"] for after in record["after"]] == [1.0, 0.0]


@pytest.mark.usefixtures("isolated")
def test_a_session_and_a_repository_are_kinds_of_code_rows(run: Any, tmp_path: Path) -> None:
    tests = {"test_f.py": "from f import f\n\ndef test_f():\n    assert f(2) == 4\n"}
    repair = {"kind": "pytest", "repo": {"f.py": ""}, "tests": tests, "fail_to_pass": ["test_f.py::test_f"]}
    cells = {"kind": "session", "cells": [{"stdout": ""}, {"stdout": "5\n", "result": "'x'"}]}
    rows = [
        {"id": 1, "task": repair, "program": json.dumps({"f.py": "def f(x):\n    return x * x\n"})},
        {"id": 2, "task": cells, "program": json.dumps(["v = 5", "print(v)\n'x'"])},
        {"id": 3, "task": repair, "program": "{}"},
    ]
    result = run("verify", "code", write(tmp_path / "rows.jsonl", rows))
    assert [record["value"] for record in records(result.stdout)] == [1.0, 1.0, 0.0]


def test_a_code_row_without_a_program_is_told(run: Any, tmp_path: Path) -> None:
    result = run("verify", "code", write(tmp_path / "rows.jsonl", [{"id": 1, "task": {}}]))
    assert (result.exit_code, "line 1 has no 'program'" in result.stderr) == (2, True)


@given(st.lists(st.integers()), st.integers(1, 6), st.none() | st.integers(0, 30))
def test_in_order_gives_every_result_before_the_first_bad_row(rows: list[int], workers: int, bad: int | None) -> None:
    def source() -> Any:
        for index, row in enumerate(rows):
            if index == bad:
                raise DataError("bad")
            yield row

    results, failed = [], False
    try:
        for result in in_order(lambda row: row, source(), workers):
            results.append(result)  # kept when the iterator raises
    except DataError:
        failed = True
    assert failed == (bad is not None and bad < len(rows))
    assert results == (rows[:bad] if failed else rows)


def test_in_order_works_on_several_rows_at_once() -> None:
    together = threading.Barrier(3, timeout=10)
    assert len(list(in_order(lambda row: together.wait(), [{}] * 3, 3))) == 3


def test_in_order_reads_only_a_few_rows_ahead() -> None:
    read = []
    source = (read.append(i) or {"id": i} for i in range(1000))  # type: ignore[func-returns-value]
    stream = in_order(lambda row: row["id"], source, 2)
    assert [next(stream) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert len(read) <= 5 + 4 * 2 + 1
