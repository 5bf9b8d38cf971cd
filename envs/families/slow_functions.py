"""The functions of `assay/Complexity-v0`: each as a quadratic program, which is shown, and as a fast one.

`@ grade | range of p | data | what it computes`, the slow body, `--`, the fast body. A body reads the list `a`, `{p}`
and `n`, its length, and returns. The data is a kind of list on which the slow body really takes quadratic time.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["DATA", "SLOW", "SlowFunction"]


@dataclass(frozen=True, slots=True)
class SlowFunction:
    """One function: its grade, the range of its parameter, the kind of its data, words, two bodies."""

    grade: int
    span: tuple[int, int]
    data: str
    says: str
    slow: str
    fast: str


_TABLE = """
@ 0 | 3..40 | spread | how many pairs of places have a sum divisible by {p}
found = 0
for i in range(n):
    for j in range(i):
        if (a[i] + a[j]) % {p} == 0:
            found += 1
return found
--
counts, found = [0] * {p}, 0
for v in a:
    found += counts[-v % {p}]
    counts[v % {p}] += 1
return found
@ 0 | 3..9 | spread | the sum of the largest numbers up to each place, each times its place modulo {p}
return sum(max(a[:i + 1]) * (i % {p}) for i in range(n))
--
total, top = 0, a[0] if a else 0
for i, v in enumerate(a):
    top = max(top, v)
    total += top * (i % {p})
return total
@ 0 | 20..90 | narrow | the sum over all places of how often the number occurred before, cut off at {p}
return sum(min(a[:i].count(v), {p}) for i, v in enumerate(a))
--
seen, total = {}, 0
for v in a:
    total += min(seen.get(v, 0), {p})
    seen[v] = seen.get(v, 0) + 1
return total
@ 1 | 3..9 | narrow | the sum over all places of how many different numbers there are from there on, each times its place modulo {p}
return sum(len(set(a[i:])) * (i % {p}) for i in range(n))
--
seen, total = set(), 0
for i in range(n - 1, -1, -1):
    seen.add(a[i])
    total += len(seen) * (i % {p})
return total
@ 1 | -6..6 | small | how many blocks of consecutive numbers have the sum {p}
found = 0
for i in range(n):
    total = 0
    for j in range(i, n):
        total += a[j]
        if total == {p}:
            found += 1
return found
--
sums, total, found = {0: 1}, 0, 0
for v in a:
    total += v
    found += sums.get(total - {p}, 0)
    sums[total] = sums.get(total, 0) + 1
return found
@ 1 | 2..50 | spread | the sum of the differences (without sign) of all pairs, modulo 1000000007, plus {p}
total = 0
for i in range(n):
    for j in range(i):
        total += abs(a[i] - a[j])
return total % 1000000007 + {p}
--
total = before = 0
for i, v in enumerate(sorted(a)):
    total += v * i - before
    before += v
return total % 1000000007 + {p}
@ 1 | 1..30 | spread | the largest rise from one number to another at least {p} places later (0 if all fall)
best = 0
for j in range(n):
    for i in range(j - {p} + 1):
        if a[j] - a[i] > best:
            best = a[j] - a[i]
return best
--
best, low = 0, None
for j in range({p}, n):
    low = a[j - {p}] if low is None else min(low, a[j - {p}])
    best = max(best, a[j] - low)
return best
@ 2 | 0..60 | spread | how many pairs of places i < j have a[i] > a[j] + {p}
found = 0
for j in range(n):
    for i in range(j):
        if a[i] > a[j] + {p}:
            found += 1
return found
--
import bisect
order = sorted(set(a))
tree, found = [0] * (len(order) + 1), 0
for j, v in enumerate(a):
    at, below = bisect.bisect_right(order, v + {p}), 0
    while at:
        below += tree[at]
        at -= at & -at
    found += j - below
    at = bisect.bisect_left(order, v) + 1
    while at <= len(order):
        tree[at] += 1
        at += at & -at
return found
@ 2 | 3..5 | spread | the sum of largest minus smallest over all blocks of n // {p} + 1 consecutive numbers
k, total = n // {p} + 1, 0
for i in range(n - k + 1):
    total += max(a[i:i + k]) - min(a[i:i + k])
return total
--
from collections import deque
k, total = n // {p} + 1, 0
for sign in (1, -1):
    line = deque()
    for i, v in enumerate(a):
        while line and sign * a[line[-1]] <= sign * v:
            line.pop()
        line.append(i)
        if line[0] <= i - k:
            line.popleft()
        if i >= k - 1:
            total += sign * a[line[0]]
return total
@ 2 | 3..6 | counts | the length of the longest block of consecutive numbers (none is negative) whose sum is at most a {p}th of the sum of all
limit, best = sum(a) // {p}, 0
for i in range(n):
    total = 0
    for j in range(i, n):
        total += a[j]
        if total > limit:
            break
        best = max(best, j - i + 1)
return best
--
limit, best, total, i = sum(a) // {p}, 0, 0, 0
for j, v in enumerate(a):
    total += v
    while total > limit:
        total -= a[i]
        i += 1
    best = max(best, j - i + 1)
return best
@ 2 | 2..9 | spread | the length of the longest block with as many numbers divisible by {p} as others, the former counted {p} - 1 times
best = 0
for i in range(n):
    balance = 0
    for j in range(i, n):
        balance += {p} - 1 if a[j] % {p} == 0 else -1
        if balance == 0:
            best = max(best, j - i + 1)
return best
--
first, balance, best = {0: -1}, 0, 0
for j, v in enumerate(a):
    balance += {p} - 1 if v % {p} == 0 else -1
    best = max(best, j - first.setdefault(balance, j))
return best
@ 3 | 1..9 | spread | the length of the longest subsequence (not necessarily consecutive) in which each number exceeds the one before it by at least {p}
length = []
for i in range(n):
    best = 0
    for j in range(i):
        if a[i] - a[j] >= {p} and length[j] > best:
            best = length[j]
    length.append(best + 1)
return max(length, default=0)
--
import bisect
ends = []
for v in a:
    at = bisect.bisect_right(ends, v - {p})
    if at == len(ends):
        ends.append(v)
    elif v < ends[at]:
        ends[at] = v
return len(ends)
@ 3 | 2..9 | falling | the sum of the distances from each place back to the nearest one with a smaller number, each times its place modulo {p} (0 where there is none)
total = 0
for i in range(n):
    j = i - 1
    while j >= 0 and a[j] >= a[i]:
        j -= 1
    if j >= 0:
        total += (i - j) * (i % {p})
return total
--
total, stack = 0, []
for i, v in enumerate(a):
    while stack and a[stack[-1]] >= v:
        stack.pop()
    if stack:
        total += (i - stack[-1]) * (i % {p})
    stack.append(i)
return total
@ 3 | 100..900 | spread | the largest number of elements in a window of values from x to x + {p} times 100, for any x
best = 0
for v in a:
    inside = sum(1 for w in a if v <= w <= v + {p} * 100)
    best = max(best, inside)
return best
--
order, best, i = sorted(a), 0, 0
for j, w in enumerate(order):
    while w - order[i] > {p} * 100:
        i += 1
    best = max(best, j - i + 1)
return best
@ 4 | 2..30 | spread | the sum of the smallest number of every block of consecutive numbers, modulo 1000000007, plus {p}
total = 0
for i in range(n):
    low = a[i]
    for j in range(i, n):
        low = min(low, a[j])
        total += low
return total % 1000000007 + {p}
--
total, stack, running = 0, [], 0
for v in a:
    width = 1
    while stack and stack[-1][0] >= v:
        w, m = stack.pop()
        running -= w * m
        width += m
    stack.append((v, width))
    running += v * width
    total += running
return total % 1000000007 + {p}
@ 4 | 3..40 | narrow | the sum over all places i, each times i modulo 7, of how many different numbers there are in the block between i and (i * {p} + 1) modulo n, both included
total = 0
for i in range(n):
    low, high = sorted((i, (i * {p} + 1) % n))
    total += len(set(a[low:high + 1])) * (i % 7)
return total
--
asked = [[] for _ in range(n)]
for i in range(n):
    low, high = sorted((i, (i * {p} + 1) % n))
    asked[high].append((low, i % 7))
tree, last, total = [0] * (n + 1), {}, 0
def change(at, by):
    at += 1
    while at <= n:
        tree[at] += by
        at += at & -at
def upto(at):
    found = 0
    while at:
        found += tree[at]
        at -= at & -at
    return found
for j, v in enumerate(a):
    if v in last:
        change(last[v], -1)
    last[v] = j
    change(j, 1)
    for low, weight in asked[j]:
        total += (upto(j + 1) - upto(low)) * weight
return total
@ 4 | 2..60 | spread | how many pairs of places have the first at least {p} places before the second and the smaller number at the first
found = 0
for j in range(n):
    for i in range(j - {p} + 1):
        if a[i] < a[j]:
            found += 1
return found
--
import bisect
order = sorted(set(a))
place = {v: i for i, v in enumerate(order, 1)}
tree, found = [0] * (len(order) + 1), 0
for j in range({p}, n):
    at = place[a[j - {p}]]
    while at <= len(order):
        tree[at] += 1
        at += at & -at
    at = place[a[j]] - 1
    while at:
        found += tree[at]
        at -= at & -at
return found
"""  # noqa: E501


def _read(table: str) -> tuple[SlowFunction, ...]:
    functions = []
    for part in f"\n{table.strip()}".split("\n@ ")[1:]:
        head, _, code = part.partition("\n")
        grade, span, data, says = head.split(" | ")
        slow, _, fast = code.strip().partition("\n--\n")
        low, _, high = span.partition("..")
        functions.append(SlowFunction(int(grade), (int(low), int(high)), data, says, slow, fast))
    return tuple(functions)


SLOW = _read(_TABLE)


def _drawn(low: int, high: int) -> Callable[[random.Random, int], list[int]]:
    return lambda rng, size: [low + int(rng.random() * (high - low + 1)) for _ in range(size)]


def _falling(rng: random.Random, size: int) -> list[int]:
    """Two small numbers, then numbers that fall but for a little: what is smaller lies far back."""
    small = [int(rng.random() * 9) for _ in range(min(size, 2))]
    return small + [20 + size - i + int(rng.random() * 3) for i in range(2, size)]


DATA: dict[str, Callable[[random.Random, int], list[int]]] = {
    "spread": _drawn(-1_000_000, 1_000_000),
    "narrow": lambda rng, size: _drawn(0, max(size // 50, 5))(rng, size),
    "small": _drawn(-5, 5),
    "counts": _drawn(0, 9),
    "falling": _falling,
}
"""Random lists by kind, given a generator and a size."""
