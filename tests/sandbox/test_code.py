"""Compiled code of programs that come again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from assaygym.sandbox import _code
from assaygym.sandbox._code import MOST_BYTES, MOST_PROGRAMS, WORTH_IT, CodeCache

SOURCE = b"#" * WORTH_IT


def source(number: int) -> bytes:
    return SOURCE + b"%d" % number


class Compiler:
    """Counts; its code is the source in capitals."""

    def __init__(self, *, fails: bool = False) -> None:
        self.compiled = list[bytes]()
        self.cache = CodeCache(self)
        self._fails = fails
        self._lock = threading.Lock()

    def __call__(self, source: bytes) -> bytes | None:
        with self._lock:
            self.compiled.append(source)
        return None if self._fails else b"code of " + source


def test_the_first_run_of_a_program_gives_its_source() -> None:
    made = Compiler()
    assert made.cache.get(SOURCE) is None
    assert made.compiled == []


def test_a_program_is_compiled_once_however_often_it_comes() -> None:
    made = Compiler()
    assert [made.cache.get(SOURCE) for _ in range(4)] == [None, *[b"code of " + SOURCE] * 3]
    assert made.compiled == [SOURCE]


@pytest.mark.parametrize("program", [b"", b"print(1)", b"#" * (WORTH_IT - 1), b"#" * (MOST_BYTES + 1)])
def test_a_program_too_short_or_too_long_is_never_compiled(program: bytes) -> None:
    made = Compiler()
    assert [made.cache.get(program) for _ in range(3)] == [None] * 3
    assert made.compiled == []


def test_a_program_that_cannot_be_compiled_is_not_tried_again() -> None:
    made = Compiler(fails=True)
    assert [made.cache.get(SOURCE) for _ in range(4)] == [None] * 4
    assert made.compiled == [SOURCE]


def test_the_programs_used_last_are_kept() -> None:
    made = Compiler()
    for number in range(MOST_PROGRAMS):
        made.cache.get(source(number))
    made.cache.get(source(0))
    made.cache.get(source(MOST_PROGRAMS))
    assert made.cache.get(source(0)) is not None
    assert made.cache.get(source(1)) is None  # forgotten, hence new
    assert made.compiled == [source(0)]


def test_what_is_kept_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_code, "MOST_HELD", 5 * WORTH_IT)
    made = Compiler()
    for number in (1, 2, 3, 1):  # the last with code, as long as its source
        made.cache.get(source(number))
    assert made.cache.get(source(1)) is not None
    assert made.cache.get(source(4)) is None
    assert made.cache.get(source(2)) is None
    assert made.compiled == [source(1)]


def test_many_threads_may_ask_at_once() -> None:
    made = Compiler()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(made.cache.get, [source(number % 20) for number in range(2000)]))
    assert {code for code in found if code} == {b"code of " + source(number) for number in range(20)}
    assert found.count(None) == 20
