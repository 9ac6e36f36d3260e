"""What a decoder layer is made of: rotary positions, dropout, attention over a shared history, SwiGLU.

Shapes: U users, n items, p prefix and s suffix registers, M branches per user, B of them with codes, C codes
per item, d width, H query heads over one shared key/value head (multi-query attention, Shazeer, arXiv
1911.02150) of size D.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import Config

Rotation = tuple[Tensor, Tensor]  # cosines and sines

ROPE_BASE = 10_000.0
NORM_EPS = 1e-6


def rotation(position: Tensor, size: int) -> Rotation:
    """Cosines and sines [..., T, size / 2] of the rotary angles (Su et al., arXiv 2104.09864); position [...,
    T].
    """
    half = size // 2
    frequency = ROPE_BASE ** (-torch.arange(half, device=position.device, dtype=torch.float32) / half)
    angle = position[..., None] * frequency
    return angle.cos(), angle.sin()


def rope(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates x [..., T, D] by its position, first half against second half."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)


class Dropout(nn.Module):
    """Dropout in steps of 1 / 256: one random byte per element, an eighth of what `nn.Dropout` draws on a
    CPU.
    """

    def __init__(self, p: float):
        super().__init__()
        self.dropped = round(256 * p)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.dropped == 0:
            return x
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device)
        words.random_(-(2**63), None)
        keep = words.view(torch.uint8)[: x.numel()].view(x.shape) >= self.dropped
        return x * (keep * (256 / (256 - self.dropped))).to(x.dtype)


def attend(
    q: Tensor, k: Tensor, v: Tensor, unseen: Tensor, own_k: Tensor, own_v: Tensor, hidden: Tensor
) -> Tensor:
    """Attention of branch tokens over the keys that all branches share and those of their own branch.

    q [U, M, H, L, D]; the shared k and v [U, n, D], hidden where unseen [U, M, n]; the branch's own_k and
    own_v [U, M, J, D], hidden where hidden [L, J] or [U, M, 1, L, J]. Returns [U, M, H, L, D].
    """
    shape = q.shape[1:4]
    q = q * q.shape[-1] ** -0.5
    shared = (q.flatten(1, 3) @ k.mT).unflatten(1, shape).masked_fill(unseen[:, :, None, None], -torch.inf)
    own = (
        (q[..., None, :] * own_k[:, :, None, None]).sum(-1).masked_fill(hidden, -torch.inf)
    )  # too small for a product
    weight = torch.cat([shared, own], -1).softmax(-1).to(v.dtype)
    history, branch = weight.split([k.shape[1], own_k.shape[2]], -1)
    return (history.flatten(1, 3) @ v).unflatten(1, shape) + (
        branch[..., None] * own_v[:, :, None, None]
    ).sum(-2)


class Layer(nn.Module):
    """Pre-norm attention and SwiGLU. Its subclasses differ in which tokens see which."""

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
        self.attention_gate = nn.Linear(d, d) if config.gates else None
        self.ffn_gate = nn.Linear(d, d) if config.gates else None
        self.dropout = Dropout(dropout)

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x [..., T, d], its `rotation` -> q [..., H, T, D], k and v [..., T, D]; q and k rotated."""
        q, k, v = self.qkv(self.attention_norm(x)).split([self.q_size, self.head_dim, self.head_dim], -1)
        q = q.unflatten(-1, (self.heads, self.head_dim)).transpose(-2, -3)
        return rope(q, cos[..., None, :, :], sin[..., None, :, :]), rope(k, cos, sin), v

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Residual and SwiGLU. x [..., T, d], attended [..., H, T, D]."""
        attention = self.dropout(self.out(attended.transpose(-2, -3).flatten(-2)))
        x = x + gated(attention, x, self.attention_gate)
        gate, up = self.gate_up(self.ffn_norm(x)).chunk(2, -1)
        return x + gated(self.dropout(self.down(F.silu(gate) * up)), x, self.ffn_gate)

    def causal(self, x: Tensor, q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None = None) -> Tensor:
        """One sequence x [U, n, d] through the layer, each token over those up to it, or `seen` [n, n]."""
        if x.shape[1] == 0:
            return x
        k, v = (half[:, None].expand(-1, self.heads, -1, -1) for half in (k, v))
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=seen is None)
        return self.finish(x, attended)


def gated(added: Tensor, x: Tensor, gate: nn.Linear | None) -> Tensor:
    """What a sublayer adds to x [..., d], through a gate per channel (LiGR, arXiv 2502.03417)."""
    return added if gate is None else torch.sigmoid(gate(x)) * added


class HistoryLayer(Layer):
    """Layers 1..k: every token sees all that came before it, or of the items only the newest `window`."""

    def __init__(self, config: Config, dropout: float, window: int = 0):
        super().__init__(config, dropout)
        self.prefixes, self.window = config.prefixes, window

    def forward(
        self,
        history: Tensor,
        suffix: Tensor,
        codes: Tensor,
        seen: Tensor,
        at: Tensor,
        rotations: Sequence[Rotation],
        kept: int | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """history [U, p+n, d] (registers first), suffix [U, M, s, d], codes [U, B, C-1, d] or without any [U,
        B, 0, d]; seen [U, M] how many of the history's tokens each branch sees, at [U, B] the codes'
        branches.

        `kept`: only the first so many tokens of the history, its prefix registers, come out of the layer; the
        others only give their keys and values. None: all come out.
        """
        n, own, steps = history.shape[1], suffix.shape[2], codes.shape[2]
        (cos, sin), suffix_rotation, code_rotation = rotations
        q, k, v = self.project(history, cos[:n], sin[:n])
        unseen = self.unseen(seen[..., None], torch.arange(n, device=seen.device))

        sq, sk, sv = self.project(suffix, *suffix_rotation)
        later = not_yet(own + steps, seen.device)
        suffix = self.finish(suffix, attend(sq, k, v, unseen, sk, sv, later[:own, :own]))
        if codes.numel() > 0:
            cq, ck, cv = self.project(codes, *code_rotation)
            row = torch.arange(len(at), device=seen.device)[:, None]
            own_k, own_v = torch.cat([sk[row, at], ck], 2), torch.cat([sv[row, at], cv], 2)
            codes = self.finish(codes, attend(cq, k, v, unseen[row, at], own_k, own_v, later[own:]))

        if kept is not None:
            history, q = history[:, :kept], q[:, :, :kept]
        within = self.seen_within(history.shape[1], history.device)
        return self.causal(history, q, k, v, within), suffix, codes

    def unseen(self, before: Tensor, place: Tensor) -> Tensor:
        """Which of the history's tokens, at `place` [n], one doesn't see that has so many `before` it."""
        unseen = place >= before
        if self.window > 0:
            unseen = unseen | (place >= self.prefixes) & (place < before - self.window)
        return unseen

    def seen_within(self, n: int, device: torch.device) -> Tensor | None:
        """[n, n], what each of the history's tokens sees; None: all up to it."""
        if self.window == 0 or n <= self.prefixes + self.window:
            return None
        place = torch.arange(n, device=device)
        return ~self.unseen(place[:, None], place) | (place == place[:, None])


class DeepLayer(Layer):
    """Layers k+1..N: a token sees the prefix registers, the `local_window` items before it, and its own
    branch.
    """

    def __init__(self, config: Config, dropout: float):
        super().__init__(config, dropout)
        self.local_window = config.local_window

    def forward(
        self,
        prefix: Tensor,
        items: Tensor,
        suffix: Tensor,
        codes: Tensor,
        t: Tensor,
        at: Tensor,
        rotations: Sequence[Rotation],
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """prefix [U, p, d], items [U, n, 1, d] (each a branch of its own; n is 0 without a local window),
        suffix [U, M, s, d], codes [U, B, C-1, d]; t [U, M] how many items each branch sees, at [U, B] the
        codes' branches; rotations of the four.
        """
        own, steps = suffix.shape[2], codes.shape[2]
        row = torch.arange(len(t), device=t.device)[:, None]
        later = not_yet(own + steps, t.device)
        pq, pk, pv = self.project(prefix, *rotations[0])
        iq, ik, iv = self.project(items, *rotations[1])
        sq, sk, sv = self.project(suffix, *rotations[2])
        near = self.before(ik[:, :, 0]), self.before(iv[:, :, 0])

        def step(x: Tensor, q: Tensor, t: Tensor, k: Tensor, v: Tensor, later: Tensor) -> Tensor:
            """Tokens x that have t [U, M'] items before them. Among the keys the newest item comes last."""
            where = t if self.local_window else torch.zeros_like(t)
            keys, values = (torch.cat([n[row, where], own], 2) for n, own in zip(near, (k, v), strict=True))
            place = torch.arange(-self.local_window, 0, device=t.device)
            missing = (t[..., None] + place < 0)[:, :, None].expand(-1, -1, len(later), -1)
            hidden = torch.cat([missing, later.expand(*t.shape, *later.shape)], 3)[:, :, None]
            none = torch.zeros(*t.shape, prefix.shape[1], dtype=torch.bool, device=t.device)
            return self.finish(x, attend(q, pk, pv, none, keys, values, hidden))

        if codes.numel() > 0:
            cq, ck, cv = self.project(codes, *rotations[3])
            own_k, own_v = torch.cat([sk[row, at], ck], 2), torch.cat([sv[row, at], cv], 2)
            codes = step(codes, cq, t.gather(1, at), own_k, own_v, later[own:])
        if items.numel() > 0:
            each = torch.arange(items.shape[1], device=t.device).expand(len(items), -1)
            items = step(items, iq, each, ik, iv, later[:1, :1])
        suffix = step(suffix, sq, t, sk, sv, later[:own, :own])
        return self.causal(prefix, pq, pk, pv), items, suffix, codes

    def before(self, x: Tensor) -> Tensor:
        """x [U, n, D] -> [U, n + 1, w, D]: the `local_window` w rows before each place, zeros for none."""
        if self.local_window == 0:
            return x.new_zeros(len(x), 1, 0, x.shape[2])
        return F.pad(x, (0, 0, self.local_window, 0)).unfold(1, self.local_window, 1).mT


def not_yet(n: int, device: torch.device) -> Tensor:
    """[n, n] True where a token would look ahead."""
    return torch.ones(n, n, dtype=torch.bool, device=device).triu(1)
