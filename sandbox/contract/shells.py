"""What a Bash session gives: a shell's state from command to command, exit codes, copies."""

from __future__ import annotations

import pytest

from assaygym.sandbox.base import ExecStatus, Limits, Session
from assaygym.sandbox.contract.promises import Contract, promises
from assaygym.sandbox.contract.sessions import OpensSessions

STATE = {
    "x=1 y=' two  words '": ('echo "$x|$y|"', "1| two  words |"),
    "z=$'two\\nlines'": ('echo "$z"', "two\nlines"),
    "a=(1 'b c' 3)": ('echo "${#a[@]} ${a[1]}"', "3 b c"),
    "declare -A m=([k]=v)": ("echo ${m[k]}", "v"),
    "declare -i n=5": ("n+=3; echo $n", "8"),
    "readonly r=5": ("unset r; echo $r", "5"),
    "export E=out": ("/bin/sh -c 'echo $E'", "out"),
    "f() { echo \"f $1\"; }": ("f 3", "f 3"),
    "alias hi='echo hello'": ("hi you", "hello you"),
    "shopt -s nullglob": ("echo none*such", ""),
    "set -o pipefail": ("false | true; echo $?", "1"),
    "set -f": ("echo *", "*"),
    "umask 077": ("umask", "0077"),
    "mkdir -p d/e; cd d/e": ('echo "${PWD##*/}"; cd ..; echo "${PWD##*/}"', "e\nd"),
    "cd /usr; cd /tmp": ("cd - > /dev/null; pwd", "/usr"),
    "IFS=,": ("s=1,2; set -- $s; echo $1", "1"),
    "x=1; exit 3": ("echo $x", "1"),
    "set -e; x=1; false; x=2": ("echo $x", "1"),
    "x=1; trap 'x=2' EXIT": ("echo $x", "1"),
}  # fmt: skip


def printed(session: Session, command: str) -> str:
    """What a command prints that must run without an error."""
    result = session.run(command)
    assert (result.status, result.exit_code, result.stderr) == (ExecStatus.OK, 0, ""), (command, result)
    return result.stdout.removesuffix("\n")


@promises("sessions")
class ShellContract(Contract):
    """Of `Sandbox.session("bash")`. Every method takes the fixture `sandbox`."""

    @pytest.mark.parametrize("first", STATE)
    def test_the_state_of_the_shell_survives(self, sandbox: OpensSessions, first: str) -> None:
        """Variables, functions, aliases, options, working directory, also when the command fails or exits."""
        then, expected = STATE[first]
        with sandbox.session("bash") as session:
            session.run(first)
            assert session.run(then).stdout.removesuffix("\n") == expected

    def test_the_exit_code_is_told(self, sandbox: OpensSessions) -> None:
        """Of the last command, of `exit`, of what cannot be parsed or found, and as a signal; the session goes on."""
        codes = {"true": 0, "false": 1, "exit 7": 7, "(exit 9)": 9, "nonesuch": 127, "echo 'open": 2, "x='\0'": 126}
        with sandbox.session("bash") as session:
            for command, code in codes.items():
                result = session.run(command)
                assert (result.exit_code, result.value, result.error) == (code, None, None), command
                assert result.status is (ExecStatus.NONZERO_EXIT if code else ExecStatus.OK)
            result = session.run("kill -9 $$")
            assert (result.status, result.signal, session.alive) == (ExecStatus.SIGNALED, 9, True)

    def test_messages_name_the_line_of_the_command(self, sandbox: OpensSessions) -> None:
        """Counted from 1, with nothing of ours."""
        with sandbox.session("bash") as session:
            assert session.run("\n\nnonesuch").stderr == "bash: line 3: nonesuch: command not found\n"

    def test_files_lie_in_the_shells_working_directory(self, sandbox: OpensSessions) -> None:
        """Those given at the start, and those written."""
        with sandbox.session("bash", files={"data/in.txt": b"given"}) as session:
            assert printed(session, "cat data/in.txt; echo new > f") == "given"
            assert printed(session, "cat f") == "new"

    def test_a_command_over_the_wall_limit_leaves_the_state_of_before(self, sandbox: OpensSessions) -> None:
        """TIMEOUT, nothing of it running on, the session alive."""
        with sandbox.session("bash") as session:
            session.run("x=1")
            result = session.run("x=2; echo here; sleep 60", limits=Limits(wall_seconds=1))
            assert (result.status, result.stdout, session.alive) == (ExecStatus.TIMEOUT, "here\n", True)
            assert printed(session, "echo $x") == "1"

    def test_a_busy_command_ends_at_the_cpu_limit(self, sandbox: OpensSessions) -> None:
        """TIMEOUT, with the CPU time of the processes it started."""
        with sandbox.session("bash") as session:
            result = session.run("while :; do :; done", limits=Limits(cpu_seconds=1, wall_seconds=30))
            assert result.status is ExecStatus.TIMEOUT
            assert 0.5 < result.cpu_seconds < 3
            assert printed(session, "echo on") == "on"

    def test_a_flood_is_cut(self, sandbox: OpensSessions) -> None:
        """OUTPUT_LIMIT, and nothing of the rest with the next command."""
        with sandbox.session("bash") as session:
            result = session.run("yes", limits=Limits(output_bytes=10_000))
            assert (result.status, len(result.stdout)) == (ExecStatus.OUTPUT_LIMIT, 10_000)
            assert printed(session, "echo on") == "on"

    def test_background_processes_run_on(self, sandbox: OpensSessions) -> None:
        """And end with the session."""
        with sandbox.session("bash") as session:
            session.run("(sleep 0.3; echo late > f) &")
            assert printed(session, "sleep 0.6; cat f") == "late"

    @promises("forks")
    def test_copies_share_nothing(self, sandbox: OpensSessions) -> None:
        """Variables, files, working directories, random numbers."""
        with sandbox.session("bash") as session:
            session.run("x=0; mkdir d; cd d")
            copies = session.fork(2)
            for number, each in enumerate((session, *copies)):
                each.run(f"x={number}; echo {number} > f")
            for number, each in enumerate((session, *copies)):
                assert printed(each, 'echo "$x $(cat f) ${PWD##*/}"') == f"{number} {number} d"
            assert len({printed(each, "echo $RANDOM $RANDOM $RANDOM") for each in (session, *copies)}) == 3

    def test_the_seed_decides_random(self, sandbox: OpensSessions) -> None:
        """The same again with the same seed."""
        seen = []
        for seed in (1, 1, 2):
            with sandbox.session("bash", seed=seed) as session:
                seen.append(printed(session, "echo $RANDOM $RANDOM $RANDOM"))
        assert seen[0] == seen[1] != seen[2]
