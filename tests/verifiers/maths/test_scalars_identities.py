"""Random expressions equal themselves as sympy rewrites them, and nothing close by."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.scalars.scalar import Scalar, proportional, same_value
from assaygym.verifiers.maths.syntax.tree import Node

sp = pytest.importorskip("sympy")

X, Y = sp.symbols("x y", real=True)
POLICY = MathPolicy(unevaluated=True)
CONSTANTS = {sp.pi: "pi", sp.E: "e", sp.I: "i"}
NAMES = {"log": "ln", "Abs": "abs"}


def tree_of(expression: Any) -> Node:
    if expression.is_Rational:
        return "num", int(expression.p), int(expression.q)
    if expression in CONSTANTS:
        return "const", CONSTANTS[expression]
    if expression.is_Symbol:
        return "sym", expression.name
    parts = [tree_of(part) for part in expression.args]
    if expression.is_Add or expression.is_Mul or expression.is_Pow:
        return {"Add": "add", "Mul": "mul", "Pow": "pow"}[type(expression).__name__], *parts
    name = type(expression).__name__
    return "fn", NAMES.get(name, name), *parts


def rational(draw: st.DrawFn) -> Any:
    return sp.Rational(draw(st.integers(-6, 6)), draw(st.sampled_from([1, 1, 1, 2, 3, 5])))


def build(draw: st.DrawFn, depth: int, leaf: Any) -> Any:
    """A sum, product, quotient or small power of expressions, the leaves from `leaf`."""
    if depth == 0:
        return leaf()
    operation = draw(st.sampled_from("++**/^."))
    left = build(draw, depth - 1, leaf)
    if operation == ".":
        return left
    if operation == "^":
        return left ** draw(st.integers(2, 3))
    right = build(draw, depth - 1, leaf)
    if operation == "/":
        return left / right if right != 0 else left
    return left + right if operation == "+" else left * right


ARGUMENTS = [X, Y, 2 * X, X + Y, X - Y, X / 2, sp.pi * X, sp.pi / 5 + X, X * Y, 3 - X]
POSITIVE = [X, Y, X * Y, X**2 + 1, X + Y, X / Y, X**2]


@st.composite
def polynomials(draw: st.DrawFn) -> Any:
    return build(draw, draw(st.integers(1, 4)), lambda: draw(st.sampled_from([X, Y, rational(draw), rational(draw)])))


@st.composite
def radicals(draw: st.DrawFn) -> Any:
    def leaf() -> Any:
        return draw(st.sampled_from([rational(draw), sp.sqrt(draw(st.integers(2, 30))), sp.pi, sp.I]))

    return build(draw, draw(st.integers(1, 3)), leaf)


@st.composite
def trigonometry(draw: st.DrawFn) -> Any:
    def leaf() -> Any:
        function = draw(st.sampled_from([sp.sin, sp.cos, sp.tan, sp.exp, sp.sinh, sp.cosh]))
        return draw(st.sampled_from([function(draw(st.sampled_from(ARGUMENTS))), X, rational(draw)]))

    return build(draw, draw(st.integers(1, 3)), leaf)


@st.composite
def logarithms(draw: st.DrawFn) -> Any:
    def leaf() -> Any:
        function = draw(st.sampled_from([sp.log, sp.sqrt, sp.cbrt, sp.Abs, sp.atan]))
        return draw(st.sampled_from([function(draw(st.sampled_from(POSITIVE))), X, rational(draw)]))

    return build(draw, draw(st.integers(1, 3)), leaf)


def rewritten(expression: Any, way: Any) -> Any:
    assume(not expression.has(sp.zoo, sp.nan, sp.oo))
    assume(sp.count_ops(expression) < 50)
    result = way(expression)
    assume(not result.has(sp.zoo, sp.nan, sp.oo) and sp.count_ops(result) < 150)
    return result


def check(expression: Any, way: Any, gap: Any) -> None:
    """The rewritten expression is the same; with the gap added it is another."""
    gold, pred = Scalar(tree_of(expression)), tree_of(rewritten(expression, way))
    assert same_value(gold, Scalar(pred), POLICY, Fuel()).equal
    assert same_value(Scalar(pred), gold, POLICY, Fuel()).equal
    finding = same_value(gold, Scalar(("add", pred, tree_of(sp.sympify(gap)))), POLICY, Fuel())
    assert (finding.equal, finding.decided) == (False, True)


GAPS = [1, sp.Rational(1, 10**6), sp.Rational(1, 10**25), sp.Rational(1, 2**900)]


@settings(max_examples=120, deadline=None)
@given(polynomials(), st.sampled_from([sp.expand, sp.factor, sp.together, sp.cancel]), st.sampled_from([*GAPS, X * Y]))
def test_rational_functions(expression: Any, way: Any, gap: Any) -> None:
    check(expression, way, gap)


@settings(max_examples=100, deadline=None)
@given(radicals(), st.sampled_from([sp.expand, sp.radsimp, sp.together]), st.sampled_from([*GAPS, sp.sqrt(2) / 10**30]))
def test_numbers_with_radicals(expression: Any, way: Any, gap: Any) -> None:
    check(expression, way, gap)


WAYS = [
    sp.expand,
    sp.expand_trig,
    sp.together,
    lambda expression: expression.rewrite(sp.exp),
    lambda expression: expression.rewrite(sp.cos),
]


@settings(max_examples=100, deadline=None)
@given(trigonometry(), st.sampled_from(WAYS), st.sampled_from([*GAPS, sp.sin(X) / 10**9]))
def test_trigonometry(expression: Any, way: Any, gap: Any) -> None:
    check(expression, way, gap)


@settings(max_examples=100, deadline=None)
@given(
    logarithms(),
    st.sampled_from([sp.expand, sp.together, sp.expand_log, sp.powsimp]),
    st.sampled_from([*GAPS, sp.sqrt(X**2 + 1) / 10**9]),
)
def test_logarithms_and_roots(expression: Any, way: Any, gap: Any) -> None:
    assume(sp.count_ops(expression) < 30)
    check(expression, way, gap)


@settings(max_examples=60, deadline=None)
@given(polynomials(), st.integers(-9, 9), st.integers(1, 9))
def test_multiples_are_proportional_and_sums_with_another_term_are_not(expression: Any, p: int, q: int) -> None:
    assume(expression.free_symbols and p and not expression.has(sp.zoo, sp.nan))
    gold = Scalar(tree_of(expression))
    assert proportional(gold, Scalar(tree_of(sp.expand(expression * sp.Rational(p, q)))), Fuel()).equal
    assert not proportional(gold, Scalar(("add", gold.tree, tree_of(X**7 + Y**9))), Fuel()).equal


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sp.sqrt(5 + 2 * sp.sqrt(6)), sp.sqrt(2) + sp.sqrt(3)),
        (sp.cbrt(2 + sp.sqrt(5)) + sp.Rational(1, 2), 1 + sp.sqrt(5) / 2),
        (sp.sqrt(8 - 2 * sp.sqrt(15)), sp.sqrt(5) - sp.sqrt(3)),
        (sp.atan(sp.Rational(1, 5)) * 16 - sp.atan(sp.Rational(1, 239)) * 4, sp.pi),
        (sp.log(2 + sp.sqrt(3)), sp.acosh(2)),
        (sp.asin(sp.Rational(3, 5)), sp.acos(sp.Rational(4, 5))),
        (sp.cos(sp.pi / 17) ** 2 + sp.sin(sp.pi / 17) ** 2, sp.Integer(1)),
    ],
)
def test_numbers_that_take_many_digits(left: Any, right: Any) -> None:
    a, b = Scalar(tree_of(left)), Scalar(tree_of(right))
    assert same_value(a, b, POLICY, Fuel()).equal
    near = Scalar(("add", b.tree, ("num", 1, 10**150)))
    finding = same_value(a, near, POLICY, Fuel())
    assert (finding.equal, finding.decided) == (False, True)
