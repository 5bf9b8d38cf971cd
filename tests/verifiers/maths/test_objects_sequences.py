"""Tuples, vectors, matrices, ratios, numbers in a base, values by name."""

from __future__ import annotations

import pytest

from assaygym.verifiers.maths.finding import Finding, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse

SAME = r"""
(2,3) | (2,3)
(2,3) | \left(2, 3\right)
\left(\frac{1}{\mathrm{e}},1\right) | (e^{-1}, 1)
(1,2) | \langle 1,2\rangle
\begin{pmatrix}6\\-6\end{pmatrix} | (6,-6)
\begin{pmatrix}5&0\\-1&2\end{pmatrix} | \begin{bmatrix}5&0\\-1&2\end{bmatrix}
\begin{pmatrix}1 & 2\end{pmatrix} | (1,2)
2\begin{pmatrix}1\\2\end{pmatrix} | \begin{pmatrix}2\\4\end{pmatrix}
\frac{1}{2}\begin{pmatrix}1&2\\3&4\end{pmatrix} | \begin{pmatrix}0.5&1\\1.5&2\end{pmatrix}
-\begin{pmatrix}1\\2\end{pmatrix} | \begin{pmatrix}-1\\-2\end{pmatrix}
\begin{pmatrix}1\\2\end{pmatrix} + \begin{pmatrix}1\\1\end{pmatrix} | \begin{pmatrix}2\\3\end{pmatrix}
\begin{vmatrix}1&2\\3&4\end{vmatrix} | -2
Q(2,-2) | (2,-2)
Q(2,-2) | Q = (2,-2)
(7,-8) | x=7, y=-8
(7,-8) | x=7,\ y=-8
(7,-8) | (x,y) = (7,-8)
x=7, y=-8 | y=-8, x=7
(7,-8) | y=-8, x=7
(x,y,z) = (1,2,3) | x=1, y=2, z=3
((1,2),3) | ((1,2),3)
[\frac12,8] | [0.5, 8]
(\sqrt{4}, 3) | (2,3)
3:8 | 3 \text{ to } 8
3:8 | 6:16
1:2:3 | 2:4:6
3201_4 | 3201_{4}
1011_2 | 01011_2
225_{10} | 225
(\sqrt{9},3) | (3,3)
A(1,2), B(3,4) | A = (1,2), B = (3,4)
\mathbf{v} = \begin{pmatrix}1\\2\end{pmatrix} | (1,2)
\begin{pmatrix} a & b \\ c & d \end{pmatrix} | \begin{bmatrix} a & b \\ c & d \end{bmatrix}
2\mathbf i+\mathbf j | (2,1)
\begin{pmatrix}1&2\end{pmatrix}^T | \begin{pmatrix}1\\2\end{pmatrix}
[[1,2],[3,4]] | \begin{pmatrix}1&2\\3&4\end{pmatrix}
"""
DIFFERENT = r"""
(7,-8) | (-8,7)
(a,b) | [a,b]
(7,-8) | 7, -8
(1,2) | (1,2,3)
[3,9) | [3,9]
[3,9) | (3,9]
(2,3) | 2
(2,3) | 5
\begin{pmatrix}1\\2\end{pmatrix} | \begin{pmatrix}1&2\end{pmatrix}
\begin{pmatrix}5&0\\-1&2\end{pmatrix} | \begin{pmatrix}5&-1\\0&2\end{pmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix} | (1,2,3,4)
2\begin{pmatrix}1\\2\end{pmatrix} | \begin{pmatrix}1\\2\end{pmatrix}
\begin{vmatrix}1&2\\3&4\end{vmatrix} | 2
a=3, b=-1 | (a,b) = (-1,3)
x=7, y=-8 | (-8,7)
x=7, y=-8 | x=-8, y=7
x=7, y=-8 | x=7
x=7, y=-8 | x=7, z=-8
3:8 | 8:3
3:8 | \frac38
5:1 | 5
1:2:3 | 3:2:1
3:4:5 | 3:5:4
3201_4 | 3201_5
3201_4 | 3201
11_2 | 3
11_2 | 10_3
Q(2,-2) | Q(-2,2)
Q(2,-2) | R(2,-2)
((1,2),3) | (1,(2,3))
(x,y) = (1,2) | (x,y) = (2,1)
(2,3) | \{2,3\}
x=1, y=2 | [1,2)
(7,-8) | x=7, z=-8
2\mathbf i+\mathbf j | (1,2)
2:3 | (2,3)
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
