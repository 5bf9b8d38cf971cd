"""Names that are imported when they are first used."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaygym.lazy import lazy_names


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tmp_path / "lazy_sample"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from assaygym.lazy import lazy_names\n"
        "__getattr__, __dir__ = lazy_names(__name__, {'work': ('work', 'rest')}, modules=('extra',))\n"
    )
    (folder / "work.py").write_text("def work(): return 1\nrest = 2\n")
    (folder / "extra.py").write_text("value = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "lazy_sample"
    for name in [name for name in sys.modules if name.startswith("lazy_sample")]:
        del sys.modules[name]


def test_nothing_is_imported_before_its_first_use(package: str) -> None:
    module = __import__(package)
    assert "lazy_sample.work" not in sys.modules
    assert module.rest == 2
    assert "lazy_sample.work" in sys.modules
    assert "lazy_sample.extra" not in sys.modules


def test_a_module_can_be_a_public_name(package: str) -> None:
    assert __import__(package).extra.value == 3


def test_a_name_is_not_hidden_by_the_module_of_the_same_name(package: str) -> None:
    module = __import__(package)
    assert module.work() == 1
    assert module.work() == 1


def test_an_unknown_name_lists_the_known_ones(package: str) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'; it has extra, rest, work"):
        __import__(package).nothing


def test_dir_lists_the_names() -> None:
    _, listed = lazy_names("assaygym", {"types": ("Score",)}, modules=("errors",))
    assert listed() == ["Score", "errors"]
