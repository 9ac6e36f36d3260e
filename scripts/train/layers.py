"""What a decoder layer is made of: rotary positions, dropout, attention over a shared history, SwiGLU.

Shapes: U users, n items, p prefix and s suffix registers, M branches a user, B of them with codes, C codes an item, d width, H query heads
over one shared key/value head (multi-query attention, Shazeer, arXiv 1911.02150) of size D.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROPE_BASE = 10_000.0
NORM_EPS = 1e-6


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

    def __init__(self, config, dropout: float):
        """config: a `model.Config`."""
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
        self, history: Tensor, suffix: Tensor, codes: Tensor, seen: Tensor, at: Tensor, rotations: tuple, kept: int | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """history [U, p+n, d] (registers first), suffix [U, M, s, d], codes [U, B, C-1, d]; seen [U, M] how many of the
        history's tokens a branch sees, at [U, B] which branches the codes belong to.

        With `kept` (from layer k on) only so many tokens, the prefix registers, come out of the history: the others give
        their keys and values and nothing else.
        """
        n, own, steps = history.shape[1], suffix.shape[2], codes.shape[2]
        (cos, sin), suffix_rotation, code_rotation = rotations
        q, k, v = self.project(history, cos[:n], sin[:n])
        unseen = torch.arange(n, device=seen.device) >= seen[..., None]

        sq, sk, sv = self.project(suffix, *suffix_rotation)
        later = torch.ones(own + steps, own + steps, dtype=torch.bool, device=seen.device).triu(1)
        suffix = self.finish(suffix, attend(sq, k, v, unseen, sk, sv, later[:own, :own]))
        if codes.numel() > 0:
            cq, ck, cv = self.project(codes, *code_rotation)
            row = torch.arange(len(at), device=seen.device)[:, None]
            own_k, own_v = torch.cat([sk[row, at], ck], 2), torch.cat([sv[row, at], cv], 2)
            codes = self.finish(codes, attend(cq, k, v, unseen[row, at], own_k, own_v, later[own:]))

        if kept is not None:
            history, q = history[:, :kept], q[:, :, :kept]
        if history.shape[1] == 0:
            return history, suffix, codes
        causal = F.scaled_dot_product_attention(
            q, k[:, None].expand(-1, self.heads, -1, -1), v[:, None].expand(-1, self.heads, -1, -1), is_causal=True
        )
        return self.finish(history, causal), suffix, codes
