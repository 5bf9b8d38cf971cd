"""The process of the test code: trusted, holds no candidate code. What belongs to the candidate is a remote call."""

import importlib
import os
import random
import sys
from typing import Any

from assaygym.verifiers.code.guest.ahead import Foreseen, Foreseer, Unforeseen
from assaygym.verifiers.code.guest.counted import Tally, compiled
from assaygym.verifiers.code.guest.pending import Pending, Stopped
from assaygym.verifiers.code.guest.record import Recorder
from assaygym.verifiers.code.guest.remote import Broken, Line
from assaygym.verifiers.code.guest.wire import Aborted, NotPlain, quiet, receive, send


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


def waiting(line: Line, tally: Tally, config: dict[str, Any]) -> Any:
    """What sees to assertions that are nothing but a call and what it must give."""
    if "record" in config:
        return Recorder(line, tally)
    if "foresee" in config:
        return Foreseer(line, tally)
    if "foreseen" in config:
        return Foreseen(config["foreseen"], line)
    pending = Pending(line, tally)
    line.settle = pending.settle
    return pending


def run(config: dict[str, Any]) -> list[Any]:
    """Run the units; the message that tells the tally."""
    tally, line = Tally(config["keep_going"]), Line()
    pending = waiting(line, tally, config)
    names: dict[str, Any] = {"__name__": "tests", "__assay__": tally, "__pending__": pending}
    try:
        prepare(names, line, config)
        if line.foreseen:
            line.foreseen.target = line.reference(names[config["entries"][0]])
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
    except Unforeseen:
        pass  # it is known
    if isinstance(pending, (Recorder, Foreseer)):
        return pending.message()
    if line.foreseen and line.foreseen.failed:
        return ["unforeseen"]
    return ["done", tally.passed, tally.executed, tally.failure]


if __name__ == "__main__":
    quiet()
    random.seed(0)
    send(run(receive()))
    os._exit(0)
