"""What `Session.fork` gives: copies that share nothing with the original nor with each other."""

from __future__ import annotations

import copy
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox.base import ExecStatus, Limits
from assaygym.sandbox.contract.promises import Contract, promises
from assaygym.sandbox.contract.runs import refusal
from assaygym.sandbox.contract.sessions import OpensSessions, value

READ_ALL = "f.seek(0); f.read()"


@promises("forks")
class ForkContract(Contract):
    """Of `Session.fork`. Every method takes the fixture `sandbox`."""

    def test_a_copy_has_the_state_and_changes_only_its_own(self, sandbox: OpensSessions) -> None:
        """Variables, in every direction."""
        with sandbox.session() as session:
            session.run("x = [0]\ndef get(): return x")
            one, other = session.fork(2)
            one.run("x.append(1)")
            other.run("x.append(2)")
            session.run("x.append(3)")
            assert [value(each, "get()") for each in (one, other, session)] == ["[0, 1]", "[0, 2]", "[0, 3]"]

    def test_a_deep_copy_of_what_holds_a_session_holds_a_fork(self, sandbox: OpensSessions) -> None:
        """So that an environment with a session is forked as any other."""
        with sandbox.session() as session:
            session.run("x = 1")
            twin = copy.deepcopy({"session": session})["session"]
            twin.run("x += 1")
            assert [value(session, "x"), value(twin, "x")] == ["1", "2"]
            twin.close()
            assert session.alive

    def test_files_are_each_ones_own(self, sandbox: OpensSessions) -> None:
        """In every direction."""
        with sandbox.session(files={"given": b"given"}) as session:
            session.run("open('made', 'w').write('made')")
            one, other = session.fork(2)
            for number, each in enumerate((one, session, other)):
                seen = "import os; open('given').read(), open('made').read(), sorted(os.listdir('.'))"
                assert value(each, seen) == "('given', 'made', ['given', 'made'])"
                each.run(f"open('made', 'a').write('{number}'); os.remove('given')")
            assert [value(each, "open('made').read()") for each in (one, session, other)] == [
                "'made0'",
                "'made1'",
                "'made2'",
            ]

    @promises("live_forks")
    def test_all_kinds_of_files_are_copied_whole(self, sandbox: OpensSessions) -> None:
        """Content, modes, times, links, empty and large files."""
        make = """
import os
os.makedirs('a/b'); open('a/b/big', 'wb').write(os.urandom(3 << 20)); open('a/empty', 'w').close()
os.symlink('b/big', 'a/link'); os.symlink('/nowhere', 'dangling'); os.link('a/b/big', 'hard'); os.mkfifo('pipe')
os.chmod('a/empty', 0o641); os.utime('a/empty', (1, 2)); os.chmod('a/b', 0o500); os.utime('a', (3, 4))
open('locked', 'w').write('x'); os.chmod('locked', 0)
def tree():
    import hashlib, stat
    found = []
    for folder, folders, files in os.walk('.'):
        for name in sorted(folders + files):
            path = os.path.join(folder, name); s = os.lstat(path)
            plain = stat.S_ISREG(s.st_mode) and s.st_mode & 0o400
            content = hashlib.sha256(open(path, 'rb').read()).hexdigest() if plain else None
            target = os.readlink(path) if stat.S_ISLNK(s.st_mode) else None
            size = 0 if stat.S_ISDIR(s.st_mode) else s.st_size
            found.append((path, oct(s.st_mode), s.st_nlink, size, s.st_mtime_ns, content, target))
    return sorted(found)
"""
        with sandbox.session() as session:
            session.run(make)
            before = value(session, "tree()")
            [copy] = session.fork(1)
            assert value(copy, "tree()") == before
            copy.run("open('a/empty', 'w').write('copy'); os.remove('hard')")
            assert value(session, "tree()") == before
            session.run("open('a/empty', 'w').write('original')")
            assert value(copy, "open('a/empty').read()") == "'copy'"

    def test_the_working_directory_is_the_copys_own(self, sandbox: OpensSessions) -> None:
        """The same path, in its own files."""
        with sandbox.session() as session:
            session.run("import os; os.mkdir('sub'); os.chdir('sub')")
            [copy] = session.fork(1)
            copy.run("open('here', 'w').close()")
            assert value(copy, "os.path.basename(os.getcwd()), os.listdir('.')") == "('sub', ['here'])"
            assert value(session, "os.listdir('.')") == "[]"

    def test_open_files_go_on_at_their_place_apart(self, sandbox: OpensSessions) -> None:
        """Offsets, unwritten buffers, files opened to append."""
        with sandbox.session() as session:
            session.run(
                "f = open('f', 'w+'); f.write('abc'); f.flush(); f.write('d')\n"
                "g = open('g', 'a'); r = open('f'); r.read(1)"
            )
            one, other = session.fork(2)
            for each, text in ((one, "1"), (other, "22"), (session, "333")):
                each.run(f"f.write({text!r}); f.flush(); g.write({text!r}); g.flush()")
            for each, text in ((one, "1"), (other, "22"), (session, "333")):
                assert value(each, "r.read(2), open('f').read(), open('g').read()") == repr(("bc", "abcd" + text, text))

    def test_a_removed_file_that_is_open_is_copied(self, sandbox: OpensSessions) -> None:
        """As `tempfile.TemporaryFile` makes one."""
        with sandbox.session() as session:
            session.run("import tempfile; f = tempfile.TemporaryFile('w+'); f.write('abc'); f.flush()")
            [copy] = session.fork(1)
            copy.run("f.write('copy'); f.flush()")
            session.run("f.write('!'); f.flush()")
            assert (value(copy, READ_ALL), value(session, READ_ALL)) == ("'abccopy'", "'abc!'")

    def test_descriptors_of_one_file_that_moved_together_still_do(self, sandbox: OpensSessions) -> None:
        """A duplicate shares its offset within the copy, and with nobody else."""
        with sandbox.session() as session:
            session.run(
                "import os; a = os.open('f', os.O_RDWR | os.O_CREAT); b = os.dup(a); c = os.open('f', os.O_RDWR)"
            )
            one, other = session.fork(2)
            one.run("os.write(a, b'one')")
            assert value(one, "os.lseek(b, 0, 1), os.lseek(c, 0, 1)") == "(3, 0)"
            assert value(other, "os.lseek(a, 0, 1), os.lseek(b, 0, 1)") == "(0, 0)"

    def test_pipes_and_sockets_lead_nowhere(self, sandbox: OpensSessions) -> None:
        """Neither to the original nor to another copy."""
        with sandbox.session() as session:
            session.run("import os, socket; r, w = os.pipe(); s, t = socket.socketpair(); n = s.fileno()")
            one, other = session.fork(2)
            one.run("os.write(w, b'leak'); os.write(n, b'leak')")
            for each in (other, session):
                each.run("os.set_blocking(r, False)\ntry: got = os.read(r, 9)\nexcept BlockingIOError: got = b''")
                assert value(each, "got") == "b''"

    def test_memory_mapped_as_shared_is_not_shared(self, sandbox: OpensSessions) -> None:
        """Anonymous, and of a file."""
        with sandbox.session() as session:
            session.run("import mmap; m = mmap.mmap(-1, 5000); m[:3] = b'abc'")
            session.run(
                "f = open('f', 'w+b'); f.write(b'abc' + bytes(5000)); f.flush(); n = mmap.mmap(f.fileno(), 5000)"
            )
            one, other = session.fork(2)
            one.run("m[:3] = n[:3] = b'one'; n.flush()")
            shown = "m[:3], n[:3], open('f', 'rb').read(3)"
            assert value(one, shown) == "(b'one', b'one', b'one')"
            assert value(other, shown) == value(session, shown) == "(b'abc', b'abc', b'abc')"

    def test_output_goes_to_each_ones_own_host(self, sandbox: OpensSessions) -> None:
        """Also where the program has moved the descriptors."""
        with sandbox.session() as session:
            session.run("import os; saved = os.dup(1); null = os.open(os.devnull, 1); os.dup2(null, 1)")
            one, other = session.fork(2)
            one.run("print('gone', flush=True)")
            assert one.run("os.dup2(saved, 1); print('one')").stdout == "one\n"
            assert other.run("os.dup2(saved, 1); print('other')").stdout == "other\n"

    def test_what_was_printed_between_cells_is_told_by_the_original_alone(self, sandbox: OpensSessions) -> None:
        """With its next cell, once, also when that runs after a fork."""
        with sandbox.session() as session:
            session.run("import threading, time\ndef late(): time.sleep(0.2); print('late')")
            session.run("t = threading.Thread(target=late); t.start()")
            time.sleep(0.5)
            copies = session.fork(2)
            assert [each.run("print('next')").stdout for each in copies] == ["next\n"] * 2
            assert session.run("print('next')").stdout == "late\nnext\n"
            assert session.run("print('next')").stdout == "next\n"

    def test_random_numbers_differ_and_the_original_goes_on(self, sandbox: OpensSessions) -> None:
        """Each copy has a state of its own, the same again with the same seed; the original's goes on unforked."""
        draw = "import random; random.random()"
        seen = []
        for forked in (True, True, False):
            with sandbox.session(seed=7) as session:
                value(session, draw)
                copies = session.fork(2) if forked else []
                seen.append([value(each, draw) for each in (session, *copies)])
        assert seen[0] == seen[1]
        assert len(set(seen[0])) == 3
        assert seen[2] == seen[0][:1]

    def test_random_bytes_of_openssl_differ(self, sandbox: OpensSessions) -> None:
        """It keeps a generator of its own in the process."""
        with sandbox.session() as session:
            if session.run("import ssl; ssl.RAND_bytes(8)").error is not None:
                pytest.skip("there is no OpenSSL")
            copies = session.fork(2)
            assert len({value(each, "ssl.RAND_bytes(8)") for each in (session, *copies)}) == 3

    def test_later_copies_differ_from_earlier_ones(self, sandbox: OpensSessions) -> None:
        """Also when nothing was run in between."""
        with sandbox.session() as session:
            copies = [*session.fork(1), *session.fork(1), *session.fork(1)]
            assert len({value(copy, "import random; random.random()") for copy in copies}) == 3

    @promises("live_forks")
    def test_threads_and_child_processes_are_not_copied(self, sandbox: OpensSessions) -> None:
        """A copy has one thread and no child; the state of a session that had some is whole."""
        with sandbox.session() as session:
            session.run(
                "import os, subprocess, threading\nx = 1\n"
                "t = threading.Thread(target=threading.Event().wait, daemon=True)"
            )
            session.run("t.start(); p = subprocess.Popen(['/bin/sleep', '60'])")
            [copy] = session.fork(1)
            for each in (copy, session):
                assert value(each, "threading.active_count(), x") == "(1, 1)"
                assert each.run("os.wait()").error == "ChildProcessError"
                each.run("x += 1")
                assert value(each, "x") == "2"

    @promises("copies_apart")
    def test_a_copy_cannot_reach_the_others_by_name(self, sandbox: OpensSessions) -> None:
        """Neither over abstract sockets nor in shared memory."""
        with sandbox.session() as session:
            session.run("import socket, os")
            one, other = session.fork(2)
            one.run(
                "s = socket.socket(socket.AF_UNIX); s.bind('\\0name'); s.listen(); open('/dev/shm/name', 'w').close()"
            )
            assert other.run("socket.socket(socket.AF_UNIX).connect('\\0name')").error == "ConnectionRefusedError"
            assert value(other, "os.path.exists('/dev/shm/name')") == "False"

    def test_closing_the_original_leaves_the_copies(self, sandbox: OpensSessions) -> None:
        """They run on."""
        session = sandbox.session()
        session.run("x = 1")
        copies = session.fork(2)
        session.close()
        assert [value(copy, "x + 1") for copy in copies] == ["2", "2"]
        copies[0].close()
        assert value(copies[1], "x + 2") == "3"

    def test_closing_a_copy_leaves_the_original(self, sandbox: OpensSessions) -> None:
        """It runs on, and can be forked again."""
        with sandbox.session() as session:
            session.run("x = 1")
            for copy in session.fork(2):
                copy.close()
            session.run("x += 1")
            [again] = session.fork(1)
            assert value(again, "x") == "2"

    def test_a_copy_that_ends_leaves_the_others(self, sandbox: OpensSessions) -> None:
        """Killed, crashed or hung, it is alone in it."""
        with sandbox.session() as session:
            session.run("import os, signal, ctypes")
            copies = session.fork(3)
            assert copies[0].run("os._exit(3)").exit_code == 3
            assert copies[1].run("ctypes.string_at(0)").status is ExecStatus.SIGNALED
            assert [value(each, "1") for each in (copies[2], session)] == ["1", "1"]
            assert not copies[0].alive

    def test_a_copy_of_a_copy(self, sandbox: OpensSessions) -> None:
        """To some depth, with all of them alive."""
        with sandbox.session() as session:
            session.run("trail = [0]; open('f', 'w').write('0')")
            line = [session]
            for depth in range(1, 6):
                [copy] = line[-1].fork(1)
                copy.run(f"trail.append({depth}); open('f', 'a').write('{depth}')")
                line.append(copy)
            for depth, each in enumerate(line):
                expected = (list(range(depth + 1)), "".join(map(str, range(depth + 1))))
                assert value(each, "trail, open('f').read()") == repr(expected)

    def test_a_session_forked_again_and_again_goes_on(self, sandbox: OpensSessions) -> None:
        """More often than namespaces nest."""
        with sandbox.session() as session:
            session.run("x = 0")
            for turn in range(40):
                copies = session.fork(2)
                copies[0].run("x = -1")
                for copy in copies:
                    copy.close()
                assert value(session, "x += 1\nx") == str(turn + 1)

    def test_no_copies_are_no_copies(self, sandbox: OpensSessions) -> None:
        """And fewer than none are a mistake."""
        with sandbox.session() as session:
            assert session.fork(0) == []
            assert "-1" in refusal(ConfigError, session.fork, -1)

    def test_a_session_that_has_ended_cannot_be_forked(self, sandbox: OpensSessions) -> None:
        """It says how it ended."""
        with sandbox.session() as session:
            session.run("import os; os._exit(4)")
            assert "exit code 4" in refusal(SandboxError, session.fork, 1)

    def test_limits_hold_in_copies(self, sandbox: OpensSessions) -> None:
        """Memory, and file size."""
        with sandbox.session(limits=Limits(memory_bytes=100 << 20, file_bytes=1 << 20)) as session:
            [copy] = session.fork(1)
            assert copy.run("x = bytearray(300 << 20)").status is ExecStatus.OUT_OF_MEMORY
            assert copy.run("open('f', 'wb').write(bytes(2 << 20))").error == "OSError"

    def test_many_sessions_and_copies_at_once(self, sandbox: OpensSessions) -> None:
        """From several threads, each with its own result."""

        def work(number: int) -> list[str | None]:
            with sandbox.session() as session:
                session.run(f"x = {number}")
                copies = session.fork(3)
                for at, copy in enumerate(copies):
                    copy.run(f"x += {at}")
                found = [value(each, "x") for each in (session, *copies)]
                for copy in copies:
                    copy.close()
                return found

        with ThreadPoolExecutor(4) as pool:
            for number, found in enumerate(pool.map(work, range(0, 80, 10))):
                assert found == [str(number * 10 + at) for at in (0, 0, 1, 2)]

    @pytest.mark.slow
    def test_a_hundred_copies(self, sandbox: OpensSessions) -> None:
        """All alive at once, each its own."""
        with sandbox.session() as session:
            session.run("x = 1")
            copies = session.fork(100)
            for number, copy in enumerate(copies):
                copy.run(f"x += {number}")
            assert [value(copy, "x") for copy in copies] == [str(number + 1) for number in range(100)]
            for copy in copies:
                copy.close()
