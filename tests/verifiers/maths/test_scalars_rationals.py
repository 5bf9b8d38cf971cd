"""Exact rational values, and what is left to other layers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.maths.fuel import Fuel, OutOfFuelError
from assaygym.verifiers.maths.scalars.outcomes import UndefinedError, UnfitError
from assaygym.verifiers.maths.scalars.pairs import MAX_BITS, perfect_root, reduced
from assaygym.verifiers.maths.scalars.rationals import NO_NAMES, evaluate
from assaygym.verifiers.maths.syntax.tree import Node


def num(p: int, q: int = 1) -> Node:
    return "num", p, q


def value(tree: Node) -> Fraction:
    p, q = evaluate(tree, NO_NAMES, Fuel())
    assert q > 0
    return Fraction(p, q)


def fn(name: str, *numbers: int) -> Node:
    return "fn", name, *map(num, numbers)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (("dec", 5, 2, 2), Fraction(5, 2)),
        (("repeating", 1, 6), Fraction(1, 6)),
        (("mixed", 2, 5, 8), Fraction(21, 8)),
        (("sci", ("dec", 27, 10, 1), 9), 27 * 10**8),
        (("sci", num(3), -2), Fraction(3, 100)),
        (("percent", ("dec", 1, 2, 1)), Fraction(1, 200)),
        (("add", num(1, 2), num(1, 3), ("neg", num(1))), Fraction(-1, 6)),
        (("mul", num(2, 3), num(-3, 4)), Fraction(-1, 2)),
        (("div", num(1), num(-3)), Fraction(-1, 3)),
        (("pow", num(-2, 3), num(-3)), Fraction(-27, 8)),
        (("pow", num(8, 27), num(-2, 3)), Fraction(9, 4)),
        (("pow", num(-1), num(10**30 + 1)), -1),
        (("pow", num(1), num(10**30)), 1),
        (("fn", "root", num(-8), num(3)), -2),
        (("fn", "root", num(9, 16)), Fraction(3, 4)),
        (fn("factorial", 5), 120),
        (fn("double_factorial", 7), 105),
        (fn("binomial", 10**9, 2), 10**9 * (10**9 - 1) // 2),
        (fn("binomial", 2, 5), 0),
        (fn("gcd", 12, 18, 27), 3),
        (fn("lcm", 4, 6), 12),
        (fn("mod", -7, 3), 2),
        (fn("max", 1, 3, 2), 3),
        (("fn", "min", num(1, 2), num(1, 3)), Fraction(1, 3)),
        (("fn", "floor", num(-1, 2)), -1),
        (("fn", "ceil", num(-1, 2)), 0),
        (("fn", "sign", num(-1, 2)), -1),
        (fn("abs", -3), 3),
        (fn("log", 8, 2), 3),
        (("fn", "log", num(1, 100), num(10)), -2),
        (fn("log", 1, 7), 0),
        (("sum", ("pow", ("sym", "k"), num(2)), "k", num(1), num(10)), 385),
        (("prod", ("div", ("sym", "k"), num(2)), "k", num(1), num(4)), Fraction(24, 16)),
        (("sum", ("sym", "k"), "k", num(1), num(0)), 0),
    ],
)
def test_values_are_exact(tree: Node, expected: Fraction) -> None:
    assert value(tree) == expected


@pytest.mark.parametrize(
    "tree",
    [
        ("sym", "x"),
        ("const", "pi"),
        ("pow", num(2), num(1, 2)),
        ("pow", num(-8), num(1, 3)),
        ("fn", "root", num(-4), num(2)),
        ("fn", "factorial", num(1, 2)),
        ("fn", "sin", num(1)),
        ("fn", "log", num(8)),
        fn("log", 9, 2),
        ("integral", num(1), "x", None, None),
        ("sum", ("sym", "k"), "k", num(1), ("const", "inf")),
        ("sum", ("sym", "k"), "k", num(1), num(10**9)),
    ],
)
def test_what_is_not_rational_here_is_left_to_others(tree: Node) -> None:
    with pytest.raises(UnfitError):
        value(tree)


@pytest.mark.parametrize(
    "tree",
    [
        ("div", num(1), num(0)),
        ("div", num(0), num(0)),
        ("pow", num(0), num(0)),
        ("pow", num(0), num(-1)),
        ("mixed", 1, 2, 0),
        fn("factorial", -3),
        fn("binomial", -1, 1),
        fn("mod", 5, 0),
        ("sum", ("sym", "k"), "k", num(5), num(1)),
    ],
)
def test_what_does_not_exist_is_undefined(tree: Node) -> None:
    with pytest.raises(UndefinedError):
        value(tree)


@pytest.mark.parametrize(
    "tree",
    [
        ("pow", num(9), ("pow", num(9), num(9))),
        ("pow", num(2), num(-MAX_BITS)),
        ("sci", num(1), 10**30),
        fn("factorial", 10**6),
        fn("binomial", 10**9, 5 * 10**8),
        ("pow", ("pow", num(10**40), num(500)), num(500)),
        ("mul", *[("pow", num(3), num(20_000))] * 10),
        ("pow", num(2**200), num(1, 10**30)),
    ],
)
def test_values_of_too_many_digits_are_refused_before_they_are_made(tree: Node) -> None:
    with pytest.raises(UnfitError):
        evaluate(tree, NO_NAMES, Fuel(100_000))


def test_fuel_ends_long_sums() -> None:
    inner: Node = ("mul", ("sym", "i"), ("sym", "j"), ("sym", "k"))
    for name in "ijk":
        inner = ("sum", inner, name, num(1), num(900))
    with pytest.raises(OutOfFuelError):
        evaluate(inner, NO_NAMES, Fuel())


@given(st.integers(0, 10**30), st.integers(1, 10**30), st.integers(2, 7))
def test_roots_of_powers_are_found_and_no_others(p: int, q: int, degree: int) -> None:
    root = reduced((p, q))
    power = (root[0] ** degree, root[1] ** degree)
    assert perfect_root(power, degree, Fuel()) == root
    with pytest.raises(UnfitError):
        perfect_root((power[0] + 1 if p else 2, power[1]), degree, Fuel())


_LEAVES = st.fractions(-20, 20, max_denominator=12).map(lambda f: num(f.numerator, f.denominator))
_TREES = st.recursive(
    _LEAVES,
    lambda parts: st.one_of(
        st.tuples(st.just("add"), parts, parts, parts),
        st.tuples(st.just("mul"), parts, parts),
        st.tuples(st.just("div"), parts, parts),
        st.tuples(st.just("neg"), parts),
        st.tuples(st.just("pow"), parts, st.integers(-3, 3).map(num)),
    ),
    max_leaves=12,
)


def by_fractions(tree: Node) -> Fraction:
    kind, *parts = tree
    if kind == "num":
        return Fraction(*parts)
    first, *rest = map(by_fractions, parts)
    if kind == "neg":
        return -first
    if kind == "div":
        return first / rest[0]
    if kind == "pow":
        if first == 0 == rest[0]:
            raise ZeroDivisionError
        return Fraction(first ** int(rest[0]))
    total = first
    for other in rest:
        total = total + other if kind == "add" else total * other
    return total


@given(_TREES)
def test_arithmetic_is_that_of_fractions(tree: Node) -> None:
    try:
        expected = by_fractions(tree)
    except ZeroDivisionError:
        with pytest.raises(UndefinedError):
            value(tree)
    else:
        assert value(tree) == expected
