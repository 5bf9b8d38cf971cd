"""The script that starts a worker: `python launcher.py worker DESCRIPTOR`, run by path in a fresh interpreter.

It holds nothing of the process that asked (no memory, no environment, no descriptor but the one socket), so that what
a program could steal from it is only the program itself.
"""

import os
import signal
import sys
from types import ModuleType

HERE = os.path.dirname(os.path.realpath(__file__))


def name_this_folder() -> None:
    """Make `assaygym.sandbox.guest.x` importable from this folder alone, without running the packages' `__init__`."""
    for name, path in (("assaygym", []), ("assaygym.sandbox", []), ("assaygym.sandbox.guest", [HERE])):
        module = ModuleType(name)
        module.__path__ = path
        sys.modules[name] = module


def heed_signals() -> None:
    """Undo what the host ignores, which would be inherited; those that an interpreter sees to itself stay its own."""
    own = {signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ}
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP} - own:
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    name_this_folder()
    heed_signals()
    from importlib import import_module

    import_module(f"assaygym.sandbox.guest.{sys.argv[1]}").main(*sys.argv[2:])
