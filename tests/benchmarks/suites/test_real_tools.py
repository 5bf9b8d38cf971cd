"""All suites on their real data: the oracle is right on every row or the data is at fault, silence earns nothing."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.runner import evaluate
from assaygym.benchmarks.suites import load, suite
from assaygym.benchmarks.suites.bfcl import SingleTurn, gold_of
from assaygym.sandbox import shared_sandbox
from assaygym.types import ToolCall
from assaygym.verifiers.maths import canonical
from assaygym.verifiers.tool_calls import CallGold, tool_calls

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "suites"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no data next to the repository: ../shared/suites is absent")

FAULTS = {
    "bfcl": {"live_simple_112-68-0": "its gold leaves out a parameter that the function requires"},
    "tau2_retail": {},
    "amc23": {},
    "aime24": {},
    "aqua": {},
    "svamp": {},
    "olympiadbench": {},
    "gsm8k": {},
    "math500": {},
    "humaneval": {},
    "mbpp": {},
}
"""Rows that no agent can answer right, and why. Whole files of BFCL v4 (3,641 single-turn rows) have four more."""
SLOW = ("humaneval", "mbpp")
READ_BY = {
    **{name: {name} for name in FAULTS},
    "bfcl": {"bfcl", "bfcl_multi_turn"},
    "math500": {"math500", "math"},
    "aime24": {"aime24", "aime25"},
}
"""Which suites read each folder; all but its own have tests of their own below."""
LEFT_OUT = {"tau2_retail": {"57": "changes nothing and tells nothing, so that doing nothing is right"}}


def named(*, slow: bool) -> list[Any]:
    marks = [pytest.mark.slow] if slow else []
    return [pytest.param(name, marks=marks) for name in FAULTS if (name in SLOW) == slow]


@pytest.mark.parametrize("name", [*named(slow=False), *named(slow=True)])
def test_the_oracle_is_right_wherever_the_data_is(name: str, tmp_path: Path) -> None:
    shared_sandbox()
    summary = evaluate(name, "oracle", data=DATA / name, concurrency=4, out=tmp_path / "run")
    lines = episodes(tmp_path / "run")
    wrong = {line["task_id"] for line in lines if line["outcome"] != "correct"}
    assert wrong == FAULTS[name].keys()
    assert summary.scored == summary.planned
    assert all(line["lenient"] == line["value"] for line in lines), "the oracle answers in the format asked for"


def episodes(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "episodes.jsonl").read_text().splitlines()]


def test_every_folder_of_data_has_a_suite_that_is_tried_on_it() -> None:
    assert {path.name for path in DATA.iterdir() if path.is_dir()} == READ_BY.keys()
    for name, suites in READ_BY.items():
        for each in suites - {"bfcl_multi_turn"}:  # which needs a package to be read
            assert load(suite(each), DATA / name).definition.rows


@pytest.mark.parametrize(("folder", "name"), [("math500", "math"), ("aime24", "aime25")])
@pytest.mark.parametrize(("policy", "score"), [("oracle", 1.0), ("null", 0.0)])
def test_a_suite_of_the_same_shape_reads_the_data_alike(folder: str, name: str, policy: str, score: float) -> None:
    summary = evaluate(name, policy, data=DATA / folder)
    assert (summary.score.mean, summary.scored) == (score, summary.planned)


@pytest.mark.parametrize("name", [*named(slow=False), *named(slow=True)])
def test_silence_earns_nothing(name: str, tmp_path: Path) -> None:
    shared_sandbox()
    summary = evaluate(name, "null", data=DATA / name, out=tmp_path / "run")
    assert (summary.score.mean, summary.scored) == (0.0, summary.planned)
    assert {line["lenient"] for line in episodes(tmp_path / "run")} == {0.0}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_only_tasks_that_are_no_tasks_are_left_out(name: str) -> None:
    kept = {row["id"] for row in load(suite(name), DATA / name).definition.rows}
    rows = [json.loads(line) for line in (DATA / name / "test.jsonl").read_text().splitlines()]
    assert {row["id"] for row in rows} - kept == LEFT_OUT[name].keys()


@pytest.mark.skipif(importlib.util.find_spec("bfcl_eval") is None, reason="bfcl-eval, which has the APIs, is not here")
def test_the_oracle_serves_every_conversation_of_bfcl() -> None:
    assert evaluate("bfcl_multi_turn", "oracle", data=DATA / "bfcl").counts["correct"] == 7
    assert evaluate("bfcl_multi_turn", "null", data=DATA / "bfcl").counts["incorrect"] == 7


def answered() -> Iterator[tuple[str, CallGold, list[ToolCall]]]:
    for row in load(suite("bfcl"), DATA / "bfcl").definition.rows:
        gold = gold_of(row)
        if gold.wanted == "these" and row["id"] not in FAULTS["bfcl"]:
            (calls,) = SingleTurn(row).solve()
            assert isinstance(calls, list)
            yield row["id"], gold, calls


def changed(call: ToolCall, **fields: Any) -> ToolCall:
    return ToolCall(id=call.id, name=fields.get("name", call.name), arguments=fields.get("arguments", call.arguments))


def mutants(gold: CallGold, call: ToolCall) -> Iterator[tuple[str, ToolCall]]:
    """The call with one thing wrong."""
    arguments = json.loads(call.arguments)
    known = gold.functions[call.name].get("properties") or {}
    yield "name", changed(call, name=f"{call.name}_")
    yield "extra", changed(call, arguments=json.dumps({**arguments, "zzz": 1}))
    for name in gold.functions[call.name].get("required") or ():
        yield "missing", changed(call, arguments=json.dumps({k: v for k, v in arguments.items() if k != name}))
    for name, value in arguments.items():
        if known[name]["type"] not in ("any", "dict", "HashMap"):
            yield "type", changed(call, arguments=json.dumps({**arguments, name: {"no": "such type"}}))
        if isinstance(value, str):
            yield "value", changed(call, arguments=json.dumps({**arguments, name: f"{value} zzz"}))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield "value", changed(call, arguments=json.dumps({**arguments, name: value + 1_000_003}))


def test_a_gold_call_of_bfcl_with_one_thing_wrong_is_wrong() -> None:
    judge, told, seen = tool_calls(), [], set()
    for name, gold, calls in answered():
        for place, call in enumerate(calls):
            for kind, mutant in mutants(gold, call):
                seen.add(kind)
                if judge([*calls[:place], mutant, *calls[place + 1 :]], gold).value != 0.0:
                    told.append((name, kind, mutant.arguments))
    assert told == []
    assert seen == {"name", "extra", "missing", "type", "value"}


def test_gold_calls_of_bfcl_are_right_in_any_order_and_wrong_in_another_number() -> None:
    judge, parallel = tool_calls(), 0
    for name, gold, calls in answered():
        assert judge(calls[::-1], gold).value == 1.0, name
        assert judge([*calls, calls[0]], gold).value == 0.0, name
        assert judge(calls[1:], gold).value == 0.0, name
        parallel += len(calls) > 1
    assert parallel >= 25


@pytest.mark.parametrize("name", ["gsm8k", "math500", "aime24", "svamp"])
def test_golds_of_real_suites_have_canonical_texts_that_tell_them_apart(name: str) -> None:
    definition = load(suite(name), DATA / name).definition
    golds = {str(definition.row_task(index).answer) for index in range(min(len(definition.rows), 300))}
    texts = {gold: canonical(rf"\boxed{{{gold}}}") for gold in golds}
    assert None not in texts.values()
    merged: dict[str | None, set[str]] = {}
    for gold, text in texts.items():
        merged.setdefault(text, set()).add(gold)
    for group in merged.values():
        one, *others = group
        assert all(definition.score(rf"\boxed{{{other}}}", one).metrics["lenient"] == 1 for other in others), group
