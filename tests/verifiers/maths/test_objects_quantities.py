"""Units, currencies, degrees and percents."""

from __future__ import annotations

import pytest

from assaygym.verifiers.maths.finding import Finding, undecided
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse

SAME = r"""
14 \text{ cm} | 14
14 | 14 \text{ cm}^2
14 \text{ cm} | 14 \text{ centimeters}
14 \text{ cm} | 14 \text{ centimetres}
9 \text{ sq ft} | 9 \text{ ft}^2
9 \text{ square feet} | 9 \text{ ft}^2
3 \text{ hours} | 3 \text{ hr}
40 \text{ m/s} | 40 \text{ m s}^{-1}
40 \text{ m/s} | 40 \text{ meters per second}
5 \text{ apples} | 5
5 \text{ apples} | 5 apples
12 \text{ students} | 12
864 \mbox{ inches}^2 | 864 \text{ square inches}
\$36 | 36
\$36.00 | 36 \text{ dollars}
36 | \$36.00
125^\circ | 125
125° | 125^\circ
\frac{3\pi}{10} | 54^\circ
150^\circ | \frac{5\pi}{6}
\frac{270}7\text{ degrees} | \frac{270}{7}^\circ
25\% | 0.25
25\% | \frac14
37.5\% | \frac{3}{8}
25\% | 25 \text{ percent}
x = 5 \text{ cm} | 5
90^\circ - \alpha | 90 - \alpha
5.4 \text{ cents} | 5.4
10 \text{ square units} | 10 \text{ cm}^2
\sin 30^\circ | \frac12
180^\circ - 2x | 180-2x
18+2\pi \text{ cm} | 18+2\pi
3 \text{ mL} | 3 \text{ cm}^3
(45^\circ, 60^\circ) | (45, 60)
5 \text{ ways} | 5
€5 | 5 \text{ euros}
1000 \text{ J} | 10^3 J
12 \text{ hours} | 12 h
£45 | 45 \text{ pounds}
S = 12\pi \text{ cm}^2 | 12\pi
5 \text{ cm}, 6 \text{ cm} | 6, 5
"""
DIFFERENT = r"""
14 \text{ km} | 14 \text{ mm}
14 \text{ cm}^2 | 14 \text{ cm}
14 \text{ m} | 14 \text{ cm}
\$5 | €5
5 \text{ apples} | 5 \text{ oranges}
3 \text{ hours} | 3 \text{ minutes}
125^\circ | 55^\circ
150^\circ | \frac{\pi}{6}
150^\circ | 150\pi
25\% | 25
25\% | 2.5
10\% | 1\%
2 \text{ km} | 2000 \text{ m}
40 \text{ m/s} | 40 \text{ km/h}
\$36 | 37
5 \text{ cm} | 6
5 \text{ cm} | x = 6
\$36 | 36 \text{ cents}
3 \text{ kg} | 3 \text{ g}
9 \text{ ft}^2 | 9 \text{ ft}^3
60^\circ | \frac{2\pi}{3}
5 \text{ dollars} | 5 \text{ cm}
36^\circ | 36\%
\sin 30^\circ | \sin 30
3 \text{ m} | 3M
14 \text{ cm} | 14 \text{ square units}
5 \text{ cm}, 6 \text{ m} | 5 \text{ m}, 6 \text{ cm}
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
