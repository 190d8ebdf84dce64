"""Checks across a description: each fault is told where it stands, with a cure, and all of them at once."""

import pytest

from twin.errors import CODES, ConfigError
from twin.hospital import parse_hospital

HOUSE = """
name = "one of everything"
timezone = "Europe/London"
country = "GB-ENG"

[wards.surgical]
title = "Surgical"
physical_beds = 20
staffed_beds = 18
nursing = { group = "ward_nurses", patients_per_nurse = 6, by_shift = { night = 8 } }
calendar = [{ first = 2025-12-24, last = 2025-12-26, staffed_beds = 10 }]

[wards.medical]
title = "Medical"
physical_beds = 20
staffed_beds = 18

[wards.corridor]
title = "Corridor"
physical_beds = 4
staffed_beds = 4
opens_when_full = ["medical", "surgical"]

[places.cubicles]
title = "Cubicles"
physical = 6
staffed = 6
waiting_room = 20

[places.theatre]
title = "Theatre"
physical = 2
staffed = 0
turnaround_minutes = 15
calendar = [{ days = ["mon", "tue"], from = "08:00", to = "18:00", staffed = 2 }]

[places.lounge]
title = "Lounge"
physical = 8
staffed = 8

[places.washer]
title = "Washer"
physical = 1
staffed = 1

[places.home]
title = "At home"
unlimited = true

[staff.ward_nurses]
title = "Ward nurses"
absence = 0.05
float_pool = "bank"
shifts.day = { from = "07:00", to = "19:30", on_duty = 4 }
shifts.night = { from = "19:00", to = "07:30", on_duty = 3, holidays = "also" }
breaks = [{ from = "12:00", to = "12:30", away = 1 }]

[staff.bank]
title = "Bank"
on_duty = 2

[staff.surgeons]
title = "Surgeons"
on_duty = 2
calendar = [{ from = "20:00", to = "24:00", on_duty = 1 }]

[arrivals.door]
title = "Door"
daily_mean = 5
party_sizes = [0.8, 0.2]
mix = { urgent = 0.7, planned = 0.3 }

[populations.dialysis]
title = "Dialysis"
members = 12
away = { mean = 2, unit = "days" }
mix = { urgent = 1.0 }

[sessions.list]
title = "Theatre list"
days = ["mon"]
from = "08:00"
to = "13:00"
classes = ["planned"]
overrun_minutes = 30

[items.implant]
title = "Implant"
stock = 10
policy = { reorder_point = 3, order_up_to = 12, review_days = 7 }
lead_time = { mean = 2, unit = "days" }
reserve = 1
substitute = "old_implant"

[items.old_implant]
title = "Old implant"
stock = 4

[trays.hip_set]
title = "Hip set"
owned = 3
patient_class = "hip_set_way"
reserve = 1

[kits.hip]
contents = { implant = 1, hip_set = 2 }

[kits.dressing]
contents = { implant = 1 }

[classes.urgent]
title = "Urgent"
priority = 4
pathway = "emergency"
ages = [{ priority = 3, after_hours = 2 }, { priority = 2, after_hours = 6 }]
takes_reserve = true

[classes.planned]
title = "Planned"
priority = 5
pathway = "operation"
booking = { limit_step = "operate", punctuality = { mean = 5, unit = "minutes" } }

[classes.hip_set_way]
title = "Hip set on its way"
priority = 5
of = "tray"
pathway = "decontamination"

[classes.ward_round]
title = "Ward round's use"
priority = 5
of = "use"
pathway = "round"

[pathways.emergency]
[[pathways.emergency.steps]]
name = "see"
places = ["cubicles"]
staff = { ward_nurses = 1 }
duration = { mean = 1, cv = 1, unit = "hours" }
keeps_place = true
patience = { mean = 4, unit = "hours" }
next = { treat = 0.5, home = 0.5 }
[[pathways.emergency.steps]]
name = "treat"
in_place = true
duration = { mean = 1, cv = 1, unit = "hours" }
keeps_place = true
[[pathways.emergency.steps]]
name = "stay"
places = ["medical", { place = "surgical", after_hours = 4 }, { place = "corridor", after_hours = 6 }]
duration = { mean = 3, cv = 1, unit = "days" }
repatriates = true
lounge = { place = "lounge", hours = 2 }
delays.transport = { share = 0.2, duration = { mean = 3, unit = "hours" } }
delays.care_home = { share = 0.3, duration = { mean = 3, unit = "days" } }

[pathways.operation]
[[pathways.operation.steps]]
name = "prepare"
places = ["lounge"]
duration = { mean = 1, unit = "hours" }
[[pathways.operation.steps]]
name = "operate"
places = ["theatre"]
staff = { surgeons = 1 }
kit = "hip"
needs_next = "recover"
duration = { mean = 2, cv = 0.5, unit = "hours" }
[[pathways.operation.steps]]
name = "recover"
places = ["surgical"]
kit = "dressing"
duration = { quantiles = [[0, 1], [0.5, 3], [1, 9]], unit = "days" }

[pathways.decontamination]
[[pathways.decontamination.steps]]
name = "wash"
places = ["washer"]
duration = { mean = 2, unit = "hours" }

[pathways.round]
[[pathways.round.steps]]
name = "use"
kit = "dressing"
duration = { mean = 1, unit = "minutes" }
"""

#: (what stands there, what is written instead, path of the fault, words of the rule or the cure)
FAULTS = [
    # places
    (
        'opens_when_full = ["medical"',
        'opens_when_full = ["medicl"',
        "wards.corridor.opens_when_full",
        'did you mean "medical"',
    ),
    (
        'opens_when_full = ["medical"',
        'opens_when_full = ["corridor"',
        "wards.corridor.opens_when_full",
        "when it is full itself",
    ),
    (
        'opens_when_full = ["medical"',
        'opens_when_full = ["home"',
        "wards.corridor.opens_when_full",
        "never full",
    ),
    (
        'title = "Medical"\n',
        'title = "Medical"\nopens_when_full = ["corridor"]\n',
        "wards.medical.opens_when_full",
        "break the circle",
    ),
    (
        'title = "Washer"\n',
        'title = "Washer"\nwaiting_room = -1\n',
        "places.washer.waiting_room",
        "0 or more",
    ),
    (
        'title = "At home"\n',
        'title = "At home"\nwaiting_room = 3\n',
        "places.home.waiting_room",
        "nobody waits for this place",
    ),
    (
        "by_shift = { night = 8 }",
        "by_shift = { nigth = 8 }",
        "wards.surgical.nursing.by_shift.nigth",
        'did you mean "night"',
    ),
    (
        'group = "ward_nurses"',
        'group = "ward_nurse"',
        "wards.surgical.nursing.group",
        'did you mean "ward_nurses"',
    ),
    ("staffed = 0\n", "staffed = 3\n", "places.theatre.staffed", "more than the 2 that stand there"),
    (
        "staffed_beds = 10 }",
        "staffed_beds = 30 }",
        "wards.surgical.calendar.0.staffed_beds",
        "more than the 20",
    ),
    ("[places.washer]", "[places.medical]", "places.medical", "a ward has this name"),
    # staff
    (
        "absence = 0.05",
        "absence = 0.05\non_duty = 4",
        "staff.ward_nurses.on_duty",
        "the shifts say who is on duty",
    ),
    (
        "absence = 0.05",
        "absence = 0.05\ncalendar = [{ on_duty = 4 }]",
        "staff.ward_nurses.calendar",
        "the shifts say who is on duty",
    ),
    ('title = "Bank"\n', 'title = "Bank"\nabsence = 0.1\n', "staff.bank.absence", "there are none"),
    ('float_pool = "bank"', 'float_pool = "banks"', "staff.ward_nurses.float_pool", 'did you mean "bank"'),
    (
        'float_pool = "bank"',
        'float_pool = "ward_nurses"',
        "staff.ward_nurses.float_pool",
        "stand in for itself",
    ),
    (
        'title = "Bank"\n',
        'title = "Bank"\nfloat_pool = "surgeons"\n',
        "staff.ward_nurses.float_pool",
        "floats from a pool itself",
    ),
    (
        "staff = { ward_nurses = 1 }",
        "staff = { ward_nurses = 1, bank = 1 }",
        "pathways.emergency.steps.see.staff.bank",
        'the pool of "ward_nurses"',
    ),
    (
        "staff = { surgeons = 1 }",
        "staff = { surgeon = 1 }",
        "pathways.operation.steps.operate.staff.surgeon",
        "did you mean",
    ),
    # calendars
    (
        'from = "12:00", to = "12:30", away',
        'from = "23:45", to = "00:15", away',
        "staff.ward_nurses.breaks.0",
        "two rows",
    ),
    ('from = "20:00", to = "24:00"', 'from = "20:00", to = "06:00"', "staff.surgeons.calendar.0", "two rows"),
    (
        "last = 2025-12-26",
        "last = 2025-12-20",
        "wards.surgical.calendar.0.last",
        "not before `first`, 2025-12-24",
    ),
    ('to = "13:00"', 'to = "07:00"', "sessions.list", "`from` is not before `to`"),
    ('days = ["mon"]\n', "days = []\n", "sessions.list.days", "never counts"),
    (
        'from = "19:00", to = "07:30"',
        'from = "24:00", to = "07:30"',
        "staff.ward_nurses.shifts.night.from",
        "before midnight",
    ),
    ('country = "GB-ENG"', 'country = "XX"', "country", "no holiday calendar"),
    (
        "[places.lounge]\n",
        '[places.lounge]\ncalendar = [{ from = "25:00" }]\n',
        "places.lounge.calendar.0.from",
        "time of day",
    ),
    # demand
    (
        "mix = { urgent = 0.7, planned = 0.3 }",
        "mix = { urgent = 0.7, planned = 0.2 }",
        "arrivals.door.mix",
        "sum to one",
    ),
    ("mix = { urgent = 0.7", "mix = { urgnt = 0.7", "arrivals.door.mix.urgnt", 'did you mean "urgent"'),
    (
        "mix = { urgent = 1.0 }",
        "mix = { urgen = 1.0 }",
        "populations.dialysis.mix.urgen",
        'did you mean "urgent"',
    ),
    ("mix = { urgent = 1.0 }", "mix = { urgent = 0.5 }", "populations.dialysis.mix", "sum to one"),
    (
        "mix = { urgent = 0.7",
        "mix = { hip_set_way = 0.7",
        "arrivals.door.mix.hip_set_way",
        "the way of a tray",
    ),
    ("party_sizes = [0.8, 0.2]", "party_sizes = [0.8, 0.1]", "arrivals.door.party_sizes", "sum to one"),
    (
        'away = { mean = 2, unit = "days" }\nmix = { urgent = 1.0 }',
        "mix = { ward_round = 1.0 }",
        "populations.dialysis.mix.ward_round",
        "gives up the place",
    ),
    (
        "priority = 3, after_hours = 2",
        "priority = 4, after_hours = 2",
        "classes.urgent.ages.0.priority",
        "no better than 4",
    ),
    (
        "priority = 2, after_hours = 6",
        "priority = 2, after_hours = 1",
        "classes.urgent.ages.1.after_hours",
        "not later than",
    ),
    (
        'limit_step = "operate"',
        'limit_step = "operation"',
        "classes.planned.booking.limit_step",
        'did you mean "operate"',
    ),
    (
        "mix = { urgent = 0.7, planned = 0.3 }",
        "mix = { urgent = 1.0 }",
        "classes.planned.booking",
        "ever put on the list",
    ),
    (
        'classes = ["planned"]',
        'classes = ["urgent"]',
        "classes.planned.booking",
        "no session takes this class",
    ),
    ('of = "tray"\n', 'of = "tray"\nbooking = {}\n', "classes.hip_set_way.booking", "no appointments"),
    (
        'name = "use"\n',
        'name = "use"\nplaces = ["lounge"]\n',
        "pathways.round.steps.use.places",
        "takes no place",
    ),
    (
        'patient_class = "hip_set_way"',
        'patient_class = "urgent"',
        "classes.hip_set_way.of",
        "no tray goes this way",
    ),
    (
        'name = "wash"\n',
        'name = "wash"\nkit = "hip"\n',
        "pathways.decontamination.steps.wash.kit",
        "uses up no trays",
    ),
    (
        'name = "prepare"\n',
        'name = "prepare"\nkit = "hip"\n',
        "pathways.operation.steps.prepare.kit",
        'takes trays before "operate"',
    ),
    # sessions
    ('classes = ["planned"]', 'classes = ["planed"]', "sessions.list.classes", 'did you mean "planned"'),
    ('classes = ["planned"]', 'classes = ["planned", "urgent"]', "sessions.list.classes", "is not booked"),
    (
        "overrun_minutes = 30",
        "slot_minutes = 301",
        "sessions.list.slot_minutes",
        "longer than the session, 300 minutes",
    ),
    ("overrun_minutes = 30", "extra_at_start = 2", "sessions.list.extra_at_start", "no slots"),
    ("overrun_minutes = 30", 'booked_at = "noon"', "sessions.list.booked_at", "time of day"),
    (
        "mean = 2, cv = 0.5",
        "mean = 5, cv = 0.5",
        "classes.planned.booking",
        "a case of 315 minutes fits into none",
    ),
    ('days = ["mon"]\n', 'days = ["sun"]\n', "sessions.list.from", "theatre is never open in this session"),
    # steps
    ('kit = "hip"\n', 'kit = "hips"\n', "pathways.operation.steps.operate.kit", 'did you mean "hip"'),
    (
        'needs_next = "recover"',
        'needs_next = "recovery"',
        "pathways.operation.steps.operate.needs_next",
        'did you mean "recover"',
    ),
    (
        'needs_next = "recover"',
        'needs_next = "prepare"',
        "pathways.operation.steps.operate.needs_next",
        "never comes after",
    ),
    ('places = ["surgical"]\n', "", "pathways.operation.steps.operate.needs_next", "no place of its own"),
    (
        'name = "recover"\n',
        'name = "recover"\nrepatriates = true\n',
        "pathways.operation.steps.recover.repatriates",
        "first of its list",
    ),
    (
        'place = "lounge", hours',
        'place = "lunge", hours',
        "pathways.emergency.steps.stay.lounge.place",
        'did you mean "lounge"',
    ),
    (
        'place = "lounge", hours',
        'place = "medical", hours',
        "pathways.emergency.steps.stay.lounge.place",
        "a place of the step itself",
    ),
    (
        'name = "use"\n',
        'name = "use"\nlounge = { place = "lounge", hours = 1 }\n',
        "pathways.round.steps.use.lounge",
        "none to leave",
    ),
    (
        'name = "prepare"\n',
        'name = "prepare"\nlounge = { place = "home", hours = 1 }\n',
        "pathways.operation.steps.prepare.lounge",
        "nobody leaves the hospital after this step",
    ),
    ("share = 0.3", "share = 0.9", "pathways.emergency.steps.stay.delays", "1 in all at most"),
    # who does not wait
    (
        'name = "see"\n',
        'name = "see"\nif_full = "leaves"\n',
        "pathways.emergency.steps.see.patience",
        "does not wait",
    ),
    # kept places
    (
        'name = "see"\n',
        'name = "see"\nif_full = "skips"\n',
        "pathways.emergency.steps.see.if_full",
        "does not have",
    ),
    (
        'name = "see"\n',
        'name = "see"\nout_of_patience = "skips"\n',
        "pathways.emergency.steps.see.out_of_patience",
        "does not have",
    ),
    ('places = ["cubicles"]\n', "", "pathways.emergency.steps.see.places", "it has none"),
    # durations
    (
        'mean = 4, unit = "hours" }\nnext',
        'mean = nan, unit = "hours" }\nnext',
        "pathways.emergency.steps.see.patience.mean",
        "finite",
    ),
    (
        'mean = 4, unit = "hours" }\nnext',
        'mean = 0, unit = "hours" }\nnext',
        "pathways.emergency.steps.see.patience.mean",
        "more than 0",
    ),
    (
        'mean = 4, unit = "hours" }\nnext',
        'mean = -1, unit = "hours" }\nnext',
        "pathways.emergency.steps.see.patience.mean",
        "more than 0",
    ),
    (
        'mean = 4, unit = "hours" }\nnext',
        'unit = "hours" }\nnext',
        "pathways.emergency.steps.see.patience.mean",
        "is needed",
    ),
    ("away = { mean = 2,", "away = { mean = inf,", "populations.dialysis.away.mean", "finite"),
    ("lead_time = { mean = 2,", "lead_time = {", "items.implant.lead_time.mean", "is needed"),
    (
        "punctuality = { mean = 5,",
        "punctuality = { mean = 5, quantiles = [[0, 1], [1, 2]],",
        "classes.planned.booking.punctuality.mean",
        "not both",
    ),
    (
        "[[0, 1], [0.5, 3], [1, 9]]",
        "[[0, 1], [0.5, 3], [0.9, 9]]",
        "pathways.operation.steps.recover.duration.quantiles",
        "rising from share 0",
    ),
    (
        "[[0, 1], [0.5, 3], [1, 9]]",
        "[[0, 0], [1, 0]]",
        "pathways.operation.steps.recover.duration.quantiles",
        "every length is 0",
    ),
    (
        "mean = 3, cv = 1, unit",
        "mean = 900000, cv = 10, unit",
        "pathways.emergency.steps.stay.duration",
        "longer than the clock",
    ),
    (
        'duration = { mean = 3, unit = "hours" } }',
        'duration = { mean = nan, unit = "hours" } }',
        "pathways.emergency.steps.stay.delays.transport.duration.mean",
        "finite",
    ),
    # supplies
    ("order_up_to = 12,", "order_up_to = 12, order_quantity = 5,", "items.implant.policy", "exactly one of"),
    ("order_up_to = 12,", "", "items.implant.policy", "exactly one of"),
    (
        "order_up_to = 12,",
        "order_up_to = 3,",
        "items.implant.policy.order_up_to",
        "not above the reorder point, 3",
    ),
    ("review_days = 7", 'review_days = 7, review_at = "6"', "items.implant.policy.review_at", "time of day"),
    (
        "reserve = 1\nsubstitute",
        "reserve = 12\nsubstitute",
        "items.implant.reserve",
        "nobody but emergencies",
    ),
    (
        'substitute = "old_implant"',
        'substitute = "old_implants"',
        "items.implant.substitute",
        'did you mean "old_implant"',
    ),
    ('substitute = "old_implant"', 'substitute = "hip_set"', "items.implant.substitute", "is a tray"),
    (
        'substitute = "old_implant"',
        'substitute = "implant"',
        "items.implant.substitute",
        "stands in for itself",
    ),
    ("stock = 4", 'stock = 4\nsubstitute = "implant"', "items.implant.substitute", "circle"),
    (
        'patient_class = "hip_set_way"',
        'patient_class = "hip_set_ways"',
        "trays.hip_set.patient_class",
        'did you mean "hip_set_way"',
    ),
    ('of = "tray"\n', "", "trays.hip_set.patient_class", 'say of = "tray"'),
    (
        'hip_set_way"\nreserve = 1',
        'hip_set_way"\nreserve = 3',
        "trays.hip_set.reserve",
        "nobody but emergencies",
    ),
    ("hip_set = 2 }", "hip_set = 4 }", "kits.hip.contents.hip_set", "more than the 3 trays owned"),
    ("hip_set = 2 }", "hip_st = 2 }", "kits.hip.contents.hip_st", 'did you mean "hip_set"'),
    ("[trays.hip_set]", "[trays.implant]", "trays.implant", "an item has this name"),
]


def faults(text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as told:
        parse_hospital(text)
    assert len(str(told.value).splitlines()) == 1 + len(told.value.problems)  # a headline and a line a fault
    assert {p.code for p in told.value.problems} <= {"", *CODES}
    return {p.path: f"{p.rule} {p.cure}" for p in told.value.problems}


def test_a_house_with_one_of_everything_has_no_fault():
    house = parse_hospital(HOUSE)

    assert len(house.sessions) == len(house.populations) == len(house.trays) == 1


@pytest.mark.parametrize(("old", "new", "path", "words"), FAULTS, ids=[f"{f[2]}: {f[3]}" for f in FAULTS])
def test_each_fault_is_told_where_it_stands(old, new, path, words):
    assert HOUSE.count(old) >= 1

    told = faults(HOUSE.replace(old, new, 1))

    assert words in told[path]


def test_a_hospital_to_which_nobody_comes_is_refused():
    start, end = HOUSE.index("[arrivals.door]"), HOUSE.index("[sessions.list]")

    told = faults(HOUSE[:start] + HOUSE[end:])

    assert "nobody ever comes" in told["arrivals"]


def test_holidays_without_a_country_are_refused():
    text = HOUSE.replace('country = "GB-ENG"\n', "").replace('holidays = "also"', 'holidays = "only"')

    assert "country" in faults(text)["staff.ward_nurses.shifts.night.holidays"]


def test_faults_of_every_table_are_told_in_one_pass():
    wrong = [
        ('kit = "hip"\n', 'kit = "hips"\n'),
        ('float_pool = "bank"', 'float_pool = "banks"'),
        ("order_up_to = 12,", "order_up_to = 3,"),
        ('to = "13:00"', 'to = "07:00"'),
        ("priority = 2, after_hours = 6", "priority = 2, after_hours = 1"),
        ('opens_when_full = ["medical"', 'opens_when_full = ["medicl"'),
        ("daily_mean = 5", "daily_mean = -5"),
        ("party_sizes = [0.8, 0.2]", "party_sizes = [0.8, 0.1]"),
    ]
    text = HOUSE
    for old, new in wrong:
        text = text.replace(old, new, 1)

    told = faults(text)

    assert set(told) == {
        "pathways.operation.steps.operate.kit",
        "staff.ward_nurses.float_pool",
        "items.implant.policy.order_up_to",
        "sessions.list",
        "classes.urgent.ages.1.after_hours",
        "wards.corridor.opens_when_full",
        "arrivals.door.daily_mean",
        "arrivals.door.party_sizes",
    }


@pytest.mark.parametrize(
    "text",
    [
        "name = 3\nclasses = 4\npathways = 5\nwards = 'x'",
        "name = 'x'\n[classes]\na = 1\n[pathways]\nb = { steps = [1, 'c'] }\n[sessions]\ns = { classes = 3 }",
        "name = 'x'\n[classes.a]\nages = 4\nbooking = 3\n"
        "[items.i]\npolicy = 2\nsubstitute = 9\n[kits.k]\ncontents = 1",
        "name = 'x'\n[staff.s]\nshifts = 4\nbreaks = [1]\nfloat_pool = 3\n"
        "[wards.w]\ncalendar = [2]\nnursing = 7",
    ],
)
def test_values_of_a_wrong_kind_are_told_and_stop_no_check(text):
    assert faults(text)
