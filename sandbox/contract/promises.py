"""What a backend can promise, by name, and the one way to declare that it does not."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, cast

from assaygym.errors import AssayError, ConfigError, did_you_mean

Marked = TypeVar("Marked", bound=Callable[..., object])

GUARANTEES = frozenset({"no_network", "no_host_files", "no_survivors", "process_limit", "scratch_limit"})
"""Those of `PROMISES` that only an isolating backend can keep."""
PROMISES = {
    "no_network": "a program reaches no server, not even one of its own machine",
    "no_host_files": "a program cannot read the files of the machine that asked for it",
    "no_survivors": "no process of a run is left when its result is there",
    "process_limit": "a program has no more processes at once than its limit says",
    "scratch_limit": "all files of a program together take no more space than its limit says",
    "child_processes": "a program can start processes",
    "message_channel": "a spawned program and its host exchange messages",
    "local_limits_named": "`isolation` tells that resource limits were in force",
    "raw_bytes_output": "of output that is not UTF-8 only the undecodable bytes are replaced",
    "large_output": "output of megabytes comes whole where the limit allows it",
    "memory_measured": "`peak_memory_bytes` tells how much memory a program used",
    "cpu_measured": "`cpu_seconds` tells the CPU time, not the time on the wall",
    "fetch": "files that a program leaves are handed back",
    "fetched_links": "a link is never followed to hand back a file",
    "seeds": "the seed decides what the random generators of a program give",
    "languages": "programs of other languages run where their tools are installed",
    "compiled_languages": "those with a compiler are among them",
    "language_c": "C is among them",
    "language_arguments": "they get arguments",
    "sessions": "interpreters keep their state from cell to cell",
    "forks": "sessions are copied",
    "live_forks": "what is copied is the live interpreter, not what running its cells again gives",
    "copies_apart": "copies of a session cannot reach each other by the names of sockets and shared memory",
}
"""Name to sentence: what a backend may declare not to give, in `Contract.differences`."""


class Contract:
    """A part of the contract: a class whose tests take the fixture `sandbox`.

    Raises:
        ConfigError: a subclass declares a difference that is none of `PROMISES`.
    """

    differences: ClassVar[frozenset[str]] = frozenset()
    """Which of `PROMISES` this backend does not keep. Every test of one must fail, or the declaration is wrong."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in cls.differences:
            _check(name)


def promises(*names: str) -> Callable[[Marked], Marked]:
    """Mark a test of a `Contract`, or all tests of a class, as one of these of `PROMISES`.

    Where the backend declares one of them as a difference, the test must fail, by an assertion or an error of ours.

    Raises:
        ConfigError: a name is none of `PROMISES`.
    """
    for name in names:
        _check(name)

    def mark(target: Marked) -> Marked:
        if not isinstance(target, type):
            return cast(Marked, _checked(target, names))
        for name, test in list(vars(target).items()):
            if name.startswith("test_"):
                setattr(target, name, _checked(test, names))
        return cast(Marked, target)

    return mark


def _checked(test: Any, names: tuple[str, ...]) -> Any:
    bare = getattr(test, "promised_by", test)
    told = frozenset(names) | getattr(test, "promised", frozenset())

    @functools.wraps(bare)
    def checked(self: Contract, *given: Any, **named: Any) -> None:
        if not (declared := sorted(told & self.differences)):
            bare(self, *given, **named)
            return
        try:
            bare(self, *given, **named)
        except (AssertionError, AssayError):
            return
        sentences = "; ".join(f"{name} ({PROMISES[name]})" for name in declared)
        raise AssertionError(f"declared as a difference of this backend, but it holds: remove {sentences}")

    checked.__dict__.update(promised=told, promised_by=bare)
    return checked


def _check(name: str) -> None:
    if name not in PROMISES:
        raise ConfigError(f"{name!r} is nothing that a backend promises; {did_you_mean(name, PROMISES)}")
