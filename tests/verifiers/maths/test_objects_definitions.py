"""Names before values, what follows an approximation sign, true equations between constants."""

from __future__ import annotations

import pytest

from assaygym.verifiers.maths.finding import Finding, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse

SAME = r"""
x = 7 | 7
y = 7 | 7
f(x) = 2x+1 | 2x+1
a_n = 2n+1 | 2n+1
a_{n} = 2n+1 | a_n = 1+2n
a_n = 2n+1 | a_k = 2k+1
\angle ABC = 50 | 50
P(A) = \frac12 | 0.5
AB = 5 | 5
I_{\max} = 3 | 3
x = \frac{1}{2} = 0.5 | 0.5
\frac{17}{7} \approx 2.43 | \frac{17}{7}
\frac{17}{7} | x = \frac{17}{7} \approx 2.43
\Delta p \approx -3 | -3
\approx 3 | 3
h(t) = 4t-1 | h(x) = 4x-1
h(t) = 4t-1 | 4t-1
y = x^2 | f(x) = x^2
7 = x | x = 7
7 = x | 7
2^{10} = 1024 | 1024
1024 | 2^{10} = 1024
f(2) = 5 | 5
f^{-1}(x) = \frac{x-1}{2} | \frac{x-1}{2}
f'(x) = 2x | 2x
\frac{dy}{dx} = 2x | 2x
\sin A = \frac12 | \frac12
\lim_{x\to 0} \frac{\sin x}{x} = 1 | 1
f(x,y) = x+y | f(u,v) = u+v
\vec{a} = (1,2) | (1,2)
A = \{1,2\} | \{2,1\}
x = 2x-y+3 | x = 2x-y+3
y = 2x | y = 2x
"""
DIFFERENT = r"""
7 = 11a + c | 11a+c
11a + c = 7 | 7
x = 7 | y = 7
x = 7 | x = 8
x = 7 | 8
0 | f(x) = x
2x = 14 | 14
2x = 14 | 7
x^2 = 4 | 4
x^2 = 4 | x = 2
f(x) = x^2 | g(x) = x^2
f(x) = x^2 | f(t) = t^3
h(t) = 4t-1 | h(x) = 4t-1
h(t) = 4t-1 | 4t+1
x + y = 7 | 7
3 = 4 | 4
2^{10} = 1025 | 1025
0 = 0 | 0
x^2-3x+2 = 0 | 0
n = 3k | 3
a = b | a
f(2) = 5 | f(3) = 5
AB = 5 | CD = 5
P(A) = 0.5 | P(B) = 0.5
f(x,y) = x-y | f(y,x) = x-y
\frac{17}{7} \approx 2.43 | 2.43
x = y = z | z
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
