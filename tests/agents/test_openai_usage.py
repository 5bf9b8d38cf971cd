"""Tokens and money, as servers count them."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from typing import Any

import pytest

from assaygym.agents.openai_usage import SERVED, SERVED_LENGTH, Meter, Prices, Tokens, Usage
from assaygym.errors import ConfigError, SpendingLimitError

PRICES = Prices(prompt=2.0, completion=8.0, cached=0.5)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}, Tokens(prompt=7, completion=3)),
        (
            {"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4},
             "completion_tokens_details": {"reasoning_tokens": 2}},
            Tokens(prompt=7, completion=3, cached=4, reasoning=2),
        ),
        ({"prompt_tokens": 7, "prompt_cache_hit_tokens": 4}, Tokens(prompt=7, cached=4)),
        ({"completion_tokens": 3, "reasoning_tokens": 2}, Tokens(completion=3, reasoning=2)),
        ({"prompt_tokens": 7, "prompt_tokens_details": None}, Tokens(prompt=7)),
        ({"prompt_tokens": "7", "completion_tokens": -3, "prompt_tokens_details": [1]}, Tokens()),
        ({}, None),
        (None, None),
        ([7], None),
    ],
)  # fmt: skip
def test_tokens_are_read_in_every_servers_spelling(usage: Any, tokens: Tokens | None) -> None:
    assert Tokens.of(usage) == tokens


def test_cached_tokens_have_their_own_price_and_reasoning_that_of_the_answer() -> None:
    tokens = Tokens(prompt=1_000_000, completion=500_000, cached=400_000, reasoning=300_000)
    assert tokens.cost(PRICES) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.5 * 8)
    assert tokens.cost(Prices(prompt=2.0, completion=8.0)) == pytest.approx(2 + 0.5 * 8)


@pytest.mark.parametrize("price", [-1.0, math.nan, math.inf])
def test_a_price_that_is_none_is_refused(price: float) -> None:
    for place in range(3):
        given = [1.0, 1.0, 1.0]
        given[place] = price
        with pytest.raises(ConfigError, match="expected a finite number from 0"):
            Prices(prompt=given[0], completion=given[1], cached=given[2])


@pytest.mark.parametrize(("prices", "most"), [(None, 1.0), (PRICES, 0.0), (PRICES, -1.0), (PRICES, math.nan)])
def test_a_limit_needs_prices_and_a_value(prices: Prices | None, most: float) -> None:
    with pytest.raises(ConfigError, match="max_cost"):
        Meter("m", prices, most)


def test_the_limit_is_a_clear_error_once_it_is_reached() -> None:
    meter = Meter("openai:m", Prices(prompt=1e6, completion=0, currency="EUR"), 3.0)
    for _ in range(2):
        meter.check()
        meter.answered(Tokens(prompt=1))
    meter.check()
    meter.answered(Tokens(prompt=2))
    with pytest.raises(SpendingLimitError, match=r"openai:m has cost 4 EUR and max_cost is 3: .* raise max_cost"):
        meter.check()


def test_nothing_is_lost_that_many_threads_count() -> None:
    meter = Meter("m", PRICES, None)

    def count() -> None:
        for _ in range(200):
            meter.answered(Tokens(prompt=3, completion=2, cached=1, reasoning=1))
            meter.attempt_failed("timeout")
            meter.add("retries")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used = meter.usage()
    assert used.cost == pytest.approx(1600 * (2 * 2 + 0.5 + 2 * 8) / 1e6)
    assert replace(used, cost=0.0) == Usage(
        requests=1600, retries=1600, failures={"timeout": 1600}, prompt_tokens=4800, completion_tokens=3200,
        cached_tokens=1600, reasoning_tokens=1600,
        currency="USD",
    )  # fmt: skip


def test_each_thread_is_told_what_it_asked_for_itself() -> None:
    meter = Meter("m", PRICES, None)
    found: dict[int, Usage] = {}

    def ask(times: int) -> None:
        for _ in range(times):
            meter.answered(Tokens(prompt=3, completion=2))
            meter.attempt_failed("timeout")
        meter.answered(None)
        found[times] = meter.usage_here()

    threads = [threading.Thread(target=ask, args=[times]) for times in (1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(used.requests, used.prompt_tokens, used.completion_tokens, used.unmetered) for used in
            (found[1], found[5])] == [(2, 3, 2, 1), (6, 15, 10, 1)]  # fmt: skip
    assert found[5].cost == pytest.approx(5 * found[1].cost)
    assert (meter.usage_here(), meter.usage().requests) == (Usage(currency="USD"), 8)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"model": "m-2026-01", "system_fingerprint": "fp_1"}, "m-2026-01 fp_1"),
        ({"model": "m-2026-01", "system_fingerprint": None}, "m-2026-01"),
        ({"system_fingerprint": "fp_1"}, "fp_1"),
    ],
)
def test_what_a_server_says_that_it_is_is_counted(answer: dict[str, Any], name: str) -> None:
    meter = Meter("m", None, None)
    meter.served_by(answer)
    meter.served_by(answer)
    assert meter.served() == {name: 2}


def test_a_server_with_a_new_name_in_each_answer_fills_no_memory() -> None:
    meter = Meter("m", None, None)
    for number in range(2 * SERVED):
        meter.served_by({"model": f"m{number}"})
    for nothing in ({}, {"model": 7}, {"model": ""}, {"model": "m" * (SERVED_LENGTH + 1)}):
        meter.served_by(nothing)
    meter.served_by({"model": "m0"})
    assert meter.served() == {"m0": 2, **{f"m{number}": 1 for number in range(1, SERVED)}}
