"""What a prepared process does: it waits for its order, then becomes the program.

Nothing of the order is known before, and this process is the first and only one to read its payload.
"""

from __future__ import annotations

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
import socket
import sys
import threading
import traceback
import types

from assaygym.sandbox.guest.protocol import CHANNEL_FD, HAS_CHANNEL, HAS_STDIN, LENGTH, START_FAILED
from assaygym.sandbox.guest.scratch import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from assaygym.sandbox.guest.protocol import Payload

mapped_bytes = 0
"""What the worker's interpreter maps by itself: granted to Python programs on top of their limit. Set at its start."""
scratch = ""
"""Where programs work. Set at the worker's start."""
FEED_FD = 4
"""The writing end of a prepared process's own standard input."""
ABOVE_ALL = 64
PYTHON_SIGNALS = (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGPIPE, signal.SIG_IGN),
    (signal.SIGXFSZ, signal.SIG_IGN),
)
"""What an interpreter does about signals at its start."""
FLUSH_FAILED = 120
"""The exit code of an interpreter that could not write out its standard output."""


def become(descriptors: tuple[int, ...], seal: Callable[[], None]) -> NoReturn:
    """Take the descriptors as 0 to 4 (stdin, stdout, stderr, order, feed), wait, run; never returns.

    Args:
        descriptors: all that this process may keep.
        seal: what is to be given up before the program runs.
    """
    try:
        os.setsid()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        seal()  # which may need descriptors that are above
        os.closerange(FEED_FD + 1, 1 << 20)
        _make_main()
        payload = _receive()
        _settle(payload)
        if payload["how"] == "command":
            _execute(payload)
        _replace_order(payload["channel"])
    except BaseException as fault:  # whatever failed here is ours: say so, whatever it is
        os.write(CHANNEL_FD, f"{type(fault).__name__}: {fault}".encode())
        os._exit(START_FAILED)
    _run(payload)


def _make_main() -> None:
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=sys.modules["builtins"], __cached__=None)
    sys.modules["__main__"] = main
    for number, action in PYTHON_SIGNALS:
        signal.signal(number, action)


def _receive() -> Payload:
    """Wait for the order. The descriptors that come with it are stored in it."""
    order = socket.socket(fileno=CHANNEL_FD)
    head, descriptors, _, _ = socket.recv_fds(order, LENGTH.size, 2, socket.MSG_WAITALL)
    if not head:
        os._exit(0)  # the worker ended
    size, brings = LENGTH.unpack(head)
    payload: Payload = marshal.loads(order.recv(size, socket.MSG_WAITALL))
    order.detach()
    payload["channel"] = descriptors.pop(0) if brings & HAS_CHANNEL else -1
    if brings & HAS_STDIN:
        os.dup2(descriptors[0], 0)
        os.close(descriptors[0])
    return payload


def _settle(payload: Payload) -> None:
    """Lay everything out for the program, and limit it."""
    os.chdir(scratch)
    if stdin := payload["stdin"]:
        os.write(FEED_FD, stdin)
    os.close(FEED_FD)
    if payload["stdin_file"]:
        _file_stdin(payload["stdin_file"])
    if files := payload["files"]:
        place(files, payload["executables"])
    if seed := payload["seed"]:
        _seed(seed)
    for which, soft, hard in payload["limits"]:
        limit(which, soft, hard)
    if memory := payload["address_space"]:
        most = memory if payload["how"] == "command" else memory + mapped_bytes
        limit(resource.RLIMIT_AS, most, most)


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


def limit(which: int, soft: int, hard: int) -> None:
    """Set one limit, or as near to it as is allowed."""
    try:
        resource.setrlimit(which, (soft, hard))
    except ValueError:  # above a ceiling of our own
        ceiling = resource.getrlimit(which)[1]
        resource.setrlimit(which, (min(soft, ceiling), min(hard, ceiling)))


def _replace_order(channel: int) -> None:
    """Put the program's message channel, if it has one, where the order came from."""
    if channel < 0:
        os.close(CHANNEL_FD)
    else:
        os.dup2(channel, CHANNEL_FD)
        os.close(channel)


def _execute(payload: Payload) -> NoReturn:
    for number, _ in PYTHON_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    order = fcntl.fcntl(CHANNEL_FD, fcntl.F_DUPFD_CLOEXEC, ABOVE_ALL)
    _replace_order(payload["channel"])
    try:
        command = payload["argv"]
        os.execve(command[0], command, {**os.environ, **payload["environment"]})
    except OSError as error:
        os.write(order, f"{command[0]}: {error.strerror}".encode())
        os._exit(START_FAILED)


def _run(payload: Payload) -> NoReturn:
    """Run Python as `python3 main.py` would."""
    name, source = f"{scratch}/{payload['name']}", payload["source"]
    sys.argv = sys.orig_argv = payload["argv"]
    linecache.cache[name] = (lambda: source.decode("utf-8", "replace"),)  # only where somebody looks
    how, body = payload["how"], payload["body"]
    payload.clear()  # type: ignore[attr-defined]  # a program may look at the frames that called it
    code = 0
    try:
        program = marshal.loads(body) if how == "code" else _compiled(body, name)
        if how == "compile":
            sys.stdout.buffer.write(marshal.dumps(program))
        else:
            main = sys.modules["__main__"].__dict__
            main["__file__"] = name
            exec(program, main)
    except SystemExit as end:
        code = _code_of(end)
    except BaseException as error:
        code = _tell(error)
    _finish(code)


def _compiled(body: bytes, name: str) -> types.CodeType:
    try:
        body.decode()
    except UnicodeDecodeError:  # the compiler itself overlooks it in comments
        from importlib.util import decode_source

        try:
            decode_source(body)
        except UnicodeDecodeError as error:
            raise SyntaxError(str(error)) from None
    try:
        return compile(body, name, "exec", dont_inherit=True)
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


def _finish(code: int) -> NoReturn:
    """End as an interpreter does: threads, exit functions, what objects do when they go, buffers."""
    for step in (threading._shutdown, atexit._run_exitfuncs, _drop_main):  # type: ignore[attr-defined]
        try:
            step()
        except BaseException:
            traceback.print_exc()
    failed = not _flush(sys.stdout)
    _flush(sys.stderr)
    os._exit(FLUSH_FAILED if failed and not code else code)


def _drop_main() -> None:
    """Let go of the program's names, so that its open files are written and its objects finalized."""
    del sys.modules["__main__"]
    sys.last_value = sys.last_traceback = None
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
