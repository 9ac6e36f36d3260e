"""Two processes under `torchrun` train as one does, and each reads its own part of the log."""

import json
import os
import subprocess
import sys
from pathlib import Path

from pyarrow import csv, parquet

from earn_train.data import read

from .conftest import flags, train_on

PACKAGE = Path(__file__).parents[1]


def losses(out: Path) -> list[float]:
    return [epoch["loss"] for epoch in json.loads((out / "config.json").read_text())["curve"]]


def torchrun(*command: str) -> None:
    two = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*two, *command], check=True, env=environment, cwd=PACKAGE)


def in_shards(log: Path, rows: int) -> None:
    """The log as Parquet files of so many rows."""
    table = csv.read_csv(log / "interactions.csv")
    (log / "interactions.csv").unlink()
    for number, start in enumerate(range(0, len(table), rows)):
        parquet.write_table(table[start : start + rows], log / f"interactions-{number:05}.parquet")


def test_two_processes_have_the_loss_curve_of_one(log: Path) -> None:
    more = ["--epochs", "6", "--dropout", "0", "--crops", "0", "--patience", "0"]
    one = losses(train_on(log, log / "one", *more))
    other = losses(train_on(log, log / "other", *more, "--seed", "2"))
    in_shards(log, 200)
    torchrun("-m", "earn_train.train", *flags(log, log / "two", *more))
    two = losses(log / "two")
    assert len(two) == 6
    assert two[-1] < 0.8 * two[0]
    noise = max(abs(a - b) for a, b in zip(one, other, strict=True))
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < max(0.1, 2 * noise)


READS = """
import json, sys
from pathlib import Path
from pyarrow import parquet
from earn_train import processes
from earn_train.data import read

opened, read_table = [], parquet.read_table
parquet.read_table = lambda file, **options: opened.append(file.name) or read_table(file, **options)
processes.start()
data = read(Path(sys.argv[1]))
found = {"opened": opened, "users": data.users, "histories": [h.tolist() for h in data.histories]}
Path(sys.argv[1], f"found-{processes.RANK}.json").write_text(json.dumps(found))
processes.stop()
"""


def test_a_shard_is_read_by_one_process_and_known_to_both(log: Path) -> None:
    whole = read(log)
    in_shards(log, 200)
    (log / "reads.py").write_text(READS)
    torchrun(str(log / "reads.py"), str(log))
    first, second = (json.loads((log / f"found-{rank}.json").read_text()) for rank in (0, 1))
    shards = sorted(file.name for file in log.glob("interactions-*.parquet"))
    assert len(shards) > 2 and first["opened"] + second["opened"] == shards
    for found in (first, second):
        assert found["users"] == whole.users
        assert found["histories"] == [history.tolist() for history in whole.histories]
