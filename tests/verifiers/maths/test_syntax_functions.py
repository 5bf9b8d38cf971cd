"""Functions and what they take as arguments, with and without brackets; roots, counting, bars, sums and integrals."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\sum_{k=1}^{n} k^2", "(sum (pow k 2) k 1 n)"),
        (r"\sum_{k=1}^n k^2 + 1", "(add (sum (pow k 2) k 1 n) 1)"),
        (r"\sum_{n=0}^\infty \frac{1}{n!}", "(sum (div 1 (fn factorial n)) n 0 #inf)"),
        (r"\sum_{i=1}^{n} i^2", "(sum (pow i 2) i 1 n)"),
        (r"\prod_{k=1}^n \frac{k}{k+1}", "(prod (div k (add k 1)) k 1 n)"),
        (r"\int_0^1 x\,dx", "(integral x x 0 1)"),
        (r"\int x^2 dx", "(integral (pow x 2) x None None)"),
        (r"\int_0^\pi \sin x \mathrm{d}x", "(integral (fn sin x) x 0 #pi)"),
        (r"\int \frac{dx}{x}", "(integral (div 1 x) x None None)"),
        (r"\int_0^1 xe^x dx", "(integral (mul x (pow #e x)) x 0 1)"),
        (r"\int_0^1\int_0^1 xy\,dx\,dy", "(integral (integral (mul x y) x 0 1) y 0 1)"),
        (r"\frac{d}{dx}(x^2)", "(derivative (pow x 2) x 1)"),
        (r"\frac{d^2y}{dx^2}", "d^2y/dx^2"),
        (r"\frac{\partial f}{\partial x}", "df/dx"),
        (r"\lim_{x\to 0} \frac{\sin x}{x}", "(limit (div (fn sin x) x) x 0 )"),
        (r"\lim_{x\to\infty} (1+1/x)^x", "(limit (pow (add 1 (div 1 x)) x) x #inf )"),
        (r"\lim_{x \to 0^+} \ln x", "(limit (fn ln x) x 0 +)"),
        (r"\int f(x) dx", "(integral (call f x) x None None)"),
        (r"\int_{-\infty}^{\infty} e^{-x^2} \, dx", "(integral (pow #e (neg (pow x 2))) x (neg #inf) #inf)"),
        (r"\sum_{n=1}^{\infty} \frac{(-1)^n}{n}", "(sum (div (pow -1 n) n) n 1 #inf)"),
        (r"\sum\limits_{i=0}^{n} \binom{n}{i}", "(sum (fn binomial n i) i 0 n)"),
    ],
)
def test_sums_integrals_limits_and_derivatives_name_their_variable(
    reading: Callable[[str], str], text: str, tree: str
) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\sqrt[3]{5}", "(fn root 5 3)"),
        (r"\sqrt2", "(fn root 2 2)"),
        (r"\sqrt12", "(fn root 12 2)"),
        (r"\sqrt{12}", "(fn root 12 2)"),
        (r"4\sqrt(2)", "(mul 4 (fn root 2 2))"),
        ("sqrt(3)/2", "(div (fn root 3 2) 2)"),
        ("cbrt(2)", "(fn root 2 3)"),
        (r"\surd 2", "(fn root 2 2)"),
        (r"2\sqrt{3}\sqrt{5}", "(mul 2 (fn root 3 2) (fn root 5 2))"),
        ("sqrt5", "(fn root 5 2)"),
        (r"2i\sqrt3", "(mul 2 #i (fn root 3 2))"),
        (r"1 \pm \sqrt{19}", "(add 1 (pm (fn root 19 2)))"),
        (r"\sqrt{2+\sqrt{3}}", "(fn root (add 2 (fn root 3 2)) 2)"),
        (r"\sqrt[4]{x^3}", "(fn root (pow x 3) 4)"),
        (r"\sqrt{x}+\sqrt{y}", "(add (fn root x 2) (fn root y 2))"),
        (r"\sqrt{-1}", "(fn root -1 2)"),
        (r"i\sqrt{3}", "(mul #i (fn root 3 2))"),
        (r"\sqrt{3}i", "(mul (fn root 3 2) #i)"),
        (r"\sqrt[n]{a^m}", "(fn root (pow a m) n)"),
        (r"\sqrt{x^2+y^2+z^2}", "(fn root (add (pow x 2) (pow y 2) (pow z 2)) 2)"),
        (r"\frac{\sqrt{5}-1}{2}", "(div (add (fn root 5 2) -1) 2)"),
        (r"\frac{1}{\sqrt{2}}", "(div 1 (fn root 2 2))"),
        (r"\frac{\sqrt[3]{2}}{2}", "(div (fn root 2 3) 2)"),
        (r"3\sqrt[3]{2}", "(mul 3 (fn root 2 3))"),
        (r"\frac{1}{2}+\frac{\sqrt{3}}{2}i", "(add 1/2 (mul (div (fn root 3 2) 2) #i))"),
        (r"\sqrt{2}e^{i\pi/4}", "(mul (fn root 2 2) (pow #e (div (mul #i #pi) 4)))"),
        (
            r"\frac{-b \pm \sqrt{b^2 - 4ac}}{2a}",
            "(div (add (neg b) (pm (fn root (add (pow b 2) (neg (mul 4 a c))) 2))) (mul 2 a))",
        ),
        (r"\sqrt{\frac{k}{m}}", "(fn root (div k m) 2)"),
    ],
)
def test_roots_have_a_degree(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("5!", "(fn factorial 5)"),
        ("n!!", "(fn double_factorial n)"),
        ("(n-1)!", "(fn factorial (add n -1))"),
        (r"\binom{n}{k}", "(fn binomial n k)"),
        (r"\binom52", "(fn binomial 5 2)"),
        ("C(n,k)", "(fn binomial n k)"),
        ("C(5,2)", "(fn binomial 5 2)"),
        (r"{n\choose k}", "(fn binomial n k)"),
        ("C_n^k", "(fn binomial n k)"),
        ("C_{10}^3", "(fn binomial 10 3)"),
        ("{}_5C_2", "(fn binomial 5 2)"),
        ("5 choose 2", "(fn binomial 5 2)"),
        ("5C3*4C3", "(mul (fn binomial 5 3) (fn binomial 4 3))"),
        ("100!", "(fn factorial 100)"),
        (r"\frac{100!}{98!}", "(div (fn factorial 100) (fn factorial 98))"),
        (r"\frac{8!}{3!5!}", "(div (fn factorial 8) (mul (fn factorial 3) (fn factorial 5)))"),
        (r"\binom{10}{5}", "(fn binomial 10 5)"),
        (r"\dbinom{10}{5}", "(fn binomial 10 5)"),
        ("{}^5C_2", "(fn binomial 5 2)"),
        ("^5C_2", "(fn binomial 5 2)"),
        ("_5C_2", "(fn binomial 5 2)"),
        ("n!", "(fn factorial n)"),
        ("(2n)!", "(fn factorial (mul 2 n))"),
        (r"\frac{(2n)!}{n!(n+1)!}", "(div (fn factorial (mul 2 n)) (mul (fn factorial n) (fn factorial (add n 1))))"),
        (r"\binom{2n}{n}-\binom{2n}{n-1}", "(add (fn binomial (mul 2 n) n) (neg (fn binomial (mul 2 n) (add n -1))))"),
        (r"{10 \choose 3}", "(fn binomial 10 3)"),
        ("_{10}C_3", "(fn binomial 10 3)"),
        ("10C3", "(fn binomial 10 3)"),
    ],
)
def test_counting_functions(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\log_2 8", "(fn log 8 2)"),
        (r"\log_{10} 5", "(fn log 5 10)"),
        (r"\log 5", "(fn log 5)"),
        (r"\ln 2", "(fn ln 2)"),
        (r"\lg 5", "(fn log 5 10)"),
        (r"\log^2 x", "(pow (fn log x) 2)"),
        (r"\log_2^2 x", "(pow (fn log x 2) 2)"),
        ("log2(8)", "(fn log 8 2)"),
        ("log_2(8)", "(fn log 8 2)"),
        ("log(8,2)", "(fn log 8 2)"),
        ("lnx", "(fn ln x)"),
        (r"\ln|x|", "(fn ln (fn abs x))"),
        (r"\ln x^2", "(fn ln (pow x 2))"),
        (r"\ln 2x", "(fn ln (mul 2 x))"),
        (r"\ln(2)x", "(mul (fn ln 2) x)"),
        (r"\ln|x|+C", "(add (fn ln (fn abs x)) C)"),
        ("exp(x)", "(fn exp x)"),
        ("exp(-x^2/2)", "(fn exp (neg (div (pow x 2) 2)))"),
        (r"\exp\left(-\frac{x^2}{2}\right)", "(fn exp (neg (div (pow x 2) 2)))"),
        ("log(x)/log(2)", "(div (fn log x) (fn log 2))"),
        ("log_2 8", "(fn log 8 2)"),
        ("log_{2}(8)", "(fn log 8 2)"),
        ("log10(100)", "(fn log 100 10)"),
        ("log 2", "(fn log 2)"),
        (r"x \ln x - x", "(add (mul x (fn ln x)) (neg x))"),
        (r"\ln(x+1)-\ln x", "(add (fn ln (add x 1)) (neg (fn ln x)))"),
        (r"\ln\frac{a}{b}", "(fn ln (div a b))"),
        (r"\ln x y", "(fn ln (mul x y))"),
        (r"\log_a b", "(fn log b a)"),
        (r"\log_{1/2} x", "(fn log x 1/2)"),
        (r"\log_3(x^2+1)", "(fn log (add (pow x 2) 1) 3)"),
        (r"n \log_2 n", "(mul n (fn log n 2))"),
        (r"\lceil \log_2 n \rceil", "(fn ceil (fn log n 2))"),
        (r"e^{2\ln x}", "(pow #e (mul 2 (fn ln x)))"),
        (r"\ln(e^2)", "(fn ln (pow #e 2))"),
        (r"\log_{10}(1000)", "(fn log 1000 10)"),
        (r"\log_2(x+1) - \log_2(x-1)", "(add (fn log (add x 1) 2) (neg (fn log (add x -1) 2)))"),
        (r"\log_3 81", "(fn log 81 3)"),
        (r"\lg 100", "(fn log 100 10)"),
        (r"\ln 1", "(fn ln 1)"),
        (r"\ln \left(\frac{a}{b}\right)", "(fn ln (div a b))"),
        (r"\log _{2} 3", "(fn log 3 2)"),
        (r"\mathrm{ln}\,2", "(fn ln 2)"),
    ],
)
def test_logarithms_keep_their_base(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("|x|", "(fn abs x)"),
        (r"\left|x-1\right|+|y|", "(add (fn abs (add x -1)) (fn abs y))"),
        ("||x|-1|", "(fn abs (add (fn abs x) -1))"),
        ("|x-1| + |x+2|", "(add (fn abs (add x -1)) (fn abs (add x 2)))"),
        ("2|x|", "(mul 2 (fn abs x))"),
        (r"\lfloor x \rfloor", "(fn floor x)"),
        (r"\lceil n / 2\rceil+1", "(add (fn ceil (div n 2)) 1)"),
        (r"\|v\|", "(fn norm v)"),
        (r"\gcd(a,b)", "(fn gcd a b)"),
        (r"\max(1,2,3)", "(fn max 1 2 3)"),
        (r"\max\{a,b\}", "(fn max a b)"),
        (r"17 \bmod 5", "(fn mod 17 5)"),
        (r"\operatorname{lcm}(4,6)", "(fn lcm 4 6)"),
        (r"\min(a,b)", "(fn min a b)"),
        (r"\max\left\{x, y\right\}", "(fn max x y)"),
        (r"\gcd(12, 18)", "(fn gcd 12 18)"),
        (r"\left\lceil \frac{n}{2} \right\rceil", "(fn ceil (div n 2))"),
        ("|a|b|c|", "(mul (fn abs a) b (fn abs c))"),
        ("||a|-|b||", "(fn abs (add (fn abs a) (neg (fn abs b))))"),
        (r"2^{\lfloor n/2 \rfloor}", "(pow 2 (fn floor (div n 2)))"),
        ("|z|^2", "(pow (fn abs z) 2)"),
        (r"3^{1000} \bmod 7", "(fn mod (pow 3 1000) 7)"),
        (r"\operatorname{gcd}(a, b)", "(fn gcd a b)"),
    ],
)
def test_bars_floors_and_remainders(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"e^{-8x}\cos(9x)", "(mul (pow #e (neg (mul 8 x))) (fn cos (mul 9 x)))"),
        (r"\sin^2 x", "(pow (fn sin x) 2)"),
        (r"\sin 2x\cos x", "(mul (fn sin (mul 2 x)) (fn cos x))"),
        (r"\sin^{-1} x", "(fn asin x)"),
        ("sin(x)^2", "(pow (fn sin x) 2)"),
        (r"\sin(x)^2", "(pow (fn sin x) 2)"),
        (r"\tan\frac{x}{2}", "(fn tan (div x 2))"),
        (r"\arctan x", "(fn atan x)"),
        (r"\operatorname{arctg} x", "(fn atan x)"),
        ("tg x", "(fn tan x)"),
        ("ctg x", "(fn cot x)"),
        (r"\cot x", "(fn cot x)"),
        ("sinx", "(fn sin x)"),
        ("2sinxcosx", "(mul 2 (fn sin x) (fn cos x))"),
        (r"\sin x(x+1)", "(mul (fn sin x) (add x 1))"),
        (r"\sin 2(x+1)", "(fn sin (mul 2 (add x 1)))"),
        (r"\sin x/x", "(div (fn sin x) x)"),
        (r"\cos 2\pi/7", "(fn cos (div (mul 2 #pi) 7))"),
        (r"\cos\frac{2\pi}{7}", "(fn cos (div (mul 2 #pi) 7))"),
        (r"\sin -x", "(fn sin (neg x))"),
        (r"\mathrm{sin}\,x", "(fn sin x)"),
        ("sin^2(x)", "(pow (fn sin x) 2)"),
        ("arcsin(1/2)", "(fn asin 1/2)"),
        ("sin^-1(x)", "(fn asin x)"),
        ("asin(1)", "(fn asin 1)"),
        ("atan2", "(fn atan 2)"),
        ("cos 2u", "(fn cos (mul 2 u))"),
        (r"1 - 2\sin^2 u", "(add 1 (neg (mul 2 (pow (fn sin u) 2))))"),
        (r"\sin\theta\cos\theta", "(mul (fn sin theta) (fn cos theta))"),
        (r"\sin(\theta)\cos(\theta)", "(mul (fn sin theta) (fn cos theta))"),
        (r"\sin(x)\cos(x)", "(mul (fn sin x) (fn cos x))"),
        (r"\sin x + \cos x", "(add (fn sin x) (fn cos x))"),
        (r"\sin\left(x\right)^2", "(pow (fn sin x) 2)"),
        (r"\tan^{-1}\left(\frac{1}{2}\right)", "(fn atan 1/2)"),
        (r"\sin(2x)", "(fn sin (mul 2 x))"),
        (r"\sin2x", "(fn sin (mul 2 x))"),
        (r"\cos^2\theta-\sin^2\theta", "(add (pow (fn cos theta) 2) (neg (pow (fn sin theta) 2)))"),
        (r"\sec^2 x", "(pow (fn sec x) 2)"),
        (r"\sinh x", "(fn sinh x)"),
        (r"\cosh^2 x", "(pow (fn cosh x) 2)"),
        (r"\sin x \cos y \tan z", "(mul (fn sin x) (fn cos y) (fn tan z))"),
        (r"\sin \pi/6", "(fn sin (div #pi 6))"),
        (r"\sin(\pi/6)", "(fn sin (div #pi 6))"),
        (r"\cos\pi", "(fn cos #pi)"),
        (r"x\sin x", "(mul x (fn sin x))"),
        (r"r(\cos\theta + i\sin\theta)", "(mul r (add (fn cos theta) (mul #i (fn sin theta))))"),
        (r"\cos(A+B)", "(fn cos (add A B))"),
        (r"\arcsin \frac{1}{2}", "(fn asin 1/2)"),
        (r"\cos^{-1}(0)", "(fn acos 0)"),
        (r"\sin(\arctan(x))", "(fn sin (fn atan x))"),
        (r"\tan ^{-1}\left(\frac{v_{y}}{v_{x}}\right)", "(fn atan (div v_y v_x))"),
        (r"\sin ^{2} \theta", "(pow (fn sin theta) 2)"),
        (r"\operatorname{arcsinh} x", "(fn asinh x)"),
        (r"\text{arctan}(2)", "(fn atan 2)"),
    ],
)
def test_trigonometric_functions_take_the_product_that_follows(
    reading: Callable[[str], str], text: str, tree: str
) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\det A", "(fn det A)"),
        (r"\operatorname{Re}(z)", "(fn re z)"),
        (r"\Gamma(1/2)", "(fn gamma 1/2)"),
        (r"\operatorname{tr}(A)", "(fn tr A)"),
        (r"\text{Re}(z)", "(fn re z)"),
        (r"\arg z", "(fn arg z)"),
        (r"\operatorname{sgn}(x)", "(fn sign x)"),
    ],
)
def test_other_functions(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree
