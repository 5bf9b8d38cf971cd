"""Bombs in the source itself, in what it makes the compiler do, and in single expressions."""

from assaygym.sandbox import ExecStatus
from tests.sandbox.attacks.attack import Attack, bomb

FAILED = (ExecStatus.NONZERO_EXIT, ExecStatus.OUT_OF_MEMORY, ExecStatus.SIGNALED, ExecStatus.TIMEOUT)
SHOWN = (*FAILED, ExecStatus.OUTPUT_LIMIT)
"""The message of an error may hold the whole line."""
ANY_END = (ExecStatus.OK, *SHOWN)
NEXT = "print('held')"
ROOMY = bomb(wall=4, memory_mib=256)


def crash(name: str, program: str, *, after: str = NEXT) -> Attack:
    """A source that the compiler cannot take, whatever it does about it."""
    return Attack(name=name, program=program, ends=SHOWN, stdout="", limits=ROOMY, after=after)


def heavy(name: str, program: str, ends: tuple[ExecStatus, ...] = (ExecStatus.TIMEOUT,)) -> Attack:
    """A short program that asks for more than there is."""
    return Attack(name=name, program=program, ends=ends, stdout="", limits=bomb(memory_mib=128), after=NEXT)


ATTACKS = (
    crash("parentheses without end crash at most the run", "(" * 50_000),
    crash("brackets that are closed again crash at most the run", "x = " + "[" * 5_000 + "]" * 5_000),
    crash("signs without end crash at most the run", "x = " + "-" * 200_000 + "1"),
    crash("negations without end crash at most the run", "x = " + "not " * 100_000 + "1"),
    crash("a sum of very many terms crashes at most the run", "a = 1\nx = " + "+".join(["a"] * 100_000)),
    crash("a chain of very many attributes crashes at most the run", "x = a" + ".b" * 100_000),
    crash("a chain of very many calls crashes at most the run", "def f(): return f\nx = f" + "()" * 100_000),
    crash(
        "blocks in blocks crash at most the run",
        "".join(
            " " * n
            + """
if 1:
"""
            for n in range(400)
        )
        + " " * 400
        + "x = 1",
    ),
    crash(
        "loops in loops crash at most the run",
        "".join(
            " " * n
            + """
for x in y:
"""
            for n in range(60)
        )
        + " " * 60
        + "x = 1",
    ),
    crash("functions in functions crash at most the run", "x = " + "lambda: " * 20_000 + "1"),
    crash("a number of too many digits is an error of the program", "x = " + "9" * 100_000),
    crash("a null character in the source is an error of the program", "print('x')\n\0print('y')"),
    crash("half a character in the source is an error of the program", "print('\ud800')\nx = '\udfff'"),
    crash("an unknown encoding is an error of the program", "# coding: no-such-thing\nprint(1/0)"),
    crash("an encoding of other things than text is an error of the program", "# coding: hex\nprint(1/0)"),
    crash("a yield outside of a function is an error of the program", "print('x')\nyield 1"),
    crash("a future that never comes is an error of the program", "from __future__ import braces\nprint('x')"),
    Attack(
        name="a source of ten million characters of text works",
        program=f"x = '{'x' * 10_000_000}'\nprint('held' if len(x) == 10_000_000 else len(x))",
        limits=ROOMY,
    ),
    Attack(
        name="a comment of ten million characters works",
        program="""

print('held')
""",
        limits=ROOMY,
    ),
    Attack(
        name="a list of very many constants works or fails alone",
        program="x = [" + "1.5," * 300_000 + "]\nprint('held')",
        ends=(ExecStatus.OK, *FAILED),
        stdout=None,
        limits=ROOMY,
        after=NEXT,
    ),
    Attack(
        name="an error in a line of a million characters floods nobody",
        program="x = " + "a" * 1_000_000 + " b",
        ends=(ExecStatus.NONZERO_EXIT, ExecStatus.OUTPUT_LIMIT),
        stdout="",
        limits=ROOMY,
    ),
    Attack(
        name="an encoding that hides code from the reader runs as the interpreter reads it or not at all",
        program="# coding: utf-7\nprint('held')\n#+AAo-print('hidden')",
        ends=(ExecStatus.OK, ExecStatus.NONZERO_EXIT),
        stdout=None,
        after=NEXT,
    ),
    Attack(
        name="marks, ends of page and old ends of lines are no hindrance",
        program="\ufeff\f\nprint('he', end='')\r\n" + "print('ld')\r",
    ),
    Attack(name="an empty source is a program that does nothing", program="", stdout=""),
    Attack(
        name="a source of white space alone is a program that does nothing",
        program=" \n\t\n\f\n   # nothing",
        stdout="",
    ),
    Attack(
        name="flags of the sandbox's own sources are not those of the program",
        program="def f(x: print('held') = 1): pass\nassert __debug__ and f.__annotations__ == {'x': None}",
    ),
    heavy("a power of a power ends at the wall-clock limit", "x = 10 ** 10 ** 8\nprint(len(str(x)))", FAILED),
    heavy(
        "a power that the compiler might fold ends", "x = (2 ** 2 ** 2 ** 2 ** 2 ** 2) * ((10 ** 10 ** 10) % 7)", FAILED
    ),
    heavy("a text of ten gigabytes is refused", "x = 'a' * 10 ** 10", (ExecStatus.OUT_OF_MEMORY,)),
    heavy("a text of a huge width is refused", "x = '%9999999999d' % 1", FAILED),
    heavy("a format of a huge width is refused", "x = f'{1:>{10 ** 10}}'", FAILED),
    heavy("a shift without measure is refused", "x = 1 << 10 ** 15", FAILED),
    heavy(
        "a pattern that goes back and forth ends at the wall-clock limit",
        """
import re
re.match('(a+)+$', 'a' * 60 + 'b')
""",
    ),
    heavy(
        "a pattern of huge counts ends",
        """
import re
re.compile('(?:(?:(?:a{1,1000}){1,1000}){1,1000}){1,1000}$').match('a' * 10 ** 6)
""",
        ANY_END,
    ),
    heavy(
        "a packed gigabyte is refused",
        """
import zlib
d = zlib.decompress(zlib.compress(b'0' * (1 << 24)) )
x = [d * 64]
""",
        FAILED,
    ),
    heavy("an endless sum ends at the wall-clock limit", "import itertools\nprint(sum(itertools.count()))"),
    heavy(
        "an endless test of membership ends at the wall-clock limit",
        """
import itertools
print(-1 in itertools.count())
""",
    ),
    heavy("an endless list ends", "import itertools\nx = list(itertools.repeat(0))", FAILED),
    heavy("a permutation of everything ends", "import itertools\nx = [*itertools.permutations(range(20))]", FAILED),
    heavy(
        "sorting with a comparison that grows the list ends",
        """
x = [3, 2, 1]
x.sort(key=lambda n: x.append(n))
""",
        FAILED,
    ),
    heavy(
        "entities that grow a billionfold end",
        """
import xml.etree.ElementTree as e
t = ''.join(f'<!ENTITY a{n} "' + f'&a{n - 1};' * 10 + '">' for n in range(1, 12))
e.fromstring(f'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">{t}]><x>&a11;</x>')
""",
        FAILED,
    ),
    Attack(
        name="data nested without end is an error of the program",
        program="import json\ntry: json.loads('[' * 100_000)\nexcept RecursionError: print('held')",
    ),
    Attack(
        name="a pickle that runs commands runs them as the program may",
        program="""
import os, pickle
class Run:
    def __reduce__(self): return os.getenv, ('{{SECRET_ENV}}', 'held')
print(pickle.loads(pickle.dumps(Run())))
""",
        harmless=True,
    ),
    Attack(
        name="code nested without end that is compiled by the program crashes at most its run",
        program="""
import ast
try:
    ast.literal_eval('-' * 100_000 + '1')
except (MemoryError, RecursionError, SyntaxError): pass
try: eval('(' * 300 + ')' * 300)
except (MemoryError, SyntaxError): print('held')
""",
        ends=(ExecStatus.OK, ExecStatus.SIGNALED),
        stdout=None,
        limits=ROOMY,
        after=NEXT,
    ),
    Attack(
        name="an input of four million lines is read",
        program="import sys\nprint('held' if sum(1 for _ in sys.stdin) == 4_000_000 else 'lost')",
        stdin="\n" * 4_000_000,
    ),
)
