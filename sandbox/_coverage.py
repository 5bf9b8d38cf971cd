"""What a backend really covers: read off the mechanisms that were in force, or tried out.

A rule is a list of answers, each with the mechanisms (names of `ExecResult.isolation`) that it needs; the first whose
mechanisms are all in force counts, and "no" where none is.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox.base import ExecStatus, Limits, Sandbox, Session
from assaygym.sandbox.languages import language

ROOMY = Limits(wall_seconds=30.0)


class Answer(StrEnum):
    """Whether something is covered."""

    YES = "yes"
    PARTLY = "partly"
    """The backend's list of what is not covered tells in how far."""
    NO = "no"
    UNKNOWN = "?"
    """A server decides."""


YES, PARTLY, NO, UNKNOWN = Answer
REMOTE = (UNKNOWN, "remote")
RULES: dict[str, tuple[tuple[Answer, str], ...]] = {
    "files": ((YES, "ro_root"), (PARTLY, "landlock"), REMOTE),
    "network": ((YES, "netns"), (YES, "landlock seccomp"), (PARTLY, "landlock_net"), REMOTE),
    "processes": ((YES, "pidns"), (YES, "no_processes landlock_scope"), (PARTLY, "no_processes"), REMOTE),
    "privileges": ((YES, "no_capabilities no_new_privs seccomp"), (PARTLY, "no_new_privs"), REMOTE),
    "other runs": ((YES, "pidns private_scratch"), (YES, "landlock landlock_scope"), (PARTLY, "landlock"), REMOTE),
    "wall clock": ((YES, "rlimits"), (YES, "remote")),
    "CPU time": ((YES, "rlimits no_processes"), (PARTLY, "rlimits"), (PARTLY, "remote")),
    "memory": ((YES, "rlimits no_processes"), (YES, "cgroup"), (PARTLY, "rlimits"), (PARTLY, "remote")),
    "disk": ((YES, "private_scratch"), (PARTLY, "rlimits"), REMOTE),
    "output": ((YES, "rlimits"), (PARTLY, "remote")),
}
"""Protection to rule: of the machine first, then what is limited."""
NAMED_ONLY = frozenset({"userns", "mntns", "ipcns", "utsns", "docker", "private_user"})
"""Mechanisms that no rule asks for: others build on them."""
EMPTY = {
    "python": "",
    "c": "int main(void) { return 0; }",
    "cpp": "int main() { return 0; }",
    "javascript": "",
    "bash": "",
}
"""The languages that this package brings, each with a program that does nothing."""
MARK = "import time; mark = time.monotonic_ns()"
"""A cell whose effect is another every time it runs."""


def protections(isolation: Collection[str]) -> dict[str, Answer]:
    """Each protection of `RULES`, as far as these mechanisms give it."""
    return {name: _judged(rule, isolation) for name, rule in RULES.items()}


def _judged(rule: tuple[tuple[Answer, str], ...], isolation: Collection[str]) -> Answer:
    return next((answer for answer, needed in rule if set(needed.split()) <= set(isolation)), NO)


def abilities(sandbox: Sandbox) -> dict[str, Answer]:
    """Whether it has sessions, forks of them and a message channel, tried out; PARTLY for those that run cells anew."""
    found = {"sessions": NO, "forks": NO, "message channel": YES if _has_channel(sandbox) else NO}
    try:
        with sandbox.session(limits=ROOMY) as session:
            session.run(MARK)
            if mark := _mark(session):
                found["sessions"] = YES if _mark(session) == mark else PARTLY
                [copy] = session.fork(1)
                with copy:
                    found["forks"] = YES if _mark(copy) == mark else PARTLY
    except SandboxError:
        pass  # it has none
    return found


def _mark(session: Session) -> str | None:
    return session.run("mark").value


def _has_channel(sandbox: Sandbox) -> bool:
    try:
        process = sandbox.spawn("import os; os.write(3, bytes(4))", limits=ROOMY)
    except SandboxError:
        return False
    answer = process.recv(ROOMY.wall_seconds)
    process.kill()
    return answer == b""


def usable_languages(sandbox: Sandbox, isolation: Collection[str]) -> tuple[str, ...]:
    """Which of the languages that this package brings it can run, each tried out.

    Not where compilers, which start processes, could only fail: gcc takes 15 seconds to give up.
    """
    alone = "no_processes" in isolation
    wanted = [name for name in EMPTY if not (alone and language(name, here=False).compile)]
    return tuple(name for name in wanted if _runs(sandbox, name, EMPTY[name]))


def _runs(sandbox: Sandbox, name: str, program: str) -> bool:
    try:
        return sandbox.run(program, language=name, limits=ROOMY).status is ExecStatus.OK
    except (ConfigError, SandboxError):
        return False
