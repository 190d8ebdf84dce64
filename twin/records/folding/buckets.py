"""Buckets: all statements about one visit lie together, in as many parts as memory asks for.

A visit's bucket is a range of the hash of its name, so that the rows of all buckets, one after the other,
stand in the same order however many buckets there are.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.records.events import SCHEMA, Thing
from twin.records.folding.order import taken

#: things that are folded visit by visit, whatever their own key
OF_VISITS = (Thing.ENCOUNTER.value, Thing.WARD_STAY.value)
#: statements of one bucket, at most about: so many and what they become take some 150 MB
BUCKET_ROWS = 100_000
_MOST = 1024


def hashes(table: pa.Table | pa.RecordBatch) -> NDArray[np.uint32]:
    """Hash of what each statement is about, shape (row,); all statements of one visit have the same."""
    visit = pc.is_in(table["thing"], value_set=pa.array(OF_VISITS))
    about = pc.if_else(visit, pc.coalesce(table["encounter"], table["key"]), table["key"])
    return hashes_of(about)


def hashes_of(values: pa.Array | pa.ChunkedArray) -> NDArray[np.uint32]:
    """CRC-32 of each text, of "" where there is none, shape (row,): the same on every machine."""
    one = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    coded = pc.fill_null(one, "").dictionary_encode()
    each = np.array([zlib.crc32(text.encode()) for text in coded.dictionary.to_pylist()], dtype=np.uint32)
    return each[coded.indices.to_numpy()] if len(each) else np.zeros(0, dtype=np.uint32)


def in_order_of_hash(names: Sequence[str]) -> NDArray[np.int64]:
    """Places of names in the order in which tables have them: by hash, then by name. Shape (name,)."""
    text = pa.array(names, pa.string())
    table = pa.table({"hash": hashes_of(text), "name": text})
    return pc.sort_indices(table, [("hash", "ascending"), ("name", "ascending")]).to_numpy().astype(np.int64)


def bucket_of(hashed: NDArray[np.uint32], buckets: int) -> NDArray[np.int64]:
    """Bucket of each hash: ranges of equal width, so that few buckets are unions of many. Same shape."""
    return (hashed.astype(np.uint64) * np.uint64(buckets) >> np.uint64(32)).astype(np.int64)


def buckets_for(rows: int) -> int:
    """A power of two of buckets for so many statements."""
    return min(1 << max(0, int(rows / BUCKET_ROWS - 1e-9).bit_length()), _MOST)


class Spill:
    """Statements by bucket in temporary files beside the result, gone when it is left."""

    def __init__(self, folder: Path, buckets: int, schema: pa.Schema = SCHEMA) -> None:
        self.buckets, self._schema = buckets, schema
        self._folder = tempfile.TemporaryDirectory(prefix="spill-", dir=folder)
        self._writers: dict[int, pa.RecordBatchFileWriter] = {}

    def __enter__(self) -> Spill:
        return self

    def __exit__(self, *of: object) -> None:
        self.close()
        self._folder.cleanup()

    def add(self, table: pa.Table, hashed: NDArray[np.uint32]) -> None:
        """Put each row into the file of its bucket."""
        bucket = bucket_of(hashed, self.buckets)
        order = np.argsort(bucket, kind="stable")
        edges = np.searchsorted(bucket[order], np.arange(self.buckets + 1))
        sorted_rows = taken(table, order)
        for number in np.flatnonzero(np.diff(edges)):
            part = sorted_rows.slice(edges[number], edges[number + 1] - edges[number])
            self._writer(int(number)).write_table(part)

    def _writer(self, number: int) -> pa.RecordBatchFileWriter:
        if number not in self._writers:
            path = Path(self._folder.name) / str(number)
            self._writers[number] = pa.ipc.new_file(str(path), self._schema)
        return self._writers[number]

    @property
    def is_used(self) -> bool:
        """Whether anything was spilled."""
        return bool(self._writers)

    def close(self) -> None:
        """No more rows will come."""
        for writer in self._writers.values():
            writer.close()

    def read(self, number: int) -> pa.Table:
        """The rows of a bucket."""
        path = Path(self._folder.name) / str(number)
        if not path.exists():
            return self._schema.empty_table()
        with pa.OSFile(str(path)) as file:
            return pa.ipc.open_file(file).read_all()
