"""Two processes under `torchrun` train as one does."""

import json
import os
import subprocess
import sys
from pathlib import Path

from .conftest import flags, train_on


def losses(out: Path) -> list[float]:
    return [epoch["loss"] for epoch in json.loads((out / "config.json").read_text())["curve"]]


def torchrun(log: Path, out: Path, *more: str) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "earn_train.train", *flags(log, out, *more)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment, cwd=Path(__file__).parents[1])


def test_two_processes_have_the_loss_curve_of_one(log: Path) -> None:
    more = ["--epochs", "6", "--dropout", "0", "--crops", "0", "--patience", "0"]
    one = losses(train_on(log, log / "one", *more))
    torchrun(log, log / "two", *more)
    two = losses(log / "two")
    assert len(two) == 6
    assert two[-1] < 0.8 * two[0]
    other = losses(train_on(log, log / "other", *more, "--seed", "2"))
    noise = max(abs(a - b) for a, b in zip(one, other, strict=True))
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < max(0.1, 2 * noise)
