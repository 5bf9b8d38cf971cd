"""Claims of papers in miniature: each is measured on tiny models over several seeds and judged by a rule fixed before.

python -m assaygym.benchmarks.claims list            the claims, with their sources
python -m assaygym.benchmarks.claims dapo gspo       measure these
python -m assaygym.benchmarks.claims all --out DIR   measure all; the same call goes on where it was ended
"""
