"""`npm run bench:train` trains some steps, and leaves a checkpoint to build a model from."""

import json
from pathlib import Path

import pytest

from earn_train.bench import arguments, bench
from earn_train.checkpoint import load
from earn_train.processes import DEVICE


def test_it_says_what_reading_naming_and_training_took(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = log / "checkpoint"
    bench(arguments(["--data", str(log), "--out", str(out), "--batch", "2", "--steps", "30", "--depth", "2"]))
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["users"], report["items"], report["steps"]) == (60, 30, 30)
    assert report["positions_per_cpu_s"] > 0
    assert report["loss"][-1] < report["loss"][0]
    assert load(out, DEVICE).config.items == 30
