"""Gates before costly patterns: they never keep a pattern from a text that it matches."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.verifiers.extraction import corrections, doubts, leads, statements
from assaygym.verifiers.extraction.gates import first_word, lacks, plain_words
from assaygym.verifiers.extraction.leads import lead_of

WORDS = sorted({*leads._LEADS, *statements._CLAUSE_WORDS, *statements._COPULAS, *doubts._UNSURE_WORDS})
PIECES = [
    *WORDS, "well", "total", "(", ") ", ", ", ".", "5", "x", "$2$", " ", "Oscar", "parce que", "puisque", "weil",
    "A not B", "don't know", "in conclusion", "in all", "of these", "which is", "rounded", "to the nearest",
    "\\left", "we get", "so we", "that is", ":", "=",
]  # fmt: skip


def test_words_are_runs_of_letters_in_lower_case() -> None:
    assert plain_words("So, x_1 IS 5cm") == frozenset(("so", "x", "is", "cm"))


def test_of_a_text_that_is_not_ascii_no_word_is_known_to_be_absent() -> None:
    assert plain_words("да, 5") is None
    assert not lacks(plain_words("да, 5"), frozenset(("is",)))


@pytest.mark.parametrize(("text", "word"), [("Thus 5", "thus"), ("5 so", ""), ("", ""), ("so-so", "so")])
def test_the_first_word_is_what_a_text_begins_with(text: str, word: str) -> None:
    assert first_word(text) == word


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=7).map(" ".join), st.booleans())
def test_no_gate_hides_a_match(text: str, capital: bool) -> None:
    text = text.capitalize() if capital else text
    words = plain_words(text)
    lead = leads._LEAD.match(text)
    assert (lead and lead.span()) == ((found := lead_of(text)) and found.span())
    if statements._CLAUSE.search(text):
        parts = any(part in text.lower() for part in statements._CLAUSE_PARTS)
        assert parts or not lacks(words, statements._CLAUSE_WORDS)
    if statements._COPULA.search(text):
        assert not lacks(words, statements._COPULAS)
    if doubts._UNSURE.search(text):
        assert not lacks(words, doubts._UNSURE_WORDS)
    if statements._POLITE.search(text):
        assert text[-3:].lower().endswith(statements._POLITE_ENDS)


SAID = [
    "wait", "no", "No,", "that", "it's", "this", "is", "isn't", "was", "wrong", "not", "right", "because",
    "incorrectly", "an", "error", "I", "made", "a", "slip", "miscounted", "let me", "fix", "re-check", "hmmmm",
    "hold on", "on second thought", "sorry", "mean", "meant", "more", "precisely", "en fait", "falsch",
    "Actually,", "correction", "I hope it is fine", "5", ".", "note", "now",
]  # fmt: skip


@settings(max_examples=800, deadline=None)
@given(st.lists(st.sampled_from(SAID), max_size=7).map(" ".join))
def test_what_takes_an_answer_back_is_never_passed_over(rest: str) -> None:
    if corrections._WRONG.search(rest) or corrections._DOUBT.search(rest):
        assert corrections.may_take_back(rest)
