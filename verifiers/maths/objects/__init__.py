"""Typed objects and their comparison: tuples, intervals, relations, sets, matrices, families, quantities."""
