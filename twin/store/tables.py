"""The tables of the store: one schema, for SQLite and PostgreSQL alike.

A change here needs a new file in ``migrations/versions``; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from twin.store.columns import Instant, Json

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
LIVE_OR_DONE = text("state IN ('queued', 'running', 'done')")
NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts by itself only in an INTEGER

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

run = Table(
    "run",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("state", String(10), nullable=False),
    Column("key", String(300)),
    Column("actor", String(200), nullable=False),
    Column("inputs", Json, nullable=False),
    Column("created", Instant, nullable=False),
    Column("started", Instant),
    Column("ended", Instant),
    Column("progress_done", Float, nullable=False, server_default="0"),
    Column("progress_total", Float, nullable=False, server_default="0"),
    Column("note", Text, nullable=False, server_default=""),
    Column("error", Text),
    Column("summary", Json),
    Column("owner", String(200)),
    Column("token", BigInteger, nullable=False, server_default="0"),
    Column("lease_until", Instant),
    Column("expiries", Integer, nullable=False, server_default="0"),
    Column("cancel_asked", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
    Index(
        "uq_run_key_live_or_done",
        "key",
        unique=True,
        sqlite_where=LIVE_OR_DONE,
        postgresql_where=LIVE_OR_DONE,
    ),
    Index("ix_run_state_kind", "state", "kind", "number"),
)

artefact = Table(
    "artefact",
    metadata,
    Column("run_id", String(40), ForeignKey("run.id"), primary_key=True),
    Column("token", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(300), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media", String(100), nullable=False),
)

forecast = Table(
    "forecast",
    metadata,
    Column("run_id", String(40), ForeignKey("run.id"), primary_key=True),
    Column("stream", String(200), primary_key=True),
    Column("ds", Date, primary_key=True),
    Column("issued_at", Instant, nullable=False),
    Column("mean", Float, nullable=False),
    Column("q10", Float, nullable=False),
    Column("q50", Float, nullable=False),
    Column("q90", Float, nullable=False),
    Index("ix_forecast_stream_ds", "stream", "ds"),
)

worker = Table(
    "worker",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("started", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),  # milliseconds since 1970 UTC, as hashed
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("number", NUMBER, nullable=False),
    Column("hash", String(64), nullable=False),
    CheckConstraint("one = 1", name="single"),
)
