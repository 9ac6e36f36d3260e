"""The shapes of a decoder."""

from dataclasses import dataclass
from typing import Any

from .errors import InputError

DECODERS = ["latent", "beam", "hybrid"]


@dataclass
class Config:
    """Everything that fixes the shapes. `from_depth` derives the rest of it from one dial."""

    items: int
    levels: int  # C, codes per item
    codebook: int  # codes per level
    depth: int  # N
    register_depth: int  # k; k = N is the same decoder without EARN
    width: int
    heads: int
    head_dim: int
    ffn: int
    window: int  # most items a history may have
    local_window: int = 0  # newest items that a token sees after layer k
    sliding_window: int = 0  # newest items that a token sees before layer k; 0: all
    prefixes: int = 1  # p, prefix registers
    suffixes: int = 1  # s, suffix registers; 0: the last item's own token predicts
    types: int = 0  # of events, each of which has a vector that is added to its item's
    gates: bool = False  # on what each part of a layer adds
    code_layers: int = 0  # last layers, the ones that codes run; 0: all after k, without EARN all
    target: int = 0  # the type of event that a list should lead to; 0: any

    def __post_init__(self) -> None:
        if self.register_depth == self.depth:
            self.local_window = 0  # there is no layer above k
            if self.sliding_window > 0:
                raise InputError("--sliding-window: without EARN all layers see the whole history")
        if self.register_depth == 1:
            self.sliding_window = 0  # there is no layer below k
        deep = self.depth - self.register_depth or self.depth
        if self.code_layers == deep:
            self.code_layers = 0
        if self.code_layers > deep:
            raise InputError(f"--code-layers {self.code_layers}: codes enter after layer k, there are {deep}")

    @property
    def first_code_layer(self) -> int:
        """Index of the first layer that codes enter."""
        return self.depth - (self.code_layers or self.depth - self.register_depth or self.depth)

    @classmethod
    def of(cls, shapes: dict[str, Any]) -> "Config":
        """The shapes that a checkpoint has. Older ones say `tail` for the local window."""
        names = {"tail": "local_window"}
        return cls(**{names.get(name, name): value for name, value in shapes.items()})

    @classmethod
    def from_depth(
        cls, depth: int, register_depth: int | None = None, width: int | None = None, **rest: Any
    ) -> "Config":
        """One dial: 64 of width for every three layers, heads of 64, SwiGLU of about 8/3, the paper's k = N /
        4.
        """
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
