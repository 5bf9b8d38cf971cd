from __future__ import annotations

import marshal
import os.path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import ConfigError
from assaygym.sandbox._order import MOST_FILES, OVERHEAD_BYTES, PIPE_BYTES, STACK_BYTES, Order, checked_files, order
from assaygym.sandbox.base import Limits
from assaygym.sandbox.guest.protocol import FINALIZES, HAS_CHANNEL, HAS_FEED, LEAVE, LIMIT_NAMES, START

if TYPE_CHECKING:
    from assaygym.sandbox.guest.protocol import Surroundings


def ordered(body: bytes = b"pass", **named: object) -> Order:
    options: dict[str, object] = {"argv": ["main.py"], "limits": Limits(), "jailed": True, **named}
    return order(body, **options)  # type: ignore[arg-type]


@given(st.text(alphabet="ab./\0\n\\ é", max_size=12))
def test_an_accepted_name_stays_inside_the_folder(name: str) -> None:
    try:
        [kept] = checked_files({name: b""})
    except ConfigError:
        return
    inside = os.path.normpath(os.path.join("/folder", kept))
    assert inside == "/folder/" + name
    assert inside.isprintable()


@pytest.mark.parametrize("name", ["a", "a.txt", "data/in put.txt", ".hidden", "..x", "a..", "é/ü", "a\\b"])
def test_a_plain_relative_name_is_accepted(name: str) -> None:
    assert checked_files({name: b"1"}) == {name: b"1"}


@pytest.mark.parametrize("files", [{"a": b"", "a/b": b""}, {"a/b/c": b"", "a/b": b""}])
def test_a_name_cannot_be_both_file_and_folder(files: dict[str, bytes]) -> None:
    with pytest.raises(ConfigError, match="both as a file and as a folder"):
        checked_files(files)


@pytest.mark.parametrize("name", ["x" * 256, "é" * 130, "/".join(["x" * 100] * 11)])
def test_a_name_too_long_for_a_file_system_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="expected a plain relative path"):
        checked_files({name: b""})


@pytest.mark.parametrize("name", ["../x", "/etc/shadow", "a//b", ""])
def test_a_file_to_fetch_is_named_by_a_plain_path_too(name: str) -> None:
    with pytest.raises(ConfigError, match="fetch holds"):
        ordered(fetch=[name])


def test_content_must_be_bytes() -> None:
    with pytest.raises(ConfigError, match=r"files\['a'\] is a str; expected bytes"):
        checked_files({"a": "text"})  # type: ignore[dict-item]


def test_too_many_files_are_refused_with_the_number() -> None:
    with pytest.raises(ConfigError, match=f"at most {MOST_FILES}"):
        checked_files({str(n): b"" for n in range(MOST_FILES + 1)})


def test_an_argument_with_nul_is_refused() -> None:
    with pytest.raises(ConfigError, match="NUL"):
        ordered(argv=["a\0b"])


def test_the_name_of_the_program_is_taken() -> None:
    with pytest.raises(ConfigError, match="which is the program itself"):
        ordered(files={"main.py": b""})


@pytest.mark.parametrize(
    "source", [b"print(__file__)", b"import multiprocessing", b"open('main.py')", b"sys.argv[0]", b"import main"]
)
def test_a_program_that_may_look_for_its_file_finds_it(source: bytes) -> None:
    assert surroundings(ordered(source))["files"] == {"main.py": source}


def test_any_other_program_leaves_the_scratch_untouched_and_needs_nothing_laid_out() -> None:
    assert ordered(b"def f(): pass").payload == ("source", b"def f(): pass", b"def f(): pass", ["main.py"], None)


def test_the_file_of_compiled_code_is_its_source() -> None:
    source = b"print(__file__)"
    assert surroundings(ordered(b"code", how="code", source=source))["files"] == {"main.py": source}


def test_a_command_has_no_program_file_of_ours() -> None:
    files = {"main.py": b"x"}
    assert surroundings(ordered(b"", how="command", argv=["./main.py"], files=files))["files"] == files


def test_little_standard_input_goes_through_the_pipe_and_much_as_a_file() -> None:
    little, much = ordered(stdin="x" * PIPE_BYTES), ordered(stdin="x" * (PIPE_BYTES + 1))
    assert (surroundings(little)["stdin"], little.stdin) == (b"x" * PIPE_BYTES, b"")
    assert (surroundings(much)["stdin"], much.stdin) == (b"", b"x" * (PIPE_BYTES + 1))
    assert (bool(little.flags & HAS_FEED), bool(much.flags & HAS_FEED)) == (True, False)


@pytest.mark.parametrize(("source", "name"), [(b"open('/dev/stdin')", "/x"), (b"input()", "")])
def test_standard_input_has_a_name_only_for_those_who_use_it(source: bytes, name: str) -> None:
    assert surroundings(ordered(source, stdin_file="/x", stdin="1"))["stdin_file"] == name


def test_what_we_lay_out_does_not_count_against_the_scratch() -> None:
    limits = Limits(file_bytes=1000)
    assert ordered(limits=limits).scratch_bytes == 1000
    assert ordered(limits=limits, files={"a": b"x" * 5000}).scratch_bytes >= 6000


@pytest.mark.parametrize(
    ("source", "looked_at"),
    [
        (b"def f(x): return x + 1\nassert f(1) == 2", False),
        (b"import math, sys\nprint(math.pi)", False),
        (b"out = open(1, 'w')\nout.write('x')", True),
        (b"class A:\n    def __del__(self): print('gone')\na = A()", True),
        (b"import weakref", True),
        (b"from collections import deque", False),
    ],
)
def test_objects_are_looked_at_in_the_end_only_where_they_may_have_something_to_do(
    source: bytes, looked_at: bool
) -> None:
    assert bool(ordered(source).flags & FINALIZES) is looked_at


def limit(name: str, made: Order) -> tuple[int, int]:
    place = 2 * LIMIT_NAMES.index(name)
    return made.limits[place], made.limits[place + 1]


def test_cpu_seconds_are_rounded_up_and_the_last_warning_comes_a_second_before_the_end() -> None:
    assert limit("CPU", ordered(limits=Limits(cpu_seconds=1.2))) == (2, 3)


def test_processes_are_counted_only_in_a_namespace() -> None:
    assert limit("NPROC", ordered(jailed=True))[0] > 0
    assert limit("NPROC", ordered(jailed=False)) == (LEAVE, LEAVE)


def test_a_runtime_that_reserves_addresses_is_limited_in_its_data_instead() -> None:
    made, most = ordered(limits=Limits(memory_bytes=1000), address_space=False), 1000 + OVERHEAD_BYTES
    assert (limit("AS", made), limit("DATA", made)) == ((LEAVE, LEAVE), (most, most))


def test_only_a_compiled_program_gets_a_large_stack() -> None:
    assert limit("STACK", ordered(b"", how="command", argv=["./main"]))[0] == STACK_BYTES
    assert limit("STACK", ordered()) == (LEAVE, LEAVE)


def test_the_payload_crosses_as_it_is() -> None:
    made = ordered(files={"a/b": b"\xff"}, stdin="é", seed=7)
    packed = made.packed(HAS_CHANNEL)
    rest, flags, *limits = START.unpack(packed[: START.size])
    assert (flags, tuple(limits)) == (made.flags | HAS_CHANNEL, made.limits)
    assert marshal.loads(packed[START.size :]) == made.payload
    assert rest == len(packed) - START.size


def surroundings(made: Order) -> Surroundings:
    found = made.payload[4]
    assert found is not None
    return found
