"""Problems of grades 0 and 1 for `assay/StdinStdout-v0`, in the form that `stdin_problems` reads.

`@ shape | grade | range of p | what it asks`, the fast solution, `--`, the slow one.
"""

from __future__ import annotations

__all__ = ["TABLE"]

TABLE = r"""
@ list | 0 | 2..5 | Print how many numbers of the list are greater than each of the {p} numbers before them (a number with fewer than {p} numbers before it is compared with those there are; the first one counts).
out = sum(all(a[i] > w for w in a[max(0, i - {p}):i]) for i in range(len(a)))
--
out = 0
for i in range(len(a)):
    good = True
    for j in range(i):
        if i - j <= {p} and a[j] >= a[i]:
            good = False
    out += good
@ list | 0 | 1..3 | Print the length of the longest run of consecutive numbers of the list in which neighbours differ by at most {p}.
out = best = 1
for u, w in zip(a, a[1:]):
    best = best + 1 if abs(u - w) <= {p} else 1
    out = max(out, best)
--
out = max(j - i for i in range(len(a)) for j in range(i + 1, len(a) + 1) if all(abs(a[t] - a[t + 1]) <= {p} for t in range(i, j - 1)))
@ string | 0 | 2..5 | Cut the string into pieces of {p} letters (the last one may be shorter), reverse each piece, and print the pieces joined again.
out = ''.join(s[i:i + {p}][::-1] for i in range(0, len(s), {p}))
--
out = ''
for i in range(len(s)):
    begin = i // {p} * {p}
    end = min(begin + {p}, len(s))
    out += s[begin + end - 1 - i]
@ string | 0 | 1..4 | Write the string as runs: each run of equal letters as the letter, followed by the length of the run where that is more than {p}; a run of at most {p} letters is written out as it is. Print the result.
out, i = '', 0
while i < len(s):
    j = i
    while j < len(s) and s[j] == s[i]:
        j += 1
    out += s[i] + str(j - i) if j - i > {p} else s[i:j]
    i = j
--
import itertools
runs = [(c, len(list(r))) for c, r in itertools.groupby(s)]
out = ''.join(c + str(m) if m > {p} else c * m for c, m in runs)
@ list | 1 | 2..9 | Print the number of pairs of positions i < j for which the sum of the two numbers is divisible by {p}.
seen, out = {}, 0
for w in a:
    out += seen.get(-w % {p}, 0)
    seen[w % {p}] = seen.get(w % {p}, 0) + 1
--
out = sum((a[i] + a[j]) % {p} == 0 for i in range(len(a)) for j in range(i))
@ list | 1 | 1..3 | For each number of the list print the nearest number before it that is smaller by at least {p}, or 0 if there is none, all in one line.
out = []
stack = []
for w in a:
    t = len(stack) - 1
    while t >= 0 and stack[t] > w - {p}:
        t -= 1
    out.append(stack[t] if t >= 0 else 0)
    while stack and stack[-1] >= w:
        stack.pop()
    stack.append(w)
--
out = [next((w for w in a[:i][::-1] if w <= a[i] - {p}), 0) for i in range(len(a))]
@ list k | 1 | 0..3 | For every block of k consecutive numbers of the list print the difference of its largest and its smallest number plus {p}, all in one line, from left to right.
from collections import deque
def window(b):
    d, found = deque(), []
    for i, w in enumerate(b):
        while d and b[d[-1]] <= w:
            d.pop()
        d.append(i)
        if d[0] <= i - k:
            d.popleft()
        if i >= k - 1:
            found.append(b[d[0]])
    return found
out = [u + w + {p} for u, w in zip(window(a), window([-w for w in a]))]
--
out = [max(a[i:i + k]) - min(a[i:i + k]) + {p} for i in range(len(a) - k + 1)]
@ queries | 1 | 2..6 | For each query print how many of the numbers at the positions l to r (counted from 1) are divisible by {p}, each on a line of its own.
sums = [0]
for w in a:
    sums.append(sums[-1] + (w % {p} == 0))
out = '\n'.join(str(sums[r] - sums[l - 1]) for l, r in q)
--
out = '\n'.join(str(len([w for w in a[l - 1:r] if w % {p} == 0])) for l, r in q)
@ string | 1 | 1..4 | Print the length of the longest block of consecutive letters with at most {p} different letters.
out = begin = 0
count = {}
for i, c in enumerate(s):
    count[c] = count.get(c, 0) + 1
    while len(count) > {p}:
        count[s[begin]] -= 1
        if not count[s[begin]]:
            del count[s[begin]]
        begin += 1
    out = max(out, i - begin + 1)
--
out = max(j - i for i in range(len(s)) for j in range(i + 1, len(s) + 1) if len(set(s[i:j])) <= {p})
"""  # noqa: E501
