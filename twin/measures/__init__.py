"""Measures: what a run says about the hospital, one number a replication, and how sure it is."""

from twin.measures.beds import TurnoverSplit, turnover_split
from twin.measures.census import Need, need
from twin.measures.event_log import event_log, log_table
from twin.measures.measure import Measure
from twin.measures.precision import Estimate, band, estimate, paired
from twin.measures.readiness import Rate, Readiness, miss_rate, readiness
from twin.measures.stays import Stays, stays
from twin.measures.summary import MEASURES, summarise
from twin.measures.tables import (
    classes_table,
    cost_table,
    delays_table,
    items_table,
    sessions_table,
    staff_table,
    wards_table,
)
from twin.measures.tally import Tally, measure, measures_of, tally
from twin.measures.waiting import StepWait, step_waits

__all__ = [
    "MEASURES",
    "Estimate",
    "Measure",
    "Need",
    "Rate",
    "Readiness",
    "Stays",
    "StepWait",
    "Tally",
    "TurnoverSplit",
    "band",
    "classes_table",
    "cost_table",
    "delays_table",
    "estimate",
    "event_log",
    "items_table",
    "log_table",
    "measure",
    "measures_of",
    "miss_rate",
    "need",
    "paired",
    "readiness",
    "sessions_table",
    "staff_table",
    "stays",
    "step_waits",
    "summarise",
    "tally",
    "turnover_split",
    "wards_table",
]
