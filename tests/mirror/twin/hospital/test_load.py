"""Offered load: patients a day x mean stay against the beds that are open, before anything is run."""

import pytest

from tests.houses import hospital
from twin.errors import Overload
from twin.hospital import Hospital
from twin.hospital.load import (
    class_rates,
    left_out,
    offered_load,
    overloaded,
    pools,
    refuse_nowhere_to_go,
    refuse_steady_overload,
    visits,
)
from twin.hospital.pathway import Population


def house(*, daily_mean: float = 4, beds: int = 10, **ward) -> Hospital:
    made = hospital(
        wards={"ward": {"physical_beds": beds, "staffed_beds": beds, **ward}},
        places={"cubicle": 2},
        staff={"doctor": 1},
        pathways={
            "visit": [
                {
                    "name": "see",
                    "places": ["cubicle"],
                    "staff": {"doctor": 1},
                    "duration": {"mean": 3, "unit": "hours"},
                    "next": {"stay": 0.5, "home": 0.5},
                },
                {"name": "stay", "places": ["ward"], "duration": {"mean": 2, "unit": "days"}},
            ]
        },
    )
    door = made.arrivals["door"].model_copy(update={"daily_mean": daily_mean})
    return made.model_copy(update={"arrivals": {"door": door}})


def test_beds_asked_for_are_arrivals_times_share_times_stay():
    load = {row.name: row for row in offered_load(house())}

    assert load["ward"].offered == pytest.approx(4 * 0.5 * 2)
    assert load["cubicle"].offered == pytest.approx(4 * 3 / 24)
    assert load["doctor"].offered == pytest.approx(0.5)
    assert load["ward"].ratio == pytest.approx(0.4)


def test_cleaning_a_bed_is_part_of_what_is_asked_of_it():
    load = {row.name: row for row in offered_load(house(turnaround_minutes=60))}

    assert load["ward"].offered == pytest.approx(4 + 2 / 24)


def test_a_calendar_counts_in_what_is_open():
    half = [{"days": ["sat", "sun"], "staffed_beds": 3}]

    load = {row.name: row for row in offered_load(house(calendar=half))}

    assert load["ward"].open == pytest.approx((5 * 10 + 2 * 3) / 7)


def test_a_step_that_is_repeated_is_counted_as_often_as_it_is_visited():
    again = hospital(pathways={"visit": [{"name": "test", "next": {"test": 0.75, "home": 0.25}}]})

    assert visits(again.pathways["visit"]) == pytest.approx([4])


def test_weekdays_and_the_demand_factor_count_in_the_rates():
    made = house()
    week = made.arrivals["door"].model_copy(update={"weekday_factors": (1, 1, 1, 1, 1, 0, 0), "factor": 2.0})

    assert class_rates(made.model_copy(update={"arrivals": {"door": week}})) == {
        "visit": pytest.approx(4 * 2 * 5 / 7)
    }


def test_a_steady_state_that_does_not_exist_is_refused_with_every_place_that_overflows():
    with pytest.raises(Overload, match=r"ward \(ward\): 10\.0 needed on average, 10\.0 open") as told:
        refuse_steady_overload(house(daily_mean=10))
    assert "doctor" in str(told.value)

    refuse_steady_overload(house())


def test_a_ward_without_beds_is_an_overload_as_soon_as_somebody_wants_one():
    with pytest.raises(Overload, match=r"ward \(ward\): 4\.0 needed on average, 0\.0 open"):
        refuse_steady_overload(house(beds=0))


# ---- what the rules of flow make of it


def busy(steps, *, daily_mean: float = 48, mix=None, **parts) -> Hospital:
    """Two patients an hour, unless it is said, for one step or more of an hour each."""
    hour = {"duration": {"mean": 1, "unit": "hours"}}
    paths = steps if isinstance(steps, dict) else {"visit": steps}
    made = hospital(pathways={name: [{**hour, **s} for s in rows] for name, rows in paths.items()}, **parts)
    door = made.arrivals["door"].model_copy(
        update={"daily_mean": daily_mean, "mix": mix or made.arrivals["door"].mix}
    )
    return made.model_copy(update={"arrivals": {"door": door}})


def asked(made: Hospital) -> dict[str, float]:
    return {row.name: row.offered for row in offered_load(made)}


def too_full(made: Hospital) -> list[tuple[str, ...]]:
    return [pool.members for pool in overloaded(made)]


def test_a_party_is_counted_by_its_patients():
    made = busy([{"name": "see", "places": ["room"]}], places={"room": 4})
    families = made.arrivals["door"].model_copy(update={"party_sizes": (0.5, 0.25, 0.25)})

    together = made.model_copy(update={"arrivals": {"door": families}})

    assert class_rates(together) == {"visit": pytest.approx(48 * 1.75)}
    assert asked(together)["room"] == pytest.approx(2 * 1.75)


def test_trays_go_through_spd_as_often_as_steps_use_them():
    made = busy(
        {
            "operation": [{"name": "operate", "places": ["theatre"], "kit": "hip"}],
            "way": [{"name": "wash", "places": ["washer"]}, {"name": "pack"}],
        },
        places={"theatre": 4, "washer": 8},
        classes={"way": {"of": "tray"}},
        trays={"hip_set": "way"},
        kits={"hip": {"hip_set": 3}},
    )

    assert class_rates(made)["way"] == pytest.approx(3 * 48)
    assert asked(made)["washer"] == pytest.approx(3 * 2)


def test_scheduled_patients_count_where_they_come_and_those_who_do_not_come_nowhere():
    made = busy(
        [{"name": "see", "places": ["room"]}],
        places={"room": 4},
        classes={"visit": {"booking": {"no_show": 0.25}}},
    )

    assert class_rates(made) == {"visit": pytest.approx(48)}  # all are on the list
    assert asked(made)["room"] == pytest.approx(2 * 0.75)


def test_members_of_a_population_are_left_out_and_named():
    made = busy([{"name": "see", "places": ["room"]}], places={"room": 1}, daily_mean=0)
    members = Population.model_validate(
        {"title": "Dialysis", "members": 30, "away": {"mean": 2, "unit": "days"}, "mix": {"visit": 1.0}}
    )

    dialysis = made.model_copy(update={"populations": {"dialysis": members}})

    assert asked(dialysis)["room"] == 0
    assert left_out(made) == ()
    assert left_out(dialysis)[0].startswith("Dialysis (dialysis): 30 members")


@pytest.mark.parametrize(
    "gives_up", [{"if_full": "leaves"}, {"if_full": "skips"}, {"patience": {"mean": 1, "unit": "hours"}}]
)
def test_a_queue_that_patients_leave_never_grows_without_end(gives_up):
    made = busy([{"name": "see", "places": ["room"], **gives_up}], places={"room": 1})

    assert asked(made)["room"] == pytest.approx(2)
    assert too_full(made) == []
    refuse_steady_overload(made)


def test_a_waiting_room_keeps_a_queue_within_bounds():
    room = {"physical": 1, "staffed": 1, "waiting_room": 10}

    assert too_full(busy([{"name": "see", "places": ["room"]}], places={"room": room})) == []


def test_a_waiting_room_does_not_bound_those_who_wait_in_another_place():
    steps = [
        {"name": "triage", "places": ["chair"], "keeps_place": True},
        {"name": "see", "places": ["room"]},
    ]
    made = busy(steps, places={"chair": 9, "room": {"physical": 1, "staffed": 1, "waiting_room": 10}})

    assert too_full(made) == [("room",)]


def test_what_follows_a_step_with_losses_is_asked_by_those_who_were_served():
    steps = [{"name": "see", "places": ["room"], "if_full": "leaves"}, {"name": "stay", "places": ["ward"]}]
    made = busy(steps, places={"room": 1}, wards={"ward": 2}, daily_mean=480)

    assert asked(made)["room"] == pytest.approx(20)
    assert asked(made)["ward"] == pytest.approx(1)
    assert too_full(made) == []


def test_who_skips_a_step_asks_for_the_next_all_the_same():
    steps = [{"name": "see", "places": ["room"], "if_full": "skips"}, {"name": "stay", "places": ["ward"]}]
    made = busy(steps, places={"room": 1}, wards={"ward": 2}, daily_mean=480)

    assert asked(made)["ward"] == pytest.approx(20)
    assert too_full(made) == [("ward",)]


def test_those_who_wait_as_long_as_it_takes_grow_a_queue_beside_those_who_leave():
    see = {"name": "see", "places": ["room"]}
    made = busy(
        {"patient": [see], "hasty": [{**see, "if_full": "leaves"}]},
        places={"room": 1},
        mix={"patient": 0.5, "hasty": 0.5},
    )

    assert [(pool.ratio, pool.lasting_ratio) for pool in pools(made)] == [pytest.approx((2, 1))]
    assert too_full(made) == [("room",)]


def test_a_steady_state_is_refused_by_what_those_ask_who_do_not_give_up():
    see = {"name": "see", "places": ["room"]}
    made = busy(
        {"patient": [see], "hasty": [{**see, "if_full": "leaves"}]},
        places={"room": 1},
        daily_mean=48 * 4,
        mix={"patient": 0.25, "hasty": 0.75},
    )

    with pytest.raises(Overload) as told:
        refuse_steady_overload(made)

    assert "UNSTABLE rho=2)" in str(told.value)
    assert "2.0 needed on average (and 6.0 more by those who give up), 1.0 open (offered load 2.00)" in str(
        told.value
    )


def test_a_float_pool_stands_beside_its_groups():
    steps = [{"name": "see", "staff": {"nurse": 1}}]
    alone = busy(steps, staff={"nurse": 1})
    helped = busy(steps, staff={"nurse": {"on_duty": 1, "float_pool": "bank"}, "bank": 2})

    assert too_full(alone) == [("nurse",)]
    assert [pool.members for pool in pools(helped)] == [("nurse", "bank")]
    assert too_full(helped) == []


def test_escalation_places_count_among_those_that_stand_in():
    steps = [{"name": "see", "places": ["room", "corridor"]}]
    corridor = {"physical": 2, "staffed": 2, "opens_when_full": ["room"]}

    made = busy(steps, places={"room": 1, "corridor": corridor})

    assert [(pool.members, pool.open) for pool in pools(made)] == [(("room", "corridor"), 3)]


def test_people_of_shifts_count_with_breaks_and_absences():
    shifts = {"day": {"from": "08:00", "to": "20:00", "on_duty": 6}}
    breaks = [{"from": "12:00", "to": "13:00", "away": 2}]
    nurses = {"shifts": shifts, "breaks": breaks, "absence": 0.1}

    made = busy([{"name": "see", "staff": {"nurses": 1}}], staff={"nurses": nurses})

    assert {row.name: row.open for row in offered_load(made)}["nurses"] == pytest.approx(2.7 - 2 / 24)


def test_a_ward_that_opens_for_the_winter_alone_is_not_closed_for_ever():
    winter = [{"first": "2025-12-01", "last": "2026-02-28", "staffed_beds": 2}]
    ward = {"physical_beds": 2, "staffed_beds": 0}
    steps = [{"name": "stay", "places": ["ward"]}]

    refuse_nowhere_to_go(busy(steps, wards={"ward": {**ward, "calendar": winter}}, daily_mean=1))

    with pytest.raises(Overload, match="for ever"):
        refuse_nowhere_to_go(busy(steps, wards={"ward": ward}, daily_mean=1))
