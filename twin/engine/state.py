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
HAS_MORE, HAS_LISTENERS, HAS_CUES, HAS_PREEMPTORS = range(26, 30)
PLACES, GROUPS, NODES = range(30, 33)
_NUMBERS = 33


def _of(names: str) -> np.dtype[Any]:
    return np.dtype([(name, np.int64) for name in names.split()])


STEP = _of(
    "klass priority in_place keeps shift first_place ages_from ages_to "  # as in the description
    "entry_from people_to entry_to plain pooled kit "  # what it takes; plain: only people without pools
    "lane_from lane_to free_from free_to promised_lane kept_lane resume_from resume_to "  # its lines
    "repatriation_lane lounge_lane lounge_ms transfers "
    "promise_place promise_step if_full out_of_patience room limited holds preempts can_be_stopped"
)
ENTRY = _of("resource n pool spare reserve kind own from_pool")  # the last two: work space of one check
LANE = _of(
    "step place after number rank kind takes_place promise entry_from entry_to plain circles "
    "head tail is_candidate"
)
RESOURCE = _of(
    "level used waits_from waits_to closes_circles turnaround component stops fell gate_from gate_to "
    "opens_others room in_room first_in item"
)
CLASS = _of("priority ages_from ages_to booked limit_step early expected list_lane cursor")
ITEM = _of(
    "resource reviewed by_calendar reorder_point quantity up_to pack shelf_life perishable "
    "on_order wants moved orders lead_from lead_to oldest newest"
)
SITTING = _of("number session books opens closes limit slot_from slot_to class_from class_to first")
PATIENT = _of(
    "key klass arrival first last origin state row held since nodes end_at lane_from lane_to "
    "last_started begun took stopped came outcome"
)
#: what is known of patients only in hospitals that need it
MORE = _of(
    "shows late tray promise_place promise_step remaining sitting next_booked last_booked comes_at listed "
    "in_room going next_in last_in"
)
#: who is there when the run begins
THERE = _of("patient held since asked came appointment promise_place promise_step sitting")
ROW = _of("step duration wall patience place requested started ended left")
NODE = _of("patient lane following before sibling")
CHANGE = _of("at resource level")
CUE = _of("kind patient gap")
AGE = _of("after priority")
BATCH = _of("item left expires following")
ORDER = _of("item units")
EDGE = _of("who via found")
WAY = _of("came_by queue circle")

Records = NDArray[Any]


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
    preempting_lanes: IntArray
    slot: IntArray  # appointments [ms]
    limits: IntArray  # sittings in order of their limit
    reviews: IntArray  # (review, 2) at [ms], item
    lead: IntArray  # [ms]
    day_starts: IntArray  # [ms]
    patient: Records
    more: Records  # one record only where no rule needs it
    there: Records
    row: Records
    cue: Records
    cue_from: IntArray  # (row + 1,)
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
    keepers: IntArray  # (component,) waiting patients who hold one of its places
    edge: Records  # (place x place,) work space of the search for circles, ``who`` -1 between searches
    way: Records  # (place,) the same
    need: IntArray  # (resource,) work space, 0 between uses


def numbers() -> IntArray:
    """Counts and facts of a run, all 0."""
    return np.zeros(_NUMBERS, np.int64)
