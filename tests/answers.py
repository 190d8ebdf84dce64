"""A drawn answer of the main job, for tests of the pages: seeded, made afresh each time, shipped nowhere.

The shape is that of ``answer.json``; the numbers are a smooth daily swing with drawn spread, no hospital's
own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np

LEVELS = {"q10": -1.2816, "q25": -0.6745, "q50": 0.0, "q75": 0.6745, "q90": 1.2816}
WARDS = {
    "medicine_a": ("Medicine A", 28, 32),
    "respiratory": ("Respiratory", 28, 30),
    "frailty": ("Frailty", 28, 28),
    "acute_medical": ("Acute medical unit", 48, 48),
    "ortho_a": ("Trauma and orthopaedics A", 28, 30),
    "elderly_a": ("Elderly care A", 28, 28),
    "medicine_b": ("Medicine B", 28, 28),
    "stroke": ("Stroke", 26, 28),
    "cardiology": ("Cardiology", 24, 24),
    "surgery_a": ("General surgery A", 28, 28),
    "urology": ("Urology", 18, 20),
    "gynaecology": ("Gynaecology", 16, 18),
}


def drawn_answer(
    seed: int = 7, as_of: str = "2026-11-22T06:00:00", run_id: str = "r-0001", shortest: float = 1.14
) -> dict[str, Any]:
    """One whole answer; ``shortest`` is the need of the tightest ward as a share of its open beds."""
    rng = np.random.default_rng(seed)
    now = datetime.fromisoformat(as_of)
    wards = [_ward(key, now, rng, shortest - 0.045 * i) for i, key in enumerate(WARDS)]
    open_beds = sum(w["open_beds"] for w in wards)
    planned = {w["ward"]: w["planned_beds"] for w in wards}
    return {
        "format": 1,
        "run_id": run_id,
        "kind": "run",
        "hospital": "Reference hospital",
        "beds": open_beds,
        "as_of": as_of,
        "made_at": (now + timedelta(minutes=20)).isoformat(),
        "engine": "kernel",
        "seed": seed,
        "version": "0.1.0",
        "replications": 60,
        "days": 28,
        "command": "twin run",
        "degraded": [],
        "streams": [_stream(now, rng)],
        "track_record": _track_record(now, rng),
        "census": _census(now, rng, open_beds, sum(planned.values())),
        "wards": wards,
        "plan": {
            "name": "Bed plan from 23 November",
            "beds": planned,
            "today": {w["ward"]: w["open_beds"] for w in wards},
            "total": sum(planned.values()),
            "total_today": open_beds,
            "cost_a_day": 1290.0,
            "currency": "GBP",
        },
        "certificate": _certificate(),
        "explanation": _explanation(wards),
        "decisions": _decisions(wards, now),
        "measures": _measures(rng),
        "comparison": _comparison(),
    }


def drawn_comparison(run_id: str = "w-0001", seed: int = 3, replications: int = 30) -> dict[str, Any]:
    """The artefact of a finished what-if run."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            **row,
            "dots_base": list(rng.normal(row["base"], 1.2, replications).round(2)),
            "dots_changed": list(rng.normal(row["changed"], 1.0, replications).round(2)),
        }
        for row in _comparison()["rows"]
    ]
    return {
        "format": 1,
        "run_id": run_id,
        "replications": replications,
        "done": replications,
        "scenario": {"name": "4 more beds in Medicine A", "levers": ["4 more beds in Medicine A"]},
        "rows": rows,
    }


def _spread(middle: np.ndarray, sd: np.ndarray) -> dict[str, list[float]]:
    return {name: np.maximum(middle + z * sd, 0).round(1).tolist() for name, z in LEVELS.items()}


def _hours(now: datetime) -> list[str]:
    return [(now + timedelta(hours=i)).isoformat() for i in range(72)]


def _ward(key: str, now: datetime, rng: np.random.Generator, share: float) -> dict[str, Any]:
    name, beds, physical = WARDS[key]
    t = np.arange(72)
    middle = beds * (share - 0.05 + 0.05 * np.sin((t + now.hour - 4) / 24 * 2 * np.pi) + 0.0008 * t)
    sd = beds * (0.02 + 0.05 * np.sqrt(t / 72))
    need = _spread(middle, sd)
    at = int(np.argmax(middle))
    dots = np.sort(np.maximum(np.round(rng.normal(middle[at], sd[at], 20)), 0)).tolist()
    short = float(np.mean(np.array(dots) > beds))
    planned = min(physical, beds + (4 if short > 0.7 else 2 if short > 0.5 else 0))
    return {
        "ward": key,
        "name": name,
        "open_beds": beds,
        "physical_beds": physical,
        "planned_beds": planned,
        "in_beds": int(min(beds, round(middle[0]))),
        "waiting": int(max(0, round(middle[0] - beds))),
        "need": {"ds": _hours(now), **need},
        "tightest": {
            "ds": _hours(now)[at],
            "q10": need["q10"][at],
            "q50": need["q50"][at],
            "q90": need["q90"][at],
            "dots": dots,
        },
        "chance_short": short,
        "chance_short_planned": float(np.mean(np.array(dots) > planned)),
        "last_week": round(float(middle[at]) - 2),
    }


def _days(now: datetime, first: int, count: int) -> list[str]:
    return [(now.date() + timedelta(days=first + i)).isoformat() for i in range(count)]


def _stream(now: datetime, rng: np.random.Generator) -> dict[str, Any]:
    weekday = np.array([1.09, 1.03, 1.0, 0.99, 1.0, 0.96, 0.93])
    swing = np.array([weekday[(now.weekday() + 1 + i) % 7] for i in range(28)])
    past = np.array([weekday[(now.weekday() - 55 + i) % 7] for i in range(56)])
    history = np.round(rng.normal(250 * past, 13)).tolist()
    middle = 254 * swing
    return {
        "stream": "emergency",
        "name": "Emergency arrivals",
        "unit": "patients a day",
        "made_by": "lstm",
        "source": "UIHC_ED from ed_arrivals_hourly.csv",
        "scale": 1.73,
        "scale_note": "scaled by 1.73 to this hospital's mean of 250 a day",
        "history": {"ds": _days(now, -55, 56), "y": history},
        "forecast": {
            "ds": _days(now, 1, 28),
            "mean": middle.round(1).tolist(),
            **_spread(middle, middle * 0.06),
        },
        "last_week": {"ds": _days(now, 1, 28), "y": [history[-7 + i % 7] for i in range(28)]},
        "holdout": {
            "days": 28,
            "mase": 0.71,
            "wql": 0.041,
            "coverage80": 0.79,
            "naive_mase": 0.98,
            "naive_wql": 0.058,
        },
        "explanation": [_reasons(ds, float(m)) for ds, m in zip(_days(now, 1, 7), middle, strict=False)],
    }


def _reasons(ds: str, middle: float) -> dict[str, Any]:
    """What moved one day's forecast; the parts sum to it."""
    day = datetime.fromisoformat(ds)
    parts = {"weekday": (f"{day:%A}", middle - 254), "recent": ("recent weeks", 6.5), "holiday": (
        "day after Boxing Day", 14.2), "time_of_year": ("time of year", -2.6), "last_year": (
        "same day last year", 0.9), "middle": ("the middle against the mean", -0.8)}  # fmt: skip
    rows = [
        {"reason": reason, "said": said, "value": value, "base": value, "network": 0.0}
        for reason, (said, value) in sorted(parts.items(), key=lambda part: -abs(part[1][1]))
    ]
    usual = middle - sum(row["value"] for row in rows)
    spread = {"q10": 0.92 * middle, "q90": 1.08 * middle}
    return {"ds": ds, "middle": middle, **spread, "usual": usual, "headline": "", "parts": rows}


def _track_record(now: datetime, rng: np.random.Generator) -> list[dict[str, Any]]:
    said = rng.normal(252, 9, 28).round(1)
    happened = np.round(said + rng.normal(0, 13, 28))
    return [
        {
            "stream": "emergency",
            "ds": ds,
            "said": float(s),
            "q10": float(s) - 19,
            "q90": float(s) + 19,
            "happened": float(h),
            "last_week": float(round(h + rng.normal(0, 18))),
            "issued_at": _days(now, -28, 1)[0],
        }
        for ds, s, h in zip(_days(now, -27, 28), said, happened, strict=True)
    ]


def _census(now: datetime, rng: np.random.Generator, beds: int, planned: int) -> dict[str, Any]:
    t = np.arange(72)
    middle = beds * (0.965 + 0.025 * np.sin((t + now.hour - 4) / 24 * 2 * np.pi) + 0.0005 * t)
    d = np.arange(28)
    weekly = beds * (0.975 + 0.03 * np.sin((d + now.weekday()) / 7 * 2 * np.pi) + 0.001 * d)
    mornings = [
        (datetime.fromisoformat(_days(now, 1, 1)[0]) + timedelta(days=int(i), hours=8)).isoformat() for i in d
    ]
    return {
        "hourly": {
            "ds": _hours(now),
            **_spread(middle, beds * (0.004 + 0.02 * np.sqrt(t / 72))),
            "open_beds": [beds - (10 if (now + timedelta(hours=int(i))).weekday() >= 5 else 0) for i in t],
        },
        "daily": {
            "ds": mornings,
            **_spread(weekly, beds * (0.018 + 0.012 * np.sqrt(d / 28))),
            "open_beds": [beds - (10 if datetime.fromisoformat(m).weekday() >= 5 else 0) for m in mornings],
            "planned_beds": [planned] * 28,
        },
    }


def _certificate() -> dict[str, Any]:
    targets = [
        {
            "name": "Mornings with any ward short",
            "unit": "%",
            "limit": "at most 10",
            "expected": 7.9,
            "bound95": 9.1,
            "share_of_futures": 0.94,
            "asked_share": 0.9,
            "holds": True,
        },
        {
            "name": "Bed within 4 h of the decision to admit",
            "unit": "%",
            "limit": "at least 90",
            "expected": 91.9,
            "bound95": 91.0,
            "share_of_futures": 0.92,
            "asked_share": 0.9,
            "holds": True,
        },
        {
            "name": "Patients outside their specialty",
            "unit": "patients a day",
            "limit": "at most 15",
            "expected": 13.2,
            "bound95": 13.9,
            "share_of_futures": 0.96,
            "asked_share": 0.9,
            "holds": True,
        },
    ]
    return {
        "holds": True,
        "gap": 0.0042,
        "cost": 1298.0,
        "objective": 1298.0,
        "bound": 1292.5,
        "bound_note": "lower bound from the solver",
        "train_paths": 40,
        "certify_paths": 40,
        "targets": targets,
        "off_forecast": [_off(targets, change) for change in (-0.2, -0.1, 0.0, 0.1, 0.2)],
        "wording": "On 40 futures kept aside, all 3 targets hold; the cost is within 0.4 % of the "
        "best possible.",
    }


def _off(targets: list[dict[str, Any]], change: float) -> dict[str, Any]:
    """The plan where demand is off: levels get worse as more come."""
    worse = [
        {
            **t,
            "expected": t["expected"] * (1 + (-change / 5 if "least" in t["limit"] else 2 * change)),
            "met_on_average": change < 0.1 or (t["unit"] != "patients a day" and change < 0.2),
        }
        for t in targets
    ]
    return {"change": change, "cost": 1298.0 * (1 + change), "targets": worse, "note": ""}


def _explanation(wards: list[dict[str, Any]]) -> dict[str, Any]:
    first = wards[0]["name"]
    return {
        "headline": f"{first} is the tight point.",
        "sentences": [f"{first} gets the first beds because it is short most often."],
        "binds": ["The hospital may open at most 8 more beds."],
        "one_more": [{"what": f"one more bed in {first}", "brings": "0.6 fewer patients waiting at 08:00"}],
    }


def _decisions(wards: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    rows = []
    for ward in [w for w in wards if w["chance_short"] >= 0.5]:
        count, after = round(ward["chance_short"] * 20), round(ward["chance_short_planned"] * 20)
        at = datetime.fromisoformat(ward["tightest"]["ds"])
        opened = ward["planned_beds"] - ward["open_beds"]
        short = round(ward["tightest"]["q50"] - ward["open_beds"])
        rows.append(
            {
                "status": "short" if count >= 15 else "watch",
                "ward": ward["ward"],
                "headline": f"{ward['name']} {'will probably' if count >= 15 else 'may'} be "
                f"{max(short, 1)} beds short on {at:%A %H:%M}",
                "range": f"80 %: {round(ward['tightest']['q10'])} to "
                f"{round(ward['tightest']['q90'])} beds needed",
                "why": f"{ward['in_beds'] + ward['waiting']} patients need one of its "
                f"{ward['open_beds']} open beds now.",
                "decide_by": (now + timedelta(hours=10)).isoformat(),
                "act": f"Open {opened} beds" if opened else "Move discharges before noon",
                "effect": f"Short in {after} of 20 instead of {count}.",
                "dots": ward["tightest"]["dots"],
                "open_beds": ward["open_beds"],
            }
        )
    rows.append(
        {
            "status": "approve",
            "ward": None,
            "headline": "The bed plan from 23 November is certified and waits for approval",
            "range": "",
            "why": "All 3 targets hold on 40 fresh futures.",
            "decide_by": (now + timedelta(hours=12)).isoformat(),
            "act": "Approve the bed plan",
            "effect": "6 beds more than today, £1,290 a day.",
            "dots": None,
            "open_beds": None,
        }
    )
    return rows


def _measures(rng: np.random.Generator) -> list[dict[str, Any]]:
    table = [
        ("ed_within_4h", "Seen and left within 4 h", "%", 76.4),
        ("wait_for_bed", "Wait for a bed, mean", "hours", 3.1),
        ("waiting_at_8", "Patients waiting at 08:00", "patients", 9.0),
        ("outside", "Patients outside their specialty", "patients", 17.0),
    ]
    return [
        {
            "measure": key,
            "label": label,
            "unit": unit,
            "mean": mean,
            "margin95": round(mean * 0.015, 2),
            "q10": round(mean * 0.9, 1),
            "q90": round(mean * 1.1, 1),
            "definition": f"{label}, over 28 days.",
        }
        for key, label, unit, mean in table
    ]


def _comparison() -> dict[str, Any]:
    rows = [
        ("waiting_at_8", "Patients waiting at 08:00", "patients", 9.0, 5.2, 0.6, "down"),
        ("wait_for_bed", "Wait for a bed, mean", "hours", 3.1, 2.2, 0.2, "down"),
        ("ed_within_4h", "Seen and left within 4 h", "%", 76.4, 79.9, 0.7, "up"),
        ("cancelled", "Electives cancelled for want of a bed", "a week", 2.9, 2.7, 0.5, "down"),
        ("cost", "Cost of open beds", "£ a day", 0.0, 1290.0, 0.0, "down"),
    ]
    return {
        "base": "today",
        "with": "plan",
        "rows": [
            {
                "measure": key,
                "label": label,
                "unit": unit,
                "base": base,
                "changed": changed,
                "difference": round(changed - base, 2),
                "margin95": margin,
                "better": better,
                "clear": abs(changed - base) > margin,
            }
            for key, label, unit, base, changed, margin, better in rows
        ],
    }
