"""The book of records; histories, plans, scenarios and users."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
LOCAL_TIME = sa.String(26)


def upgrade() -> None:
    """Add the tables; those that are there keep every row."""
    _imports()
    _folds()
    _history()
    _plan()
    _scenario()
    _user()


def _imports() -> None:
    op.create_table(
        "records_import",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("mapping", sa.Text),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("read", sa.BigInteger, nullable=False),
        sa.Column("aside", sa.BigInteger, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("segment", sa.String(64), nullable=False),
        sa.Column("segment_rows", sa.BigInteger, nullable=False),
        sa.Column("begins", sa.Date),
        sa.Column("as_of", LOCAL_TIME),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_records_import"),
        sa.UniqueConstraint("id", name="uq_records_import_id"),
        sa.UniqueConstraint("key", name="uq_records_import_key"),
    )
    op.create_table(
        "records_aside",
        sa.Column("import_number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("shape", sa.Text),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("cure", sa.Text, nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("import_number", "position", name="pk_records_aside"),
        sa.ForeignKeyConstraint(
            ["import_number"], ["records_import.number"], name="fk_records_aside_import_number"
        ),
    )


def _folds() -> None:
    op.create_table(
        "records_fold",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("after_import", NUMBER, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_records_fold"),
    )
    op.create_table(
        "records_table",
        sa.Column("fold", NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("first", sa.BigInteger),
        sa.Column("last", sa.BigInteger),
        sa.Column("said_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("fold", "name", name="pk_records_table"),
        sa.ForeignKeyConstraint(["fold"], ["records_fold.number"], name="fk_records_table_fold"),
    )
    op.create_table(
        "records_finding",
        sa.Column("fold", NUMBER, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("finding", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("fold", "position", name="pk_records_finding"),
        sa.ForeignKeyConstraint(["fold"], ["records_fold.number"], name="fk_records_finding_fold"),
    )


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("series", sa.String(200), nullable=False),
        sa.Column("frequency", sa.String(2), nullable=False),
        sa.Column("ds", LOCAL_TIME, nullable=False),
        sa.Column("y", sa.Float),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("source", "series", "frequency", "ds", name="pk_history"),
    )


def _plan() -> None:
    statuses = "status IN ('proposed', 'approved', 'withdrawn', 'superseded')"
    op.create_table(
        "plan",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("proposed_at", sa.BigInteger, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("number", name="pk_plan"),
        sa.UniqueConstraint("run_id", "name", name="uq_plan_run_id"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_plan_run_id"),
        sa.CheckConstraint(statuses, name=op.f("ck_plan_status")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_plan_dates")),
    )


def _scenario() -> None:
    op.create_table(
        "scenario",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("retired", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.PrimaryKeyConstraint("name", "version", name="pk_scenario"),
    )


def _user() -> None:
    op.create_table(
        "user_account",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.text("true")),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_user_account"),
        sa.CheckConstraint("role IN ('viewer', 'planner', 'admin')", name=op.f("ck_user_account_role")),
    )
