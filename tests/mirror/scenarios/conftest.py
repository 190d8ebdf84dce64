"""A town hospital of two wards, small enough to play many times in a second."""

from __future__ import annotations

from datetime import date

import pytest

from twin.case import Case, Window
from twin.hospital import Hospital, parse_hospital

TOWN = """
name = "Town hospital"
timezone = "UTC"
country = "GB-ENG"
[money]
open_bed_day = 100
[profiles.evening]
hours = [0,0,0,0,0,0,0,0,0,0.02,0.05,0.08,0.1,0.12,0.14,0.15,0.12,0.1,0.06,0.04,0.02,0,0,0]
[wards.medicine]
title = "Medicine"
physical_beds = 24
staffed_beds = 20
turnaround_minutes = 60
discharge_profile = "evening"
[wards.surgery]
title = "Surgery"
physical_beds = 14
staffed_beds = 12
turnaround_minutes = 60
discharge_profile = "evening"
[places.cubicles]
title = "Cubicles"
physical = 12
staffed = 12
department = "emergency"
[arrivals.emergency]
title = "Emergency arrivals"
daily_mean = 40
mix = { goes_home = 0.9, admitted = 0.1 }
[arrivals.elective]
title = "Elective admissions"
daily_mean = 3
mix = { elective = 1.0 }
[classes.goes_home]
title = "Goes home"
priority = 5
pathway = "treated"
[classes.admitted]
title = "Admitted"
priority = 3
pathway = "admitted"
[classes.elective]
title = "Elective"
priority = 4
pathway = "elective"
[[pathways.treated.steps]]
name = "treatment"
places = ["cubicles"]
duration = { mean = 120, cv = 0.7, unit = "minutes" }
[[pathways.admitted.steps]]
name = "treatment"
places = ["cubicles"]
duration = { mean = 180, cv = 0.7, unit = "minutes" }
keeps_place = true
[[pathways.admitted.steps]]
name = "stay"
places = ["medicine", { place = "surgery", after_hours = 8 }]
duration = { mean = 4.8, cv = 1.0, unit = "days" }
[[pathways.elective.steps]]
name = "stay"
places = ["surgery"]
duration = { mean = 3, cv = 0.6, unit = "days" }
"""


@pytest.fixture(scope="session")
def town() -> Hospital:
    return parse_hospital(TOWN)


@pytest.fixture
def case(town: Hospital) -> Case:
    return Case(town)


@pytest.fixture
def fortnight() -> Window:
    return Window(date(2025, 1, 6), days=14, warm_up=14, tail=2)
