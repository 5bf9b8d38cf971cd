"""The space of all text, for observations and actions.

`gymnasium.spaces.Text` fixes an alphabet and a length, which free text of a language model does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gymnasium
from gymnasium.vector.utils import create_shared_memory, read_from_shared_memory, write_to_shared_memory

__all__ = ["TextSpace"]

EXAMPLES = ("", "42", "\\boxed{42}", "I do not know.", '<tool_call>{"name": "unknown", "argum')


class TextSpace(gymnasium.Space[str]):
    """Every `str`. `sample()` draws from `examples`: right, wrong and malformed actions of the running episode.

    Args:
        examples: what `sample` draws from; called at each draw, so that it may follow the episode.
        seed: of the sampler.
    """

    def __init__(self, examples: Callable[[], Sequence[str]] | None = None, seed: int | None = None) -> None:
        super().__init__(shape=None, dtype=None, seed=seed)
        self.examples = examples

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """One of the examples, uniformly.

        Raises:
            gymnasium.error.Error: a mask or probabilities were given; text has none.
        """
        if mask is not None or probability is not None:
            raise gymnasium.error.Error("TextSpace.sample takes neither a mask nor probabilities")
        examples = self.examples() if self.examples is not None else EXAMPLES
        return examples[int(self.np_random.integers(len(examples)))]

    def contains(self, x: Any) -> bool:
        """Whether `x` is text."""
        return isinstance(x, str)

    @property
    def is_np_flattenable(self) -> bool:
        """False: text has no fixed size."""
        return False

    def __repr__(self) -> str:
        return "TextSpace()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextSpace)

    def __hash__(self) -> int:
        return hash(TextSpace)


# Gymnasium's asynchronous vector environments pass observations through shared memory unless told otherwise: one slot,
# which is all the memory that it costs, for each environment.

SLOT_BYTES = 1 << 20
PREFIX_BYTES = 4


class _SharedTexts(Sequence[str]):
    """A live view of the slots; a deep copy of it is the plain tuple that Gymnasium hands to its user."""

    def __init__(self, buffer: Any, n: int) -> None:
        self._buffer, self._n = buffer, n

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self)[index]
        if not -self._n <= index < self._n:
            raise IndexError(index)
        start = (index % self._n) * SLOT_BYTES
        view = memoryview(self._buffer).cast("B")
        size = int.from_bytes(view[start : start + PREFIX_BYTES], "little")
        text = bytes(view[start + PREFIX_BYTES : start + PREFIX_BYTES + size])
        return text.decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(self._n))

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[str, ...]:
        return tuple(self)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == (tuple(other) if isinstance(other, _SharedTexts) else other)

    __hash__ = None  # type: ignore[assignment]  # as every mutable view


@create_shared_memory.register(TextSpace)
def _create(space: TextSpace, n: int = 1, ctx: Any = None) -> Any:
    if ctx is None:
        import multiprocessing

        ctx = multiprocessing.get_context()
    return ctx.RawArray("c", n * SLOT_BYTES)


@read_from_shared_memory.register(TextSpace)
def _read(space: TextSpace, shared_memory: Any, n: int = 1) -> Any:
    return _SharedTexts(shared_memory, n)


@write_to_shared_memory.register(TextSpace)
def _write(space: TextSpace, index: int, value: str, shared_memory: Any) -> None:
    text = value.encode("utf-8", "surrogatepass")
    if len(text) > SLOT_BYTES - PREFIX_BYTES:
        raise ValueError(
            f"an observation of {len(text)} bytes does not fit the shared memory of {SLOT_BYTES} bytes a text; "
            "pass vector_kwargs={'shared_memory': False}"
        )
    start = index * SLOT_BYTES
    view = memoryview(shared_memory).cast("B")
    view[start : start + PREFIX_BYTES + len(text)] = len(text).to_bytes(PREFIX_BYTES, "little") + text
