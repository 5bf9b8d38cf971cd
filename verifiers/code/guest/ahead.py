"""Calls that test code will make of any program: found once by a run on guesses, then asked several at a time.

A call by itself costs four process switches. What is asked ahead is only a guess of what the test code will ask next;
its own calls must be the same, one by one and in order, or the test is run again, on another process, with no guesses.
"""

from collections.abc import Callable
from typing import Any

from assaygym.verifiers.code.guest.pending import Stopped
from assaygym.verifiers.code.guest.wire import Aborted, Encoder

FEWEST = 4
"""Calls that are worth it."""
MOST = 1000
MOST_USES = 100_000
"""Of guesses, in one run of test code: it may wait for an answer that no guess is."""
FIRST_BATCH, LARGER = 8, 4
"""Calls in the first batch, and how many times as many are in each one that follows: a wrong program answers few."""


class Unforeseen(BaseException):
    """The test code does something else than was foreseen."""


class Direct:
    """In the place of `Pending`: no assertion waits."""

    def holds(self, function: Any, args: tuple[Any, ...], expected: Callable[[], Any]) -> Any:
        """Whether `function(*args) == expected()`."""
        return function(*args) == expected()

    def settle(self) -> None:
        """Nothing waits."""


class Guess:
    """What a program might answer. Whatever is done with it gives another guess, or something plain."""

    def __init__(self, use: Callable[[], None]) -> None:
        object.__setattr__(self, "_use", use)

    def _same(self, *operands: Any, **named: Any) -> Any:
        self._use()
        return self

    def _is(self, *operands: Any) -> bool:
        self._use()
        return True

    def _zero(self) -> int:
        self._use()
        return 0

    def _items(self) -> Any:
        self._use()
        return iter(())

    def __float__(self) -> float:
        return float(self._zero())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._same()

    __call__ = __getitem__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _same
    __rtruediv__ = __floordiv__ = __mod__ = __pow__ = __neg__ = __abs__ = __round__ = _same
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = _is
    __len__ = __int__ = __index__ = __hash__ = _zero
    __iter__ = _items


class Foreseer(Direct):
    """In the place of the program: notes what is asked of it, and answers with guesses.

    Args:
        line: the test process's `Line`.
        tally: its `Tally`; from then on no assertion fails.
    """

    def __init__(self, line: Any, tally: Any) -> None:
        self.calls: list[list[Any]] = []
        self.uses, self.spoiled, self.tally = 0, False, tally
        tally.failed = lambda error, caught: False
        line.settle = self.refuse
        line.name = lambda name: line.resolve("$ref", [0, True])
        line.call = self.call

    def refuse(self, value: Any = None) -> Any:
        """Give up, whatever the test code makes of the exception."""
        self.spoiled = True
        raise Stopped

    def use(self) -> None:
        """Count a use of a guess."""
        self.uses += 1
        if self.uses > MOST_USES:
            self.refuse()

    def call(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Guess:
        """Note one call of plain data."""
        encoder = Encoder(self.refuse)
        self.calls.append([encoder.items(args), {name: encoder.encode(value) for name, value in kwargs.items()}])
        if len(self.calls) > MOST:
            self.refuse()
        return Guess(self.use)

    def message(self) -> list[Any]:
        """The calls, where there are enough of them and nothing else happened."""
        known = not self.spoiled and self.tally.failure is None and len(self.calls) >= FEWEST
        return ["foreseen", self.calls] if known else ["unknown"]


class Foreseen(Direct):
    """Calls that were foreseen, and the answers that have come.

    Args:
        calls: the arguments of each, and its arguments by name, encoded.
        line: the test process's `Line`, which asks.
    """

    def __init__(self, calls: list[list[Any]], line: Any) -> None:
        self.calls, self.line = calls, line
        self.target: Any = None
        """The handle of the function that is asked, once it is known."""
        self.next, self.batch = 0, FIRST_BATCH
        self.answers: list[list[Any]] = []
        self.whole, self.wrong = True, False
        line.foreseen = self

    def answer(self, args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
        """The answer to the next call.

        Raises:
            Unforeseen: another call was foreseen, or none.
            Aborted: the program is gone.
        """
        if self.calls[self.next : self.next + 1] != [[args, kwargs]]:
            self.refuse()
        if self.next == len(self.answers) and self.whole:
            coming = self.calls[self.next : self.next + self.batch]
            self.line.touched = True
            self.answers += self.line.answers([["call", self.target, *one, True] for one in coming])
            self.whole = len(self.answers) == self.next + len(coming)
            self.batch *= LARGER
        self.next += 1
        if self.next > len(self.answers):
            raise Aborted
        return self.answers[self.next - 1]

    def refuse(self) -> None:
        """Give up, whatever the test code makes of the exception.

        Raises:
            Unforeseen: always.
        """
        self.wrong = True
        raise Unforeseen

    def check_used(self) -> None:
        """To be called before anything else is asked.

        Raises:
            Unforeseen: calls have been made already that come after it.
        """
        if self.next < len(self.answers):
            self.refuse()

    @property
    def failed(self) -> bool:
        """Whether what became of the tests may be the guesses' doing: the program may have ended in a call too many."""
        return self.wrong or (not self.whole and self.next <= len(self.answers))
