"""Forging on the message channel of a spawned program, and stalling it."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import TRIES, Attack, bomb

ATTACKS = (
    Attack(
        name="a spawned program has three descriptors and its channel and no more",
        program="""
import os, socket
def is_open(number):
    try: os.fstat(number)
    except OSError: return False
    return True
held = [n for n in range(4096) if is_open(n)] == [0, 1, 2, 3]
socket.socket(fileno=3).sendall(b"\\0\\0\\0\\4" + (b"held" if held else b"more"))
""",
        stdout="",
        receives=(b"held", None),
    ),
    Attack(
        name="a message longer than any allowed is never waited for",
        program="""
import socket, time
socket.socket(fileno=3).sendall(b'\\xff\\xff\\xff\\xff' + b'x' * 100)
time.sleep(30)
""",
        ends=(ExecStatus.TIMEOUT,),
        stdout="",
        limits=bomb(wall=1),
        receives=(None,),
    ),
    Attack(
        name="half a message is none",
        program="import socket\nsocket.socket(fileno=3).sendall(b'\\0\\0\\0\\7half')",
        stdout="",
        receives=(None, None),
    ),
    Attack(
        name="a header that never ends is none",
        program="import socket, time\nsocket.socket(fileno=3).sendall(b'\\0\\0')\ntime.sleep(30)",
        ends=(ExecStatus.TIMEOUT,),
        stdout="",
        limits=bomb(wall=1),
        receives=(None,),
    ),
    Attack(
        name="a child that keeps the channel after the program's end cannot speak for it",
        program="""
import os, socket, time
wire = socket.socket(fileno=3)
if os.fork() == 0:
    os.setsid()
    time.sleep(0.7)
    wire.sendall(b"\\0\\0\\0\\4late")
    os._exit(0)
wire.sendall(b"\\0\\0\\0\\4real")
os._exit(3)
""",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="",
        exit_code=3,
        receives=(b"real", None, None),
    ),
    Attack(
        name="descriptors sent through the channel do not reach the host",
        program="""
import array, os, socket
wire = socket.socket(fileno=3)
for number in range(50):
    sent = array.array("i", [os.open("/dev/zero", os.O_RDONLY), 0, 1])
    wire.sendmsg([b"\\0\\0\\0\\2ok"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent)])
    os.close(sent[0])
""",
        stdout="",
        receives=(b"ok", b"ok"),
    ),
    Attack(
        name="urgent data in the channel neither blocks nor forges",
        program="""
import socket
wire = socket.socket(fileno=3)
wire.send(b'\\0\\0\\0\\2ok')
wire.send(b'!', socket.MSG_OOB)
""",
        ends=(ExecStatus.OK, ExecStatus.NONZERO_EXIT),
        stdout="",
        receives=(b"ok", None),
    ),
    Attack(
        name="a channel that is closed at once is the end of all messages",
        program="import os\nos.close(3)\nprint('held')",
        receives=(None, None),
    ),
    Attack(
        name="a flood of messages that nobody reads ends at the wall-clock limit",
        program="import socket\nwire = socket.socket(fileno=3)\nwhile True: wire.sendall((b'\\0\\0\\0\\1x') * 10000)",
        ends=(ExecStatus.TIMEOUT, ExecStatus.NONZERO_EXIT, ExecStatus.SIGNALED),
        stdout="",
        limits=bomb(wall=0.8),
        receives=(b"x", b"x"),
    ),
    Attack(
        name="a program that reads the channel until its end sees nothing but what was sent to it",
        program=TRIES
        + """
import socket
wire = socket.socket(fileno=3)
if wire.family != socket.AF_UNIX: got.append("another family")
if wire.getsockname() or wire.getpeername(): got.append("a name")
wire.setblocking(False)
attempt("an order", wire.recv, 1 << 16)
verdict()
""",
        receives=(None,),
    ),
)
