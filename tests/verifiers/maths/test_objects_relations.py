"""Equations and inequalities in any arrangement."""

from __future__ import annotations

import pytest

from assaygym.verifiers.maths.finding import Finding, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse

SAME = r"""
y = 2x+1 | 2x - y + 1 = 0
y = 2x+3 | y - 2x = 3
5x - 2y = 8 | 10x - 4y = 16
2x+4y-3=0 | y = -\frac12 x + \frac34
y = -x^2+2x+3 | y = -(x-3)(x+1)
y = -x^2+2x+3 | -(x-1)^2+4
x = y | y = x
x^2+y^2 = 1 | x^2 = 1-y^2
x^2+y^2 = 1 | 1-x^2-y^2 = 0
(x-1)^2+(y+2)^2 = 25 | (x-1)^2 + (y+2)^2 = 5^2
240/(x-2)-240/x=10 | \frac{240}{x-2}-\frac{240}{x}=10
2x+3y<6 | 6 > 2x+3y
2x+3y<6 | 4x+6y<12
x - y > 0 | y - x < 0
x+y=3, x-y=1 | x-y=1, x+y=3
5x-7y+11z+4=0 | -5x+7y-11z-4=0
2x = 14 | x = 7
\frac{x^2}{4}+\frac{y^2}{9}=1 | 9x^2+4y^2=36
0 < x < y | y > x > 0
y = \frac{3}{4}x | 3x - 4y = 0
a \perp b | b \perp a
x \equiv 3 \pmod 7 | x \equiv 10 \pmod 7
y = \pm\frac43 x | 4x \pm 3y = 0
y = x | x - y = 0
x^2 - 3x + 2 = 0 | 2x^2-6x+4=0
y - 2 = 3(x-1) | y = 3x-1
M = 2^{N-2}+1 | 2^{N-2}+1
xy = 1 | y = \frac1x
\frac{x-1}{2}=\frac{y+1}{3}=\frac{z}{4} | \frac{z}{4}=\frac{x-1}{2}=\frac{y+1}{3}
x : y = 2 : 3 | 2:3
y = 2x, x + y = 3 | x+y=3, 2x=y
x - 2y + 3 = 0 \text{ or } x = 1 | x=1 \text{ or } 2y = x+3
m + n = 31 | 31
"""
DIFFERENT = r"""
240/(x-2)-240/x=10 | \frac{240}{x}-\frac{240}{x-2}=10
5x - 2y = 8 | 5x + 2y = 8
y = -x^2+2x+3 | y = x^2-2x-3
x^2 = 4 | x = 2
x^2+y^2=1 | x^2-y^2=1
x^2+y^2=1 | x^2+y^2=2
3x-y+13=0 | 3x+4y+14=0
2x+3y<6 | 2x+3y>6
2x+3y<6 | 2x+3y \le 6
2x+3y<6 | -2x-3y<-6
x+y=3, x-y=1 | x+y=3
x+y=3, x-y=1 | x+y=3, x-y=2
y = 2x+1 | y = 2x
y = 2x | y = 3x
2x - y + 1 = 0 | 2x+1
x^2+y^2=1 | 1
0<x<y | 0<y<x
y = x^2 | x = y^2
x \equiv 3 \pmod 7 | x \equiv 4 \pmod 7
x \equiv 3 \pmod 7 | x \equiv 3 \pmod 8
x \equiv 3 \pmod 7 | 3
x y = 1 | x y = 2
y = x^2 | y = -x^2
x + y = 0 | x - y = 0
a \parallel b | a \perp b
0 = 0 | 1 = 1
xy = 1 | y = \frac2x
xy = x^2 | y = \frac{x^2}{x}+1
x + y = 31 | 31
x = 1 \text{ or } y = 2 | x=1, y=2
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
