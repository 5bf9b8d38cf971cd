"""Chains of sums and differences."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.envs.families.chain_sum import chain_sum
from assaygym.envs.registration import make


@given(st.integers(), st.integers(2, 12), st.integers(1, 6))
@settings(max_examples=150, deadline=None)
def test_the_gold_is_what_the_prompt_says(seed: int, terms: int, digits: int) -> None:
    prompt, gold, _ = chain_sum.pose(random.Random(seed), terms=terms, digits=digits)
    signed = re.sub(r"(?:then )?subtract (\d+)", r"- \1", re.sub(r"(?:then )?add (\d+)", r"+ \1", prompt))
    found = re.findall(r"([+-]?) ?(\d+)", signed)
    assert len(found) == terms
    assert sum(-int(number) if sign == "-" else int(number) for sign, number in found) == gold


@given(st.integers())
@settings(max_examples=100, deadline=None)
def test_the_result_is_never_a_number_of_the_prompt_nor_zero_or_one(seed: int) -> None:
    prompt, gold, _ = chain_sum.pose(random.Random(seed), terms=2, digits=1)
    assert str(abs(gold)) not in re.findall(r"\d+", prompt)
    assert abs(gold) > 1


def test_the_solution_is_the_running_totals() -> None:
    env = make("assay/ChainSum-v0", level=2)
    env.reset(seed=1)
    *work, last = env.oracle_action().splitlines()
    assert len(work) == 3
    for line in work:
        left, sign, right, result = re.fullmatch(r"(-?\d+) ([+-]) (\d+) = (-?\d+)", line).groups()  # type: ignore[union-attr]
        assert int(left) + int(f"{sign}{right}") == int(result)
    assert last == f"The answer is \\boxed{{{env.task.answer}}}."  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "said", ["{0}", "{0}.0", "#### {0}", "#### {0}.", "${0}", "The answer is {0}.", r"$\boxed{{{0}}}$"]
)
def test_the_number_may_be_written_in_many_ways(said: str) -> None:
    assert chain_sum.score(said.format(1234), 1234).value == 1.0


@pytest.mark.parametrize(
    "said",
    [
        "nan",
        "12",
        "123",
        "12345",
        "1235",
        "-1234",
        "1234 or 1235",
        "#### 1234 #### 1235",
        "1.234",
        "１２３４",
        "1_234",
        "1234e1",
    ],
)
def test_near_misses_earn_nothing(said: str) -> None:
    assert chain_sum.score(said, 1234).value == 0.0
