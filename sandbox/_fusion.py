"""What the `remote` backend and its server say to each other, and how an answer is read. The format is in `remote`."""

from __future__ import annotations

import base64
import math
import time
from binascii import Error as Base64Error
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assaygym.errors import ConfigError, SandboxError
from assaygym.sandbox import _order
from assaygym.sandbox._http import QUOTED, Http
from assaygym.sandbox._order import PROGRAM, check_fetch
from assaygym.sandbox.base import MIB, Limits

LANGUAGES = {
    "python": "python",
    "cpp": "cpp",
    "javascript": "nodejs",
    "bash": "bash",
    "typescript": "typescript",
    "go": "go",
    "java": "java",
    "rust": "rust",
    "php": "php",
    "ruby": "ruby",
    "perl": "perl",
    "lua": "lua",
    "r": "R",
    "julia": "julia",
}
"""Our names of languages, and the server's. Each is compiled in a step of its own, or runs an empty program."""
NOTEBOOK_FOLDER = "tmp"
"""Where the server keeps its own files while a notebook runs."""
SKIPPED = "IGNORE_THIS_FILE"
"""The server silently leaves out files with this in their name."""
KERNEL_SECONDS = 10.0
"""What the server grants a notebook beyond its `total_timeout`, for the kernel's start."""
ESCAPED = 6
"""JSON may take this many bytes for one."""


class Shape(BaseModel):
    """What part of an answer must look like; what else it holds is ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


class Command(Shape):
    """One command that the server ran."""

    status: Literal["Finished", "TimeLimitExceeded", "Error"]
    execution_time: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    return_code: int | None = None
    stdout: str | None = None
    stderr: str | None = None


class Answer(Shape):
    """What all answers have in common."""

    status: Literal["Success", "Failed", "SandboxError"]
    message: str = ""
    files: dict[str, str] = {}


class RunAnswer(Answer):
    """Of POST /run_code."""

    compile_result: Command | None = None
    run_result: Command | None = None


class Cell(Shape):
    """One cell of a notebook."""

    stdout: str
    stderr: str
    display: list[dict[str, Any]]
    error: list[dict[str, Any]]


class NotebookAnswer(Answer):
    """Of POST /run_jupyter."""

    driver: Command | None = None
    cells: list[Cell] = []


A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusion:
    """A SandboxFusion-compatible server, as far as this backend uses it.

    Args:
        http: the way there.
        grace_seconds: how much longer than what the server may spend on a request its answer may take.
        compile_seconds: what a compiler may take.
        stream_bytes: the server's own cap of stdout and of stderr, each.
    """

    http: Http
    grace_seconds: float
    compile_seconds: float
    stream_bytes: int

    def run_code(
        self,
        code: str,
        language: str,
        *,
        seconds: float,
        stdin: str = "",
        files: Mapping[str, bytes],
        fetch: Sequence[str] = (),
        limits: Limits,
    ) -> tuple[RunAnswer, float]:
        """The answer to one program, and the seconds until it came.

        `memory_limit_MB` is never sent: the server applies it to compilers too, and also as the limit of the stack,
        of which each thread reserves the whole, so that programs with threads would fail.

        Raises:
            SandboxError: the server failed, or says that its sandbox did.
        """
        message = {
            "code": code,
            "language": language,
            "stdin": stdin,
            "compile_timeout": self.compile_seconds,
            "run_timeout": seconds,
            "files": {name: base64.b64encode(content).decode("ascii") for name, content in files.items()},
            "fetch_files": list(fetch),
        }
        most = MIB + 4 * ESCAPED * self.stream_bytes + len(fetch) * (limits.file_bytes * 4 // 3 + MIB)
        return self._ask(RunAnswer, "/run_code", message, seconds + self.compile_seconds, most)

    def run_jupyter(
        self, cells: Sequence[str], *, seconds: float, files: Mapping[str, bytes], limits: Limits
    ) -> tuple[NotebookAnswer, float]:
        """The answer to one notebook, and the seconds until it came.

        Raises:
            TooLargeError: the cells put out too much.
            SandboxError: the server failed, or says that its sandbox did.
        """
        message = {
            "cells": list(cells),
            "cell_timeout": seconds,
            "total_timeout": seconds,
            "kernel": "python3",
            "files": {name: base64.b64encode(content).decode("ascii") for name, content in files.items()},
            "fetch_files": [],
        }
        most = MIB + 2 * ESCAPED * len(cells) * limits.output_bytes
        return self._ask(NotebookAnswer, "/run_jupyter", message, seconds + KERNEL_SECONDS, most)

    def _ask(self, shape: type[A], path: str, message: object, seconds: float, most: int) -> tuple[A, float]:
        start = time.monotonic()
        content = self.http.post(path, message, seconds=seconds + self.grace_seconds, most=most)
        answer = self.read(shape, path, content)
        if answer.status == "SandboxError":
            raise SandboxError(f"the sandbox at {self.http.url} says that it failed: {answer.message[:QUOTED]!r}")
        return answer, time.monotonic() - start

    def read(self, shape: type[A], path: str, content: bytes) -> A:
        """What the server sent.

        Raises:
            SandboxError: it is not of that shape.
        """
        try:
            return shape.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise self.broken(f"{path}: {where}: {first['msg']}", content.decode("utf-8", "replace")) from error

    def broken(self, what: str, came: str) -> SandboxError:
        """The error for an answer that no SandboxFusion would give."""
        return SandboxError(
            f"the sandbox at {self.http.url} does not answer as SandboxFusion does: {what}; it sent {came[:QUOTED]!r}"
        )

    def fetched(self, answer: Answer, fetch: Collection[str]) -> dict[str, bytes]:
        """Those of the files in an answer that were asked for.

        Raises:
            SandboxError: one is not base64.
        """
        try:
            return {name: base64.b64decode(answer.files[name], validate=True) for name in fetch if name in answer.files}
        except (Base64Error, ValueError) as error:
            raise self.broken(f"a fetched file is not base64 ({error})", str(sorted(answer.files))) from error


def checked_files(files: Mapping[str, bytes] | None) -> dict[str, bytes]:
    """The files of a run: plain names only, though the server would take any.

    Raises:
        ConfigError: a name is not plain, or the server would leave the file out.
    """
    for name in files or {}:
        if SKIPPED in name:
            raise ConfigError(
                f"files holds {name!r}, which the server would leave out; give it a name without {SKIPPED}"
            )
    return _order.checked_files(files, taken=PROGRAM)


def checked_fetch(fetch: Sequence[str]) -> tuple[str, ...]:
    """The names of files to fetch: plain ones only, for the server would hand out any file that it can read.

    Raises:
        ConfigError: a name is not plain.
    """
    check_fetch(fetch)
    return tuple(fetch)


def checked_limits(limits: Limits) -> Limits:
    """The limits of a run.

    Raises:
        ConfigError: this backend cannot give them.
    """
    if limits.network:
        raise ConfigError("network=True is not offered by the remote sandbox, whose server decides; leave it False")
    if not math.isfinite(limits.wall_seconds + limits.cpu_seconds):
        raise ConfigError("the remote sandbox needs finite limits: give wall_seconds and cpu_seconds a number")
    return limits
