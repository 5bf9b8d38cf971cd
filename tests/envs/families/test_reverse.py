"""Strings to write backwards."""

import re

import pytest

from assaygym.envs.families.reverse import reverse
from assaygym.envs.registration import make


def test_the_easiest_prompts_are_short_and_all_alike() -> None:
    env = make("assay/Reverse-v0", level=0)
    for seed in range(100):
        prompt, _ = env.reset(seed=seed)
        assert re.fullmatch(r"Reverse [a-f]{4}\.", prompt)


@pytest.mark.parametrize("level", range(6))
def test_no_string_reads_the_same_backwards(level: int) -> None:
    env = make("assay/Reverse-v0", level=level)
    for seed in range(200):
        prompt, _ = env.reset(seed=seed)
        gold = str(env.task.answer)  # type: ignore[union-attr]
        assert gold != gold[::-1]
        assert gold[::-1] in prompt


@pytest.mark.parametrize("said", ["dcba", r"\boxed{dcba}", " dcba\n", "Answer: dcba", r"It is \boxed{dcba}."])
def test_the_answer_may_be_bare_or_marked(said: str) -> None:
    assert reverse.score(said, "dcba").value == 1.0


@pytest.mark.parametrize(
    "said", ["", "abcd", "dcb", "dcbaa", "DCBA", "abcd dcba", r"\boxed{abcd, dcba}", "d c b a", "dсba"]
)
def test_near_misses_earn_nothing(said: str) -> None:
    assert reverse.score(said, "dcba").value == 0.0


def test_knobs_may_be_given_one_by_one() -> None:
    prompt, _ = make("assay/Reverse-v0", length=7, alphabet=2).reset(seed=0)
    assert re.fullmatch(r"Reverse [ab]{7}\.", prompt)
