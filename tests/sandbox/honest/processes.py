"""Threads, processes, pools and other programs, as honest programs use them."""

from tests.sandbox.honest.honest import Honest

POOL = """
import multiprocessing as mp
def square(n): return n * n
if __name__ == "__main__":
    mp.set_start_method("{method}")
    with mp.Pool(2) as pool:
        print(pool.map(square, range(10)), pool.apply(square, (5,)), [*pool.imap_unordered(square, [3])])
"""
PROCESS = """
import multiprocessing as mp, os
def work(queue, pipe, value, lock):
    queue.put(["from", mp.current_process().name, os.getpid() != 0])
    pipe.send({{"a": 1}})
    with lock: value.value += 5
if __name__ == "__main__":
    context = mp.get_context("{method}")
    queue, value, lock = context.Queue(), context.Value("i", 1), context.Lock()
    near, far = context.Pipe()
    process = context.Process(target=work, args=(queue, far, value, lock), name="child")
    process.start()
    print(queue.get(timeout=10), near.recv())
    process.join()
    print(process.exitcode, value.value)
"""

PROGRAMS = (
    *[
        Honest(name=f"a pool of processes by {method}", program=POOL.format(method=method), says="[0, 1, 4, 9,")
        for method in ("fork", "spawn", "forkserver")
    ],
    *[
        Honest(
            name=f"a process with queue, pipe, value and lock by {method}",
            program=PROCESS.format(method=method),
            says="0 6",
        )
        for method in ("fork", "spawn", "forkserver")
    ],
    Honest(
        name="an executor of processes",
        program="""
from concurrent.futures import ProcessPoolExecutor
def f(n): return n + 1
if __name__ == '__main__':
    with ProcessPoolExecutor(2) as pool: print([*pool.map(f, range(5))], pool.submit(f, 9).result())
""",
        says="[1, 2, 3, 4, 5] 10",
    ),
    Honest(
        name="an executor of threads",
        program="""
from concurrent.futures import ThreadPoolExecutor, as_completed
with ThreadPoolExecutor(8) as pool:
    jobs = [pool.submit(pow, n, 2) for n in range(20)]
    print(sorted(j.result() for j in as_completed(jobs)))
""",
        says="361]",
    ),
    Honest(
        name="an error of a process that comes back",
        program="""
import multiprocessing as mp
def f(n): return 1 // n
if __name__ == '__main__':
    with mp.get_context('fork').Pool(1) as pool:
        try: pool.map(f, [0])
        except ZeroDivisionError as e: print('came back', e)
""",
        says="came back",
    ),
    Honest(
        name="a manager and its shared objects",
        program="""
import multiprocessing as mp
def f(d, n): d[n] = n * n
if __name__ == '__main__':
    with mp.Manager() as m:
        d = m.dict()
        ps = [mp.Process(target=f, args=(d, n)) for n in range(3)]
        for p in ps: p.start()
        for p in ps: p.join()
        print(sorted(d.items()))
""",
        says="[(0, 0), (1, 1), (2, 4)]",
    ),
    Honest(
        name="memory that processes share",
        program="""
from multiprocessing import Array, Process, shared_memory
def f(a): a[0] = 7
if __name__ == '__main__':
    a = Array('i', 3)
    p = Process(target=f, args=(a,)); p.start(); p.join()
    s = shared_memory.SharedMemory(create=True, size=10)
    s.buf[:2] = b'ab'
    print(a[:], bytes(s.buf[:2]))
    s.close(); s.unlink()
""",
        says="[7, 0, 0] b'ab'",
    ),
    Honest(
        name="a process that ends by itself",
        program="""
import multiprocessing as mp, os, sys
def f(): sys.exit(3)
def g(): os.kill(os.getpid(), 15)
if __name__ == '__main__':
    for t in (f, g):
        p = mp.Process(target=t); p.start(); p.join(); print(p.exitcode)
""",
        says="3\n-15",
    ),
    Honest(
        name="threads with locks, events, conditions and barriers",
        program="""
import queue, threading
box, lock, go, line = queue.Queue(), threading.Lock(), threading.Event(), threading.Barrier(4)
total = 0
def work(n):
    global total
    go.wait(); line.wait()
    for _ in range(1000):
        with lock: total += 1
    box.put(n)
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for one in threads: one.start()
go.set()
for one in threads: one.join()
print(total, sorted(box.queue), threading.active_count())
""",
        says="4000 [0, 1, 2, 3] 1",
    ),
    Honest(
        name="a timer",
        program="import threading\nt = threading.Timer(0.05, print, ['tick'])\nt.start(); t.join()\nprint('end')",
        says="tick\nend",
    ),
    Honest(
        name="values of a thread of its own",
        program="""
import threading, contextvars
l, v = threading.local(), contextvars.ContextVar('v', default=0)
l.x = 1
t = threading.Thread(target=lambda: print(hasattr(l, 'x'), v.get()))
t.start(); t.join()
""",
        says="False 0",
    ),
    Honest(
        name="another program",
        program="""
import subprocess
print(subprocess.run(['/bin/sh', '-c', 'cat; echo err >&2; exit 3'], input='fed', capture_output=True, text=True))
""",
        says="returncode=3, stdout='fed', stderr='err\\n'",
    ),
    Honest(
        name="another program by its name",
        program="""
import os, shutil, subprocess
print(subprocess.check_output('echo $((6 * 7))', shell=True), os.system('exit 2') >> 8,
    os.popen('echo popped').read(), bool(shutil.which('sh')))
""",
        says="b'42\\n' 2 popped",
    ),
    Honest(
        name="the interpreter as another program",
        program="""
import subprocess, sys
text = 'import json, sys; print(json.dumps(sys.argv[1:]))'
print(subprocess.run([sys.executable, '-c', text, 'a'], capture_output=True, text=True).stdout)
""",
        says='["a"]',
    ),
    Honest(
        name="itself as another program",
        program="""
import subprocess, sys
if len(sys.argv) > 1: print('inner', sys.argv[1])
else: print(subprocess.run([sys.executable, __file__, 'x'], capture_output=True, text=True).stdout)
""",
        says="inner x",
    ),
    Honest(
        name="a late end of another program",
        program="""
import subprocess
p = subprocess.Popen(['sleep', '30'])
try: p.wait(0.1)
except subprocess.TimeoutExpired: p.kill()
print(p.wait())
""",
        says="-9",
    ),
    Honest(
        name="fork and wait",
        program="""
import os
pids = []
for n in range(4):
    pid = os.fork()
    if pid == 0: os._exit(n)
    pids.append(pid)
print([os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]) for p in pids])
""",
        says="[0, 1, 2, 3]",
    ),
    Honest(
        name="fork and pipe",
        program="""
import os
r, w = os.pipe()
if os.fork() == 0:
    os.write(w, b'x' * 100)
    os._exit(0)
os.close(w)
print(len(open(r, 'rb').read()), os.wait()[1])
""",
        says="100 0",
    ),
    Honest(
        name="a pair of sockets",
        program="import socket\na, b = socket.socketpair()\na.sendall(b'hi')\nprint(b.recv(9), a.family.name)",
        says="b'hi' AF_UNIX",
    ),
    Honest(
        name="a child that gets SIGCHLD handled",
        program="""
import os, signal, time
signal.signal(signal.SIGCHLD, lambda *_: print('child ended', flush=True))
if os.fork() == 0: os._exit(0)
time.sleep(0.3)
os.wait()
""",
        says="child ended",
    ),
    Honest(
        name="selectors and pipes",
        program="""
import os, selectors
r, w = os.pipe()
s = selectors.DefaultSelector()
s.register(r, selectors.EVENT_READ, 'data')
print(s.select(0))
os.write(w, b'x')
print([(k.data, e) for k, e in s.select(1)])
""",
        says="[('data', 1)]",
    ),
)
