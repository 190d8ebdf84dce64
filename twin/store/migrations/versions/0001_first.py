"""The first tables: runs, artefacts, issued forecasts, workers, and the audit that cannot be rewritten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
LIVE_OR_DONE = sa.text("state IN ('queued', 'running', 'done')")


def upgrade() -> None:
    """Make the tables of an empty database."""
    _run()
    _artefact()
    _forecast()
    _worker()
    _audit()


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("key", sa.String(300)),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("inputs", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.Column("ended", sa.BigInteger),
        sa.Column("progress_done", sa.Float, nullable=False, server_default="0"),
        sa.Column("progress_total", sa.Float, nullable=False, server_default="0"),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("error", sa.Text),
        sa.Column("summary", sa.Text),
        sa.Column("owner", sa.String(200)),
        sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("expiries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("cancel_asked", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.PrimaryKeyConstraint("number", name="pk_run"),
        sa.UniqueConstraint("id", name="uq_run_id"),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_run_state")
        ),
    )
    op.create_index(
        "uq_run_key_live_or_done",
        "run",
        ["key"],
        unique=True,
        sqlite_where=LIVE_OR_DONE,
        postgresql_where=LIVE_OR_DONE,
    )
    op.create_index("ix_run_state_kind", "run", ["state", "kind", "number"])


def _artefact() -> None:
    op.create_table(
        "artefact",
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("token", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "token", "name", name="pk_artefact"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_artefact_run_id"),
    )


def _forecast() -> None:
    op.create_table(
        "forecast",
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("stream", sa.String(200), nullable=False),
        sa.Column("ds", sa.Date, nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        *[sa.Column(name, sa.Float, nullable=False) for name in ("mean", "q10", "q50", "q90")],
        sa.PrimaryKeyConstraint("run_id", "stream", "ds", name="pk_forecast"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_forecast_run_id"),
    )
    op.create_index("ix_forecast_stream_ds", "forecast", ["stream", "ds"])


def _worker() -> None:
    op.create_table(
        "worker",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        *[sa.Column(name, sa.Text, nullable=False) for name in ("actor", "action", "subject", "detail")],
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("one", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_audit_head"),
        sa.CheckConstraint("one = 1", name=op.f("ck_audit_head_single")),
    )
    op.bulk_insert(head, [{"one": 1, "number": 0, "hash": "0" * 64}])
    _refuse_changes_to_the_audit()


def _refuse_changes_to_the_audit() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_keeps_{verb.lower()} BEFORE {verb} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit rows are never changed'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_keeps()"
    )
