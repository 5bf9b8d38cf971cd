"""What reward models are told, and the mark on what they say."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym import verifiers
from assaygym.errors import ConfigError, VerifierError
from assaygym.types import Message, Verdict
from assaygym.verifiers import Asked, Rubric, exact, judges
from assaygym.verifiers.base import name_of
from assaygym.verifiers.judges.base import (
    OPINION,
    asked_of,
    check_squash,
    clipped,
    opinion,
    referenced,
    said_nothing,
    squashed,
    text_of,
)


def always(value: float) -> object:
    return lambda response, answer: opinion(value, "a matter of taste", {})


def test_a_prompt_is_one_text_and_messages() -> None:
    dialogue = (Message(role="system", content="Be brief."), Message(role="user", content="Why?"))
    assert Asked(prompt=dialogue).question == "Be brief.\nWhy?"
    assert Asked(prompt=dialogue).messages is dialogue
    assert Asked(prompt="Why?").messages == (Message(role="user", content="Why?"),)


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        (None, Asked()),
        ("42", Asked(reference="42")),
        (42, Asked(reference="42")),
        ({"prompt": "6 x 7?", "reference": "42"}, Asked(prompt="6 x 7?", reference="42")),
        (Asked(prompt="6 x 7?"), Asked(prompt="6 x 7?")),
    ],
)
def test_a_plain_answer_is_the_reference(answer: object, asked: Asked) -> None:
    assert asked_of(answer) == asked


@pytest.mark.parametrize("answer", [["42"], {"question": "6 x 7?"}, {"prompt": 6}, object()])
def test_an_answer_that_cannot_be_read_is_a_fault_of_the_task(answer: object) -> None:
    with pytest.raises(VerifierError, match="expected"):
        asked_of(answer)


def test_a_response_that_is_no_text_is_refused() -> None:
    with pytest.raises(VerifierError, match="the response is a dict"):
        text_of({})


@given(st.text(alphabet=st.characters(), max_size=50))
def test_any_response_can_be_sent_and_keeps_its_length(text: str) -> None:
    assert len(text_of(text).encode().decode()) == len(text)


@given(st.text(max_size=80), st.integers(2, 20))
def test_a_clipped_text_keeps_its_beginning_and_its_end(text: str, limit: int) -> None:
    short = clipped(text, limit)
    if len(text) <= limit:
        assert short == text
    else:
        assert short.startswith(text[: limit // 2])
        assert short.endswith(text[len(text) - (limit - limit // 2) :])
        assert f"{len(text) - limit} characters left out" in short


@given(st.floats(-1e308, 1e308), st.floats(-1e308, 1e308))
def test_squashing_keeps_the_order(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= squashed(low) <= squashed(high) <= 1


def test_squashing_is_the_logistic_function() -> None:
    assert squashed(2.0, center=1.0, scale=0.5) == pytest.approx(1 / (1 + math.exp(-2)))
    assert squashed(1.0, center=1.0, scale=0.5) == 0.5


@pytest.mark.parametrize("raw", [math.nan, math.inf])
def test_a_reward_that_is_not_finite_is_refused(raw: float) -> None:
    with pytest.raises(VerifierError, match="expected a finite number"):
        squashed(raw)


@pytest.mark.parametrize(("center", "scale"), [(math.nan, 1.0), (0.0, 0.0), (0.0, -1.0), (0.0, math.inf)])
def test_a_squashing_that_means_nothing_is_refused(center: float, scale: float) -> None:
    with pytest.raises(ConfigError, match="scale above 0"):
        check_squash(center, scale)


def test_an_opinion_has_its_flag_once_and_no_value_outside_0_to_1() -> None:
    score = opinion(0.5, "so so", {"votes": 1.0}, "hedged", OPINION)
    assert (score.value, score.verdict, score.flags) == (0.5, Verdict.PARTIAL, (OPINION, "hedged"))
    with pytest.raises(VerifierError, match=r"1\.5; expected a number in \[0, 1\]"):
        opinion(1.5, "", {})
    with pytest.raises(VerifierError, match="nan"):
        opinion(math.nan, "", {})


def test_nothing_said_is_worth_nothing() -> None:
    assert (said_nothing().value, said_nothing().verdict) == (0.0, Verdict.UNPARSED)


def test_a_rubric_of_a_proof_and_an_opinion_says_that_it_is_one() -> None:
    proved = Rubric({"proof": exact()})("42", "42")
    mixed = Rubric({"proof": exact(), "taste": always(1.0)})("42", "42")  # type: ignore[dict-item]
    assert (proved.value, proved.flags) == (1.0, ())
    assert (mixed.value, mixed.flags) == (1.0, (OPINION,))


def test_a_proof_in_the_same_rubric_is_given_the_reference() -> None:
    asked = Asked(prompt="6 x 7?", reference="42")
    mixed = Rubric({"proof": referenced(exact()), "taste": always(1.0)}, primary="proof")  # type: ignore[dict-item]
    assert (mixed("42", asked).value, mixed("6 x 7?", asked).value) == (1.0, 0.5)
    assert name_of(referenced(exact())) == "exact"
    assert referenced(lambda response, answer: response == answer)("42", asked).value == 1.0


def test_every_public_name_of_the_package_can_be_had() -> None:
    assert sorted(judges.__all__) == dir(judges)
    assert all(getattr(judges, name) is not None for name in judges.__all__)
    assert verifiers.steps is judges.steps
    assert pickle.loads(pickle.dumps(judges.served("http://127.0.0.1:1"))) == judges.served("http://127.0.0.1:1")


def test_a_factory_is_not_hidden_by_a_module_of_its_name() -> None:
    import assaygym.verifiers.judges.http_reward
    import assaygym.verifiers.judges.principled
    import assaygym.verifiers.judges.process  # noqa: F401

    assert all(callable(getattr(judges, name)) for name in ("generative", "served", "steps", "proposition"))
