"""How rows move together, and stop strings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.engine.rows import packed
from assaygym.agents.engine.stops import StopStrings

SIZES = st.lists(st.integers(1, 8), min_size=1, max_size=4)


@given(SIZES, st.sets(st.integers(0, 31)))
def test_rows_that_are_left_lie_together_in_their_groups_and_as_few_as_possible_move(
    sizes: list[int], gone: set[int]
) -> None:
    index, groups = packed(sizes, gone)
    bounds = [0, *accumulate(sizes)]
    kept = [[row for row in range(*bound) if row not in gone] for bound in pairwise(bounds)]
    assert groups == [len(rows) for rows in kept if rows]
    first = 0
    for rows in filter(None, kept):
        place = range(first, first + len(rows))
        assert sorted(index[row] for row in place) == rows
        assert [row for row in place if index[row] == row] == [row for row in rows if row in place]
        first += len(rows)
    assert all(old >= row for row, old in enumerate(index))


def text(ids: Sequence[int]) -> str:
    """Bytes, as a tokenizer that falls back to bytes decodes them."""
    return bytes(ids).decode("utf-8", errors="replace")


@given(st.text("ab\né€𝄞 ", max_size=12), st.lists(st.text("ab\né€𝄞 ", min_size=1, max_size=3), min_size=1, max_size=2))
def test_a_stop_string_is_found_at_the_id_that_completes_it(said: str, stop: list[str]) -> None:
    stops, ids = StopStrings(text), list(said.encode())
    found = next((n for n in range(1, len(ids) + 1) if stops.reached(tuple(stop), ids[:n])), None)
    ends = [len(said[: said.index(string) + len(string)].encode()) for string in stop if string in said]
    assert found == min(ends, default=None)


def test_ids_that_cannot_end_a_stop_string_are_not_decoded_again() -> None:
    seen: list[int] = []

    def counted(ids: Sequence[int]) -> str:
        seen.append(len(ids))
        return text(ids)

    stops = StopStrings(counted)
    ids = list(b"abcabcabcabc")
    assert not any(stops.reached(("zz",), ids[:n]) for n in range(1, len(ids) + 1))
    assert seen == [1, 1, 1]


def test_a_space_that_a_token_loses_alone_still_ends_a_stop_string() -> None:
    def trimmed(ids: Sequence[int]) -> str:
        return text(ids).removeprefix(" ")

    assert StopStrings(trimmed).reached(("a ",), list(b"xa "))
