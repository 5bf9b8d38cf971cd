"""Prime fields: the primes, roots in them, towers of powers, and what equal and different values show."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.scalars.outcomes import NoRootError, TowerError, UndefinedError, UnfitError
from assaygym.verifiers.maths.scalars.place import inverse
from assaygym.verifiers.maths.scalars.primes import FIELDS, ORDER, Field, KeyedField
from assaygym.verifiers.maths.scalars.scalar import same_value
from assaygym.verifiers.maths.scalars.towers import power_residue
from assaygym.verifiers.maths.scalars.values import Residue, Scalar
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse
from assaygym.verifiers.maths.syntax.tree import Node

SMALL_PRIMES = [q for q in range(2, 114) if all(q % d for d in range(2, q))]


def is_prime(n: int) -> bool:
    """Miller and Rabin's test with the first primes as bases."""
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in SMALL_PRIMES[:24]:
        x = pow(base, odd, n)
        if x not in (1, n - 1) and all((x := x * x % n) != n - 1 for _ in range(twos - 1)):
            return False
    return True


def residue(text: str, index: int = 0) -> Residue:
    value = Scalar(parse(normalise(text))).residue(index, (), 0, Fuel())
    assert isinstance(value, Residue), value
    return value


@pytest.mark.parametrize("field", FIELDS)
def test_the_fixed_primes_have_the_structure_that_is_claimed(field: Field) -> None:
    p = field.p
    assert is_prime(p)
    assert is_prime((p - 1) // ORDER)
    assert p.bit_length() in (119, 120)
    assert all(pow(field.zeta, ORDER // q, p) != 1 for q in (2, 3, 5, 7, 11, 13))
    assert pow(field.zeta, ORDER, p) == 1
    assert field.i**2 % p == p - 1


@pytest.mark.parametrize("field", FIELDS)
def test_all_small_primes_have_square_roots_that_multiply(field: Field) -> None:
    for q in SMALL_PRIMES:
        assert field.root(q) ** 2 % field.p == q
    assert field.root(30030) == math.prod(field.root(q) for q in (2, 3, 5, 7, 11, 13)) % field.p
    assert field.root(49 * 1009**2) == 7 * 1009


def test_larger_primes_have_square_roots_in_half_of_the_fields() -> None:
    found = 0
    for field in FIELDS:
        try:
            found += field.root(10007) ** 2 % field.p == 10007
        except NoRootError:
            continue
    assert 0 < found < len(FIELDS)


def test_numbers_with_large_factors_have_no_root_and_no_logarithm() -> None:
    for rule in (FIELDS[0].root, FIELDS[0].logarithm):
        with pytest.raises(UnfitError):
            rule((10**9 + 7) * (10**9 + 9))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (r"\sqrt{75}", r"5\sqrt3"),
        (r"\sqrt{\frac{15}{8}}", r"\frac{\sqrt{30}}{4}"),
        (r"\sqrt{-12}", r"2i\sqrt3"),
        (r"\frac{1}{1+i}", r"\frac{1-i}{2}"),
        (r"2\cos\frac{\pi}{12}", r"\frac{\sqrt6+\sqrt2}{2}"),
        (r"4\sin 18^\circ", r"\sqrt5-1"),
        (r"\tan\frac{3\pi}{11}+4\sin\frac{2\pi}{11}", r"\sqrt{11}"),
        (r"\sin(x+y)", r"\sin x\cos y+\cos x\sin y"),
        (r"\cot x", r"\frac{\csc x}{\sec x}"),
        (r"\sinh 2x", r"2\sinh x\cosh x"),
        (r"\tanh x", r"\frac{1}{\coth x}"),
        (r"\operatorname{sech} x", r"\frac{1}{\cosh x}"),
        (r"e^{ix}", r"\cos x+i\sin x"),
        (r"e^{x+2}", r"e^2e^x"),
        (r"\sin(\pi-x)", r"\sin x"),
        (r"\ln 12", r"2\ln2+\ln3"),
        (r"\ln(e^3x^2)", r"3+2\ln x"),
        (r"x\sqrt{x}", "x^{3/2}"),
        (r"(x+1)^{5/3}", r"(x+1)(x+1)^{2/3}"),
        (r"\sum_{k=1}^{5} x^k", "x+x^2+x^3+x^4+x^5"),
        (r"\frac{40000!}{39999!}", "40000"),
        (r"\binom{1000000}{3}", "166666166667000000"),
    ],
)
def test_identities_hold_in_every_field(left: str, right: str) -> None:
    for index in range(len(FIELDS)):
        assert residue(left, index).value == residue(right, index).value


@pytest.mark.parametrize("text", [r"\ln 2", "2^x", r"\sqrt x", r"\sqrt{x+1}", r"\log_2 x", "e\\pi"])
def test_where_variables_may_depend_on_each_other_differences_prove_nothing(text: str) -> None:
    assert residue(text).unproved


@pytest.mark.parametrize("text", [r"\sqrt2", r"\pi x", r"e^x", r"\sin x", "x^3", r"\sqrt{-3}", r"2^{10}"])
def test_independent_variables_prove_differences(text: str) -> None:
    assert not residue(text).unproved


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (r"\frac{1}{\sqrt2-\sqrt2}", UndefinedError),
        (r"\tan 90^\circ", UndefinedError),
        (r"\arctan 2", UnfitError),
        (r"\cos(\sqrt2)", UnfitError),
        (r"e^{x^y}", UnfitError),
        ("|x|", UnfitError),
        (r"2^{10^{10^{10}}}", TowerError),
        (r"\sqrt[5]{x}", UnfitError),
    ],
)
def test_what_has_no_value_in_a_field_says_why(text: str, error: type[Exception]) -> None:
    assert isinstance(Scalar(parse(normalise(text))).residue(0, (), 0, Fuel()), error)


# Fields for one pair.


@pytest.mark.parametrize("key", ["a", "b", "c", "d"])
def test_keyed_primes_are_primes_with_known_factors_below(key: str) -> None:
    field = KeyedField(key)
    assert is_prime(field.p)
    assert math.prod(field.factors) == field.p - 1
    assert all(is_prime(q) for q in field.factors if q > 200)
    assert field.p == KeyedField(key).p != KeyedField(key + "'").p
    assert 110 < field.p.bit_length() < 130


@given(st.integers(2, 30), st.integers(1, 12), st.integers(1, 9), st.integers(0, 40))
def test_towers_are_reduced_as_their_exact_values(base: int, a: int, b: int, shift: int) -> None:
    field = KeyedField("towers")
    tree: Node = ("add", ("mul", ("pow", ("num", a, 1), ("num", b, 1)), ("num", 3, 1)), ("num", shift, 1))
    exact = 3 * a**b + shift
    assert power_residue(base, tree, field.factors, {}, Fuel(), field.p) == pow(base, exact, field.p)


def test_large_towers_obey_the_laws_of_powers() -> None:
    field = KeyedField("laws")
    ten: Node = ("num", 10, 1)
    height: Node = ("pow", ten, ("pow", ten, ten))

    def residue_of(base: int, exponent: Node) -> int:
        return power_residue(base, exponent, field.factors, {}, Fuel(), field.p)

    full = residue_of(7, height)
    assert residue_of(7, ("add", height, ("num", -1, 1))) * 7 % field.p == full
    assert residue_of(49, ("div", height, ("num", 2, 1))) == full
    assert residue_of(7, ("mul", height, ("num", 2, 1))) == full**2 % field.p
    assert residue_of(7, ("mul", ten, ("pow", ten, ("add", ("pow", ten, ten), ("num", -1, 1))))) == full
    assert inverse(full, field.p) * full % field.p == 1


@pytest.mark.parametrize(
    "exponent",
    [
        ("add", ("num", 1, 1), ("neg", ("pow", ("num", 2, 1), ("num", 10**6, 1)))),
        ("div", ("pow", ("num", 2, 1), ("num", 10**6, 1)), ("num", 3, 1)),
        ("fn", "factorial", ("num", 10**6, 1)),
        ("mul", ("num", -1, 1), ("pow", ("num", 2, 1), ("num", 10**6, 1))),
    ],
)
def test_towers_that_are_no_positive_integers_for_sure_are_refused(exponent: Node) -> None:
    field = KeyedField("refused")
    with pytest.raises(UnfitError):
        power_residue(3, exponent, field.factors, {}, Fuel(), field.p)


def test_no_answer_can_be_made_to_vanish_in_the_fixed_fields() -> None:
    x: Node = ("sym", "x")
    product = math.prod(field.p for field in FIELDS)
    for hidden in (("num", product, 1), ("num", product, 2 ** (product.bit_length() + 200))):
        for other in (("add", x, hidden), ("add", x, ("mul", hidden, x))):
            finding = same_value(Scalar(x), Scalar(other), MathPolicy(), Fuel())
            assert (finding.equal, finding.decided) == (False, True)
