import marshal
import os.path
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import ConfigError
from assaygym.sandbox._order import MOST_FILES, OVERHEAD_BYTES, PIPE_BYTES, Order, checked_files, order
from assaygym.sandbox.base import Limits


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
    assert ordered(source).payload["files"] == {"main.py": source}


def test_any_other_program_leaves_the_scratch_untouched() -> None:
    assert ordered(b"def f(): pass").payload["files"] == {}


def test_the_file_of_compiled_code_is_its_source() -> None:
    source = b"print(__file__)"
    assert ordered(b"code", how="code", source=source).payload["files"] == {"main.py": source}


def test_a_command_has_no_program_file_of_ours() -> None:
    assert ordered(b"", how="command", argv=["./main.py"], files={"main.py": b"x"}).payload["files"] == {
        "main.py": b"x"
    }


def test_little_standard_input_goes_through_the_pipe_and_much_as_a_file() -> None:
    little, much = "x" * PIPE_BYTES, "x" * (PIPE_BYTES + 1)
    assert (ordered(stdin=little).payload["stdin"], ordered(stdin=little).stdin) == (little.encode(), b"")
    assert (ordered(stdin=much).payload["stdin"], ordered(stdin=much).stdin) == (b"", much.encode())


@pytest.mark.parametrize(("source", "name"), [(b"open('/dev/stdin')", "/x"), (b"input()", "")])
def test_standard_input_has_a_name_only_for_those_who_use_it(source: bytes, name: str) -> None:
    assert ordered(source, stdin_file="/x").payload["stdin_file"] == name


def test_what_we_lay_out_does_not_count_against_the_scratch() -> None:
    limits = Limits(file_bytes=1000)
    assert ordered(limits=limits).scratch_bytes == 1000
    assert ordered(limits=limits, files={"a": b"x" * 5000}).scratch_bytes >= 6000


def test_cpu_seconds_are_rounded_up_and_the_last_warning_comes_a_second_before_the_end() -> None:
    assert (resource.RLIMIT_CPU, 2, 3) in ordered(limits=Limits(cpu_seconds=1.2)).payload["limits"]


def test_processes_are_counted_only_in_a_namespace() -> None:
    def counted(jailed: bool) -> bool:
        return any(which == resource.RLIMIT_NPROC for which, _, _ in ordered(jailed=jailed).payload["limits"])

    assert (counted(jailed=True), counted(jailed=False)) == (True, False)


def test_a_runtime_that_reserves_addresses_is_limited_in_its_data_instead() -> None:
    most = 1000 + OVERHEAD_BYTES
    payload = ordered(limits=Limits(memory_bytes=1000), address_space=False).payload
    assert payload["address_space"] == 0
    assert (resource.RLIMIT_DATA, most, most) in payload["limits"]


def test_the_payload_crosses_as_it_is() -> None:
    made = ordered(files={"a/b": b"\xff"}, stdin="é", seed=7)
    assert marshal.loads(made.packed()) == made.payload
