"""Antiderivatives, conditions, functions by cases, set-builders, systems."""

from __future__ import annotations

import pytest

from assaygym.verifiers.maths.finding import Finding, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse

SAME = r"""
x^2 + C | x^2 + K
x^2 + C | x^2 + c
x^2 + 5 + C | x^2 + C
\frac{1}{2}\sin^2 x + C | -\frac{1}{4}\cos 2x + C
y = Ce^{2x} | y = Ke^{2x}
\frac{1}{x}, x \ne 0 | \frac1x
\frac{x^2-1}{x-1}, x\neq 1 | x+1
a_n = 2n-1, n \ge 1 | a_n = 2n-1
a_n = 2n-1 (n\in\mathbb{N}) | 2n-1
f(x) = \begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases} | f(x) = \begin{cases} -x & x<0 \\ x & x\ge0 \end{cases}
f(x) = \begin{cases} x & x \ge 0 \\ -x & x<0 \end{cases} | \begin{cases} x & x\ge0 \\ -x & \text{otherwise} \end{cases}
\begin{cases} 1 & 0\le x \le 1 \\ 2 & x>1 \end{cases} | \begin{cases} 1 & x\in[0,1] \\ 2 & x\in(1,\infty) \end{cases}
f(t) = \begin{cases} t & t \ge 0 \\ -t & t < 0 \end{cases} | f(x) = \begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases}
\{(x,y) \mid x+y=1\} | \{(a,b) \mid a+b=1\}
\{(x,y) \mid x+y=1\} | \{(x,y) \mid y = 1-x\}
\{x \in \mathbb{Z} \mid x^2 < 4\} | \{n \in \mathbb{Z} \mid n^2 < 4\}
\begin{cases} x = 1 \\ y = 2 \end{cases} | (1,2)
\begin{cases} x+y=3 \\ x-y=1 \end{cases} | x-y=1, x+y=3
x = 5, x > 0 | 5
x \mapsto x^2 | x \mapsto x^2
\ln|x| + C | \ln |x| + C_1
"""
DIFFERENT = r"""
x^2 + C | x^3 + C
x^2 + C | x^2
x^2 | x^2 + C
y = Ce^{2x} | y = Ke^{3x}
x^2 + C | x^2 + x
f(x) = \begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases} | f(x) = \begin{cases} x & x > 0 \\ -x & x \le 0 \end{cases}
f(x) = \begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases} | f(x) = \begin{cases} -x & x \ge 0 \\ x & x < 0 \end{cases}
f(x) = \begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases} | x
\{(x,y) \mid x+y=1\} | \{(x,y) \mid x+y=2\}
\{(x,y) \mid x-y=1\} | \{(y,x) \mid x-y=1\}
\{x \in \mathbb{Z} \mid x^2 < 4\} | \{x \in \mathbb{R} \mid x^2 < 4\}
\frac{1}{x}, x \ne 0 | \frac1x, x\ne 1
\begin{cases} x = 1 \\ y = 2 \end{cases} | (2,1)
\begin{cases} x+y=3 \\ x-y=1 \end{cases} | x+y=3
x^2, x > 0 | x^2, x < 0
x^2+C | x^2+C^2
\frac{x^3}{3}+C | \frac{x^3}{3}+x
y = C_1 e^x + C_2 e^{-x} | y = C_1 e^x
x^2 + C | 2x^2 + C
\begin{cases} 1 & x<0 \\ 2 & x\ge 0 \end{cases} | \begin{cases} 1 & x\le 0 \\ 2 & x>0 \end{cases}
\begin{cases} 1 & x<0 \\ 2 & x\ge 0 \end{cases} | \begin{cases} 1 & x<0 \\ 3 & x\ge 0 \end{cases}
\begin{cases} 1 & x<0 \\ 2 & x\ge 0 \end{cases} | 1
\{x \in \mathbb{Z} \mid x^2 < 4\} | \{x \in \mathbb{Z} \mid x^2 < 5\}
x \mapsto x^2 | x \mapsto x^3
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
