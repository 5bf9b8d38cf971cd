"""Numbers made to hang, to fill the memory or to deceive: bounded work, no exception, nothing equal that is not."""

from __future__ import annotations

import itertools
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.verifiers.maths.finding import Finding
from assaygym.verifiers.maths.fuel import Fuel, OutOfFuelError
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.scalars.points import POINTS, real_point
from assaygym.verifiers.maths.scalars.scalar import Scalar, compare, proportional, rational, same_value, sign
from assaygym.verifiers.maths.syntax.tree import Node

X: Node = ("sym", "x")
N: Node = ("sym", "n")


def num(p: int, q: int = 1) -> Node:
    return "num", p, q


def fn(name: str, *parts: Node) -> Node:
    return "fn", name, *parts


def nested(times: int, name: str, start: Node) -> Node:
    for _ in range(times):
        start = fn(name, start)
    return start


def tower(base: int, height: int) -> Node:
    tree = num(base)
    for _ in range(height - 1):
        tree = ("pow", num(base), tree)
    return tree


def series(kind: str, body: Node, *bounds: tuple[str, Node]) -> Node:
    for name, high in bounds:
        body = (kind, body, name, num(1), high)
    return body


def chain(depth: int) -> Node:
    tree = num(1)
    for _ in range(depth):
        tree = ("div", num(1), ("add", num(1), tree))
    return tree


K: Node = ("sym", "k")
HOSTILE: dict[str, Node] = {
    "tower": tower(9, 4),
    "high tower": tower(10, 8),
    "factorial tower": nested(6, "factorial", num(4)),
    "large factorial": fn("factorial", num(10**30)),
    "factorial of a million": fn("factorial", num(10**6)),
    "large binomial": fn("binomial", num(10**9), num(5 * 10**8)),
    "fraction as exponent": ("pow", num(7), num(10**30 + 1, 10**30)),
    "small root": ("pow", num(10**100, 3), num(1, 10**20)),
    "long to long": ("pow", num(10**4000 + 7), num(10**4000 + 7)),
    "triple sum": series("sum", ("mul", K, ("sym", "j"), N), ("k", num(900)), ("j", num(900)), ("n", num(900))),
    "sum of small powers": series("sum", ("div", num(1), ("pow", K, num(50))), ("k", num(1000))),
    "sum of powers": series("sum", ("pow", K, K), ("k", num(999))),
    "product": series("prod", ("add", K, num(10**9)), ("k", num(1000))),
    "sum of sines": series("sum", fn("sin", ("mul", K, X)), ("k", num(900))),
    "binomial sum": series("sum", fn("binomial", ("mul", num(60), N), K), ("k", ("mul", num(60), N))),
    "triple exponential": nested(3, "exp", num(10)),
    "tiny triple exponential": fn("exp", ("neg", nested(2, "exp", num(10)))),
    "hidden by a large one": ("add", fn("sin", num(1)), fn("exp", ("neg", fn("exp", num(10))))),
    "large angle": fn("sin", ("pow", num(10), num(30000))),
    "scientific": ("sci", ("dec", 27, 10, 1), 10**9),
    "tiny scientific": ("sci", num(1), -(10**30)),
    "zero by zero": ("div", num(0), num(0)),
    "tan 90": fn("tan", ("deg", num(90))),
    "infinity by zero": ("mul", num(0), ("const", "inf")),
    "nested sines": nested(50, "sin", X),
    "nested logarithms": nested(50, "ln", ("add", num(5), X)),
    "many names": ("add", *[("pow", ("sym", f"x{i}"), num(i)) for i in range(200)]),
    "long product": ("mul", *[("add", ("sym", f"x{i}"), num(i)) for i in range(300)]),
    "large power": ("pow", ("add", X, num(1)), num(10**1000)),
    "power of powers": ("pow", X, ("pow", X, ("pow", X, X))),
    "alternating": ("pow", num(-1), ("pow", N, ("pow", N, N))),
    "factorials of a name": fn("factorial", fn("factorial", N)),
    "odd name": ("sym", "\ud800 ' \x00"),
    "empty name": ("sym", ""),
    "long name": ("call", "f" * 3000, X),
    "deep": chain(30),
    "too deep": chain(500),
    "far too deep": nested(3000, "sin", X),
    "integral": ("integral", X, "x", None, None),
    "cases": ("cases", (X, None)),
    "matrix": ("matrix", (X, X)),
    "relation": ("rel", ("=",), X, num(1)),
    "words": ("words", "two and a half"),
    "unknown function": fn("nosuch", X),
}


def settle(gold: Node, pred: Node) -> Finding | None:
    try:
        return same_value(Scalar(gold), Scalar(pred), MathPolicy(unevaluated=True), Fuel())
    except OutOfFuelError:
        return None


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_bounded_and_nothing_is_raised(name: str) -> None:
    tree = HOSTILE[name]
    start = time.process_time()
    for other in (num(1), X, ("add", tree, num(0)), ("mul", num(2), tree)):
        settle(tree, other)
        settle(other, tree)
        for rule in (proportional, compare):
            try:
                rule(Scalar(tree), Scalar(other), Fuel())
            except OutOfFuelError:
                continue
    assert time.process_time() - start < 8.0


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_number_is_what_it_is_not(name: str) -> None:
    tree = HOSTILE[name]
    for other in (num(1), X, ("add", tree, num(1)), ("sci", num(1), 5)):
        finding = settle(tree, other)
        assert finding is None or not finding.equal


def test_different_hostile_numbers_are_never_equal() -> None:
    for (_, a), (_, b) in itertools.combinations(list(HOSTILE.items())[:12], 2):
        finding = settle(a, b)
        assert finding is None or not finding.equal


def test_memory_stays_small() -> None:
    scalars = [Scalar(tree) for tree in HOSTILE.values()]
    settle(HOSTILE["sum of sines"], num(1))
    tracemalloc.start()
    for scalar in scalars:
        for other in (num(1), X):
            try:
                same_value(scalar, Scalar(other), MathPolicy(), Fuel())
            except OutOfFuelError:
                continue
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000


def test_a_gold_does_not_grow_with_the_names_it_is_asked_about() -> None:
    gold = Scalar(fn("ln", ("add", X, num(2))))
    for i in range(300):
        same_value(gold, Scalar(("add", fn("ln", ("sym", f"y{i}")), ("sym", f"z{i}"))), MathPolicy(), Fuel())
    assert len(gold._held) <= 500


def hidden(factor: Node) -> tuple[Node, Node]:
    """The root of x, and what adds a tiny multiple of a factor to it."""
    root = fn("root", X)
    return root, ("add", root, ("mul", ("pow", num(10), num(-300)), factor))


def test_no_factor_hides_a_difference_at_the_fixed_points() -> None:
    zeros = []
    for k in range(POINTS):
        p, q = real_point(("x",), k)["x"].as_integer_ratio()
        zeros.append(("add", X, num(-p, q)))
    for count in (1, 2, 4, POINTS):
        finding = settle(*hidden(("mul", *zeros[:count], num(1))))
        assert finding is not None
        assert not finding.equal


def test_no_factor_hides_a_difference_at_the_fixed_integers() -> None:
    gold = series("sum", K, ("k", N))
    right: Node = ("div", ("mul", N, ("add", N, num(1))), num(2))
    finding = settle(gold, right)
    assert finding is not None
    assert finding.equal
    factor: Node = ("mul", *[("add", N, num(-k)) for k in range(1, 18)])
    finding = settle(gold, ("add", right, factor))
    assert finding is not None
    assert not finding.equal


_NAMES = st.sampled_from(["x", "y", "n"]).map(lambda name: ("sym", name))
_NUMBERS = st.one_of(
    st.integers(-12, 12).map(num),
    st.sampled_from(
        [num(1, 2), num(-7, 3), num(10**40), ("dec", 5, 4, 2), ("sci", num(3), 200), ("sci", num(3), -200)]
    ),
    st.sampled_from([("const", name) for name in ("pi", "e", "i", "inf", "undefined")]),
)
_ANY = st.recursive(
    st.one_of(_NAMES, _NUMBERS),
    lambda parts: st.one_of(
        st.tuples(st.sampled_from(["add", "mul"]), parts, parts, parts),
        st.tuples(st.sampled_from(["add", "mul", "div", "pow"]), parts, parts),
        st.tuples(st.sampled_from(["neg", "percent", "deg"]), parts),
        st.tuples(
            st.just("fn"),
            st.sampled_from(
                "sin tan acos asec ln log exp abs floor sign factorial double_factorial root arg gamma det".split()
            ),
            parts,
        ),
        st.tuples(st.just("fn"), st.sampled_from("log root binomial mod gcd max".split()), parts, parts),
        st.tuples(st.sampled_from(["sum", "prod"]), parts, st.just("n"), parts, parts),
        st.tuples(st.just("call"), st.just("f"), parts),
    ),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(_ANY, _ANY)
def test_any_two_trees_get_a_verdict_that_is_symmetric(a: Node, b: Node) -> None:
    one, other = settle(a, b), settle(b, a)
    assert (one is not None and one.equal) == (other is not None and other.equal)


@settings(max_examples=150, deadline=None)
@given(_ANY)
def test_every_tree_equals_itself_and_not_itself_plus_one(tree: Node) -> None:
    own = settle(tree, tree)
    assert own is not None
    assert own.equal
    plus = settle(tree, ("add", tree, num(1)))
    assert plus is None or not plus.equal
    exact = rational(tree, Fuel(10**8))
    assert exact is None or sign(Scalar(tree), Fuel(10**8)) == (exact > 0) - (exact < 0)
