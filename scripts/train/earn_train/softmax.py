"""The softmax over the catalogue in training: exact, or over a sample where the catalogue is large."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

WHOLE = 2**28  # logits that are kept for the gradient: a gigabyte
CHUNK = 2**25  # logits at a time where there are more


def exact_loss(
    state: Tensor, vectors: Tensor, target: Tensor, smoothing: float, weight: Tensor | None = None
) -> Tensor:
    """Mean cross-entropy of states [n, d] over all item vectors [items, d], weighted [n], 0 where nothing is
    predicted. The target is an item each, [n], or probabilities, [n, items].

    Beyond a gigabyte of logits they are computed in chunks, and again for the gradient.
    """
    count = float(max(1, len(target))) if weight is None else weight.sum().clamp(min=1e-6)
    if len(state) * len(vectors) <= WHOLE:
        return summed(state, vectors, target, weight, smoothing) / count
    rows = max(1, CHUNK // len(vectors))
    total = state.new_zeros((), dtype=torch.float32)
    for at in range(0, len(state), rows):
        part = slice(at, at + rows)
        of_part = None if weight is None else weight[part]
        total = total + checkpoint(
            summed,
            state[part],
            vectors,
            target[part],
            of_part,
            smoothing,
            use_reentrant=False,
            preserve_rng_state=False,
        )
    return total / count


def summed(state: Tensor, vectors: Tensor, target: Tensor, weight: Tensor | None, smoothing: float) -> Tensor:
    logits = F.linear(state, vectors).float()
    if weight is None:
        return F.cross_entropy(logits, target, reduction="sum", label_smoothing=smoothing)
    each = F.cross_entropy(logits, target, reduction="none", label_smoothing=smoothing)
    return (weight * each).sum()


@dataclass
class Sample:
    """Items [n] that stand for all others, and how often each is drawn on average."""

    items: Tensor
    expected: Tensor

    def among(self, items: Tensor) -> "Sample":
        """The same by their places in ascending `items`."""
        return Sample(torch.searchsorted(items, self.items), self.expected)


def draw(popularity: Tensor, negatives: int) -> Sample:
    """Half of so many are drawn by popularity [items] (shares of the training events), half uniformly."""
    share = (popularity + 1 / len(popularity)) / 2
    drawn = torch.multinomial(share, negatives, replacement=True)
    return Sample(drawn, negatives * share[drawn])


def sampled_loss(
    state: Tensor, vectors: Tensor, target: Tensor, sample: Sample, weight: Tensor | None = None
) -> Tensor:
    """The same, where the sum over all other items is estimated from a sample.

    Each of it counts with the inverse of how often it is drawn (logQ; Bengio and Senecal, 2008), so that the
    sum's expectation is exact. The target itself is known, so it is neither drawn nor corrected (arXiv
    2507.09331).
    """
    own = (state * vectors[target]).sum(-1, keepdim=True).float()
    others = F.linear(state, vectors[sample.items]).float() - sample.expected.log()
    others = others.masked_fill(sample.items == target[:, None], -torch.inf)
    total: Tensor = torch.cat([own, others], 1).logsumexp(1) - own[:, 0]
    if weight is None:
        return total.sum() / max(1, len(target))
    return (weight * total).sum() / weight.sum().clamp(min=1e-6)
