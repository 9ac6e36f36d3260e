"""Passes over batches of even sizes, which is what CUDA graphs are recorded of."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from earn_train import checkpoint
from earn_train.batches import Batch, batch, branches, even_size
from earn_train.checkpoint import Model
from earn_train.data import read
from earn_train.graphs import Graphs
from earn_train.processes import DEVICE
from earn_train.recipe import Recipe
from earn_train.rows import Rows
from earn_train.teachers import Teachers

from .conftest import train_on

KINDS = [[], ["--local-window", "0"], ["--suffixes", "0"], ["--architecture", "sasrec"]]
WINDOW = 16
RECIPE = Recipe(batch=16, code_fraction=1)


def batches(log: Path, even: bool) -> list[Batch]:
    """The same predictions, in one shape or the other."""
    histories, rng = read(log).train, np.random.default_rng(0)
    parts = [branches(histories[user], WINDOW, 1.0, rng) for user in range(len(histories))]
    return [
        batch(parts[at : at + 12], RECIPE, rng, WINDOW if even else None) for at in range(0, len(parts), 12)
    ]


def losses(model: Model, of: Batch, every: bool, teachers: Teachers | None = None) -> Tensor:
    items, t, targets, valid, at = (tensor.to(DEVICE) for tensor in of)
    taught = teachers.targets(items, t, targets, Rows(valid, every)) if teachers else None
    loss: Tensor = model.loss(items, t, targets, valid, at, 0.1, taught, every)
    return loss


def gradients(model: Model) -> list[Tensor | None]:
    return [parameter.grad for parameter in model.parameters()]


def assert_same(found: list[Tensor | None], expected: list[Tensor | None]) -> None:
    for one, other in zip(found, expected, strict=True):
        if other is not None:
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def plain_pass(
    model: Model, of: Batch, every: bool, teachers: Teachers | None
) -> tuple[float, list[Tensor | None]]:
    model.zero_grad(set_to_none=True)
    loss = losses(model, of, every, teachers)
    loss.backward()
    return loss.item(), gradients(model)


def test_even_sizes_are_few_and_waste_little() -> None:
    sizes = [even_size(size) for size in range(1, 513)]
    assert all(size <= even < max(size + 1, 1.5 * size) for size, even in enumerate(sizes, 1))
    assert len(set(sizes)) == 18


def test_an_even_batch_has_no_more_items_than_the_window() -> None:
    rng = np.random.default_rng(0)
    users = [branches(np.arange(size), 20, 1.0, rng) for size in (3, 20, 90)]
    items, t, *_ = batch(users, RECIPE, rng, 20)
    assert items.shape == (16, 20)
    assert int(t.max()) <= 20


@pytest.mark.parametrize("more", KINDS)
@pytest.mark.parametrize("taught", [False, True])
def test_even_batches_teach_the_same(log: Path, more: list[str], taught: bool) -> None:
    model = checkpoint.load(train_on(log, log / "out", "--epochs", "1", *more), DEVICE)
    teachers = None
    if taught:
        kinds = zip("ab", KINDS[::3], strict=True)
        folders = [train_on(log, log / name, "--epochs", "1", *kind) for name, kind in kinds]
        teachers = Teachers(folders, read(log), WINDOW, 0.5)
    for plain, even in zip(batches(log, False), batches(log, True), strict=True):
        assert even[3].numel() > plain[3].numel()
        loss, expected = plain_pass(model, plain, False, teachers)
        found_loss, found = plain_pass(model, even, True, teachers)
        assert found_loss == pytest.approx(loss, rel=1e-5)
        assert_same(found, expected)


@pytest.mark.skipif(DEVICE.type != "cuda", reason="CUDA graphs need a GPU")
@pytest.mark.parametrize("more", KINDS[::3])
def test_a_replayed_pass_is_the_plain_one(log: Path, more: list[str]) -> None:
    model = checkpoint.load(train_on(log, log / "out", "--epochs", "1", *more), DEVICE)
    teachers = Teachers([log / "out"], read(log), WINDOW, 0.5)
    graphs = Graphs(lambda *of: losses(model, of, True, teachers), list(model.parameters()))
    for _ in range(2):
        for of in batches(log, True):
            found = graphs(of).item()
            own = [None if gradient is None else gradient.clone() for gradient in gradients(model)]
            loss, expected = plain_pass(model, of, True, teachers)
            assert found == pytest.approx(loss, rel=1e-4)
            assert_same(own, expected)
    assert len(graphs.recorded) < len(batches(log, True))
