"""Verifiers by kind."""

from __future__ import annotations

import pytest

from assaygym.errors import ConfigError
from assaygym.verifiers import verifier_for
from assaygym.verifiers.registry import KINDS


@pytest.mark.parametrize(
    ("kind", "right", "wrong", "gold"),
    [
        ("math", r"\boxed{0.5}", "0.6", r"\frac{1}{2}"),
        ("number", "so 42", "43", "42"),
        ("text", "abc", "abd", "abc"),
        ("choice", "(H)", "A", "H"),
    ],
)
def test_each_kind_tells_right_from_wrong(kind: str, right: str, wrong: str, gold: str) -> None:
    verifier = verifier_for(kind)
    assert (verifier(right, gold).value, verifier(wrong, gold).value) == (1.0, 0.0)
    assert kind in KINDS


def test_an_unknown_kind_is_told_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"no verifier of kind 'maths'; did you mean 'math'"):
        verifier_for("maths")
