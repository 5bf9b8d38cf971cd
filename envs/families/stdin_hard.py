"""Problems of grades 2 to 4 for `assay/StdinStdout-v0`, in the form that `stdin_problems` reads.

`@ shape | grade | range of p | what it asks`, the fast solution, `--`, the slow one.
"""

from __future__ import annotations

__all__ = ["TABLE"]

TABLE = r"""
@ list | 2 | 1..4 | Print the largest sum of a block of at least {p} consecutive numbers of the list; where the list has fewer than {p} numbers, print the sum of them all.
sums = [0]
for w in a:
    sums.append(sums[-1] + w)
out, low = None, None
for j in range({p}, len(a) + 1):
    low = sums[j - {p}] if low is None else min(low, sums[j - {p}])
    out = sums[j] - low if out is None else max(out, sums[j] - low)
out = sums[-1] if out is None else out
--
found = [sum(a[i:j]) for i in range(len(a)) for j in range(i + {p}, len(a) + 1)]
out = max(found) if found else sum(a)
@ list | 2 | 0..5 | Print the number of pairs of positions i < j for which the number at i is greater than the number at j plus {p}.
import bisect
seen, out = [], 0
for w in a:
    out += len(seen) - bisect.bisect_right(seen, w + {p})
    bisect.insort(seen, w)
--
out = sum(a[i] > a[j] + {p} for j in range(len(a)) for i in range(j))
@ string | 2 | 2..5 | Print how many blocks of consecutive letters are palindromes of at least {p} letters; equal blocks at different places count each.
out = 0
for m in range(2 * len(s) - 1):
    i, j = m // 2, (m + 1) // 2
    while i >= 0 and j < len(s) and s[i] == s[j]:
        out += j - i + 1 >= {p}
        i, j = i - 1, j + 1
--
out = sum(s[i:j] == s[i:j][::-1] for i in range(len(s)) for j in range(i + {p}, len(s) + 1))
@ intervals | 2 | 2..6 | Print the largest number of intervals that contain one and the same integer, where integers divisible by {p} do not count.
points = sorted({t for l, r in v for t in range(l, min(r, l + 1) + 1)} | {t for l, r in v for t in (r, r - 1) if t >= l})
import bisect
lows, highs = sorted(l for l, r in v), sorted(r for l, r in v)
out = max((bisect.bisect_right(lows, t) - bisect.bisect_left(highs, t) for t in points if t % {p}), default=0)
--
out = max((sum(l <= t <= r for l, r in v) for t in range(min(l for l, r in v), max(r for l, r in v) + 1) if t % {p}), default=0)
@ graph | 2 | 1..4 | A group is a set of towns that can reach one another. Print the number of groups of at least {p} towns.
parent = list(range(n + 1))
def root(t):
    while parent[t] != t:
        parent[t] = parent[parent[t]]
        t = parent[t]
    return t
for r in e:
    parent[root(r[0])] = root(r[1])
size = {}
for t in range(1, n + 1):
    size[root(t)] = size.get(root(t), 0) + 1
out = sum(w >= {p} for w in size.values())
--
mark = list(range(n + 1))
for _ in range(n):
    for r in e:
        mark[r[0]] = mark[r[1]] = min(mark[r[0]], mark[r[1]])
out = sum(mark[1:].count(t) >= {p} for t in range(1, n + 1))
@ grid | 2 | 1..4 | Cells that share a side are neighbours. Print the number of connected regions of free cells with at least {p} cells.
free = {(i, j) for i, row in enumerate(g) for j, c in enumerate(row) if c == '.'}
out = 0
while free:
    stack, size = [free.pop()], 0
    while stack:
        i, j = stack.pop()
        size += 1
        for t in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
            if t in free:
                free.remove(t)
                stack.append(t)
    out += size >= {p}
--
label = {(i, j): (i, j) for i, row in enumerate(g) for j, c in enumerate(row) if c == '.'}
for _ in range(len(label)):
    for i, j in label:
        label[i, j] = min(label.get(t, label[i, j]) for t in ((i, j), (i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)))
names = list(label.values())
out = sum(names.count(t) >= {p} for t in set(names))
@ list | 3 | 1..6 | Print the length of the longest subsequence of the list (numbers in their order, not necessarily next to each other) in which each number exceeds the one before it by at least {p}.
import bisect
ends = []
for w in a:
    at = bisect.bisect_right(ends, w - {p})
    if at == len(ends):
        ends.append(w)
    else:
        ends[at] = min(ends[at], w)
out = len(ends)
--
best = []
for i, w in enumerate(a):
    best.append(1 + max((best[j] for j in range(i) if w >= a[j] + {p}), default=0))
out = max(best)
@ grid | 3 | 1..3 | A step leads to a free cell that shares a side with the present one and takes 1 second; besides, you may jump over exactly one cell in a straight line (blocked or not) to a free cell, which takes {p} + 1 seconds. Print the fewest seconds from the top left cell to the bottom right cell, or -1 if it cannot be reached; both count as free.
import heapq
goal = (len(g) - 1, len(g[0]) - 1)
free = {(i, j) for i, row in enumerate(g) for j, c in enumerate(row) if c == '.'} | {(0, 0), goal}
out, heap, done = -1, [(0, (0, 0))], set()
while heap:
    t, (i, j) = heapq.heappop(heap)
    if (i, j) == goal:
        out = t
        break
    if (i, j) in done:
        continue
    done.add((i, j))
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        for m, cost in ((1, 1), (2, {p} + 1)):
            if (i + x * m, j + y * m) in free:
                heapq.heappush(heap, (t + cost, (i + x * m, j + y * m)))
--
goal = (len(g) - 1, len(g[0]) - 1)
free = {(i, j) for i, row in enumerate(g) for j, c in enumerate(row) if c == '.'} | {(0, 0), goal}
far = 10 ** 9
time = {t: far for t in free}
time[0, 0] = 0
for _ in range(len(free)):
    for i, j in free:
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            time[i, j] = min(time[i, j], time.get((i + x, j + y), far) + 1, time.get((i + 2 * x, j + 2 * y), far) + {p} + 1)
out = time[goal] if time[goal] < far else -1
@ roads | 3 | 0..9 | Passing through a town (other than the first and the last of the way) takes {p} extra. Print the least total from town 1 to town n, or -1 if there is no way.
import heapq
near = {t: [] for t in range(1, n + 1)}
for u, w, m in e:
    near[u].append((w, m))
    near[w].append((u, m))
heap, best = [(0, 1)], {}
while heap:
    t, u = heapq.heappop(heap)
    if u not in best:
        best[u] = t
        for w, m in near[u]:
            heapq.heappush(heap, (t + m + (0 if u == 1 else {p}), w))
out = best.get(n, -1) if n > 1 else 0
--
far = 10 ** 12
best = [far] * (n + 1)
best[1] = -{p}
for _ in range(n):
    for u, w, m in e:
        best[w] = min(best[w], best[u] + m + {p})
        best[u] = min(best[u], best[w] + m + {p})
out = 0 if n == 1 else best[n] if best[n] < far // 2 else -1
@ intervals | 3 | 0..4 | Print the largest number of intervals that can be chosen so that between any two of them there is a gap of more than {p} (the left end of the later minus the right end of the earlier one).
out, last = 0, None
for l, r in sorted(v, key=lambda t: t[1]):
    if last is None or l - last > {p}:
        out, last = out + 1, r
--
w = sorted(v)
best = [1] * len(w)
for i in range(len(w)):
    for j in range(i):
        if w[j][1] < w[i][0] - {p}:
            best[i] = max(best[i], best[j] + 1)
out = max(best)
@ list k | 4 | 0..5 | Cut the list into exactly k blocks of consecutive numbers, none of them empty. The cost of a block is the sum of the absolute values of its numbers plus {p}. Print the smallest possible cost of the most expensive block.
b = [abs(w) for w in a]
low, high = max(b), sum(b)
while low < high:
    mid, parts, t = (low + high) // 2, 1, 0
    for w in b:
        if t + w > mid:
            parts, t = parts + 1, 0
        t += w
    low, high = (low, mid) if parts <= k else (mid + 1, high)
out = low + {p}
--
b = [abs(w) for w in a]
best = {(0, 0): 0}
for j in range(1, len(b) + 1):
    for m in range(1, min(j, k) + 1):
        best[j, m] = min(max(best[i, m - 1], sum(b[i:j])) for i in range(m - 1, j) if (i, m - 1) in best)
out = best[len(b), k] + {p}
@ list k | 4 | 2..9 | Print in how many ways numbers at some positions of the list (none or more, each position at most once) can be chosen so that as many as at most k are chosen and their sum is divisible by {p}, modulo 1000000007.
table = {(0, 0): 1}
for w in a:
    new = dict(table)
    for (m, t), c in table.items():
        if m < k:
            key = (m + 1, (t + w) % {p})
            new[key] = (new.get(key, 0) + c) % 1000000007
    table = new
out = sum(c for (m, t), c in table.items() if t == 0) % 1000000007
--
import itertools
out = sum(sum(t) % {p} == 0 for m in range(k + 1) for t in itertools.combinations(a, m)) % 1000000007
@ string | 4 | 1..4 | Print the fewest letters that have to be inserted anywhere to make the string a palindrome, where two equal letters at distance less than {p} in the string may not be paired with each other (a letter that is not paired needs one inserted letter, but the one in the middle needs none).
m = len(s)
cost = [[0] * (m + 1) for _ in range(m + 2)]
for size in range(2, m + 1):
    for i in range(m - size + 1):
        j = i + size
        cost[i][j] = 1 + min(cost[i + 1][j], cost[i][j - 1])
        if s[i] == s[j - 1] and size - 1 >= {p}:
            cost[i][j] = min(cost[i][j], cost[i + 1][j - 1])
out = cost[0][m]
--
import functools
@functools.lru_cache(None)
def least(i, j):
    if j - i < 2:
        return 0
    if s[i] == s[j - 1] and j - 1 - i >= {p}:
        return min(least(i + 1, j - 1), 1 + least(i + 1, j), 1 + least(i, j - 1))
    return 1 + min(least(i + 1, j), least(i, j - 1))
out = least(0, len(s))
@ roads | 4 | 1..3 | You have {p} free rides: on at most {p} roads of your way the length does not count. Print the least total length from town 1 to town n, or -1 if there is no way.
import heapq
near = {t: [] for t in range(1, n + 1)}
for u, w, m in e:
    near[u].append((w, m))
    near[w].append((u, m))
heap, done, out = [(0, 0, 1)], set(), -1
while heap:
    t, used, u = heapq.heappop(heap)
    if u == n:
        out = t
        break
    if (used, u) in done:
        continue
    done.add((used, u))
    for w, m in near[u]:
        heapq.heappush(heap, (t + m, used, w))
        if used < {p}:
            heapq.heappush(heap, (t, used + 1, w))
--
far = 10 ** 12
best = [[far] * (n + 1) for _ in range({p} + 1)]
for row in best:
    row[1] = 0
for _ in range(n):
    for i in range({p} + 1):
        for r in e:
            for u, w in (r[:2], r[1::-1]):
                best[i][w] = min(best[i][w], best[i][u] + r[2], best[i - 1][u] if i else far)
out = best[{p}][n] if best[{p}][n] < far // 2 else -1
@ queries | 4 | 1..4 | For each query print the largest number that occurs at least {p} times at the positions l to r (counted from 1), or the word none, each on a line of its own.
lines = []
places = {}
for i, w in enumerate(a, 1):
    places.setdefault(w, []).append(i)
import bisect
order = sorted(places, reverse=True)
for l, r in q:
    lines.append(next((str(w) for w in order if bisect.bisect_right(places[w], r) - bisect.bisect_left(places[w], l) >= {p}), 'none'))
out = '\n'.join(lines)
--
lines = []
for l, r in q:
    block = a[l - 1:r]
    lines.append(str(max((w for w in block if block.count(w) >= {p}), default='none')))
out = '\n'.join(lines)
"""  # noqa: E501
