"""A log to train on, and a short run over it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from earn_train.recipe import arguments
from earn_train.train import train


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Matrices are too small here for a second thread."""
    torch.set_num_threads(1)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Sixty users who walk around a circle of thirty items."""
    rng = np.random.default_rng(0)
    items = [{"id": f"i{n}", "title": f"Item {n}", "categories": []} for n in range(30)]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    rows = ["user_id,item_id,timestamp"]
    for user in range(60):
        start = rng.integers(30)
        rows += [f"u{user},i{(start + step) % 30},{step}" for step in range(rng.integers(5, 20))]
    (tmp_path / "interactions.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def flags(log: Path, out: Path, *more: str) -> list[str]:
    shape = ["--depth", "3", "--register-depth", "1", "--window", "16"]
    return ["--data", str(log), "--out", str(out), *shape, "--epochs", "3", "--batch", "20", *more]


def train_on(log: Path, out: Path, *more: str) -> Path:
    """Trains with `npm run train`'s flags; returns the checkpoint folder."""
    train(arguments(flags(log, out, *more)))
    return out
