"""What the tier without namespaces shows of the machine, and the folders of the host that it works in."""

import gc
import os
from pathlib import Path

import pytest

from assaygym.sandbox import _alone
from assaygym.sandbox._alone import Alone, shown, why_not
from assaygym.sandbox._folders import Folders
from assaygym.sandbox._interpreter import interpreter
from assaygym.sandbox._view import view_of_this_machine
from assaygym.sandbox.guest.scratch import FolderScratch, empty


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    """A folder that holds packages three levels down, and links."""
    for name in ("python/packages/hidden", "python/standard", "other"):
        (tmp_path / "lib" / name).mkdir(parents=True)
    (tmp_path / "lib" / "python" / "file").touch()
    (tmp_path / "secret").touch()
    (tmp_path / "lib" / "way-out").symlink_to(tmp_path / "secret")
    (tmp_path / "lib" / "python" / "way-round").symlink_to("packages")
    return tmp_path / "lib"


def test_a_folder_without_anything_hidden_is_shown_whole(lib: Path) -> None:
    assert shown([str(lib / "other"), str(lib / "python/file")], [str(lib / "python")]) == [
        str(lib / "other"),
        str(lib / "python/file"),
    ]


def test_a_folder_that_holds_what_is_hidden_is_shown_by_its_other_entries_without_links(lib: Path) -> None:
    expected = [lib / "other", lib / "python/file", lib / "python/standard"]
    assert shown([str(lib)], [str(lib / "python/packages")]) == [str(path) for path in expected]


def test_a_folder_that_is_itself_hidden_or_a_link_is_not_shown(lib: Path) -> None:
    assert shown([str(lib), str(lib / "way-out")], [str(lib)]) == []


def test_nothing_that_the_view_hides_lies_below_what_is_shown() -> None:
    view = view_of_this_machine()
    paths = shown(view["binds"], view["masks"])
    assert paths
    assert [(path, mask) for path in paths for mask in view["masks"] if f"{mask}/".startswith(f"{path}/")] == []


def test_what_is_reached_through_a_closed_folder_is_not_open(tmp_path: Path) -> None:
    inner = Path("/tmp") / f"assaygym-test-{os.getpid()}" / "inner"
    inner.mkdir(parents=True)
    try:
        assert _alone._is_open(str(inner))
        inner.parent.chmod(0o700)
        assert not _alone._is_open(str(inner))
    finally:
        inner.rmdir()
        inner.parent.rmdir()


def test_a_worker_keeps_our_user_where_another_could_not_reach_the_interpreter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_alone, "_is_open", lambda path: False)
    alone = Alone(view_of_this_machine(), interpreter())
    scratch, confinement = alone.confinement()
    assert (confinement["user"], alone.counts_processes) == (0, False)
    assert os.stat(scratch).st_uid == os.geteuid()
    alone.folders.close()


def test_root_draws_another_user_for_every_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0 or not _alone._has_capabilities():
        pytest.skip("only root can become somebody else")
    monkeypatch.setattr(_alone, "_is_open", lambda path: True)
    alone = Alone(view_of_this_machine(), interpreter())
    made = [alone.confinement() for _ in range(3)]
    if not alone.counts_processes:
        pytest.skip("this user namespace has too few users")
    users = [confinement["user"] for _, confinement in made]
    assert len(set(users)) == 3
    assert [os.stat(scratch).st_uid for scratch, _ in made] == users
    assert os.stat(alone.folders.root).st_mode & 0o777 == 0o711
    alone.folders.close()


def test_a_machine_without_a_filter_or_without_landlock_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_alone, "abi", lambda: 0)
    monkeypatch.setattr(_alone, "ARCHITECTURES", {os.uname().machine: 1})
    assert "no Landlock" in why_not()
    monkeypatch.setattr(_alone, "ARCHITECTURES", {"elsewhere": 1})
    assert f"no filter of system calls for {os.uname().machine}, only for elsewhere" in why_not()


def test_folders_are_removed_when_they_are_closed_or_dropped() -> None:
    for drop in (False, True):
        folders = Folders(interpreter())
        root, scratch = folders.root, Path(folders.scratch())
        (scratch / "locked").mkdir(mode=0)
        assert os.stat(scratch).st_mode & 0o777 == 0o700
        if not drop:
            folders.close()
        del folders
        gc.collect()
        assert not root.exists()


def test_folders_stay_when_a_fork_closes_them() -> None:
    folders = Folders(interpreter())
    child = os.fork()
    if child == 0:
        folders.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert folders.root.is_dir()
    folders.close()


def test_a_folder_is_emptied_of_everything_and_no_link_is_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o711)
    (kept / "file").touch()
    scratch = tmp_path / "scratch"
    (scratch / "a/b/c").mkdir(parents=True)
    for place in (scratch, scratch / "a/b"):
        (place / "link").symlink_to(kept)
        (place / "broken").symlink_to("nowhere")
        os.mkfifo(place / "pipe")
        os.mknod(place / ("x" * 255))
    (scratch / "a/b").chmod(0)
    scratch.chmod(0o500)
    FolderScratch(str(scratch)).tidy()
    assert os.listdir(scratch) == []
    assert os.listdir(kept) == ["file"]
    assert kept.stat().st_mode & 0o777 == 0o711


def test_a_folder_deeper_than_any_path_or_recursion_is_emptied(tmp_path: Path) -> None:
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        for _ in range(2000):
            os.mkdir("d" * 100)
            os.chdir("d" * 100)
    finally:
        os.chdir(here)
    empty(str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_a_link_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").touch()
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(OSError, match="link"):
        empty(str(tmp_path / "link"))
    assert os.listdir(tmp_path / "real") == ["file"]
