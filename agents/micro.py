"""Which rows are computed together: mini-batches, what each process has of them, micro-batches by a token budget."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from assaygym.agents.batch import Batch
from assaygym.agents.ranks import Ranks

__all__ = ["inputs_of", "micro_batches", "mini_batches", "share_of"]


def mini_batches(batch: Batch, parts: int) -> Iterator[Tensor]:
    """The rows of each of `parts` shares of the groups; a group is never split."""
    labels_K = torch.unique(batch.groups_N)
    groups_B = batch.groups_N[batch.episode_B]
    for share_K in torch.tensor_split(labels_K, min(parts, len(labels_K))):
        yield torch.isin(groups_B, share_K).nonzero().squeeze(1)


def share_of(ranks: Ranks, batch: Batch, rows_B: Tensor, groups_B: Tensor | None = None) -> Tensor:
    """Of these rows those that this process computes, the longest first.

    Args:
        ranks: the processes.
        batch: what they are rows of.
        rows_B: any of them.
        groups_B: labels of the whole batch's rows that stay in one process; None lets all go apart.
    """
    rows_B = rows_B[batch.lengths_B[rows_B].argsort(descending=True, stable=True)]
    if groups_B is None:
        return ranks.share(rows_B)
    labels = list(dict.fromkeys(groups_B[rows_B].tolist()))
    mine = torch.tensor(list(ranks.mine(labels)), dtype=groups_B.dtype, device=groups_B.device)
    return rows_B[torch.isin(groups_B[rows_B], mine)]


def micro_batches(rows_B: Tensor, batch: Batch, tokens: int, groups_B: Tensor | None = None) -> Iterator[Tensor]:
    """These rows in parts of at most `tokens` tokens, padding included, but for a row (or group) that is longer alone.

    Args:
        rows_B: in the order of their lengths, the longest first.
        batch: what they are rows of.
        tokens: of one part.
        groups_B: labels of the whole batch's rows that stay together; None lets all go apart.
    """
    labels_B = rows_B if groups_B is None else groups_B[rows_B]
    units: dict[int, list[tuple[int, int]]] = {}
    for row, length, label in zip(*(x.tolist() for x in (rows_B, batch.lengths_B[rows_B], labels_B)), strict=True):
        units.setdefault(label, []).append((row, length))
    part: list[int] = []
    width = 0
    for unit in units.values():
        wider = max(width, *(length for _, length in unit))
        if part and wider * (len(part) + len(unit)) > tokens:
            yield rows_B.new_tensor(part)
            part, wider = [], max(length for _, length in unit)
        part += [row for row, _ in unit]
        width = wider
    if part:
        yield rows_B.new_tensor(part)


def inputs_of(batch: Batch, rows_B: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens, mask and lengths of these rows, as wide as the longest."""
    width = int(batch.lengths_B[rows_B].max())
    return batch.tokens_BT[rows_B, :width], batch.mask_BT[rows_B, :width], batch.lengths_B[rows_B]
