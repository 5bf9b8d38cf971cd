"""tau2-style tickets on a small shop made here: tools that keep to the policy, the final state, what was said."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from assaygym.benchmarks.suites import load, suite
from assaygym.benchmarks.suites.tau2_shop import Shop
from assaygym.errors import DataError, ToolError
from assaygym.types import Verdict

ADDRESS = {"address1": "1 Main", "address2": "", "city": "Rome", "country": "USA", "state": "NY", "zip": "13440"}


def variant(item: str, price: float, available: bool = True) -> dict[str, Any]:
    return {"item_id": item, "options": {"size": item}, "available": available, "price": price}


def order(key: str, status: str, paid_by: str = "card_1") -> dict[str, Any]:
    item = {"name": "Shirt", "product_id": "p1", "item_id": "s1", "price": 20.0, "options": {"size": "s1"}}
    payment = {"transaction_type": "payment", "amount": 40.0, "payment_method_id": paid_by}
    return {"order_id": key, "user_id": "ann_1", "address": ADDRESS, "items": [item, {**item}], "status": status,
            "fulfillments": [], "payment_history": [payment]}  # fmt: skip


DB: dict[str, Any] = {
    "users": {
        "ann_1": {
            "user_id": "ann_1", "name": {"first_name": "Ann", "last_name": "Lee"}, "address": ADDRESS,
            "email": "ann@example.com", "orders": ["#1", "#2"],
            "payment_methods": {
                "card_1": {"source": "credit_card", "id": "card_1"},
                "gift_1": {"source": "gift_card", "id": "gift_1", "balance": 5.0},
            },
        }
    },
    "orders": {"#1": order("#1", "pending"), "#2": order("#2", "delivered")},
    "products": {
        "p1": {"name": "Shirt", "product_id": "p1", "variants": {
            "s1": variant("s1", 20.0), "s2": variant("s2", 22.5), "s3": variant("s3", 10.0),
            "s4": variant("s4", 20.0, available=False),
        }},
        "p2": {"name": "Hat", "product_id": "p2", "variants": {"h1": variant("h1", 20.0)}},
    },
}  # fmt: skip


@pytest.fixture
def shop() -> Shop:
    return Shop(copy.deepcopy(DB))


@pytest.mark.parametrize(
    ("tool", "arguments", "path", "value"),
    [
        ("cancel_pending_order", ("#1", "no longer needed"), ("orders", "#1", "status"), "cancelled"),
        ("modify_pending_order_payment", ("#2x", "card_1"), None, "not found"),
        ("modify_pending_order_items", ("#1", ["s1"], ["s2"], "card_1"), ("orders", "#1", "items", 0, "price"), 22.5),
        ("modify_pending_order_items", ("#1", ["s1"], ["s3"], "gift_1"),
         ("users", "ann_1", "payment_methods", "gift_1", "balance"), 15.0),
        ("modify_pending_order_items", ("#1", ["s1", "s1"], ["s2", "s2"], "gift_1"),
         ("users", "ann_1", "payment_methods", "gift_1", "balance"), 0.0),
        ("return_delivered_order_items", ("#2", ["s1"], "card_1"), ("orders", "#2", "return_items"), ["s1"]),
        ("exchange_delivered_order_items", ("#2", ["s1"], ["s2"], "card_1"),
         ("orders", "#2", "exchange_price_difference"), 2.5),
        ("modify_user_address", ("ann_1", "2 Side", "", "Rome", "NY", "USA", "13440"),
         ("users", "ann_1", "address", "address1"), "2 Side"),
        ("modify_pending_order_address", ("#1", "2 Side", "", "Rome", "NY", "USA", "13440"),
         ("orders", "#1", "address", "address1"), "2 Side"),
        ("cancel_pending_order", ("#2", "no longer needed"), None, "is delivered, not pending"),
        ("cancel_pending_order", ("#1", "I am sad"), None, "expected one of"),
        ("modify_pending_order_items", ("#1", ["s1"], ["s4"], "card_1"), None, "no available variant"),
        ("modify_pending_order_items", ("#1", ["s1"], ["h1"], "card_1"), None, "no available variant of Shirt"),
        ("modify_pending_order_items", ("#1", ["s1"] * 3, ["s2"] * 3, "card_1"), None, "not so often"),
        ("modify_pending_order_items", ("#1", ["s1"], [], "card_1"), None, "1 items and 0 new ones"),
        ("modify_pending_order_items", ("#1", ["s1"], ["s2"], "card_9"), None, "payment method"),
        ("exchange_delivered_order_items", ("#2", [], [], "card_1"), None, "no item was named"),
        ("exchange_delivered_order_items", ("#1", ["s1"], ["s2"], "card_1"), None, "is pending, not delivered"),
        ("return_delivered_order_items", ("#2", ["s9"], "card_1"), None, "not in the order"),
        ("modify_pending_order_payment", ("#1", "card_1"), None, "by this method already"),
        ("modify_pending_order_payment", ("#1", "gift_1"), None, "does not cover 40.0"),
        ("get_product_details", ("s1",), None, "product 's1' not found"),
        ("find_user_id_by_email", ("bob@example.com",), None, "user not found"),
        ("calculate", ("2 ** 9",), None, "cannot work out"),
        ("calculate", ("__import__('os')",), None, "cannot work out"),
        ("calculate", ("1 / 0",), None, "cannot work out"),
        ("calculate", ("1+" * 200 + "1",), None, "over 200 characters"),
    ],
)  # fmt: skip
def test_a_tool_changes_what_it_should_or_refuses(
    shop: Shop, tool: str, arguments: tuple[Any, ...], path: tuple[Any, ...] | None, value: Any
) -> None:
    if path is None:
        with pytest.raises(ToolError, match=value):
            getattr(shop, tool)(*arguments)
        assert shop.db == DB
        return
    getattr(shop, tool)(*arguments)
    found: Any = shop.db
    for key in path:
        found = found[key]
    assert found == value


def test_what_only_reads_changes_nothing(shop: Shop) -> None:
    assert shop.find_user_id_by_email("ANN@example.com") == "ann_1"
    assert shop.find_user_id_by_name_zip("ann", "lee", "13440") == "ann_1"
    assert json.loads(shop.get_order_details("#2"))["status"] == "delivered"
    assert json.loads(shop.get_user_details("ann_1"))["orders"] == ["#1", "#2"]
    assert json.loads(shop.list_all_product_types()) == {"Hat": "p2", "Shirt": "p1"}
    assert shop.calculate("(20 + 22.5) * 2 - -1") == "86.0"
    assert shop.transfer_to_human_agents("help") == "Transfer successful"
    assert shop.db == DB


def test_an_order_is_changed_once(shop: Shop) -> None:
    shop.modify_pending_order_items("#1", ["s1"], ["s2"], "card_1")
    with pytest.raises(ToolError, match="not pending"):
        shop.modify_pending_order_items("#1", ["s1"], ["s2"], "card_1")


def task(name: str, actions: list[tuple[str, dict[str, Any]]], told: list[str]) -> dict[str, Any]:
    instructions = {"reason_for_call": f"You want {name}.", "known_info": "You are ann_1.", "unknown_info": "."}
    criteria = {"actions": [{"name": n, "arguments": a} for n, a in actions], "communicate_info": told}
    return {"id": name, "user_scenario": {"instructions": instructions}, "evaluation_criteria": criteria}


CANCEL = ("cancel_pending_order", {"order_id": "#1", "reason": "no longer needed"})
READ = ("get_order_details", {"order_id": "#1"})
TASKS = [
    task("a cancellation", [READ, CANCEL], ["1,126.04"]),
    task("a word", [READ], ["cotton"]),
    task("nothing", [], []),
]


def folder(path: Path, tasks: list[dict[str, Any]] = TASKS) -> Path:
    (path / "db.json").write_text(json.dumps(DB))
    (path / "policy.md").write_text("# Policy")
    (path / "tasks.json").write_text(json.dumps(tasks))
    return path


def score(path: Path, index: int, *texts: str) -> Any:
    env = load(suite("tau2_retail"), path).definition.make(split="all")
    env.reset(options={"index": index})
    return [env.step(text)[4] for text in texts][-1].get("score")


def call(name: str, **arguments: Any) -> str:
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


def test_a_task_that_doing_nothing_would_solve_is_left_out(tmp_path: Path) -> None:
    rows = load(suite("tau2_retail"), folder(tmp_path)).definition.rows
    assert [row["id"] for row in rows] == ["a cancellation", "a word"]


@pytest.mark.parametrize(
    ("index", "texts", "reason"),
    [
        (0, [call("cancel_pending_order", **CANCEL[1]), "Refund: 1126.04"], None),
        (0, [call("cancel_pending_order", **CANCEL[1]) + "You get $1,126.04", "Done."], None),
        (0, ["You get 1126.04"], "required but missing"),
        (0, [call("cancel_pending_order", **CANCEL[1]), "Done."], "was not told '1,126.04'"),
        (0, [call("cancel_pending_order", order_id="#1", reason="ordered by mistake"), "1126.04"], "required but m"),
        (0, [call("cancel_pending_order", **CANCEL[1]),
             call("return_delivered_order_items", order_id="#2", item_ids=["s1"], payment_method_id="card_1"),
             "1126.04"], "not asked for"),
        (1, ["It is Cotton."], None),
        (1, ["Let me see."], "was not told 'cotton'"),
        (1, [call("cancel_pending_order", **CANCEL[1]), "cotton"], "should be"),
    ],
)  # fmt: skip
def test_the_state_and_the_words_decide(tmp_path: Path, index: int, texts: list[str], reason: str | None) -> None:
    found = score(folder(tmp_path), index, *texts)
    assert found.verdict is (Verdict.CORRECT if reason is None else Verdict.INCORRECT), found.explanation
    assert (reason or "as expected") in found.explanation


def test_the_oracle_is_right_and_silence_is_no_answer(tmp_path: Path) -> None:
    env = load(suite("tau2_retail"), folder(tmp_path)).definition.make(split="all")
    for index in range(2):
        env.reset(options={"index": index})
        ended, reward = False, 0.0
        while not ended:
            _, reward, ended, _, _ = env.step(env.oracle_action())
        assert reward == 1.0
    assert score(tmp_path, 0, "").verdict is Verdict.UNPARSED


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (call("db"), "no tool 'db'"),
        (call("_pay", order={}), "no tool '_pay'"),
        (call("get_order_details"), "needs order_id: a text"),
        (call("get_order_details", order_id=1), "needs order_id: a text"),
        (call("get_order_details", order_id="#1", more=1), "takes no more"),
        (call("return_delivered_order_items", order_id="#2", item_ids="s1", payment_method_id="card_1"), "a list of t"),
        (call("get_order_details", order_id="#9"), "order '#9' not found"),
    ],
)
def test_a_call_that_cannot_be_is_answered(tmp_path: Path, text: str, answer: str) -> None:
    env = load(suite("tau2_retail"), folder(tmp_path)).definition.make(split="all")
    env.reset(options={"index": 0})
    *_, info = env.step(text)
    assert answer in info["messages"][0].content


def test_a_fork_has_a_database_of_its_own(tmp_path: Path) -> None:
    env = load(suite("tau2_retail"), folder(tmp_path)).definition.make(split="all")
    env.reset(options={"index": 1})
    twin = env.fork(1)[0]
    twin.step(call("cancel_pending_order", **CANCEL[1]))
    assert env.step("cotton")[1] == 1.0
    assert twin.step("cotton")[1] == 0.0


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda path: (path / "db.json").unlink(), "needs db.json and policy.md"),
        (lambda path: (path / "db.json").write_text("{}"), "no users, orders and products"),
        (lambda path: folder(path, [task("x", [("fly", {}), CANCEL], [])]), "row 1: no tool 'fly'"),
        (lambda path: folder(path, [task("nothing", [], [])]), "no row is left"),
    ],
)
def test_data_of_another_form_is_refused(tmp_path: Path, break_it: Any, reason: str) -> None:
    folder(tmp_path)
    break_it(tmp_path)
    with pytest.raises(DataError, match=reason):
        load(suite("tau2_retail"), tmp_path)


def test_a_gold_that_is_refused_is_the_datas_fault_and_no_zero(tmp_path: Path) -> None:
    wrong = task("x", [("cancel_pending_order", {"order_id": "#2", "reason": "no longer needed"})], [])
    assert score(folder(tmp_path, [wrong]), 0, "Done.").verdict is Verdict.INVALID
