"""What runs leave: artefacts seen when done, forecasts kept as said, an audit that shows every change."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import exc, text

from twin.errors import NotFound
from twin.store import AlreadyIssued, ArtefactDamaged, AuditBroken, Store, StoreUnusable

SAID = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
DAYS = [dt.date(2026, 11, 23), dt.date(2026, 11, 24)]


def running(store: Store):
    return store.runs.start("run", {}, owner="test")


def test_artefacts_are_seen_when_the_run_is_done_and_not_before(store: Store):
    claim = running(store)
    store.artefacts.put(claim, "plan.toml", b"first")
    digest = store.artefacts.put(claim, "plan.toml", b"second")
    assert store.artefacts.names(claim.run_id) == ()
    with pytest.raises(NotFound):
        store.artefacts.get(claim.run_id, "plan.toml")

    store.runs.finish(claim, {})
    assert store.artefacts.names(claim.run_id) == ("plan.toml",)
    assert store.artefacts.get(claim.run_id, "plan.toml") == b"second"
    assert store.artefacts.path(digest).read_bytes() == b"second"
    with pytest.raises(NotFound):
        store.artefacts.get(claim.run_id, "report.html")


def test_what_a_dead_worker_left_is_not_mixed_with_what_its_heir_made(store: Store):
    run_id = store.runs.add("run", {})
    store.artefacts.put(store.runs.claim(lease_seconds=0.0), "half.json", b"{")
    heir = store.runs.claim()
    store.artefacts.put(heir, "whole.json", b"{}")
    store.runs.finish(heir, {})

    assert store.artefacts.names(run_id) == ("whole.json",)


def test_the_same_content_is_kept_once(store: Store):
    claim = running(store)
    one, two = (store.artefacts.put(claim, name, b"same") for name in ("a", "b"))

    assert one == two
    assert len([f for f in (store.workspace / "artefacts").rglob("*") if f.is_file()]) == 1


def test_an_artefact_altered_or_gone_on_disk_is_never_given_out(store: Store):
    claim = running(store)
    digest = store.artefacts.put(claim, "plan", b"beds = 24")
    store.runs.finish(claim, {})

    store.artefacts.path(digest).write_bytes(b"beds = 25")
    with pytest.raises(ArtefactDamaged, match="altered"):
        store.artefacts.get(claim.run_id, "plan")
    store.artefacts.path(digest).unlink()
    with pytest.raises(ArtefactDamaged, match="gone"):
        store.artefacts.get(claim.run_id, "plan")

    again = running(store)
    store.artefacts.put(again, "plan", b"beds = 24")
    assert store.artefacts.get(claim.run_id, "plan") == b"beds = 24"


def test_forecasts_are_seen_when_the_run_is_done_and_never_change_after(store: Store):
    claim = running(store)
    store.forecasts.add(claim.run_id, SAID, "ed", DAYS, [100, 99], [90, 89], [100, 99], [110, 109])
    store.forecasts.add(claim.run_id, SAID, "ed", DAYS, [101, 99], [90, 89], [100, 99], [110, 109])
    assert store.forecasts.list("ed") == ()

    store.runs.finish(claim, {})
    issued = store.forecasts.list("ed")
    assert [(row.ds, row.mean, row.q90) for row in issued] == [(DAYS[0], 101, 110), (DAYS[1], 99, 109)]
    assert issued[0].issued_at == SAID
    assert store.forecasts.list("electives") == ()

    store.forecasts.add(claim.run_id, SAID, "ed", DAYS[0], 101, 90, 100, 110)  # the same again: nothing to do
    store.forecasts.add(claim.run_id, SAID, "new", DAYS[0], 1, 1, 1, 1)
    with pytest.raises(AlreadyIssued, match="2026-11-23"):
        store.forecasts.add(claim.run_id, SAID, "ed", DAYS[0], 105, 90, 100, 110)
    assert store.forecasts.list("ed") == issued
    assert len(store.forecasts.list()) == 3


def test_a_forecast_needs_a_run_a_time_zone_and_numbers_for_each_day(store: Store):
    claim = running(store)

    with pytest.raises(NotFound):
        store.forecasts.add("no-such-run", SAID, "ed", DAYS[0], 1, 1, 1, 1)
    with pytest.raises(ValueError, match="2 days"):
        store.forecasts.add(claim.run_id, SAID, "ed", DAYS, [1], [1], [1], [1])
    with pytest.raises((ValueError, exc.StatementError), match="time zone"):
        store.forecasts.add(claim.run_id, SAID.replace(tzinfo=None), "ed", DAYS[0], 1, 1, 1, 1)


def test_the_audit_tells_what_happened_to_a_run(store: Store):
    claim = running(store)
    store.runs.finish(claim, {})
    store.audit.write("bed_manager", "plan.approve", claim.run_id, {"beds": 24, "note": "näh\0"})

    with store.database.reading() as connection:
        rows = connection.execute(text("SELECT actor, action, subject FROM audit ORDER BY number")).all()
    assert [tuple(row) for row in rows] == [
        ("local", "run.add", claim.run_id),
        ("test", "run.done", claim.run_id),
        ("bed_manager", "plan.approve", claim.run_id),
    ]
    assert store.audit.verify() == 3


def test_an_audit_row_cannot_be_changed_by_the_way_of_the_database(store: Store):
    store.audit.write("bed_manager", "plan.approve", "p1")

    for change in ("UPDATE audit SET actor = 'deputy'", "DELETE FROM audit"):
        with pytest.raises((exc.IntegrityError, StoreUnusable), match="never changed"):
            with store.database.writing() as connection:
                connection.execute(text(change))
    assert store.audit.verify() == 1


@pytest.mark.parametrize(
    ("change", "first_bad"),
    [
        ("UPDATE audit SET actor = 'deputy' WHERE number = 3", 3),
        ("UPDATE audit SET at = at + 1 WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 4", 4),
        ("DELETE FROM audit WHERE number >= 5", 5),
        ("UPDATE audit SET number = number + 10 WHERE number = 1", 1),
    ],
)
def test_the_audit_names_the_first_row_that_was_altered(store: Store, change: str, first_bad: int):
    for n in range(6):
        store.audit.write("bed_manager", "plan.approve", f"plan {n}")
    assert store.audit.verify() == 6

    with store.database.writing() as connection:  # somebody with the keys of the database
        for trigger in ("audit_keeps_update", "audit_keeps_delete"):
            if store.database.is_sqlite:
                connection.execute(text(f"DROP TRIGGER {trigger}"))
        if not store.database.is_sqlite:
            connection.execute(text("DROP TRIGGER audit_keeps ON audit"))
        connection.execute(text(change))

    with pytest.raises(AuditBroken, match=f"audit row {first_bad} "):
        store.audit.verify()


def test_a_failed_transaction_leaves_nothing(store: Store, tmp_path: Path):
    before = store.runs.list()

    with pytest.raises(RuntimeError), store.database.writing() as connection:
        connection.execute(text("UPDATE audit_head SET number = 7"))
        raise RuntimeError("power")
    assert store.runs.list() == before
    assert store.audit.verify() == 0
