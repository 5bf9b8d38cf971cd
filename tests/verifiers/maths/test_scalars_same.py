"""The same number or function, and near misses, as text in the style of answers."""

from __future__ import annotations

import pytest

from assaygym.verifiers.maths.finding import Finding
from assaygym.verifiers.maths.fuel import Fuel
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.scalars.scalar import Scalar, same_value
from assaygym.verifiers.maths.syntax.normalise import normalise
from assaygym.verifiers.maths.syntax.parser import parse

POLICY = MathPolicy()


def scalar(text: str) -> Scalar:
    return Scalar(parse(normalise(text)))


def find(gold: str, pred: str, policy: MathPolicy = POLICY) -> Finding:
    return same_value(scalar(gold), scalar(pred), policy, Fuel())


SAME = [
    # rationals
    (r"\frac{3}{5}", "0.6"),
    (r"2\frac58", "2.625"),
    ("25\\%", "0.25"),
    (r"0.1\overline{6}", r"\frac16"),
    (r"2.7\times10^9", "2700000000"),
    (r"\binom{30}{15}", "155117520"),
    ("15!", "1307674368000"),
    (r"\gcd(12,18)", "6"),
    (r"8^{2/3}", "4"),
    (r"\sqrt[3]{-8}", "-2"),
    (r"\sum_{k=1}^{100} k", "5050"),
    # powers of any size
    (r"\frac{2^{2005}+1}{3\cdot2^{2006}}", r"\frac{1+2^{2005}}{2^{2006}\cdot 3}"),
    (r"2^{100000000}", r"4^{50000000}"),
    (r"10^{10^{10^{10}}}", r"10\cdot 10^{10^{10^{10}}-1}"),
    (r"10^{10^{10^{10}}}", r"100^{10^{10^{10}}/2}"),
    # radicals
    (r"5\sqrt{3}", r"\sqrt{75}"),
    (r"\sqrt{3}-1", r"\frac{2}{\sqrt{3}+1}"),
    (r"\sqrt{2}+\sqrt{3}", r"\sqrt{5+2\sqrt{6}}"),
    (r"\sqrt{3+2\sqrt2}", r"1+\sqrt2"),
    (r"(1+\sqrt2)^{10}", r"3363+2378\sqrt2"),
    (r"\sqrt[3]{54}", r"3\sqrt[3]{2}"),
    (r"\frac{1}{\sqrt[3]{2}}", r"\frac{\sqrt[3]{4}}{2}"),
    (r"\sqrt{1009}\cdot\sqrt{1013}", r"\sqrt{1022117}"),
    (r"\sqrt{-3}", r"i\sqrt3"),
    # complex numbers, trigonometry, logarithms
    ("-2+9i", "9i-2"),
    (r"\frac{1+\sqrt{5}}{2}", r"2\cos 36^\circ"),
    (r"\sin 20^\circ \sin 40^\circ \sin 80^\circ", r"\frac{\sqrt3}{8}"),
    (r"\cos\frac{\pi}{7}\cos\frac{2\pi}{7}\cos\frac{3\pi}{7}", r"\frac18"),
    (r"e^{i\pi}", "-1"),
    (r"\arctan\frac12+\arctan\frac13", r"\frac{\pi}{4}"),
    (r"\log_5 7", r"\frac{\ln 7}{\ln 5}"),
    (r"\ln 8", r"3\ln 2"),
    (r"\log 100", "2"),
    (r"\ln 2", r"\log 2"),
    # rational functions
    ("2x^2+y^2", "y^2+2x^2"),
    (r"\frac{p+q}{pq}", r"\frac1p+\frac1q"),
    (r"\frac{a}{a+1}", r"1-\frac1{a+1}"),
    (r"\frac{x}{x}", "1"),
    # functions
    (r"\cos 2u", r"1-2\sin^2 u"),
    (r"\sin 3x", r"3\sin x-4\sin^3 x"),
    (r"\tan(x/2)", r"\frac{\sin x}{1+\cos x}"),
    (r"\cosh^2 x - \sinh^2 x", "1"),
    (r"e^{-8x}\cos(9x)", r"\frac{\cos 9x}{e^{8x}}"),
    ("4^x", "2^{2x}"),
    ("(x^n)^m", "x^{mn}"),
    (r"\left(\frac{x}{y}\right)^n", r"\frac{x^n}{y^n}"),
    (r"\ln(x^2)", r"2\ln x"),
    (r"\ln(xy)", r"\ln x+\ln y"),
    (r"\log_2 x", r"\frac{\ln x}{\ln 2}"),
    (r"e^{2\ln x}", "x^2"),
    (r"\arcsin x+\arccos x", r"\frac\pi2"),
    # roots and absolute values of variables
    (r"\sqrt{x^2}", "|x|"),
    (r"|ab|", "|a||b|"),
    (r"\max(x,y)", r"\frac{x+y+|x-y|}{2}"),
    (r"a^{1/2}b", r"b\sqrt a"),
    (r"\sqrt[3]{x}", "x^{1/3}"),
    (r"\sqrt{xyz}", r"\sqrt x\sqrt y\sqrt z"),
    (r"\sqrt{\frac{2h}{g}}", r"\frac{\sqrt{2h}}{\sqrt g}"),
    (r"\frac{\sqrt{x}+1}{x-1}", r"\frac{1}{\sqrt{x}-1}"),
    (r"\frac{1}{\sqrt{x^2+1}}", r"\frac{\sqrt{x^2+1}}{x^2+1}"),
    (r"-\frac{8x^2}{9(x^2-2)^{5/3}}+\frac{2}{3(x^2-2)^{2/3}}", r"\frac{-2x^2-12}{9(x^2-2)^{5/3}}"),
    (r"\sqrt{-x^2-1}", r"\sqrt{-(1+x^2)}"),
    # bends and steps
    ("|x-2024|", "|2024-x|"),
    (r"\sqrt{(x-300)^2}", "|x-300|"),
    (r"\max(x,30)", r"\frac{x+30+|x-30|}{2}"),
    (r"\lfloor x\rfloor", r"-\lceil -x\rceil"),
    (r"\lfloor 2x\rfloor", r"\lfloor x\rfloor+\lfloor x+\frac12\rfloor"),
    (r"\ln(x-50)", r"\ln(2x-100)-\ln 2"),
    (r"\sqrt[n]{x}", "x^{1/n}"),
    # natural numbers
    (r"n-\lfloor n/2\rfloor", r"\lceil\frac n2\rceil"),
    (r"(-1)^n", r"\cos(n\pi)"),
    (r"(-x)^{2n}", "x^{2n}"),
    (r"\frac{(n+1)!}{n!}", "n+1"),
    (r"\binom{n}{2}", r"\frac{n(n-1)}{2}"),
    (r"\sum_{j=1}^{m} j^2", r"\frac{m(m+1)(2m+1)}{6}"),
    (r"\sum_{k=0}^{n} \binom{n}{k}", "2^n"),
    (r"\sum_{k=0}^{n} x^k", r"\frac{x^{n+1}-1}{x-1}"),
    (r"\prod_{k=1}^n k", "n!"),
    # unknown functions, infinity
    ("f(2)+x", "x+f(2)"),
    (r"\infty", r"\infty"),
    (r"\tan 90^\circ", r"\tan 90^\circ"),
]

DIFFERENT = [
    (r"10^{10}", r"10^{10}+1"),
    (r"2^{64}", r"2^{64}-1"),
    (r"3^{-200}", r"3^{-201}"),
    (r"\frac{1}{1000!}", r"\frac{1}{1001!}"),
    (r"\frac{2^{2005}+1}{3\cdot2^{2006}}", r"\frac{1}{3\cdot2^{2006}}"),
    (r"2^{100000000}-1", r"2^{100000000}"),
    (r"10^{10^{10^{10}}}", r"10^{10^{10^{10}}}+1"),
    (r"5\sqrt{3}", r"3\sqrt{5}"),
    (r"\sqrt{2}+\sqrt{3}", r"\sqrt{5+2\sqrt{6}}+10^{-30}"),
    (r"\sqrt{2}", r"\sqrt{2}+10^{-300}"),
    (r"\sin 1", r"\sin 1+10^{-300}"),
    (r"\sqrt[3]{54}", r"3\sqrt{2}"),
    (r"e^{\pi\sqrt{163}}", "262537412640768744"),
    (r"\log_5 7", r"\log_7 5"),
    ("-2+9i", "-2-9i"),
    ("x+i", "x"),
    (r"\frac{\pi}{6}", r"\frac{5\pi}{6}"),
    ("2x^2+y^2", "(2x)^2+y^2"),
    ("x+1", "y+1"),
    (r"\cos 2u", r"1+2\sin^2 u"),
    (r"\cos(2\pi x)", "1"),
    (r"\sin(\pi x)", "0"),
    ("2^n", "2^{n+1}"),
    ("|x|", "x"),
    (r"\sqrt{x^2}", "x"),
    (r"\sqrt{x^3y}", r"x\sqrt{xy}"),
    ("|x-3|", "3-x"),
    ("|x-2024|", "2024-x"),
    ("|x-y-50|", "50-x+y"),
    ("|x^2-5000|", "5000-x^2"),
    ("|x-30|+|x-40|", "2|x-35|"),
    (r"\sqrt{(x-300)^2}", "300-x"),
    (r"\max(0,\min(x-30,40-x))", "0"),
    (r"\max(x,30,40)", r"\max(x,30)"),
    (r"\lfloor x\rfloor", r"\lceil x\rceil-1"),
    (r"\lfloor 2x\rfloor", r"\lceil 2x\rceil-1"),
    (r"x-\lfloor x\rfloor", "0"),
    (r"x+10^{-300}\sqrt{x^2}", "x+10^{-300}x"),
    (r"\sqrt x+10^{-300}(x-1)", r"\sqrt x"),
    (r"\ln((1-\sqrt2)(1-\sqrt3))", r"\ln(1-\sqrt2)+\ln(1-\sqrt3)"),
    (r"\sqrt{\sqrt{2}(-3)(-1)}", r"-\sqrt{3\sqrt2}"),
    (r"\ln\frac{x-1}{x+1}", r"\ln(x-1)+\ln(x+1)"),
    (r"(-1)^n", "1"),
    (r"(-x)^{2n+1}", "x^{2n+1}"),
    (r"\sum_{j=1}^{m} j^2", r"\frac{m(m+1)}{2}"),
    (r"\infty", r"-\infty"),
    (r"\infty", "1"),
    ("x", r"\frac{x^2}{|x|}"),
    (r"0/0", "0"),
    (r"1/0", "1/0+0"),
    (r"\tan 90^\circ", r"\tan\frac{\pi}{2}"),
    (r"\ln 0", r"\ln 0+0"),
    ("0^0", "1"),
]


@pytest.mark.parametrize(("gold", "pred"), SAME)
def test_the_same_values_are_found_equal_either_way_round(gold: str, pred: str) -> None:
    assert find(gold, pred).equal
    assert find(pred, gold).equal


@pytest.mark.parametrize(("gold", "pred"), DIFFERENT)
def test_other_values_are_proved_to_differ_either_way_round(gold: str, pred: str) -> None:
    for finding in (find(gold, pred), find(pred, gold)):
        assert not finding.equal
        assert finding.decided


@pytest.mark.parametrize(
    ("gold", "pred"),
    [
        (r"\int_0^1 x\,dx", r"\frac12"),
        (r"\sum_{k=1}^\infty \frac{1}{k^2}", r"\frac{\pi^2}{6}"),
        (r"\lim_{x\to0}\frac{\sin x}{x}", "1"),
        ("f(2x)", "f(x+x)"),
    ],
)
def test_what_only_computer_algebra_may_know_is_told_apart(gold: str, pred: str) -> None:
    finding = find(gold, pred)
    assert (finding.equal, finding.decided, finding.layer) == (False, False, "unevaluated")


@pytest.mark.parametrize(
    ("gold", "pred"),
    [
        ("(((4!)!)!)!", "((24!)!)!"),
        (r"e^{e^{e^{10}}}", r"e^{e^{e^{10}}}+1"),
        (r"\sin(10^{30000})", r"\sin(10^{30000})+1"),
    ],
)
def test_what_cannot_be_evaluated_is_undecided_rather_than_equal(gold: str, pred: str) -> None:
    finding = find(gold, pred)
    assert not finding.equal
    assert not finding.decided


@pytest.mark.parametrize(
    ("gold", "pred", "layer"),
    [
        ("x+1", "x+1", "structure"),
        ("0.5", r"\frac12", "rational"),
        (r"\sqrt{75}", r"5\sqrt3", "fields"),
        ("x^2-1", "(x-1)(x+1)", "fields"),
        (r"\sqrt[3]{2}", r"\sqrt[3]{3}", "floats"),
        (r"\sqrt{3+2\sqrt2}", r"1+\sqrt2", "digits"),
    ],
)
def test_the_cheapest_layer_that_can_tell_decides(gold: str, pred: str, layer: str) -> None:
    assert find(gold, pred).layer == layer


def test_a_verdict_and_its_fuel_do_not_depend_on_what_was_worked_out_before() -> None:
    preds = [pred for _, pred in SAME]
    for text in (r"\sqrt{x^2}", r"\sum_{j=1}^{m} j^2", r"\sqrt{2}+\sqrt{3}", "2^{100000000}"):
        used = scalar(text)
        for pred in preds:
            fresh_fuel, used_fuel = Fuel(), Fuel()
            fresh = same_value(scalar(text), scalar(pred), POLICY, fresh_fuel)
            assert same_value(used, scalar(pred), POLICY, used_fuel) == fresh
            assert used_fuel.left == fresh_fuel.left
