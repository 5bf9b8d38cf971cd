"""Event loops, native calls, memory, time, and what else of the machine honest programs use."""

from tests.sandbox.honest.honest import Honest

PROGRAMS = (
    Honest(
        name="asyncio",
        program="""
import asyncio
async def work(n):
    await asyncio.sleep(0.01 * n)
    return n
async def main():
    async with asyncio.TaskGroup() as group: tasks = [group.create_task(work(n)) for n in (3, 1, 2)]
    print([t.result() for t in tasks], await asyncio.to_thread(lambda: 'thread'))
    try: await asyncio.wait_for(asyncio.sleep(9), 0.05)
    except TimeoutError: print('late')
asyncio.run(main())
""",
        says="[3, 1, 2] thread\nlate",
    ),
    Honest(
        name="asyncio with a program and a pipe",
        program="""
import asyncio
async def main():
    p = await asyncio.create_subprocess_exec('/bin/cat', stdin=-1, stdout=-1)
    print(await p.communicate(b'through'))
asyncio.run(main())
""",
        says="b'through'",
    ),
    Honest(
        name="asyncio with a socket of its own",
        program="""
import asyncio
async def main():
    async def serve(r, w):
        w.write((await r.readline()).upper()); w.close()
    async with await asyncio.start_unix_server(serve, 's'):
        r, w = await asyncio.open_unix_connection('s')
        w.write(b'hello\\n')
        print(await r.read())
asyncio.run(main())
""",
        says="b'HELLO\\n'",
    ),
    Honest(
        name="an interrupt of asyncio",
        program="""
import asyncio, os, signal
async def main():
    asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
    await asyncio.sleep(9)
try: asyncio.run(main())
except KeyboardInterrupt: print('interrupted')
""",
        says="interrupted",
    ),
    Honest(
        name="files mapped into memory",
        program="""
import mmap
open('m', 'wb').write(b'x' * 5000)
with open('m', 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
    m[0:3] = b'abc'
    print(m[:5], m.size(), m.find(b'c'))
""",
        says="b'abcxx' 5000 2",
    ),
    Honest(
        name="native calls",
        program="""
import ctypes
libc = ctypes.CDLL(None)
libc.strlen.restype = ctypes.c_size_t
print(libc.strlen(b'four'), ctypes.sizeof(ctypes.c_void_p))
CMP = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
a = (ctypes.c_int * 3)(3, 1, 2)
libc.qsort(a, 3, 4, CMP(lambda x, y: x[0] - y[0]))
print(list(a))
""",
        says="[1, 2, 3]",
    ),
    Honest(
        name="weak references and the collector",
        program="""
import gc, weakref
class A: pass
a = A(); a.self = a
r = weakref.ref(a, lambda _: print('gone'))
del a
print(gc.collect() > 0, r() is None)
""",
        says="gone\nTrue True",
    ),
    Honest(
        name="a hundred megabytes that are freed",
        program="""
x = [bytes(1 << 20) for _ in range(100)]
print(len(x))
del x
y = bytearray(100 << 20)
print(len(y))
""",
        says="104857600",
    ),
    Honest(
        name="limits of its own",
        program="""
import resource
r = resource.getrusage(resource.RUSAGE_SELF)
print(r.ru_maxrss > 0)
resource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print('set')
""",
        says="True\nset",
    ),
    Honest(
        name="time that passes",
        program="""
import time
a, b, c = time.monotonic(), time.perf_counter(), time.process_time()
time.sleep(0.1)
print(time.monotonic() - a >= 0.1, time.perf_counter() > b, time.process_time() - c < 0.1, time.time() > 1.7e9)
""",
        says="True True True True",
    ),
    Honest(
        name="a small interpreter of its own",
        program="""
import code
i = code.InteractiveInterpreter()
i.runsource('x = 1 + 1\\nprint(x)', '<in>', 'exec')
i.runsource('1 / 0')
""",
        says="2",
        errors=False,
    ),
    Honest(
        name="a profile of itself",
        program="""
import cProfile, pstats, io
p = cProfile.Profile()
p.runcall(sorted, range(1000))
s = io.StringIO()
pstats.Stats(p, stream=s).print_stats()
print('sorted' in s.getvalue())
""",
        says="True",
    ),
    Honest(
        name="modules found and loaded",
        program="""
import importlib, importlib.util, pkgutil, runpy
m = importlib.import_module('colorsys')
importlib.reload(m)
print(importlib.util.find_spec('nosuch'),
    len([*pkgutil.iter_modules()]) > 100, runpy.run_module('colorsys')['ONE_THIRD'])
""",
        says="None True 0.3333333333333333",
    ),
    Honest(
        name="users and machines",
        program="""
import getpass, os, platform, pwd, socket
print(bool(getpass.getuser()), bool(pwd.getpwuid(os.getuid()).pw_name), platform.system(),
    bool(socket.gethostname()), os.cpu_count() > 0, os.path.expanduser('~') != '~')
""",
        says="True True Linux True True True",
    ),
    Honest(
        name="random bytes and the null device",
        program="""
import os
print(len(os.urandom(16)), open('/dev/null').read() == '', len(open('/dev/urandom', 'rb').read(8)),
    open('/dev/zero', 'rb').read(3))
""",
        says="16 True 8 b'\\x00\\x00\\x00'",
    ),
)
