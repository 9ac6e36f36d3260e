"""The EARN decoder (Yang et al., KDD 2025, arXiv 2507.00715) as it is trained.

A user's sequence is `[P] h1 … hn [S] c1 … cC`: a prefix register, one fused token per item, a suffix
register, then the C semantic-ID codes of the next item. In layers 1..k (`register_depth`) every token sees
all that came before it; with a `sliding_window`, in those before k only P and so many items. In the deeper
layers a token sees P, the `local_window` items before it, and its own branch; with a local window of 0 that
is the paper's EARN. The codes run the last `code_layers` alone: all after layer k (without EARN, k = N, all),
or fewer.

The next item comes out in two ways. *Beam*: S's final state gives the first code, each code the next one.
*Latent* (L2D, arXiv 2509.11524): S's final state is multiplied with every item's vector, the one it enters
the history with.

Training runs the history once and hangs *branches* `[S] c1 … c(C-1)` on it: the branch at t sees P, h1..ht
and itself, exactly as if the sequence ended at t. S runs at every branch, codes at a sample of them, since S
never sees them. `tests/test_decoder.py` proves the equality.

Shapes: U users, n items, M branches per user, B of them with codes, C codes per item, d width, H query heads
over one shared key/value head (multi-query attention, Shazeer, arXiv 1911.02150) of size D.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import Config
from .events import TYPE_STRIDE
from .layers import NORM_EPS, DeepLayer, Dropout, HistoryLayer, Layer, Rotation, rotation
from .rows import Rows
from .softmax import draw, exact_loss, sampled_loss
from .trie import build_trie


class Earn(nn.Module):
    """The decoder with its semantic IDs and trie. See the module's docstring for the sequence and shapes."""

    shortest: int  # history after which it predicts
    semantic_ids: Tensor
    features: Tensor
    type_weights: Tensor | None
    popularity: Tensor

    def __init__(
        self,
        config: Config,
        semantic_ids: Tensor,
        dropout: float = 0.0,
        features: Tensor | None = None,
        temperature: float = 0.0,
        item_dropout: float = 0.0,
        negatives: int = 0,
        popularity: Tensor | None = None,
    ):
        """semantic_ids [items, C] integers, unique rows; features [items, F] of the items' texts.

        With `negatives` the loss estimates the softmax from so many items, drawn by popularity [items].

        `item_dropout` is the share of the items that do without their own embedding in a training step, so
        that codes and text alone learn to carry an item that nobody has had yet (DropoutNet, NeurIPS 2017).

        With a temperature, items score by a cosine divided by it: item vectors have length 1, and the last
        norm gives states of length 1 / temperature. Serving needs no change for that.
        """
        super().__init__()
        self.config = config
        self.shortest = 0 if config.suffixes > 0 else 1
        d = config.width
        self.item = nn.Embedding(config.items, d)
        self.code = nn.Embedding(config.levels * config.codebook, d)  # level l starts at l * codebook
        self.kind = nn.Embedding(config.types + 1, d) if config.types > 0 else None
        self.target = nn.Embedding(config.types + 1, d) if config.target > 0 else None
        self.registers = nn.Parameter(torch.empty(config.prefixes + config.suffixes, d))
        self.feature = None if features is None else nn.Linear(features.shape[1], d, bias=False)
        self.register_buffer("features", features, persistent=False)
        self.negatives = negatives
        self.register_buffer("popularity", popularity, persistent=False)
        k = config.register_depth
        windows = [config.sliding_window] * (k - 1) + [0]
        layers: list[Layer] = [HistoryLayer(config, dropout, window) for window in windows]
        layers += [DeepLayer(config, dropout) for _ in range(k, config.depth)]
        self.layers = nn.ModuleList(layers)
        self.norm = nn.RMSNorm(d, eps=NORM_EPS)
        self.item_dropout = item_dropout
        self.cosine = temperature > 0
        if self.cosine:
            self.norm.weight.requires_grad_(False).fill_(d**-0.5 / temperature)
        self.heads = nn.ModuleList(nn.Linear(d, config.codebook, bias=False) for _ in range(config.levels))
        self.dropout = Dropout(dropout)
        self.register_buffer("semantic_ids", semantic_ids.long())
        for level, children in enumerate(build_trie(semantic_ids.long(), config.codebook)):
            self.register_buffer(f"trie_{level}", children, persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(weight, std=0.02 / (2 * config.depth) ** 0.5 if deep else 0.02)
        self.register_buffer("type_weights", None, persistent=False)  # [types + 1], of the next event's type
        for table in (self.kind, self.target):
            if table is not None:
                nn.init.zeros_(table.weight)

    @property
    def trie(self) -> list[Tensor]:
        return [self.get_buffer(f"trie_{level}") for level in range(self.config.levels)]

    def embed_codes(self, codes: Tensor) -> Tensor:
        """codes [..., j] of levels 0..j-1 -> [..., j, d]."""
        offset = torch.arange(codes.shape[-1], device=codes.device) * self.config.codebook
        embedded: Tensor = self.code(codes + offset)
        return embedded

    def item_vectors(self, items: Tensor | None = None) -> Tensor:
        """[items, d]: an item's own embedding plus those of its codes and features; of all, or of `items`."""
        own = self.item.weight if items is None else self.item(items)
        if self.training and self.item_dropout > 0:
            own = own * (torch.rand(len(own), 1, device=own.device) >= self.item_dropout)
        vectors = own + self.code_sums(items)
        if self.feature is not None:
            vectors = vectors + self.feature(self.features if items is None else self.features[items])
        return F.normalize(vectors, dim=-1) if self.cosine else vectors

    def token_vectors(self, tokens: Tensor, vectors: Tensor) -> Tensor:
        """tokens [..., n] (`events.py`) -> [..., n, d]: the item's vector plus that of the event's type."""
        if self.kind is None:
            return F.embedding(tokens, vectors)
        found: Tensor = F.embedding(tokens % TYPE_STRIDE, vectors) + self.kind(tokens // TYPE_STRIDE)
        return found

    def code_sums(self, items: Tensor | None = None) -> Tensor:
        """[items, d]: the embeddings of each item's codes, added up."""
        return self.embed_codes(self.semantic_ids if items is None else self.semantic_ids[items]).sum(-2)

    def weights(self) -> dict[str, Tensor]:
        """What serving needs, by name. An item's own embedding becomes its vector less those of its codes."""
        weights = {name: tensor.detach() for name, tensor in self.state_dict().items()}
        weights.pop("feature.weight", None)
        return weights | {"item.weight": (self.item_vectors() - self.code_sums()).detach()}

    def forward(
        self,
        items: Tensor,
        t: Tensor,
        codes: Tensor,
        at: Tensor,
        same_end: bool = False,
        vectors: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """items [U, n] (padded at the end), t [U, M] in 0..n, codes [U, B, C-1] of the next items of branches
        `at` [U, B]. `same_end` says that all branches of a user have the same t, which saves work. `vectors`
        are the `item_vectors`, where they are at hand.

        Returns the final states of the last suffix register [U, M, d], which predict the first code and the
        item, and those of the codes [U, B, C-1, d], each of which predicts the next code. Without a suffix
        register the last item's token takes its place, and t = 0 predicts nothing.
        """
        (U, M), prefixes, own = t.shape, self.config.prefixes, self.config.suffixes
        steps, size = codes.shape[2], self.config.head_dim
        vectors = self.item_vectors() if vectors is None else vectors
        prefix, suffix = (
            self.registers[:prefixes].expand(U, -1, -1),
            self.registers[prefixes:].expand(U, M, -1, -1),
        )
        if own == 0:
            t, own = (t - 1).clamp(min=0), 1
            suffix = self.token_vectors(items.gather(1, t), vectors)[:, :, None]
        history = self.dropout(torch.cat([prefix, self.token_vectors(items, vectors)], 1))
        suffix, code = self.dropout(suffix), self.dropout(self.embed_codes(codes))
        seen = t + prefixes
        place = torch.arange(max(history.shape[1], own + steps), device=t.device)
        whole = rotation(place, size)
        ends = (
            rotation(seen[..., None] + place[:own], size),
            rotation(seen.gather(1, at)[..., None] + own + place[:steps], size),
        )
        k, entry, waiting = self.config.register_depth, self.config.first_code_layer, code[:, :, :0]
        for index, layer in enumerate(self.layers[:k]):
            kept = prefixes if index == k - 1 and self.config.local_window == 0 else None
            entered = code if index >= entry else waiting
            history, suffix, entered = layer(history, suffix, entered, seen, at, (whole, *ends), kept)
            code = entered if index >= entry else code
        if k == self.config.depth:
            return self.norm(suffix[:, :, -1]), self.norm(code)
        prefix, near = history[:, :prefixes], history[:, prefixes:, None]
        near_place = place[: near.shape[1]]
        if same_end:  # deep layers look back a local window each, and no further
            reach = min(near.shape[1], self.config.local_window * (self.config.depth - k))
            first = (t[:, :1] - reach).clamp(min=0)
            near_place = first + place[:reach]
            near, t = near.take_along_dim(near_place[..., None, None], 1), t - first
        cos, sin = whole
        of_near = (cos[prefixes + near_place, None], sin[prefixes + near_place, None])
        rotations: list[Rotation] = [(cos[:prefixes], sin[:prefixes]), of_near, *ends]
        for index, layer in enumerate(self.layers[k:], k):
            entered = code if index >= entry else waiting
            prefix, near, suffix, entered = layer(prefix, near, suffix, entered, t, at, rotations)
            code = entered if index >= entry else code
        return self.norm(suffix[:, :, -1]), self.norm(code)

    def aimed(self, state: Tensor, kind: Tensor | None = None) -> Tensor:
        """Final states [..., d] that lead to events of these types [...], or of the target."""
        if self.target is None:
            return state
        added: Tensor = self.target.weight[self.config.target] if kind is None else self.target(kind)
        return state + added

    def code_log_probs(self, state: Tensor, level: int, node: Tensor) -> Tensor:
        """state [..., d] -> log-probabilities [..., codebook] of the codes after trie `node` [...]."""
        logits: Tensor = self.heads[level](state).float()
        absent = self.trie[level][node] < 0
        return logits.masked_fill(absent, -torch.inf).log_softmax(-1)

    def item_log_probs(self, state: Tensor) -> Tensor:
        """S's final state [..., d] -> the latent decoder's log-probabilities [..., items]."""
        return (self.aimed(state) @ self.item_vectors().T).float().log_softmax(-1)

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
        """Cross-entropy of the next item plus that of its codes, a mean over levels.

        targets [U, M] tokens, valid [U, M] bool, at [U, B] the branches whose codes run, smoothing of the
        item's label over the catalogue, `taught` [n, items] in its place (`teachers.py`); `every` as in
        `rows.py`.

        Where a type of event is the target, each item and its codes are predicted given the type of its
        event: a vector of the type is added to all final states. So all events teach, and a list can lead to
        any of the types.
        """
        kinds, targets = targets // TYPE_STRIDE, targets % TYPE_STRIDE
        if self.config.suffixes == 0:
            begun = valid & (t > 0)
            taught = None if taught is None else Rows(begun, every).within(taught, Rows(valid))
            valid = begun
        chosen = self.semantic_ids[targets.gather(1, at)]  # [U, B, C]
        goals, sample, needed = targets, None, None
        if self.negatives > 0:  # of a large catalogue only the vectors of this step's items
            sample, seen = draw(self.popularity, self.negatives), items % TYPE_STRIDE
            needed = torch.cat([seen.flatten(), targets.flatten(), sample.items]).unique()
            items = items - seen + torch.searchsorted(needed, seen)
            goals, sample = torch.searchsorted(needed, targets), sample.among(needed)
        vectors = self.item_vectors(needed)
        suffix, code = self(items, t, chosen[..., :-1], at, vectors=vectors)
        rows, of_codes = Rows(valid, every), Rows(valid.gather(1, at), every)
        state, target, kind = rows(suffix), rows(targets), rows(kinds)
        given = self.aimed(state, kind)
        weight = rows.weight(None if self.type_weights is None else self.type_weights[kind])
        if sample:
            item_loss = sampled_loss(given, vectors, rows(goals), sample, weight)
        else:
            item_loss = exact_loss(given, vectors, target if taught is None else taught, smoothing, weight)
        first = self.semantic_ids[target][:, 0]
        code_loss = mean_nll(self.code_log_probs(given, 0, torch.zeros_like(first)), first, weight)
        states, codes, kind = of_codes(code), of_codes(chosen), of_codes(kinds.gather(1, at))
        states = self.aimed(states, kind[:, None])
        weight = of_codes.weight(None if self.type_weights is None else self.type_weights[kind])
        node = torch.zeros_like(codes[:, 0])
        for level in range(1, self.config.levels):
            node = self.trie[level - 1][node, codes[:, level - 1]]
            log_probs = self.code_log_probs(states[:, level - 1], level, node)
            code_loss = code_loss + mean_nll(log_probs, codes[:, level], weight)
        return item_loss + code_loss / self.config.levels

    def next_log_probs(self, items: Tensor, t: Tensor, rows: Rows, kind: Tensor) -> Tensor:
        """items [U, n], t [U, M], of which n `rows` predict, types of their next events [n] -> [n, items]."""
        none = t[:, :0]
        suffix, _ = self(items, t, none[..., None].expand(-1, -1, self.config.levels - 1), none)
        return (self.aimed(rows(suffix), kind) @ self.item_vectors().T).float().log_softmax(-1)

    def branches(self, items: Tensor, length: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """The forward pass of codes [U, B, C-1] after a history of `length` [U]."""
        at = torch.arange(codes.shape[1], device=items.device).expand(codes.shape[:2])
        suffix, code = self(items, length[:, None].expand(at.shape), codes, at, same_end=True)
        return suffix, code

    @torch.no_grad()
    def rank(
        self, items: Tensor, length: Tensor, seen: Tensor, k: int, decoder: str, beam: int = 20
    ) -> Tensor:
        """items [U, n], length [U], seen [U, items] bool -> item indices [U, k], best first; -1 where none is
        left.

        `latent`: the item vectors alone. `beam`: trie-constrained beam search. `hybrid`: what the beam finds,
        ordered by the sum of both log-probabilities. Runs the history again for every level: the slow,
        obvious way.
        """
        U, C = len(length), self.config.levels
        codes = items.new_zeros(U, 1, C)
        if decoder != "beam":
            latent = self.item_log_probs(self.branches(items, length, codes[..., : C - 1])[0][:, 0])
        if decoder == "latent":
            score, item = latent.masked_fill(seen, -torch.inf).topk(min(k, self.config.items))
            return item.masked_fill(score == -torch.inf, -1)
        node, score = items.new_zeros(U, 1), torch.zeros(U, 1, device=items.device)
        for level in range(C):
            suffix, code = self.branches(items, length, codes[..., : C - 1])
            state = suffix if level == 0 else code[:, :, level - 1]
            score = score[..., None] + self.code_log_probs(self.aimed(state), level, node)
            child = self.trie[level][node]
            if level == C - 1:
                item = child.clamp(min=0).flatten(1)
                if decoder == "hybrid":
                    score = score + latent.gather(1, item).view_as(child)
                score = score.masked_fill(seen.gather(1, item).view_as(child), -torch.inf)
            width = min(beam if level < C - 1 else k, score[0].numel())
            score, pick = score.flatten(1).topk(width)
            node = child.flatten(1).gather(1, pick)
            codes = codes.gather(1, (pick // self.config.codebook)[..., None].expand(-1, -1, C)).clone()
            codes[..., level] = pick % self.config.codebook
        return node.masked_fill(score == -torch.inf, -1)


def mean_nll(log_probs: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
    """Mean negative log-likelihood, weighted [n], 0 where there is nothing to predict."""
    if weight is None:
        return F.nll_loss(log_probs, target, reduction="sum") / max(1, len(target))
    each = F.nll_loss(log_probs, target, reduction="none")
    return (weight * each).sum() / weight.sum().clamp(min=1e-6)
