"""The contenders that start a command for every run: a plain interpreter, bubblewrap, and Docker."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

from assaygym.benchmarks.speed.contender import Absent, CallContender, WrongResult
from assaygym.benchmarks.speed.loops import base_interpreter
from assaygym.benchmarks.speed.workloads import TRIVIAL, Workload

__all__ = ["CommandContender", "bubblewrap", "docker_exec", "docker_run", "subprocess_contender"]

Command = Callable[[Path], list[str]]
"""The command that runs the program in a file."""
SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
PATIENCE = 60.0
"""Seconds until a command is taken for hung."""


class CommandContender(CallContender):
    """Writes the program to a file, starts the command, waits for its end; the file is part of the time."""

    def __init__(self, name: str, about: str, workers: int, command: Command, end: Callable[[], object] = str) -> None:
        super().__init__(name, about, workers)
        self._command = command
        self._end = end
        self._folder = tempfile.TemporaryDirectory(prefix="assaygym-speed-")

    def once(self, workload: Workload) -> None:
        """Run every case of the workload."""
        for case in workload.cases:
            file = Path(self._folder.name) / f"{uuid.uuid4().hex}.py"
            file.write_text(workload.program, encoding="utf-8")
            seen = subprocess.run(
                self._command(file), input=case.stdin, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
            file.unlink()
            if seen.returncode or seen.stdout != case.stdout:
                raise WrongResult(
                    f"{self.name} gave exit code {seen.returncode}, {seen.stdout!r}: {seen.stderr[-500:]}"
                )

    def close(self) -> None:
        """Remove the folder, and end what stands ready."""
        self._end()
        self._folder.cleanup()


def subprocess_contender(workers: int) -> CommandContender:
    """A fresh interpreter for each run, without any isolation."""
    python = base_interpreter()
    return CommandContender(
        "subprocess", "python3 -I -S FILE, no isolation", workers, lambda file: [python, "-I", "-S", str(file)]
    )


def bubblewrap(workers: int) -> CommandContender:
    """A fresh interpreter in a bubblewrap of its own.

    Raises:
        Absent: there is no `bwrap`, or it does not work here.
    """
    bwrap = _found("bwrap", "install the package bubblewrap")
    python = base_interpreter()
    fixed = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    for path in dict.fromkeys([*SYSTEM, str(Path(python).parents[1])]):
        if not path.startswith("/usr/"):
            fixed += ["--ro-bind-try", path, path]
    fixed += ["--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp"]

    def command(file: Path) -> list[str]:
        bound = ["--ro-bind", str(file), "/tmp/main.py", "--remount-ro", "/"]
        return [*fixed, *bound, python, "-I", "-S", "/tmp/main.py"]

    contender = CommandContender("bwrap", "bubblewrap, all namespaces, python3 -I -S FILE", workers, command)
    return _working(contender)


def docker_run(workers: int, image: str) -> CommandContender:
    """A container of its own for each run.

    Raises:
        Absent: no daemon answers, or it has not that image.
    """
    docker = _docker(image)
    fixed = [docker, "run", "--rm", "-i", "--network", "none", "--entrypoint", "python3", image, "-I", "-S", "-c"]
    return _working(
        CommandContender("docker-run", f"docker run {image}", workers, lambda file: [*fixed, file.read_text()])
    )


def docker_exec(workers: int, image: str) -> CommandContender:
    """A process in one long-lived container for each run.

    Raises:
        Absent: no daemon answers, or it has not that image.
    """
    docker = _docker(image)
    name = f"assaygym-speed-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    start = [docker, "run", "-d", "--rm", "--network", "none", "--name", name, "--entrypoint", "sleep", image, "86400"]
    _ask(start)
    fixed = [docker, "exec", "-i", name, "python3", "-I", "-S", "-c"]

    def end() -> None:
        subprocess.run([docker, "kill", name], capture_output=True, check=False)

    about = f"docker exec in a warm container of {image}"
    return _working(CommandContender("docker-exec", about, workers, lambda file: [*fixed, file.read_text()], end))


def _working(contender: CommandContender) -> CommandContender:
    """The contender, if a trivial program works with it."""
    try:
        contender.once(TRIVIAL)
    except (WrongResult, subprocess.TimeoutExpired) as error:
        contender.close()
        raise Absent(f"it does not work here: {error}") from error
    return contender


def _docker(image: str) -> str:
    docker = _found("docker", "install Docker")
    _ask([docker, "version"])
    try:
        _ask([docker, "image", "inspect", image])
    except Absent as error:
        reason = f"there is no image {image} here; pull it, or name another that has python3 by --docker-image"
        raise Absent(reason) from error
    return docker


def _ask(command: list[str]) -> None:
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except subprocess.CalledProcessError as error:
        raise Absent(f"{' '.join(command[:3])} failed: {error.stderr.strip()[-300:]}") from error
    except subprocess.TimeoutExpired as error:
        raise Absent(f"{' '.join(command[:3])} did not answer") from error


def _found(command: str, remedy: str) -> str:
    path = shutil.which(command)
    if path is None:
        raise Absent(f"there is no {command} here; {remedy}")
    return path
