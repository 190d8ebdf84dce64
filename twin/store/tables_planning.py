"""The tables of what is planned with: histories of counts, plans, scenarios, and the people who decide."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from twin.store.columns import Instant, LocalTime
from twin.store.tables import NUMBER, metadata

history = Table(
    "history",
    metadata,
    Column("source", String(200), primary_key=True),
    Column("series", String(200), primary_key=True),
    Column("frequency", String(2), primary_key=True),
    Column("ds", LocalTime, primary_key=True),
    Column("y", Float),
    Column("at", Instant, nullable=False),
)

plan = Table(
    "plan",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("run_id", String(40), ForeignKey("run.id"), nullable=False),
    Column("name", String(300), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("status", String(10), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("run_id", "name"),
    CheckConstraint("status IN ('proposed', 'approved', 'withdrawn', 'superseded')", name="status"),
    CheckConstraint("valid_from <= valid_to", name="dates"),
)

scenario = Table(
    "scenario",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("sha256", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("retired", Boolean, nullable=False, server_default=text("false")),
)

user_account = Table(
    "user_account",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("password_hash", Text),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("at", Instant, nullable=False),
    CheckConstraint("role IN ('viewer', 'planner', 'admin')", name="role"),
)
