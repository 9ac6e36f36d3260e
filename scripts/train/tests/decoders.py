"""Small decoders with random weights."""

from typing import Any

import torch

from earn_train.config import Config
from earn_train.model import Earn

ITEMS = 60


def config(**changes: Any) -> Config:
    shape = {"register_depth": 2, "items": ITEMS, "levels": 3, "codebook": 4, "window": 32}
    return Config.from_depth(4, **{**shape, **changes})


def unique_codes(items: int, levels: int, codebook: int) -> torch.Tensor:
    numbers = torch.randperm(codebook**levels, generator=torch.Generator().manual_seed(3))[:items]
    return torch.stack([numbers // codebook**level % codebook for level in range(levels)], 1)


def decoder(**changes: Any) -> Earn:
    torch.manual_seed(0)
    shape = config(**changes)
    earn = Earn(shape, unique_codes(ITEMS, shape.levels, shape.codebook)).double().eval()
    for parameter in earn.parameters():  # larger than at initialisation, so that every path matters
        torch.nn.init.normal_(parameter, std=0.3)
    return earn
