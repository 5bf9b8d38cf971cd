"""The web shop."""

import copy
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from assaygym.envs.families import shop_world as world
from assaygym.envs.families.shop import Shop
from assaygym.envs.families.shop_cases import Policy
from assaygym.envs.registration import make
from assaygym.envs.tools import call
from assaygym.errors import ToolError
from assaygym.types import Message, Score, ToolCall


def started(seed: int = 1, level: int = 4) -> Shop:
    env = cast(Shop, make("assay/Shop-v0", level=level))
    env.reset(seed=seed)
    return env


def first(level: int, wanted: Callable[[Shop], bool]) -> Shop:
    """The first episode of this kind."""
    env = cast(Shop, make("assay/Shop-v0", level=level))
    for seed in range(500):
        env.reset(seed=seed)
        if wanted(env):
            return env
    raise AssertionError("no such episode in 500")


def say(env: Shop, *calls: ToolCall) -> str:
    return env.step(env.action_text(Message(role="assistant", content="", tool_calls=calls)))[0]


def finished(env: Shop) -> Score:
    score: Score = env.step("Done.")[4]["score"]
    return score


def identify(env: Shop) -> None:
    say(env, call("check_identity", customer_id=env.customer_id, postcode=env.postcode))


def do(env: Shop, skip: int = -1) -> None:
    """What is right, but for one case."""
    identify(env)
    for i, case in enumerate(env.cases):
        if i != skip:
            say(env, *(case.calls or (call("refuse", order_id=case.order_id, reason=case.reason),)))


def allowed(env: Shop) -> bool:
    return any(case.calls for case in env.cases)


def other_order(env: Shop) -> str:
    asked = {case.order_id for case in env.cases}
    orders: dict[str, Any] = env.state["orders"]
    return next(o for o, order in orders.items() if o not in asked and order["status"] == "delivered")


@pytest.mark.parametrize("seed", range(5))
def test_the_right_calls_in_any_order_are_right(seed: int) -> None:
    env = started(seed)
    identify(env)
    for case in reversed(env.cases):
        say(env, *(case.calls or (call("refuse", order_id=case.order_id, reason=case.reason),)))
    assert finished(env).value == 1.0


@pytest.mark.parametrize("level", range(5))
def test_doing_nothing_is_never_right(level: int) -> None:
    for seed in range(40):
        env = started(seed, level)
        identify(env)
        assert finished(env).value == 0.0


def test_leaving_one_request_out_is_wrong_and_told() -> None:
    env = first(3, allowed)
    do(env, skip=next(i for i, case in enumerate(env.cases) if case.calls))
    score = finished(env)
    assert score.value == 0.0
    assert "orders" in score.explanation


def test_anything_else_changed_is_wrong() -> None:
    env = started(2)
    do(env)
    say(env, call("change_address", order_id=other_order(env), address="1 Elsewhere"))
    score = finished(env)
    assert score.value == 0.0
    assert "Elsewhere" in score.explanation


def test_refusing_what_is_allowed_is_wrong() -> None:
    env = first(0, allowed)
    say(env, call("refuse", order_id=env.cases[0].order_id, reason="too_late"))
    assert finished(env).value == 0.0


def test_refusing_and_doing_it_all_the_same_is_wrong() -> None:
    env = first(0, allowed)
    do(env)
    say(env, call("refuse", order_id=env.cases[0].order_id, reason="too_late"))
    assert finished(env).value == 0.0


@pytest.mark.parametrize("reason", ["too_late", "not_delivered", "final_sale", "over_limit"])
def test_the_world_lets_the_refund_policy_be_broken_and_that_is_wrong(reason: str) -> None:
    env = first(4, lambda env: any(case.reason == reason for case in env.cases))
    case = next(case for case in env.cases if case.reason == reason)
    identify(env)
    assert say(env, call("refund", order_id=case.order_id, item_id="1")).startswith("refunded")
    assert finished(env).value == 0.0


def test_the_wrong_reason_is_wrong() -> None:
    env = first(0, lambda env: env.cases[0].reason == "too_late")
    say(env, call("refuse", order_id=env.cases[0].order_id, reason="not_delivered"))
    assert finished(env).value == 0.0


def test_every_reason_there_is_refuses_nothing_by_itself() -> None:
    env = first(0, lambda env: env.cases[0].reason == "too_late")
    for reason in ("too_late", "not_delivered"):
        say(env, call("refuse", order_id=env.cases[0].order_id, reason=reason))
    assert finished(env).value == 0.0


def test_a_change_before_the_identity_check_is_wrong_even_if_the_check_follows() -> None:
    env = first(2, allowed)
    say(env, *env.cases[0].calls)
    identify(env)
    score = finished(env)
    assert score.value == 0.0
    assert "before the identity check" in score.explanation


def test_a_wrong_postcode_is_refused_and_nothing_is_done() -> None:
    env = first(2, lambda env: env.cases[0].reason == "identity_not_confirmed")
    assert env.postcode in env.transcript[-1].content
    assert env.state["customers"][env.customer_id]["postcode"] != env.postcode
    assert "not confirmed" in say(env, call("check_identity", customer_id=env.customer_id, postcode=env.postcode))
    say(env, call("refuse", order_id=env.cases[0].order_id, reason="identity_not_confirmed"))
    assert finished(env).value == 1.0


def test_postcodes_are_not_told_by_any_tool() -> None:
    env = first(2, lambda env: env.cases[0].reason == "identity_not_confirmed")
    secret = env.state["customers"][env.customer_id]["postcode"]
    seen = say(
        env,
        call("find_customer", email=env.state["customers"][env.customer_id]["email"]),
        call("list_orders", customer_id=env.customer_id),
        call("get_order", order_id=env.cases[0].order_id),
    )
    assert secret not in seen


@pytest.mark.parametrize("level", range(5))
def test_each_case_breaks_the_policy_for_its_reason_and_no_other(level: int) -> None:
    env = cast(Shop, make("assay/Shop-v0", level=level))
    for seed in range(120):
        env.reset(seed=seed)
        for case in env.cases:
            if case.reason != "identity_not_confirmed":
                assert broken(env, case.wish, case.order_id) == ([case.reason] if case.reason else []), case


def broken(env: Shop, wish: str, order_id: str) -> list[str]:
    """The policy, read again: the reasons to refuse this wish."""
    policy, order = env.policy, env.state["orders"][order_id]
    item = next((item for item in order["items"] if item["product"] in wish), order["items"][0])
    days = order["delivered_days_ago"]
    if "cancel" in wish or "address" in wish.lower() or "Please send" in wish:
        return [] if order["status"] == "processing" else ["already_shipped"]
    limit = policy.exchange_days if "'" in wish else policy.refund_days
    reasons = ["not_delivered"] if days is None else ["too_late"] if days > limit else []
    if "'" in wish:
        variant = wish.split("'")[1]
        return [*reasons, *([] if env.state["stock"][item["product"]][variant] else ["out_of_stock"])]
    if policy.rules >= 5:
        reasons += ["final_sale"] if item["category"] == policy.final else []
        reasons += ["over_limit"] if item["price"] > policy.limit else []
    return reasons


def test_the_policy_of_the_episode_is_in_the_one_system_message() -> None:
    env = started(3)
    roles = [message.role for message in env.transcript]
    assert roles == ["system", "user"]
    system = env.transcript[0].content
    assert system.startswith("You work in the service of a web shop.")
    assert f"at most {env.policy.refund_days} days ago" in system
    assert f"more than {env.policy.limit} dollars" in system


@pytest.mark.parametrize(("rules", "sentences"), [(1, 1), (2, 2), (3, 3), (4, 5), (5, 7)])
def test_more_rules_say_more(rules: int, sentences: int) -> None:
    policy = Policy(rules, 14, 30, "games", 100)
    assert len(policy.sentences()) == sentences


def test_policies_differ_from_seed_to_seed() -> None:
    policies = {(p.refund_days, p.exchange_days, p.final, p.limit) for p in (started(s).policy for s in range(20))}
    assert len(policies) > 15


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (call("find_customer", email="nobody@example.org"), "no customer has this e-mail"),
        (call("list_orders", customer_id="C0"), "no customer has this id"),
        (call("check_identity", customer_id="", postcode=""), "no customer has this id"),
        (call("get_order", order_id="W0"), "no order 'W0'"),
        (call("get_stock", product="zeppelin"), "no product"),
        (call("refund", order_id="W0", item_id="1"), "no order"),
        (call("cancel", order_id="\ud800"), "wrong arguments"),
        (call("get_order", order_id="W" * 100_000), "no order"),
        (call("refuse", order_id="W0", reason="too_late"), "no order"),
        (call("refuse", order_id="W0", reason="because"), "wrong arguments"),
        (call("refund", order_id=["W0"], item_id=1), "wrong arguments"),
        (call("refund"), "wrong arguments"),
    ],
)
def test_a_call_that_makes_no_sense_is_answered_and_changes_nothing(made: ToolCall, says: str) -> None:
    env = started()
    before = copy.deepcopy(env.state)
    answer = say(env, made)
    assert answer.startswith("Error: ")
    assert says in answer
    assert len(answer) < 2000
    assert env.state == before


@pytest.fixture
def state() -> world.State:
    item = {"product": "mirror", "category": "home", "price": 30, "status": "kept"}
    order = {"customer_id": "C1", "status": "shipped", "delivered_days_ago": None, "address": "1 Mill Lane"}
    items = [{**item, "item_id": "1", "variant": "oval"}]
    stock = {"mirror": {"round": 1, "square": 0, "oval": 2}}
    return {"customers": {}, "orders": {"W1": {**order, "items": items}}, "stock": stock, "refusals": []}


def test_an_exchange_moves_the_stock(state: world.State) -> None:
    world.exchange(state, "W1", "1", "round")
    assert state["stock"]["mirror"] == {"round": 0, "square": 0, "oval": 3}
    assert state["orders"]["W1"]["items"][0]["variant"] == "round"


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda s: world.exchange(s, "W1", "1", "square"), "out of stock"),
        (lambda s: world.exchange(s, "W1", "1", "oval"), "no other variant"),
        (lambda s: world.exchange(s, "W1", "1", "x" * 999), "no other variant"),
        (lambda s: world.exchange(s, "W1", "2", "round"), "has no item '2'"),
        (lambda s: (world.refund(s, "W1", "1"), world.refund(s, "W1", "1")), "refunded already"),
        (lambda s: (world.refund(s, "W1", "1"), world.exchange(s, "W1", "1", "round")), "refunded already"),
        (lambda s: (world.cancel(s, "W1"), world.cancel(s, "W1")), "cancelled already"),
        (lambda s: (world.cancel(s, "W1"), world.refund(s, "W1", "1")), "cancelled already"),
        (lambda s: world.change_address(s, "W1", "  "), "expected 1 to 200"),
        (lambda s: world.change_address(s, "W1", "x" * 201), "201 characters"),
    ],
)
def test_the_world_refuses_what_makes_no_sense(state: world.State, act: Callable[[Any], object], says: str) -> None:
    with pytest.raises(ToolError, match=says):
        act(state)


def test_refusing_twice_for_one_reason_is_an_error_that_the_agent_reads() -> None:
    env = started()
    made = call("refuse", order_id=env.cases[0].order_id, reason="too_late")
    assert say(env, made).startswith("noted")
    assert "already" in say(env, made)


def test_the_state_is_plain_data() -> None:
    env = started()
    assert json.loads(json.dumps(env.state)) == env.state


def test_a_customer_names_products_that_are_unambiguous() -> None:
    for seed in range(40):
        env = started(seed)
        mine = [o for o in env.state["orders"].values() if o["customer_id"] == env.customer_id]
        products = [item["product"] for order in mine for item in order["items"]]
        assert len(products) == len(set(products))
        assert len(mine) == env.orders
