"""The EARN decoder (Yang et al., KDD 2025, arXiv 2507.00715) as it is trained.

A user's sequence is `[P] h1 … hn [S] c1 … cC`: a prefix register, one fused token an item, a suffix
register, then the C semantic-ID codes of the next item. Layers 1..k (`register_depth`) are causal over
everything; after layer k the history is gone and only P, S and the codes go on.

Training runs the history once and hangs *branches* `[S] c1 … c(C-1)` on it: the branch at t sees P, h1..ht
and itself, exactly as if the sequence ended at t. `test_train.py` proves the equality.

Shapes: U users, n items, M branches a user, C codes an item, L = C branch tokens, d width, H query heads
over one shared key/value head (multi-query attention, Shazeer, arXiv 1911.02150) of size D.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

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
    def from_depth(cls, depth: int, register_depth: int | None = None, **rest) -> "Config":
        """One dial: 64 of width for every three layers, heads of 64, SwiGLU of about 8/3, the paper's k = N / 4."""
        width = 64 * -(-depth // 3)
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
        self.dropout = nn.Dropout(dropout)

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
        self, history: Tensor, branch: Tensor, t: Tensor, rotations: tuple, drop_history: bool
    ) -> tuple[Tensor, Tensor]:
        """history [U, 1+n, d] (P first), branch [U, M, L, d], t [U, M] items that a branch sees.

        With `drop_history` (layer k and later) only P comes out of the history: its other tokens give their
        keys and values and nothing else.
        """
        U, M, L, _ = branch.shape
        n = history.shape[1]
        steps = torch.arange(L, device=t.device)
        (cos, sin), branch_rotation = rotations
        q, k, v = self.project(history, cos[:n], sin[:n])
        bq, bk, bv = self.project(branch, *branch_rotation)

        scale = self.head_dim**-0.5
        shared = (bq.transpose(1, 2).flatten(2, 3) * scale) @ k[:, None].mT  # [U, H, M*L, 1+n]
        shared = shared.unflatten(2, (M, L))
        unseen = torch.arange(n, device=t.device) > t[..., None]  # [U, M, 1+n]; P is key 0
        shared = shared.masked_fill(unseen[:, None, :, None], -torch.inf)
        own = (bq * scale) @ bk[:, :, None].mT  # [U, M, H, L, L]
        own = own.masked_fill(steps > steps[:, None], -torch.inf).transpose(1, 2)
        weight = torch.cat([shared, own], -1).softmax(-1)
        attended = (weight[..., :n].flatten(2, 3) @ v[:, None]).unflatten(2, (M, L))
        attended = attended + weight[..., n:] @ bv[:, None]  # [U, H, M, L, D]
        branch = self.finish(branch, attended.transpose(1, 2))

        if drop_history:
            history, q = history[:, :1], q[:, :, :1]
        causal = F.scaled_dot_product_attention(
            q, k[:, None].expand(-1, self.heads, -1, -1), v[:, None].expand(-1, self.heads, -1, -1), is_causal=True
        )
        return self.finish(history, causal), branch


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
        self.dropout = nn.Dropout(dropout)
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

    def embed_items(self, items: Tensor) -> Tensor:
        """items [...] -> [..., d]: one fused token, the item's own embedding plus those of its codes."""
        return self.item(items) + self.embed_codes(self.semantic_ids[items]).sum(-2)

    def forward(self, items: Tensor, t: Tensor, codes: Tensor) -> Tensor:
        """items [U, n] (padded at the end), t [U, M] in 0..n, codes [U, M, C-1] of each branch's next item.

        Returns the branches' final states [U, M, C, d]; state l predicts the code of level l.
        """
        U, M = t.shape
        prefix, suffix = self.registers[0].expand(U, 1, -1), self.registers[1].expand(U, M, 1, -1)
        history = self.dropout(torch.cat([prefix, self.embed_items(items)], 1))
        branch = self.dropout(torch.cat([suffix, self.embed_codes(codes)], 2))
        at, size = torch.arange(max(history.shape[1], branch.shape[2]), device=t.device), self.config.head_dim
        rotations = rotation(at, size), rotation(t[..., None] + 1 + at[: branch.shape[2]], size)
        for number, layer in enumerate(self.layers, 1):
            drop_history = number >= self.config.register_depth
            history, branch = layer(history, branch, t, rotations, drop_history)
        return self.norm(branch)

    def log_probs(self, state: Tensor, level: int, node: Tensor) -> Tensor:
        """state [..., d] -> log-probabilities [..., codebook] over the codes that continue trie `node` [...]."""
        logits = self.heads[level](state).float()
        absent = self.trie[level].to(node.device)[node] < 0
        return logits.masked_fill(absent, -torch.inf).log_softmax(-1)

    def loss(self, items: Tensor, t: Tensor, targets: Tensor, valid: Tensor) -> Tensor:
        """Mean over valid branches of the cross-entropy of the target's codes, a mean over levels.

        targets [U, M] item indices, valid [U, M] bool.
        """
        codes = self.semantic_ids[targets]
        states = self(items, t, codes[..., :-1])[valid]  # [B, C, d]
        codes = codes[valid]
        node = torch.zeros_like(codes[:, 0])
        total = states.new_zeros((), dtype=torch.float32)
        for level in range(self.config.levels):
            total = total + F.nll_loss(self.log_probs(states[:, level], level, node), codes[:, level])
            node = self.trie[level].to(node.device)[node, codes[:, level]]
        return total / self.config.levels

    @torch.no_grad()
    def rank(self, items: Tensor, length: Tensor, seen: Tensor, beam: int, k: int) -> Tensor:
        """Trie-constrained beam search. items [U, n], length [U], seen [U, items] bool -> item indices [U, k].

        Runs the history again for every level: the slow, obvious way. Places that no unseen item fills are -1.
        """
        U, C = len(length), self.config.levels
        codes = items.new_zeros(U, 1, C)
        node, score = items.new_zeros(U, 1), torch.zeros(U, 1, device=items.device)
        for level in range(C):
            state = self(items, length[:, None].expand(-1, node.shape[1]), codes[..., : C - 1])[:, :, level]
            score = score[..., None] + self.log_probs(state, level, node)  # [U, B, codebook]
            child = self.trie[level].to(items.device)[node]
            if level == C - 1:
                score = score.masked_fill(seen.gather(1, child.clamp(min=0).flatten(1)).view_as(child), -torch.inf)
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
