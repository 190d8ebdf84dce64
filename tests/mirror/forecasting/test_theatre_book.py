"""The booked list of the records: theatre cases, and the kits that the ways of their classes take."""

import io
from datetime import date, datetime

import pandas as pd
import pytest

from dashboards.cli import main
from forecasting.targets.booked import kits_ahead
from forecasting.targets.theatre_book import book_from, kits_of
from tests.houses import hospital
from twin.errors import UsageError

KNOWN_UNTIL = datetime(2024, 7, 1, 7)


def a_theatre():
    """Hips and knees take their kit in theatre; a review takes none."""
    operation = {"places": ["theatre"], "duration": {"mean": 90, "unit": "minutes"}}
    ways = {
        "hip": [{"name": "operate", "kit": "hip_set", **operation}],
        "knee": [{"name": "operate", "kit": "knee_set", **operation}],
        "review": [{"name": "look", **operation}],
    }
    house = hospital(pathways=ways, places={"theatre": 2})
    more = {
        "items": {name: {"title": name, "stock": 100} for name in ("implant", "drape")},
        "kits": {"hip_set": {"contents": {"implant": 1, "drape": 3}}, "knee_set": {"contents": {"drape": 2}}},
    }
    described = house.model_dump(by_alias=True)
    for name in ("hip", "knee"):
        described["pathways"][name]["steps"][0]["kit"] = f"{name}_set"
    return type(house).model_validate(described | more)


def case(of, requested, planned, status, started=None, said_at=None):
    stamps = (pd.Timestamp(at) if at else pd.NaT for at in (requested, planned, started, said_at))
    return of, *stamps, status


def cases(*rows):
    columns = ["patient_class", "requested", "planned_start", "started", "said_at", "status"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[1:5], "datetime64[ns]"))


def test_a_case_takes_the_kits_of_its_way_and_counts_on_the_day_it_began():
    told = cases(
        case("hip", "2024-05-01", "2024-06-03 09:00", "done", started="2024-06-04 08:30"),
        case("knee", "2024-05-02", "2024-07-02 09:00", "scheduled"),
        case("hip", "2024-05-03", "2024-07-02 11:00", "cancelled", said_at="2024-06-20 10:00"),
        case("review", "2024-05-04", "2024-07-03 09:00", "scheduled"),
    )

    book, left_out = book_from(told, a_theatre(), KNOWN_UNTIL)

    rows = book.cases.set_index("kind")
    assert sorted(book.cases["kind"]) == ["hip_set", "hip_set", "knee_set"], "a review takes none"
    assert book.cases["planned"].tolist()[0] == pd.Timestamp("2024-06-04")
    assert book.cases["done"].tolist() == [True, False, False]
    assert rows.loc["hip_set", "cancelled_at"].tolist()[1] == pd.Timestamp("2024-06-20 10:00")
    assert (book.today, left_out) == (date(2024, 7, 1), ())


def test_what_the_records_do_not_say_of_a_case_is_told():
    told = cases(
        case("hip", "2024-05-01", "2024-06-03 09:00", "done", started="2024-06-03 08:30"),
        case("hip", None, "2024-07-02 09:00", "scheduled"),
        case(None, "2024-05-02", "2024-07-02 09:00", "scheduled"),
    )

    _, left_out = book_from(told, a_theatre(), KNOWN_UNTIL)

    assert "1 theatre cases do not say when they were asked for" in left_out[0]
    assert "1 theatre cases are of no known class" in left_out[1]
    with pytest.raises(UsageError, match="tells its kit"):
        book_from(told[2:], a_theatre(), KNOWN_UNTIL)


def test_the_records_foretell_kits_as_a_file_does():
    days = pd.date_range("2024-05-01", "2024-07-05")
    rows = [
        case(
            kind,
            day - pd.Timedelta(days=14),
            day + pd.Timedelta(hours=9),
            "done" if day < pd.Timestamp(KNOWN_UNTIL).normalize() else "scheduled",
            started=day + pd.Timedelta(hours=9) if day < pd.Timestamp(KNOWN_UNTIL).normalize() else None,
        )
        for day in days
        for kind in ("hip", "knee")
    ]
    house = a_theatre()

    book, _ = book_from(cases(*rows), house, KNOWN_UNTIL)
    ahead = kits_ahead(book, 3, contents={name: kit.contents for name, kit in house.kits.items()})

    assert kits_of(house) == {"hip": ("hip_set",), "knee": ("knee_set",), "review": ()}
    means = ahead.table.groupby("unique_id")["mean"].mean()
    assert means["kits/kit/hip_set"] == pytest.approx(1, abs=0.1)
    assert means["kits/item/drape"] == pytest.approx(5, abs=0.5)


@pytest.mark.long
def test_a_list_that_was_brought_in_is_foretold_and_without_one_the_cure_is_named(tmp_path, capsys):
    def called(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(list(words))
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    where = tmp_path / "ws"
    assert called("init", str(where), "--size", "small", "--until", "2025-03-02", "--seed", "3")[0] == 0
    ask = ("forecast", "--target", "kits", "--horizon", "7", "--workspace", str(where))
    code, _, err = called(*ask)
    assert code == 2 and "no theatre cases" in err

    house = where / "hospital.toml"
    text = house.read_text()
    assert 'name = "operation", title = "Day operation"' in text
    text = text.replace(
        'name = "operation", title = "Day', 'name = "operation", kit = "day_set", title = "Day'
    )
    kits = '[items.drape]\ntitle = "Drape"\nstock = 500\n\n[kits.day_set]\ncontents = { drape = 2 }\n'
    house.write_text(f"{text}\n{kits}")
    (where / "records.toml").write_text('[[classes]]\nclass = "day_case"\nwhen = { specialty = ["day"] }\n')
    (tmp_path / "cases.csv").write_text(a_list())
    assert called("import", str(tmp_path / "cases.csv"), "--workspace", str(where))[0] == 0

    code, out, err = called(*ask)

    assert code == 0, err
    table = pd.read_csv(io.StringIO(out)).set_index("unique_id")
    assert set(table.index) == {"kits/kit/day_set", "kits/item/drape"}
    assert table.loc["kits/kit/day_set", "mean"].mean() == pytest.approx(2, abs=0.3)
    assert table.loc["kits/item/drape", "mean"].mean() == pytest.approx(4, abs=0.6)


def a_list() -> str:
    """Two day cases a day, asked for a fortnight before, until the extract of 3 March and a week on."""
    lines = ["case,theatre,specialty,requested,planned_start,started,ended,status,said_at"]
    now = pd.Timestamp("2025-03-03 07:00")
    for day in pd.date_range("2025-01-06", "2025-03-09"):
        for k in range(2):
            at, asked = day + pd.Timedelta(hours=9 + k), day - pd.Timedelta(days=14)
            done = f"{at},{at + pd.Timedelta(hours=1)},done" if at < now else ",,scheduled"
            lines.append(f"{day:%m%d}-{k},theatres,day,{asked},{at},{done},{min(at, now)}")
    return "\n".join(lines) + "\n"
