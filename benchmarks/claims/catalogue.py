"""Every claim by its name, in the order in which they are measured: those that share a measurement stand together."""

from __future__ import annotations

from assaygym.benchmarks.claims.ablation import DAPO
from assaygym.benchmarks.claims.breakdown import STEP_TIME
from assaygym.benchmarks.claims.claim import Claim
from assaygym.benchmarks.claims.exploring import EEPO, GHPO, GUI_ARPO
from assaygym.benchmarks.claims.lengths import GFPO, GRPO_LAMBDA
from assaygym.benchmarks.claims.lessons import TRAINING_FREE
from assaygym.benchmarks.claims.phases import DELTA
from assaygym.benchmarks.claims.pruning import CPPO
from assaygym.benchmarks.claims.shared_prefixes import ARPO, TREE_GRPO
from assaygym.benchmarks.claims.stale import GMPO, GSPO
from assaygym.benchmarks.claims.turns import GIGPO, UFO

__all__ = ["CLAIMS"]

SAMPLING = (TREE_GRPO, ARPO, GUI_ARPO, GHPO, EEPO)
UPDATES = (DAPO, CPPO, GIGPO, GMPO, GSPO)
REWARDS = (UFO, GRPO_LAMBDA, GFPO, DELTA)
OTHERS = (TRAINING_FREE, STEP_TIME)

CLAIMS: dict[str, Claim] = {claim.name: claim for claim in (*SAMPLING, *UPDATES, *REWARDS, *OTHERS)}
"""All of them."""
