"""GMPO and GSPO: ratios and clipping where eight passes over one batch make it stale."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING, ClassVar

from assaygym.agents.parts.base import Loss
from assaygym.agents.parts.losses import Clip, GeoMean
from assaygym.benchmarks.claims.claim import Claim, Figures, above, below
from assaygym.benchmarks.claims.common import PLAIN, SETTING, START, settings, success
from assaygym.benchmarks.claims.training import policy_of, run
from assaygym.benchmarks.claims.worlds import reverse

if TYPE_CHECKING:
    from assaygym.agents.losses import Surrogate
    from assaygym.agents.scene import Rows

__all__ = ["GMPO", "GSPO", "Watched"]

ARMS: dict[str, Loss] = {
    "grpo": Clip(0.2, 0.2),
    "gmpo": GeoMean(0.4),
    "gspo": Clip(3e-4, 4e-4, level="sequence"),
}
PASSES, STEPS = 8, 12


@dataclass(frozen=True, slots=True)
class Watched(Loss):
    """A loss as it is, whose token ratios and clipped tokens are written down at each forward pass."""

    name: ClassVar[str] = "watched"
    inner: Loss
    widest: list[float] = field(default_factory=list[float], compare=False)
    """The largest |log ratio| of a token."""
    clipped: list[float] = field(default_factory=list[float], compare=False)
    """The share of tokens whose gradient was taken away, or a part of it."""

    def __call__(self, rows: Rows) -> Surrogate:
        """The inner loss."""
        found = self.inner(rows)
        moved_BT = ((rows.logps_BT - rows.old_BT) * rows.mask_BT).detach().abs()
        self.widest.append(float(moved_BT.max()))
        self.clipped.append(float((found.clipped_BT * rows.mask_BT).sum() / rows.mask_BT.sum()))
        return found


@cache
def measure(seed: int, quick: bool) -> Figures:
    """Of each loss: the mean over all passes of the widest log-ratio and the clipped share; success before and after.

    One measurement serves two claims.
    """
    figures: dict[str, float] = {"start/success": success(policy_of(START, seed, quick), quick=quick)}
    for name, loss in ARMS.items():
        policy, watched = policy_of(START, seed, quick), Watched(loss)
        chosen = settings(seed, steps=1 if quick else STEPS, updates=2 if quick else PASSES)
        run(policy, [reverse("train")], replace(PLAIN, loss=watched), chosen)
        figures |= {
            f"{name}/widest_log_ratio": fmean(watched.widest or [0.0]),
            f"{name}/clipped_share": fmean(watched.clipped or [0.0]),
            f"{name}/success": success(policy, quick=quick),
        }
    return figures


STALE = f"{SETTING}; 12 tasks a step, 8 episodes each, {PASSES} passes over each batch, {STEPS} steps"

GMPO = Claim(
    name="gmpo",
    source="GMPO, arXiv 2507.20673, and its README: +4.1 points over GRPO with a 7B model, a steadier ratio",
    says="With the geometric mean the token ratios stay in a narrower range than GRPO's, and no success is lost.",
    setting=f"{STALE}; the widest |log ratio| of a token, mean over the passes.",
    checks=(
        below("a narrower range of ratios", "gmpo/widest_log_ratio", "grpo/widest_log_ratio", ratio=True),
        above("success not below GRPO's by 0.05", "gmpo/success", "grpo/success", by=-0.05),
        below("a smaller share of tokens is clipped", "gmpo/clipped_share", "grpo/clipped_share", decides=False),
        above("more success than GRPO", "gmpo/success", "grpo/success", decides=False),
    ),
    measure=measure,
)

GSPO = Claim(
    name="gspo",
    source="GSPO, arXiv 2507.18071, section 5.2: clips two orders of magnitude more tokens, and learns more",
    says="The ratio of whole completions clips a far larger share of tokens than GRPO's, and no success is lost.",
    setting=f"{STALE}.",
    checks=(
        above("a larger share of tokens is clipped", "gspo/clipped_share", "grpo/clipped_share"),
        above("success not below GRPO's by 0.05", "gspo/success", "grpo/success", by=-0.05),
        below(
            "a narrower range of ratios",
            "gspo/widest_log_ratio",
            "grpo/widest_log_ratio",
            ratio=True,
            decides=False,
        ),
        above("more success than GRPO", "gspo/success", "grpo/success", decides=False),
    ),
    measure=measure,
)
