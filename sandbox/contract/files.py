"""What a run hands back of the files that its program left."""

from __future__ import annotations

from assaygym.errors import ConfigError
from assaygym.sandbox.base import ExecStatus, Limits, Sandbox
from assaygym.sandbox.contract.promises import Contract, promises
from assaygym.sandbox.contract.runs import refusal


class FetchContract(Contract):
    """Of `fetch` and `ExecResult.files`."""

    @promises("fetch")
    def test_files_that_were_asked_for_come_back(self, sandbox: Sandbox) -> None:
        """Those that are there, whatever their bytes, in folders too; others are left out."""
        program = """
import os
os.makedirs("d/e"); open("a", "wb").write(bytes(range(256))); open("d/e/b", "w").write("deep"); open("other", "w")
open("empty", "w")
"""
        result = sandbox.run(program, fetch=("a", "d/e/b", "empty", "absent", "d/absent", "a/below"))
        assert (result.status, result.stderr) == (ExecStatus.OK, "")
        assert result.files == {"a": bytes(range(256)), "d/e/b": b"deep", "empty": b""}

    def test_without_being_asked_for_no_file_comes_back(self, sandbox: Sandbox) -> None:
        """Whatever the program left."""
        assert sandbox.run("open('a', 'w').write('x')").files == {}

    @promises("fetch")
    def test_a_file_that_the_program_was_given_comes_back_as_it_left_it(self, sandbox: Sandbox) -> None:
        """Changed or not."""
        files = {"kept": b"k", "changed": b"c"}
        result = sandbox.run("open('changed', 'a').write('!')", files=files, fetch=tuple(files))
        assert result.files == {"kept": b"k", "changed": b"c!"}

    @promises("fetch")
    def test_files_come_back_however_the_program_ended(self, sandbox: Sandbox) -> None:
        """By a failing exit, a signal, at a limit."""
        for end, seconds in (("raise SystemExit(3)", 10), ("os.abort()", 10), ("1 / 0", 10), ("time.sleep(60)", 1)):
            program = f"import os, time\nwith open('a', 'w') as f: f.write('x')\n{end}"
            result = sandbox.run(program, fetch=["a"], limits=Limits(wall_seconds=seconds))
            assert result.status is not ExecStatus.OK
            assert result.files == {"a": b"x"}, end

    @promises("fetch")
    def test_files_that_were_never_closed_come_back_whole(self, sandbox: Sandbox) -> None:
        """The end of a program writes out what its open files hold."""
        result = sandbox.run("kept = open('a', 'w'); kept.write('kept')", fetch=["a"])
        assert result.files == {"a": b"kept"}

    @promises("fetch")
    def test_a_large_file_comes_back(self, sandbox: Sandbox) -> None:
        """Of the size that the limits allow."""
        program = "open('a', 'wb').write(bytes(range(256)) * (20 << 12))"
        assert sandbox.run(program, fetch=["a"]).files == {"a": bytes(range(256)) * (20 << 12)}

    def test_what_is_no_file_never_comes_back(self, sandbox: Sandbox) -> None:
        """Folders, pipes, sockets; nor do they hold up the run."""
        program = """
import contextlib, os, socket
os.mkdir("folder"); os.mkfifo("pipe")
with contextlib.suppress(OSError):  # not every backend has such sockets
    socket.socket(socket.AF_UNIX).bind("socket")
"""
        result = sandbox.run(program, fetch=["folder", "pipe", "socket"])
        assert (result.status, result.files) == (ExecStatus.OK, {})

    @promises("fetched_links")
    def test_a_link_is_never_followed(self, sandbox: Sandbox) -> None:
        """Neither to a file, nor by way of a folder: it might lead anywhere."""
        program = """
import os
os.mkdir("d"); open("d/a", "w").write("x")
os.symlink("d/a", "near"); os.symlink("d", "e"); os.symlink("/etc/passwd", "far"); os.symlink("loop", "loop")
"""
        result = sandbox.run(program, fetch=["near", "e/a", "far", "loop"])
        assert (result.status, result.files) == (ExecStatus.OK, {})

    def test_a_name_that_leaves_the_directory_cannot_be_asked_for(self, sandbox: Sandbox) -> None:
        """Before anything is run."""
        for name in ("/etc/passwd", "../x", "a/../../x", "", ".", "a//b", "a/", "a\0b"):
            assert repr(name) in refusal(ConfigError, sandbox.run, "pass", fetch=[name])
