"""Math answers: read, parsed to exact trees, compared in layers.

The package is not called `math`, so that `assaygym.verifiers.math` can be the factory function and stay it.

    verify    the verdict: text layers first, then trees        compare    typed comparison of two trees
    tokens    text to tokens          parser    tokens to trees         relations  equations, inequalities, intervals
    exact     exact rational values   cas       sympy in killable worker processes (`cas_worker` is their program)
"""

from assaygym.verifiers.maths.verify import Gold, MathVerifier, compile_gold, math, verify_math

__all__ = ["Gold", "MathVerifier", "compile_gold", "math", "verify_math"]
