"""What a prepared process does: it waits for its order, then becomes the program.

Nothing of the order is known before, and this process is the first and only one to read its payload.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import fcntl
import gc
import linecache
import marshal
import os
import random
import resource
import signal
import sys
import threading
import traceback
import types

from assaygym.sandbox.guest.clone import limit
from assaygym.sandbox.guest.protocol import CHANNEL_FD, FEED_FD, FINALIZES, HAS_FEED, HAS_FILES, START_FAILED
from assaygym.sandbox.guest.scratch import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from assaygym.sandbox.guest.protocol import Surroundings

PROGRAM = "main.py"
scratch = ""
"""Where programs work. Set at the worker's start."""
_file = ""
_source = b""
"""Of the program, for those who look at it."""
ABOVE_ALL = 64
PYTHON_SIGNALS = (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGPIPE, signal.SIG_IGN),
    (signal.SIGXFSZ, signal.SIG_IGN),
)
"""What an interpreter does about signals at its start."""
FLUSH_FAILED = 120
"""The exit code of an interpreter that could not write out its standard output."""


def prepare() -> None:
    """In the worker, once: what every program finds, made before it is copied."""
    global _file
    _file = f"{scratch}/{PROGRAM}"
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=sys.modules["builtins"], __cached__=None, __file__=_file)
    sys.modules["__main__"] = main
    for number, action in PYTHON_SIGNALS:
        signal.signal(number, action)
    linecache.cache[_file] = (lambda: _source.decode("utf-8", "replace"),)


def become(await_start: Callable[[], tuple[int, int, int]]) -> NoReturn:
    """Wait for the order, then run it; never returns. Descriptor 3 is where it comes from, 4 feeds our own stdin."""
    global _source
    try:
        rest, flags, channel = await_start()
        how, body, _source, argv, surroundings = marshal.loads(_receive(rest))
        if surroundings:
            _settle(surroundings, flags)
        if how == "command":
            _execute(argv, surroundings["environment"], channel)
        if channel < 0:
            os.close(CHANNEL_FD)
        else:
            _replace_order(channel)
    except BaseException as fault:  # whatever failed here is ours: say so, whatever it is
        os.write(CHANNEL_FD, f"{type(fault).__name__}: {fault}".encode())
        os._exit(START_FAILED)
    sys.argv = sys.orig_argv = argv
    del surroundings  # a program may look at the frames that called it
    _run(how, body, flags)


def _receive(size: int) -> bytes:
    data = os.read(CHANNEL_FD, size)
    if len(data) < size:
        parts = [data]
        while (size := size - len(parts[-1])) > 0:
            parts.append(os.read(CHANNEL_FD, size))
        data = b"".join(parts)
    return data


def _settle(wanted: Surroundings, flags: int) -> None:
    """Lay everything out for the program."""
    if flags & HAS_FEED:
        os.write(FEED_FD, wanted["stdin"])
        os.close(FEED_FD)
    if wanted["stdin_file"]:
        _file_stdin(wanted["stdin_file"])
    if flags & HAS_FILES:
        place(wanted["files"], wanted["executables"])
        limit(resource.RLIMIT_FSIZE, wanted["file_bytes"], wanted["file_bytes"])
    if seed := wanted["seed"]:
        _seed(seed)


def _file_stdin(path: str) -> None:
    """Have standard input come from a file of that name."""
    with open(path, "wb") as file:
        while part := os.read(0, 1 << 16):
            file.write(part)
    descriptor = os.open(path, os.O_RDONLY)
    os.dup2(descriptor, 0)
    os.close(descriptor)


def _seed(seed: int) -> None:
    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed % (1 << 32))


def _replace_order(channel: int) -> None:
    """Put the program's message channel, if it has one, where the order came from."""
    if channel < 0:
        os.close(CHANNEL_FD)
    else:
        os.dup2(channel, CHANNEL_FD)
        os.close(channel)


def _execute(command: list[str], environment: dict[str, str], channel: int) -> NoReturn:
    for number, _ in PYTHON_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    order = fcntl.fcntl(CHANNEL_FD, fcntl.F_DUPFD_CLOEXEC, ABOVE_ALL)
    _replace_order(channel)
    try:
        os.execve(command[0], command, {**os.environ, **environment})
    except OSError as error:
        os.write(order, f"{command[0]}: {error.strerror}".encode())
        os._exit(START_FAILED)


def _run(how: str, body: bytes, flags: int) -> NoReturn:
    """Run Python as `python3 main.py` would."""
    code = 0
    try:
        program = marshal.loads(body) if how == "code" else _compiled(body)
        if how == "compile":
            sys.stdout.buffer.write(marshal.dumps(program))
        else:
            exec(program, sys.modules["__main__"].__dict__)
    except SystemExit as end:
        code = _code_of(end)
    except BaseException as error:
        code = _tell(error)
    _finish(code, flags)


def _compiled(body: bytes) -> types.CodeType:
    try:
        body.decode()
    except UnicodeDecodeError:  # the compiler itself overlooks it in comments
        from importlib.util import decode_source

        try:
            decode_source(body)
        except UnicodeDecodeError as error:
            raise SyntaxError(str(error)) from None
    try:
        return compile(body, _file, "exec", dont_inherit=True)
    except ValueError as error:  # Pythons before 3.11.4, of a NUL
        raise SyntaxError(str(error)) from None


def _code_of(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    with contextlib.suppress(BaseException):
        sys.stderr.write(f"{end.code}\n")
    return 1


def _tell(error: BaseException) -> int:
    """Print what ended the program, without our own frames."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    error.__traceback__ = trace
    try:
        _flush(sys.stdout)
        if sys.excepthook is sys.__excepthook__:  # which reads the source from the disk, where it is not
            traceback.print_exception(type(error), error, trace)
        else:
            sys.excepthook(type(error), error, trace)
    except BaseException:
        traceback.print_exc()
    if isinstance(error, KeyboardInterrupt):
        _flush(sys.stdout), _flush(sys.stderr)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 1


def _finish(code: int, flags: int) -> NoReturn:
    """End as an interpreter does: threads, exit functions, what objects do when they go, buffers."""
    if _thread._count() or threading._threading_atexits:  # type: ignore[attr-defined]
        _step(threading._shutdown)  # type: ignore[attr-defined]
    if atexit._ncallbacks():
        _step(atexit._run_exitfuncs)
    if flags & FINALIZES:
        _step(_drop_main)
    if not _flush(sys.stdout):
        code = code or FLUSH_FAILED
    _flush(sys.stderr)
    os._exit(code)


def _step(step: Callable[[], object]) -> None:
    try:
        step()
    except BaseException:
        traceback.print_exc()


def _drop_main() -> None:
    """Let go of the program's names, so that its open files are written and its objects finalized."""
    del sys.modules["__main__"]
    gc.collect()


def _flush(stream: object) -> bool:
    """Whether nothing of it was lost."""
    try:
        stream.flush()  # type: ignore[attr-defined]
    except ValueError:
        return True  # the program closed it
    except BaseException:
        return stream is None
    return True
