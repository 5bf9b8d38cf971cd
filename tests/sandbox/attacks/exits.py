"""Early exit, and forging: of the exit status, of the report, of markers in the output."""

from assaygym.sandbox import ExecStatus, Limits
from tests.sandbox.attacks.attack import MIB, QUICK, Attack, bomb

FLOOD_OF_REPORTS = """
import marshal, os, socket
report = {"status": 0, "ended": "", "stdout": b"held", "stderr": b"", "truncated": False, "cpu_seconds": 0.0,
          "wall_seconds": 0.0, "peak_memory_bytes": 0, "isolation": [], "exit_code": 0, "signal": None, "files": {}}
body = marshal.dumps(report)
frame = len(body).to_bytes(8, "big") + body
for number in range(3, 1024):
    for text in (frame, body, b"0", b"ok", b"\\0" * 16, b'{"passed": true}\\n'):
        try: os.write(number, text)
        except OSError: pass
os._exit(9)
"""


ATTACKS = (
    Attack(
        name="an early exit with code 0 gives no output that was not written",
        program="import os\nos._exit(0)\nprint('held')",
        stdout="",
        exit_code=0,
    ),
    Attack(
        name="an early exit in the middle of the compilation of a function gives no answer",
        program="import sys\nclass A:\n    sys.stdout.write('ha')\n    sys.exit(0)\nprint('ld')",
        stdout="ha",
        exit_code=0,
    ),
    Attack(
        name="an exit code that is an integer with other ideas of its value is the true one",
        program="""
import sys
class Zero(int):
    def __int__(self): return 0
    def __index__(self): return 0
    def __and__(self, other): return 0
    def __eq__(self, other): return True
    def __bool__(self): return False
sys.exit(Zero(7))
""",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="",
        exit_code=7,
    ),
    Attack(
        name="an exit code whose text cannot be printed is a failure",
        program="""
class Bad:
    def __str__(self): raise SystemExit(0)
    __repr__ = __str__
raise SystemExit(Bad())
""",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="",
        exit_code=1,
    ),
    Attack(
        name="an exit code above 255 is cut as the kernel cuts it and not to zero",
        program="import os; os._exit(256 + 44)",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="",
        exit_code=44,
    ),
    Attack(
        name="an exception whose class lies about itself is a failure",
        program="""
class Meta(type):
    def __instancecheck__(cls, other): return True
    def __subclasscheck__(cls, other): return True
    def __getattribute__(cls, name): raise SystemExit(0)
class Lie(Exception, metaclass=Meta):
    code = 0
    __class__ = SystemExit
    def __str__(self): raise KeyboardInterrupt
raise Lie()
""",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="",
        exit_code=1,
    ),
    Attack(
        name="reports written to every descriptor change nothing",
        program=FLOOD_OF_REPORTS,
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="",
        exit_code=9,
    ),
    Attack(
        name="reports in the output are output",
        program="""
import os
os.write(1, b'\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01N{"status": 0}\\x1b]0;ok\\x07\\r\\n')
os._exit(4)
""",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout='\x00\x00\x00\x00\x00\x00\x00\x01N{"status": 0}\x1b]0;ok\x07\r\n',
        exit_code=4,
    ),
    Attack(
        name="undecodable output is replaced and not dropped",
        program="import os\nos.write(1, b'a\\xff\\xed\\xa0\\x80\\xc0\\xafz')",
        stdout="a" + "\ufffd" * 6 + "z",
    ),
    Attack(
        name="closing every descriptor does not hide the exit code",
        program="import os\nos.closerange(0, 4096)\nos._exit(5)",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="",
        exit_code=5,
    ),
    Attack(
        name="closing the standard streams does not end the wait for the program",
        program="import os, time\nfor n in range(3): os.close(n)\ntime.sleep(0.3)\nos._exit(6)",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="",
        exit_code=6,
    ),
    Attack(
        name="putting other files on every descriptor does not hide the exit code",
        program="""
import os
null = os.open('/dev/null', os.O_RDWR)
for n in range(256):
    os.dup2(null, n)
os._exit(8)
""",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="",
        exit_code=8,
    ),
    Attack(
        name="a child that ends well does not stand in for a program that was killed",
        program="import os, signal\nif os.fork() == 0:\n    os.kill(os.getppid(), 9)\n    os._exit(0)\nsignal.pause()",
        ends=(ExecStatus.SIGNALED,),
        stdout="",
        signal=9,
    ),
    Attack(
        name="an orphan that ends well does not stand in for a program that failed",
        program="""
import os, time
if os.fork() == 0:
    if os.fork(): os._exit(0)
    os._exit(0)
os.wait(); time.sleep(0.1)
os._exit(3)
""",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="",
        exit_code=3,
    ),
    Attack(
        name="another program that takes the place of the interpreter speaks only for itself",
        program="import os\nos.execv('/bin/sh', ['sh', '-c', 'echo other; exit 12'])",
        ends=(ExecStatus.NONZERO_EXIT,),
        stdout="other\n",
        exit_code=12,
    ),
    Attack(
        name="what a child would print after the program's end is not printed",
        program="""
import os, time
if os.fork() == 0:
    time.sleep(1)
    os.write(1, b'late')
    os._exit(0)
print('held')
""",
        harmless=True,
    ),
    Attack(
        name="a program has three descriptors and no more",
        program="""
import os
def is_open(number):
    try: os.fstat(number)
    except OSError: return False
    return True
print("held" if [n for n in range(4096) if is_open(n)] == [0, 1, 2] else "got more")
""",
    ),
    Attack(
        name="a signal whose handler ends the program well is no way past the wall-clock limit",
        program="""
import os, signal
for number in signal.valid_signals() - {9, 19}:
    try: signal.signal(number, lambda *_: os._exit(0))
    except (OSError, ValueError): pass
signal.pthread_sigmask(signal.SIG_SETMASK, ())
while True: signal.pause()
""",
        ends=(ExecStatus.TIMEOUT,),
        stdout="",
        limits=bomb(),
    ),
    Attack(
        name="a last line that says MemoryError makes no success of a failure",
        program="import sys\nsys.stderr.write('MemoryError\\n')\nsys.exit(1)",
        ends=(ExecStatus.OUT_OF_MEMORY, ExecStatus.NONZERO_EXIT),
        stdout="",
        exit_code=1,
        limits=Limits(wall_seconds=QUICK.wall_seconds, memory_bytes=128 * MIB),
    ),
)
