"""The space of all text."""

import copy
import multiprocessing
import pickle
from typing import Any

import gymnasium
import pytest
from gymnasium.vector import utils
from hypothesis import given
from hypothesis import strategies as st

from assaygym.envs.spaces import EXAMPLES, SLOT_BYTES, TextSpace

ANY_TEXT = st.text(alphabet=st.characters())  # surrogates included


@given(ANY_TEXT)
def test_every_text_belongs_to_the_space(text: str) -> None:
    assert text in TextSpace()


@pytest.mark.parametrize("thing", [None, 1, b"bytes", ["text"]])
def test_nothing_else_belongs_to_it(thing: object) -> None:
    assert thing not in TextSpace()


def test_samples_come_from_the_examples_of_the_moment() -> None:
    examples = ["a"]
    space = TextSpace(lambda: examples, seed=1)
    assert space.sample() == "a"
    examples[:] = ["b"]
    assert space.sample() == "b"


def test_the_seed_fixes_the_samples() -> None:
    first, second = TextSpace(seed=3), TextSpace(seed=3)
    assert [first.sample() for _ in range(20)] == [second.sample() for _ in range(20)]


def test_every_example_is_drawn_in_time() -> None:
    space = TextSpace(seed=0)
    assert {space.sample() for _ in range(200)} == set(EXAMPLES)


def test_a_mask_is_refused() -> None:
    with pytest.raises(gymnasium.error.Error, match="mask"):
        TextSpace().sample(mask=[1])


def test_all_text_spaces_are_equal_and_of_one_hash() -> None:
    assert TextSpace(seed=1) == TextSpace(seed=2)
    assert hash(TextSpace()) == hash(TextSpace())
    assert TextSpace() != gymnasium.spaces.Discrete(2)


def test_it_pickles_and_copies() -> None:
    assert pickle.loads(pickle.dumps(TextSpace())) == copy.deepcopy(TextSpace())


def test_a_batch_of_texts_belongs_to_the_batched_space() -> None:
    assert ("a", "b") in batch_space(TextSpace(), 2)


# Gymnasium annotates these for arrays alone; spaces of other kinds register their own.
batch_space: Any = utils.batch_space
create_shared_memory: Any = utils.create_shared_memory
read_from_shared_memory: Any = utils.read_from_shared_memory
write_to_shared_memory: Any = utils.write_to_shared_memory


def shared(n: int) -> Any:
    return create_shared_memory(TextSpace(), n=n, ctx=multiprocessing.get_context())


@given(st.lists(ANY_TEXT, min_size=1, max_size=4))
def test_texts_pass_through_shared_memory_unchanged(texts: list[str]) -> None:
    memory = shared(len(texts))
    for index, text in enumerate(texts):
        write_to_shared_memory(TextSpace(), index, text, memory)
    assert copy.deepcopy(read_from_shared_memory(TextSpace(), memory, n=len(texts))) == tuple(texts)


def test_what_is_read_from_shared_memory_follows_later_writes() -> None:
    memory = shared(2)
    view = read_from_shared_memory(TextSpace(), memory, n=2)
    write_to_shared_memory(TextSpace(), 1, "later", memory)
    assert tuple(view) == ("", "later")
    assert (view[-1], view[0:2], len(view)) == ("later", ("", "later"), 2)
    with pytest.raises(IndexError):
        view[2]


def test_a_text_that_does_not_fit_shared_memory_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="shared_memory"):
        write_to_shared_memory(TextSpace(), 0, "x" * SLOT_BYTES, shared(1))
