"""`assay verify`: verdicts on a file of answers."""

from __future__ import annotations

import json as json_format
import math
import os
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from assaygym.cli.command import FOUND_SOMETHING, Json, Settings, assignments
from assaygym.cli.output import emit_json, say
from assaygym.errors import ConfigError, DataError
from assaygym.foreign_json import read_json

Row = Mapping[str, Any]
ANSWER_KEYS = ("id", "gold", "pred")
CODE_KEYS = ("id", "task", "program")
CODE = "code"
EVERY = 10.0
"""Seconds between two words on how far it is."""


def verify(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="math, number, text, choice, code or reward:URL.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON lines; - is standard input.")],
    out: Annotated[Path | None, typer.Option(help="Where the verdicts go; standard output without it.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Rows at once; one a core without it.")] = None,
    runs: Annotated[str | None, typer.Option(help="For code: many runs for the stdin tests, or one for all.")] = None,
    policy: Annotated[str | None, typer.Option(help="For math: a preset, such as strict, lenient, math, aime.")] = None,
    settings: Settings = None,
    json: Json = False,
) -> int:
    """Verify rows {"id", "gold", "pred"}: one verdict a row, in order. Exit code 1: a row could not be judged."""
    workers = workers or os.cpu_count() or 1
    counts: Counter[str] = Counter()
    told_at = time.monotonic()
    with ExitStack() as stack:
        judge, keys = _judge(kind, workers, stack, _policy(kind, policy, settings), _runs(kind, runs))
        rows = _rows(_lines(file, stack), file, keys)
        target = _target(out, file, stack)
        try:
            for record in in_order(judge, rows, workers):
                target.write(json_format.dumps(record, allow_nan=False) + "\n")
                counts[record["verdict"]] += 1
                if time.monotonic() - told_at > EVERY:
                    told_at = time.monotonic()
                    say(f"so far {_counted(counts)}")
        finally:
            target.flush()
            say(_counted(counts))
    if json and out is not None:
        emit_json({"rows": counts.total(), "verdicts": dict(counts), "out": str(out)})
    return FOUND_SOMETHING if counts["invalid"] else 0


def _counted(counts: Counter[str]) -> str:
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    return f"{counts.total()} rows: {told or 'none'}"


def _policy(kind: str, preset: str | None, settings: list[str] | None) -> tuple[str, dict[str, Any]] | None:
    """The preset of the math policy, and the options set beside it; None where nothing is.

    Raises:
        ConfigError: the kind has no policy.
    """
    if preset is None and not settings:
        return None
    if kind != "math":
        given = "--set" if preset is None else "--policy"
        raise ConfigError(f"{given} is for math; {kind!r} has no policy")
    return preset or "default", assignments(settings, own=("policy",))


def _runs(kind: str, runs: str | None) -> str:
    """How the tests of programs are run.

    Raises:
        ConfigError: there is no such way, or the kind is not code.
    """
    if runs is None:
        return "many"
    if kind != CODE:
        raise ConfigError(f"--runs is for {CODE}; {kind!r} runs nothing")
    from assaygym.verifiers.code.stdio import check_runs

    check_runs(runs)
    return runs


def in_order(work: Callable[[Row], Any], rows: Iterable[Row], workers: int) -> Iterator[Any]:
    """`work` of each row on threads, in the order of the rows; few rows are read ahead.

    Raises:
        DataError: from `rows`, after the results of all rows before it.
    """
    waiting: deque[Future[Any]] = deque()
    bad: DataError | None = None
    with ThreadPoolExecutor(workers) as pool:
        source = iter(rows)
        while bad is None:
            try:
                waiting.append(pool.submit(work, next(source)))
            except StopIteration:
                break
            except DataError as error:
                bad = error
            if len(waiting) > 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    if bad is not None:
        raise bad


def _judge(
    kind: str, workers: int, stack: ExitStack, policy: tuple[str, dict[str, Any]] | None, runs: str
) -> tuple[Callable[[Row], dict[str, Any]], tuple[str, ...]]:
    """What judges a row of this kind, and the keys that the row must have."""
    if kind == CODE:
        return _code_judge(workers, stack, runs), CODE_KEYS
    from assaygym.verifiers.registry import KINDS, SERVED, verifier_for

    if kind not in KINDS and not kind.startswith(SERVED):
        from assaygym.errors import did_you_mean

        raise ConfigError(f"no verifier of kind {kind!r}; {did_you_mean(kind, [*KINDS, CODE])}")
    verifier = verifier_for(kind)
    if policy is not None:
        from assaygym.verifiers.maths.verify import math as math_verifier

        verifier = math_verifier(policy[0], **policy[1])
    return lambda row: _verdict(verifier, row), ANSWER_KEYS


def _code_judge(workers: int, stack: ExitStack, runs: str) -> Callable[[Row], dict[str, Any]]:
    """What judges a row of code; rows with programs before or after their own have one worker for all of these."""
    from assaygym.sandbox import open_sandbox
    from assaygym.verifiers.code.rows import verify_row

    backend = os.environ.get("ASSAYGYM_SANDBOX") or "auto"
    sandbox = stack.enter_context(open_sandbox(backend, workers))
    single = cache(lambda: stack.enter_context(open_sandbox(backend, 1)))
    turn = threading.Lock()
    judged = partial(verify_row, runs="one" if runs == "one" else "many")

    def judge(row: Row) -> dict[str, Any]:
        if not (row.get("prior") or row.get("after")):
            return _finite(judged(row, sandbox))
        with turn:
            return _finite(judged(row, single()))

    return judge


def _verdict(verifier: Callable[[Any, Any], Any], row: Row) -> dict[str, Any]:
    from assaygym.verifiers.base import judge

    start = time.perf_counter()
    score = judge(verifier, row["pred"], row["gold"])
    return {
        "id": row["id"],
        "verdict": score.verdict.value,
        "value": None if math.isnan(score.value) else score.value,
        "extracted": score.extracted,
        "explanation": score.explanation,
        "ms": round((time.perf_counter() - start) * 1000, 3),
    }


def _finite(record: dict[str, Any]) -> dict[str, Any]:
    value = record["value"]
    return {**record, "value": None if value is None or math.isnan(value) else value}


def _lines(file: str, stack: ExitStack) -> Iterable[bytes]:
    if file == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(file).open("rb"))
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error


def _rows(lines: Iterable[bytes], file: str, keys: tuple[str, ...]) -> Iterator[Row]:
    """The rows of the lines; blank lines are passed over.

    Raises:
        DataError: a line is no row; the sentence names the line.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _row(line, f"{file}, line {number}", keys)


def _row(line: bytes, where: str, keys: tuple[str, ...]) -> Row:
    try:
        row = read_json(line)
    except ValueError as error:
        raise DataError(f"{where} is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise DataError(f"{where} is {type(row).__name__}; expected an object with {', '.join(keys)}")
    for key in keys:
        if key not in row:
            raise DataError(f"{where} has no {key!r}; expected {', '.join(keys)}, found {', '.join(row) or 'nothing'}")
    return row if keys is CODE_KEYS else {**row, **{key: _text(row[key], key, where) for key in ("gold", "pred")}}


def _text(value: object, key: str, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise DataError(f"{where}: {key!r} is {json_format.dumps(value)[:40]}; expected text or a number")


def _target(out: Path | None, file: str, stack: ExitStack) -> IO[str]:
    if out is None:
        return sys.stdout
    try:
        if file != "-" and out.exists() and out.samefile(file):
            raise ConfigError(f"--out {out} is the file of the answers, which it would erase; give another --out")
        out.parent.mkdir(parents=True, exist_ok=True)
        return stack.enter_context(out.open("w", encoding="utf-8", buffering=1))
    except OSError as error:
        raise ConfigError(f"cannot write {out}: {error.strerror}; give another --out") from error
