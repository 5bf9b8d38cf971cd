"""The process of the candidate: a value server. It holds no test data, so nothing in it needs guarding."""

import linecache
import os
import resource
import sys
import types
from typing import Any

from assaygym.verifiers.code.guest.rehearsal import rehearsed
from assaygym.verifiers.code.guest.wire import ERRORS, Encoder, NotPlain, decode, error_of, quiet, receive, send

LARGE = 1 << 53
STACK_BYTES = 100 << 20
"""The kernel keeps 128 MiB of addresses free for a stack."""


class Server:
    """Loads the candidate and answers one request at a time: `[number, operation, *operands]`, or a list of those.

    An answer is `[number, "value", wire, (changes)]`, `[number, "error", class, message]`, or, while a request is
    open, `[number, "callback", n, args, kwargs]`, which wants an answer in turn.
    """

    def __init__(self) -> None:
        # Not __main__: a program's `if __name__ == "__main__"` part is no business of a caller of its functions.
        self.module = types.ModuleType("solution")
        self.module.__file__ = "solution.py"
        self.held: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.callbacks: dict[int, Any] = {}
        self.current = 0

    def serve(self) -> None:
        """Answer until the channel closes."""
        while (message := receive()) is not None:
            for request in message if isinstance(message[0], list) else [message]:
                number, operation, *operands = request
                self.current = number
                try:
                    answer = OPERATIONS[operation](self, *operands)
                except BaseException as error:
                    answer = ["error", *error_of(error)]
                self._reply(number, answer)

    def _reply(self, number: int, answer: list[Any]) -> None:
        try:
            send([number, *answer])
        except NotPlain as error:
            send([number, "error", *error_of(error)])

    def _value(self, value: Any) -> list[Any]:
        if type(value) in (str, bool) or (type(value) is int and -LARGE < value < LARGE):
            return ["value", value]
        return ["value", Encoder(self._hold).encode(value)]

    def _hold(self, value: Any) -> dict[str, Any]:
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.held)
            self.held.append(value)
        try:
            truth = bool(value)
        except BaseException:
            truth = True
        return {"$ref": [self.numbers[id(value)], truth]}

    def _resolve(self, tag: str, payload: Any) -> Any:
        if tag == "$ref":
            return self.held[payload[0]]
        if tag == "$callback":
            return self.callbacks.setdefault(payload, lambda *a, **k: self._call_back(payload, a, k))
        raise TypeError(f"unknown tag {tag}")

    def _call_back(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        encoder = Encoder(self._hold)
        named = {name: encoder.encode(value) for name, value in kwargs.items()}
        send([self.current, "callback", number, encoder.items(args), named])
        answer = receive()
        if answer is None:
            os._exit(0)
        if answer[1] == "value":
            return self._plain(answer[2])
        raise ERRORS.get(answer[2], RuntimeError)(answer[3])

    def _plain(self, wire: Any) -> Any:
        return decode(wire, self._resolve)

    def _op_load(self, sources: list[str]) -> list[Any]:
        sys.modules["solution"] = self.module
        for index, source in enumerate(sources):
            name = "solution.py" if index == len(sources) - 1 else f"prelude{index}.py"
            linecache.cache[name] = (lambda source=source: source,)  # inspect.getsource needs it
            try:
                exec(compile(source, name, "exec", dont_inherit=True), self.module.__dict__)
            except SystemExit as end:
                if end.code:
                    raise  # else it has come to its end: `sys.exit(0)` below its functions
        return ["value", None]

    def _op_defined(self, names: list[str]) -> list[Any]:
        return ["value", [name for name in names if name in self.module.__dict__]]

    def _op_end(self) -> list[Any]:
        os._exit(0)

    def _op_call(self, target: Any, args: list[Any], kwargs: dict[str, Any], changes: bool) -> list[Any]:
        is_expression = isinstance(target, str)
        function = eval(target, self.module.__dict__) if is_expression else self._plain(target)
        values = [self._plain(value) for value in args]
        answer = self._value(function(*values, **{name: self._plain(value) for name, value in kwargs.items()}))
        return [*answer, self._changed(args, values)] if changes else answer

    def _changed(self, before: list[Any], values: list[Any]) -> list[Any]:
        encoder = Encoder(self._hold)
        after = [encoder.encode(value) if isinstance(value, (list, dict, set)) else None for value in values]
        return [[i, new] for i, new in enumerate(after) if new is not None and new != before[i]]

    def _op_name(self, name: str) -> list[Any]:
        return self._value(self.module.__dict__[name])

    def _op_get(self, ref: Any, name: str) -> list[Any]:
        return self._value(getattr(self._plain(ref), name))

    def _op_set(self, ref: Any, name: str, value: Any) -> list[Any]:
        setattr(self._plain(ref), name, self._plain(value))
        return ["value", None]

    def _op_item(self, ref: Any, key: Any) -> list[Any]:
        return self._value(self._plain(ref)[self._plain(key)])

    def _op_put(self, ref: Any, key: Any, value: Any) -> list[Any]:
        self._plain(ref)[self._plain(key)] = self._plain(value)
        return ["value", None]

    def _op_next(self, ref: Any) -> list[Any]:
        return self._value(next(self._plain(ref)))

    def _op_len(self, ref: Any) -> list[Any]:
        return self._value(len(self._plain(ref)))

    def _op_list(self, ref: Any) -> list[Any]:
        return self._value(list(self._plain(ref)))

    def _op_text(self, ref: Any) -> list[Any]:
        return self._value(str(self._plain(ref)))


OPERATIONS = {name[4:]: method for name, method in vars(Server).items() if name.startswith("_op_")}
READY = Server()
"""The one of this process: made before the process is."""


def rehearse() -> None:
    """Called in workers that have this module ready."""
    rehearsed(lambda: ready(Server()))


def ready(server: Server) -> None:
    """Serve until the channel closes."""
    quiet()
    deepen()
    server.serve()


def deepen() -> None:
    """Let the stack grow: recursion through C functions (`lru_cache`) needs more than the usual 8 MiB."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    most = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (most, hard))


if __name__ == "__main__":
    ready(READY)
    os._exit(0)
