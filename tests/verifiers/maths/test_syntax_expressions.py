"""Sums, products, quotients, powers and names, with and without signs between."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("10^9", "(pow 10 9)"),
        ("x^2^3", "(pow x (pow 2 3))"),
        ("2^{10}", "(pow 2 10)"),
        ("x^{-1}", "(pow x -1)"),
        ("x^-1", "(pow x -1)"),
        ("x**2", "(pow x 2)"),
        ("2^10", "(pow 2 10)"),
        ("xy^2", "(mul x (pow y 2))"),
        ("(-3)^2", "(pow -3 2)"),
        ("-3^2", "(neg (pow 3 2))"),
        ("x^ab", "(mul (pow x a) b)"),
        ("e^x", "(pow #e x)"),
        (r"\mathrm{e}^x", "(pow #e x)"),
        (r"e^{i\pi}", "(pow #e (mul #i #pi))"),
        ("v_0^2", "(pow v_0 2)"),
        ("v^2_0", "(pow v_0 2)"),
        (r"\mathbb{R}^2", "(pow (domain R) 2)"),
        ("-x^2", "(neg (pow x 2))"),
        ("A^T", "(pow A T)"),
        ("A^{-1}", "(pow A -1)"),
        ("2^{x}", "(pow 2 x)"),
        (r"\left(\frac{1}{2}\right)^{n}", "(pow 1/2 n)"),
        (r"\mathbb{R}^n", "(pow (domain R) n)"),
        ("x^2 + C", "(add (pow x 2) C)"),
        (r"\frac{x^3}{3}+C", "(add (div (pow x 3) 3) C)"),
        ("e^{2x} + C_1 e^{-x} + C_2", "(add (pow #e (mul 2 x)) (mul C_1 (pow #e (neg x))) C_2)"),
        (r"\frac{GMm}{r^2}", "(div (mul G M m) (pow r 2))"),
        (r"\frac{kq_1q_2}{r^2}", "(div (mul k q_1 q_2) (pow r 2))"),
        (r"\frac{1}{4 \pi \epsilon_{0}} \frac{q}{r^{2}}", "(mul (div 1 (mul 4 #pi epsilon_0)) (div q (pow r 2)))"),
        ("2^{100}-1", "(add (pow 2 100) -1)"),
        ("10^{10^{10}}", "(pow 10 (pow 10 10))"),
        ("9^{9^{9}}", "(pow 9 (pow 9 9))"),
        (r"x^{\frac{1}{2}}", "(pow x 1/2)"),
        ("x^{1/2}", "(pow x 1/2)"),
        ("x^1/2", "(div (pow x 1) 2)"),
        ("x^(1/2)", "(pow x 1/2)"),
        ("2^(n+1)", "(pow 2 (add n 1))"),
        ("(x+1)^2(x-2)", "(mul (pow (add x 1) 2) (add x -2))"),
        ("3x(x-1)^2", "(mul 3 x (pow (add x -1) 2))"),
        ("2x^3 - x", "(add (mul 2 (pow x 3)) (neg x))"),
        ("2*x^3-x", "(add (mul 2 (pow x 3)) (neg x))"),
        ("x^2*y^2", "(mul (pow x 2) (pow y 2))"),
        ("i^2", "(pow #i 2)"),
        ("(1+i)^2", "(pow (add 1 #i) 2)"),
        (r"re^{i\theta}", "(mul r (pow #e (mul #i theta)))"),
        ("2e^x", "(mul 2 (pow #e x))"),
    ],
)
def test_powers_bind_from_the_right_and_before_signs(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\frac1x", "(div 1 x)"),
        (r"\frac{x+1}{x-1}", "(div (add x 1) (add x -1))"),
        (r"2\frac{x}{3}", "(mul 2 (div x 3))"),
        ("pi/2", "(div #pi 2)"),
        (r"{1\over x}", "(div 1 x)"),
        ("1/(2x)", "(div 1 (mul 2 x))"),
        ("V/RC", "(div V (mul R C))"),
        ("a/b/c", "(div (div a b) c)"),
        ("1/0", "(div 1 0)"),
        (r"\frac{0}{0}", "(div 0 0)"),
        (r"\frac{\mu_0 I}{2\pi r}", "(div (mul mu_0 I) (mul 2 #pi r))"),
        (r"\frac{1}{x}+\frac{1}{y}", "(add (div 1 x) (div 1 y))"),
        (r"\frac{a}{b}\cdot\frac{c}{d}", "(mul (div a b) (div c d))"),
        (r"\frac{x}{y}z", "(mul (div x y) z)"),
        (r"a \div b", "(div a b)"),
        (r"\frac{1+i}{2}", "(div (add 1 #i) 2)"),
    ],
)
def test_quotients_bind_from_the_left(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("e", "#e"),
        ("i", "#i"),
        (r"\pi", "#pi"),
        (r"\vec{a}", "vec a"),
        (r"\mathbf{v}", "v"),
        (r"\triangle ABC", "triangle ABC"),
        ("undefined", "#undefined"),
        ("DNE", "#undefined"),
        ("infinity", "#inf"),
        ("does not exist", "#undefined"),
        (r"k_{\mathrm{B}}", "k_B"),
        ("k_B", "k_B"),
        ("x_{max}", "x_max"),
        (r"x_{\max}", "x_max"),
        (r"R_{\odot}", "R_odot"),
        (r"\omega_{L}^{\prime}", "omega_L'"),
        (r"\hbar", "hbar"),
        (r"\varphi", "phi"),
        ("x_{1,2}", "x_1,2"),
        ("x_{12}", "x_12"),
        (r"\mathcal{L}", "cal L"),
        (r"\overline{z}", "bar z"),
        (r"\bar{z}", "bar z"),
        ("z^*", "z*"),
        (r"\Gamma", "Gamma"),
        ("C", "C"),
        (r"\dot{x}", "dot x"),
        (r"\ddot{\theta}", "ddot theta"),
        (r"v_{\text{max}}", "v_max"),
        ("[x]", "x"),
        (r"\overline{abc}", "bar abc"),
        (r"\text{A}", "A"),
        ("A", "A"),
        ("(A)", "A"),
    ],
)
def test_names_keep_subscripts_primes_and_accents(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\frac34x", "(mul 3/4 x)"),
        (r"x\frac12", "(mul x 1/2)"),
        (r"2\frac{8}{5}", "(mul 2 8/5)"),
        (r"3\cdot 2\frac12", "(mul 3 (mixed 2 1 2))"),
        ("6m", "(mul 6 m)"),
        ("2pi", "(mul 2 #pi)"),
        (r"2\pi i", "(mul 2 #pi #i)"),
        ("x(x+1)", "(mul x (add x 1))"),
        ("a(b+c)", "(mul a (add b c))"),
        ("abc", "(mul a b c)"),
        ("abcd", "(mul a b c d)"),
        ("xyz", "(mul x y z)"),
        ("2ab", "(mul 2 a b)"),
        ("a_1b_2", "(mul a_1 b_2)"),
        ("1/2x", "(mul 1/2 x)"),
        ("2*-3", "(mul 2 -3)"),
        (r"2\times 3\times 4", "(mul 2 3 4)"),
        ("2tr", "(mul 2 t r)"),
        (r"10\ \Omega", "(mul 10 Omega)"),
        (r"5 \mu m", "(mul 5 mu m)"),
        (r"100\,k\Omega", "(mul 100 k Omega)"),
        ("2h", "(mul 2 h)"),
        ("(x+1)(x-1)", "(mul (add x 1) (add x -1))"),
        ("2(x+1)", "(mul 2 (add x 1))"),
        ("x(2x+1)", "(mul x (add (mul 2 x) 1))"),
        (r"a\times b", "(mul a b)"),
        ("a*b", "(mul a b)"),
        ("x*y", "(mul x y)"),
        ("ABC", "(mul A B C)"),
        ("BAC", "(mul B A C)"),
        ("2e", "(mul 2 #e)"),
    ],
)
def test_letters_side_by_side_are_a_product(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("3+4i", "(add 3 (mul 4 #i))"),
        (r"\mathbf{i}+2\mathbf{j}", "(add vec i (mul 2 vec j))"),
        (r"\hat{i} + 2\hat{j} - \hat k", "(add vec i (mul 2 vec j) (neg vec k))"),
        (r"\pm 8", "(pm 8)"),
        (r"a \mp b", "(add a (mp b))"),
        ("+-3", "(pm 3)"),
        (r"\alpha+\beta", "(add alpha beta)"),
        ("2--3", "(add 2 3)"),
        ("-(x+1)", "(neg (add x 1))"),
        ("x - (y - z)", "(add x (neg (add y (neg z))))"),
        ("x+y i", "(add x (mul y #i))"),
        ("3i+2j", "(add (mul 3 #i) (mul 2 j))"),
        ("R - {1}", "(add R -1)"),
        ("-(x-3)(x+1)", "(neg (mul (add x -3) (add x 1)))"),
        ("a+bi", "(add a (mul b #i))"),
        (r"3\mathbf{i}-2\mathbf{j}+\mathbf{k}", "(add (mul 3 vec i) (neg (mul 2 vec j)) vec k)"),
        (r"3\hat{\imath}+2\hat{\jmath}", "(add (mul 3 vec i) (mul 2 vec j))"),
        (r"\pm 1", "(pm 1)"),
    ],
)
def test_signs_of_terms(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree
