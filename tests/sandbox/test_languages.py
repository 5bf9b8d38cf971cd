"""The registry of languages: names, tools, and what others add."""

import importlib.metadata
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assaygym.errors import ConfigError
from assaygym.sandbox import languages
from assaygym.sandbox.languages import Language, installed, language, locate, register


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A registry that forgets what the test registers."""
    monkeypatch.setattr(languages, "_known", dict(languages._known))
    languages._register_declared.cache_clear()
    yield
    languages._register_declared.cache_clear()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("python", "python"),
        ("py", "python"),
        ("C", "c"),
        ("C++", "cpp"),
        ("cpp", "cpp"),
        ("JavaScript", "javascript"),
        ("js", "javascript"),
        ("nodejs", "javascript"),
        ("sh", "bash"),
    ],
)
def test_a_language_has_several_names(given: str, name: str) -> None:
    assert language(given, here=False).name == name


def test_only_python_is_run_warm() -> None:
    assert [found.name for found in installed() if found.warm] == ["python"]


@pytest.mark.parametrize(("given", "hint"), [("pyton", "did you mean 'python'"), ("cobol", "known: bash, c, c\\+\\+")])
def test_an_unknown_language_is_answered_with_the_nearest(registry: None, given: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=rf"no language '{given}'; {hint}"):
        language(given)


def test_a_language_without_its_tools_says_what_to_install(registry: None) -> None:
    toy = register(Language(name="toy", source="t", run=("toy-run",), tools=("toy-fmt",), install="apt install toy"))
    with pytest.raises(ConfigError, match=r"'toy' needs toy-run and toy-fmt, not found on .*: apt install toy"):
        language("toy")
    assert language("toy", here=False) is toy
    assert toy not in installed()
    assert toy.paths() == ()


def test_installed_are_the_languages_whose_tools_are_here() -> None:
    assert {found.name for found in installed()} >= {"python"}
    assert all(locate(tool) for found in installed() for tool in found.needs)


def test_the_same_language_may_be_registered_again_and_another_may_not_take_its_names(registry: None) -> None:
    toy = Language(name="toy", aliases=("ty",), source="t", run=("true",))
    assert register(replace(toy)) == register(toy)
    with pytest.raises(ConfigError, match="'ty' is taken by 'toy'"):
        register(Language(name="ty", source="t", run=("true",)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "Toy", "run": ("x",)}, "language name 'Toy' is not usable"),
        ({"name": "toy", "aliases": ("a b",), "run": ("x",)}, "language name 'a b' is not usable"),
        ({"name": "toy", "run": ("x",), "artifacts": ("a",)}, "no compile command"),
        ({"name": "toy", "run": (), "compile": ("x",)}, "needs a compile and a run command"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Language(source="t", **fields)  # type: ignore[arg-type]


def tools_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A prefix of its own with one tool, behind two links."""
    for name in ("bin", "include", "links"):
        (folder / name).mkdir()
    (folder / "bin" / "tool-2").write_text("#!/bin/sh\n")
    (folder / "bin" / "tool-2").chmod(0o755)
    (folder / "links" / "tool").symlink_to("tool-latest")
    (folder / "links" / "tool-latest").symlink_to("../bin/tool-2")
    monkeypatch.setattr(languages, "SYSTEM_PATH", str(folder / "links"))


def test_a_jail_shows_the_tool_every_link_to_it_and_the_folders_of_its_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools_in(tmp_path, monkeypatch)
    toy = Language(name="toy", source="t", run=("tool", "t"), shows=("include", "lib/none", "/usr/bin"))
    shown = ["links/tool", "links/tool-latest", "bin/tool-2", "include"]
    assert toy.paths() == (*(str(tmp_path / path) for path in shown), "/usr/bin")


def test_the_headers_of_the_c_library_are_shown() -> None:
    c = language("c", here=False)
    if c.missing():
        pytest.skip("gcc is not on this machine")
    assert "/usr/include" in c.paths()


def test_a_tool_is_found_whatever_the_callers_own_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "toy").write_text("#!/bin/sh\n")
    (tmp_path / "toy").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert locate("toy") is None
    assert locate("sh") is not None


def declare(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    group = languages.GROUP
    points = [importlib.metadata.EntryPoint(name, value, group) for name, value in values.items()]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)


def module(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, name, raising=False)


def test_an_installed_distribution_declares_a_language(
    registry: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "from assaygym.sandbox.languages import Language\nTOY = Language(name='declared', source='t', run=('sh', 't'))"
    )
    module(tmp_path, monkeypatch, "declares_toy", text)
    declare(monkeypatch, declared="declares_toy:TOY")
    assert language("declared").source == "t"
    assert "declared" in [found.name for found in installed()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("TOY = 3", "is a int; expected a Language"),
        ("raise OSError('broken')", "broken"),
        ("", "no attribute 'TOY'"),
    ],
)
def test_a_broken_declaration_is_told_and_takes_no_other_language_away(
    registry: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    module(tmp_path, monkeypatch, "declares_nothing", text)
    declare(monkeypatch, broken="declares_nothing:TOY")
    with pytest.warns(RuntimeWarning, match=f"'broken' of an installed distribution is left out: .*{words}"):
        assert "python" in [found.name for found in installed()]
