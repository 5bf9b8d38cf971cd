"""Typed objects and their comparison: what a tree means, and when two meanings are the same.

interpret   trees to things (with listing, statements)    thing     what all things share; `equal`; bridges
values      numbers, angles, percents, quantities         items     lists, sets, alternatives, records by name
sequences   tuples, matrices, ratios, bases               relations definitions, equations, inequalities
regions     subsets of the real line; solving, what describes one       families, lattice   integer parameters
structures  cases, set-builders, conditions               units     units of measure
"""

from assaygym.verifiers.maths.objects.context import Context
from assaygym.verifiers.maths.objects.interpret import interpret
from assaygym.verifiers.maths.objects.thing import Thing, equal

__all__ = ["Context", "Thing", "equal", "interpret"]
