"""What is held out of a log."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from earn_train.data import read, window_start
from earn_train.events import TYPE_STRIDE


def test_the_last_item_is_tested_and_the_one_before_validates(log: Path) -> None:
    data = read(log)
    for history, trained in zip(data.histories, data.train, strict=True):
        assert len(trained) == len(history) - 2 and (history[:-2] == trained).all()
    assert [h[-1] for h in data.histories] == [target for _, target in data.held_out("test")]
    assert [h[-2] for h in data.histories] == [target for _, target in data.held_out("valid")]


def test_a_split_by_time_holds_out_every_later_event(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text("".join(json.dumps({"id": name}) + "\n" for name in "abcd"))
    rows = ["u,a,1,train", "u,b,2,train", "u,c,3,valid", "u,a,4,test", "u,d,5,test", "v,d,1,test"]
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id,timestamp,split", *rows]) + "\n")
    data = read(tmp_path)
    assert [h.tolist() for h in data.train] == [[0, 1], []]
    assert [(h.tolist(), item) for h, item in data.held_out("valid")] == [([0, 1], 2)]
    tested = [(h.tolist(), item) for h, item in data.held_out("test")]
    assert tested == [([0, 1, 2], 0), ([0, 1, 2, 0], 3), ([], 3)]
    assert data.case_users("test") == ["u", "u", "v"]


@pytest.mark.parametrize(
    "rows, message",
    [
        (["u,a,test", "u,b,train"], ":3: split 'train'"),
        (["u,a,train", "u,b,later"], ":3: split 'later'"),
        (["u,x,train"], ":2: item_id 'x' is not among the items"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, rows: list[str], message: str) -> None:
    (tmp_path / "items.jsonl").write_text("".join(json.dumps({"id": name}) + "\n" for name in "abcd"))
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id,split", *rows]) + "\n")
    with pytest.raises(ValueError, match=message):
        read(tmp_path)


def test_rows_of_users_may_be_mixed_and_a_sample_is_some_of_the_cases(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text("".join(json.dumps({"id": name}) + "\n" for name in "abcd"))
    rows = ["u,a", "v,d", "u,b", "v,c", "u,c", "w,a", "v,a", "u,d"]
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id", *rows]) + "\n")
    data = read(tmp_path)
    assert [h.tolist() for h in data.histories] == [[0, 1, 2, 3], [3, 2, 0], [0]]
    assert [h.tolist() for h in data.histories[1:]] == [[3, 2, 0], [0]]
    assert data.counts().tolist() == [2, 1, 0, 1]
    cases = data.held_out("valid")
    assert [(h.tolist(), item) for h, item in cases] == [([0, 1], 2), ([3], 2)]
    assert cases.sample(2, seed=1) is cases
    assert [h.tolist() for h, _ in cases.sample(1, seed=1)] in ([[0, 1]], [[3]])


@pytest.mark.parametrize("length,start", [(0, 0), (512, 0), (513, 256), (768, 256), (769, 512)])
def test_window_start(length: int, start: int) -> None:
    assert window_start(length, 512) == start


def test_parquet_shards_are_read_like_the_csv_file(tmp_path: Path) -> None:
    rows = {
        "user_id": ["u", "v", "u", "v"],
        "item_id": ["a", "b", "c", "a"],
        "type": ["view", "buy", None, "buy"],
    }
    items: list[dict[str, object]] = [
        {"id": "a", "title": "A", "categories": ["x", "y"], "properties": {"price": 1.5, "tags": ["new"]}},
        {"id": "b", "title": "B"},
        {"id": "c", "title": "C", "properties": {"brand": "c'est"}},
    ]
    for name in ("csv", "shards"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "events.json").write_text(json.dumps({"types": ["buy", "view"], "target": "buy"}))
    lines = [",".join(value or "" for value in row) for row in zip(*rows.values(), strict=True)]
    (tmp_path / "csv" / "interactions.csv").write_text("\n".join([",".join(rows), *lines]) + "\n")
    table = pa.table(rows)
    parquet.write_table(table[:3], tmp_path / "shards" / "interactions-00000.parquet")
    parquet.write_table(table[3:], tmp_path / "shards" / "interactions-00001.parquet")
    (tmp_path / "csv" / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    columns = {
        "id": pa.array(item["id"] for item in items),
        "title": pa.array(item["title"] for item in items),
        "categories": pa.array([item.get("categories") for item in items], pa.list_(pa.string())),
        "properties": pa.array(
            json.dumps(item["properties"]) if "properties" in item else None for item in items
        ),
    }
    parquet.write_table(pa.table(columns), tmp_path / "shards" / "items.parquet")
    first, second = read(tmp_path / "csv"), read(tmp_path / "shards")
    assert second.items == first.items == items
    assert first.users == second.users == ["u", "v"]
    assert [h.tolist() for h in first.histories] == [[2 * TYPE_STRIDE, 2], [1 + TYPE_STRIDE, TYPE_STRIDE]]
    assert [h.tolist() for h in second.histories] == [h.tolist() for h in first.histories]
    assert first.trained.tolist() == second.trained.tolist()
