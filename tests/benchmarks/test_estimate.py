"""An estimate says what it is worked out from, and its range holds as often as it claims."""

from __future__ import annotations

import random

import pytest
from scipy.stats import t

from assaygym.agents.openai_usage import Prices
from assaygym.agents.policy import Prompt
from assaygym.benchmarks.estimate import (
    Range,
    characters_of,
    count,
    duration,
    from_episodes,
    from_prompts,
    student_quantile,
)
from assaygym.benchmarks.limits import Used
from assaygym.types import Message, ToolSpec

PRICES = Prices(prompt=1.0, completion=10.0)


def used(cost: float) -> Used:
    return Used(prompt_tokens=round(cost * 1000), completion_tokens=10, cost=cost, seconds=3.0)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 15, 30, 200])
def test_the_quantile_is_students(degrees: int) -> None:
    assert student_quantile(degrees) == pytest.approx(t.ppf(0.975, degrees), rel=2e-3)


def test_episodes_that_were_all_alike_leave_no_range() -> None:
    found = from_episodes([used(0.5)] * 4, 10, concurrency=5, prices=PRICES)
    assert found is not None
    assert found.cost == Range(low=5.0, likely=5.0, high=5.0)
    assert found.seconds == Range(low=6.0, likely=6.0, high=6.0)  # five side by side
    assert (found.prompt_tokens.likely, found.completion_tokens.likely) == (5000, 100)


def test_a_range_is_worked_out_by_hand() -> None:
    found = from_episodes([used(1.0), used(3.0)], 2, concurrency=1, prices=PRICES)
    assert found is not None
    assert found.cost is not None
    # mean 2, standard deviation sqrt(2), t of one degree 12.706, sqrt(2**2 / 2 + 2) = 2
    assert (found.cost.low, found.cost.likely) == (0.0, 4.0)
    assert found.cost.high == pytest.approx(4 + 12.7062 * 2**0.5 * 2, rel=1e-4)


def test_the_range_of_the_rest_covers_it_nineteen_times_in_twenty() -> None:
    rng = random.Random(0)
    within = 0
    for _ in range(600):
        costs = [rng.gauss(1.0, 0.2) for _ in range(8 + 40)]
        found = from_episodes([used(cost) for cost in costs[:8]], 40, concurrency=1, prices=PRICES)
        assert found is not None
        assert found.cost is not None
        within += found.cost.low <= sum(costs[8:]) <= found.cost.high
    assert 0.92 < within / 600 < 0.98


def test_one_episode_is_no_ground_for_an_estimate() -> None:
    assert from_episodes([used(1.0)], 10, concurrency=1) is None
    assert from_episodes([], 10, concurrency=1) is None


def test_what_has_no_price_is_not_told_to_be_free() -> None:
    found = from_episodes([used(1.0), used(1.0)], 10, concurrency=1)
    assert found is not None
    assert found.cost is None
    assert "$" not in found.sentence()


def test_the_sentence_names_basis_money_tokens_and_time() -> None:
    found = from_episodes([used(0.5)] * 8, 192, concurrency=8, prices=PRICES)
    assert found is not None
    assert found.sentence() == (
        "for 192 more episodes, from 8 that were played: $96.00, 96k tokens in, 1.92k out, 72 s at this pace"
    )


def test_a_range_is_told_beside_what_is_likely() -> None:
    found = from_episodes([used(1.0), used(1.2)], 2, concurrency=1, prices=PRICES)
    assert found is not None
    assert "$2.20 ($0.00 to $5.79), 2.2k (0 to 5.79k) tokens in" in found.sentence()


def test_of_prompts_alone_only_the_ends_are_known() -> None:
    found = from_prompts([400, 800], 10, max_tokens=100, max_turns=3, prices=PRICES)
    # 150 tokens a prompt; the second turn is fed 100 of answers before it, the third 200
    assert (found.prompt_tokens.low, found.prompt_tokens.high) == (1500, 10 * (3 * 150 + 300))
    assert (found.completion_tokens.low, found.completion_tokens.high) == (0, 3000)
    assert found.cost is not None
    assert [found.cost.low, found.cost.high] == pytest.approx([0.0015, 0.0075 + 0.03])
    assert (
        "from the length of 2 prompts alone (4 characters a token; at most 3 turns of 100 tokens)" in found.sentence()
    )
    assert "nan" not in found.sentence()


def test_tools_are_part_of_a_prompts_length() -> None:
    ask = Prompt(messages=(Message(role="user", content="x" * 30),))
    tool = ToolSpec(name="find", description="Finds.", parameters={"type": "object"})
    assert characters_of(ask) == 30
    assert characters_of(Prompt(messages=ask.messages, tools=(tool,))) > 30 + len("findFinds.object")


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (999, "999"), (999.6, "1k"), (1234, "1.23k"), (412_400, "412k"), (999_700, "1M"), (3.2e6, "3.2M"),
     (7e9, "7G")],
)  # fmt: skip
def test_counts_are_short(number: float, shown: str) -> None:
    assert count(number) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(41.2, "41 s"), (99.6, "2 min"), (3600, "60 min"), (12_600, "3.5 h")])
def test_times_are_short(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
