"""Programs that are compiled or run by a command: the compile step, its cache, and the run.

A compile happens in the sandbox like any run, under limits of its own, and what it leaves is kept in memory: the next
run of the same source starts at once. What a program did wrong, in either step, is an `ExecResult`; its `phase` tells
which step it tells of.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from assaygym.errors import ConfigError
from assaygym.sandbox.base import ExecResult, ExecStatus, Limits
from assaygym.sandbox.languages import Language, locate

MIB = 1 << 20
COMPILE_LIMITS = Limits(
    cpu_seconds=30.0,
    wall_seconds=60.0,
    memory_bytes=1024 * MIB,
    output_bytes=MIB,
    file_bytes=128 * MIB,
    processes=32,
)
"""Of every compile, whatever the limits of the run: a heavy C++ header takes 4 s and 300 MiB on a slow core."""
CACHE_BYTES = 256 * MIB
ENV = "/usr/bin/env"


class Execute(Protocol):
    """One run of a command in the sandbox: what the engine offers."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        files: Mapping[str, bytes],
        executables: Collection[str] = (),
        stdin: str = "",
        limits: Limits,
        fetch: Sequence[str] = (),
        address_space: bool = True,
    ) -> ExecResult:
        """Run it from a clean state, in a private scratch folder.

        Args:
            command: its first word is an absolute path, or one below the scratch folder such as `./main`.
            files: relative path to content.
            executables: those of the files that are to be executable.
            stdin: fed to it as UTF-8.
            limits: of the run.
            fetch: relative paths of the files to hand back in `ExecResult.files`.
            address_space: whether reserved addresses count as memory (RLIMIT_AS); else RLIMIT_DATA takes its place.

        Raises:
            ConfigError: an argument or a file name is not usable.
            SandboxError: the sandbox itself failed.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Built:
    """What a compile gave: the artifacts, or the failure."""

    artifacts: Mapping[str, bytes]
    failure: ExecResult | None = None

    @property
    def lasting(self) -> bool:
        """Whether another compile would give the same; one that ran into a limit may fare better."""
        return self.failure is None or self.failure.status is ExecStatus.NONZERO_EXIT

    @property
    def size(self) -> int:
        """Bytes that keeping it takes, roughly."""
        told = len(self.failure.stdout) + len(self.failure.stderr) if self.failure else 0
        return told + sum(map(len, self.artifacts.values()))


@dataclass(slots=True)
class _Flight:
    """A compile that is going on; those who need it wait for `done`. `built` stays None when it raised."""

    done: threading.Event = field(default_factory=threading.Event)
    built: _Built | None = None


class Builder:
    """Compiles, keeps what was compiled, and runs. Thread-safe; each source is compiled once, however many ask at once.

    Args:
        execute: runs one command in the sandbox; called from the threads that call `run`, holding no lock.
        cache_bytes: how much of what was compiled is kept; the least recently used goes first.
        compile_limits: of every compile.
        locate: from the name of a tool to its absolute path where programs run, None where there is none.
    """

    def __init__(
        self,
        execute: Execute,
        *,
        cache_bytes: int = CACHE_BYTES,
        compile_limits: Limits = COMPILE_LIMITS,
        locate: Callable[[str], str | None] = locate,
    ) -> None:
        self._execute = execute
        self._cache_bytes = cache_bytes
        self._compile_limits = compile_limits
        self._locate = locate
        self._kept: OrderedDict[str, _Built] = OrderedDict()
        self.start_anew()

    def start_anew(self) -> None:
        """To be called in the child of a fork: compiles that the parent's threads were at will never end here."""
        self._lock = threading.Lock()
        self._flights: dict[str, _Flight] = {}

    def run(
        self,
        language: Language,
        program: str,
        *,
        stdin: str = "",
        files: Mapping[str, bytes] | None = None,
        argv: Sequence[str] = (),
        limits: Limits,
        fetch: Sequence[str] = (),
    ) -> ExecResult:
        """Compile the program if its language asks for it, and run it.

        Args:
            language: any but those that the engine runs warm.
            program: source text. What UTF-8 cannot encode is the program's fault, not the caller's.
            stdin: fed to the program, not to its compiler.
            files: relative path to content; those that take part also lie there during the compile.
            argv: the program's arguments after its name.
            limits: of the run; the language's own needs are granted on top. The compile has limits of its own.
            fetch: relative paths of the files to hand back after the run.

        Returns:
            The run; or, with `phase` "compile", the failed compile: NONZERO_EXIT with the compiler's output, or the
            limit that it ran into.

        Raises:
            ConfigError: the language is run warm or lacks a tool, or a file has the name of the program's own.
            SandboxError: the sandbox itself failed.
        """
        if language.warm:
            raise ConfigError(f"{language.name} programs are run by the engine itself, not by a command")
        files = files or {}
        _check_names(language, files)
        source = {language.source: program.encode("utf-8", "surrogatepass")}
        built = self._built(language, source, files) if language.compile else _Built({})
        if built.failure is not None:
            return built.failure
        result = self._execute(
            [*self._command(language, language.run, limits), *argv],
            files={**files, **(built.artifacts or source)},
            executables=tuple(built.artifacts),
            stdin=stdin,
            limits=_granted(language, limits),
            fetch=fetch,
            address_space=language.address_space,
        )
        return _judged(language, result)

    def _built(self, language: Language, source: Mapping[str, bytes], files: Mapping[str, bytes]) -> _Built:
        taking_part = {**_taking_part(language, files), **source}
        key = _key(language, taking_part)
        while True:
            with self._lock:
                if (kept := self._kept.get(key)) is not None:
                    self._kept.move_to_end(key)
                    return kept
                first = key not in self._flights
                flight = self._flights.setdefault(key, _Flight())
            if first:
                return self._fly(key, flight, language, taking_part)
            flight.done.wait()
            if flight.built is not None:
                return flight.built

    def _fly(self, key: str, flight: _Flight, language: Language, files: Mapping[str, bytes]) -> _Built:
        """Compile, and tell those who wait; when it raises, one of them tries again."""
        try:
            flight.built = self._compile(language, files)
            return flight.built
        finally:
            with self._lock:
                self._flights.pop(key, None)
                if flight.built is not None and flight.built.lasting:
                    self._keep(key, flight.built)
            flight.done.set()

    def _keep(self, key: str, built: _Built) -> None:
        self._kept[key] = built
        total = sum(kept.size for kept in self._kept.values())
        while total > self._cache_bytes:
            total -= self._kept.popitem(last=False)[1].size

    def _compile(self, language: Language, files: Mapping[str, bytes]) -> _Built:
        limits = self._compile_limits
        result = self._execute(
            self._command(language, language.compile or (), limits),
            files=files,
            limits=_granted(language, limits),
            fetch=language.artifacts,
            address_space=language.address_space,
        )
        result = replace(_judged(language, result), phase="compile")
        lost = [name for name in language.artifacts if name not in result.files]
        if result.status is ExecStatus.OK and not lost:
            return _Built({name: result.files[name] for name in language.artifacts})
        if result.status is ExecStatus.OK:  # e.g. a Java class of another name than the file's: the program's doing
            note = f"{result.stderr}the compiler ended without an error and left no {' and no '.join(lost)}\n"
            result = replace(result, status=ExecStatus.NONZERO_EXIT, exit_code=1, stderr=note)
        return _Built({}, replace(result, files={}))

    def _command(self, language: Language, template: tuple[str, ...], limits: Limits) -> list[str]:
        memory = str(max(1, limits.memory_bytes // MIB))
        tool, *rest = (word.replace("{memory_mib}", memory) for word in template)
        place = tool if "/" in tool else self._locate(tool)
        if place is None:
            raise ConfigError(f"language {language.name!r} needs {tool}, which is not there; {language.install}")
        prefix = [ENV, *language.environment] if language.environment else []
        return [*prefix, place, *rest]


def _granted(language: Language, limits: Limits) -> Limits:
    """The limits, with what the language's own runtime takes on top."""
    return replace(
        limits,
        memory_bytes=limits.memory_bytes + language.memory_bytes,
        processes=limits.processes + language.processes,
    )


def _judged(language: Language, result: ExecResult) -> ExecResult:
    """A failure by lack of memory is told as such. A program can only fake a failure in this way."""
    failed = result.status in (ExecStatus.NONZERO_EXIT, ExecStatus.SIGNALED)
    if failed and language.exhausted and re.search(language.exhausted, result.stderr):
        return replace(result, status=ExecStatus.OUT_OF_MEMORY)
    return result


def _taking_part(language: Language, files: Mapping[str, bytes]) -> dict[str, bytes]:
    ends = language.takes_part
    return {name: content for name, content in files.items() if not ends or name.lower().endswith(ends)}


def _check_names(language: Language, files: Mapping[str, bytes]) -> None:
    own = {language.source, *language.artifacts}
    for name in files:
        if name in own or name.partition("/")[0] in own:
            raise ConfigError(f"files holds {name!r}, a name that the program itself takes; give it another name")


def _key(language: Language, files: Mapping[str, bytes]) -> str:
    """A digest of all that decides what a compile gives."""
    digest = hashlib.sha256(repr((language.name, language.compile, language.environment, language.artifacts)).encode())
    for name, content in sorted(files.items()):
        digest.update(f"{len(name)} {name} {len(content)} ".encode("utf-8", "surrogatepass"))
        digest.update(content)
    return digest.hexdigest()
