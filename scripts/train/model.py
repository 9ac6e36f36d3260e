"""The EARN decoder (Yang et al., KDD 2025, arXiv 2507.00715) as it is trained.

A user's sequence is `[P] h1 … hn [S] c1 … cC`: a prefix register, one fused token an item, a suffix
register, then the C semantic-ID codes of the next item. Layers 1..k (`register_depth`) are causal over
everything; after layer k the history is gone and only P, S and the codes go on.

The next item comes out in two ways. *Beam*: S's final state gives the first code, each code the next one. *Latent*
(L2D, arXiv 2509.11524): S's final state is multiplied with every item's vector, the one it enters the history with.

Training runs the history once and hangs *branches* `[S] c1 … c(C-1)` on it: the branch at t sees P, h1..ht
and itself, exactly as if the sequence ended at t. S runs at every branch, codes at a sample of them, since S never
sees them. `test_train.py` proves the equality.

Shapes: U users, n items, M branches a user, B of them with codes, C codes an item, d width, H query heads
over one shared key/value head (multi-query attention, Shazeer, arXiv 1911.02150) of size D.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DECODERS = ["latent", "beam", "hybrid"]
ROPE_BASE = 10_000.0
NORM_EPS = 1e-6


@dataclass
class Config:
    """Everything that fixes the shapes. `from_depth` derives the rest of it from one dial."""

    items: int
    levels: int  # C, codes an item
    codebook: int  # codes a level
    depth: int  # N
    register_depth: int  # k; k = N is the same decoder without EARN
    width: int
    heads: int
    head_dim: int
    ffn: int
    window: int  # most items a history may have

    @classmethod
    def from_depth(cls, depth: int, register_depth: int | None = None, width: int | None = None, **rest) -> "Config":
        """One dial: 64 of width for every three layers, heads of 64, SwiGLU of about 8/3, the paper's k = N / 4."""
        width = width or 64 * -(-depth // 3)
        return cls(
            depth=depth,
            register_depth=register_depth or max(1, (depth + 2) // 4),
            width=width,
            heads=width // 64,
            head_dim=64,
            ffn=64 * round(width * 8 / 3 / 64),
            **rest,
        )


def rotation(position: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines [..., T, size / 2] of the rotary angles (Su et al., arXiv 2104.09864); position [..., T]."""
    half = size // 2
    frequency = ROPE_BASE ** (-torch.arange(half, device=position.device, dtype=torch.float32) / half)
    angle = position[..., None] * frequency
    return angle.cos(), angle.sin()


def rope(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates x [..., T, D] by its position, first half against second half."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)


class Dropout(nn.Module):
    """Dropout in steps of 1 / 256: a byte of randomness an element, an eighth of what `nn.Dropout` draws on a CPU."""

    def __init__(self, p: float):
        super().__init__()
        self.dropped = round(256 * p)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.dropped == 0:
            return x
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device).random_(-(2**63), None)
        keep = words.view(torch.uint8)[: x.numel()].view(x.shape) >= self.dropped
        return x * (keep * (256 / (256 - self.dropped))).to(x.dtype)


def attend(q: Tensor, k: Tensor, v: Tensor, unseen: Tensor, own_k: Tensor, own_v: Tensor, later: Tensor) -> Tensor:
    """Branch tokens over the history that all branches share and over their own branch.

    q [U, M, H, L, D]; the history's k and v [U, n, D], hidden where unseen [U, M, n]; the branch's own_k and own_v
    [U, M, J, D], hidden where later [L, J]. Returns [U, M, H, L, D].
    """
    shape = q.shape[1:4]
    q = q * q.shape[-1] ** -0.5
    shared = (q.flatten(1, 3) @ k.mT).unflatten(1, shape).masked_fill(unseen[:, :, None, None], -torch.inf)
    own = (q[..., None, :] * own_k[:, :, None, None]).sum(-1).masked_fill(later, -torch.inf)  # tiny: no product pays
    weight = torch.cat([shared, own], -1).softmax(-1).to(v.dtype)
    history, branch = weight.split([k.shape[1], own_k.shape[2]], -1)
    return (history.flatten(1, 3) @ v).unflatten(1, shape) + (branch[..., None] * own_v[:, :, None, None]).sum(-2)


class Layer(nn.Module):
    """Pre-norm attention and SwiGLU, on the history and on its branches at once."""

    def __init__(self, config: Config, dropout: float):
        super().__init__()
        d, self.heads, self.head_dim = config.width, config.heads, config.head_dim
        self.q_size = self.heads * self.head_dim
        self.attention_norm = nn.RMSNorm(d, eps=NORM_EPS)
        self.qkv = nn.Linear(d, self.q_size + 2 * self.head_dim, bias=False)
        self.out = nn.Linear(self.q_size, d, bias=False)
        self.ffn_norm = nn.RMSNorm(d, eps=NORM_EPS)
        self.gate_up = nn.Linear(d, 2 * config.ffn, bias=False)
        self.down = nn.Linear(config.ffn, d, bias=False)
        self.dropout = Dropout(dropout)

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x [..., T, d], its `rotation` -> q [..., H, T, D], k [..., T, D], v [..., T, D]; q and k rotated."""
        q, k, v = self.qkv(self.attention_norm(x)).split([self.q_size, self.head_dim, self.head_dim], -1)
        q = q.unflatten(-1, (self.heads, self.head_dim)).transpose(-2, -3)
        return rope(q, cos[..., None, :, :], sin[..., None, :, :]), rope(k, cos, sin), v

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Residual and SwiGLU. x [..., T, d], attended [..., H, T, D]."""
        x = x + self.dropout(self.out(attended.transpose(-2, -3).flatten(-2)))
        gate, up = self.gate_up(self.ffn_norm(x)).chunk(2, -1)
        return x + self.dropout(self.down(F.silu(gate) * up))

    def forward(
        self, history: Tensor, suffix: Tensor, codes: Tensor, t: Tensor, at: Tensor, rotations: tuple, drop_history: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """history [U, 1+n, d] (P first), suffix [U, M, 1, d], codes [U, B, C-1, d]; t [U, M] items that a branch sees,
        at [U, B] which branches the codes belong to.

        With `drop_history` (layer k and later) only P comes out of the history: its other tokens give their
        keys and values and nothing else.
        """
        n, steps = history.shape[1], codes.shape[2]
        (cos, sin), suffix_rotation, code_rotation = rotations
        q, k, v = self.project(history, cos[:n], sin[:n])
        unseen = torch.arange(n, device=t.device) > t[..., None]  # P is key 0

        sq, sk, sv = self.project(suffix, *suffix_rotation)
        nothing = torch.zeros(1, 1, dtype=torch.bool, device=t.device)
        suffix = self.finish(suffix, attend(sq, k, v, unseen, sk, sv, nothing))
        if codes.numel() > 0:
            cq, ck, cv = self.project(codes, *code_rotation)
            row = torch.arange(len(at), device=t.device)[:, None]
            own_k, own_v = torch.cat([sk[row, at], ck], 2), torch.cat([sv[row, at], cv], 2)
            later = torch.ones(steps, steps + 1, dtype=torch.bool, device=t.device).triu(2)  # key 0 is S's
            codes = self.finish(codes, attend(cq, k, v, unseen[row, at], own_k, own_v, later))

        if drop_history:
            history, q = history[:, :1], q[:, :, :1]
        causal = F.scaled_dot_product_attention(
            q, k[:, None].expand(-1, self.heads, -1, -1), v[:, None].expand(-1, self.heads, -1, -1), is_causal=True
        )
        return self.finish(history, causal), suffix, codes


class Earn(nn.Module):
    """The decoder with its semantic IDs and trie. See the module's docstring for the sequence and shapes."""

    def __init__(self, config: Config, semantic_ids: Tensor, dropout: float = 0.0):
        """semantic_ids [items, C] int64, unique rows."""
        super().__init__()
        self.config = config
        d = config.width
        self.item = nn.Embedding(config.items, d)
        self.code = nn.Embedding(config.levels * config.codebook, d)  # level l starts at l * codebook
        self.registers = nn.Parameter(torch.empty(2, d))  # P, S
        self.layers = nn.ModuleList(Layer(config, dropout) for _ in range(config.depth))
        self.norm = nn.RMSNorm(d, eps=NORM_EPS)
        self.heads = nn.ModuleList(nn.Linear(d, config.codebook, bias=False) for _ in range(config.levels))
        self.dropout = Dropout(dropout)
        self.register_buffer("semantic_ids", semantic_ids.long())
        self.trie = build_trie(semantic_ids, config.codebook)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(weight, std=0.02 / (2 * config.depth) ** 0.5 if deep else 0.02)

    def embed_codes(self, codes: Tensor) -> Tensor:
        """codes [..., j] of levels 0..j-1 -> [..., j, d]."""
        offset = torch.arange(codes.shape[-1], device=codes.device) * self.config.codebook
        return self.code(codes + offset)

    def item_vectors(self) -> Tensor:
        """[items, d]: an item's own embedding plus those of its codes."""
        return self.item.weight + self.embed_codes(self.semantic_ids).sum(-2)

    def forward(self, items: Tensor, t: Tensor, codes: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
        """items [U, n] (padded at the end), t [U, M] in 0..n, codes [U, B, C-1] of the next items of branches at [U, B].

        Returns S's final states [U, M, d], which predict the first code and the item, and the codes' [U, B, C-1, d],
        each of which predicts the code that follows.
        """
        U, M = t.shape
        steps, size = codes.shape[2], self.config.head_dim
        prefix, suffix = self.registers[0].expand(U, 1, -1), self.registers[1].expand(U, M, 1, -1)
        history = self.dropout(torch.cat([prefix, F.embedding(items, self.item_vectors())], 1))
        suffix, code = self.dropout(suffix), self.dropout(self.embed_codes(codes))
        place = torch.arange(max(history.shape[1], steps + 1), device=t.device)
        rotations = (
            rotation(place, size),
            rotation(t[..., None] + 1, size),
            rotation(t.gather(1, at)[..., None] + 2 + place[:steps], size),
        )
        for number, layer in enumerate(self.layers, 1):
            drop_history = number >= self.config.register_depth
            history, suffix, code = layer(history, suffix, code, t, at, rotations, drop_history)
        return self.norm(suffix[:, :, 0]), self.norm(code)

    def code_log_probs(self, state: Tensor, level: int, node: Tensor) -> Tensor:
        """state [..., d] -> log-probabilities [..., codebook] over the codes that continue trie `node` [...]."""
        logits = self.heads[level](state).float()
        absent = self.trie[level].to(node.device)[node] < 0
        return logits.masked_fill(absent, -torch.inf).log_softmax(-1)

    def item_log_probs(self, state: Tensor) -> Tensor:
        """S's final state [..., d] -> the latent decoder's log-probabilities [..., items]."""
        return (state @ self.item_vectors().T).float().log_softmax(-1)

    def loss(self, items: Tensor, t: Tensor, targets: Tensor, valid: Tensor, at: Tensor) -> Tensor:
        """Cross-entropy of the next item, plus that of its codes (a mean over levels).

        targets [U, M] item indices, valid [U, M] bool, at [U, B] the branches whose codes run.
        """
        chosen = self.semantic_ids[targets.gather(1, at)]  # [U, B, C]
        suffix, code = self(items, t, chosen[..., :-1], at)
        state, target = suffix[valid], targets[valid]
        logits = F.linear(state, self.item_vectors()).float()
        item_loss = F.cross_entropy(logits, target)
        first = self.semantic_ids[target][:, 0]
        code_loss = F.nll_loss(self.code_log_probs(state, 0, torch.zeros_like(first)), first)
        states, codes = (x[valid.gather(1, at)] for x in (code, chosen))
        node = torch.zeros_like(codes[:, 0])
        for level in range(1, self.config.levels):
            node = self.trie[level - 1].to(node.device)[node, codes[:, level - 1]]
            log_probs = self.code_log_probs(states[:, level - 1], level, node)
            code_loss = code_loss + F.nll_loss(log_probs, codes[:, level])
        return item_loss + code_loss / self.config.levels

    def branches(self, items: Tensor, length: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """The forward pass of codes [U, B, C-1] after a history of `length` [U]."""
        at = torch.arange(codes.shape[1], device=items.device).expand(codes.shape[:2])
        return self(items, length[:, None].expand(at.shape), codes, at)

    @torch.no_grad()
    def rank(self, items: Tensor, length: Tensor, seen: Tensor, k: int, decoder: str, beam: int = 20) -> Tensor:
        """items [U, n], length [U], seen [U, items] bool -> item indices [U, k], best first; -1 where none is left.

        `latent`: the item vectors alone. `beam`: trie-constrained beam search. `hybrid`: what the beam finds, in the order
        of the sum of both log-probabilities. Runs the history again for every level: the slow, obvious way.
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
            score = score[..., None] + self.code_log_probs(state, level, node)  # [U, B, codebook]
            child = self.trie[level].to(items.device)[node]
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


def build_trie(semantic_ids: Tensor, codebook: int) -> list[Tensor]:
    """One table a level: [nodes, codebook] -> the child's number in the next level, at the last the item; -1: none.

    Raises ValueError when two items share all their codes.
    """
    if len(semantic_ids.unique(dim=0)) != len(semantic_ids):
        raise ValueError("semantic IDs are not unique")
    tables, levels = [], semantic_ids.shape[1]
    node = torch.zeros(len(semantic_ids), dtype=torch.long)
    for level in range(levels):
        edge = node * codebook + semantic_ids[:, level]
        edges, child = edge.unique(return_inverse=True)
        table = torch.full((int(node.max()) + 1, codebook), -1, dtype=torch.long)
        if level == levels - 1:
            table.view(-1)[edge] = torch.arange(len(edge))
        else:
            table.view(-1)[edges] = torch.arange(len(edges))
        tables.append(table)
        node = child
    return tables
