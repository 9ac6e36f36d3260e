"""A checkpoint that is fitted once more, to the validation items too."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from earn_train.data import read
from earn_train.errors import InputError
from earn_train.flags import refit as flags
from earn_train.refit import refit

from .conftest import train_on
from .test_training import result


def refit_of(checkpoint: Path, data: Path) -> Path:
    refit(flags(["--checkpoint", str(checkpoint), "--data", str(data), "--epochs", "1"]))
    return checkpoint / "refit"


@pytest.mark.parametrize("architecture", ["earn", "sasrec"])
def test_a_refit_knows_the_validation_items_and_keeps_what_they_chose(log: Path, architecture: str) -> None:
    out = train_on(log, log / "run", "--architecture", architecture)
    before, chosen = result(out)
    after, config = result(refit_of(out, log))
    assert not torch.equal(before["item.weight"], after["item.weight"])
    for name, tensor in result(out)[0].items():  # the checkpoint itself stays
        assert torch.equal(before[name], tensor), name
    assert config["model"] == chosen["model"] and config["validation"] == chosen["validation"]
    digest = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()
    assert config["refit_of"] == digest


def test_test_items_stay_unseen(log: Path) -> None:
    data = read(log)
    known = data.until_test()
    histories = [history.tolist() for history in data.histories]
    assert [history.tolist() for history in known.train] == [history[:-1] for history in histories]
    assert len(known.held_out("valid")) == 0
    assert list(known.held_out("test").place) == list(data.held_out("test").place)
    assert known.counts().sum() == data.counts().sum() + len(histories)


def test_the_log_must_have_the_checkpoints_items(log: Path) -> None:
    out = train_on(log, log / "run", "--architecture", "sasrec")
    lines = (log / "items.jsonl").read_text().splitlines()
    (log / "items.jsonl").write_text("\n".join([*lines, '{"id": "new", "title": "New"}']) + "\n")
    with pytest.raises(InputError, match="other items"):
        refit_of(out, log)
    assert not (out / "refit").exists()
    assert np.all(read(log).counts()[:-1] > 0)
