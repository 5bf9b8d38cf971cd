"""Where steps begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import ConfigError
from assaygym.verifiers.judges.splitters import SPLITTERS, splitter_of

PIECES = [
    "Step 1",
    "step 2:",
    "## Step 3",
    "\n",
    "\n\n",
    " ",
    "3. ",
    "1)",
    "x = 3.5",
    "So.",
    " Then",
    "**Step 4**",
    "\t",
]


def pieces(name: str, text: str) -> list[str]:
    return [text[start:end] for start, end in SPLITTERS[name](text)]


@pytest.mark.parametrize(
    ("name", "text", "steps"),
    [
        ("lines", "a\n\n b \nc", ["a", "b", "c"]),
        ("paragraphs", "a\nb\n\nc\n \n\nd\n", ["a\nb", "c", "d"]),
        ("paragraphs", "a\r\n\r\nb", ["a", "b"]),
        ("numbered", "Let us see.\nStep 1: a\nb\nStep 2: c", ["Let us see.", "Step 1: a\nb", "Step 2: c"]),
        ("numbered", "## Step 1\na\n\n## Step 2\nb", ["## Step 1\na", "## Step 2\nb"]),
        ("numbered", "**Step 10** a\n11. b\n12) c", ["**Step 10** a", "11. b", "12) c"]),
        ("numbered", "it is 3.5\n3.5 is it\nstepwise", ["it is 3.5\n3.5 is it\nstepwise"]),
        ("numbered", "no steps", ["no steps"]),
        ("sentences", "It is 3.5. So x = 2.\nDone! (Yes)", ["It is 3.5.", "So x = 2.", "Done!", "(Yes)"]),
        ("sentences", "e.g. this one", ["e.g. this one"]),
    ],
)
def test_a_text_has_these_steps(name: str, text: str, steps: list[str]) -> None:
    assert pieces(name, text) == steps


@pytest.mark.parametrize("name", SPLITTERS)
@pytest.mark.parametrize("text", ["", " \n\n\t"])
def test_nothing_has_no_steps(name: str, text: str) -> None:
    assert SPLITTERS[name](text) == []


@pytest.mark.parametrize("name", SPLITTERS)
@given(text=st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=15).map("".join))
def test_steps_are_in_order_trimmed_and_hold_all_that_is_not_white_space(name: str, text: str) -> None:
    spans = SPLITTERS[name](text)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    assert sorted(spans) == spans
    assert "".join("".join(pieces(name, text)).split()) == "".join(text.split())


@pytest.mark.parametrize("name", SPLITTERS)
@pytest.mark.parametrize("unit", [" ", "\n", "\n ", ". ", "1. ", "Step ", "#", "\n1. a", "\n\n"])
def test_long_hostile_texts_are_split_at_once(name: str, unit: str) -> None:
    """Quadratic matching would take minutes here."""
    assert len(SPLITTERS[name](unit * (300_000 // len(unit)))) <= 300_000


def test_an_unknown_splitter_is_told_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'paragraphs'"):
        splitter_of("paragraph")
