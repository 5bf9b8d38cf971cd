"""What stays with the candidate, as its tests see it: stand-ins whose every use is a request to its process."""

import os
from collections.abc import Callable, Iterator
from typing import Any

from assaygym.verifiers.code.guest.wire import ERRORS, Aborted, Encoder, decode, error_of, receive, send

# An object that is asked `startswith(expected)` would learn what is expected and say yes.
PREDICATES = frozenset(
    name
    for kind in (str, bytes, set, float)
    for name in dir(kind)
    if name.startswith("is") or name in ("startswith", "endswith")
)


class Broken(BaseException):
    """The test code itself cannot be run: no verdict on the candidate."""


class Remote:
    """An object in the candidate's process. `==` is identity; comparisons and arithmetic are not forwarded."""

    __slots__ = ("_assay",)

    def __init__(self, line: "Line", number: int, truth: bool) -> None:
        object.__setattr__(self, "_assay", (line, {"$ref": [number, truth]}))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the call, made over there."""
        line, ref = self._assay
        return line.call(ref, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in PREDICATES:
            raise AttributeError(f"no {name} on an object of the program")
        line, ref = self._assay
        return line.ask("get", ref, name)

    def __setattr__(self, name: str, value: Any) -> None:
        line, ref = self._assay
        line.ask("set", ref, name, line.encoder().encode(value))

    def __getitem__(self, key: Any) -> Any:
        line, ref = self._assay
        return line.ask("item", ref, line.encoder().encode(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        line, ref = self._assay
        line.ask("put", ref, line.encoder().encode(key), line.encoder().encode(value))

    def __next__(self) -> Any:
        line, ref = self._assay
        return line.ask("next", ref)

    def __len__(self) -> int:
        line, ref = self._assay
        return int(line.ask("len", ref))

    def __iter__(self) -> Iterator[Any]:
        line, ref = self._assay
        return iter(line.ask("list", ref))

    def __bool__(self) -> bool:
        return bool(self._assay[1]["$ref"][1])

    def __str__(self) -> str:
        line, ref = self._assay
        return str(line.ask("text", ref))


class Line:
    """Requests to the candidate's process: one at a time, callbacks answered while waiting."""

    def __init__(self) -> None:
        self.remotes: dict[int, Remote] = {}
        self.callbacks: list[Any] = []
        self.numbers: dict[int, int] = {}
        """Of each callback by its id: a function that is passed twice is the same one over there."""
        self.touched = False
        """Whether anything of the candidate's doing is here: from then on a failure may be its fault."""
        self.settle: Callable[[], None] = lambda: None
        """Asks what waits to be asked, before anything else is."""
        self.foreseen: Any = None
        """The calls that are asked ahead, if any: a `Foreseen`."""

    def encoder(self) -> Encoder:
        """An encoder that turns remotes into handles and functions into callbacks."""
        return Encoder(self._pass_out)

    def _pass_out(self, value: Any) -> dict[str, Any]:
        if type(value) is Remote:
            ref: dict[str, Any] = value._assay[1]
            return ref
        if callable(value):
            number = self.numbers.setdefault(id(value), len(self.callbacks))
            if number == len(self.callbacks):
                self.callbacks.append(value)
            return {"$callback": number}
        raise Broken(f"the test code passes a {type(value).__name__}; only plain data and functions can be passed")

    def reference(self, value: Any) -> Any:
        """The handle of an object of the candidate's; None for any other."""
        return value._assay[1] if type(value) is Remote else None

    def answers(self, requests: list[list[Any]]) -> Iterator[list[Any]]:
        """The answer to each of several requests; fewer where the candidate's process is gone."""
        send(["asks", requests])
        for _ in requests:
            answer: list[Any] | None = receive()
            if answer is None:
                os._exit(1)
            if answer[0] not in ("value", "error"):
                return
            yield answer

    def resolve(self, tag: str, payload: Any) -> Any:
        """The stand-in of an object that stays with the candidate."""
        number, truth = payload
        return self.remotes.setdefault(number, Remote(self, number, truth))

    def call(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call an object of the candidate's; its changes of arguments are made in ours."""
        encoder = self.encoder()
        sent = encoder.items(args)
        named = {name: encoder.encode(value) for name, value in kwargs.items()}
        answer = self._answer(target, sent, named)
        for index, wire in answer[2]:
            update(args[index], decode(wire, self.resolve))
        return decode(answer[1], self.resolve)

    def _answer(self, target: Any, args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
        if self.foreseen is None or target != self.foreseen.target:
            return self._exchange("call", target, args, kwargs, True)
        answer: list[Any] = self.foreseen.answer(args, kwargs)
        if answer[0] == "error":
            raise exception(answer[1], answer[2])
        return answer

    def ask(self, operation: str, *operands: Any) -> Any:
        """The value of one request."""
        return decode(self._exchange(operation, *operands)[1], self.resolve)

    def name(self, name: str) -> Any:
        """What the candidate's process knows by that name. An object that stays there has done nothing yet."""
        before, self.touched = self.touched, True
        value = self.ask("name", name)
        self.touched = before or type(value) is not Remote
        return value

    def _exchange(self, operation: str, *operands: Any) -> list[Any]:
        self.settle()
        if self.foreseen is not None:
            self.foreseen.check_used()
        send(["ask", operation, *operands])
        self.touched = True
        while True:
            answer: list[Any] | None = receive()
            if answer is None:
                os._exit(1)
            if answer[0] == "callback":
                send(["answer", *self._call_back(*answer[1:])])
            elif answer[0] == "value":
                return answer
            elif answer[0] == "error":
                raise exception(answer[1], answer[2])
            else:
                raise Aborted

    def _call_back(self, number: int, args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
        try:
            values = [decode(value, self.resolve) for value in args]
            named = {name: decode(value, self.resolve) for name, value in kwargs.items()}
            return ["value", self.encoder().encode(self.callbacks[number](*values, **named))]
        except Exception as error:
            return ["error", *error_of(error)]


def exception(name: str, message: str) -> Exception:
    """The builtin exception of that name; RuntimeError where there is none, or it cannot be made of a message."""
    try:
        return ERRORS.get(name, RuntimeError)(message)
    except TypeError:
        return RuntimeError(message)


def update(old: Any, new: Any) -> None:
    """Make `old` equal `new` in place, keeping the identity of the parts that still fit."""
    if isinstance(old, list):
        old[:] = [kept(a, b) for a, b in zip(old, new, strict=False)] + new[len(old) :]
    elif isinstance(old, dict):
        fresh = {key: kept(old[key], value) if key in old else value for key, value in new.items()}
        old.clear()
        old.update(fresh)
    elif isinstance(old, set):
        old.clear()
        old.update(new)


def kept(old: Any, new: Any) -> Any:
    """`old` itself, brought up to date, where both are the same kind of container; else `new`."""
    if type(old) is type(new) and isinstance(old, (list, dict, set)):
        update(old, new)
        return old
    return new
