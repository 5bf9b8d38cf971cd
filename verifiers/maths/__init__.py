"""Math answers: read, parsed to exact trees, compared in layers.

The package is not called `math`, so that `assaygym.verifiers.math` can be the factory function and stay it.

    verify    the verdict                     reading   one answer, read                 pool     many verdicts
    policy    what counts as the same         fuel      counted steps bound the work     finding  what a layer says
    syntax/   text to trees                   scalars/  one number or expression against another
    objects/  typed objects, compared         words/    answers that are no formulas
    cas/      sympy in killable worker processes       canon     an answer's canonical text, for votes

Imports run one way: tree, fuel, finding, policy <- syntax <- scalars <- objects <- reading <- verify <- pool;
`canon` stands on reading, `words` beside `objects`, and `cas` knows only trees and findings.
"""

from assaygym.verifiers.maths.canon import canonical
from assaygym.verifiers.maths.policy import MathPolicy
from assaygym.verifiers.maths.verify import Gold, MathVerifier, compile_gold, math, verify_math

__all__ = ["Gold", "MathPolicy", "MathVerifier", "canonical", "compile_gold", "math", "verify_math"]
