"""Intervals, tuples, sets, unions, matrices."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "(matrix (1 2) (3 4))"),
        (r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}", "(matrix (1) (2))"),
        (r"\left[\begin{array}{cc|c} 1 & 2 & 3\\ 4 & 5 & 6\end{array}\right]", "(matrix (1 2 3) (4 5 6))"),
        (r"\left(\begin{array}{c}1\\2\end{array}\right)", "(matrix (1) (2))"),
        (r"\begin{vmatrix} a & b \\ c & d\end{vmatrix}", "(fn det (matrix (a b) (c d)))"),
        (r"\left|\begin{matrix} a & b \\ c & d\end{matrix}\right|", "(fn det (matrix (a b) (c d)))"),
        (r"\bigl(\begin{smallmatrix} 1&2\\3&4\end{smallmatrix}\bigr)", "(matrix (1 2) (3 4))"),
        ("[1,2;3,4]", "(matrix (1 2) (3 4))"),
        (r"\begin{pmatrix} 1 \\ 2 \\ 3 \end{pmatrix}", "(matrix (1) (2) (3))"),
        (r"\begin{pmatrix} -1/3 \\ 2/3 \\ 5/3 \end{pmatrix}", "(matrix (-1/3) (2/3) (5/3))"),
        (r"\begin{bmatrix}1&0\\0&1\end{bmatrix}^{-1}", "(pow (matrix (1 0) (0 1)) -1)"),
        (r"2\begin{pmatrix}1\\2\end{pmatrix}", "(mul 2 (matrix (1) (2)))"),
        (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", "(matrix (1 2))"),
        (r"\left(\begin{matrix}1\\2\end{matrix}\right)", "(matrix (1) (2))"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \\ \end{bmatrix}", "(matrix (1 2) (3 4))"),
        (r"\begin{bmatrix} 1 & 2 & 3 \end{bmatrix}", "(matrix (1 2 3))"),
        (
            r"\begin{pmatrix} \cos\theta & -\sin\theta \\ \sin\theta & \cos\theta \end{pmatrix}",
            "(matrix ((fn cos theta) (neg (fn sin theta))) ((fn sin theta) (fn cos theta)))",
        ),
        (r"\left(\begin{array}{l}n\\k\end{array}\right)", "(matrix (n) (k))"),
    ],
)
def test_matrices_in_every_environment(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\{x\mid x>0\}", "(setof x (rel (>) x 0))"),
        (r"\{x : x > 0\}", "(setof x (rel (>) x 0))"),
        (r"\{x \in \mathbb{R} \mid x \ne 1\}", "(setof (rel (in) x (domain R)) (rel (!=) x 1))"),
        (r"\{x | x > 0\}", "(setof x (rel (>) x 0))"),
        (r"\left\{ x \,\middle|\, x>0 \right\}", "(setof x (rel (>) x 0))"),
        (r"\{x \in \mathbb{R} : x \ne 1, x \ne 2\}", "(setof (rel (in) x (domain R)) (rel (!=) x 1) (rel (!=) x 2))"),
        (r"\{2k+1 \mid k \in \mathbb{Z}\}", "(setof (add (mul 2 k) 1) (rel (in) k (domain Z)))"),
        (r"\{(x,y) \mid x+y=1\}", "(setof (seq ( ) x y) (rel (=) (add x y) 1))"),
        (r"\{2n : n \in \mathbb{N}\}", "(setof (mul 2 n) (rel (in) n (domain N)))"),
        (r"\{x \in \mathbb{R} \mid x \neq 2\}", "(setof (rel (in) x (domain R)) (rel (!=) x 2))"),
        (
            r"\left\{x \mid x \neq \frac{\pi}{2} + k\pi, k \in \mathbb{Z}\right\}",
            "(setof x (rel (!=) x (add (div #pi 2) (mul k #pi))) (rel (in) k (domain Z)))",
        ),
    ],
)
def test_set_builders_have_conditions(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"(0,9) \cup (9,36)", "(union (seq ( ) 0 9) (seq ( ) 9 36))"),
        ("(0,1) U (2,3)", "(union (seq ( ) 0 1) (seq ( ) 2 3))"),
        (r"A \cap B", "(inter A B)"),
        (r"\mathbb{R}\setminus\{1\}", "(minus (domain R) (set 1))"),
        (r"\mathbb{R} \backslash \{0\}", "(minus (domain R) (set 0))"),
        (r"(-\infty, 0) \cup\{1\}", "(union (seq ( ) (neg #inf) 0) (set 1))"),
        (r"(-\infty,-1] \cap [2, 3)", "(inter (seq ( ] (neg #inf) -1) (seq [ ) 2 3))"),
        ("all real numbers except 1", "(minus (domain R) (set 1))"),
        (r"(0, \infty) \setminus \{1\}", "(minus (seq ( ) 0 #inf) (set 1))"),
        (
            r"\left( -\infty, -\frac{1}{2} \right] \cup \left[ \frac{3}{2}, \infty \right)",
            "(union (seq ( ] (neg #inf) -1/2) (seq [ ) 3/2 #inf))",
        ),
    ],
)
def test_unions_and_differences_of_sets(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"\{1,2,3\}", "(set 1 2 3)"),
        ("{1,2,3}", "(set 1 2 3)"),
        ("{1, 2}", "(set 1 2)"),
        (r"\{\}", "(set)"),
        (r"\emptyset", "(set)"),
        (r"\{1\pm\sqrt{5},-2\}", "(set (add 1 (pm (fn root 5 2))) -2)"),
        (r"\{1,234\}", "(set 1 234)"),
        (r"\left\{\frac{1}{2}, 3\right\}", "(set 1/2 3)"),
        (r"\{(1,2),(3,4)\}", "(set (seq ( ) 1 2) (seq ( ) 3 4))"),
        (r"\mathbb{R} - \{1\}", "(add (domain R) (neg (set 1)))"),
        (r"\{x\}", "(set x)"),
        (r"\left\{ \frac{1}{2} \right\}", "(set 1/2)"),
        (r"\left\{-1, \frac{1}{2}\right\}", "(set -1 1/2)"),
        (r"\varnothing", "(set)"),
        (r"\{\emptyset\}", "(set (set))"),
    ],
)
def test_sets_in_braces(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("[2,5)", "(seq [ ) 2 5)"),
        ("]2,5[", "(seq ( ) 2 5)"),
        ("[2,5[", "(seq [ ) 2 5)"),
        ("]2;5]", "(seq ( ] 2 5)"),
        (r"(-\infty,3)", "(seq ( ) (neg #inf) 3)"),
        ("[2;5]", "(seq [ ] 2 5)"),
        ("(1,2)", "(seq ( ) 1 2)"),
        ("(1, 2, 3)", "(seq ( ) 1 2 3)"),
        ("((1,2),(3,4))", "(seq ( ) (seq ( ) 1 2) (seq ( ) 3 4))"),
        (r"\langle 1,2\rangle", "(seq ( ) 1 2)"),
        ("<1, 2, 3>", "(seq ( ) 1 2 3)"),
        ("[[1,2],[3,4]]", "(seq [ ] (seq [ ] 1 2) (seq [ ] 3 4))"),
        ("(1,234)", "(seq ( ) 1 234)"),
        ("(12,345,678)", "(seq ( ) 12 345 678)"),
        (r"\left(1,2\right]", "(seq ( ] 1 2)"),
        (
            r"\left[ \frac{\pi^2}{8}, \frac{5 \pi^2}{4} \right]",
            "(seq [ ] (div (pow #pi 2) 8) (div (mul 5 (pow #pi 2)) 4))",
        ),
        (r"\langle x, y, z \rangle", "(seq ( ) x y z)"),
        (r"t\langle 1,2,3\rangle", "(mul t (seq ( ) 1 2 3))"),
        ("(1,2,3)+t(4,5,6)", "(add (seq ( ) 1 2 3) (call t 4 5 6))"),
    ],
)
def test_intervals_and_tuples_keep_their_brackets(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree
