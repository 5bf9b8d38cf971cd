"""Stateful interpreters, and copies of them that share nothing.

`SessionKeeper` opens them in namespaces, where a copy is a fork of the process and of its files, in milliseconds (the
theory of operation opens `guest/sessions.py`); `ReplayKeeper` where there are none, and a copy runs all cells again.

In namespaces they are shut in as a program of the jail is, each with its own scratch, network and process numbers.
Covered beyond that:
- a cell over its limits is interrupted, and its interpreter killed when that is in vain;
- what a session's process says is data of the program; one that lies, hangs or breaks its loop ends alone;
- no variable, file, open file, shared mapping, random state or name is shared by copies;
- nothing is left of a session that is closed or dropped, nor of any when the host ends.

Not covered:
- the CPU time of processes that a Python cell starts: only the wall clock bounds it;
- waits for processors, which prolong a wall-clock limit: of processes and threads that have ended, none is counted;
- the kernel's time to find memory, which is not charged to a Python cell, is to a Bash command;
- memory summed over the processes and copies of a session: each process has its own limit;
- a session's first process ignores signals that it sends to itself and does not handle, SIGKILL included;
- a copy of a session with threads may find a lock held that one of them held, as after any fork;
- code that tampered with the loop before a fork is in the copies as well, and may keep descriptors in common.
"""

from assaygym.sandbox.sessions._opener import Opener
from assaygym.sandbox.sessions.keeper import SessionKeeper
from assaygym.sandbox.sessions.replay import ReplayKeeper

__all__ = ["Opener", "ReplayKeeper", "SessionKeeper"]
