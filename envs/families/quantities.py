"""Quantities that are laborious by hand and short in code, for `assay/PythonCalc-v0`.

Each `compute` is self-contained: its source text is also the program that the oracle runs.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["QUANTITIES", "Quantity"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One kind of quantity: how it is asked for, drawn and computed."""

    phrasings: tuple[str, ...]
    """`{0}`, `{1}`, ... are the parameters."""
    draw: Callable[[random.Random, int], tuple[int, ...]]
    """(rng, scale) to parameters; `scale` is 1 at the easiest and grows threefold a level."""
    compute: Callable[..., int]

    def program(self, parameters: tuple[int, ...]) -> str:
        """Python that prints the quantity."""
        arguments = ", ".join(map(str, parameters))
        return f"{inspect.getsource(self.compute)}\n\nprint({self.compute.__name__}({arguments}))"


def prime_sum(n: int) -> int:  # the source is shown to agents as it is
    sieve = bytearray([1]) * n
    for i in range(2, int(n**0.5) + 1):
        if sieve[i]:
            sieve[i * i :: i] = bytes(len(range(i * i, n, i)))
    return sum(i for i in range(2, n) if sieve[i])


def digit_sum(base: int, exponent: int) -> int:
    return sum(int(digit) for digit in str(base**exponent))


def power_remainder(base: int, exponent: int, modulus: int) -> int:
    return pow(base, exponent, modulus)


def count_multiples(n: int, a: int, b: int, c: int) -> int:
    return sum(1 for i in range(1, n + 1) if (i % a == 0 or i % b == 0) and i % c != 0)


def collatz_peak(n: int) -> int:
    peak = n
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        peak = max(peak, n)
    return peak


def divisor_sum(n: int) -> int:
    pairs = {i for i in range(1, int(n**0.5) + 1) if n % i == 0}
    return sum(pairs | {n // i for i in pairs})


def fibonacci_remainder(n: int, modulus: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, (a + b) % modulus
    return a


def ways_to_pay(total: int, a: int, b: int, c: int) -> int:
    ways = [1] + [0] * total
    for coin in (1, a, b, c):
        for amount in range(coin, total + 1):
            ways[amount] += ways[amount - coin]
    return ways[total]


def palindrome_sum(low: int, high: int) -> int:
    return sum(n for n in range(low, high + 1) if str(n) == str(n)[::-1])


def sequence_sum(start: int, a: int, b: int, modulus: int, n: int) -> int:
    total, x = 0, start
    for _ in range(n):
        total += x
        x = (a * x + b) % modulus
    return total


QUANTITIES = (
    Quantity(
        ("What is the sum of all primes below {0}?", "Add up every prime number smaller than {0}."),
        lambda rng, scale: (rng.randint(30, 300 * scale),),
        prime_sum,
    ),
    Quantity(
        ("What is the sum of the decimal digits of {0}^{1}?", "Raise {0} to the power {1} and add up the digits."),
        lambda rng, scale: (rng.randint(3, 29), rng.randint(8, 16 * scale)),
        digit_sum,
    ),
    Quantity(
        ("What is the remainder of {0}^{1} divided by {2}?", "Compute {0} to the power {1} modulo {2}."),
        lambda rng, scale: (rng.randint(3, 99), rng.randint(12, 99 * scale**2), rng.randint(101, 999 * scale)),
        power_remainder,
    ),
    Quantity(
        (
            "How many whole numbers from 1 to {0} are divisible by {1} or {2} but not by {3}?",
            "Count the n with 1 <= n <= {0} that are multiples of {1} or of {2}, leaving out the multiples of {3}.",
        ),
        lambda rng, scale: (rng.randint(100, 400 * scale), *rng.sample(range(3, 14), 3)),
        count_multiples,
    ),
    Quantity(
        (
            "Start at {0}; halve an even number, replace an odd n by 3n + 1, and stop at 1. What is the largest number "
            "you meet?",
            "What is the highest value of the Collatz sequence that starts at {0}?",
        ),
        lambda rng, scale: (2 * rng.randint(5, 200 * scale) + 1,),
        collatz_peak,
    ),
    Quantity(
        (
            "What is the sum of all divisors of {0}, {0} included?",
            "Add up all divisors of {0}, 1 and {0} too.",
        ),
        lambda rng, scale: (rng.randint(100, 900 * scale**2),),
        divisor_sum,
    ),
    Quantity(
        (
            "With F(0) = 0, F(1) = 1 and F(n) = F(n-1) + F(n-2): what is F({0}) modulo {1}?",
            "Find the remainder of the Fibonacci number F({0}) divided by {1}, where F(0) = 0 and F(1) = 1.",
        ),
        lambda rng, scale: (rng.randint(20, 80 * scale), rng.randint(101, 999 * scale)),
        fibonacci_remainder,
    ),
    Quantity(
        (
            "In how many ways can {0} cents be paid with coins of 1, {1}, {2} and {3} cents?",
            "Count the ways to make {0} from coins worth 1, {1}, {2} and {3}; the order does not matter.",
        ),
        lambda rng, scale: (rng.randint(25, 60 * scale), *sorted(rng.sample((2, 3, 5, 7, 10, 12, 20, 25), 3))),
        ways_to_pay,
    ),
    Quantity(
        (
            "What is the sum of all palindromic numbers from {0} to {1}?",
            "Add up all palindromes from {0} to {1}.",
        ),
        lambda rng, scale: (low := rng.randint(10, 200), low + rng.randint(60, 300 * scale)),
        palindrome_sum,
    ),
    Quantity(
        (
            "Let x(1) = {0} and x(k+1) = ({1} x(k) + {2}) mod {3}. What is x(1) + x(2) + ... + x({4})?",
            "A sequence starts with {0}; each next term is {1} times the last plus {2}, reduced modulo {3}. What do "
            "its first {4} terms add up to?",
        ),
        lambda rng, scale: (
            rng.randint(2, 50),
            rng.randint(3, 40),
            rng.randint(2, 90),
            rng.randint(101, 400 * scale),
            rng.randint(10, 30 * scale),
        ),
        sequence_sum,
    ),
)
