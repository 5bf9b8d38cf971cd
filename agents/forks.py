"""Tokens that several trajectories share because they were forked from one another."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["averaged_over_forks"]


def averaged_over_forks(advantages_BT: Tensor, segments_BT: Tensor) -> Tensor:
    """`[B, T]`: each sampled token gets the mean advantage of the rows that share it: ARPO (arXiv 2507.19849), "hard".

    With an unclipped ratio and weights that are equal over rows and tokens (`token_mean`, `token_sum`) this has the
    gradient of leaving the advantages as they are, for the tokens shared by d rows appear in all of them.

    Args:
        advantages_BT: the same at all tokens of one segment of a row.
        segments_BT: int64, one number for the tokens of a turn that was sampled once; -1 outside, where 0 is returned.
    """
    inside_BT = segments_BT >= 0
    flat_M = segments_BT[inside_BT]
    if not len(flat_M):
        return torch.zeros_like(advantages_BT)
    zeros_S = advantages_BT.new_zeros(int(flat_M.max()) + 1)
    sums_S = zeros_S.index_add(0, flat_M, advantages_BT[inside_BT])
    counts_S = zeros_S.index_add(0, flat_M, torch.ones_like(advantages_BT[inside_BT]))
    means_M = (sums_S / counts_S.clamp(min=1))[flat_M]
    return torch.zeros_like(advantages_BT).masked_scatter(inside_BT, means_M)
