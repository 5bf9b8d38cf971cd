"""The script that starts a worker: `python launcher.py worker DESCRIPTOR`, run by path in a fresh interpreter.

It holds nothing of the process that asked (no memory, no environment, no descriptor but the one socket), so that what
a program could steal from it is only the program itself.
"""

import os
import sys
from types import ModuleType

HERE = os.path.dirname(os.path.realpath(__file__))


def name_this_folder() -> None:
    """Make `assaygym.sandbox.guest.x` importable from this folder alone, without running the packages' `__init__`."""
    for name, path in (("assaygym", []), ("assaygym.sandbox", []), ("assaygym.sandbox.guest", [HERE])):
        module = ModuleType(name)
        module.__path__ = path
        sys.modules[name] = module


if __name__ == "__main__":
    name_this_folder()
    from importlib import import_module

    import_module(f"assaygym.sandbox.guest.{sys.argv[1]}").main(*sys.argv[2:])
