"""Lists, sets, alternatives, plus-minus."""

from __future__ import annotations

import pytest

from assaygym.verifiers.maths.finding import Finding, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse

SAME = r"""
\{4,9\} | 9, 4
\{4,9\} | \{9,4\}
\{4,9,4\} | \{4,9\}
-6, 11 | x=11 \text{ or } x=-6
-6, 11 | 11 \text{ and } -6
x_1=2, x_2=3 | 2, 3
x_1=2, x_2=3 | x_1=3, x_2=2
x = 2, 3 | x=3, x=2
(2,5),(5,2) | (5,2),(2,5)
\pm 8 | 8, -8
8, -8 | \pm 8
\pm 8 | \{-8, 8\}
1 \pm \sqrt{2} | 1+\sqrt2, 1-\sqrt2
1 \pm \sqrt{2} | 1 \mp \sqrt2
x = \pm 2 | 2, -2
x = \pm 2 | x=2 \text{ or } x=-2
x = \pm 2 | \pm 2
\{1\pm\sqrt{5},-2\} | \{-2, 1+\sqrt5, 1-\sqrt5\}
3, 1\pm\sqrt{5} | 1+\sqrt5, 1-\sqrt5, 3
\{3\} | 3
3 | \{3\}
a=\frac{1}{2}, Q(2,-2) | a = 0.5, Q = (2,-2)
1;\frac{8}{9} | 1, \frac89
10, 20, 13300000 | 10, 20, 1.33 \times 10^7
\{(1,2),(3,4)\} | (3,4),(1,2)
f(x)=x, f(x)=-x | f(x)=-x, f(x)=x
f(x)=x, f(x)=2-x | f(t) = 2-t, f(t) = t
-\sqrt[3]{5}, \sqrt[3]{5} | y = \pm\sqrt[3]{5}
\pm 1 \pm \sqrt{2} | 1+\sqrt2, 1-\sqrt2, -1+\sqrt2, -1-\sqrt2
(x,y) = (1,2) \text{ or } (x,y) = (2,1) | (2,1),(1,2)
x=1, y=2 \text{ or } x=2, y=1 | (1,2), (2,1)
\emptyset | \{\}
(\pm 1, 2) | (1,2), (-1,2)
1, 2, 3 | 3, 1, 2
y = \pm \frac{4}{3}x | y = \frac43 x, y=-\frac43 x
\{1,2\}\cup\{3\} | \{1,2,3\}
0.5, \sqrt2 | \sqrt{2}, \frac12
3, -3 | x=\pm 3
x \in \{1,2\} | 1, 2
2 \text{ or } 3 | x = 2, x = 3
x=1, y=2; x=3, y=4 | (1,2),(3,4)
(x,y)=(1,2),(3,4) | (3,4),(1,2)
\pm i, \pm 2 | i, -i, 2, -2
(1, \pm 2) | (1,2),(1,-2)
\varnothing | \text{no solution}
\{x\in\mathbb{Z}: 2\le x\le 3\} | \{2,3\}
"""
DIFFERENT = r"""
\{4,9\} | 4
-6, 11 | 6, -11
-6, 11 | 11
(2,5),(5,2) | (2,5)
(2,5),(5,2) | (2,5),(2,5)
\pm 8 | 8
1 \pm \sqrt2 | 1+\sqrt2
6 | 6 \text{ or } 9
6 | 4, 5, 6, 7
6 | \{6, 7\}
1, 1, 2 | 1, 2
1, 1, 2 | 1, 2, 2
\{1,2\} | 1, 2, 2
a=\frac{1}{2}, Q(2,-2) | a = 0.5, Q = (-2,2)
10, 20, 13300000 | 10, 20, 1330000
x = \pm 2 | x = 2
x = \pm 2 | y = \pm 2
x_1=2, x_2=3 | x_1=2, x_2=4
1, 2, 3 | 1, 2, 3, 4
1, 2 | (1,2)
5, 5 | 5
\{3\} | 4
a=1, b=2 | a=2, b=1
a=1, b=2 | 2, 1
x=1, y=2 | 2, 1
x=1, y=2 \text{ or } x=2, y=1 | (1,2),(1,2)
f(x)=x, f(x)=2-x | f(x)=x
\emptyset | 0
\{0\} | \emptyset
\pm 1 | \pm 2
1 \pm \sqrt2 | \sqrt2 \pm 1
\{(1,2),(3,4)\} | (2,1),(4,3)
x=2 \text{ or } x=3 | x=2 \text{ or } y=3
\{\{1,2\},\{3\}\} | \{\{1,2\},3\}
(\pm 1, \pm 2) | (1,-2),(-1,2)
\text{red}, 2 | 2, \text{blue}
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
