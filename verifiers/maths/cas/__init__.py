"""The last layer: computer algebra and high-precision numbers in processes that can be killed.

ask      the question and what becomes of it (this process)     crew        the worker processes, started and ended
program  the worker: a keeper that forks a child                judge       two trees against each other (the child)
points   where expressions are compared                         numbers     a tree's value with mpmath
operators  sums, products, integrals, limits, derivatives as numbers        closed   a tree as a sympy object
"""

from assaygym.verifiers.maths.cas.ask import ask, close
from assaygym.verifiers.maths.cas.crew import library_paths

__all__ = ["ask", "close", "library_paths"]
