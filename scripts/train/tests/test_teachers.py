"""Learning from the lists of other models."""

import json
from pathlib import Path

import pytest
import torch

from earn_train import checkpoint
from earn_train.data import read
from earn_train.errors import InputError
from earn_train.rows import Rows
from earn_train.teachers import Teachers

from .conftest import train_on

CPU = torch.device("cpu")
ITEMS = torch.tensor([[4, 5, 6], [9, 8, 0]])
T = torch.tensor([[0, 3], [1, 2]])
TARGETS = torch.tensor([[4, 7], [8, 0]])
VALID = torch.tensor([[True, True], [True, False]])


def test_what_is_taught_is_the_next_item_and_the_mean_of_the_teachers(log: Path) -> None:
    earn = train_on(log, log / "earn", "--temperature", "0.1")
    sasrec = train_on(log, log / "sasrec", "--architecture", "sasrec", "--temperature", "0.1")
    taught = Teachers([earn, sasrec], read(log), 16, 0.25).targets(ITEMS, T, TARGETS, Rows(VALID))
    kind = torch.zeros(3, dtype=torch.long)
    models = [checkpoint.load(folder, CPU) for folder in (earn, sasrec)]
    with torch.no_grad():
        of_earn, of_sasrec = (model.next_log_probs(ITEMS, T, Rows(VALID), kind) for model in models)
    mean = ((of_earn + of_sasrec) / 2).softmax(-1)
    mean[0] = of_earn[0].exp()  # SASRec says nothing before the first item
    own = torch.nn.functional.one_hot(TARGETS[VALID], 30)
    torch.testing.assert_close(taught, 0.25 * mean + 0.75 * own)


def test_a_decoder_learns_from_its_teachers_alone(log: Path) -> None:
    """With a share of 1 it never sees a next item, and still comes nearer to what its teacher says."""
    teacher = train_on(log, log / "teacher", "--epochs", "20")
    kind = torch.zeros(3, dtype=torch.long)

    def distance(folder: Path) -> float:
        models = [checkpoint.load(each, CPU) for each in (teacher, folder)]
        with torch.no_grad():
            said, learned = (model.next_log_probs(ITEMS, T, Rows(VALID), kind) for model in models)
        return float((said.exp() * (said - learned)).sum())

    begun = train_on(log, log / "begun", "--epochs", "1")
    taught = train_on(
        log, log / "taught", "--epochs", "20", "--teachers", str(teacher), "--distillation", "1"
    )
    assert distance(taught) < distance(begun) / 4
    assert json.loads((taught / "config.json").read_text())["training"]["teachers"] == teacher.name


def test_teachers_have_to_know_the_same(log: Path) -> None:
    teacher = str(train_on(log, log / "teacher"))
    with pytest.raises(InputError, match="its window is 16, not 32$"):
        train_on(log, log / "student", "--teachers", teacher, "--window", "32")
    with pytest.raises(InputError, match="--negatives 0$"):
        train_on(log, log / "student", "--teachers", teacher, "--negatives", "8")
    with open(log / "items.jsonl", "a") as items:
        items.write(json.dumps({"id": "new", "title": "New", "categories": []}) + "\n")
    with pytest.raises(InputError, match="it knows other items or types of events$"):
        train_on(log, log / "student", "--teachers", teacher)
