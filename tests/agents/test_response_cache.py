"""Answers on disk: shared by threads and processes, refused when damaged, never the end of a run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.agents.response_cache import ResponseCache, answer_key
from assaygym.errors import DataError

KEY = answer_key("a")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "answers.db"


def test_what_was_put_is_there_again_after_closing(path: Path) -> None:
    answer = {"choices": [{"text": "ü\ud83d", "logprob": -0.5}]}
    with ResponseCache(path) as cache:
        assert cache.get(KEY) is None
        cache.put(KEY, answer)
    with ResponseCache(path) as cache:
        assert (cache.get(KEY), len(cache)) == (answer, 1)
        assert cache.get(answer_key("b")) is None


def test_the_first_answer_at_a_key_stays(path: Path) -> None:
    with ResponseCache(path) as cache:
        cache.put(KEY, {"n": 1})
        cache.put(KEY, {"n": 2})
        assert cache.get(KEY) == {"n": 1}
        cache.drop(KEY)
        assert (cache.get(KEY), len(cache)) == (None, 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def in_another_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: in_another_order(inner) for key, inner in reversed(value.items())}
    return [in_another_order(inner) for inner in value] if isinstance(value, list) else value


@given(JSON)
def test_the_order_of_an_objects_keys_does_not_count(value: Any) -> None:
    assert answer_key(value) == answer_key(in_another_order(value))


@pytest.mark.parametrize(
    ("one", "other"),
    [((["a", "b"],), ("a", "b")), ((1,), ("1",)), ((1,), (1.5,)), (("a", "bc"), ("ab", "c")), ((None,), ("",)),
     ((), (None,))],
)  # fmt: skip
def test_other_values_have_other_keys(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert answer_key(*one) != answer_key(*other)


def test_many_threads_use_one_cache(path: Path) -> None:
    wrong: list[int] = []
    with ResponseCache(path) as cache:

        def work(start: int) -> None:
            for number in range(start, start + 40):
                cache.put(answer_key(number % 50), {"n": number % 50})
                if cache.get(answer_key(number % 50)) != {"n": number % 50}:
                    wrong.append(number)

        threads = [threading.Thread(target=work, args=(5 * start,)) for start in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (wrong, len(cache)) == ([], 50)


def put_many(path: Path, start: int) -> None:
    with ResponseCache(path) as cache:
        for number in range(start, start + 60):
            cache.put(answer_key(number), {"n": number})


def test_many_processes_use_one_file(path: Path) -> None:
    program = (
        "import sys; from assaygym.agents.response_cache import ResponseCache, answer_key\n"
        "with ResponseCache(sys.argv[1]) as cache:\n"
        "    for n in range(int(sys.argv[2]), int(sys.argv[2]) + 60): cache.put(answer_key(n), {'n': n})"
    )
    started = [subprocess.Popen([sys.executable, "-c", program, str(path), str(30 * start)]) for start in range(2)]
    assert [process.wait(60) for process in started] == [0] * 2
    with ResponseCache(path) as cache:
        assert [cache.get(answer_key(number)) for number in range(90)] == [{"n": number} for number in range(90)]


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE notes (text)")
    file.close()


def later_version(path: Path) -> None:
    ResponseCache(path).close()
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()


def damaged(path: Path) -> None:
    put_many(path, 0)
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA journal_mode = DELETE")
    file.close()
    content = bytearray(path.read_bytes())
    content[100:] = b"\x5a" * len(content[100:])
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("not a database " * 100), "file is not a database"),
        (foreign, "it belongs to another program"),
        (later_version, "it belongs to another program or version"),
        (damaged, "malformed"),
    ],
)
def test_a_file_that_is_no_cache_is_refused_and_left_as_it_is(path: Path, make: Any, said: str) -> None:
    path.parent.mkdir()
    make(path)
    before = path.read_bytes()
    with pytest.raises(DataError, match=rf"answers\.db is no response cache .*{said}.*: move it away, or name another"):
        ResponseCache(path)
    assert path.read_bytes() == before


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot open the response cache"):
        ResponseCache(tmp_path)


def test_a_fault_on_the_way_is_told_once_and_costs_no_run(path: Path) -> None:
    with ResponseCache(path) as cache:
        cache.put(KEY, {"n": 1})
        cache._file.execute("DROP TABLE answers")
        with pytest.warns(RuntimeWarning, match=r"answers\.db failed \(no such table.*the run goes on without it"):
            assert cache.get(KEY) is None
        cache.put(KEY, {"n": 2})
        assert (cache.get(KEY), len(cache)) == (None, 0)


def test_a_file_that_another_process_holds_costs_no_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assaygym.agents.response_cache.PATIENCE", 0.05)
    with ResponseCache(path) as cache:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.warns(RuntimeWarning, match="database is locked"):
            cache.put(KEY, {"n": 1})
        holder.close()


@pytest.mark.parametrize("packed", [b"nonsense", b"", 7])
def test_a_damaged_answer_is_forgotten(path: Path, packed: Any) -> None:
    with ResponseCache(path) as cache:
        cache.put(KEY, {"n": 1})
        cache._file.execute("UPDATE answers SET answer = ?", (packed,))
        assert (cache.get(KEY), len(cache)) == (None, 0)
        cache.put(KEY, {"n": 2})
        assert cache.get(KEY) == {"n": 2}


def test_a_closed_cache_has_nothing_and_takes_nothing(path: Path) -> None:
    cache = ResponseCache(path)
    cache.close()
    cache.put(KEY, {"n": 1})
    assert cache.get(KEY) is None
    cache.close()
