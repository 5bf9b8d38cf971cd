"""Functions by cases: the order of the cases does not matter."""

SAME: list[tuple[str, str]] = [
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"f(x)=\begin{cases} -x, & x<0 \\ x^2, & x\ge 0\end{cases}",
    ),
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"\begin{cases} x^2 & \text{if } x\ge0 \\ -x & \text{if } x<0\end{cases}",
    ),
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"\begin{cases} x^2, & x \geq 0, \\ -x, & x<0. \end{cases}",
    ),
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"f(x)=\begin{cases}x^2&\text{for }x\ge 0\\-x&\text{otherwise}\end{cases}",
    ),
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"f(x)=\left\{\begin{array}{ll}x^2,&x\ge0\\-x,&x<0\end{array}\right.",
    ),
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"f(t)=\begin{cases} t^2 & t \ge 0 \\ -t & t < 0 \end{cases}",
    ),
    (r"\begin{cases} x+y=5 \\ x-y=1 \end{cases}", "x+y=5, x-y=1"),
    (r"\begin{cases} x+y=5 \\ x-y=1 \end{cases}", r"\begin{cases} x-y=1 \\ x+y=5 \end{cases}"),
    (r"\begin{cases} x+y=5 \\ x-y=1 \end{cases}", r"\left\{\begin{array}{l}x+y=5\\x-y=1\end{array}\right."),
    (r"\begin{cases} x+y=5 \\ x-y=1 \end{cases}", r"\begin{aligned}x+y&=5\\x-y&=1\end{aligned}"),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", "x=3, y=2"),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", "(3,2)"),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", "(x,y)=(3,2)"),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", r"\left\{\begin{array}{l}x=3\\y=2\end{array}\right."),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", r"\begin{cases} y=2 \\ x=3 \end{cases}"),
    (r"a_n = \begin{cases} 1, & n=1 \\ 2n, & n\ge2 \end{cases}", r"\begin{cases} 1, & n=1 \\ 2n, & n\ge2 \end{cases}"),
    (
        r"a_n = \begin{cases} 1, & n=1 \\ 2n, & n\ge2 \end{cases}",
        r"a_n=\begin{cases} 2n, & n\geq 2 \\ 1, & n=1 \end{cases}",
    ),
    (
        r"a_n = \begin{cases} 1, & n=1 \\ 2n, & n\ge2 \end{cases}",
        r"a_n=\begin{cases}1,&n=1,\\2n,&n\geqslant2\end{cases}",
    ),
    (
        r"\begin{cases} 1 & x>0 \\ 0 & x=0 \\ -1 & x<0 \end{cases}",
        r"\begin{cases} -1 & x<0 \\ 0 & x=0 \\ 1 & x>0 \end{cases}",
    ),
    (
        r"\begin{cases} 1 & x>0 \\ 0 & x=0 \\ -1 & x<0 \end{cases}",
        r"\begin{cases} 1, & \text{if } x>0 \\ 0, & \text{if } x=0 \\ -1, & \text{if } x<0 \end{cases}",
    ),
    (
        r"\begin{cases} 2x+1 & 0\le x<1 \\ 4-x & 1\le x\le 4\end{cases}",
        r"\begin{cases} 1+2x & 0\le x<1 \\ -x+4 & 1\le x\le 4\end{cases}",
    ),
    (
        r"\begin{cases} 2x+1 & 0\le x<1 \\ 4-x & 1\le x\le 4\end{cases}",
        r"\begin{cases} 4-x & x\in[1,4] \\ 2x+1 & x\in[0,1)\end{cases}",
    ),
]
DIFFERENT: list[tuple[str, str]] = [
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"f(x)=\begin{cases} x^2 & x<0 \\ -x & x\ge 0\end{cases}",
    ),
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"\begin{cases} x^2 & x\ge0 \\ x & x<0\end{cases}",
    ),
    (r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}", "x^2"),
    (r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}", "-x"),
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"f(x)=\begin{cases} x^2 & x \ge 1 \\ -x & x < 1 \end{cases}",
    ),
    (r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}", r"\begin{cases} x^2 & x\ge0\end{cases}"),
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"\begin{cases} x^3 & x\ge0 \\ -x & x<0\end{cases}",
    ),
    (
        r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}",
        r"\begin{cases} x^2 & x\ge0 \\ -x & x<0 \\ 1 & x=5\end{cases}",
    ),
    (r"f(x) = \begin{cases} x^2 & x \ge 0 \\ -x & x < 0 \end{cases}", "x^2, -x"),
    (r"\begin{cases} x+y=5 \\ x-y=1 \end{cases}", "x+y=5"),
    (r"\begin{cases} x+y=5 \\ x-y=1 \end{cases}", r"\begin{cases} x+y=5 \\ x-y=-1 \end{cases}"),
    (r"\begin{cases} x+y=5 \\ x-y=1 \end{cases}", r"\begin{cases} x+y=1 \\ x-y=5 \end{cases}"),
    (r"\begin{cases} x+y=5 \\ x-y=1 \end{cases}", r"\begin{cases} x+y=5 \\ x-y=1 \\ x=7\end{cases}"),
    (r"\begin{cases} x+y=5 \\ x-y=1 \end{cases}", "5, 1"),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", "(2,3)"),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", "x=3"),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", "x=2,y=3"),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", r"\begin{cases} x=3 \\ y=-2 \end{cases}"),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", r"\begin{cases} x=3 \\ y=2 \\ z=1\end{cases}"),
    (r"\begin{cases} x=3 \\ y=2 \end{cases}", "5"),
    (r"a_n = \begin{cases} 1, & n=1 \\ 2n, & n\ge2 \end{cases}", "2n"),
    (
        r"a_n = \begin{cases} 1, & n=1 \\ 2n, & n\ge2 \end{cases}",
        r"a_n=\begin{cases} 2, & n=1 \\ 2n, & n\ge2 \end{cases}",
    ),
    (
        r"a_n = \begin{cases} 1, & n=1 \\ 2n, & n\ge2 \end{cases}",
        r"a_n=\begin{cases} 1, & n=1 \\ 2n-1, & n\ge2 \end{cases}",
    ),
    (r"a_n = \begin{cases} 1, & n=1 \\ 2n, & n\ge2 \end{cases}", r"\begin{cases} 1, & n=1 \\ 2n, & n\ge3 \end{cases}"),
    (r"a_n = \begin{cases} 1, & n=1 \\ 2n, & n\ge2 \end{cases}", "1"),
    (r"\begin{cases} 1 & x>0 \\ 0 & x=0 \\ -1 & x<0 \end{cases}", r"\begin{cases} 1 & x>0 \\ -1 & x<0 \end{cases}"),
    (
        r"\begin{cases} 1 & x>0 \\ 0 & x=0 \\ -1 & x<0 \end{cases}",
        r"\begin{cases} -1 & x>0 \\ 0 & x=0 \\ 1 & x<0 \end{cases}",
    ),
    (
        r"\begin{cases} 1 & x>0 \\ 0 & x=0 \\ -1 & x<0 \end{cases}",
        r"\begin{cases} 1 & x\ge0 \\ 0 & x=0 \\ -1 & x<0 \end{cases}",
    ),
    (r"\begin{cases} 1 & x>0 \\ 0 & x=0 \\ -1 & x<0 \end{cases}", "1"),
    (r"\begin{cases} 1 & x>0 \\ 0 & x=0 \\ -1 & x<0 \end{cases}", r"\pm1"),
    (
        r"\begin{cases} 2x+1 & 0\le x<1 \\ 4-x & 1\le x\le 4\end{cases}",
        r"\begin{cases} 2x+1 & 0\le x<1 \\ 4-x & 1\le x\le 5\end{cases}",
    ),
    (
        r"\begin{cases} 2x+1 & 0\le x<1 \\ 4-x & 1\le x\le 4\end{cases}",
        r"\begin{cases} 2x-1 & 0\le x<1 \\ 4-x & 1\le x\le 4\end{cases}",
    ),
]
