"""`assay data`: suites listed, fetched, checked and compared; a suite wherever an environment's id may stand."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import Result

from assaygym.benchmarks.suites import SUITES, suite
from assaygym.envs import registration

Run = Callable[..., Result]
ROWS = [
    {"question": "Ann has six boxes of seven pens and gives away two pens to each of her friends. How many?",
     "answer": "#### 42"},
    {"question": "What is 1 + 1?", "answer": "#### 2"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(registration, "_specs", dict(registration._specs))  # what is registered here is gone after


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "test.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def test_list_names_every_suite_with_its_licence_and_date(run: Run) -> None:
    found = run("data", "list", "--json")
    rows = {row["id"]: row for row in json.loads(found.stdout)}
    assert rows.keys() == SUITES.keys()
    assert rows["livecodebench"]["settings"] == ["after", "before"]
    assert (rows["gsm8k"]["licence"], rows["gsm8k"]["published"], rows["assay-math"]["revision"]) == (
        "MIT",
        "2021-10",
        None,
    )
    assert "openai/gsm8k@740312ad" in run("data", "list").stdout


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (("--use", "train", "--kind", "math"), {"dapo_math_17k", "deepscaler"}),
        (("--kind", "tool"), {"bfcl", "bfcl_multi_turn", "tau2_retail", "assay-tools", "assay-tools-fresh"}),
    ],
)
def test_list_can_be_narrowed(run: Run, options: tuple[str, ...], ids: set[str]) -> None:
    assert {row["id"] for row in json.loads(run("data", "list", *options, "--json").stdout)} == ids


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("list", "--kind", "maths"), "no suite is 'maths'; did you mean 'math'"),
        (("pull", "gsm8"), "no suite or environment 'gsm8'"),
        (("pull", "assay-math"), "assay-math is made here and needs no file"),
        (("pull", "tau2_retail"), "--data PATH"),
        (("verify", "gsm8k", "--data", "nowhere"), "no data file nowhere"),
        (("overlap", "assay-math", "nowhere.jsonl"), "no data file nowhere.jsonl"),
        (("overlap", "assay-math", "assay-math", "--text", "x"), "it takes no --text"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(run: Run, args: tuple[str, ...], sentence: str) -> None:
    found = run("data", *args)
    assert (found.exit_code, found.stdout) == (2, "")
    assert sentence in found.stderr


def test_pull_fetches_records_the_digest_and_verify_then_knows_it(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = SimpleNamespace(hf_hub_download=lambda *args, **kwargs: str(file))
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    pulled = json.loads(run("data", "pull", "gsm8k", "--json").stdout)
    assert pulled == {
        "id": "gsm8k",
        "commit": suite("gsm8k").revision,
        "files": [{"path": str(file), "sha256": digest}],
    }
    known = run("data", "verify", "gsm8k", "--data", str(file), "--json")
    assert (known.exit_code, json.loads(known.stdout)["matches"]) == (0, True)
    file.write_text(json.dumps(ROWS[0]))
    other = run("data", "verify", "gsm8k", "--data", str(file))
    assert other.exit_code == 1
    assert "another file than the one known" in other.stdout


def test_verify_without_anything_known_shows_the_digest_and_the_rows(run: Run, file: Path) -> None:
    found = run("data", "verify", "gsm8k", "--data", str(file))
    assert found.exit_code == 0
    assert "2 (the Hub's split has 1319)" in found.stdout
    assert "none is known to compare with" in found.stdout
    made = json.loads(run("data", "verify", "assay-math", "--json").stdout)
    assert (made["source"], made["rows"], made["matches"]) == ("made", 300, None)


def test_overlap_finds_a_task_in_training_text(run: Run, file: Path) -> None:
    text = file.parent / "train.jsonl"
    text.write_text(json.dumps({"text": "No."}) + "\n" + json.dumps({"text": f"Q. {ROWS[0]['question']} A. 42"}))
    found = run("data", "overlap", "gsm8k", str(text), "--data", str(file), "--json")
    told = json.loads(found.stdout)
    assert found.exit_code == 1
    assert [(shared["task"], shared["text"], shared["share"]) for shared in told["shared"]] == [("0", 2, 1.0)]
    assert "of its runs" in run("data", "overlap", "gsm8k", str(text), "--data", str(file)).stdout
    clean = run("data", "overlap", "gsm8k", str(text), "--data", str(file), "--text", "text", "--words", "30")
    assert clean.exit_code == 0
    wrong = run("data", "overlap", "gsm8k", str(text), "--data", str(file), "--text", "txt")
    assert "has no column 'txt'" in wrong.stderr


def test_two_suites_are_compared_by_their_questions(run: Run, file: Path) -> None:
    found = run("data", "overlap", "gsm8k", "gsm8k", "--data", str(file), "--other-data", str(file), "--json")
    assert len(json.loads(found.stdout)["shared"]) == 2


def test_a_suite_stands_where_an_environments_id_does(run: Run, file: Path) -> None:
    told = run("info", f"gsm8k@{file}")
    assert (told.exit_code, "suite/gsm8k-v0" in told.stdout) == (0, True)
    checked = run("doctor", f"gsm8k@{file}", "--only", "oracle")
    assert checked.exit_code == 0, checked.stdout
    played = run("eval", "gsm8k", "--data", str(file), "--policy", "oracle", "--json")
    assert json.loads(played.stdout)["counts"]["correct"] == 2
    assert "no data file nowhere" in run("info", "gsm8k@nowhere").stderr
