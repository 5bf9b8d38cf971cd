"""Pairs in the style of school and competition answers that other rules than those of one kind decide, both ways."""

from __future__ import annotations

import pytest

from assaygym.verifiers.maths.finding import Finding, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse

SAME = r"""
(1,4) @ x>1 \text{ and } x<4
(-1,0)\cup(0,1) @ -1<x<1 \text{ and } x\ne 0
x<-1, x>4 @ x<-1 \text{ or } x>4
x>1 \text{ and } y<4 @ x>1, y<4
x^2>1 \text{ and } x>0 @ x>0 \text{ and } x^2>1
(-\infty,-1)\cup(4,\infty) @ \{x|x>4或x<-1\}
(-\infty,-1)\cup(4,\infty) @ \{x\mid x<-1\text{ or }x>4\}
(-\infty,-1)\cup(4,\infty) @ \{x\mid x>4\text{ and }x>0\text{ or }x<-1\}
\{x\in\mathbb{R}: x\neq \pm 1\} @ \mathbb{R}\setminus\{-1,1\}
x\ne 1 \text{ and } x\ne -1 @ x \neq \pm1
x\ge0 @ x\in\mathbb{R}_{\ge 0}
(-\infty,\infty) @ \mathbf{R}
x>14 \text{ km} @ x>14\text{ km}
x>14 \text{ km} @ x>14
(2,3)\text{ cm} @ (2,3)
12,34,567 @ 1234567
16,64,256 @ 64, 16, 256
p\land q @ q\wedge p
A\cup B @ B\cup A
(A\cup B)\cap D @ D\cap(B\cup A)
\frac{x-1}{2}=\frac{y+1}{3}=\frac z4 @ 3(x-1)=2(y+1), 4(y+1)=3z
\frac{x-1}{2}=\frac{y+1}{3}=\frac z4 @ \frac{x-1}{2}=\frac z4, \frac{y+1}{3}=\frac z4
a<b<c @ b>a, c>b
x+2y-3=0 \text{ or } x=1 @ x=1 \text{ or } y=-\frac12x+\frac32
(f\circ g)(x)=x^2+1 @ f(g(x)) = 1+x^2
\overline{3+4i} @ 3-4i
2e^{i\frac{\pi}{4}} @ 2\operatorname{cis}\frac\pi4
2e^{i\frac{\pi}{4}} @ 2\operatorname{cis}45^\circ
2\mathbf{i}-3\mathbf{j} @ 2i-3j
(2,-3) @ 2i-3j
\vec{r}=(1,2,3)+t(1,1,1) @ (1+t,2+t,3+t)
y=C_1e^{x}+C_2e^{-x} @ y=Ae^{x}+Be^{-x}
y=C_1e^{x}+C_2e^{-x} @ y=C_2e^{x}+C_1e^{-x}
\frac{dy}{dx}=2x @ y'=2x
P(A|B)=\frac13 @ \frac13
A^{-1}=\begin{pmatrix}1&2\\0&1\end{pmatrix} @ \begin{bmatrix}1&2\\0&1\end{bmatrix}
|\vec a+\vec b|=\sqrt7 @ \sqrt7
\mathbb{N}^* @ \mathbb{Z}^+
\{1,2,3,4\} @ \{x\in\mathbb{N} \mid 1\le x\le 4\}
\{\begin{pmatrix}1\\2\end{pmatrix},\begin{pmatrix}3\\4\end{pmatrix}\} @ (3,4),\begin{pmatrix}1\\2\end{pmatrix}
\frac68=\frac34 @ \frac34
10:15 @ 10:15
12\pi \approx 37.699 \text{ cm}^2 @ 12\pi
a=0 \text{ or } a\ge 4 @ \{0\}\cup[4,+\infty)
a=0, a\ge 4 @ \{0\}\cup[4,+\infty)
a\in\{-1\}\cup(0,1] @ a=-1 \text{ or } 0<a\le1
2 @ x=2, x>0
1 @ x=1,x=-2,x>0
f(x)_{\max}=3 @ 3
A\cap B=\{1\} @ \{1\}
\complement_U A=\{1\} @ \{1\}
AB:CD=2:1 @ 2:1
\frac{AB}{CD}=2 @ 2
AB^2=12 @ 12
\vec a\cdot\vec b=4 @ 4
12:18 @ 2:3
\binom{n}{2} @ C_n^2
"""
DIFFERENT = r"""
p\land q @ p\lor q
A\cup B @ B\cap A
A\cup B\cup D @ B\cup A
x<-1 \text{ or } x>4 @ x<-1 \text{ and } x>4
(-\infty,-1)\cup(4,\infty) @ x<-1 \text{ and } x>4
(1,4) @ x>1 \text{ or } x<4
(-\infty,-1)\cup(4,\infty) @ \{x\mid x<-1\text{ and }x>4\}
x \neq \pm1 @ x\ne 1 \text{ or } x\ne -1
x>14 \text{ km} @ x>14\text{ m}
(2,3)\text{ cm} @ (2,3)\text{ m}
16,64,256 @ 1664257
16,64 @ 1664
\mathbf a\times\mathbf b @ \mathbf a\cdot\mathbf b
\mathbf a\times\mathbf b @ \mathbf b\times\mathbf a
\frac{x-1}{2}=\frac{y+1}{3}=\frac z4 @ 3(x-1)=2(y+1), 3(x-1)=2(y+1)
\frac{x-1}{2}=\frac{y+1}{3}=\frac z4 @ 3(x-1)=2(y+1), 4(y-1)=3z
\frac{x-1}{2}=\frac{y+1}{3}=\frac z4 @ 3(x-1)=2(y+1)
a<b<c @ a<b, a<c
(f\circ g)(x) @ g(f(x))
\overline{3+4i} @ 3+4i
2\mathbf{i}-3\mathbf{j} @ 2i+3j
(2,-3) @ 2i-3
y=C_1e^{x}+C_2e^{-x} @ y=C_1e^{x}+C_2e^{-2x}
y=C_1e^{x}+C_2e^{-x} @ y=Ae^{x}+Ae^{-x}
y=kx+c @ y=cx+k
\mathbb{N} @ \mathbb{Z}^+
\{1,2\} @ \{x\in\mathbb{N} \mid x<3\}
\{1,2\}\cup\{3\} @ \{\{1,2\},\{3\}\}
0=0 @ 0
3:45 @ 1:15
12\pi \approx 37.699 \text{ cm}^2 @ 12\pi \text{ m}^2
14 \text{ cm}^2 @ 14 \text{ cm}^{20}
(a,b)=(3,-1) @ (a,b)=[3,-1)
(a,b)=(3,-1) @ (a,b)=(3,-1]
2k\pi, k\in\mathbb{Z} @ 2k\pi, k\in\{0,1\}
n^2, n\in\mathbb{N} @ n^2, n\in\{1,2\}
a=0 \text{ or } a\ge 4 @ a=0
a=0 \text{ or } a\ge 4 @ 0
a=0, a\ge 4 @ 0
1,-2 @ x=1,x=-2,x>0
x=1 \text{ or } x>3 @ x=1
x=2 @ x=2 \text{ or } x\ne 1
x=3, y>2 @ x=3
2 \text{ or } x>3 @ 2
\complement_U A=\{1\} @ \{2\}
A\cap B=\{1\} @ A\cup B=\{1\}
AB:CD=2:1 @ 1:2
AB^2=12 @ AB=12
\sqrt2 @ \sqrt3 (about 1.414)
1A5_{16} @ 1A6_{16}
|x|=2 @ 2
\frac{1}{e}-1 @ 0.1
"""


def compared(gold: str, pred: str) -> Finding:
    context = Context(MathPolicy(), Fuel(), lambda op, left, right: undecided("no algebra here"))
    left, right = (interpret(parse(normalise(text))) for text in (gold, pred))
    return equal(left, right, context)


@pytest.mark.parametrize("pair", SAME.strip().splitlines())
def test_the_same_in_either_order(pair: str) -> None:
    one, other = pair.split(" @ ")
    assert compared(one, other).equal
    assert compared(other, one).equal


@pytest.mark.parametrize("pair", DIFFERENT.strip().splitlines())
def test_different_in_either_order(pair: str) -> None:
    one, other = pair.split(" @ ")
    assert not compared(one, other).equal
    assert not compared(other, one).equal


@pytest.mark.parametrize(
    ("gold", "pred"),
    [
        (r"(1,3)\cup(2,5)", r"(1,5)"),
        (r"\{1,1,2,3,3\}", r"\{3,2,1\}"),
        (r"\frac\pi4+k\pi, k\in\mathbb{Z}", r"\frac{5\pi}4+n\pi, n\in\mathbb{Z}"),
    ],
)
def test_what_a_comparison_costs_does_not_depend_on_what_was_compared_before(gold: str, pred: str) -> None:
    left = interpret(parse(normalise(gold)))
    costs = []
    for _ in range(3):
        fuel = Fuel()
        right = interpret(parse(normalise(pred)))
        assert equal(left, right, Context(MathPolicy(), fuel, lambda op, a, b: undecided("no algebra"))).equal
        costs.append(Fuel().left - fuel.left)
    assert len(set(costs)) == 1
