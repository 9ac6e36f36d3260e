"""The baseline: SASRec (Kang and McAuley, arXiv 1808.09781) trained with the full cross-entropy over all
items.

The same shapes, batches, text features, cosines and interface as `model.py`; its size follows from the same
dial: the decoder's width and the two layers of the paper, with learned positions, GELU and tied item vectors.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import Config
from .events import TYPE_STRIDE
from .rows import Rows
from .softmax import exact_loss

LAYERS = 2


class SasRec(nn.Module):
    features: Tensor
    shortest = 1  # history after which it predicts

    def __init__(
        self,
        config: Config,
        dropout: float = 0.0,
        features: Tensor | None = None,
        temperature: float = 0.0,
    ):
        """features [items, F] of the items' texts. With a temperature, items score by cosines over it."""
        super().__init__()
        self.config, self.temperature = config, temperature
        self.item = nn.Embedding(config.items, config.width)
        self.feature = None if features is None else nn.Linear(features.shape[1], config.width, bias=False)
        self.register_buffer("features", features, persistent=False)
        self.position = nn.Embedding(config.window, config.width)
        layer = nn.TransformerEncoderLayer(
            config.width, config.heads, 4 * config.width, dropout, F.gelu, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(
            layer, LAYERS, nn.LayerNorm(config.width), enable_nested_tensor=False
        )
        self.dropout = nn.Dropout(dropout)
        for embedding in (self.item, self.position):
            nn.init.normal_(embedding.weight, std=0.02)

        if self.feature is not None:
            nn.init.normal_(self.feature.weight, std=0.02)

    def item_vectors(self) -> Tensor:
        """[items, d]: an item's own embedding plus that of its features."""
        own = self.item.weight
        vectors = own if self.feature is None else own + self.feature(self.features)
        return F.normalize(vectors, dim=-1) if self.temperature > 0 else vectors

    def weights(self) -> dict[str, Tensor]:
        """What ranking needs, by name: the item vectors are whole."""
        weights = {name: tensor.detach() for name, tensor in self.state_dict().items()}
        weights.pop("feature.weight", None)
        return weights | {"item.weight": self.item_vectors().detach()}

    @property
    def layers(self) -> nn.ModuleList:
        return self.encoder.layers

    def states(self, items: Tensor, t: Tensor, vectors: Tensor) -> Tensor:
        """items [U, n], t [U, M] in 0..n, the `item_vectors` -> states [U, M, d] after so many items; zeros
        after none.
        """
        n = items.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(n, device=items.device)
        x = self.dropout(F.embedding(items % TYPE_STRIDE, vectors) + self.position.weight[:n])
        each = self.encoder(x, mask=mask, is_causal=True)
        found = each.gather(1, (t - 1).clamp(min=0)[..., None].expand(-1, -1, self.config.width))
        return found * (t > 0)[..., None]

    def loss(
        self,
        items: Tensor,
        t: Tensor,
        targets: Tensor,
        valid: Tensor,
        at: Tensor,
        smoothing: float = 0.0,
        taught: Tensor | None = None,
        every: bool = False,
    ) -> Tensor:
        """As `Earn.loss`; nothing is predicted before the first item, and there are no codes."""
        rows = Rows(valid & (t > 0), every)
        target = rows(targets) % TYPE_STRIDE if taught is None else rows.within(taught, Rows(valid))
        vectors = self.item_vectors()
        state = self.scaled(rows(self.states(items, t, vectors)))
        return exact_loss(state, vectors, target, smoothing, rows.weight())

    def scaled(self, state: Tensor) -> Tensor:
        """States whose products with the item vectors are logits."""
        return F.normalize(state, dim=-1) / self.temperature if self.temperature > 0 else state

    def next_log_probs(self, items: Tensor, t: Tensor, rows: Rows, kind: Tensor) -> Tensor:
        """As `Earn.next_log_probs`; types of events make no difference."""
        vectors = self.item_vectors()
        state = self.scaled(rows(self.states(items, t, vectors)))
        return (state @ vectors.T).float().log_softmax(-1)

    @torch.no_grad()
    def rank(self, items: Tensor, length: Tensor, seen: Tensor, k: int, decoder: str, beam: int) -> Tensor:
        """As `Earn.rank`, by the item vectors."""
        vectors = self.item_vectors()
        state = self.states(items, length[:, None], vectors)[:, 0]
        score, item = (state @ vectors.T).float().masked_fill(seen, -torch.inf).topk(k)
        return item.masked_fill(score == -torch.inf, -1)
