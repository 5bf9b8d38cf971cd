import os.path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.errors import ConfigError
from assaygym.sandbox._order import order, placed
from assaygym.sandbox.base import Limits


@given(st.text(alphabet="ab./\0\n\\ é", max_size=12))
def test_an_accepted_name_stays_inside_the_folder(name: str) -> None:
    try:
        names = list(placed("", {name: b""}))
    except ConfigError:
        return
    inside = os.path.normpath(os.path.join("/folder", names[1]))
    assert inside == "/folder/" + name
    assert inside.isprintable()


@pytest.mark.parametrize("name", ["a", "a.txt", "data/in put.txt", ".hidden", "..x", "a..", "é/ü", "a\\b"])
def test_a_plain_relative_name_is_accepted(name: str) -> None:
    assert placed("x", {name: b"1"}) == {"main.py": b"x", name: b"1"}


@pytest.mark.parametrize("files", [{"a": b"", "a/b": b""}, {"a/b/c": b"", "a/b": b""}, {"main.py/x": b""}])
def test_a_name_cannot_be_both_file_and_folder(files: dict[str, bytes]) -> None:
    with pytest.raises(ConfigError, match="both as a file and as a folder"):
        placed("", files)


@pytest.mark.parametrize("name", ["x" * 256, "é" * 130, "/".join(["x" * 100] * 11)])
def test_a_name_too_long_for_a_file_system_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="expected a plain relative path"):
        placed("", {name: b""})


def test_content_must_be_bytes() -> None:
    with pytest.raises(ConfigError, match=r"files\['a'\] is a str; expected bytes"):
        placed("", {"a": "text"})  # type: ignore[dict-item]


def test_an_argument_with_nul_is_refused() -> None:
    with pytest.raises(ConfigError, match="NUL"):
        order("", python="p", directory="/", view=None, argv=["a\0b"], limits=Limits())


def test_the_environment_is_fixed_and_home_is_the_scratch() -> None:
    spec = order("", python="p", directory="/d", view=None, argv=["x"], limits=Limits())
    assert spec["environment"]["HOME"] == spec["environment"]["TMPDIR"] == "/d"
    assert spec["environment"]["PYTHONHASHSEED"] == "0"
    assert spec["command"] == ["p", "-s", "-B", "main.py", "x"]
