"""What holds for all things: reflexive, symmetric, total; regions against membership; bounded work."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.verifiers.maths.finding import Finding, undecided
from assaygym.verifiers.maths.fuel import Fuel, OutOfFuelError
from assaygym.verifiers.maths.objects import Context, equal, interpret
from assaygym.verifiers.maths.objects.solving import read_region
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.tree import RELATIONS, Node

LENIENT = MathPolicy(unevaluated=True)


def compared(gold: Node, pred: Node, fuel: int = 2_000_000) -> Finding:
    context = Context(LENIENT, Fuel(fuel), lambda op, left, right: undecided("no algebra here"))
    return equal(interpret(gold), interpret(pred), context)


numbers = st.integers(-4, 4).map(lambda value: ("num", value, 1))
names = st.sampled_from("xykn").map(lambda letter: ("sym", letter))
leaves = st.one_of(numbers, names, st.just(("const", "pi")), st.just(("const", "inf")), st.just(("domain", "Z")))


def _nodes(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.tuples(st.sampled_from(("add", "mul", "list", "or", "set", "union", "inter", "ratio")), several).map(_flat),
        st.tuples(st.sampled_from(("neg", "pm", "mp", "percent", "deg")), inner),
        st.tuples(st.sampled_from(("div", "pow", "minus")), inner, inner),
        st.tuples(st.just("unit"), inner, st.sampled_from(("cm", "m", "apples"))),
        st.tuples(st.sampled_from("(["), st.sampled_from(")]"), several).map(lambda t: ("seq", t[0], t[1], *t[2])),
        st.tuples(st.sampled_from(RELATIONS), inner, inner).map(lambda t: ("rel", (t[0],), t[1], t[2])),
        st.tuples(inner, inner, inner).map(lambda t: ("rel", ("<", "<="), *t)),
        st.tuples(inner, several).map(lambda t: ("with", t[0], *t[1])),
        st.tuples(inner, several).map(lambda t: ("setof", t[0], *t[1])),
        st.tuples(inner, inner).map(lambda t: ("cases", (t[0], t[1]), (t[1], None))),
        several.map(lambda row: ("matrix", tuple(row), tuple(row))),
        st.tuples(st.sampled_from(("f", "Q")), several).map(lambda t: ("call", t[0], *t[1])),
    )


def _flat(pair: tuple[str, list[Node]]) -> Node:
    return (pair[0], *pair[1])


trees = st.recursive(leaves, _nodes, max_leaves=8)


@given(trees, trees)
@settings(max_examples=120)
def test_any_two_trees_are_compared_without_an_exception_and_the_same_both_ways(one: Node, other: Node) -> None:
    try:
        forth, back = compared(one, other), compared(other, one)
    except OutOfFuelError:
        return
    if not _has_listed_conditions(one) and not _has_listed_conditions(other) and not _defines_zero(one, other):
        assert forth.equal == back.equal


def _has_listed_conditions(node: Node) -> bool:
    return node[0] in ("list", "with") or any(_has_listed_conditions(part) for part in node if isinstance(part, tuple))


def _defines_zero(*nodes: Node) -> bool:
    return any(part[0] == "call" for node in nodes for part in _parts(node))


def _parts(node: Node) -> list[Node]:
    return [node, *(deeper for part in node if isinstance(part, tuple) and part for deeper in _parts(part))]


@given(trees)
@settings(max_examples=100)
def test_every_tree_is_the_same_as_itself(tree: Node) -> None:
    assert compared(tree, tree).equal


ENDS = st.integers(0, 6)
INTERVAL = st.tuples(st.sampled_from("(["), ENDS, ENDS, st.sampled_from(")]")).filter(lambda t: t[1] < t[2])


def _node(interval: tuple[str, int, int, str]) -> Node:
    return ("seq", interval[0], interval[3], ("num", interval[1], 1), ("num", interval[2], 1))


def _holds(interval: tuple[str, int, int, str], value: Fraction) -> bool:
    opening, low, high, closing = interval
    return (low < value or (value == low and opening == "[")) and (value < high or (value == high and closing == "]"))


@given(st.lists(INTERVAL, min_size=2, max_size=4), st.lists(INTERVAL, min_size=2, max_size=4))
def test_unions_are_the_same_just_when_they_have_the_same_members(
    left: list[tuple[str, int, int, str]], right: list[tuple[str, int, int, str]]
) -> None:
    halves = [Fraction(twice, 2) for twice in range(-1, 14)]
    members = [[any(_holds(part, value) for part in parts) for value in halves] for parts in (left, right)]
    nodes = [("union", *map(_node, parts)) for parts in (left, right)]
    assert compared(nodes[0], nodes[1]).equal == (members[0] == members[1])


@given(INTERVAL, INTERVAL)
def test_differences_and_intersections_have_the_members_they_should(
    left: tuple[str, int, int, str], right: tuple[str, int, int, str]
) -> None:
    halves = [Fraction(twice, 2) for twice in range(-1, 14)]
    without = read_region(("minus", _node(left), _node(right)))
    shared = read_region(("inter", _node(left), _node(right)))
    assert without is not None
    assert shared is not None
    is_empty = [not any(_holds(left, v) and not _holds(right, v) for v in halves)]
    is_empty.append(not any(_holds(left, v) and _holds(right, v) for v in halves))
    assert [without.is_empty(Fuel()), shared.is_empty(Fuel())] == is_empty


@given(st.integers(-5, 5).filter(bool), st.integers(-9, 9), st.sampled_from(("<", "<=", ">", ">=")), st.integers(-9, 9))
def test_a_linear_inequality_is_its_solution(slope: int, shift: int, op: str, bound: int) -> None:
    side: Node = ("add", ("mul", ("num", slope, 1), ("sym", "x")), ("num", shift, 1))
    end = Fraction(bound - shift, slope)
    turned = op if slope > 0 else {"<": ">", ">": "<", "<=": ">=", ">=": "<="}[op]
    solved: Node = ("rel", (turned,), ("sym", "x"), ("num", end.numerator, end.denominator))
    other: Node = ("rel", (op,), ("sym", "x"), ("num", end.numerator, end.denominator))
    unsolved: Node = ("rel", (op,), side, ("num", bound, 1))
    assert compared(unsolved, solved).equal
    assert compared(unsolved, other).equal == (slope > 0)


@given(st.integers(1, 12), st.integers(-30, 30), st.integers(-3, 3), st.booleans())
def test_a_residue_class_is_the_same_from_any_member(modulus: int, residue: int, turns: int, turned: bool) -> None:
    def progression(first: int, step: int, letter: str) -> Node:
        body: Node = ("add", ("mul", ("num", step, 1), ("sym", letter)), ("num", first, 1))
        return ("with", ("rel", ("=",), ("sym", "x"), body), ("rel", ("in",), ("sym", letter), ("domain", "Z")))

    other = progression(residue + turns * modulus, -modulus if turned else modulus, "n")
    assert compared(progression(residue, modulus, "k"), other).equal
    assert compared(progression(residue, modulus, "k"), progression(residue + 1, modulus, "n")).equal == (modulus == 1)


def test_long_lists_of_rationals_take_few_steps() -> None:
    items = [("num", value, 7) for value in range(1, 1000)]
    assert compared(("list", *items), ("list", *reversed(items)), 200_000).equal


def test_long_lists_of_points_take_few_steps() -> None:
    items = [("seq", "(", ")", ("num", value, 1), ("num", -value, 1)) for value in range(200)]
    assert compared(("set", *items), ("set", *reversed(items)), 200_000).equal


def test_long_lists_of_expressions_are_undecided() -> None:
    items = [("add", ("sym", "x"), ("num", value, 1)) for value in range(120)]
    finding = compared(("list", *items), ("list", *reversed(items)))
    assert not finding.equal
    assert not finding.decided


def test_a_matching_goes_beyond_the_first_counterpart() -> None:
    close = MathPolicy(absolute=0.15)
    context = Context(close, Fuel(), lambda op, left, right: undecided("no algebra here"))
    left, right = interpret(parse("1.1, 1.2")), interpret(parse("1.2, 1.0"))
    assert equal(left, right, context).equal


def test_work_is_bounded_by_the_fuel() -> None:
    left = parse(", ".join(rf"\sqrt{{{number}}}+\sqrt{{x}}" for number in range(2, 40)))
    right = parse(", ".join(rf"\sqrt{{{number}}}+\sqrt{{x}}" for number in range(40, 2, -1)))
    with pytest.raises(OutOfFuelError):
        compared(left, right, 1000)


@pytest.mark.parametrize("count", [2, 10, 200])
def test_unions_of_many_intervals_are_put_in_order(count: int) -> None:
    parts = [("seq", "[", "]", ("num", 2 * place, 1), ("num", 2 * place + 1, 1)) for place in range(count)]
    assert compared(("union", *parts), ("union", *reversed(parts)), 1_000_000).equal
    assert not compared(("union", *parts), ("union", *parts[1:])).equal
