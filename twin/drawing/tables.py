"""Tables of a hospital for the compiled parts of drawing: its sources, classes, steps, routes and lengths.

They are made once for a hospital, however many replications are drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.drawing.chance import part
from twin.drawing.lengths import table_of_lengths
from twin.drawing.origins import NONE
from twin.hospital import Hospital
from twin.hospital.base import Duration, Profile
from twin.hospital.discharge import hour_edges
from twin.hospital.pathway import Arrivals, Pathway, Step
from twin.hospital.places import Ward
from twin.once import Once
from twin.units import FloatArray, IntArray, minutes

#: buckets of the uniform number by which the hour of a profile is found at once
GUIDES = 64

SOURCE = np.dtype(
    [
        ("factor", "f8"),
        ("profile", "i8"),  # -1: evenly over the day
        ("mix_from", "i8"),
        ("mix_to", "i8"),
        ("party_from", "i8"),
        ("party_to", "i8"),
    ]
)
CLASS = np.dtype(
    [
        ("first_step", "i8"),
        ("steps", "i8"),
        ("booked", "i8"),
        ("no_show", "f8"),
        ("early", "i8"),  # [ms]
        ("late", "i8"),  # a length; -1: on time
    ]
)
STEP = np.dtype(
    [
        ("name", "u8"),  # the hash of its name
        ("length", "i8"),
        ("patience", "i8"),  # a length; -1: endless
        ("profile", "i8"),  # of the hours of discharge; -1: none
        ("route_from", "i8"),
        ("route_to", "i8"),
        ("delay_from", "i8"),
        ("delay_to", "i8"),
    ]
)
#: a day's profile: sums of its shares before each hour and of all; hours a share; an hour at or before that
#: of each bucket of uniform numbers; length of an hour [ms]
HOURS = np.dtype([("edge", "f8", 25), ("rise", "f8", 24), ("guide", "i8", GUIDES), ("width", "i8")])


class Tables(NamedTuple):
    """What the compiled parts read of a hospital.

    Attributes
    ----------
    source, klass, step, length, hours : a row an arrival stream, class, step of a class (as engines number
        them), distribution of a length of time, and profile
    edge, target : float64, int64 (choice,) choices by one uniform number: the mixes of sources, party
        sizes, routes and reasons of delay, each in turn. ``edge`` is the sum of the shares up to and with
        the choice, ``target`` the class, size, step (-1: home) or length chosen
    number : float64 (number,) the numbers behind the lengths, see ``table_of_lengths``
    """

    source: NDArray[np.void]
    klass: NDArray[np.void]
    step: NDArray[np.void]
    length: NDArray[np.void]
    hours: NDArray[np.void]
    edge: FloatArray
    target: IntArray
    number: FloatArray


@dataclass(frozen=True)
class Known:
    """A hospital's tables, and what is known beforehand of the rows that its patients make.

    Attributes
    ----------
    tables : for the compiled parts
    wanted : columns of rows that it needs beside the usual ones
    mean_steps : float64 (class,) rows a patient, nearly
    most_steps : steps of its longest pathway
    trays_taken : int64 (tray, step) trays of each kind that a step's kit takes
    """

    tables: Tables
    wanted: frozenset[str]
    mean_steps: FloatArray
    most_steps: int
    trays_taken: IntArray


_KNOWN: Once[Known] = Once()


def known_of(hospital: Hospital) -> Known:
    """The tables of a hospital, made when they are first asked for."""
    return _KNOWN.get(lambda: _known(hospital), hospital)


def _known(hospital: Hospital) -> Known:
    pathways = [hospital.pathways[entry.pathway] for entry in hospital.classes.values()]
    return Known(
        _Maker(hospital).tables(),
        _wanted(hospital),
        np.array([_mean_steps(pathway) for pathway in pathways]),
        max((len(pathway.steps) for pathway in pathways), default=0),
        _trays_taken(hospital, [step for pathway in pathways for step in pathway.steps]),
    )


def _wanted(hospital: Hospital) -> frozenset[str]:
    steps = [step for pathway in hospital.pathways.values() for step in pathway.steps]
    wanted = set()
    if any(step.patience is not None for step in steps):
        wanted.add("patience")
    if any(step.delays for step in steps):
        wanted |= {"delay", "reason"}
    if any(name in hospital.trays for kit in hospital.kits.values() for name in kit.contents):
        wanted.add("row_id")
    return frozenset(wanted)


def _trays_taken(hospital: Hospital, steps: list[Step]) -> IntArray:
    kits = [hospital.kits[step.kit].contents if step.kit is not None else {} for step in steps]
    taken = [[contents.get(tray, 0) for contents in kits] for tray in hospital.trays]
    return np.array(taken, np.int64).reshape(len(hospital.trays), len(steps))


def _mean_steps(pathway: Pathway) -> float:
    """Rows a patient, those after the hundredth left out."""
    share = np.zeros(len(pathway.steps))
    share[0], rows = 1, 0.0
    for _ in range(100):
        rows += share.sum()
        after = np.zeros_like(share)
        for i in np.flatnonzero(share > 1e-4):
            for to, part_of_it in pathway.routes(int(i)):
                if to is not None:
                    after[to] += share[i] * part_of_it
        share = after
    return float(rows)


@dataclass
class _Maker:
    """Rows of the tables as they come."""

    hospital: Hospital
    edges: list[float] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    durations: dict[Duration, int] = field(default_factory=dict)

    def tables(self) -> Tables:
        hospital = self.hospital
        profiles = {name: i for i, name in enumerate(hospital.profiles)}
        sources = [self._source(stream, profiles) for stream in hospital.arrivals.values()]
        classes: list[tuple[float, ...]] = []
        steps: list[tuple[Any, ...]] = []
        for entry in hospital.classes.values():
            pathway, booking = hospital.pathways[entry.pathway], entry.booking
            late, no_show, early = NONE, 0.0, 0
            if booking is not None:
                late = self._length(booking.punctuality)
                no_show, early = booking.no_show, minutes(booking.early_by_minutes)
            classes.append((len(steps), len(pathway.steps), booking is not None, no_show, early, late))
            steps += [self._step(pathway, i, profiles) for i in range(len(pathway.steps))]
        length, number = table_of_lengths(self.durations)
        return Tables(
            np.array(sources, SOURCE),
            np.array(classes, CLASS),
            np.array(steps, STEP),
            length,
            _hours(hospital.profiles.values()),
            np.array(self.edges, np.float64),
            np.array(self.targets, np.int64),
            number,
        )

    def _source(self, stream: Arrivals, profiles: dict[str, int]) -> tuple[float, ...]:
        classes = {name: i for i, name in enumerate(self.hospital.classes)}
        mix = self._choice(stream.mix.values(), [classes[name] for name in stream.mix])
        sizes = self._choice(stream.party_sizes, range(1, len(stream.party_sizes) + 1))
        hours = NONE if stream.hour_profile is None else profiles[stream.hour_profile]
        return (stream.factor, hours, *mix, *sizes)

    def _step(self, pathway: Pathway, index: int, profiles: dict[str, int]) -> tuple[Any, ...]:
        step = pathway.steps[index]
        routes = pathway.routes(index)
        route = self._choice([x for _, x in routes], [NONE if to is None else to for to, _ in routes])
        delays = step.delays.values()
        delay = self._choice([d.share for d in delays], [self._length(d.duration) for d in delays])
        name = discharge_profile(self.hospital, pathway, index)
        hours = NONE if name is None else profiles[name]
        return (
            part(step.name),
            self._length(step.duration),
            self._length(step.patience),
            hours,
            *route,
            *delay,
        )

    def _choice(self, shares: Iterable[float], targets: Sequence[int]) -> tuple[int, int]:
        begin = len(self.edges)
        self.edges += np.cumsum(list(shares)).tolist()
        self.targets += targets
        return begin, len(self.edges)

    def _length(self, duration: Duration | None) -> int:
        return NONE if duration is None else self.durations.setdefault(duration, len(self.durations))


def discharge_profile(hospital: Hospital, pathway: Pathway, index: int) -> str | None:
    """Name of the profile that a stay's last hour follows: that of the step's first ward."""
    step: Step = pathway.steps[index]
    places = step.alternatives()
    ward = hospital.wards.get(places[0].place) if places else None
    return ward.discharge_profile if isinstance(ward, Ward) else None


def _hours(profiles: Iterable[Profile]) -> NDArray[np.void]:
    """A row of ``HOURS`` for each profile."""
    rows = []
    lows = np.arange(GUIDES) / GUIDES
    for profile in profiles:
        edge = hour_edges(profile)
        with np.errstate(divide="ignore"):
            rise = 1 / np.diff(edge)  # an hour without a share is never found
        guide = np.searchsorted(edge, lows * edge[-1], side="right") - 1
        rows.append((edge, rise, np.minimum(guide, rise.size - 1), profile.width))
    return np.array(rows, HOURS)
