"""Intervals, unions and solved inequalities as sets of numbers."""

from __future__ import annotations

import pytest

from assaygym.verifiers.maths.finding import Finding, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse

SAME = r"""
[2,\infty) | x \ge 2
[2,+\infty) | 2 \le x
[2,\infty) | \{x \mid x \ge 2\}
[2,\infty) | x \in [2,\infty)
x\ge 2 | \{x : x \ge 2\}
-4 \le k < 1 | 1 > k \ge -4
-4 \le k < 1 | [-4,1)
x \neq 6 | (-\infty,6)\cup(6,\infty)
x \neq 6 | \mathbb{R}\setminus\{6\}
(-\infty,1)\cup(3,\infty) | x<1 \text{ or } x>3
(1,3) | x>1 \text{ and } x<3
(1,3) | x>1, x<3
(1,3)\cup(2,5) | (1,5)
\{1\}\cup(2,3) | (2,3)\cup\{1\}
a<x<b | b>x>a
a<x<b | (a,b)
2x > 6 | x > 3
-2x > 6 | x < -3
3 - x \le 1 | x \ge 2
|x| < 3 | (-3,3)
|x-1| \le 2 | [-1,3]
|x-1| \le 2 | -1 \le x \le 3
|x| > 2 | (-\infty,-2)\cup(2,\infty)
a \le 6 | (-\infty, 6]
3<m<4 | (3,4)
(-\infty, 0) \cup\{1\} | x<0 \text{ or } x = 1
(-\infty,\infty) | \mathbb{R}
(-\infty,\infty) | x \in \mathbb{R}
(0,9)\cup(9,36) | (9,36)\cup(0,9)
(-\sqrt3,\sqrt3) | -\sqrt3 < x < \sqrt3
x \ne 1, x \ne 2 | (-\infty,1)\cup(1,2)\cup(2,\infty)
x \ne 1, 2 | x \ne 2, 1
(1,2]\cup[2,3) | (1,3)
[1,2]\cap[2,3] | \{2\}
x > 2 | (2, +\infty)
k \geqslant 2 | [2,\infty)
f(x) \ge 2 | [2,\infty)
x \in (1,2) \cup (3,4) | (1,2) \cup (3,4)
x > a | (a, \infty)
[0,1] | 0 \le x \le 1
x \in [-2,7] | [-2,7]
(-\infty,-1), (3,\infty) | (-\infty,-1)\cup(3,\infty)
x \ge 0, x \ne 1 | [0,1)\cup(1,\infty)
\mathbb{R} \setminus \{1,2\} | x \ne 1, x\ne 2
x \neq \pm 2 | x\ne 2, x \ne -2
-2 < x < 1, x \in \mathbb{Z} | \{-1, 0\}
(0, \frac{\pi}{2}) | 0<x<90^\circ
x>2 \cup x<-1 | x<-1 \text{ or } x>2
\text{all real numbers except } 2 | x \ne 2
[1,2) \cup \{5\} | 1\le x<2 \text{ or } x=5
"""
DIFFERENT = r"""
[2,\infty) | (2,\infty)
[2,\infty) | x > 2
x \ge 18 | x > 18
a \le 6 | a < 6
3<m<4 | 3 \le m \le 4
-4 \le k < 1 | -4 < k < 1
x^2 < 4 | -2 < x < 2
x^2 < 4 | (-2,2)
x > 3 | y > 3
x > 3 | x < 3
x \ne 6 | x = 6
x \ne 6 | (-\infty,\infty)
(1,3)\cup(3,5) | (1,5)
(1,3) | (1,3]
a<x<b | a<x<c
a<x<b | b<x<a
2x > 6 | x < 3
-2x > 6 | x > -3
|x| < 3 | (-3,3]
|x-1| \le 2 | [-3,1]
x \ge 2 | 2
(-\infty,-4)\cup(-4,\infty) | (-\infty,\infty)
(1,2) | x=1, x=2
[1,2] | \{1,2\}
(0,9)\cup(9,36) | (0,36)
x<1 \text{ or } x>3 | 1<x<3
x > 2 | x \ge 2
(-\infty, 0) \cup\{1\} | (-\infty,0)
(3,1) | 1 < x < 3
x \in \mathbb{Z} | \mathbb{R}
[0,1] | [0,1.0001]
[0, \infty) | x > 0
x \ge 2 | \text{no solution}
x \neq \pm 2 | x\ne 2
(a,b) | a<x\le b
(1,2),(3,4) | (1,2)\cup(3,4)
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
