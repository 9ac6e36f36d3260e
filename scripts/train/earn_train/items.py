"""The items of a data folder: `items.jsonl`, or the same in `items.parquet`."""

import json
from pathlib import Path
from typing import Any

from pyarrow import parquet

from .errors import InputError

Item = dict[str, Any]  # id, title, categories, properties; a field that an item lacks is not there


def items_file(folder: Path) -> Path:
    """Raises InputError when the folder has none."""
    files = [folder / name for name in ("items.jsonl", "items.parquet")]
    found = next((file for file in files if file.exists()), None)
    if found is None:
        raise InputError(f"{folder}: no items.jsonl")
    return found


def read_items(folder: Path) -> list[Item]:
    file = items_file(folder)
    if file.suffix == ".parquet":
        return [item_of(row) for row in parquet.read_table(file).to_pylist()]
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def item_of(row: dict[str, Any]) -> Item:
    """A row of the Parquet file, where properties are JSON."""
    item = {name: value for name, value in row.items() if value is not None}
    return item | ({"properties": json.loads(item["properties"])} if "properties" in item else {})


def words_of(item: Item) -> str:
    """Title, brand and categories."""
    return " ".join([item.get("title") or "", brand_of(item), *item.get("categories", [])])


def brand_of(item: Item) -> str:
    """Also of an `items.jsonl` from before `properties`, which had the brand beside the title."""
    brand = item.get("properties", {}).get("brand") or item.get("brand")
    return str(brand or "")
