"""Standard input and output in every style that honest programs have."""

from assaygym.sandbox import Limits
from tests.sandbox.honest.honest import Honest

MIB = 1 << 20
NUMBERS = "3 4\n5 6\n"

PROGRAMS = (
    Honest(
        name="input() until the end",
        program="try:\n    while True: print(sum(map(int, input().split())))\nexcept EOFError: print('end')",
        stdin=NUMBERS,
        says="7\n11\nend",
    ),
    Honest(
        name="input() with a question", program="print(input('a? ') + input('b? '))", stdin="1\n2\n", says="a? b? 12"
    ),
    Honest(
        name="all of stdin at once",
        program="import sys\nprint(sys.stdin.read().split())",
        stdin=NUMBERS,
        says="['3', '4', '5', '6']",
    ),
    Honest(
        name="stdin as bytes",
        program="import sys\nprint(sys.stdin.buffer.read(), sys.stdin.buffer.readline())",
        stdin=NUMBERS,
        says="b'3 4",
    ),
    Honest(
        name="stdin by lines",
        program="import sys\nfor line in sys.stdin: print(repr(line))\nprint(sys.stdin.readline() == '')",
        stdin=NUMBERS,
        says="True",
    ),
    Honest(
        name="stdin by readlines",
        program="from sys import stdin\nprint(len(stdin.readlines()))",
        stdin=NUMBERS,
        says="2",
    ),
    Honest(name="stdin by its number", program="print(open(0).read().split())", stdin=NUMBERS, says="['3'"),
    Honest(
        name="stdin by its number as bytes",
        program="print(open(0, 'rb', buffering=0, closefd=False).read(2), open(0, 'rb', closefd=False).read())",
        stdin=NUMBERS,
        says="b'3 '",
    ),
    Honest(name="stdin by the kernel's call", program="import os\nprint(os.read(0, 100))", stdin=NUMBERS, says="b'3 4"),
    Honest(
        name="stdin by fileinput",
        program="import fileinput\nfor line in fileinput.input(): print(fileinput.lineno(), line, end='')",
        stdin=NUMBERS,
        says="2 5 6",
    ),
    Honest(
        name="stdin to the end after a first line",
        program="import sys\nn = int(input())\nprint([int(x) for x in sys.stdin.read().split()][:n])",
        stdin="2\n7\n8\n9\n",
        says="[7, 8]",
    ),
    Honest(
        name="stdin by a reader of one's own",
        program="""
import io, os
buffer = io.BytesIO(os.read(0, os.fstat(0).st_size or 1 << 16))
input = lambda: buffer.readline().decode()
print(input(), input())
""",
        stdin=NUMBERS,
        says="3 4",
    ),
    Honest(
        name="no stdin at all",
        program="import sys\nprint(repr(sys.stdin.read()))\ntry: input()\nexcept EOFError as error: print(error)",
        says="''",
    ),
    Honest(
        name="five megabytes of stdin",
        program="import sys\nprint(sum(len(line) for line in sys.stdin))",
        stdin="0123456789\n" * 500_000,
        says="5500000",
    ),
    Honest(
        name="stdin in another script", program="print(input()[::-1], len(input()))", stdin="äöü€\n🙂é\n", says="€üöä 2"
    ),
    Honest(name="stdin without a last line end", program="print(input())\nprint(input())", stdin="a\nb", says="b"),
    Honest(
        name="stdin with carriage returns",
        program="import sys\nprint([*sys.stdin], sys.stdin.newlines)",
        stdin="a\r\nb\rc\n",
        says="['a\\r\\n', 'b\\rc\\n']",
    ),
    Honest(
        name="stdin asked what it is",
        program="""
import sys
print(sys.stdin.isatty(), sys.stdin.seekable(), sys.stdin.fileno(), sys.stdin.readable(), sys.stdin.name)
""",
        says="False False 0 True <stdin>",
    ),
    Honest(
        name="stdout in every way",
        program="""
import os, sys
print('a', end='')
sys.stdout.write('b')
sys.stdout.flush()
sys.stdout.buffer.write(b'c\\n')
sys.stdout.buffer.flush()
os.write(1, b'd\\n')
""",
        says="abc\nd\n",
    ),
    Honest(
        name="stdout through files of one's own that are never flushed",
        program="""
kept = open(1, 'w', closefd=False)
kept.write('kept\\n')
bare = open(1, 'wb', closefd=False)
bare.write(b'bare\\n')
""",
        says="kept",
    ),
    Honest(
        name="stdout by pieces without an end",
        program="import sys\nfor n in range(1000): sys.stdout.write(str(n))\nsys.stdout.write('x  \\t')",
        says="999x  \t",
    ),
    Honest(
        name="a function bound to print",
        program="from functools import partial\nsay = partial(print, sep='-', end='|\\n')\nsay(1, 2)",
        says="1-2|",
    ),
    Honest(
        name="stdout replaced for a while",
        program="""
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as box: print('hidden')
print(box.getvalue().upper())
""",
        says="HIDDEN",
    ),
    Honest(
        name="stdout joined at the end",
        program="import io, sys\nsys.stdout = io.StringIO()\nprint('x')\nsys.__stdout__.write(sys.stdout.getvalue())",
        says="x",
    ),
    Honest(
        name="stdout set up anew",
        program="import sys\nsys.stdout.reconfigure(line_buffering=True, errors='replace')\nprint('ä\\ud800')",
        says="ä?",
    ),
    Honest(
        name="stdout wrapped anew",
        program="""
import io, sys
sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8', write_through=True)
print('ü')
""",
        says="ü",
    ),
    Honest(
        name="output that is written at exit",
        program="import atexit\natexit.register(print, 'first')\natexit.register(print, 'second')\nprint('body')",
        says="body\nsecond\nfirst",
    ),
    Honest(
        name="output of finalizers at exit",
        program="class Late:\n    def __del__(self): print('deleted', flush=True)\nlate = Late()\nprint('body')",
        says="body\ndeleted",
    ),
    Honest(
        name="output of a thread that outlives the main one",
        program="""
import threading, time
def work():
    time.sleep(0.2)
    print('late')
threading.Thread(target=work).start()
print('body')
""",
        says="body\nlate",
    ),
    Honest(
        name="a thread that is a daemon and prints no more",
        program="""
import threading, time
def work():
    time.sleep(5)
    print('never')
threading.Thread(target=work, daemon=True).start()
print('body')
""",
        says="body",
    ),
    Honest(
        name="output of a child",
        program="""
import os, sys
sys.stdout.flush()
if os.fork() == 0:
    print('child')
    sys.stdout.flush()
    os._exit(0)
os.wait()
print('parent')
""",
        says="child\nparent",
    ),
    Honest(
        name="ten megabytes of output",
        program="print('0123456789' * (1 << 20))",
        limits=Limits(wall_seconds=20, output_bytes=16 * MIB),
        says="0123456789",
    ),
    Honest(
        name="ten megabytes of lines",
        program="for n in range(1_000_000): print(n, 'xyz')",
        limits=Limits(wall_seconds=20, output_bytes=16 * MIB),
        says="999999 xyz",
    ),
    Honest(
        name="output in every script",
        program="print('ß', 'Ω', 'ж', '漢', '🙂', '\\u202e', '\\x00', '\\x7f')",
        says="漢",
    ),
    Honest(name="output that no encoding takes", program="print('a')\nprint('\\ud800')", says="a"),
    Honest(
        name="errors and warnings on stderr",
        program="""
import sys, warnings
print('e', file=sys.stderr)
warnings.warn('careful')
warnings.warn('old', DeprecationWarning)
sys.stderr.write('no end')
""",
    ),
    Honest(name="a warning from the compiler", program="x = 1 is 1\nprint(x, '\\d')", says="True"),
    Honest(
        name="stdout closed by the program", program="import sys\nprint('x', flush=True)\nsys.stdout.close()", says="x"
    ),
    Honest(name="stderr closed by the program", program="import sys\nsys.stderr.close()\nprint('x')", says="x"),
    Honest(name="binary output", program="import sys\nsys.stdout.buffer.write(bytes(range(128)))", says="\x01"),
    Honest(
        name="a progress bar",
        program="import sys\nfor n in range(5): print(f'\\r{n}', end='', file=sys.stderr, flush=True)\nprint('done')",
        says="done",
    ),
    Honest(
        name="pretty printing",
        program="import pprint\npprint.pprint({n: list(range(n)) for n in range(20)}, width=60)",
        says="19: [",
    ),
)
