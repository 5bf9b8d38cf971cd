"""From the arguments of `Sandbox.run` to the spec that the launcher takes, everything checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from assaygym.errors import ConfigError
from assaygym.sandbox._wire import Spec, View
from assaygym.sandbox.base import Limits

PROGRAM = "main.py"
LANGUAGES = ("python",)
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MALLOC_ARENA_MAX": "2",
}
"""All that a program finds in its environment, beside HOME and TMPDIR. Without a bound on its arenas, malloc reserves
64 MiB of address space a thread, and a few threads reach the memory limit."""


def order(
    program: str,
    *,
    python: str,
    directory: str,
    view: View | None,
    language: str = "python",
    stdin: str = "",
    files: Mapping[str, bytes] | None = None,
    argv: Sequence[str] = (),
    limits: Limits,
    channel: int = -1,
) -> Spec:
    """The spec of one run.

    Args:
        program: source text. What UTF-8 cannot encode is the program's fault (a syntax error), not the caller's.
        python: the interpreter as the program's side finds it.
        directory: where the program works, as its side finds it.
        view: what a jail shows; None without one.
        language: one of `LANGUAGES`.
        stdin: fed to the program as UTF-8.
        files: what else lies in its directory.
        argv: its arguments after its name.
        limits: of the run.
        channel: the descriptor of its message channel, -1 for none.

    Raises:
        ConfigError: the language, an argument or a file name is not usable.
    """
    if language not in LANGUAGES:
        raise ConfigError(f"language {language!r} is not supported; expected one of: {', '.join(LANGUAGES)}")
    if any("\0" in argument for argument in argv):
        raise ConfigError("argv holds a NUL character, which no program can be given; remove it")
    return {
        "view": view,
        "command": [python, "-s", "-B", PROGRAM, *argv],
        "environment": {**ENVIRONMENT, "HOME": directory, "TMPDIR": directory},
        "directory": directory,
        "files": placed(program, files),
        "stdin": stdin.encode("utf-8", "surrogatepass"),
        "channel": channel,
        "cpu_seconds": limits.cpu_seconds,
        "wall_seconds": limits.wall_seconds,
        "memory_bytes": limits.memory_bytes,
        "output_bytes": limits.output_bytes,
        "file_bytes": limits.file_bytes,
        "processes": limits.processes,
    }


def placed(program: str, files: Mapping[str, bytes] | None) -> dict[str, bytes]:
    """The files of a run, the program among them.

    Raises:
        ConfigError: a name is absolute, leaves the folder, is not a plain path, or is taken.
    """
    result = {PROGRAM: program.encode("utf-8", "surrogatepass")}
    for name, content in (files or {}).items():
        _check_name(name)
        if not isinstance(content, bytes):
            raise ConfigError(f"files[{name!r}] is a {type(content).__name__}; expected bytes")
        if name in result:
            raise ConfigError(f"files holds {name!r}, which is the program itself; give it another name")
        result[name] = content
    folders = {str(folder) for name in result for folder in PurePosixPath(name).parents}
    if clash := sorted(folders & result.keys()):
        raise ConfigError(f"files holds {clash[0]!r} both as a file and as a folder; rename one")
    return result


def _check_name(name: str) -> None:
    parts = name.split("/")
    plain = name.isprintable() and not set(parts) & {"", ".", ".."}
    if not plain or len(name) > 1000 or any(len(part.encode()) > 255 for part in parts):
        raise ConfigError(
            f"files holds {name!r}; expected a plain relative path such as 'data/input.txt', without '..'"
        )
