"""Semantic IDs: C codes per item, unique, similar items sharing leading codes.

Items are embedded by what is consumed near them (PPMI of co-occurrence, then a truncated SVD: Levy and
Goldberg, NeurIPS 2014) and by the words of their title and categories (TF-IDF, SVD), then coded by residual
k-means (TIGER, arXiv 2305.05065) whose every assignment is balanced, so that codes are used evenly and no two
items need the same ID.
"""

import re
from collections.abc import Callable, Sequence
from itertools import chain, product

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import svd
from scipy.optimize import linear_sum_assignment
from scipy.sparse.linalg import svds
from sklearn.cluster import KMeans
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from .data import History
from .errors import InputError
from .progress import progress

NEAR = 5  # items this many steps apart count as consumed together
COLLABORATIVE_SIZE, TEXT_SIZE = 64, 32
SHRINK = 20  # an item seen this often is described half by its company, half by its text
ROUNDS = 25  # of k-means
POINTS_PER_CENTRE = 256  # beyond it a part of the points will do, as in FAISS (`max_points_per_centroid`)
EXACT_SVD = 20_000  # rows and columns up to which Lanczos converges soon; it may take hundreds of passes
# Up to here the whole decomposition is computed. Where singular values are equal, as of the words of a few
# kinds of numbered products, Lanczos finds other vectors each time.
DENSE_SVD = 500
EXACT_ASSIGNMENT = 5000  # rows up to which the Hungarian algorithm takes seconds
DISTANCES = 2**24  # at a time: 128 MB
EMBEDDING_STEPS = NEAR + 2  # pairs at each distance, their SVD, the texts

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Step = Callable[[], object]  # called after each part of the work


def silent() -> None:
    pass


def semantic_ids(
    histories: Sequence[History], texts: list[str], levels: int, codebook: int, seed: int
) -> Codes:
    """histories: training part only; texts: one per item -> codes [items, levels].

    Raises InputError when the codes can't tell all items apart.
    """
    items = len(texts)
    if codebook**levels < items:
        raise InputError(
            f"{levels} codes of {codebook} name {codebook**levels} items, the catalogue has {items}"
        )
    if levels == 1:  # a code names one item, and no two share any
        return np.arange(items)[:, None]
    rng = np.random.default_rng(seed)
    with progress("semantic IDs", EMBEDDING_STEPS + 2 * levels) as bar:
        embedding = item_embeddings(histories, texts, rng, bar.update)
        return residual_codes(embedding, levels, codebook, rng, bar.update)


def item_embeddings(
    histories: Sequence[History], texts: list[str], rng: np.random.Generator, step: Step = silent
) -> Floats:
    """What items are consumed with and what they are called -> [items, size], rows of unit length at most."""
    company = collaborative_embeddings(histories, len(texts), rng, step)
    count = np.bincount(np.concatenate(histories), minlength=len(texts))
    trust = (count / (count + SHRINK))[:, None]
    text = text_embeddings(texts, TEXT_SIZE, rng)
    step()
    return np.concatenate([company * np.sqrt(trust), text * np.sqrt(1 - trust)], 1)


def codes_of_new(
    codes: Codes,
    known: NDArray[np.bool_],
    histories: Sequence[History],
    texts: list[str],
    codebook: int,
    seed: int,
) -> Codes:
    """Keeps the codes of the known items, and gives each other item a free ID -> [items, levels].

    A new item shares the leading codes of the known item that is most like it and whose group still has room.

    Raises InputError when there is no room for all.
    """
    items, levels = codes.shape
    if codebook**levels < items:
        raise InputError(
            f"{levels} codes of {codebook} name {codebook**levels} items, "
            f"the catalogue has {items}: train anew"
        )
    codes, old, new = codes.copy(), np.flatnonzero(known), np.flatnonzero(~known)
    taken = {tuple(row) for row in codes[old].tolist()}
    with progress("semantic IDs of new items", EMBEDDING_STEPS + len(new)) as bar:
        embedding = item_embeddings(histories, texts, np.random.default_rng(seed), bar.update)
        for item in new:
            nearest = old[np.argsort(-(embedding[old] @ embedding[item]), kind="stable")]
            prefixes = dict.fromkeys(tuple(row) for row in codes[nearest, :-1].tolist())
            candidates = chain(prefixes, product(range(codebook), repeat=levels - 1))
            found = next(
                (*prefix, last)
                for prefix in candidates
                for last in range(codebook)
                if (*prefix, last) not in taken
            )
            codes[item] = found
            taken.add(found)
            bar.update()
    return codes


def collaborative_embeddings(
    histories: Sequence[History], items: int, rng: np.random.Generator, step: Step = silent
) -> Floats:
    """Rows of unit length (zero for an item never seen) [items, COLLABORATIVE_SIZE]."""
    taken = np.concatenate(histories).astype(np.int32)
    owner = np.repeat(np.arange(len(histories)), [len(history) for history in histories])
    pairs = sparse.csr_array((items, items))
    for apart in range(1, NEAR + 1):
        near = np.flatnonzero(owner[apart:] == owner[:-apart])
        places = (taken[near], taken[near + apart])
        weights = np.full(len(near), 1 / apart)
        pairs = pairs + sparse.coo_array((weights, places), shape=(items, items)).tocsr()
        step()
    pairs = pairs + pairs.T
    total = pairs.sum()
    marginal = np.maximum(np.asarray(pairs.sum(1)).ravel(), 1e-12)
    pairs = pairs.tocoo()
    row, column = pairs.coords
    pmi = np.log(pairs.data * total / (marginal[row] * marginal[column]))
    ppmi = sparse.csr_array((np.maximum(pmi, 0), (row, column)), shape=(items, items))
    found = truncated_svd(ppmi, COLLABORATIVE_SIZE, rng)
    step()
    return found


def text_embeddings(texts: list[str], size: int, rng: np.random.Generator) -> Floats:
    """Rows of unit length (zero without words) [items, size]."""
    vocabulary: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for word in re.findall(r"\w+", text.lower()):
            rows.append(row)
            columns.append(vocabulary.setdefault(word, len(vocabulary)))
    shape = (len(texts), max(1, len(vocabulary)))
    counts = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    rarity = np.log(len(texts) / np.maximum(1, np.asarray((counts > 0).sum(0)).ravel()))
    return truncated_svd(counts @ sparse.diags_array(rarity), size, rng)


def truncated_svd(matrix: sparse.csr_array, size: int, rng: np.random.Generator) -> Floats:
    """U sqrt(S), rows scaled to length 1; padded with zeros where the matrix is smaller than `size`."""
    found = min(size, min(matrix.shape) - 1)
    result = np.zeros((matrix.shape[0], size))
    if found > 0 and matrix.nnz > 0:
        if min(matrix.shape) > EXACT_SVD:
            u, s, _ = randomized_svd(matrix, found, n_iter=4, random_state=int(rng.integers(2**31)))
        elif min(matrix.shape) > DENSE_SVD:
            start = rng.standard_normal(min(matrix.shape))
            u, s, _ = svds(matrix.astype(np.float64), k=found, v0=start, rng=rng)
        else:
            u, s, _ = svd(matrix.toarray().astype(np.float64), full_matrices=False)
        result[:, :found] = u[:, :found] * np.sqrt(s[:found])
    length = np.linalg.norm(result, axis=1, keepdims=True)
    unit: Floats = result / np.maximum(length, 1e-12) * (length > 1e-9)
    return unit


def residual_codes(
    embedding: Floats, levels: int, codebook: int, rng: np.random.Generator, step: Step = silent
) -> Codes:
    """Balanced residual k-means -> [items, levels]. Items of one prefix never outnumber its suffixes."""
    items = len(embedding)
    codes = np.zeros((items, levels), dtype=np.int64)
    residual, group = embedding, np.zeros(items, dtype=np.int64)
    for level in range(levels):
        centre = centres(residual, codebook, rng)
        step()
        order = np.argsort(group, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
            room = -(-len(members) // codebook)  # balanced: never more than its share
            codes[members, level] = balanced_assignment(residual[members], centre, room)
        residual = residual - centre[codes[:, level]]
        _, group = np.unique(codes[:, : level + 1], axis=0, return_inverse=True)
        step()
    return codes


def centres(points: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Of k-means [k, size], of very many points those of a part; where fewer than k points differ, the other
    centres are zero.

    On one thread, since the order in which threads add up would decide what the IDs are.
    """
    if len(points) > POINTS_PER_CENTRE * k:
        points = points[rng.choice(len(points), POINTS_PER_CENTRE * k, replace=False)]
    found = min(k, len(np.unique(points.round(9), axis=0)))
    seed = int(rng.integers(2**31))
    with threadpool_limits(1):
        clusters = KMeans(found, n_init=1, max_iter=ROUNDS, random_state=seed).fit(points).cluster_centers_
    result = np.zeros((k, points.shape[1]))
    result[:found] = clusters
    return result


def distances(points: Floats, centre: Floats) -> Floats:
    """Squared distances [points, centres]."""
    squares: Floats = (points**2).sum(1)[:, None] - 2 * points @ centre.T + (centre**2).sum(1)
    return np.maximum(0, squares)


def balanced_assignment(points: Floats, centre: Floats, room: int) -> Codes:
    """The cheapest assignment of points to centres with at most `room` points per centre -> [points].

    Exact (Hungarian, every centre repeated `room` times) up to a few thousand points; beyond that points
    choose in order of how much they would lose by their second choice, which is within a few percent.
    Distances are computed in parts, twice: of a million points to a thousand centres they take 8 GB.
    """
    rows = len(points)
    if rows <= EXACT_ASSIGNMENT:
        row, slot = linear_sum_assignment(np.repeat(distances(points, centre), room, axis=1))
        assigned: Codes = (slot // room)[np.argsort(row)]
        return assigned
    parts = -(-rows * len(centre) // DISTANCES)
    gain = np.concatenate(
        [ahead_of_second(distances(part, centre)) for part in np.array_split(points, parts)]
    )
    chosen, left = np.zeros(rows, dtype=np.int64), np.full(len(centre), room)
    for part in np.array_split(np.argsort(-gain), parts):
        for row, cost in zip(part, distances(points[part], centre), strict=True):
            column = np.where(left > 0, cost, np.inf).argmin()
            chosen[row], left[column] = column, left[column] - 1
    return chosen


def ahead_of_second(cost: Floats) -> Floats:
    """How much less each row's lowest cost is than its second [rows]."""
    best_two = np.partition(cost, 1, axis=1)[:, :2]
    gain: Floats = best_two[:, 1] - best_two[:, 0]
    return gain
