"""Histories, plans, scenarios and users: written once, changed by name, each change in the audit."""

import datetime as dt
import threading
from collections.abc import Callable

import pandas as pd
import pytest
from sqlalchemy import text

from twin.errors import NotFound, UsageError
from twin.records.history import History, history_of
from twin.store import ArtefactDamaged, NotOpen, PlanOverlaps, Put, Store

FIRST, LAST = dt.date(2024, 4, 1), dt.date(2024, 4, 28)
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"


def days(*counts: float | None, start: str = "2024-03-01", name: str = "ed") -> History:
    stamps = pd.date_range(start, periods=len(counts), freq="D")
    return history_of(pd.DataFrame({"unique_id": name, "ds": stamps, "y": counts}), frequency="D")


def audit_of(store: Store) -> list[tuple[str, str, str]]:
    store.audit.verify()
    with store.database.reading() as connection:
        rows = connection.execute(text("SELECT actor, action, subject FROM audit ORDER BY number")).all()
    return [tuple(row) for row in rows]


# Histories


def test_a_history_is_kept_and_given_back(store: Store):
    given = days(90, None, 95.5, *[90] * 7)

    assert store.histories.put("nhs", given) == Put(added=10, changed=0, same=0)

    held = store.histories.get("nhs")
    pd.testing.assert_frame_equal(held.frame, given.frame)
    assert held.frequency == "D"
    (told,) = store.histories.sources()
    assert (told.source, told.frequency, told.series, told.rows) == ("nhs", "D", 1, 10)
    assert (told.first, told.last) == (dt.datetime(2024, 3, 1), dt.datetime(2024, 3, 10))


def test_the_same_history_again_changes_nothing_and_news_replace_what_was_said(store: Store):
    given = days(90, None, 95, *[90] * 7)
    store.histories.put("nhs", given)
    before = audit_of(store)

    assert store.histories.put("nhs", given) == Put(0, 0, 10)
    assert audit_of(store) == before
    assert store.histories.put("nhs", days(91, 96, *[90] * 8, start="2024-03-02")) == Put(1, 2, 7)
    assert store.histories.get("nhs").frame["y"].tolist() == [90, 91, 96, *[90] * 8]
    assert len(audit_of(store)) == 2


def test_a_period_between_that_was_never_told_is_missing(store: Store):
    store.histories.put("nhs", days(*range(8)))
    store.histories.put("nhs", days(95, start="2024-03-10"))

    counts = store.histories.get("nhs").frame["y"]
    assert counts.isna().tolist() == [False] * 8 + [True, False]


def test_a_source_held_by_day_and_by_hour_is_asked_for_by_name(store: Store):
    stamps = pd.date_range("2024-03-01", periods=48, freq="h")
    hours = history_of(pd.DataFrame({"unique_id": "ed", "ds": stamps, "y": 4}), frequency="h")
    store.histories.put("nhs", hours)
    store.histories.put("nhs", days(90))

    assert len(store.histories.get("nhs", "h").frame) == 48
    assert len(store.histories.get("nhs", "D").frame) == 1
    for asked, words in ((("nhs",), "by D, h"), (("nhs", "W"), "by D, h"), (("no",), "nothing")):
        with pytest.raises(NotFound, match=words):
            store.histories.get(*asked)


def test_a_long_history_is_kept_whole(store: Store):
    given = days(*range(5_000))

    assert store.histories.put("long", given).added == 5_000
    assert store.histories.put("long", given).same == 5_000
    assert store.histories.get("long").frame["y"].tolist() == list(range(5_000))


# Plans


def document(store: Store, words: str = "beds") -> str:
    with store.artefacts.staging() as folder:
        (folder / "plan").write_text(words)
        return store.artefacts.keep_file(folder / "plan")


def a_plan(store: Store, first: dt.date = FIRST, last: dt.date = LAST) -> int:
    claim = store.runs.start("run", {}, owner="test")
    number = store.plans.propose(claim.run_id, "beds", document(store), first, last)
    store.runs.finish(claim, {})
    return number


def test_a_plan_goes_from_proposed_over_approved_to_withdrawn(store: Store):
    number = a_plan(store)
    assert store.plans.get(number).status == "proposed"
    assert store.plans.holds(FIRST) is None

    approved = store.plans.approve(number, actor="bed_manager", note="as agreed")
    assert (approved.status, approved.decided_by, approved.note) == ("approved", "bed_manager", "as agreed")
    assert store.plans.approve(number, actor="deputy").decided_by == "bed_manager", "approved once"
    assert store.plans.holds(FIRST) == store.plans.holds(LAST) == approved
    assert store.plans.holds(LAST + dt.timedelta(days=1)) is None

    assert store.plans.withdraw(number, actor="deputy").status == "withdrawn"
    assert store.plans.holds(FIRST) is None
    assert [row[:2] for row in audit_of(store)[1:]] == [
        ("local", "plan.propose"),
        ("test", "run.done"),
        ("bed_manager", "plan.approve"),
        ("deputy", "plan.withdraw"),
    ]
    with pytest.raises(NotOpen, match="withdrawn"):
        store.plans.approve(number, actor="bed_manager")
    with pytest.raises(NotFound):
        store.plans.get(number + 1)


def test_the_same_proposal_again_is_the_same_plan_and_another_is_refused(store: Store):
    claim, sha = store.runs.start("run", {}, owner="test"), document(store)
    run_id = claim.run_id
    number = store.plans.propose(run_id, "beds", sha, FIRST, LAST)
    store.runs.finish(claim, {})

    assert store.plans.propose(run_id, "beds", sha, FIRST, LAST) == number
    with pytest.raises(NotOpen, match="other content"):
        store.plans.propose(run_id, "beds", document(store, "more beds"), FIRST, LAST)
    assert len(store.plans.list()) == 1
    with pytest.raises(NotFound, match="no run"):
        store.plans.propose("no-such-run", "beds", sha, FIRST, LAST)
    with pytest.raises(ArtefactDamaged, match="gone"):
        store.plans.propose(run_id, "staff", "0" * 64, FIRST, LAST)


def test_a_plan_is_seen_when_its_run_is_done_and_a_second_attempt_may_say_it_anew(store: Store):
    claim = store.runs.start("run", {}, owner="test")
    number = store.plans.propose(claim.run_id, "beds", document(store), FIRST, LAST)

    assert store.plans.list() == () and store.plans.holds(FIRST) is None
    with pytest.raises(NotFound):
        store.plans.approve(number, actor="bed_manager")
    better = document(store, "more beds")
    assert store.plans.propose(claim.run_id, "beds", better, FIRST, LAST) == number
    store.runs.finish(claim, {})

    assert [(entry.number, entry.sha256) for entry in store.plans.list()] == [(number, better)]


def test_a_plan_made_by_hand_is_recorded_with_its_run_and_its_files_at_once(store: Store):
    files = {"plan.json": (b"{}", "application/json"), "plan.toml": (b"", "application/toml")}
    asked = ("optimize", "beds", FIRST, LAST, files)

    entry, new = store.plans.record(*asked, document="plan.json", summary={"plan": "beds"})

    run = store.runs.get(entry.run_id)
    assert (run.kind, run.state, run.summary) == ("optimize", "done", {"plan": "beds"})
    assert (new, entry.status) == (True, "proposed")
    assert store.artefacts.get(run.id, "plan.json") == b"{}"
    assert store.plans.record(*asked, document="plan.json") == (entry, False)
    store.plans.approve(entry.number, actor="bed_manager")
    assert store.plans.record(*asked, document="plan.json")[0].number == entry.number
    store.plans.withdraw(entry.number, actor="bed_manager")
    assert store.plans.record(*asked, document="plan.json")[1]


def test_on_any_date_one_approved_plan_holds(store: Store):
    old = a_plan(store)
    store.plans.approve(old, actor="bed_manager")
    new = a_plan(store, LAST, LAST + dt.timedelta(days=28))
    after = a_plan(store, LAST + dt.timedelta(days=29), LAST + dt.timedelta(days=40))
    store.plans.approve(after, actor="bed_manager")

    with pytest.raises(PlanOverlaps, match="2024-04-28") as refused:
        store.plans.approve(new, actor="bed_manager")
    assert refused.value.numbers == (old,)
    assert store.plans.get(new).status == "proposed"

    store.plans.approve(new, actor="bed_manager", supersede=True)
    assert [p.status for p in store.plans.list()] == ["approved", "approved", "superseded"]
    assert store.plans.holds(LAST).number == new
    assert store.plans.holds(FIRST) is None
    assert [p.number for p in store.plans.list("superseded")] == [old]


def test_of_many_who_approve_at_once_one_holds(opened: Callable[[], Store]):
    numbers = [a_plan(opened()) for _ in range(4)]
    refused: list[PlanOverlaps] = []

    def approve(store: Store, number: int) -> None:
        try:
            store.plans.approve(number, actor="bed_manager")
        except PlanOverlaps as error:
            refused.append(error)

    hands = [threading.Thread(target=approve, args=(opened(), number)) for number in numbers]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    assert len(refused) == 3
    assert len(opened().plans.list("approved")) == 1


# Scenarios


def test_each_version_of_a_scenario_is_kept(store: Store):
    first = store.scenarios.put("surge", "beds = 4", actor="bed_manager")
    assert store.scenarios.put("surge", "beds = 4", actor="deputy") == first
    second = store.scenarios.put("surge", "beds = 6", actor="deputy")

    assert (first.version, second.version, second.made_by) == (1, 2, "deputy")
    assert store.scenarios.get("surge") == second
    assert store.scenarios.get("surge", 1) == first
    assert store.scenarios.list() == (second,)
    assert audit_of(store) == [("bed_manager", "scenario.put", "surge"), ("deputy", "scenario.put", "surge")]
    for asked in (("winter",), ("surge", 3)):
        with pytest.raises(NotFound):
            store.scenarios.get(*asked)


def test_a_retired_scenario_is_listed_no_more_and_comes_back_as_a_new_version(store: Store):
    store.scenarios.put("base", "")
    first = store.scenarios.put("surge", "beds = 4")
    store.scenarios.retire("surge")
    store.scenarios.retire("surge")

    assert [entry.name for entry in store.scenarios.list()] == ["base"]
    assert [entry.name for entry in store.scenarios.list(retired=True)] == ["base", "surge"]
    with pytest.raises(NotFound, match="retired"):
        store.scenarios.get("surge")
    assert store.scenarios.get("surge", 1).content == first.content
    assert store.scenarios.put("surge", "beds = 4").version == 2
    with pytest.raises(NotFound):
        store.scenarios.retire("winter")


def test_two_who_put_a_scenario_at_once_make_two_versions(opened: Callable[[], Store]):
    hands = [threading.Thread(target=opened().scenarios.put, args=("surge", f"beds = {n}")) for n in range(6)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    versions = [opened().scenarios.get("surge", n + 1).content for n in range(6)]
    assert sorted(versions) == [f"beds = {n}" for n in range(6)]


# Users


def test_who_is_not_on_the_list_may_do_nothing(store: Store):
    assert not store.users.may("bed_manager", "viewer")

    store.users.add("bed_manager", actor="admin")
    assert store.users.may("bed_manager", "viewer")
    assert not store.users.may("bed_manager", "planner")
    store.users.set_role("bed_manager", "planner", actor="admin")
    assert store.users.may("bed_manager", "viewer")
    assert store.users.may("bed_manager", "planner")
    assert not store.users.may("bed_manager", "admin")
    store.users.deactivate("bed_manager", actor="admin")
    assert not store.users.may("bed_manager", "viewer")
    store.users.activate("bed_manager", actor="admin")
    assert store.users.may("bed_manager", "planner")
    assert [row[1] for row in audit_of(store)] == [
        "user.add",
        "user.role",
        "user.deactivate",
        "user.activate",
    ]


def test_a_plain_password_is_never_kept(store: Store):
    for plain in ("geheim", "$ecret", ""):
        with pytest.raises(UsageError, match="hash") as refused:
            store.users.add("bed_manager", password_hash=plain, actor="admin")
        assert "geheim" not in str(refused.value)
    assert store.users.list() == ()

    store.users.add("bed_manager", password_hash=HASH, actor="admin")
    store.users.set_password_hash("bed_manager", HASH + "2", actor="admin")
    (user,) = store.users.list()
    assert user.password_hash == HASH + "2"
    assert "argon2" not in repr(user)
    with store.database.reading() as connection:
        assert "argon2" not in " ".join(connection.execute(text("SELECT detail FROM audit")).scalars())


def test_names_and_roles_are_checked(store: Store):
    store.users.add("bed_manager", actor="admin")

    with pytest.raises(UsageError, match="already"):
        store.users.add("bed_manager", "admin", actor="admin")
    for refuse in (
        lambda: store.users.add("deputy", "root", actor="admin"),
        lambda: store.users.set_role("bed_manager", "root", actor="admin"),
        lambda: store.users.add("  ", actor="admin"),
        lambda: store.users.may("bed_manager", "root"),
    ):
        with pytest.raises(UsageError):
            refuse()
    with pytest.raises(NotFound):
        store.users.set_role("deputy", "admin", actor="admin")
    assert [user.role for user in store.users.list()] == ["viewer"]
