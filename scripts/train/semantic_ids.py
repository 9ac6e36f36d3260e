"""Semantic IDs: C codes an item, unique, similar items sharing leading codes.

Items are embedded by what is consumed near them (PPMI of co-occurrence, then a truncated SVD: Levy and
Goldberg, NeurIPS 2014) and by the words of their title and categories (TF-IDF, SVD), then coded by residual
k-means (TIGER, arXiv 2305.05065) whose every assignment is balanced, so that codes are used evenly and no two
items need the same ID.
"""

import re

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.sparse.linalg import svds

NEAR = 5  # items this many steps apart count as consumed together
COLLABORATIVE_SIZE, TEXT_SIZE = 64, 32
SHRINK = 20  # an item seen this often is described half by its company, half by its text


def semantic_ids(
    histories: list[np.ndarray], texts: list[str], levels: int, codebook: int, seed: int
) -> np.ndarray:
    """histories: item indices in order, training part only; texts: one an item -> codes [items, levels] int64.

    Raises ValueError when the codes can't tell all items apart.
    """
    items = len(texts)
    if codebook**levels < items:
        raise ValueError(f"{levels} codes of {codebook} name {codebook**levels} items, the catalogue has {items}")
    rng = np.random.default_rng(seed)
    company, count = collaborative_embeddings(histories, items, rng), np.zeros(items)
    for history in histories:
        np.add.at(count, history, 1)
    trust = (count / (count + SHRINK))[:, None]
    text = text_embeddings(texts, TEXT_SIZE, rng)
    embedding = np.concatenate([company * np.sqrt(trust), text * np.sqrt(1 - trust)], 1)
    return residual_codes(embedding, levels, codebook, rng)


def collaborative_embeddings(histories: list[np.ndarray], items: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of unit length (zero for an item never seen) [items, COLLABORATIVE_SIZE]."""
    rows, columns, weights = [], [], []
    for step in range(1, NEAR + 1):
        for history in histories:
            rows.append(history[:-step])
            columns.append(history[step:])
            weights.append(np.full(max(0, len(history) - step), 1 / step))
    pairs = sparse.coo_matrix(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(items, items)
    ).tocsr()
    pairs = pairs + pairs.T
    total = pairs.sum()
    marginal = np.maximum(np.asarray(pairs.sum(1)).ravel(), 1e-12)
    pairs = pairs.tocoo()
    pmi = np.log(pairs.data * total / (marginal[pairs.row] * marginal[pairs.col]))
    ppmi = sparse.csr_matrix((np.maximum(pmi, 0), (pairs.row, pairs.col)), shape=(items, items))
    return truncated_svd(ppmi, COLLABORATIVE_SIZE, rng)


def text_embeddings(texts: list[str], size: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of unit length (zero without words) [items, size]."""
    vocabulary: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for word in re.findall(r"\w+", text.lower()):
            rows.append(row)
            columns.append(vocabulary.setdefault(word, len(vocabulary)))
    counts = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(texts), max(1, len(vocabulary))))
    rarity = np.log(len(texts) / np.maximum(1, np.asarray((counts > 0).sum(0)).ravel()))
    return truncated_svd(counts @ sparse.diags(rarity), size, rng)


def truncated_svd(matrix: sparse.csr_matrix, size: int, rng: np.random.Generator) -> np.ndarray:
    """U sqrt(S), rows scaled to length 1; padded with zeros where the matrix is smaller than `size`."""
    found = min(size, min(matrix.shape) - 1)
    result = np.zeros((matrix.shape[0], size))
    if found > 0 and matrix.nnz > 0:
        u, s, _ = svds(matrix.astype(np.float64), k=found, v0=rng.standard_normal(min(matrix.shape)))
        result[:, :found] = u * np.sqrt(s)
    length = np.linalg.norm(result, axis=1, keepdims=True)
    return result / np.maximum(length, 1e-12) * (length > 1e-9)


def residual_codes(embedding: np.ndarray, levels: int, codebook: int, rng: np.random.Generator) -> np.ndarray:
    """Balanced residual k-means -> [items, levels]. Items with the same prefix never outnumber its suffixes."""
    items = len(embedding)
    codes = np.zeros((items, levels), dtype=np.int64)
    residual, group = embedding, np.zeros(items, dtype=np.int64)
    for level in range(levels):
        centre = kmeans(residual, codebook, rng)
        for number in range(group.max() + 1):
            members = np.flatnonzero(group == number)
            room = -(-len(members) // codebook)  # balanced: never more than its share
            codes[members, level] = balanced_assignment(distances(residual[members], centre), room)
        residual = residual - centre[codes[:, level]]
        _, group = np.unique(codes[:, : level + 1], axis=0, return_inverse=True)
    return codes


def kmeans(points: np.ndarray, k: int, rng: np.random.Generator, rounds: int = 25) -> np.ndarray:
    """Lloyd's algorithm from k-means++ seeds -> centres [k, size]."""
    centre = points[rng.integers(len(points))][None]
    while len(centre) < k:
        nearest = distances(points, centre).min(1) + 1e-12
        centre = np.concatenate([centre, points[rng.choice(len(points), p=nearest / nearest.sum())][None]])
    for _ in range(rounds):
        nearest = distances(points, centre).argmin(1)
        for cluster in range(k):
            if (members := nearest == cluster).any():
                centre[cluster] = points[members].mean(0)
    return centre


def distances(points: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Squared distances [points, centres]."""
    return np.maximum(0, (points**2).sum(1)[:, None] - 2 * points @ centre.T + (centre**2).sum(1))


def balanced_assignment(cost: np.ndarray, room: int) -> np.ndarray:
    """The cheapest assignment of rows to columns with at most `room` rows a column -> [rows].

    Exact (Hungarian, every column repeated `room` times) up to a few thousand rows; beyond that rows choose in
    order of how much they would lose by their second choice, which is within a few percent.
    """
    rows, columns = cost.shape
    if rows <= 5000:
        row, slot = linear_sum_assignment(np.repeat(cost, room, axis=1))
        return (slot // room)[np.argsort(row)]
    best_two = np.partition(cost, 1, axis=1)[:, :2]
    chosen, left = np.zeros(rows, dtype=np.int64), np.full(columns, room)
    for row in np.argsort(best_two[:, 0] - best_two[:, 1]):
        column = np.where(left > 0, cost[row], np.inf).argmin()
        chosen[row], left[column] = column, left[column] - 1
    return chosen
