"""The script that starts a session keeper: `python -s -P -S -B session_launcher.py SOCKET`, run by path.

Not `-I`: it would have the interpreter ignore PYTHONHASHSEED. The environment is a fixed one, and none of the host's.
"""

import sys
from importlib import import_module
from os.path import dirname, realpath

if __name__ == "__main__":
    sys.path.insert(0, dirname(realpath(__file__)))
    import_module("launcher").name_this_folder()
    del sys.path[0]
    from assaygym.sandbox.guest.sessions import keep

    keep(int(sys.argv[1]))
