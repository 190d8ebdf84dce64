"""A booked theatre list tells the use of the coming days, and what it is worth."""

import io
import json
import re
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from dashboards.cli import main
from forecasting.targets.booked import BadList, kits_ahead, read_booked
from forecasting.targets.hierarchy import table_of
from twin.errors import UsageError

FIRST, TODAY = date(2024, 1, 1), date(2024, 7, 1)
KITS = {"hip": {"implant": 1, "drape": 3}, "knee": {"drape": 2}}


def theatre(days: int = 210, seed: int = 1) -> pd.DataFrame:
    """All cases of a theatre whose days differ much: booked up to thirty days before, a tenth cancelled."""
    chance = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        planned = pd.Timestamp(FIRST) + pd.Timedelta(days=day)
        busy = chance.gamma(4.0, 0.25)
        for kit, usual in (("hip", 6.0), ("knee", 3.0)):
            for _ in range(chance.poisson(usual * busy * (0.1 if planned.day_of_week >= 5 else 1.0))):
                before = chance.uniform(0.3, 30)
                off = chance.random() < 0.1
                gone = planned - pd.Timedelta(days=chance.uniform(0, before)) if off else pd.NaT
                rows.append((kit, planned, planned - pd.Timedelta(days=before), gone, not off))
    return pd.DataFrame(rows, columns=["kit", "planned", "booked_at", "cancelled_at", "done"])


def list_of(cases: pd.DataFrame, today: date, path) -> str:
    """The list as the theatre office has it on the morning of a day: nothing that is said later."""
    at = pd.Timestamp(today)
    seen = cases[cases["booked_at"] < at].copy()
    seen["cancelled_at"] = seen["cancelled_at"].where(seen["cancelled_at"] < at)
    done = np.where(seen["planned"] < at, seen["done"].astype(int).astype(str), "")
    seen.assign(planned=seen["planned"].dt.date, done=done).to_csv(
        path, index=False, date_format="%Y-%m-%dT%H:%M"
    )
    return str(path)


@pytest.fixture
def booked(tmp_path):
    return list_of(theatre(), TODAY, tmp_path / "list.csv")


def called(capsys, *words) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    out = capsys.readouterr()
    return end.value.code or 0, out.out, out.err


def test_the_list_foretells_a_week_better_than_the_usual_weekday(tmp_path):
    cases, ours, usual, inside = theatre(days=300), [], [], []
    for week in range(8):
        today = TODAY + timedelta(days=7 * week)
        known = read_booked(list_of(cases, today, tmp_path / "list.csv"), today)
        days = pd.date_range(today, periods=7)
        done = cases[cases["done"]]
        table = pd.crosstab(done["kit"], done["planned"])
        truth = table.reindex(columns=days, fill_value=0).to_numpy()
        past = table.reindex(columns=pd.date_range(FIRST, today, inclusive="left"), fill_value=0)
        weekday = np.stack(
            [past.loc[:, past.columns.day_of_week == d].mean(axis=1) for d in days.day_of_week], 1
        )

        ahead = kits_ahead(known, 7, contents=KITS, levels=["kit"], seed=week, n_paths=300)

        ours.append(np.abs(ahead.paths.mean(axis=0) - truth).mean())
        usual.append(np.abs(weekday - truth).mean())
        low, high = np.quantile(ahead.paths.sum(axis=1), [0.1, 0.9], axis=0)
        inside.append((truth.sum(axis=0) >= low) & (truth.sum(axis=0) <= high))

    assert np.mean(ours) < 0.75 * np.mean(usual), (np.mean(ours), np.mean(usual))
    assert 0.7 < np.mean(inside) < 0.95


def test_the_command_gives_kits_items_paths_and_what_the_list_is_worth(capsys, booked, tmp_path, monkeypatch):
    monkeypatch.setattr("dashboards.cli.forecast_booked._contents", lambda workspace: KITS)
    paths = tmp_path / "paths.csv"

    code, out, err = called(
        capsys, "forecast", "--target", "kits", "--booked", booked, "--horizon", 7, "--paths", paths, "--json"
    )

    document = json.loads(out)
    assert code == 0 and document["as_of"] == str(TODAY)
    names = {row["unique_id"] for row in document["forecast"]}
    assert names == {"kits/kit/hip", "kits/kit/knee", "kits/item/drape", "kits/item/implant"}
    ours, usual = map(float, re.search(r"missed ([\d.]+) .*, the usual weekday ([\d.]+)", err).groups())
    assert ours < 0.8 * usual
    wide = pd.read_csv(paths).pivot_table(index=["path", "ds"], columns="unique_id", values="y")
    assert (wide["kits/item/implant"] == wide["kits/kit/hip"]).all()
    assert (wide["kits/item/drape"] == 3 * wide["kits/kit/hip"] + 2 * wide["kits/kit/knee"]).all()


def test_a_list_without_a_hospital_tells_of_kits_alone(capsys, booked, tmp_path):
    code, out, err = called(
        capsys, "forecast", "--booked", booked, "--horizon", 3, "--workspace", tmp_path / "nowhere"
    )

    assert code == 0 and "without items: hip, knee" in err
    table = pd.read_csv(io.StringIO(out))
    assert table["unique_id"].tolist() == ["kits/kit/hip"] * 3 + ["kits/kit/knee"] * 3


def test_the_table_is_that_of_the_paths(booked):
    ahead = kits_ahead(read_booked(booked), 5, contents=KITS)

    pd.testing.assert_frame_equal(ahead.table, table_of(ahead.paths, ahead.ids, ahead.stamps))
    assert ahead.stamps[0] == pd.Timestamp(TODAY)


def test_every_fault_of_a_list_is_told_with_its_row(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(
        "kit,planned,booked_at,cancelled_at,done\n"
        "hip,2024-03-05,2024-03-01T10:00,,1\n"
        ",2024-03-05,2024-03-01T10:00,,1\n"
        "hip,05/03/2024,2024-03-01T10:00,,1\n"
        "hip,2024-03-05,,,perhaps\n"
        "hip,2024-03-05,2024-03-02T10:00,2024-03-01T10:00,0\n"
    )

    with pytest.raises(BadList) as told:
        read_booked(path)

    text = str(told.value)
    for part in ("row 3, kit", "row 4, planned", "row 5, booked_at", "row 5, done", "row 6, cancelled_at"):
        assert part in text, part
    assert {problem.code for problem in told.value.problems} <= {"E_BOOKED", "E_AMBIGUOUS_DATE"}


def test_a_list_that_begins_last_week_teaches_nothing_and_says_so(tmp_path):
    path = list_of(theatre(days=40), FIRST + timedelta(days=9), tmp_path / "list.csv")

    with pytest.raises(BadList, match="28 are needed"):
        kits_ahead(read_booked(path), 3, contents=KITS)


def test_a_list_beside_a_history_and_unknown_levels_are_refused(capsys, booked):
    code, _, err = called(capsys, "forecast", booked, "--booked", booked, "--horizon", 3)
    assert code == 2 and "HISTORY" in err

    with pytest.raises(UsageError, match="no level of kits"):
        kits_ahead(read_booked(booked), 3, contents=KITS, levels=["ward"])
