"""Doubles and long numbers with error bounds: the true value is always within the bound."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.scalars import digits, floats
from assaygym.verifiers.maths.scalars.floats import Spot
from assaygym.verifiers.maths.scalars.longs import AGREED, EXACT, Ball, Desk, Raw, differ, sharpness
from assaygym.verifiers.maths.scalars.outcomes import NoValueError, UndefinedError, UnfitError, UnsureError
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.tree import Node

NAMES = {"x": 0.7184218466281891, "y": -1.6390152573585510, "z": 2.8284271247461903}
ONE_ARGUMENT = sorted(
    "sin cos tan cot sec csc sinh cosh tanh coth sech csch asin acos atan acot asec acsc asinh acosh atanh acoth asech"
    " acsch exp ln abs floor ceil sign re im conj arg".split()
)


def number(p: int, q: int = 1) -> Node:
    common = math.gcd(p, q)
    return "num", p // common, q // common


_LEAVES = st.one_of(
    st.builds(number, st.integers(-9, 9), st.integers(1, 12)),
    st.sampled_from([("const", "pi"), ("const", "e"), ("const", "i"), ("sym", "x"), ("sym", "y"), ("sym", "z")]),
    st.sampled_from([number(10**20), number(-(7**30)), number(1, 3**50), ("deg", number(36)), ("percent", number(7))]),
)
_TREES = st.recursive(
    _LEAVES,
    lambda parts: st.one_of(
        st.tuples(st.just("add"), parts, parts),
        st.tuples(st.just("mul"), parts, parts),
        st.tuples(st.just("div"), parts, parts),
        st.tuples(st.just("neg"), parts),
        st.tuples(st.just("pow"), parts, st.builds(number, st.integers(-5, 5), st.sampled_from([1, 1, 2, 3]))),
        st.tuples(st.just("fn"), st.sampled_from(ONE_ARGUMENT), parts),
        st.tuples(st.just("fn"), st.just("root"), parts, st.builds(number, st.integers(2, 5))),
        st.tuples(st.just("fn"), st.sampled_from(["max", "min", "log"]), parts, parts),
    ),
    max_leaves=8,
)


def exact(raw: Raw) -> Fraction:
    sign, mantissa, exponent, _ = raw
    return Fraction(-mantissa if sign else mantissa) * Fraction(2) ** exponent


def parts(ball: Ball) -> tuple[Fraction, Fraction]:
    assume(abs(ball[0][2]) < 20_000)
    assume(ball[1] is None or abs(ball[1][2]) < 20_000)
    return exact(ball[0]), exact(ball[1]) if ball[1] is not None else Fraction(0)


def truth(tree: Node) -> tuple[Fraction, Fraction]:
    """The value to 1500 bits."""
    try:
        return parts(digits.evaluate(tree, Desk(NAMES, 1500, Fuel(10**9))))
    except NoValueError:
        assume(False)
        raise


@settings(max_examples=300, deadline=None)
@given(_TREES)
def test_doubles_are_within_their_bounds(tree: Node) -> None:
    try:
        value, error = floats.evaluate(tree, Spot(NAMES, Fuel(10**9)))
    except (NoValueError, OverflowError, ValueError):
        return
    re, im = truth(tree)
    gap = (Fraction(value.real) - re) ** 2 + (Fraction(value.imag) - im) ** 2
    assert gap <= (Fraction(error) + Fraction(1, 2**1000)) ** 2


@settings(max_examples=300, deadline=None)
@given(_TREES, st.sampled_from([64, 120, 400]))
def test_long_numbers_are_within_their_bounds(tree: Node, precision: int) -> None:
    try:
        ball = digits.evaluate(tree, Desk(NAMES, precision, Fuel(10**9)))
    except (NoValueError, OverflowError, ValueError):
        return
    re, im = truth(tree)
    mine = parts(ball)
    error = Fraction(2) ** ball[2] if ball[2] > -20_000 else Fraction(0)
    assert (mine[0] - re) ** 2 + (mine[1] - im) ** 2 <= (error + Fraction(1, 2**1400)) ** 2


def tree(text: str) -> Node:
    return parse(normalise(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\frac12+\frac13", 5 / 6),
        (r"\sqrt{-4}", 2j),
        (r"(-8)^{1/3}", 1 + math.sqrt(3) * 1j),
        (r"\sqrt[3]{-8}", -2.0),
        (r"\log_2 10", math.log2(10)),
        (r"\ln(-1)", math.pi * 1j),
        (r"\arctan 2", math.atan(2)),
        (r"\binom{7}{3}", 35.0),
        (r"\lfloor\pi\rfloor+\lceil e\rceil", 6.0),
        (r"\sum_{k=1}^{4}\frac1k", 25 / 12),
        (r"45^\circ", math.pi / 4),
        (r"\max(\pi,3)", math.pi),
        (r"i^i", math.exp(-math.pi / 2)),
        (r"x^y", NAMES["x"] ** NAMES["y"]),
    ],
)
def test_values_are_those_of_the_functions(text: str, value: complex) -> None:
    result, error = floats.evaluate(tree(text), Spot(NAMES, Fuel()))
    assert abs(result - value) < 1e-12
    assert error < 1e-11
    long, im, _ = digits.evaluate(tree(text), Desk(NAMES, 200, Fuel()))
    assert abs(complex(float(exact(long)), float(exact(im)) if im else 0.0) - value) < 1e-12


@pytest.mark.parametrize(
    "text", ["1/0", r"\ln 0", "0^0", "0^{-1}", r"\arcsin 2", r"\frac{1}{x-x}", "y^x", r"\operatorname{arccot}(-2)"]
)
def test_what_does_not_exist_or_has_two_conventions_is_undefined(text: str) -> None:
    with pytest.raises((UndefinedError, UnsureError)):
        floats.evaluate(tree(text), Spot(NAMES, Fuel()))
    with pytest.raises((UndefinedError, UnsureError)):
        digits.evaluate(tree(text), Desk(NAMES, 200, Fuel()))


@pytest.mark.parametrize(
    "text",
    [
        r"\frac{1}{\sin\pi}",
        "10^{400}",
        r"3^{-2000}",
        "e^{1000}",
        r"\frac{1}{(\sqrt2)^2-2}",
        r"\lfloor(\sqrt2)^2\rfloor",
    ],
)
def test_doubles_say_where_they_do_not_tell(text: str) -> None:
    with pytest.raises(UnsureError):
        floats.evaluate(tree(text), Spot({}, Fuel()))


@pytest.mark.parametrize("text", ["a", r"\int_0^1 x\,dx", "3.5!", r"\sum_{k=1}^{\sqrt2} k"])
def test_what_they_do_not_know_is_unfit(text: str) -> None:
    with pytest.raises(UnfitError):
        floats.evaluate(tree(text), Spot(NAMES, Fuel()))
    with pytest.raises(UnfitError):
        digits.evaluate(tree(text), Desk(NAMES, 200, Fuel()))


@pytest.mark.parametrize(
    ("text", "absorbed"), [("1+x", False), (r"1+10^{-12}x", True), (r"x\cdot 10^{-12}", False), ("1+e^{-30}", True)]
)
def test_terms_that_doubles_lose_are_noticed(text: str, absorbed: bool) -> None:
    spot = Spot(NAMES, Fuel())
    floats.evaluate(tree(text), spot)
    assert spot.absorbed is absorbed


@pytest.mark.parametrize(
    ("text", "span"),
    [("1+x", 1), (r"\sin 1+10^{-300}", 996), (r"\tanh(1000)", 1442), ("e^{-e^5}", 214), (f"\\pi+{3**100}", 159)],
)
def test_the_span_reaches_what_is_added_however_small(text: str, span: int) -> None:
    desk = Desk(NAMES, 300, Fuel())
    digits.evaluate(tree(text), desk)
    assert span <= desk.span <= span + 3


def test_precision_is_what_was_asked_for() -> None:
    desk = Desk({}, AGREED + 40, Fuel())
    ball = digits.evaluate(tree(r"\sqrt{2}+\ln 3"), desk)
    assert ball[2] < -AGREED
    same = digits.evaluate(tree(r"\ln 3+\sqrt 2"), desk)
    assert not differ(ball, same)
    assert sharpness(ball, same, desk.span) > AGREED
    assert differ(ball, digits.evaluate(tree(r"\sqrt{2}+\ln 3+10^{-190}"), desk))


def test_whole_numbers_stay_exact() -> None:
    assert digits.evaluate(tree("3^{40}+7\\cdot 2"), Desk({}, 200, Fuel()))[2] == EXACT
