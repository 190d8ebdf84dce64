"""State: what the kernel knows of the house while it plays, as tables of whole numbers.

One table a noun: a patient, a row, a step, a lane, a resource. The tables that a hospital gives
(``program``) and what changes during a run stand side by side, so that what is needed together lies
together. A packed event is time x 2^24 + who: 16.7 million patients, 2^39 ms or 6,300 days.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.engine.tables import Tables
from twin.errors import UsageError
from twin.units import IntArray

WHO_BITS = 24
WHO = (1 << WHO_BITS) - 1
NEVER = np.iinfo(np.int64).max

#: where a patient is: has not come; waits for a step; is in one; will ask for one at this instant; on a
#: list; booked; has had the cue to come; out of the house
ABSENT, WAITING, STARTED, ASKING, LISTED, BOOKED, CUED, OUT = range(8)
#: what a lane is for: the first start of a step; the same in a place promised; going on in the place
#: kept; going on in any place of the step; a move within a stay; a waiting list
ORDINARY, PROMISED, KEPT, RESUME, TRANSFER, LIST = range(6)
#: kinds of entries
PEOPLE, SUPPLY, TRAY = range(3)
#: what those do who do not wait (entries of ``patient_more.going``)
STAYS, LEAVES, REFUSED, BALKS, SKIPS, IS_CANCELLED = range(6)

# entries of ``House.n``: sizes of heaps and buffers; reading places in tables
ENDS, TURNS, ALARMS, DELIVERIES, EXPIRIES, CANDIDATES, ASKED, DUE, GOING, FINISHED = range(10)
LINES, ORDERS, BATCHES, LATE, FREE_NODE = range(10, 15)
# counts and facts
WAIT, STARTS, EXCHANGES, HOLDERS, PREEMPTORS, LOOK_FOR_CIRCLES, LOOK_EVERYWHERE = range(15, 22)
TOO_SMALL, RUN_END, LEVEL_FELL, STOCK_MOVED = range(22, 26)
# what this hospital has; the others pay nothing for it
HAS_MORE, HAS_LISTENERS, HAS_CUES, HAS_PREEMPTORS, HAS_PATIENCE = range(26, 31)
PLACES, GROUPS, NODES = range(31, 34)
# reading places in the tables of what is known beforehand, and the earliest of it
ARRIVALS, CHANGES, REVIEWS, BOOKS, PLANNED = range(34, 39)
# places that are both kept and wanted by patients who wait: a circle needs two
BOTH = 39
_NUMBERS = 40


def _of(*, wide: str = "", narrow: str = "", flags: str = "") -> np.dtype[Any]:
    """A record: instants and amounts of 64 bits, numbers of 32, flags of 8, so that it stays short."""
    kinds = ((wide, np.int64), (narrow, np.int32), (flags, np.int8))
    return np.dtype([(name, kind) for names, kind in kinds for name in names.split()], align=True)


STEP = _of(
    wide="shift lounge_ms",
    narrow="priority first_place ages_from ages_to "  # as in the description
    "entry_from people_to entry_to "  # what it takes
    "lane_from lane_to free_from free_to promised_lane kept_lane resume_from resume_to "  # its lines
    "repatriation_lane lounge_lane promise_place promise_step room",
    # plain: only people without pools
    flags="in_place keeps plain pooled kit transfers if_full out_of_patience limited holds preempts "
    "can_be_stopped",
)
#: the last two: work space of one check
ENTRY = _of(wide="n spare reserve own from_pool", narrow="resource pool", flags="kind")
LANE = _of(
    wide="after",
    narrow="step place promise number entry_from entry_to need_from need_to head tail",
    flags="rank kind takes_place plain circles is_candidate",
)
#: lined: how often patients stand in lines that wait for it; of a place, keepers: patients who wait and keep
#: it, wanted: how often patients who keep another stand in line for it
RESOURCE = _of(
    wide="level used turnaround room in_room",
    narrow="waits_from waits_to lined preempt_from preempt_to component keepers wanted gate_from gate_to "
    "first_in item_number",
    flags="closes_circles stops fell opens_others",
)
CLASS = _of(wide="early expected", narrow="priority ages_from ages_to list_lane cursor", flags="booked")
ITEM = _of(
    wide="reorder_point quantity up_to pack shelf_life on_order wants orders",
    narrow="resource lead_from lead_to oldest newest",
    flags="reviewed by_calendar perishable moved",
)
SITTING = _of(
    wide="books opens closes limit", narrow="number session slot_from slot_to class_from class_to first"
)
#: of a length that fills a line of the processor's cache, for there are many of them
PATIENT = _of(
    wide="since end_at begun",
    narrow="row last nodes last_started lane_from lane_to held spare",
    flags="state took stopped",
)
#: what is known of patients only in hospitals that need it
MORE = _of(
    wide="remaining comes_at listed",
    narrow="promise_place promise_step sitting next_booked last_booked in_room next_in last_in",
    flags="going",
)
#: who is there when the run begins
THERE = _of(wide="since asked came appointment", narrow="patient held promise_place promise_step sitting")
NODE = _of(narrow="patient lane following before sibling")
CHANGE = _of(wide="at level", narrow="resource")
CUE = _of(wide="gap", narrow="kind patient")
AGE = _of(wide="after", narrow="priority")
BATCH = _of(wide="left expires", narrow="item_number following")
ORDER = _of(wide="units", narrow="item_number")
EDGE = _of(narrow="who via found")
WAY = _of(narrow="came_by queue circle")

Records = NDArray[Any]
Row = dict[str, int]


class House(Tables):
    """Everything of one run; one-entry facts live in ``n``."""

    n: IntArray
    step: Records
    entry: Records
    lane: Records
    resource: Records
    klass: Records
    item: Records
    sitting: Records
    change: Records
    age: Records
    links: IntArray  # lists of lanes, places and classes, found by "from" and "to"
    circle_lanes: IntArray
    holding_lanes: IntArray
    rooms: IntArray  # places with a waiting room
    slot: IntArray  # appointments [ms]
    limits: IntArray  # sittings in order of their limit
    reviews: IntArray  # (review, 2) at [ms], item
    lead: IntArray  # [ms]
    day_starts: IntArray  # [ms]
    key: IntArray  # (patient,) the workload's columns, as they are
    patient_class: IntArray
    arrival: IntArray
    first: IntArray  # (patient + 1,)
    origin: IntArray
    step_of: IntArray  # (row,)
    duration: IntArray
    wall: IntArray
    patience: IntArray  # this and the next three: one entry only where no rule needs them
    shows: IntArray  # (patient,)
    late: IntArray
    tray: IntArray
    cue: Records
    cue_from: IntArray  # (row + 1,)
    place: NDArray[np.int32]  # (row,) the trace's columns, as they grow
    requested: IntArray
    started: IntArray
    ended: IntArray
    left: IntArray
    came: IntArray  # (patient,)
    outcome: NDArray[np.int8]
    patient: Records  # where each is; known from the arrival on
    more: Records  # one record only where no rule needs it
    there: Records
    others: IntArray  # patients who do not simply arrive
    pooled: IntArray  # (patient, entry of the step) people or units from the pool
    ends: IntArray  # heap of (time, patient): a step is over
    turns: IntArray  # heap of (time, place): a turnaround is over
    alarms: IntArray  # heap of (time, patient): look at this patient again
    deliveries: IntArray  # heap of (time, order)
    expiries: IntArray  # heap of (time, batch)
    node: Records
    candidates: IntArray  # lanes to look at in this round
    asked: IntArray  # patients who asked at this instant
    due: IntArray  # patients whose patience may be over now
    going: IntArray  # patients who go now
    finished: IntArray  # patients whose step ended now
    order: Records
    batch: Records
    log: IntArray  # (line, 5)
    edge: Records  # (place x place,) work space of the search for circles, ``who`` -1 between searches
    way: Records  # (place,) the same
    need: IntArray  # (resource,) work space, 0 between uses


def numbers() -> IntArray:
    """Counts and facts of a run, all 0."""
    return np.zeros(_NUMBERS, np.int64)


def records(kind: np.dtype[Any], rows: list[Row]) -> Records:
    """A table of rows given by name; what a row does not give is 0.

    Raises
    ------
    UsageError
        With the column and the number that it cannot hold.
    """
    table = np.zeros(len(rows), kind)
    for name in kind.names or ():
        values = [int(row.get(name, 0)) for row in rows]
        holds = np.iinfo(table[name].dtype)
        for value in values:
            if not holds.min <= value <= holds.max:
                raise UsageError(
                    f"{name} = {value:,} does not fit the kernel's tables ({holds.min:,} to {holds.max:,}); "
                    "make the number smaller, or run this hospital with the engine `reference`"
                )
        table[name] = values
    return table
