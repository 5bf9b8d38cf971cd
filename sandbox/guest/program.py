"""What a prepared process does: it waits for its order, then becomes the program.

Nothing of the order is known before, and this process is the first and only one to read its payload.
"""

from __future__ import annotations

import _socket
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
import select
import signal
import sys
import threading
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
_leave, _set_depth, _display = os._exit, sys.setrecursionlimit, sys.excepthook
_stdout, _stderr = sys.stdout, sys.stderr
_shutdown = threading._shutdown  # type: ignore[attr-defined]
"""What is needed after the program had its way with the modules."""
DEPTH = 2000
"""Of calls, for what is left to do once the program has ended."""
FLUSH_FAILED = 120
"""The exit code of an interpreter that could not write out its standard output."""


def prepare() -> None:
    """In the worker, once: what every program finds, made before it is copied."""
    global _file
    _file = f"{scratch}/{PROGRAM}"
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=sys.modules["builtins"], __cached__=None, __file__=_file, __annotations__={})
    sys.modules["__main__"] = main
    for number, action in PYTHON_SIGNALS:
        signal.signal(number, action)
    linecache.cache[_file] = (lambda: _source.decode("utf-8", "replace"),)


def rehearse() -> None:
    """In the worker, once: do what each run will do, some times over.

    A run must copy each page of memory that it changes. What the interpreter only changes the first times (look-up
    caches, instructions made fit for their operands) it has changed then.
    """
    library = sys.modules.get("library")
    if library and hasattr(library, "rehearse"):
        library.rehearse()


def become(await_start: Callable[[], tuple[int, int, int]]) -> NoReturn:
    """Wait for the order, then run it; never returns. Descriptor 3 is where it comes from, 4 feeds our own stdin."""
    global _source
    try:
        rest, flags, channel = await_start()
        how, body, _source, argv, surroundings = marshal.loads(_receive(rest))
        if surroundings:
            _settle(surroundings, flags)
        if how == "command":
            _execute(argv, channel)
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
        _feed(wanted["stdin"])
    if wanted["stdin_file"]:
        _file_stdin(wanted["stdin_file"])
    if flags & HAS_FILES:
        place(wanted["files"], wanted["executables"])
        limit(resource.RLIMIT_FSIZE, wanted["file_bytes"], wanted["file_bytes"])
    if seed := wanted["seed"]:
        _seed(seed)


def _feed(content: bytes) -> None:
    """Put standard input into our pipe, where nobody reads yet.

    While programs of our user hold very many pipes, the kernel makes new ones small; a socket takes the place of those.
    """
    if len(content) > select.PIPE_BUF:
        os.set_blocking(FEED_FD, False)
    if os.write(FEED_FD, content) < len(content):
        ours, theirs = _socket.socketpair()
        ours.setblocking(False)
        ours.sendall(content)
        os.dup2(theirs.fileno(), 0)
    os.close(FEED_FD)


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


def _execute(command: list[str], channel: int) -> NoReturn:
    for number, _ in PYTHON_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    order = fcntl.fcntl(CHANNEL_FD, fcntl.F_DUPFD_CLOEXEC, ABOVE_ALL)
    _replace_order(channel)
    try:
        os.execv(command[0], command)
    except OSError as error:
        os.write(order, f"{command[0]}: {error.strerror}".encode())
        os._exit(START_FAILED)


def _run(how: str, body: bytes, flags: int) -> NoReturn:
    """Run Python as `python3 main.py` would.

    Whatever the program did to the interpreter, nothing gets past this function: it would go on as a second worker.
    """
    code = 1
    try:
        code = _ran(how, body)
        code = _finished(code, flags)
    except BaseException:  # only what the program prepared gets here
        code = code or 1
    finally:
        _leave(code)


def _ran(how: str, body: bytes) -> int:
    """The program's exit code, should it end by itself."""
    try:
        if how == "library":
            sys.modules["library"].main()
            return 0
        program = marshal.loads(body) if how == "code" else _compiled(body)
        if how == "compile":
            sys.stdout.buffer.write(marshal.dumps(program))
        else:
            exec(program, sys.modules["__main__"].__dict__)
    except SystemExit as end:
        return _code_of(end)
    except BaseException as error:
        _set_depth(DEPTH)
        return _told(error)
    return 0


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
    except SyntaxError as error:
        if error.text is not None:
            raise
    _lay_source()
    return compile(body, _file, "exec", dont_inherit=True)  # which now finds the line to show


def _code_of(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return int.__and__(end.code, 0xFF) if int.__rshift__(end.code, 63) in (0, -1) else 0xFF  # as C's long
    with contextlib.suppress(BaseException):
        _write_error(f"{end.code}")
    _write_error("\n")
    return 1


def _told(error: BaseException) -> int:
    """Print what ended the program, without our own frames, as the interpreter does; the exit code."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename == _told.__code__.co_filename:
        trace = trace.tb_next
    _flush(sys.stdout)
    _lay_source()
    code = 1
    if sys.excepthook is _display:
        _display(type(error), error.with_traceback(trace), trace)
    else:
        code = _hooked(error, trace)
    if isinstance(error, KeyboardInterrupt):
        _flush(_stdout)
        _flush(_stderr)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return code


def _hooked(error: BaseException, trace: types.TracebackType | None) -> int:
    """Have the program's own hook tell."""
    try:
        sys.excepthook(type(error), error, trace)
    except SystemExit as end:
        return _code_of(end)
    except BaseException as other:
        _write_error("Error in sys.excepthook:\n")
        own = other.__traceback__ and other.__traceback__.tb_next
        other.__context__ = None
        _display(type(other), other.with_traceback(own), own)
        _write_error("\nOriginal exception was:\n")
        _display(type(error), error.with_traceback(trace), trace)
    return 1


def _lay_source() -> None:
    """Write the program's file, where the interpreter looks for the lines that it shows."""
    with contextlib.suppress(OSError):
        descriptor = os.open(_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(descriptor, _source)
        os.close(descriptor)


def _write_error(text: str) -> None:
    with contextlib.suppress(BaseException):
        sys.stderr.write(text)


def _finished(code: int, flags: int) -> int:
    """End as an interpreter does: buffers, threads, exit functions, what objects do when they go, buffers again."""
    _set_depth(DEPTH)
    _flush(sys.stdout)
    if _thread._count() or threading._threading_atexits:  # type: ignore[attr-defined]
        _step(_shutdown)
    if atexit._ncallbacks():
        _step(atexit._run_exitfuncs)
    whole = _flush(sys.stdout)
    if flags & FINALIZES:
        _step(_drop_main)
        whole = _flush(sys.stdout) and whole
    if sys.stdout is not _stdout:
        _flush(_stdout)
    _flush(sys.stderr)
    return code if whole or code else FLUSH_FAILED


def _step(step: Callable[[], object]) -> None:
    try:
        step()
    except BaseException as error:
        _display(type(error), error, error.__traceback__)


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
