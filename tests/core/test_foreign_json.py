"""JSON of others: what `json.loads` gives, within a depth."""

import json
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.foreign_json import MAX_DEPTH, check_depth, read_json, read_json_at, read_object

TEXTS = st.text(st.sampled_from('[]{}"\\ a,:1'), max_size=60)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def lists(depth: int) -> str:
    return "[" * depth + "]" * depth


def deepest(value: Any) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(deepest, inner), default=0)


@given(VALUES)
def test_a_value_is_read_as_json_reads_it(value: Any) -> None:
    assert read_json(json.dumps(value)) == value


@given(VALUES, st.integers(1, 4))
def test_a_value_is_refused_just_beyond_the_limit(value: Any, limit: int) -> None:
    text = json.dumps(value)
    if deepest(value) > limit:
        with pytest.raises(ValueError, match=f"deeper than {limit} levels"):
            check_depth(text, limit)
    else:
        check_depth(text, limit)


@given(TEXTS)
def test_text_of_any_kind_is_read_or_refused_as_json_does(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=re.escape(str(error))):
            read_json(text)
    else:
        assert read_json(text) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_bytes_are_read_in_the_encodings_of_json(encoding: str) -> None:
    assert read_json('["é"]'.encode(encoding)) == ["é"]


def test_half_a_surrogate_pair_is_read() -> None:
    assert read_json(r'"\ud800"') == "\ud800"


def test_a_value_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="list"):
        read_json(["[]"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "found"),
    [('{"a": [1]}', {"a": [1]}), ("{}", {}), ("[]", None), ("1", None), ("", None), ('{"a": ' * 2000, None)],
    ids=["an object", "an empty one", "a list", "a number", "nothing", "nested deep"],
)
def test_only_an_object_is_read_as_one(text: str, found: object) -> None:
    assert read_object(text) == found


def test_hooks_are_those_of_json() -> None:
    assert read_json('{"a": 1.5}', parse_float=str, object_pairs_hook=tuple) == (("a", "1.5"),)


@pytest.mark.parametrize(
    "text",
    [
        lists(MAX_DEPTH),
        "[" + ",".join(["[]"] * 5000) + "]",
        json.dumps("[" * 5000),
        json.dumps({'"[': '\\"{' * 5000}),
        json.dumps(["{[\\"] * 5000),
    ],
    ids=["at the limit", "wide", "a string", "an object of strings", "strings that end in a backslash"],
)
def test_many_brackets_are_no_depth(text: str) -> None:
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [lists(MAX_DEPTH + 1), "[" * 100_000, '{"a":' * 100_000, '["]]]]", ' * 201, '[1, {"a": ["\\"]"' + ", [" * 1000],
    ids=["one too deep", "lists", "objects", "brackets in strings", "after an escaped quote"],
)  # fmt: skip
def test_depth_is_refused(text: str) -> None:
    for given_text in (text, text.encode()):
        with pytest.raises(ValueError, match="nested deeper than 200 levels"):
            read_json(given_text)


def test_a_value_is_read_out_of_a_longer_text() -> None:
    text = f"call {lists(MAX_DEPTH)} and then {'[' * 1000}"
    assert read_json_at(text, 5)[1] == 5 + 2 * MAX_DEPTH


def test_what_follows_a_plain_value_is_no_part_of_it() -> None:
    assert read_json_at('"[" ' + "[" * 1000, 0) == ("[", 3)


def test_a_value_too_deep_in_a_longer_text_is_refused() -> None:
    with pytest.raises(ValueError, match="deeper"):
        read_json_at("x " + lists(MAX_DEPTH + 1), 2)


def test_an_answer_is_the_same_wherever_it_is_read() -> None:
    def below(frames: int, text: str) -> Any:
        return below(frames - 1, text) if frames else read_json(text)

    room = sys.getrecursionlimit() - 2 * MAX_DEPTH - 100
    assert deepest(below(room, lists(MAX_DEPTH))) == MAX_DEPTH
    with pytest.raises(ValueError, match="deeper"):
        below(room, lists(MAX_DEPTH + 1))


@pytest.mark.parametrize("text", [lists(MAX_DEPTH), "[" * 100_000], ids=["deep", "deeper"])
def test_no_finalizer_fails_while_text_is_read(
    failing_finalizers: Callable[[Callable[[], object]], list[object]], text: str
) -> None:
    def act() -> None:
        with suppress(ValueError, RecursionError):
            read_json(text)

    assert failing_finalizers(act) == []
