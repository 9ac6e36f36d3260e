"""The softmax over the catalogue in training: exact, or over a sample where the catalogue is large."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

WHOLE = 2**28  # logits that are kept for the gradient: a gigabyte
CHUNK = 2**25  # logits at a time where there are more


def exact_loss(state: Tensor, vectors: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Mean cross-entropy of states [n, d] over all item vectors [items, d], 0 where nothing is predicted.

    Beyond a gigabyte of logits they are computed in chunks, and again for the gradient.
    """
    if len(state) * len(vectors) <= WHOLE:
        return summed(state, vectors, target, smoothing) / max(1, len(target))
    rows = max(1, CHUNK // len(vectors))
    total = state.new_zeros((), dtype=torch.float32)
    for some, of_them in zip(state.split(rows), target.split(rows), strict=True):
        total = total + checkpoint(summed, some, vectors, of_them, smoothing, use_reentrant=False)
    return total / len(target)


def summed(state: Tensor, vectors: Tensor, target: Tensor, smoothing: float) -> Tensor:
    logits = F.linear(state, vectors).float()
    return F.cross_entropy(logits, target, reduction="sum", label_smoothing=smoothing)


def sampled_loss(
    state: Tensor, vectors: Tensor, target: Tensor, popularity: Tensor, negatives: int
) -> Tensor:
    """The same, where the sum over all other items is estimated from `negatives` of them.

    Half of them are drawn by popularity [items] (shares of the training events), half uniformly. Each counts
    with the inverse of how often it is drawn (logQ; Bengio and Senecal, 2008), so that the sum's expectation
    is exact. The target itself is known, so it is neither drawn nor corrected (arXiv 2507.09331).
    """
    share = (popularity + 1 / len(popularity)) / 2
    drawn = torch.multinomial(share, negatives, replacement=True)
    own = (state * vectors[target]).sum(-1, keepdim=True).float()
    others = F.linear(state, vectors[drawn]).float() - (negatives * share[drawn]).log()
    others = others.masked_fill(drawn == target[:, None], -torch.inf)
    total: Tensor = torch.cat([own, others], 1).logsumexp(1) - own[:, 0]
    return total.sum() / max(1, len(target))
