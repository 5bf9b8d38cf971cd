"""The process of the test code: trusted, holds no candidate code. What belongs to the candidate is a remote call."""

import ast
import importlib
import os
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

from assaygym.verifiers.code.guest.pending import Pending, Stopped
from assaygym.verifiers.code.guest.record import Recorder, recorded_form
from assaygym.verifiers.code.guest.wire import (
    ERRORS,
    Aborted,
    Encoder,
    NotPlain,
    decode,
    error_of,
    quiet,
    receive,
    send,
)

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
        answer = self._exchange("call", target, sent, named, True)
        for index, wire in answer[2]:
            update(args[index], decode(wire, self.resolve))
        return decode(answer[1], self.resolve)

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


class Tally:
    """Counts assertions. `keep_going`: a failed one outside of a `try` does not end the test."""

    def __init__(self, keep_going: bool) -> None:
        self.keep_going = keep_going
        self.executed = 0
        self.passed = 0
        self.failure: str | None = None

    def begin(self) -> None:
        """An assertion starts."""
        self.executed += 1

    def ok(self) -> None:
        """It holds."""
        self.passed += 1

    def failed(self, error: Exception, in_try: bool) -> bool:
        """Whether the error must go on its way."""
        if in_try or not self.keep_going:
            return True
        self.note(error)
        return False

    def taken_back(self, number: int, error: str) -> None:
        """The assertion of this number, which was counted as passed, does not hold, or raised an error of this name."""
        self.passed -= 1
        what = f"raised {error}" if error else "does not hold"
        self.failure = self.failure or f"assertion {number} {what}"

    def note(self, error: BaseException) -> None:
        """Keep the first failure, in words."""
        what = "does not hold" if isinstance(error, AssertionError) else f"raised {type(error).__name__}"
        self.failure = self.failure or f"assertion {self.executed} {what}"


class Count(ast.NodeTransformer):
    """Puts the tally around each assertion that is not of a constant."""

    def __init__(self, *, record: bool = False) -> None:
        self.tries = 0
        self.form = recorded_form if record else self._may_wait

    def visit_Try(self, node: ast.Try) -> ast.AST:
        """The statement; an assertion that its handlers may catch is marked."""
        self.tries += 1
        node.body = [new for item in node.body for new in self._statements(item)]
        self.tries -= 1
        for part in (node.handlers, node.orelse, node.finalbody):
            part[:] = [new for item in part for new in self._statements(item)]
        return node

    def _statements(self, node: ast.AST) -> list[Any]:
        new = self.visit(node)
        return new if isinstance(new, list) else [new]

    def visit_Assert(self, node: ast.Assert) -> Any:
        """The assertion between two calls of the tally."""
        if isinstance(node.test, ast.Constant):
            return node
        waits = self.form(node) if not self.tries else None
        pattern = (
            "__assay__.begin()\ntry:\n    pass\n"
            f"except Exception as __error__:\n    if __assay__.failed(__error__, {self.tries > 0}): raise\n"
            "else:\n    __assay__.ok()\n"
        )
        begin, attempt = ast.parse(pattern).body
        assert isinstance(attempt, ast.Try)
        attempt.body = [waits or node]
        return [begin, attempt]

    def _may_wait(self, node: ast.Assert) -> ast.stmt | None:
        """The assertion as one that may wait, where it is `f(...) == value` and the value calls nothing."""
        match node.test:
            case ast.Compare(left=ast.Call(func=ast.Name(), args=args, keywords=[]) as call, ops=[ast.Eq()]):
                expected = node.test.comparators[0]
            case _:
                return None
        odd = (ast.Call, ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Attribute, ast.Subscript)
        if any(isinstance(inner, odd) for inner in ast.walk(expected)):
            return None
        waits = ast.parse("if not __pending__.holds(f, (), lambda: 0): raise AssertionError").body[0]
        assert isinstance(waits, ast.If)
        assert isinstance(waits.test, ast.UnaryOp)
        asked = waits.test.operand
        assert isinstance(asked, ast.Call)
        assert isinstance(asked.args[2], ast.Lambda)
        asked.args[2].body = expected
        asked.args[:2] = [call.func, ast.Tuple(elts=args, ctx=ast.Load())]
        return waits


def compiled(source: str, name: str, config: dict[str, Any]) -> Any:
    """Code of the source with its assertions counted."""
    tree = Count(record="record" in config).visit(ast.parse(source))
    return compile(ast.fix_missing_locations(tree), name, "exec", dont_inherit=True)


def bind(names: dict[str, Any], line: Line, config: dict[str, Any]) -> None:
    """Give the test code the names it takes from the program; a standard module is ours, not the program's."""
    for name in config["remote"]:
        if name in names:
            continue
        if name in sys.stdlib_module_names:
            names[name] = importlib.import_module(name)
        else:
            names[name] = line.name(name)
    for name in config["entries"]:
        names[name] = line.name(name)


def prepare(names: dict[str, Any], line: Line, config: dict[str, Any]) -> None:
    """Run what comes before the tests.

    Raises:
        Broken: it cannot be run, and not for want of something of the program.
    """
    try:
        for source in config["before"]:
            exec(compiled(source, "prompt.py", config), names)
        bind(names, line, config)
        for source in config["after"]:
            exec(compiled(source, "setup.py", config), names)
    except (NameError, AttributeError):
        raise
    except Exception as error:
        if line.touched:
            raise
        raise Broken(f"the test code before the first test raised {type(error).__name__}: {error}") from error


def run(config: dict[str, Any]) -> list[Any]:
    """Run the units; the message that tells the tally."""
    tally, line = Tally(config["keep_going"]), Line()
    recorder = Recorder(line, tally) if "record" in config else None
    pending = recorder or Pending(line, tally)
    if not recorder:
        line.settle = pending.settle
    names: dict[str, Any] = {"__name__": "tests", "__assay__": tally, "__pending__": pending}
    try:
        prepare(names, line, config)
        for unit in config["units"]:
            try:
                try:
                    exec(compiled(unit, "tests.py", config), names)
                finally:
                    pending.settle()
            except Exception as error:
                if isinstance(error, NotPlain) and not line.touched:
                    raise Broken(str(error)) from error
                tally.note(error)
                if not tally.keep_going:
                    break
    except Broken as error:
        return ["broken", str(error)]
    except Aborted:
        tally.failure = tally.failure or "the program ended"
    except Stopped:
        pass  # the failure is known
    except Exception as error:
        tally.failure = tally.failure or f"the setup raised {type(error).__name__}"
    if recorder:
        return recorder.message()
    return ["done", tally.passed, tally.executed, tally.failure]


if __name__ == "__main__":
    quiet()
    random.seed(0)
    send(run(receive()))
    os._exit(0)
