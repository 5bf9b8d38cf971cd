"""Sentences about what went wrong."""

import pytest

from assaygym.errors import ConfigError, did_you_mean, told


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ConfigError("no split 'x'"), "no split 'x'"),
        (ZeroDivisionError("by nought"), "ZeroDivisionError: by nought"),
        (KeyError("gone"), "KeyError: 'gone'"),
        (KeyboardInterrupt(), "KeyboardInterrupt: "),
    ],
)
def test_an_error_of_ours_is_a_sentence_and_any_other_is_told_with_its_kind(
    error: BaseException, sentence: str
) -> None:
    assert told(error) == sentence


@pytest.mark.parametrize(
    ("given", "known", "hint"),
    [
        ("trian", ["train", "eval"], "did you mean 'train'?"),
        ("zzz", ["train", "eval"], "known: eval, train"),
        ("zzz", [], "none is known"),
    ],
)
def test_an_unknown_name_gets_the_nearest_ones_or_all(given: str, known: list[str], hint: str) -> None:
    assert did_you_mean(given, known) == hint
