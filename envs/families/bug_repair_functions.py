"""The functions that modules of `assay/BugRepair-v0` are made of.

Each entry is the source of a function, what it needs of the others, and how to draw its arguments. `<k>` and `<m>` are
constants, drawn with the module. There are no `while` loops: a function with a bug must end too.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["Part", "draw_arguments", "parts"]

_TABLE = '''
@ ints
def running_totals(values):
    """The list of sums of the first 1, 2, 3, ... values."""
    totals = []
    total = 0
    for value in values:
        total += value
        totals.append(total)
    return totals

@ ints
def second_largest(values):
    """The second largest of the distinct values, or None where there are fewer than two."""
    distinct = sorted(set(values))
    if len(distinct) < 2:
        return None
    return distinct[-2]

@ ints
def longest_rise(values):
    """The length of the longest stretch of neighbours in which every value is greater than the one before."""
    best = 0
    current = 0
    for i, value in enumerate(values):
        if i > 0 and value > values[i - 1]:
            current += 1
        else:
            current = 1
        best = max(best, current)
    return best

@ ints
def window_sums(values):
    """The sums of every <k> neighbouring values, from left to right; [] where there are fewer than <k>."""
    return [sum(values[i:i + <k>]) for i in range(len(values) - <k> + 1)]

@ ints int
def pairs_with_sum(values, target):
    """How many pairs of positions i < j have values that add up to the target."""
    count = 0
    for i in range(len(values)):
        for j in range(i + 1, len(values)):
            if values[i] + values[j] == target:
                count += 1
    return count

@ ints
def clamp_all(values):
    """The values with everything below -<m> replaced by -<m> and everything above <m> by <m>."""
    return [max(-<m>, min(<m>, value)) for value in values]

@ ints
def most_common(values):
    """The most frequent value; of several equally frequent ones the smallest; None for an empty list."""
    best = None
    for value in sorted(set(values)):
        if best is None or values.count(value) > values.count(best):
            best = value
    return best

@ ints small
def rotate(values, steps):
    """The list rotated to the right by `steps` places: the last values come to the front."""
    if not values:
        return []
    shift = steps % len(values)
    return values[len(values) - shift:] + values[:len(values) - shift]

@ ints ints
def merge_sorted(left, right):
    """One ascending list of all values of both lists (given in any order), duplicates kept."""
    left, right = sorted(left), sorted(right)
    merged = []
    i = 0
    for value in right:
        for other in left[i:]:
            if other <= value:
                merged.append(other)
                i += 1
        merged.append(value)
    return merged + left[i:]

@ ints
def local_peaks(values):
    """The positions, counted from 0, of values greater than both neighbours; the ends are none."""
    return [i for i in range(1, len(values) - 1) if values[i] > values[i - 1] and values[i] > values[i + 1]]

@ words
def title_case(text):
    """Every word with its first letter in upper case and the rest in lower case, joined by one space."""
    return " ".join(word[:1].upper() + word[1:].lower() for word in text.split())

@ words
def word_lengths(text):
    """A dict from the length of words to how many words have it."""
    lengths = {}
    for word in text.split():
        lengths[len(word)] = lengths.get(len(word), 0) + 1
    return lengths

@ words
def compress(text):
    """Runs of one character as the character and the length of the run: "aab" gives "a2b1"."""
    parts = []
    count = 0
    for i, char in enumerate(text):
        count += 1
        if i + 1 == len(text) or text[i + 1] != char:
            parts.append(char + str(count))
            count = 0
    return "".join(parts)

@ words
def is_palindrome(text):
    """Whether the letters read the same in both directions; spaces and upper or lower case do not matter."""
    letters = [char.lower() for char in text if char != " "]
    return letters == letters[::-1]

@ words
def shift_letters(text):
    """Every lower-case letter moved <k> places on in the alphabet, from z round to a; the rest unchanged."""
    moved = ""
    for char in text:
        if "a" <= char <= "z":
            moved += chr((ord(char) - 97 + <k>) % 26 + 97)
        else:
            moved += char
    return moved

@ words
def abbreviate(text):
    """Words of more than <m> letters as first letter, number of letters left out, last letter; others unchanged."""
    short = []
    for word in text.split():
        if len(word) > <m>:
            short.append(word[0] + str(len(word) - 2) + word[-1])
        else:
            short.append(word)
    return " ".join(short)

@ words
def vowel_share(text):
    """The number of vowels (aeiou, either case) in percent of all letters, rounded down; 0 without letters."""
    letters = [char for char in text.lower() if char.isalpha()]
    if not letters:
        return 0
    vowels = [char for char in letters if char in "aeiou"]
    return 100 * len(vowels) // len(letters)

@ pairs
def totals_by_name(pairs):
    """A dict from each name to the sum of its numbers, for a list of (name, number) pairs."""
    totals = {}
    for name, number in pairs:
        totals[name] = totals.get(name, 0) + number
    return totals

@ pairs : totals_by_name
def ranking(pairs):
    """The names by their total, largest first; equal totals in alphabetical order."""
    totals = totals_by_name(pairs)
    return sorted(totals, key=lambda name: (-totals[name], name))

@ pairs : totals_by_name
def above_threshold(pairs):
    """The names, in alphabetical order, whose total is at least <m>."""
    totals = totals_by_name(pairs)
    return sorted(name for name in totals if totals[name] >= <m>)

@ pairs
def best_each(pairs):
    """A dict from each name to its largest number."""
    best = {}
    for name, number in pairs:
        if name not in best or number > best[name]:
            best[name] = number
    return best

@ spans
def merge_spans(spans):
    """(start, end) spans in ascending order, those that overlap or touch joined into one."""
    merged = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged

@ spans : merge_spans
def covered_length(spans):
    """How much of the line the spans cover together; what several cover counts once."""
    return sum(end - start for start, end in merge_spans(spans))

@ spans
def most_at_once(spans):
    """The largest number of spans that hold one point in common; a span holds its start and not its end."""
    best = 0
    for point, _ in spans:
        best = max(best, sum(1 for start, end in spans if start <= point < end))
    return best

@ grid
def row_with_most(grid):
    """The number of the row with the largest sum, counted from 0; the first of several; -1 for an empty grid."""
    best = -1
    for i, row in enumerate(grid):
        if best < 0 or sum(row) > sum(grid[best]):
            best = i
    return best

@ grid
def transpose(grid):
    """The columns of the grid as rows."""
    if not grid:
        return []
    return [[row[j] for row in grid] for j in range(len(grid[0]))]

@ grid
def neighbour_sums(grid):
    """A grid of the same shape: each cell the sum of its neighbours above, below, left and right."""
    sums = []
    for i in range(len(grid)):
        line = []
        for j in range(len(grid[i])):
            total = 0
            if i > 0:
                total += grid[i - 1][j]
            if i + 1 < len(grid):
                total += grid[i + 1][j]
            if j > 0:
                total += grid[i][j - 1]
            if j + 1 < len(grid[i]):
                total += grid[i][j + 1]
            line.append(total)
        sums.append(line)
    return sums

@ grid : transpose
def column_maxima(grid):
    """The largest value of each column."""
    return [max(column) for column in transpose(grid)]

@ nat
def digit_groups(number):
    """The decimal digits in groups of three from the right, separated by commas: 1234567 gives "1,234,567"."""
    digits = str(number)
    head = len(digits) % 3
    groups = [digits[i:i + 3] for i in range(head, len(digits), 3)]
    return ",".join(([digits[:head]] if head else []) + groups)

@ nat
def change(amount):
    """The number of coins of 50, 20, 10, 5, 2 and 1 that pay the amount, the larger coins first, as a list."""
    counts = []
    for coin in (50, 20, 10, 5, 2, 1):
        counts.append(amount // coin)
        amount = amount % coin
    return counts

@ nat
def is_leap(year):
    """Whether a year has 366 days: divisible by 4, but by 100 only where by 400 too."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)

@ nat : is_leap
def leap_years_near(year):
    """The leap years from 10 years before to 10 years after, both included, in ascending order."""
    return [y for y in range(year - 10, year + 11) if is_leap(y)]

@ nat nat
def common_divisors(a, b):
    """The divisors that both numbers (at least 1) have in common, in ascending order."""
    smaller = min(a, b) % 200
    return [d for d in range(1, smaller + 1) if a % d == 0 and b % d == 0]
'''


@dataclass(frozen=True, slots=True)
class Part:
    """A function: its name, source, the kinds of its arguments, and the functions it calls."""

    name: str
    source: str
    takes: tuple[str, ...]
    needs: tuple[str, ...]


@cache
def parts() -> dict[str, Part]:
    """All of them by name."""
    found = {}
    for entry in f"\n{_TABLE.strip()}".split("\n@ ")[1:]:
        head, _, source = entry.partition("\n")
        takes, _, needs = head.partition(" : ")
        match = re.match(r"def (\w+)", source)
        assert match is not None
        found[match[1]] = Part(match[1], source.strip(), tuple(takes.split()), tuple(needs.split()))
    return found


def _ints(rng: random.Random) -> list[int]:
    low = rng.choice((-9, 0))
    return [rng.randint(low, 12) for _ in range(rng.choice((0, 1, 2, 4, 5, 6, 7, 8)))]


def _words(rng: random.Random) -> str:
    known = ("Level", "noon", "apple", "zoo", "River", "BOOK", "aab", "kayak", "tree", "Summer", "extra", "ox")
    return " ".join(rng.choices(known, k=rng.choice((0, 1, 1, 2, 3, 4))))


def _pairs(rng: random.Random) -> list[tuple[str, int]]:
    return [(rng.choice(("ann", "bob", "cid", "dee")), rng.randint(-3, 9)) for _ in range(rng.randint(0, 7))]


def _spans(rng: random.Random) -> list[tuple[int, int]]:
    starts = [rng.randint(0, 15) for _ in range(rng.randint(0, 5))]
    return [(start, start + rng.randint(1, 6)) for start in starts]


def _grid(rng: random.Random) -> list[list[int]]:
    width = rng.randint(1, 4)
    return [[rng.randint(-5, 9) for _ in range(width)] for _ in range(rng.randint(0, 4))]


def _nat(rng: random.Random) -> int:
    return rng.choice((rng.randint(1, 99), rng.randint(1, 400) * 12, 100 * rng.randint(1, 30), rng.randint(1, 10**7)))


_DRAWS: dict[str, Callable[[random.Random], Any]] = {
    "ints": _ints,
    "int": lambda rng: rng.randint(-4, 14),
    "small": lambda rng: rng.randint(0, 9),
    "words": _words,
    "pairs": _pairs,
    "spans": _spans,
    "grid": _grid,
    "nat": _nat,
}


def draw_arguments(rng: random.Random, part: Part) -> tuple[Any, ...]:
    """Random arguments of a function."""
    return tuple(_DRAWS[kind](rng) for kind in part.takes)
