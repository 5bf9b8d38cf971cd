"""Relations, lists, alternatives, conditions, calls and words: answers that are more than one value."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"2k\pi, k\in\mathbb{Z}", "(with (mul 2 k #pi) (rel (in) k (domain Z)))"),
        (r"x = 2k\pi, k \in Z", "(with (rel (=) x (mul 2 k #pi)) (rel (in) k (domain Z)))"),
        (
            r"x = \frac{\pi}{4} + k\pi \ (k \in \mathbb{Z})",
            "(with (rel (=) x (add (div #pi 4) (mul k #pi))) (rel (in) k (domain Z)))",
        ),
        (r"2k\pi where k is an integer", "(with (mul 2 k #pi) (rel (in) k (domain Z)))"),
        (r"2k\pi \text{ where } k \text{ is an integer}", "(with (mul 2 k #pi) (rel (in) k (domain Z)))"),
        (r"n\pi, n \text{ integer}", "(with (mul n #pi) (rel (in) n (domain Z)))"),
        (
            r"x=\frac{\pi}{6}+2k\pi \text{ or } x=\frac{5\pi}{6}+2k\pi, k\in\mathbb{Z}",
            "(with (or (rel (=) x (add (div #pi 6) (mul 2 k #pi))) (rel (=) x (add (div (mul 5 "
            "#pi) 6) (mul 2 k #pi)))) (rel (in) k (domain Z)))",
        ),
        (r"\frac{x+1}{x-1}, x \neq 1", "(with (div (add x 1) (add x -1)) (rel (!=) x 1))"),
        ("f(x) = x for all x", "(with (rel (=) (call f x) x) (words for all x))"),
        (r"f(x)=x \text{ for all real } x", "(with (rel (=) (call f x) x) (rel (in) x (domain R)))"),
        (r"\forall x \in \mathbb{R}, f(x)=0", "(with (rel (=) (call f x) 0) (rel (in) x (domain R)))"),
        (r"x=1 or x=2, k \in Z", "(with (or (rel (=) x 1) (rel (=) x 2)) (rel (in) k (domain Z)))"),
        (r"2n, n \in \mathbb{N}", "(with (mul 2 n) (rel (in) n (domain N)))"),
        (
            r"\frac{\pi}{3}+2\pi n, \frac{2\pi}{3}+2\pi n, n\in \mathbb{Z}",
            "(with (list (add (div #pi 3) (mul 2 #pi n)) (add (div (mul 2 #pi) 3) (mul 2 #pi n))) "
            "(rel (in) n (domain Z)))",
        ),
        (
            r"\frac{\pi}{6} + k\pi, \text{ where } k \in \mathbb{Z}",
            "(with (add (div #pi 6) (mul k #pi)) (rel (in) k (domain Z)))",
        ),
        (r"n = 4k+1, k \in \mathbb{Z}_{\ge 0}", "(with (rel (=) n (add (mul 4 k) 1)) (rel (in) k (domain Z0+)))"),
        (r"n=2^k, k\ge 1", "(with (rel (=) n (pow 2 k)) (rel (>=) k 1))"),
        (r"n = 3k \text{ for integer } k", "(with (rel (=) n (mul 3 k)) (rel (in) k (domain Z)))"),
        (r"f(x) = cx \text{ for any constant } c", "(with (rel (=) (call f x) (mul c x)) (words for all c))"),
        (
            r"f(x) = kx, \text{ where } k \text{ is a constant}",
            "(with (rel (=) (call f x) (mul k x)) (words k is a constant))",
        ),
    ],
)
def test_conditions_belong_to_the_answer_before_them(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 or 2", "(or 1 2)"),
        ("x=1 or x=2", "(or (rel (=) x 1) (rel (=) x 2))"),
        (r"x=1 \text{ or } x=2", "(or (rel (=) x 1) (rel (=) x 2))"),
        ("1, 2, or 3", "(or 1 2 3)"),
        ("x=1,y=2 or x=3,y=4", "(or (list (rel (=) x 1) (rel (=) y 2)) (list (rel (=) x 3) (rel (=) y 4)))"),
        ("x<2 or x>5", "(or (rel (<) x 2) (rel (>) x 5))"),
        (r"3\text{ or }4", "(or 3 4)"),
        (r"\text{3 or 4}", "(or 3 4)"),
        (r"\frac{1}{2} \text{ or } 0.5", "(or 1/2 (dec 1 2 1))"),
        (r"-1<x<1 \text{ or } x>2", "(or (rel (< <) -1 x 1) (rel (>) x 2))"),
        (r"-1<x<1 \cup x>2", "(or (rel (< <) -1 x 1) (rel (>) x 2))"),
        (r"x \le -1 \text{ or } x \ge 3", "(or (rel (<=) x -1) (rel (>=) x 3))"),
        (r"x = 1 \text{ or } x = -\frac{3}{2}", "(or (rel (=) x 1) (rel (=) x -3/2))"),
        ("(a,b)=(1,2) or (2,1)", "(or (rel (=) (seq ( ) a b) (seq ( ) 1 2)) (rel (=) (seq ( ) a b) (seq ( ) 2 1)))"),
        (r"f(x) = x \text{ or } f(x) = -x", "(or (rel (=) (call f x) x) (rel (=) (call f x) (neg x)))"),
    ],
)
def test_alternatives(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (
            r"\begin{cases} x & \text{if } x>0 \\ -x & \text{otherwise} \end{cases}",
            "(cases (x (rel (>) x 0)) ((neg x) None))",
        ),
        (r"\begin{cases} x, & x\ge 0 \\ -x, & x<0 \end{cases}", "(cases (x (rel (>=) x 0)) ((neg x) (rel (<) x 0)))"),
        (
            r"f(x)=\begin{cases} 1 & x>0\\ 0 & x\le 0\end{cases}",
            "(rel (=) (call f x) (cases (1 (rel (>) x 0)) (0 (rel (<=) x 0))))",
        ),
    ],
)
def test_cases_have_values_and_conditions(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\left\{\begin{array}{l} x=1 \\ y=2 \end{array}\right.", "(list (rel (=) x 1) (rel (=) y 2))"),
        (r"\begin{cases} x=1 \\ y=2 \end{cases}", "(list (rel (=) x 1) (rel (=) y 2))"),
        ("1, 2", "(list 1 2)"),
        ("1; 2", "(list 1 2)"),
        ("1 and 2", "(list 1 2)"),
        ("1, 2 and 3", "(list 1 2 3)"),
        (r"2\text{ and }3", "(list 2 3)"),
        (r"x = 1 \quad y = 2", "(list (rel (=) x 1) (rel (=) y 2))"),
        (r"x=1 \\ y=2", "(list (rel (=) x 1) (rel (=) y 2))"),
        ("(1,2);(3,4)", "(list (seq ( ) 1 2) (seq ( ) 3 4))"),
        (r"\begin{aligned} x&=1\\ y&=2\end{aligned}", "(list (rel (=) x 1) (rel (=) y 2))"),
        ("x>2, x<5", "(list (rel (>) x 2) (rel (<) x 5))"),
        ("x>2 and x<5", "(inter (rel (>) x 2) (rel (<) x 5))"),
        (r"x > 2, x \ne 5", "(list (rel (>) x 2) (rel (!=) x 5))"),
        ("x_1=2, x_2=3", "(list (rel (=) x_1 2) (rel (=) x_2 3))"),
        ("A(1,2), B(3,4)", "(list (call A 1 2) (call B 3 4))"),
        ("1, 234", "(list 1 234)"),
        ("2, 3, 4", "(list 2 3 4)"),
        ("2.400, 1", "(list (dec 12 5 3) 1)"),
        ("x=2,3", "(list (rel (=) x 2) (rel (=) x 3))"),
        ("x = 1, 2, 3", "(list (rel (=) x 1) (rel (=) x 2) (rel (=) x 3))"),
        (r"a = 2, b = 3, \text{ and } c = 4", "(list (rel (=) a 2) (rel (=) b 3) (rel (=) c 4))"),
        (r"(1,2) \text{ and } (3,4)", "(list (seq ( ) 1 2) (seq ( ) 3 4))"),
        ("(2,5),(5,2)", "(list (seq ( ) 2 5) (seq ( ) 5 2))"),
        (r"\pm\frac{1}{2}, \pm 1", "(list (pm 1/2) (pm 1))"),
        (r"z \in \mathbb{C}, |z|=1", "(list (rel (in) z (domain C)) (rel (=) (fn abs z) 1))"),
        (r"x \in \mathbb{Z}, x > 2", "(list (rel (in) x (domain Z)) (rel (>) x 2))"),
        (r"x \in \mathbb{R}, x \neq 0", "(list (rel (in) x (domain R)) (rel (!=) x 0))"),
        ("x=1+2t, y=3-t", "(list (rel (=) x (add 1 (mul 2 t))) (rel (=) y (add 3 (neg t))))"),
        (r"\begin{cases}x=1+2t\\y=3-t\end{cases}", "(list (rel (=) x (add 1 (mul 2 t))) (rel (=) y (add 3 (neg t))))"),
        ("A, B, C", "(list A B C)"),
        (r"A \text{ and } B", "(list A B)"),
        ("1, -1", "(list 1 -1)"),
        ("1,-1,7,-7", "(list 1 -1 7 -7)"),
        ("0.5, 1/2", "(list (dec 1 2 1) 1/2)"),
        ("3,14", "(list 3 14)"),
        ("1,5", "(list 1 5)"),
        ("1,2,3", "(list 1 2 3)"),
        ("1,23", "(list 1 23)"),
        ("12,34", "(list 12 34)"),
        ("0,123", "(list 0 123)"),
        ("1,234,56", "(list 1 234 56)"),
        ("1,2345", "(list 1 2345)"),
        (r"(2, 3) \text{ and } (4, 5)", "(list (seq ( ) 2 3) (seq ( ) 4 5))"),
        (r"x < 5 \text{ and } x > 2", "(inter (rel (<) x 5) (rel (>) x 2))"),
        ("x_1 = 1, x_2 = 2", "(list (rel (=) x_1 1) (rel (=) x_2 2))"),
        (
            r"x_{1}=\frac{1+\sqrt{5}}{2}, \quad x_{2}=\frac{1-\sqrt{5}}{2}",
            "(list (rel (=) x_1 (div (add 1 (fn root 5 2)) 2)) (rel (=) x_2 (div (add 1 (neg (fn root 5 2))) 2)))",
        ),
        ("x=1, y=2, z=3", "(list (rel (=) x 1) (rel (=) y 2) (rel (=) z 3))"),
        ("A = 5, B = -3", "(list (rel (=) A 5) (rel (=) B -3))"),
        (r"a=1,\ b=2", "(list (rel (=) a 1) (rel (=) b 2))"),
        (r"\mu = 5, \sigma = 2", "(list (rel (=) mu 5) (rel (=) sigma 2))"),
        ("A, C", "(list A C)"),
        (
            "x + 2y - z = 0, 2x - y + z = 3",
            "(list (rel (=) (add x (mul 2 y) (neg z)) 0) (rel (=) (add (mul 2 x) (neg y) z) 3))",
        ),
        (
            r"\begin{cases} x + y = 1 \\ x - y = 3 \end{cases}",
            "(list (rel (=) (add x y) 1) (rel (=) (add x (neg y)) 3))",
        ),
        (r"\begin{align*} x &= 1 \\ y &= 2 \end{align*}", "(list (rel (=) x 1) (rel (=) y 2))"),
        (r"\begin{array}{l} x=1 \\ y=2 \end{array}", "(list (rel (=) x 1) (rel (=) y 2))"),
        ("1, 2, 3, 4", "(list 1 2 3 4)"),
        (r"n \in \mathbb{N}, n \geq 2", "(list (rel (in) n (domain N)) (rel (>=) n 2))"),
        ("k=0,1,2", "(list (rel (=) k 0) (rel (=) k 1) (rel (=) k 2))"),
        (r"k = 0, \pm 1, \pm 2", "(list (rel (=) k 0) (rel (=) k (pm 1)) (rel (=) k (pm 2)))"),
        (r"f(x)=0 \text{ and } f(x)=x", "(list (rel (=) (call f x) 0) (rel (=) (call f x) x))"),
    ],
)
def test_lists_and_systems(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\text{no solution}", "(words no solution)"),
        (r"\text{hexagon}", "(words hexagon)"),
        ("no solution", "(words no solution)"),
        ("Evelyn", "(words evelyn)"),
        ("east", "(words east)"),
        ("yes", "(words yes)"),
        ("No", "(words no)"),
        ("infinitely many", "(words infinitely many)"),
        (r"\text{The limit does not exist}", "(words the limit does not exist)"),
        (r"\text{Yes}", "(words yes)"),
        (r"\text{True}", "(words true)"),
        (r"\text{(A)}", "(words (a))"),
        (r"\text{II and III}", "(words ii and iii)"),
        ("red", "(words red)"),
        ("blue", "(words blue)"),
        (r"\text{even}", "(words even)"),
        (r"\text{Sunday}", "(words sunday)"),
        ("Monday", "(words monday)"),
        (r"\text{I, II, and III}", "(words i, ii, and iii)"),
        ("Option B", "(words option b)"),
        (r"\text{Option B}", "(words option b)"),
        ("True", "(words true)"),
        ("false", "(words false)"),
        (r"\text{Tuesday}", "(words tuesday)"),
        ("five", "(words five)"),
        ("twenty-five", "(words twenty-five)"),
        (r"\text{twelve}", "(words twelve)"),
        (r"\text{no real solutions}", "(words no real solutions)"),
        (r"n \text{ is even}", "(words n even)"),
        (r"\text{all odd integers}", "(words all odd integers)"),
        ("all n", "(words all n)"),
        ("all primes", "(words all primes)"),
        ("every integer n", "(words every integer n)"),
        (r"{\rm cm}", "(words cm)"),
    ],
)
def test_text_is_words(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("C(2,3)", "(call C 2 3)"),
        ("f(x)=2x", "(rel (=) (call f x) (mul 2 x))"),
        ("f(x)=ax+b", "(rel (=) (call f x) (add (mul a x) b))"),
        (r"f^{-1}(x)=\frac{x}{2}", "(rel (=) (call f^{-1} x) (div x 2))"),
        ("f'(x) = 2x", "(rel (=) (call f' x) (mul 2 x))"),
        ("f''(x)", "(call f'' x)"),
        ("Q(2,-2)", "(call Q 2 -2)"),
        (r"P(A)=\frac{1}{3}", "(rel (=) (call P A) 1/3)"),
        ("P(A) = 0.5", "(rel (=) (call P A) (dec 1 2 1))"),
        ("p(x)=x^2", "(rel (=) (call p x) (pow x 2))"),
        ("g(x+1)", "(call g (add x 1))"),
        ("F(2)", "(call F 2)"),
        ("f(1,234)", "(call f 1 234)"),
        (r"f: x \mapsto 2x", "(rel (=) (call f x) (mul 2 x))"),
        ("P(5,2)", "(call P 5 2)"),
        (r"f'(x)=\frac{1}{x}", "(rel (=) (call f' x) (div 1 x))"),
        (r"f^{\prime}(x) = 3x^2", "(rel (=) (call f' x) (mul 3 (pow x 2)))"),
        ("f^{(n)}(x)", "(call f^(n) x)"),
        ("T(n) = 2T(n/2) + n", "(rel (=) (call T n) (add (mul 2 (call T (div n 2))) n))"),
        ("P(X = 3) = 0.25", "(rel (=) (call P (rel (=) X 3)) (dec 1 4 2))"),
        (r"P(A \cap B) = 0.1", "(rel (=) (call P (inter A B)) (dec 1 10 1))"),
        ("E(X) = 5", "(rel (=) (call E X) 5)"),
        ("N(0,1)", "(call N 0 1)"),
        (r"f(x)\equiv 0", "(rel (==) (call f x) 0)"),
    ],
)
def test_functions_and_points_are_calls(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("3:8", "(ratio 3 8)"),
        ("3 : 8", "(ratio 3 8)"),
        ("3 to 8", "(ratio 3 8)"),
        ("1:2:3", "(ratio 1 2 3)"),
        (r"\frac{3}{5} \text{ to } 1", "(ratio 3/5 1)"),
    ],
)
def test_ratios(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("All real numbers", "(domain R)"),
        ("all real numbers", "(domain R)"),
        (r"\mathbb{R}^+", "(domain R+)"),
        (r"\mathbb{Z}_{>0}", "(domain Z+)"),
        (r"\mathbb{N}", "(domain N)"),
        (r"\mathbb{Z}^+", "(domain Z+)"),
        ("all integers", "(domain Z)"),
        (r"\text{all positive integers}", "(domain Z+)"),
    ],
)
def test_domains(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"x \equiv 3 \pmod{5}", "(rel (==) x (fn mod 3 5))"),
        (r"x\equiv 3\mod 5", "(rel (==) x (fn mod 3 5))"),
        (r"\frac{dy}{dx}=2x", "(rel (=) dy/dx (mul 2 x))"),
        ("dy/dx = 3x", "(rel (=) dy/dx (mul 3 x))"),
        ("x=5", "(rel (=) x 5)"),
        ("y = 2x+3", "(rel (=) y (add (mul 2 x) 3))"),
        (r"-4 \le k < 1", "(rel (<= <) -4 k 1)"),
        (r"x \neq 1", "(rel (!=) x 1)"),
        (r"x \not= 1", "(rel (!=) x 1)"),
        (r"x\in\mathbb{R}", "(rel (in) x (domain R))"),
        (r"x \in R", "(rel (in) x (domain R))"),
        (r"x \in [-2,7]", "(rel (in) x (seq [ ] -2 7))"),
        ("x in [1,2]", "(rel (in) x (seq [ ] 1 2))"),
        (r"x \notin \{1\}", "(rel (notin) x (set 1))"),
        (r"\frac{17}{7} \approx 2.43", "(rel (~) 17/7 (dec 243 100 2))"),
        (r"x = \pm 2", "(rel (=) x (pm 2))"),
        (r"x = 2k\pi", "(rel (=) x (mul 2 k #pi))"),
        ("for all x>0", "(rel (>) x 0)"),
        (r"\therefore x = 5", "(rel (=) x 5)"),
        ("y' = 2y", "(rel (=) y' (mul 2 y))"),
        ("a_n = 2n+1", "(rel (=) a_n (add (mul 2 n) 1))"),
        ("S_{n}=n^2", "(rel (=) S_n (pow n 2))"),
        ("x(x+1)=0", "(rel (=) (mul x (add x 1)) 0)"),
        ("AB = 5", "(rel (=) (mul A B) 5)"),
        (r"\overline{AB} = 5", "(rel (=) bar AB 5)"),
        ("(x,y)=(1,2)", "(rel (=) (seq ( ) x y) (seq ( ) 1 2))"),
        (r"\text{Area} = 5", "(rel (=) (words area) 5)"),
        ("Area = 5", "(rel (=) (words area) 5)"),
        ("volume: 12", "(rel (=) (words volume) 12)"),
        ("answer is 5", "(rel (=) (words answer) 5)"),
        ("x is 5", "(rel (=) x 5)"),
        ("a+b=c+d", "(rel (=) (add a b) (add c d))"),
        (r"n \mid m", "(rel (|) n m)"),
        (r"l \perp m", "(rel (perp) l m)"),
        (r"a \parallel b", "(rel (par) a b)"),
        (r"x \to 0", "(rel (->) x 0)"),
        ("1 < 2 > 0", "(rel (< >) 1 2 0)"),
        (r"0<x\leq 1", "(rel (< <=) 0 x 1)"),
        (r"k \geqslant 2", "(rel (>=) k 2)"),
        (
            r"x=\frac{-b\pm\sqrt{b^2-4ac}}{2a}",
            "(rel (=) x (div (add (neg b) (pm (fn root (add (pow b 2) (neg (mul 4 a c))) 2))) (mul 2 a)))",
        ),
        ("y-3=2(x-1)", "(rel (=) (add y -3) (mul 2 (add x -1)))"),
        ("x^2+y^2=25", "(rel (=) (add (pow x 2) (pow y 2)) 25)"),
        (r"\frac{x^2}{9}+\frac{y^2}{4}=1", "(rel (=) (add (div (pow x 2) 9) (div (pow y 2) 4)) 1)"),
        (
            r"\frac{(x-1)^{2}}{9}-\frac{y^2}{16}=1",
            "(rel (=) (add (div (pow (add x -1) 2) 9) (neg (div (pow y 2) 16))) 1)",
        ),
        ("3x+4y+14=0", "(rel (=) (add (mul 3 x) (mul 4 y) 14) 0)"),
        ("|x-3|<5", "(rel (<) (fn abs (add x -3)) 5)"),
        ("|z|=1", "(rel (=) (fn abs z) 1)"),
        (r"\lvert z-1\rvert \le 2", "(rel (<=) (fn abs (add z -1)) 2)"),
        (r"x\in(-\infty,-1)\cup(1,\infty)", "(rel (in) x (union (seq ( ) (neg #inf) -1) (seq ( ) 1 #inf)))"),
        (r"\text{all real } x \neq 1", "(rel (!=) x 1)"),
        ("k is an integer", "(rel (in) k (domain Z))"),
        ("y = C_1 e^{x} + C_2 e^{-x}", "(rel (=) y (add (mul C_1 (pow #e x)) (mul C_2 (pow #e (neg x)))))"),
        (r"A=\frac{1}{2}bh", "(rel (=) A (mul 1/2 b h))"),
        ("F=ma", "(rel (=) F (mul m a))"),
        ("E=mc^2", "(rel (=) E (mul m (pow c 2)))"),
        (r"v=\sqrt{\frac{2GM}{R}}", "(rel (=) v (fn root (div (mul 2 G M) R) 2))"),
        (r"\omega=\sqrt{k/m}", "(rel (=) omega (fn root (div k m) 2))"),
        (r"T=2\pi\sqrt{\frac{l}{g}}", "(rel (=) T (mul 2 #pi (fn root (div l g) 2)))"),
        (r"\vec{F}=m\vec{a}", "(rel (=) vec F (mul m vec a))"),
        (r"5 \mid 10", "(rel (|) 5 10)"),
        ("z=1+i", "(rel (=) z (add 1 #i))"),
        (r"A^{-1}=\begin{bmatrix}1&0\\0&1\end{bmatrix}", "(rel (=) (pow A -1) (matrix (1 0) (0 1)))"),
        ("x:y:z=1:2:3", "(rel (=) (ratio x y z) (ratio 1 2 3))"),
        ("1:2 = 2:4", "(rel (=) (ratio 1 2) (ratio 2 4))"),
        (r"\overline{AB}=5", "(rel (=) bar AB 5)"),
        ("AB=BC", "(rel (=) (mul A B) (mul B C))"),
        (r"\triangle ABC \sim \triangle DEF", "(rel (~) triangle ABC triangle DEF)"),
        (r"l_1 \parallel l_2", "(rel (par) l_1 l_2)"),
        (r"x = \frac{-1 \pm i\sqrt{3}}{2}", "(rel (=) x (div (add -1 (pm (mul #i (fn root 3 2)))) 2))"),
        (
            r"x \in \left(-\infty, 2\right) \cup \left(2, \infty\right)",
            "(rel (in) x (union (seq ( ) (neg #inf) 2) (seq ( ) 2 #inf)))",
        ),
        (r"y = \frac{3}{4}x - 2", "(rel (=) y (add (mul 3/4 x) -2))"),
        ("2x - 3y = 6", "(rel (=) (add (mul 2 x) (neg (mul 3 y))) 6)"),
        ("x^2 + y^2 - 4x + 6y = 12", "(rel (=) (add (pow x 2) (pow y 2) (neg (mul 4 x)) (mul 6 y)) 12)"),
        ("(x-2)^2 + (y+3)^2 = 25", "(rel (=) (add (pow (add x -2) 2) (pow (add y 3) 2)) 25)"),
        (r"\frac{dy}{dx} = \frac{2x}{3y^2}", "(rel (=) dy/dx (div (mul 2 x) (mul 3 (pow y 2))))"),
        (r"\frac{d^2 y}{d x^2} + y = 0", "(rel (=) (add d^2y/dx^2 y) 0)"),
        ("y'' + 2y' + y = 0", "(rel (=) (add y'' (mul 2 y') y) 0)"),
        (r"\frac{\partial u}{\partial t} = k \frac{\partial^2 u}{\partial x^2}", "(rel (=) du/dt (mul k d^2u/dx^2))"),
        (r"\int \sec^2 x \, dx = \tan x + C", "(rel (=) (integral (pow (fn sec x) 2) x None None) (add (fn tan x) C))"),
        (
            r"\lim_{n \to \infty} \left(1 + \frac{1}{n}\right)^n = e",
            "(rel (=) (limit (pow (add 1 (div 1 n)) n) n #inf ) #e)",
        ),
        (r"a \equiv b \pmod{m}", "(rel (==) a (fn mod b m))"),
        (r"x \equiv 1 \pmod 2", "(rel (==) x (fn mod 1 2))"),
        (r"x \equiv 2 \bmod 3", "(rel (==) x (fn mod 2 3))"),
        (r"\gcd(a, b) = 1", "(rel (=) (fn gcd a b) 1)"),
        (r"a \mid b", "(rel (|) a b)"),
        (r"\overline{AB} \parallel \overline{CD}", "(rel (par) bar AB bar CD)"),
        (r"\angle ABC = \angle DEF", "(rel (=) angle ABC angle DEF)"),
        (r"\triangle ABC \cong \triangle DEF", "(rel (==) triangle ABC triangle DEF)"),
        (r"\sin A = \frac{3}{5}", "(rel (=) (fn sin A) 3/5)"),
        (r"\sin^2\theta + \cos^2\theta = 1", "(rel (=) (add (pow (fn sin theta) 2) (pow (fn cos theta) 2)) 1)"),
        (r"x \approx 1.414", "(rel (~) x (dec 707 500 3))"),
        ("2 < x < 5", "(rel (< <) 2 x 5)"),
        ("|x| < 3", "(rel (<) (fn abs x) 3)"),
        (r"-3 \leq x \leq 3", "(rel (<= <=) -3 x 3)"),
        (r"x \in \{1, 2, 3\}", "(rel (in) x (set 1 2 3))"),
        (r"x_{1,2} = \pm 3", "(rel (=) x_1,2 (pm 3))"),
        ("(x, y) = (1, 2)", "(rel (=) (seq ( ) x y) (seq ( ) 1 2))"),
        ("(x,y,z) = (1,2,3)", "(rel (=) (seq ( ) x y z) (seq ( ) 1 2 3))"),
        (r"(x,y)\in\{(1,2),(2,1)\}", "(rel (in) (seq ( ) x y) (set (seq ( ) 1 2) (seq ( ) 2 1)))"),
        (r"a_n = 3 \cdot 2^{n-1}", "(rel (=) a_n (mul 3 (pow 2 (add n -1))))"),
        ("a_{n+1} = 2a_n + 1", "(rel (=) a_n+1 (add (mul 2 a_n) 1))"),
        (r"S_n = \frac{n(n+1)}{2}", "(rel (=) S_n (div (mul n (add n 1)) 2))"),
        (r"\hat{y} = 2x + 3", "(rel (=) hat y (add (mul 2 x) 3))"),
        ("r = 0.95", "(rel (=) r (dec 19 20 2))"),
        (r"\frac{7}{8}=0.875", "(rel (=) 7/8 (dec 7 8 3))"),
        (r"2\frac{3}{4} = 2.75", "(rel (=) (mixed 2 3 4) (dec 11 4 2))"),
        (r"\begin{vmatrix} 1 & 2 \\ 3 & 4 \end{vmatrix} = -2", "(rel (=) (fn det (matrix (1 2) (3 4))) -2)"),
        (r"\det(A) = 5", "(rel (=) (fn det A) 5)"),
        (r"\mathbf{v} = \langle 1, 2 \rangle", "(rel (=) v (seq ( ) 1 2))"),
        (r"\vec{v} = (1,2)", "(rel (=) vec v (seq ( ) 1 2))"),
        (r"\|\mathbf{v}\| = 5", "(rel (=) (fn norm v) 5)"),
        (r"\overrightarrow{AB} = (1,2)", "(rel (=) vec AB (seq ( ) 1 2))"),
        (r"1 \to 2 \to 3", "(rel (-> ->) 1 2 3)"),
        ("a<b<c", "(rel (< <) a b c)"),
        (r"a \ne b", "(rel (!=) a b)"),
        (r"k \in \mathbb{Z}", "(rel (in) k (domain Z))"),
        (r"f \equiv 0", "(rel (==) f 0)"),
        (r"x = -\frac{b}{2a}", "(rel (=) x (neg (div b (mul 2 a))))"),
        (r"V = \frac{4}{3}\pi r^3", "(rel (=) V (mul 4/3 #pi (pow r 3)))"),
        (r"A = \pi r^2", "(rel (=) A (mul #pi (pow r 2)))"),
        (r"c = \sqrt{a^2+b^2}", "(rel (=) c (fn root (add (pow a 2) (pow b 2)) 2))"),
        (r"\Delta t = 5", "(rel (=) (mul Delta t) 5)"),
    ],
)
def test_relations_are_chains(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree
