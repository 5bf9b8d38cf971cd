from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assaygym.benchmarks.suites import SUITES, load, suite
from assaygym.benchmarks.suites.answers import OptionMath, RowGold, RowMath, olympiad_gold, option_gold
from assaygym.errors import ConfigError, DataError, MissingDependencyError

GSM = [
    {"question": "How many are 2 pairs of 600 shoes?", "answer": "2 x 600 = 1,200\n#### 1,200"},
    {"question": "What is 3 below zero?", "answer": "It is negative.\n#### -3"},
]
MATH = [{"problem": "Solve $x=1$.", "answer": "1", "solution": "So $\\boxed{1}$.", "unique_id": "a/1.json"}]
HUMANEVAL = [
    {
        "task_id": "HumanEval/0",
        "prompt": "def one() -> int:\n    '''One.'''\n",
        "test": "def check(candidate):\n    assert candidate() == 1\n",
        "entry_point": "one",
        "canonical_solution": "    return 1\n",
    }
]
AQUA = [{"question": "What is 1 + 1?", "options": ["A)1", "B)B) 2", "C)None"], "rationale": "So B.", "correct": "B"}]
OLYMPIAD = [
    {
        "id": 7,
        "question": "Solve $x^2=4$.",
        "solution": ["..."],
        "final_answer": ["$2,-2$"],
        "unit": None,
        "error": None,
    }
]
ROWS: dict[str, list[Any]] = {
    "gsm8k": GSM,
    "math500": MATH,
    "humaneval": HUMANEVAL,
    "aime24": [{"ID": "2024-I-1", "problem": "How many?", "answer": "033", "solution": "Clearly $\\boxed{033}$."}],
    "amc23": [{"id": 0, "question": "How far?", "answer": 27.0}],
    "olympiadbench": OLYMPIAD,
    "svamp": [{"ID": "c-1", "Body": "There are 2 pears and 3 figs.", "Question": "How many fruits?", "Answer": 5.0}],
    "aqua": AQUA,
}
ORACLES = {"aime24": "033", "amc23": "27", "olympiadbench": "$2,-2$", "svamp": "5", "aqua": "B"}
"""What a suite's oracle says in its box, where the data has no solution that ends in one."""


def jsonl(path: Path, rows: list[Any]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


UNPINNED = {"minerva", "codeforces", "synthetic_1"}
"""Of which no commit is known."""


def test_each_suite_is_declared_whole() -> None:
    for name, declared in SUITES.items():
        assert declared.id == name
        assert declared.licence
        assert declared.files
        assert declared.made or re.fullmatch(r"20\d\d-[01]\d", declared.published)
        assert all(re.search(r"\.(jsonl|parquet|json|csv|gz)$", file) for file in declared.hub_files)
        assert set(declared.digests) <= set(declared.hub_files)
        pinned = re.fullmatch(r"[0-9a-f]{40}", declared.revision) is not None
        assert pinned == (bool(declared.hub_id) and name not in UNPINNED), f"{name} is not pinned to a commit"


@pytest.mark.parametrize(
    ("given", "near"),
    [("gsm8", "gsm8k"), ("math5000", "math500"), ("humanval", "humaneval"), ("assay/ChainSum-v1", "assay/ChainSum-v0")],
)
def test_an_unknown_name_suggests_suites_and_environments(given: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"no suite or environment '{given}'.*{near}"):
        suite(given)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_becomes_a_task_whose_oracle_is_a_worked_solution(tmp_path: Path, name: str) -> None:
    loaded = load(suite(name), jsonl(tmp_path / "rows.jsonl", ROWS[name]))
    env = loaded.definition.make(split="all")
    observation, _ = env.reset(seed=0, options={"index": 0})
    first = ROWS[name][0]
    assert str(first[suite(name).columns[0]]) in observation
    expected = rf"\boxed{{{ORACLES[name]}}}" if name in ORACLES else first[suite(name).solution_column]
    assert expected in env.oracle_action()


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_the_oracle_of_a_math_suite_is_right(tmp_path: Path, name: str) -> None:
    definition = load(suite(name), jsonl(tmp_path / "rows.jsonl", ROWS[name])).definition
    env = definition.make(split="all")
    env.reset(options={"index": 0})
    assert definition.score(env.oracle_action(), definition.row_task(0).answer).verdict == "correct"


@pytest.mark.parametrize(
    ("row", "gold"),
    [
        ({"final_answer": ["1", "2"]}, RowGold("1, 2")),
        ({"final_answer": ["4.2"], "unit": "%", "error": "1e-1"}, RowGold("4.2", (("absolute", 0.1),))),
        ({"final_answer": ["$7$"], "unit": "km"}, RowGold(r"7 \text{ km}", (("units", "missing"),))),
        ({"final_answer": ["9"], "unit": "$cm^2$"}, RowGold(r"9 \text{ cm}^2", (("units", "missing"),))),
        ({"final_answer": ["1, 2"], "error": "0.1,0.2"}, RowGold("1, 2", (("absolute", (0.1, 0.2)),))),
    ],
)
def test_a_row_of_olympiadbench_brings_its_tolerance_and_unit(row: Any, gold: RowGold) -> None:
    assert olympiad_gold(row) == gold


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (r"\boxed{42}", "correct"),
        (r"\boxed{42 \text{ km}}", "correct"),
        (r"\boxed{42 \text{ cm}}", "incorrect"),
        (r"\boxed{43}", "incorrect"),
        (r"\boxed{42.1}", "correct"),
        (r"\boxed{42.2}", "incorrect"),
    ],
)
def test_olympiadbench_judges_by_the_rules_of_the_row(answer: str, verdict: str) -> None:
    gold = olympiad_gold({"final_answer": ["42"], "unit": "km", "error": "0.1"})
    assert RowMath("olympiadbench")(answer, gold).verdict == verdict


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (r"\boxed{B}", "correct"),
        ("The answer is (B).", "correct"),
        ("I pick (B) since the others fail.", "correct"),
        (r"\boxed{\text{B) } \frac{1}{2}}", "correct"),
        (r"\boxed{0.5}", "correct"),
        (r"\boxed{b}", "correct"),
        (r"\boxed{A}", "incorrect"),
        (r"\boxed{A, B}", "incorrect"),
        (r"\boxed{\text{A or B}}", "incorrect"),
        (r"\boxed{B) 0.25}", "incorrect"),
        (r"\boxed{7}", "incorrect"),
        (r"\boxed{0.25}", "incorrect"),
        ("I have no idea which of them it could possibly be", "incorrect"),
        ("", "unparsed"),
    ],
)
def test_an_option_is_chosen_by_its_letter_or_its_content(answer: str, verdict: str) -> None:
    gold = option_gold({"correct": "B", "options": ["A)0.25", "B)1/2", "C)\u221a2", "D)1", "E)None of these"]})
    assert OptionMath()(answer, gold).verdict == verdict


def test_content_that_two_options_have_chooses_neither() -> None:
    gold = option_gold({"correct": "A", "options": ["A)0.5", "B)1/2"]})
    assert OptionMath()(r"\boxed{0.5}", gold).verdict == "incorrect"
    assert OptionMath()(r"\boxed{A}", gold).verdict == "correct"


def test_the_options_are_listed_in_the_prompt(tmp_path: Path) -> None:
    loaded = load(suite("aqua"), jsonl(tmp_path / "rows.jsonl", AQUA))
    assert "\n\nA)1\nB)B) 2\nC)None\n\n" in loaded.definition.row_task(0).prompt[0].content


@pytest.mark.parametrize(("index", "gold"), [(0, "1200"), (1, "-3")])
def test_the_gold_of_gsm8k_is_what_follows_the_hashes(tmp_path: Path, index: int, gold: str) -> None:
    loaded = load(suite("gsm8k"), jsonl(tmp_path / "rows.jsonl", GSM))
    assert loaded.definition.row_task(index).answer == gold


def test_the_prompt_keeps_braces_of_the_question_as_they_are(tmp_path: Path) -> None:
    rows = [{**MATH[0], "problem": r"What is $\frac{1}{2}$ of {x}?"}]
    loaded = load(suite("math500"), jsonl(tmp_path / "rows.jsonl", rows))
    text = loaded.definition.row_task(0).prompt[0].content
    assert r"What is $\frac{1}{2}$ of {x}?" in text
    assert r"\boxed{}" in text


def test_the_prompt_never_holds_the_answer(tmp_path: Path) -> None:
    rows = [{**HUMANEVAL[0], "test": "SECRET-TEST", "canonical_solution": "SECRET-SOLUTION"}]
    loaded = load(suite("humaneval"), jsonl(tmp_path / "rows.jsonl", rows))
    assert "SECRET" not in loaded.definition.row_task(0).prompt[0].content


@pytest.mark.parametrize(("name", "task_id"), [("gsm8k", "0"), ("math500", "a/1.json"), ("humaneval", "HumanEval/0")])
def test_a_task_is_named_as_its_row_is(tmp_path: Path, name: str, task_id: str) -> None:
    loaded = load(suite(name), jsonl(tmp_path / "rows.jsonl", ROWS[name]))
    assert loaded.definition.row_task(0).id == task_id


@pytest.mark.parametrize("file", ["rows.jsonl", "rows.jsonl.gz"])
def test_the_hash_is_that_of_the_file(tmp_path: Path, file: str) -> None:
    path = jsonl(tmp_path / file, GSM)
    loaded = load(suite("gsm8k"), path)
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.source == "file"


def test_a_list_in_a_json_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(GSM))
    assert len(load(suite("gsm8k"), path).definition.rows) == 2


def test_parquet_is_read_through_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Table:
        def to_pylist(self) -> list[dict[str, str]]:
            return GSM

    parquet = SimpleNamespace(read_table=lambda path: Table())
    monkeypatch.setitem(sys.modules, "pyarrow", SimpleNamespace(parquet=parquet))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", parquet)
    path = tmp_path / "test.parquet"
    path.write_bytes(b"PAR1")
    assert len(load(suite("gsm8k"), path).definition.rows) == 2


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    path = tmp_path / "test.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(MissingDependencyError, match=r"assaygym\[hub\]"):
        load(suite("gsm8k"), path)


@pytest.mark.parametrize(
    "others", [["README.md"], ["fewshot.jsonl", "LICENSE-NOTE.md"], ["mutants.jsonl", "HumanEval.txt"]]
)
def test_in_a_folder_the_suites_own_file_is_found_among_others(tmp_path: Path, others: list[str]) -> None:
    for other in others:
        (tmp_path / other).write_text("{}")
    jsonl(tmp_path / "test.jsonl", GSM)
    assert len(load(suite("gsm8k"), tmp_path).definition.rows) == 2


def test_a_folder_without_the_suites_file_is_refused(tmp_path: Path) -> None:
    jsonl(tmp_path / "fewshot.jsonl", GSM)
    with pytest.raises(DataError, match=r"holds none of the files of gsm8k \(test\.jsonl.*name the file itself"):
        load(suite("gsm8k"), tmp_path)


def test_a_folder_with_several_of_the_suites_files_is_refused(tmp_path: Path) -> None:
    for number in (0, 1):
        (tmp_path / f"test-0000{number}-of-00002.parquet").write_bytes(b"")
    with pytest.raises(DataError, match="several files"):
        load(suite("gsm8k"), tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no data file"),
        (b"", "has no rows"),
        (b'{"question": "q", "answer": "#### 1"}\n{not json}\n', "line 2 is not JSON"),
        (b"\xff\xfe\x00", "cannot read"),
        (b"[1]\n", "expected an object"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_data_error(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "rows.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        load(suite("gsm8k"), path)


def test_a_truncated_gzip_file_is_a_data_error(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "rows.jsonl.gz", GSM)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match="cannot read"):
        load(suite("gsm8k"), path)


def test_a_wrong_column_names_those_present_and_how_to_map(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "rows.jsonl", [{"questions": "q", "answer": "#### 1"}])
    with pytest.raises(DataError) as caught:
        load(suite("gsm8k"), path)
    message = str(caught.value)
    assert "no column 'question' (columns: questions, answer)" in message
    assert "--map question=COLUMN" in message
    assert str(path) in message


def test_a_column_of_another_name_can_be_mapped(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "rows.jsonl", [{"text": "q", "answer": "#### 7"}])
    loaded = load(suite("gsm8k"), path, {"question": "text"})
    assert loaded.definition.row_task(0).prompt[0].content.startswith("q\n")


def test_mapping_a_column_the_suite_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'question'"):
        load(suite("gsm8k"), jsonl(tmp_path / "rows.jsonl", GSM), {"questoin": "text"})


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("gsm8k", {"answer": "There is none."}, r"row 2: .*no answer after '####'"),
        ("gsm8k", {"answer": "Nothing follows ####"}, r"row 2: .*no answer after '####'"),
        ("gsm8k", {"answer": ""}, "row 2"),
        ("gsm8k", {"question": None}, "row 2 has nothing in column 'question'"),
        ("math500", {"answer": None}, "row 2 has nothing in column 'answer'"),
        ("math500", {"answer": " "}, "row 2 has nothing in column 'answer'"),
        ("humaneval", {"test": ""}, "row 2 has nothing in column 'test'"),
        ("svamp", {"Answer": None}, "row 2.*column 'Answer'"),
        ("olympiadbench", {"final_answer": []}, "row 2: column 'final_answer' has no answer"),
        ("olympiadbench", {"error": "some"}, "row 2: column 'error' is 'some'"),
        ("aqua", {"correct": "F"}, "row 2: column 'correct' is 'F'; expected the letter of one of 3 options"),
    ],
)
def test_a_row_without_an_answer_is_named(tmp_path: Path, name: str, change: Mapping[str, Any], reason: str) -> None:
    rows = [ROWS[name][0], {**ROWS[name][0], **change}]
    with pytest.raises(DataError, match=reason):
        load(suite(name), jsonl(tmp_path / "rows.jsonl", rows))


def test_a_later_row_without_a_column_is_named(tmp_path: Path) -> None:
    rows = [GSM[0], {"question": "q"}]
    with pytest.raises(DataError, match="row 2 has no column 'answer'"):
        load(suite("gsm8k"), jsonl(tmp_path / "rows.jsonl", rows))


def test_data_without_worked_solutions_has_the_plain_gold_as_oracle(tmp_path: Path) -> None:
    rows = [{"problem": "p", "answer": "7"}]
    env = load(suite("math500"), jsonl(tmp_path / "rows.jsonl", rows)).definition.make(split="all")
    env.reset(options={"index": 0})
    assert env.oracle_action() == r"\boxed{7}"


def test_the_hub_is_asked_for_the_pinned_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    path = jsonl(tmp_path / "test.jsonl", GSM)

    def download(*args: Any, **kwargs: Any) -> str:
        asked.append((args, kwargs))
        return str(path)

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=download))
    loaded = load(suite("gsm8k"))
    revision = suite("gsm8k").revision
    file = "main/test-00000-of-00001.parquet"
    assert asked == [(("openai/gsm8k", file), {"repo_type": "dataset", "revision": revision})]
    assert loaded.source == f"openai/gsm8k@{revision}"


def test_offline_the_error_names_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    constants = pytest.importorskip("huggingface_hub.constants", reason="the hub extra is not installed")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match=r"cannot fetch gsm8k from the Hub \(openai/gsm8k.*--data PATH"):
        load(suite("gsm8k"))


def test_without_the_hub_package_the_error_names_the_extra_and_the_way_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingDependencyError, match=r"--data PATH.*assaygym\[hub\]"):
        load(suite("gsm8k"))
