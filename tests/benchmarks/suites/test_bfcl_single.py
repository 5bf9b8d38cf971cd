"""BFCL's single-turn rows, on rows made here: files, prompts, tools, oracle, and turns that are wrong."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.runner import evaluate
from assaygym.benchmarks.suites import load, suite
from assaygym.errors import DataError
from assaygym.types import Verdict

WEATHER = {
    "name": "weather.now",
    "description": "The weather of a town.",
    "parameters": {
        "type": "dict",
        "properties": {
            "town": {"type": "string"},
            "days": {"type": "long"},
            "at": {"type": "tuple", "items": {"type": "float"}},
            "extra": {"type": "any"},
            "options": {"type": "HashMap", "properties": {"type": {"type": "String"}}},
        },
        "required": ["town"],
    },
}
GOLD = {"town": ["Rome", "roma"], "days": ["", 1], "at": ["", [1.5]], "options": ["", {"type": ["brief", ""]}]}


def row(name: str, truth: Any, question: str = "How is the weather in Rome?") -> dict[str, Any]:
    return {
        "id": f"{name}_0",
        "category": name,
        "question": [[{"role": "user", "content": question}]],
        "function": [WEATHER],
        "ground_truth": truth,
    }


ROWS = [
    row("simple_python", [{"weather.now": GOLD}]),
    row("parallel", [{"weather.now": {"town": ["Rome"]}}, {"weather.now": {"town": ["Oslo"]}}]),
    row("irrelevance", None, "Sing!"),
    row("live_relevance", None),
]


def written(folder: Path, rows: list[Any] = ROWS) -> Path:
    path = folder / "test.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return path


def verdict(path: Path, index: int, text: str) -> Any:
    env = load(suite("bfcl"), path).definition.make(split="all")
    env.reset(options={"index": index})
    return env.step(text)[4]["score"]


def hermes(name: str, **arguments: Any) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


def test_the_oracle_is_right_and_silence_earns_nothing(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert evaluate("bfcl", "oracle", data=path).counts["correct"] == len(ROWS)
    silent = evaluate("bfcl", "null", data=path)
    assert (silent.score.mean, silent.counts["unparsed"]) == (0.0, len(ROWS))


@pytest.mark.parametrize(
    ("index", "text", "right"),
    [
        (0, hermes("weather.now", town="Rome"), True),
        (0, "[weather.now(town='roma', days=1)]", True),
        (0, hermes("weather.now", town="Rome", options={"type": "brief"}), True),
        (0, hermes("weather.now", town="Paris"), False),
        (0, hermes("weather.now", town="Rome", days="1"), False),
        (0, "It is sunny in Rome.", False),
        (0, "<tool_call>{broken", False),
        (0, "[weather.now(town=__import__('os').getcwd())]", False),
        (1, hermes("weather.now", town="Oslo") + hermes("weather.now", town="Rome"), True),
        (1, hermes("weather.now", town="Rome") * 2, False),
        (2, "I cannot sing with these functions.", True),
        (2, hermes("weather.now", town="Rome"), False),
        (2, "<tool_call>{broken", False),
        (2, "[weather.now(town=]", False),
        (3, hermes("weather.now", town="anywhere"), True),
        (3, "It is sunny.", False),
        (3, hermes("sing", song="la"), False),
    ],
)
def test_a_turn_is_judged_by_its_calls(tmp_path: Path, index: int, text: str, right: bool) -> None:
    found = verdict(written(tmp_path), index, text)
    assert found.verdict is (Verdict.CORRECT if right else Verdict.INCORRECT), found.explanation


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "weather.now", "arguments": {"town": "Rome"}}',
        '<tool_call>{"name": "weather.now", "arguments": "{\\"town\\": \\"Rome\\"}"}</tool_call>',
    ],
)
def test_a_call_that_had_to_be_repaired_is_right_leniently_only(tmp_path: Path, text: str) -> None:
    path = written(tmp_path)
    definition = load(suite("bfcl"), path).definition
    for found in (verdict(path, 0, text), definition.score(text, definition.row_task(0).answer)):
        assert (found.value, found.verdict, found.metrics["lenient"]) == (0.0, Verdict.UNPARSED, 1.0)
        assert found.explanation == "format: expected calls that need no repair; otherwise calls: as wanted"
    whole = verdict(path, 0, hermes("weather.now", town="Rome"))
    assert (whole.value, whole.metrics["lenient"]) == (1.0, 1.0)


def test_any_words_are_a_refusal_and_the_categories_of_a_constant_agent_show_it(tmp_path: Path) -> None:
    evaluate("bfcl", "constant:abc", data=written(tmp_path), out=tmp_path / "run")
    lines = [json.loads(line) for line in (tmp_path / "run" / "episodes.jsonl").read_text().splitlines()]
    assert {line["category"]: line["value"] for line in lines} == {
        "simple_python": 0.0,
        "parallel": 0.0,
        "irrelevance": 1.0,
        "live_relevance": 0.0,
    }


def test_tools_are_told_with_the_types_of_json_schema(tmp_path: Path) -> None:
    env = load(suite("bfcl"), written(tmp_path)).definition.make(split="all")
    _, info = env.reset(options={"index": 0})
    (tool,) = info["tools"]
    kinds = {name: schema.get("type") for name, schema in tool.parameters["properties"].items()}
    assert tool.parameters["type"] == "object"
    assert kinds == {"town": "string", "days": "integer", "at": "array", "extra": None, "options": "object"}
    assert tool.parameters["properties"]["options"]["properties"] == {"type": {"type": "string"}}
    assert info["messages"][-1].content == "How is the weather in Rome?"


def test_the_benchmarks_own_files_are_joined_with_their_answers(tmp_path: Path) -> None:
    for kind, rows in (("simple", [ROWS[0]]), ("irrelevance", [ROWS[2]]), ("parallel", [ROWS[1]]), ("sql", [ROWS[0]])):
        bare = [{key: each[key] for key in ("id", "question", "function")} for each in rows]
        written(tmp_path, bare).rename(tmp_path / f"BFCL_v3_{kind}.json")
    (tmp_path / "possible_answer").mkdir()
    answers = tmp_path / "possible_answer"
    answer = {"id": ROWS[0]["id"], "ground_truth": ROWS[0]["ground_truth"]}
    (answers / "BFCL_v3_simple.json").write_text(json.dumps(answer))
    relative = {"id": "parallel_999", "ground_truth": ROWS[1]["ground_truth"]}  # named otherwise: found by its place
    (answers / "BFCL_v3_parallel.json").write_text(json.dumps(relative))
    loaded = load(suite("bfcl"), tmp_path)
    assert [each["category"] for each in loaded.definition.rows] == ["irrelevance", "parallel", "simple"]
    assert evaluate("bfcl", "oracle", data=tmp_path).counts["correct"] == 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"question": [[{"role": "narrator", "content": "?"}]]}, "role 'narrator'"),
        ({"ground_truth": [["no", "pairs"]]}, "row 1"),
        ({"function": [{"name": "f"}]}, "row 1"),
    ],
)
def test_a_row_of_another_form_is_named(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        load(suite("bfcl"), written(tmp_path, [{**ROWS[0], **change}]))


def test_answers_to_other_questions_are_refused(tmp_path: Path) -> None:
    written(tmp_path, [ROWS[0]]).rename(tmp_path / "BFCL_v3_simple.json")
    (tmp_path / "possible_answer").mkdir()
    answers = [{"id": str(n), "ground_truth": []} for n in range(2)]
    written(tmp_path / "possible_answer", answers).rename(tmp_path / "possible_answer" / "BFCL_v3_simple.json")
    with pytest.raises(DataError, match="has 2 answers to 1 questions"):
        load(suite("bfcl"), tmp_path)


def own_files(folder: Path, rows: list[Any], answers: list[Any]) -> Path:
    written(folder, [{key: each[key] for key in ("id", "question", "function")} for each in rows]).rename(
        folder / "BFCL_v3_simple.json"
    )
    (folder / "possible_answer").mkdir()
    written(folder / "possible_answer", answers).rename(folder / "possible_answer" / "BFCL_v3_simple.json")
    return folder


def towns(count: int) -> list[Any]:
    return [{**row("simple", [{"weather.now": {"town": [f"Town {n}"]}}]), "id": f"simple_{n}"} for n in range(count)]


def test_answers_in_another_order_are_those_of_their_ids(tmp_path: Path) -> None:
    rows = towns(5)
    answers = [{"id": each["id"], "ground_truth": each["ground_truth"]} for each in reversed(rows)]
    loaded = load(suite("bfcl"), own_files(tmp_path, rows, answers)).definition.rows
    assert [each["ground_truth"] for each in loaded] == [each["ground_truth"] for each in rows]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([{"id": "simple_1", "ground_truth": []}, {"id": "other_7", "ground_truth": []}], "other_7"),
        ([{"id": "simple_1", "ground_truth": []}] * 2, "no answer to simple_0"),
        ([{"id": f"x_{n}", "ground_truth": [{"sky.now": {}}]} for n in range(2)], "sky.now"),
    ],
)
def test_answers_that_are_not_those_of_the_questions_are_refused(tmp_path: Path, answers: Any, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        load(suite("bfcl"), own_files(tmp_path, towns(2), answers))


def test_a_live_episode_survives_pickling(tmp_path: Path) -> None:
    env = load(suite("bfcl"), written(tmp_path)).definition.make(split="all")
    env.reset(options={"index": 0})
    twin = pickle.loads(pickle.dumps(env))
    assert twin.step(hermes("weather.now", town="Rome"))[1] == env.step(hermes("weather.now", town="Rome"))[1] == 1.0
