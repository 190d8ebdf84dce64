"""The tables of the book of records: imports, rows put aside, foldings, what they made and found."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, String, Table, Text

from twin.store.columns import Instant, Json, LocalTime
from twin.store.tables import NUMBER, metadata

records_import = Table(
    "records_import",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("id", String(40), nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("format", String(40), nullable=False),
    Column("mapping", Text),
    Column("sha256", String(64), nullable=False),
    Column("key", String(300), nullable=False, unique=True),
    Column("read", BigInteger, nullable=False),
    Column("aside", BigInteger, nullable=False),
    Column("notes", Json, nullable=False),
    Column("counts", Json, nullable=False),
    Column("segment", String(64), nullable=False),
    Column("segment_rows", BigInteger, nullable=False),
    Column("begins", Date),
    Column("as_of", LocalTime),
    Column("actor", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

records_aside = Table(
    "records_aside",
    metadata,
    Column("import_number", NUMBER, ForeignKey("records_import.number"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("row", BigInteger, nullable=False),
    Column("field", Text, nullable=False),
    Column("shape", Text),
    Column("rule", Text, nullable=False),
    Column("cure", Text, nullable=False),
    Column("code", String(40), nullable=False),
)

records_fold = Table(
    "records_fold",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("after_import", NUMBER, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("notes", Json, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

records_table = Table(
    "records_table",
    metadata,
    Column("fold", NUMBER, ForeignKey("records_fold.number"), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("first", Instant),
    Column("last", Instant),
    Column("said_at", Instant),
)

records_finding = Table(
    "records_finding",
    metadata,
    Column("fold", NUMBER, ForeignKey("records_fold.number"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("finding", Json, nullable=False),
)
