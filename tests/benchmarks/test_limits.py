"""What a run has used, and when that is enough."""

from __future__ import annotations

import json
import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.benchmarks.limits import RunLimits, Spending, Used, money, seconds_of
from assaygym.errors import ConfigError


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


used = st.builds(
    Used,
    prompt_tokens=st.integers(0, 10**9),
    completion_tokens=st.integers(0, 10**9),
    cost=st.floats(0, 1e6),
    seconds=st.floats(0, 1e6),
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("0.5", 0.5), ("10m", 600), ("2h", 7200), ("1h30m", 5400), (" 1H5S ", 3605),
     ("1.5h", 5400)],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "ten", "10 m", "30m1h", "-5", "1e3", "nan", "h", "5d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no time; expected seconds, or 10m"):
        seconds_of(text)


@pytest.mark.parametrize("name", ["time", "tokens", "cost"])
@pytest.mark.parametrize("limit", [0, -1, math.nan, math.inf])
def test_a_limit_is_more_than_nothing_and_not_without_end(name: str, limit: float) -> None:
    with pytest.raises(ConfigError, match=f"limit_{name} is {limit}; expected more than 0"):
        RunLimits(**{name: limit})  # type: ignore[arg-type]


@given(used, used)
def test_use_adds_up_and_reads_back(a: Used, b: Used) -> None:
    both = a + b
    assert both.tokens == a.tokens + b.tokens
    assert both.cost == a.cost + b.cost
    back = Used.of(json.loads(json.dumps(both.to_dict())))
    assert (back.prompt_tokens, back.completion_tokens) == (both.prompt_tokens, both.completion_tokens)
    assert back.cost == pytest.approx(both.cost, abs=1e-8)


def test_a_record_that_says_nothing_of_its_use_used_nothing() -> None:
    assert Used.of({}) == Used.of({"cost": None, "prompt_tokens": "7"}) == Used()


@pytest.mark.parametrize(
    ("limits", "name", "sentence"),
    [
        (RunLimits(cost=2.0), "cost", "the run has cost $2.00 and its limit is $2.00"),
        (RunLimits(tokens=30), "tokens", "the run has used 30 tokens and its limit is 30"),
        (RunLimits(time=7.5), "time", "the limit of 7.5 s for this start is over"),
    ],
)
def test_the_limit_that_is_reached_is_told(limits: RunLimits, name: str, sentence: str) -> None:
    clock = Clock()
    spending = Spending(limits=limits, clock=clock)
    spending.add(Used(prompt_tokens=20, completion_tokens=9, cost=1.9))
    clock.now += 7.4
    assert spending.reached() is None
    spending.add(Used(completion_tokens=1, cost=0.1))
    clock.now += 0.1
    reached = spending.reached()
    assert reached is not None
    assert (reached.name, reached.sentence) == (name, sentence)


def test_earlier_starts_count_in_tokens_and_cost_and_not_in_time() -> None:
    before = Used(prompt_tokens=50, cost=5.0, seconds=1e6)
    for limits, name in ((RunLimits(tokens=50), "tokens"), (RunLimits(cost=5), "cost"), (RunLimits(time=1), None)):
        reached = Spending(limits=limits, before=before, clock=Clock()).reached()
        assert (reached.name if reached else None) == name


def test_without_limits_nothing_is_ever_reached() -> None:
    spending = Spending(before=Used(prompt_tokens=10**12, cost=1e9))
    assert spending.reached() is None


def test_the_first_limit_stays_the_one_that_ended_the_run() -> None:
    spending = Spending(limits=RunLimits(cost=1.0))
    spending.end("policy", "the server wants no more")
    spending.end("policy", "really")
    spending.add(Used(cost=2.0))
    reached = spending.reached()
    assert reached is not None
    assert (reached.name, reached.sentence) == ("policy", "the server wants no more")


def test_no_use_is_lost_that_many_threads_add() -> None:
    spending = Spending()

    def add() -> None:
        for _ in range(300):
            spending.add(Used(prompt_tokens=1, cost=0.5))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spending.now == Used(prompt_tokens=2400, cost=1200.0)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(0, "USD", "$0.00"), (0.193, "USD", "$0.19"), (0.00042, "USD", "$0.00042"), (1234.5, "EUR", "1,234.50 EUR")],
)
def test_money_is_shown_with_the_digits_that_matter(amount: float, currency: str, shown: str) -> None:
    assert money(amount, currency) == shown
