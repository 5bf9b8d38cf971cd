"""The attacks of the tables, carried out in the jail's tier without namespaces; run as a script, it tells all as JSON.

Some must fail in another way there than the tables say: `DIFFERENCES` names each, with what is then to be read in what
its check found. Nothing else may differ, and in no case may the secret be told, the host be harmed or the next run find
anything.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from assaygym.sandbox import ExecStatus, Sandbox
from assaygym.sandbox.jail import JailSandbox
from tests.sandbox.attacks.attack import Attack
from tests.sandbox.attacks.host import Host
from tests.sandbox.attacks.probe import PROBE

CHILDREN = "BlockingIOError"
"""It needs a child process, and is refused one."""
SOCKETS = "Address family not supported"
"""It needs a socket with an address."""
SHARED = "/dev/shm"
"""It needs shared memory, which is not to be had."""
REFUSED = "PermissionError: [Errno 13]"
"""It opens a folder that it would find empty in namespaces, or runs a file that it could not make executable."""
NOBODY = "PermissionError: [Errno 1]"
"""It signals its group, which is refused; it would have hit only itself."""
LOOKED_UP = 'stdout is "got ['
"""It looks up names of the host; opening what they stand for is refused."""
SECRET = "it has the secret"

DECLARED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        CHILDREN,
        (
            "a fork bomb whose program has ended leaves nothing",
            "a child that keeps the channel after the program's end cannot speak for it",
            "a child that stops its parent does not put off the wall-clock limit",
            "children that each use a share of the CPU are counted together",
            "children that are not waited for are counted too",
            "a child that ends well does not stand in for a program that was killed",
            "an orphan that ends well does not stand in for a program that failed",
            "what a child would print after the program's end is not printed",
            "a file that is fetched and swapped at the same time gives no secret",
            "a flood of output by a child that is left behind does not keep the host reading",
            "a flood of output by many processes ends the run at its limit",
            "no new namespace can be made",
            "a file that stays mapped or open by a child holds no room of the next run",
            "files of an interpreter's start in the home folder are gone",
            "locks are free again",
            "the tools of the system do not get further",
            "hooks of forks are not called by the next run's forks",
            "a core file of a crash is not written",
            "no process can be traced, and none offers itself",
            "a child and another program are under the same filter",
            "a mark of another user on one's own file gives no rights",
            "a child that kills its parent again and again leaves the next run alone",
            "a flood of child signals does not hide the program's end",
            "a wish to die with the parent or to adopt orphans changes nothing",
            "code of the C library that was overwritten in memory is whole",
            "a child that sleeps ends with the run",
            "a child that stopped itself ends with the run",
            "a daemon of two forks in a session of its own ends with the run",
            "a daemon that keeps the output open does not keep the host waiting",
            "a process that waits in an uninterruptible way ends with the run",
            "a subprocess that is left running ends with the run",
            "another program under another name ends with the run",
            "children of a killed program end with it",
            "children that fork as fast as they die end with the run",
            "zombies that nobody reaps end with the run",
        ),
    ),
    (
        SOCKETS,
        (
            "a socket and a file without rights under fetched names are no fault of the sandbox",
            "a socket of the run before under the same abstract name is gone",
            "an abstract name of the host is not taken in the jail, which shows that there are two worlds",
            "an abstract unix socket of the host is out of reach",
        ),
    ),
    (
        SHARED,
        (
            "memory mapped from shared memory is bounded",
            "a module beside the program is not imported by the next",
            "files in scratch and in shared memory are gone",
            "folders that nobody may enter are gone",
            "names that are hard to remove are gone",
            "pipes, sockets, links and circles are gone",
            "robust locks in shared memory do not outlive the run",
            "shared memory that was filled is empty",
            "no file, variable or name is left of the run before",
        ),
    ),
    (
        REFUSED,
        (
            "a failed start of a program is the failure of that program",
            "a name given by handle cannot be opened",
            "the way up ends at the root of the jail",
            "objects of shared memory by their library names are gone",
            "a program with the mark of another user gives no rights",
            "a pool of processes that was never closed ends with the run",
        ),
    ),
    (
        NOBODY,
        (
            "no more processes than the limit are alive at once",
            "a kill of its own group kills only itself",
            "stopping its own group ends at the wall-clock limit",
        ),
    ),
    (
        LOOKED_UP,
        (
            "a symbolic link in scratch leads nowhere",
            "the room of the host's file systems and their names cannot be asked",
            "memory files of processes are not there",
        ),
    ),
    ("stdout is \"got ['stdin']", ("the memory of the machine has no file",)),
    (
        "stdout is \"got ['/', '/', '/etc', '/etc', '/usr', '/usr', '/usr/lib', '/usr/lib', '/usr/bin'",
        ("no folder outside scratch can be written, renamed or removed",),
    ),
    ('stdout is "got [', ("the interpreter's files cannot be changed",)),
    ("stdout is '[]", ("the users file names nobody of the host",)),
    ("stdout is '[1, 2, 3", ("no process but one's own and the first is to be seen",)),
    ("stdout is '32000000", ("scratch holds no more than its share",)),
    ("stdout is '32000000", ("a deleted file that is kept open counts",)),
    ("stdout is '20000", ("scratch has no more names than its share",)),
    (f"stdout is '{socket.gethostname()}", ("the name of the machine is not the host's",)),
)
DIFFERENCES = {name: text for text, names in DECLARED for name in names}
THREADS = "no more threads than the limit are alive at once"
BY_USER: dict[str, dict[str, str]] = {
    "private": {THREADS: "stdout is '17"},
    "ordinary": {
        THREADS: "stdout is '100",
        "no other user can be taken on": f"[('setuid', {os.getuid()}), ('setgid', {os.getgid()}), ('setresuid'",
        "no capability is there and none can be had": "got [('bounding', 0), ('bounding', 1)",
    },
    "root": {
        THREADS: "stdout is '100",
        "no other user can be taken on": "('setresgid', 0), 'root']",
        "credentials that are sent are one's own": ", 0)]",
    },
}
"""Further ones, by the user that programs have: one of the worker's own, that of the host, or root itself."""
RECEIVE_SECONDS = 0.5


def attacks() -> list[tuple[str, Attack]]:
    """With the name of its class."""
    names = sorted(path.stem for path in (Path(__file__).parent / "attacks").glob("*.py"))
    modules = [import_module(f"tests.sandbox.attacks.{name}") for name in names]
    return [(module.__name__.rpartition(".")[2], one) for module in modules for one in getattr(module, "ATTACKS", ())]


class Ground:
    """A sandbox of one worker in that tier, and a host around it. A context manager."""

    def __enter__(self) -> Ground:
        self.host = Host().__enter__()
        self.sandbox: Sandbox = JailSandbox(workers=1, tier="landlock")
        self.scratch, user = self.sandbox.run("import os; print(os.getcwd(), os.getuid())").stdout.split()
        self.isolation = self.sandbox.run("pass").isolation
        self.user = "private" if "private_user" in self.isolation else "root" if user == "0" else "ordinary"
        assert "landlock" in self.isolation
        assert "userns" not in self.isolation
        names = PROBE.replace('"/tmp", "/dev/shm", "/", "/dev"', '"/tmp"').replace('"/tmp", "/dev/shm"', '"/tmp"')
        self._probe = self._moved(names)
        first, second = self.probe(), self.probe()
        self.clean = {name: seen for name, seen in first.items() if second[name] == seen}
        time.sleep(0.2)  # what the sandbox prepares for the next run is there before the state is noted
        self.host.steady()
        return self

    def __exit__(self, *_: object) -> None:
        self.sandbox.close()
        self.host.__exit__()

    def lacks(self, attack: Attack) -> bool:
        """Whether nothing is promised against it here."""
        return bool(attack.needs) and not any(attack.needs in name for name in self.isolation)

    def differences(self) -> dict[str, str]:
        """Those that hold for the user that programs have here."""
        return DIFFERENCES | BY_USER[self.user]

    def probe(self) -> dict[str, object]:
        """What a run finds."""
        result = self.sandbox.run(self._probe)
        assert (result.status, result.stderr) == (ExecStatus.OK, "")
        seen: dict[str, object] = json.loads(result.stdout)
        return seen

    def judge(self, attack: Attack) -> list[str]:
        """What was not as it must be."""
        found = self.carry_out(replace(attack, program=self._moved(attack.program), after=self._moved(attack.after)))
        if (wanted := self.differences().get(attack.name)) is not None:
            declared = any(wanted in fault for fault in found) and SECRET not in found
            found = [] if declared else [f"no {wanted!r} in what was found:", *found]
        now = self.probe()
        found += [f"{name}: {was} before, {now.get(name)} now" for name, was in self.clean.items() if now[name] != was]
        return found + self.host.harm()

    def carry_out(self, attack: Attack) -> list[str]:
        """Run it, with what belongs before and after it; what its own check found."""
        if attack.prior:
            self.sandbox.run(self._moved(attack.prior), stdin=self.host.secret)
        program, start, found = self.host.fill(attack.program), time.monotonic(), []
        if attack.receives is None:
            result = self.sandbox.run(program, stdin=attack.stdin, limits=attack.limits, fetch=attack.fetch)
        else:
            process = self.sandbox.spawn(program, limits=attack.limits)
            received = tuple(process.recv(RECEIVE_SECONDS) for _ in attack.receives)
            if received != attack.receives:
                found.append(f"received {received}, not {attack.receives}")
            result = process.finish()
        found += attack.faults(result, time.monotonic() - start, self.host)
        if attack.after:
            after = self.sandbox.run(self.host.fill(attack.after))
            if (after.status, after.stdout) != (ExecStatus.OK, "held\n"):
                found.append(f"the run after: {after.status}, {after.stdout!r}, {after.stderr[-500:]!r}")
        return found

    def _moved(self, program: str) -> str:
        """With our scratch in place of that of the jail with namespaces."""
        return program.replace("/tmp", self.scratch)


def main() -> None:
    """Carry out all, or without `--slow` the quick ones; print the user and what was wrong, by attack."""
    wrong: dict[str, list[str]] = {}
    with Ground() as ground:
        for kind, attack in attacks():
            if (attack.slow and "--slow" not in sys.argv) or ground.lacks(attack):
                continue
            if found := ground.judge(attack):
                wrong[f"{kind}: {attack.name}"] = found
                ground.host.undo()
                ground.host.steady()
        print(json.dumps({"user": ground.user, "wrong": wrong}))


if __name__ == "__main__":
    main()
