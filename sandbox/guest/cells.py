"""The cell loop: takes one cell after another from the host, runs it, answers. Runs as the session's own process.

What a cell prints goes to the pipes behind descriptors 1 and 2; the value of its last expression, or the name of the
exception that ended it, goes into the answer. Answers are no evidence: the program shares this process and can say
what it likes on the channel, so the host takes them as data of the program.

Between cells all signals are blocked, and the handler of SIGINT, by which the host interrupts a cell, does nothing:
no code of the program runs in the main thread then.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import linecache
import os
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import CodeType, FrameType, ModuleType

from assaygym.sandbox.guest.frames import read_frame, write_all
from assaygym.sandbox.guest.seeds import Seeds

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import NoReturn

    from assaygym.sandbox.guest.orders import Cell, Copy

CHANNEL = 255
"""The descriptor of the channel to the host in a session's process, out of the way of those a program is given."""
HEAD = struct.Struct("!cBii")
"""Of an answer: its kind, whether the value was cut, and the lengths of value and error, -1 for none."""
READY, DONE, COPIED = b"r", b"d", b"c"
ERROR_BYTES = 2000
AWAITABLE = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
COROUTINE = 0x80
"""The flag of a code object (inspect.CO_COROUTINE)."""
FEATURES = 0x1FE0000
"""The flags that `from __future__ import ...` sets; they hold for all later cells."""


def answer(kind: bytes, value: str | None = None, error: str | None = None, cap: int = ERROR_BYTES) -> bytes:
    """One answer to the host; a value over `cap` bytes is cut."""
    body = None if value is None else value.encode("utf-8", "backslashreplace")
    name = None if error is None else error.encode("utf-8", "backslashreplace")[:ERROR_BYTES]
    cut = body is not None and len(body) > cap
    parts = (None if body is None else body[:cap], name)
    lengths = (-1 if part is None else len(part) for part in parts)
    return HEAD.pack(kind, cut, *lengths) + b"".join(part for part in parts if part)


def identity(descriptor: int) -> tuple[int, int]:
    """Tells one file, pipe or socket from all others."""
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


class Cells:
    """The names of a session and the way a cell is run in them.

    Args:
        seed: what the global random generators start from.
    """

    def __init__(self, seed: int | str) -> None:
        main = ModuleType("__main__")
        main.__dict__["__builtins__"] = builtins
        sys.modules["__main__"] = main
        self.names = main.__dict__
        self.pipes = (identity(1), identity(2))
        """What the host gave us as stdout and stderr, wherever a program has moved them."""
        self._seeds = Seeds()
        self._seeds.sow(seed)
        self._number = 0
        self._features = 0
        self._mask: set[int] = set()
        self._inside = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def guard(self) -> None:
        """Take over SIGINT, and block all signals until the first cell."""
        signal.signal(signal.SIGINT, self._interrupt)
        signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())

    def reseed(self, seed: str) -> None:
        """Start the global random generators anew."""
        self._seeds.sow(seed)

    def forget_loop(self) -> None:
        """In a copy: its event loop would wait on descriptors that it no longer has."""
        self._loop = None

    def run(self, order: Cell) -> bytes:
        """Run one cell; returns the answer."""
        self._number += 1
        if signal.SIGINT in signal.sigpending():
            signal.sigtimedwait([signal.SIGINT], 0)  # meant for the cell before, which had ended by itself
        value = error = None
        try:
            try:
                self._inside = True
                signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
                value, error = self._attempt(order, self._number)
            finally:
                self._inside = False
                self._mask = set(signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals()))
        except BaseException as late:  # the interrupt came between two of our own steps
            value, error = None, type(late).__name__
        return answer(DONE, value, error, order["cap"])

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._inside:
            raise KeyboardInterrupt

    def _attempt(self, order: Cell, number: int) -> tuple[str | None, str | None]:
        """All in which code of the program runs: the cell, `repr` of its value, the text of its exception."""
        source, name = order["source"], f"<cell {number}>"
        importlib.invalidate_caches()  # a module that the cell before wrote is found
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        try:
            value = self._execute(source, name)
            if value is None:
                return None, None
            builtins.__dict__["_"] = value
            return repr(value), None
        except BaseException as error:
            _show(error)
            return None, type(error).__name__
        finally:
            flush()

    def _execute(self, source: str, name: str) -> object:
        flags = ast.PyCF_ONLY_AST | AWAITABLE | self._features
        tree: ast.Module = compile(source, name, "exec", flags, dont_inherit=True)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        codes = [self._compiled(tree, name, "exec")]
        if isinstance(last, ast.Expr):
            codes.append(self._compiled(ast.Expression(last.value), name, "eval"))
        if any(code.co_flags & COROUTINE for code in codes):
            return self._wait_for(self._awaited(codes))
        result = None
        for code in codes:
            result = eval(code, self.names)
        return result

    def _compiled(self, tree: ast.Module | ast.Expression, name: str, mode: str) -> CodeType:
        code: CodeType = compile(tree, name, mode, AWAITABLE | self._features, dont_inherit=True)
        self._features |= code.co_flags & FEATURES
        return code

    async def _awaited(self, codes: list[CodeType]) -> object:
        result = None
        for code in codes:
            result = eval(code, self.names)
            if code.co_flags & COROUTINE:
                result = await result
        return result

    def _wait_for(self, coroutine: Coroutine[object, None, object]) -> object:
        import asyncio

        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop.run_until_complete(coroutine)


def _show(error: BaseException) -> None:
    """Print a traceback from the cell's own frames on."""
    trace = first = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith("<cell "):
        trace = trace.tb_next
    if trace is None and isinstance(error, SyntaxError):
        first = None
    trace = trace or first
    traceback.print_exception(type(error), error, trace)


def flush() -> None:
    """Hand all buffered output to the pipes; a stream that the program closed or replaced has none of ours."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with suppress(Exception):
            stream.flush()  # type: ignore[union-attr]  # None has no buffer either


_locked: list[object] = []


def open_streams() -> None:
    """Python's standard streams over descriptors 0, 1 and 2, in place of those that are ours.

    In a copy, a thread of the original may have held the lock of one. Such a stream is kept for ever: its end waits for
    the lock.
    """
    for number, name, mode, errors in (
        (0, "stdin", "r", "surrogateescape"),
        (1, "stdout", "w", "surrogateescape"),
        (2, "stderr", "w", "backslashreplace"),
    ):
        buffering = 1 if number == 2 else -1
        stream = os.fdopen(number, mode, buffering, encoding="utf-8", errors=errors, closefd=False)
        old = getattr(sys, f"__{name}__")
        _locked.append(old)
        setattr(sys, f"__{name}__", stream)
        if getattr(sys, name) is old:
            setattr(sys, name, stream)


def serve(cells: Cells, copy: Callable[[Copy, Cells], bytes]) -> NoReturn:
    """Take orders from the channel until the host closes it.

    Args:
        cells: runs the cells.
        copy: makes copies of this process as ordered; returns the answer, in each copy as well.
    """
    while True:
        try:
            order = read_frame(CHANNEL)
        except (EOFError, OSError):  # the host let go
            os._exit(0)
        if order["do"] == "cell":
            reply = cells.run(order)  # type: ignore[arg-type]
        elif order["do"] == "copy":
            reply = copy(order, cells)  # type: ignore[arg-type]
        else:
            cells.reseed(str(order["seed"]))
            reply = answer(READY)
        write_all(CHANNEL, reply)
