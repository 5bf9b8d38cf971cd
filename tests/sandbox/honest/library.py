"""What honest programs do with the standard library's data and text."""

from tests.sandbox.honest.honest import Honest

PROGRAMS = (
    Honest(
        name="decimals and fractions",
        program="""
from decimal import *
from fractions import Fraction
getcontext().prec = 50
print(Decimal(2).sqrt(), Fraction(1, 3) + Fraction(1, 6), Decimal('NaN'))
""",
        says="1.4142135623730950488016887242096980785696718753769",
    ),
    Honest(
        name="large numbers",
        program="""
import math, sys
sys.set_int_max_str_digits(0)
print(len(str(7 ** 20_000)), math.factorial(50), pow(3, -1, 7), math.isqrt(10 ** 40))
""",
        says="16902",
    ),
    Honest(
        name="places and their languages",
        program="""
import locale
print(locale.setlocale(locale.LC_ALL, 'C'), locale.format_string('%d', 1234567, grouping=True), f'{1234567:,}')
""",
        says="1,234,567",
    ),
    Honest(
        name="zones of time",
        program="""
from datetime import datetime, timezone
from zoneinfo import ZoneInfo
print(datetime(2024, 7, 1, tzinfo=timezone.utc).astimezone(ZoneInfo('Europe/Zurich')))
""",
        says="2024-07-01 02:00:00+02:00",
    ),
    Honest(
        name="dates",
        program="""
from datetime import *
import calendar, time
print(date(2024, 2, 29) + timedelta(365), calendar.monthrange(2024, 2), time.gmtime(0).tm_year,
    datetime.fromisoformat('2024-01-01T00:00:00Z'))
""",
        says="2025-02-28",
    ),
    Honest(
        name="logging",
        program="""
import logging
logging.basicConfig(level=logging.INFO, format='%(levelname)s:%(name)s:%(filename)s:%(lineno)d:%(message)s')
logging.info('hello')
logging.getLogger('x').warning('careful')
try: 1 / 0
except ZeroDivisionError: logging.exception('failed')
""",
    ),
    Honest(
        name="contexts",
        program="""
from contextlib import *
@contextmanager
def tag(name):
    print('<', name)
    try: yield name
    finally: print('>', name)
with ExitStack() as stack, suppress(KeyError):
    [stack.enter_context(tag(n)) for n in 'ab']
    {}['x']
print('after')
""",
        says="> b\n> a\nafter",
    ),
    Honest(
        name="temporary files",
        program="""
import os, tempfile
with tempfile.TemporaryDirectory() as d, tempfile.NamedTemporaryFile('w+', dir=d) as f:
    f.write('x'); f.flush()
    print(open(f.name).read(), os.listdir(d) == [os.path.basename(f.name)])
print(os.path.exists(d), os.path.isdir(tempfile.gettempdir()))
""",
        says="x True\nFalse True",
    ),
    Honest(
        name="a database in memory and in a file",
        program="""
import sqlite3
for name in (':memory:', 'db.sqlite'):
    with sqlite3.connect(name) as c:
        c.execute('create table t (a integer primary key, b text)')
        c.executemany('insert into t (b) values (?)', [('x',), ('y',)])
        print(c.execute('select * from t order by a desc').fetchall())
""",
        says="[(2, 'y'), (1, 'x')]",
    ),
    Honest(
        name="packed files",
        program="""
import bz2, gzip, io, lzma, zipfile, zlib
d = b'x' * 10_000
print([m.decompress(m.compress(d)) == d for m in (bz2, gzip, lzma, zlib)])
b = io.BytesIO()
with zipfile.ZipFile(b, 'w') as z: z.writestr('a', 'b')
print(zipfile.ZipFile(b).read('a'))
""",
        says="[True, True, True, True]",
    ),
    Honest(
        name="digests and secrets",
        program="""
import hashlib, hmac, secrets, uuid
print(hashlib.sha256(b'x').hexdigest(), hmac.new(b'k', b'm', 'md5').hexdigest(),
    len(secrets.token_hex(8)), uuid.uuid5(uuid.NAMESPACE_DNS, 'x'))
""",
        says="2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    ),
    Honest(
        name="random numbers of a seed of its own",
        program="""
import random
random.seed(7)
print(random.random(), random.sample(range(100), 5), random.Random(3).gauss(0, 1))
""",
        says="0.32383276483316237",
    ),
    Honest(name="hashes of a fixed seed", program="print(hash('abc'), list({'b', 'a', 'c', 'd'}))", says="["),
    Honest(
        name="heaps, counters and the like",
        program="""
import bisect, heapq, itertools, operator
from collections import *
h = [3, 1, 2]
heapq.heapify(h)
print(heapq.nsmallest(2, h), Counter('aab').most_common(), deque([1, 2], 1), bisect.bisect([1, 3],
    2), [*itertools.pairwise('abc')], ChainMap({1: 2})[1], operator.itemgetter(1)('ab'), defaultdict(list)['x'])
""",
        says="[('a', 2), ('b', 1)]",
    ),
    Honest(
        name="patterns of text",
        program="""
import re, string, textwrap
print(re.sub(r'(\\w+) (\\w+)', r'\\2 \\1', 'a b'), re.findall(r'\\d+', '1 22'),
    string.Template('$x').substitute(x=1), textwrap.fill('word ' * 9, 20))
""",
        says="b a ['1', '22'] 1",
    ),
    Honest(
        name="data as text",
        program="""
import ast, csv, io, json, tomllib
print(json.dumps({'a': [1, None, 'ä']}, indent=1), ast.literal_eval('(1, {2})'),
    tomllib.loads('a = 1'), [*csv.reader(io.StringIO('a,"b c"'))])
""",
        says="{'a': 1}",
    ),
)
