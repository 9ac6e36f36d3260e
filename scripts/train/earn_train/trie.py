"""Semantic IDs as a tree: which codes may follow which."""

import torch
from torch import Tensor

from .errors import InputError


def build_trie(semantic_ids: Tensor, codebook: int) -> list[Tensor]:
    """One table per level: [nodes, codebook] -> the child's number in the next level, in the last the item;
    -1: none.

    Raises InputError when two items share all their codes.
    """
    if len(semantic_ids.unique(dim=0)) != len(semantic_ids):
        raise InputError("semantic IDs are not unique")
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
