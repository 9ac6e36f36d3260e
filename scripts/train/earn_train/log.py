"""The log of a data folder as arrays: `interactions.csv`, or the same rows in Parquet shards.

Of several processes each reads its own part of the files, and gets the rows of the others as numbers.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv, parquet

from .errors import InputError
from .processes import mine, of_all

COLUMNS = ("user_id", "item_id", "type", "split")
NO_ROWS = pa.schema([(name, pa.string()) for name in COLUMNS]).empty_table()
Numbers = NDArray[np.int64]


def log_files(folder: Path) -> list[Path]:
    """In the order of their rows."""
    whole = folder / "interactions.csv"
    return [whole] if whole.exists() else sorted(folder.glob("interactions-*.parquet"))


class Log:
    """Columns of texts; a row counts from 0."""

    def __init__(self, folder: Path):
        self.files = log_files(folder)
        if not self.files:
            raise InputError(f"{folder}: no interactions.csv")
        self.table = pa.concat_tables([NO_ROWS, *(table_of(file) for file in mine(self.files))])

    def place(self, row: int) -> str:
        if self.files[0].suffix == ".csv":
            return f"{self.files[0]}:{row + 2}"
        return f"{self.files[0].parent}, row {row + 1} of the log"

    def has(self, column: str) -> bool:
        values = self.table[column]
        return any(of_all(values.null_count < len(values)))

    def names(self, column: str) -> tuple[Numbers, list[str]]:
        """The value of each row by number, and the values in the order of their appearance."""
        encoded = pc.fill_null(self.table[column], "").dictionary_encode().combine_chunks()
        whole = pa.chunked_array(of_all(encoded)).unify_dictionaries()
        value = np.concatenate([part.indices.to_numpy() for part in whole.chunks])
        return value.astype(np.int64), whole.chunk(0).dictionary.to_pylist()

    def numbers(self, column: str, number: Callable[[str], int | None], wrong: str) -> Numbers:
        """What `number` makes of each row's value. Raises InputError at the first row where it has none."""
        value, names = self.names(column)
        found = [number(name) for name in names]
        unknown = [at for at, each in enumerate(found) if each is None]
        if unknown:
            row = int(np.flatnonzero(value == unknown[0])[0])
            raise InputError(f"{self.place(row)}: {column} {names[unknown[0]]!r} {wrong}")
        return np.array(found, dtype=np.int64)[value]


def table_of(file: Path) -> pa.Table:
    return of_csv(file) if file.suffix == ".csv" else of_parquet(file)


def of_csv(file: Path) -> pa.Table:
    options = csv.ConvertOptions(
        include_columns=COLUMNS,
        include_missing_columns=True,
        column_types=dict.fromkeys(COLUMNS, pa.string()),
        strings_can_be_null=False,
    )
    try:
        return csv.read_csv(file, convert_options=options)
    except pa.ArrowInvalid as error:
        raise InputError(f"{file}: {error}") from error


def of_parquet(file: Path) -> pa.Table:
    names = [name for name in COLUMNS if name in parquet.read_schema(file).names]
    table = parquet.read_table(file, columns=names)
    for name in COLUMNS:
        if name not in names:
            table = table.append_column(name, pa.nulls(len(table), pa.string()))
    return table.select(COLUMNS)
