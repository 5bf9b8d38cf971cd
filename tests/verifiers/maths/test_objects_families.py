"""Answers with an integer parameter."""

from __future__ import annotations

import pytest

from assaygym.verifiers.maths.finding import Finding, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse

SAME = r"""
x = 2k\pi | x = 2n\pi
x = 2k\pi, k\in\mathbb{Z} | x = 2n\pi
x = 2k\pi, k\in\mathbb{Z} | 2n\pi
2k\pi, k\in\mathbb{Z} | 2m\pi, m \in \mathbb{Z}
x = \frac{\pi}{4}+k\pi, k \in \mathbb{Z} | x = \frac{\pi}{4}-n\pi, n\in\mathbb{Z}
x = \frac{\pi}{4}+k\pi, k \in \mathbb{Z} | x = \frac{5\pi}{4}+k\pi, k \in\mathbb{Z}
x = k\pi, k \in \mathbb{Z} | x = 2k\pi, (2k+1)\pi, k \in \mathbb{Z}
x = \pm\frac{\pi}{3}+2k\pi, k \in \mathbb{Z} | x = \frac{\pi}{3}+2k\pi, -\frac{\pi}{3}+2k\pi, k\in\mathbb{Z}
x = \pm\frac{\pi}{3}+2k\pi, k \in \mathbb{Z} | x = 2n\pi \pm \frac{\pi}{3}, n\in\mathbb{Z}
x=\frac{\pi}{6}+\pi k, \frac{\pi}{3}+\pi k, k\in\mathbb{Z} | x=\frac{\pi}{3}+\pi n, \frac{\pi}{6}+\pi n, n\in\mathbb{Z}
x \equiv 3 \pmod 7 | x = 7k+3
x \equiv 3 \pmod 7 | x = 7k+3, k\in\mathbb{Z}
x = 7k+3, k\in\mathbb{Z} | x = 7n-4, n\in\mathbb{Z}
x = 3k+1 | x = 3n+1
\{x \mid x = 2k\pi, k\in\mathbb{Z}\} | x = 2k\pi, k\in\mathbb{Z}
\{2k\pi \mid k\in\mathbb{Z}\} | 2n\pi, n\in\mathbb{Z}
x = (-1)^k\frac{\pi}{6}+k\pi, k\in\mathbb{Z} | x = \frac{\pi}{6}+2k\pi, \frac{5\pi}{6}+2k\pi, k\in\mathbb{Z}
60^\circ + 360^\circ k, k\in\mathbb{Z} | \frac{\pi}{3}+2k\pi, k\in\mathbb{Z}
x = \arctan 2 + k\pi, k\in\mathbb{Z} | x = k\pi + \arctan 2
n = 2k+1, k\in\mathbb{Z} | n = 2m-1, m\in\mathbb{Z}
x = \frac{k\pi}{2}, k\in\mathbb{Z} | x = k\pi \text{ or } x = \frac{\pi}{2}+k\pi, k\in\mathbb{Z}
(k\pi, k\pi+\frac{\pi}{2}), k\in\mathbb{Z} | (n\pi, n\pi+\frac{\pi}{2}), n\in\mathbb{Z}
(k\pi, k\pi+\frac{\pi}{2}), k\in\mathbb{Z} | (k\pi-\pi, k\pi-\frac{\pi}{2}), k\in\mathbb{Z}
x = 2^k, k\in\mathbb{N} | x = 2^n, n\in\mathbb{N}
(2t, 3t), t \in \mathbb{Z} | (2k,3k), k\in\mathbb{Z}
x=2k\pi, k\in\mathbb{Z} | x = 2\pi k \text{ where } k \text{ is an integer}
2n\pi | 2k\pi
60^\circ + 360^\circ k, k \in \mathbb{Z} | 60 + 360k, k\in\mathbb{Z}
x \equiv 1, 3 \pmod 4 | x = 2k+1, k\in\mathbb{Z}
x \equiv \pm 1 \pmod 5 | x \equiv 1, 4 \pmod 5
(t, 2t, 1-t), t\in\mathbb{R} | x=t, y=2t, z=1-t
"""
DIFFERENT = r"""
x = 2k\pi | x = n\pi
x = 2k\pi, k\in\mathbb{Z} | x = k\pi, k\in\mathbb{Z}
x = 2k\pi, k\in\mathbb{Z} | x = 2\pi
x = \frac{\pi}{4}+k\pi, k \in \mathbb{Z} | x = \frac{3\pi}{4}+k\pi, k \in \mathbb{Z}
x = \frac{\pi}{4}+k\pi, k \in \mathbb{Z} | x = \frac{\pi}{4}+2k\pi, k \in \mathbb{Z}
x = k\pi, k \in \mathbb{Z} | x = 2k\pi, k\in\mathbb{Z}
x \equiv 3 \pmod 7 | x = 7k+4
x = \pm\frac{\pi}{3}+2k\pi, k \in \mathbb{Z} | x = \frac{\pi}{3}+2k\pi, k\in\mathbb{Z}
n = 3k | 3
n = 3k | n = 2k
n = 3k | n = 3
x = 2k\pi, k\in\mathbb{Z} | x = 2k\pi, k\in\mathbb{N}
x = 2^k, k\in\mathbb{N} | x = 2^{k+1}, k\in\mathbb{N}
2n | 2k
(n-2)\pi | n\pi
(n-2)\pi | (k-1)\pi
S = (n-2)\pi | S = n\pi
x = (-1)^k\frac{\pi}{6}+k\pi, k\in\mathbb{Z} | x = \frac{\pi}{6}+k\pi, k\in\mathbb{Z}
x = 7k+3, k\in\mathbb{N} | x = 7k-4, k\in\mathbb{N}
(k\pi, k\pi+\frac{\pi}{2}), k\in\mathbb{Z} | [k\pi, k\pi+\frac{\pi}{2}), k\in\mathbb{Z}
x = \arctan 2 + k\pi, k\in\mathbb{Z} | x = \arctan 3 + k\pi, k\in\mathbb{Z}
(2t, 3t), t \in \mathbb{Z} | (3k,2k), k\in\mathbb{Z}
x = 2k\pi, k\in\mathbb{Z} | y = 2k\pi, k\in\mathbb{Z}
S = 2n | S = 2k
k = 2n-1 | k = 2m-1
T_n = n^2 | T_n = m^2
n \equiv 0 \pmod 3 | 0
x \equiv 1 \pmod 4 | x \equiv 1, 3 \pmod 4
"""


def compared(gold: str, pred: str, policy: MathPolicy | None = None) -> Finding:
    context = Context(policy or MathPolicy(), Fuel(), lambda op, left, right: undecided("no algebra here"))
    left, right = (interpret(parse(normalise(text))) for text in (gold, pred))
    return equal(left, right, context)


@pytest.mark.parametrize("pair", SAME.strip().splitlines())
def test_the_same_in_either_order(pair: str) -> None:
    one, other = pair.split(" | ")
    assert compared(one, other).equal
    assert compared(other, one).equal


@pytest.mark.parametrize("pair", DIFFERENT.strip().splitlines())
def test_different_in_either_order(pair: str) -> None:
    one, other = pair.split(" | ")
    assert not compared(one, other).equal
    assert not compared(other, one).equal
