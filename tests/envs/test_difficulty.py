"""Levels and knobs."""

from typing import Any

import pytest

from assaygym.envs.difficulty import check_knobs, resolve
from assaygym.errors import ConfigError

TABLE = {"length": (4, 8, 16), "alphabet": ("ab", "abcd")}


@pytest.mark.parametrize(
    ("level", "given", "defaults", "expected"),
    [
        (None, {}, {}, {"length": 4, "alphabet": "ab"}),
        (None, {}, {"length": 5}, {"length": 5, "alphabet": "ab"}),
        (1, {}, {"length": 5}, {"length": 8, "alphabet": "abcd"}),
        (2, {}, {}, {"length": 16, "alphabet": "abcd"}),
        (2, {"length": 99}, {}, {"length": 99, "alphabet": "abcd"}),
    ],
)
def test_a_knob_is_what_was_given_else_of_the_level_else_the_default(
    level: int | None, given: dict[str, Any], defaults: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert resolve("e-v0", TABLE, level, given, defaults) == expected


@pytest.mark.parametrize("level", [-1, 3])
def test_a_level_outside_the_table_names_the_levels(level: int) -> None:
    with pytest.raises(ConfigError, match="levels 0 to 2"):
        resolve("e-v0", TABLE, level, {}, {})


def test_an_unknown_knob_suggests_a_known_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'length'"):
        resolve("e-v0", TABLE, None, {"lenght": 3}, {})


def test_a_default_that_is_no_difficulty_is_still_an_option() -> None:
    assert resolve("e-v0", {}, None, {"style": "b"}, {"style": "a"}) == {"style": "b"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"split": (1, 2)}, "the knob 'split' hides the environment's own 'split'"),
        ({"length": ()}, r"the knob 'length' is \(\); expected its values from easy to hard"),
        ({"alphabet": "abc"}, "the knob 'alphabet' is 'abc'"),
    ],
)
def test_a_knob_that_cannot_be_used_is_refused(table: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_knobs("e-v0", table, {"split"})
