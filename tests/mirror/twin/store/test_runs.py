"""Runs: one holder at a time, nothing written by a holder who lost it, one live run a key."""

import datetime as dt

import numpy as np
import pytest
from sqlalchemy import exc

from twin.errors import NotFound
from twin.store import KeyTaken, StaleLease, Store

LAPSED = 0.0  # a lease of no length has lapsed by the time anybody looks


def test_a_run_goes_from_queued_over_running_to_done(store: Store):
    run_id = store.runs.add("run", {"days": 28})
    assert store.runs.get(run_id).state == "queued"

    claim = store.runs.claim(owner="ward-pc")
    assert (claim.run_id, claim.kind, claim.inputs) == (run_id, "run", {"days": 28})
    assert store.runs.get(run_id).state == "running"

    store.runs.progress(claim, 3, 10, "simulating")
    store.runs.finish(claim, {"cost": 12.5})
    run = store.runs.get(run_id)
    assert (run.state, run.summary, run.note) == ("done", {"cost": 12.5}, "simulating")
    assert (run.progress_done, run.progress_total) == (10, 10)
    assert run.created <= run.started <= run.ended
    assert run.created.tzinfo is not None


def test_the_oldest_queued_run_is_claimed_first_and_once(store: Store):
    first, second = store.runs.add("run", {}), store.runs.add("run", {})

    assert store.runs.claim().run_id == first
    assert store.runs.claim().run_id == second
    assert store.runs.claim() is None


def test_a_worker_takes_only_the_kinds_it_knows_or_the_run_it_names(store: Store):
    store.runs.add("simulate", {})
    wanted, named = store.runs.add("whatif", {}), store.runs.add("run", {})

    assert store.runs.claim(kinds=["run", "whatif"]).run_id == wanted
    assert store.runs.claim(named).run_id == named
    assert store.runs.claim(named) is None


def test_a_lapsed_run_is_done_again_by_another_and_the_late_worker_is_refused(store: Store):
    store.runs.add("run", {})
    zombie = store.runs.claim(owner="zombie", lease_seconds=LAPSED)

    heir = store.runs.claim(owner="heir")
    assert heir.run_id == zombie.run_id
    assert heir.token > zombie.token
    for write in (
        lambda: store.runs.heartbeat(zombie),
        lambda: store.runs.progress(zombie, 1, 2),
        lambda: store.artefacts.put(zombie, "plan.toml", b"old"),
        lambda: store.runs.finish(zombie, {"by": "zombie"}),
        lambda: store.runs.fail(zombie, "late"),
        lambda: store.runs.cancelled(zombie),
        lambda: store.runs.release(zombie),
        lambda: store.runs.cancel_asked(zombie),
    ):
        with pytest.raises(StaleLease):
            write()

    store.runs.finish(heir, {"by": "heir"})
    assert store.runs.get(heir.run_id).summary == {"by": "heir"}


def test_a_run_that_lapses_twice_fails_with_the_reason(store: Store):
    run_id = store.runs.add("run", {})
    store.runs.claim(lease_seconds=LAPSED)
    store.runs.claim(lease_seconds=LAPSED)

    assert store.runs.claim() is None
    run = store.runs.get(run_id)
    assert run.state == "failed"
    assert "twice" in run.error


def test_a_heartbeat_keeps_the_lease(store: Store):
    store.runs.add("run", {})
    held = store.runs.claim(lease_seconds=60)
    store.runs.heartbeat(held)

    assert store.runs.claim(owner="other") is None


def test_a_released_run_waits_again_and_is_not_counted_as_lapsed(store: Store):
    run_id = store.runs.add("run", {})
    for _ in range(3):
        store.runs.release(store.runs.claim())

    assert store.runs.get(run_id).state == "queued"
    assert store.runs.claim().run_id == run_id


def test_a_queued_run_is_cancelled_at_once_and_a_running_one_is_told(store: Store):
    waiting, running = store.runs.add("run", {}), store.runs.add("whatif", {})
    claim = store.runs.claim(running)
    assert not store.runs.cancel_asked(claim)

    store.runs.cancel(waiting)
    store.runs.cancel(running)

    assert store.runs.get(waiting).state == "cancelled"
    assert store.runs.get(running).state == "running"
    assert store.runs.cancel_asked(claim)
    store.runs.cancelled(claim)
    assert store.runs.get(running).state == "cancelled"
    store.runs.cancel(running)  # over already: nothing to do
    with pytest.raises(NotFound):
        store.runs.cancel("no-such-run")


def test_a_run_asked_to_stop_whose_worker_died_is_cancelled_not_tried_again(store: Store):
    run_id = store.runs.add("run", {})
    store.runs.claim(lease_seconds=LAPSED)
    store.runs.cancel(run_id)

    assert store.runs.claim() is None
    assert store.runs.get(run_id).state == "cancelled"


def test_one_key_has_one_live_run_and_a_done_one_is_found_by_it(store: Store):
    run_id = store.runs.add("nightly", {}, key="2026-11-22 sha")
    with pytest.raises(KeyTaken) as waiting:
        store.runs.add("nightly", {}, key="2026-11-22 sha")
    assert (waiting.value.run_id, waiting.value.state) == (run_id, "queued")
    assert store.runs.by_key("2026-11-22 sha") is None
    assert store.runs.by_key("2026-11-22 sha", state=None).id == run_id

    store.runs.finish(store.runs.claim(), {})
    assert store.runs.by_key("2026-11-22 sha").id == run_id
    with pytest.raises(KeyTaken):
        store.runs.start("nightly", {}, owner="me", key="2026-11-22 sha")


def test_a_failed_run_frees_its_key(store: Store):
    store.runs.add("nightly", {}, key="k")
    store.runs.fail(store.runs.claim(), "no beds\0 at all")
    assert store.runs.latest("nightly", "failed").error == "no beds at all"

    again = store.runs.start("nightly", {}, owner="me", key="k")
    store.runs.finish(again, {})
    assert store.runs.by_key("k").id == again.run_id


def test_a_started_run_is_never_taken_by_a_worker(store: Store):
    claim = store.runs.start("run", {"a": 1}, owner="command")

    assert store.runs.claim(owner="worker") is None
    store.runs.finish(claim, {})
    assert store.runs.get(claim.run_id).state == "done"


def test_the_latest_is_the_last_to_end_and_the_list_is_newest_first(store: Store):
    first, second = store.runs.add("run", {}), store.runs.add("run", {})
    other = store.runs.add("whatif", {})
    one, two = store.runs.claim(first), store.runs.claim(second)
    store.runs.finish(two, {})
    store.runs.finish(one, {})

    assert store.runs.latest("run").id in (first, second)
    assert store.runs.latest("run").ended == max(store.runs.get(i).ended for i in (first, second))
    assert store.runs.latest("nightly") is None
    assert [run.id for run in store.runs.list(2)] == [other, second]
    assert [run.id for run in store.runs.list(kind="run", state="done")] == [second, first]
    with pytest.raises(NotFound):
        store.runs.get("no-such-run")


def test_dates_numpy_numbers_and_missing_numbers_become_json(store: Store):
    run_id = store.runs.add("run", {"from": dt.date(2026, 11, 22), "levels": np.array([1, 2])})
    store.runs.finish(store.runs.claim(), {"mean": np.float64(2.5), "margin": float("nan"), "n": np.int64(3)})

    run = store.runs.get(run_id)
    assert run.inputs == {"from": "2026-11-22", "levels": [1, 2]}
    assert run.summary == {"mean": 2.5, "margin": None, "n": 3}


def test_a_broken_rule_of_the_tables_is_not_taken_for_a_taken_key(store: Store):
    with pytest.raises(exc.IntegrityError):
        store.runs.add(None, {})


def test_workers_say_when_they_were_last_seen(store: Store):
    assert store.workers.last_seen() is None
    assert store.workers.seconds_since() is None

    store.workers.heartbeat("a")
    store.workers.heartbeat("a")
    assert store.workers.seconds_since() < 5
    assert abs(store.workers.last_seen() - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=5)

    store.workers.gone("a")
    assert store.workers.last_seen() is None
