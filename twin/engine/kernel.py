"""The kernel: the same rules as the reference engine, over tables of whole numbers, compiled.

What makes it fast: arrivals never enter a heap (they are sorted and merged), each class of event
has its own small heap of packed whole numbers, waiting lines are linked lanes whose first patient
speaks for all, and only lanes whose place or people were touched at this instant are looked at.
README.md beside this file tells the order of events.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.engine.cache import set_cache_folder

set_cache_folder()

from numba import njit  # noqa: E402  (the cache folder must be known first)

from twin.case import Case, Schedule  # noqa: E402
from twin.engine.program import Program, compile_program  # noqa: E402
from twin.engine.rules import MOST_WAITING  # noqa: E402
from twin.errors import UsageError  # noqa: E402
from twin.trace import UNSET, Trace  # noqa: E402
from twin.units import MS_DAY, IntArray  # noqa: E402
from twin.workload import NONE, Workload, number_steps  # noqa: E402

#: a packed event is time x 2^24 + who: 16.7 million patients, 2^39 ms or 6,300 days
_WHO_BITS = 24
_WHO = (1 << _WHO_BITS) - 1
_NEVER = np.iinfo(np.int64).max
_WAITING, _STARTED = 1, 2
_CLOCKS_CHANGE_BY = MS_DAY // 8  # see twin.calendar.Clock.instant

# entries of ``House.n``
_ENDS, _TURNS, _OPENS, _CANDIDATES, _WAIT, _LOOK_FOR_CIRCLES, _EXCHANGES, _FREE_NODE = range(8)


class Patients(NamedTuple):
    """The workload's columns."""

    key: IntArray
    arrival: IntArray
    first: IntArray
    origin: IntArray
    held: IntArray
    since: IntArray
    step: IntArray
    duration: IntArray
    wall: IntArray
    day_starts: IntArray


class House(NamedTuple):
    """The state of the house; one-entry facts live in ``n``."""

    n: IntArray
    level: IntArray  # (resource,)
    used: IntArray  # (resource,)
    ends: IntArray  # heap of packed (time, patient)
    turns: IntArray  # heap of packed (time, place)
    opens: IntArray  # heap of packed (time, patient): a minimum wait is over
    row: IntArray  # (patient,) row of the present step
    state: IntArray  # (patient,)
    held: IntArray  # (patient,) place held or -1
    since: IntArray  # (patient,) waiting since [ms]
    nodes: IntArray  # (patient,) first of the patient's nodes, or -1
    node_patient: IntArray
    node_lane: IntArray
    node_next: IntArray  # in the lane
    node_before: IntArray  # in the lane
    node_sibling: IntArray  # of the same patient; free nodes are chained by it
    head: IntArray  # (lane,)
    tail: IntArray  # (lane,)
    is_candidate: IntArray  # (lane,)
    candidates: IntArray  # (lane,)
    keepers: IntArray  # (component,) waiting patients who hold one of its places
    edge_who: IntArray  # (place x place,) work space of the search for circles, -1 between searches
    edge_via: IntArray
    edge_found: IntArray
    came_by: IntArray  # (place,)
    queue: IntArray  # (place,)
    circle: IntArray  # (place,)
    need: IntArray  # (resource,)


class Story(NamedTuple):
    """The trace's columns while they are written."""

    place: IntArray
    requested: IntArray
    started: IntArray
    ended: IntArray
    left: IntArray


#: no part makes an array, so none needs its references counted; counting them took most of the time
_compiled = njit(cache=True, nogil=True, _nrt=False)


@_compiled
def _push(heap, n, which, value):
    i = n[which]
    n[which] = i + 1
    while i > 0:
        parent = (i - 1) >> 1
        if heap[parent] <= value:
            break
        heap[i] = heap[parent]
        i = parent
    heap[i] = value


@_compiled
def _pop(heap, n, which):
    top = heap[0]
    size = n[which] - 1
    n[which] = size
    value = heap[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[i] = heap[child]
        i = child
    heap[i] = value
    return top


@_compiled
def _touch(p, h, resource):
    """A resource was freed: the lanes that need it are looked at in this round."""
    if p.closes_circles[resource] == 1:
        h.n[_LOOK_FOR_CIRCLES] = 1  # people are back: a circle that lacked them may now close
    for e in range(p.waits_from[resource], p.waits_from[resource + 1]):
        _consider(h, p.waits_lane[e])


@_compiled
def _consider(h, lane):
    if h.is_candidate[lane] == 0 and h.head[lane] != NONE:
        h.is_candidate[lane] = 1
        h.candidates[h.n[_CANDIDATES]] = lane
        h.n[_CANDIDATES] += 1


@_compiled
def _before(w, h, a, b):
    """Whether patient ``a`` waits before ``b`` in a lane: since, then key."""
    if h.since[a] != h.since[b]:
        return h.since[a] < h.since[b]
    return w.key[a] < w.key[b]


@_compiled
def _join(p, w, h, patient, lane):
    """Stand in a lane in the order of service; in nearly all cases that is its end."""
    mine = h.nodes[patient]
    while mine != NONE:
        if h.node_lane[mine] == lane:
            return
        mine = h.node_sibling[mine]
    node = h.n[_FREE_NODE]
    h.n[_FREE_NODE] = h.node_sibling[node]
    h.node_patient[node] = patient
    h.node_lane[node] = lane
    h.node_sibling[node] = h.nodes[patient]
    h.nodes[patient] = node
    after = h.tail[lane]
    while after != NONE and _before(w, h, patient, h.node_patient[after]):
        after = h.node_before[after]
    following = h.head[lane] if after == NONE else h.node_next[after]
    h.node_before[node], h.node_next[node] = after, following
    if after == NONE:
        h.head[lane] = node
    else:
        h.node_next[after] = node
    if following == NONE:
        h.tail[lane] = node
    else:
        h.node_before[following] = node
    _consider(h, lane)
    held = h.held[patient]
    if held != NONE and p.component[held] != NONE:
        h.n[_LOOK_FOR_CIRCLES] = 1


@_compiled
def _leave_lanes(h, patient):
    node = h.nodes[patient]
    while node != NONE:
        lane, before, following = h.node_lane[node], h.node_before[node], h.node_next[node]
        if before == NONE:
            h.head[lane] = following
        else:
            h.node_next[before] = following
        if following == NONE:
            h.tail[lane] = before
        else:
            h.node_before[following] = before
        sibling = h.node_sibling[node]
        h.node_sibling[node] = h.n[_FREE_NODE]
        h.n[_FREE_NODE] = node
        node = sibling
    h.nodes[patient] = NONE


@_compiled
def _ask(p, w, h, story, patient, since, now):
    """Join the lane of every place that may be taken now; later ones after their minimum wait."""
    step = w.step[h.row[patient]]
    story.requested[h.row[patient]] = since
    h.state[patient] = _WAITING
    h.since[patient] = since
    h.n[_WAIT] += 1
    _count_keeper(p, h, patient, 1)
    for lane in range(p.lane_from[step], p.lane_from[step + 1]):
        opens = since + p.lane_after[lane]
        if opens <= now:
            _join(p, w, h, patient, lane)
        else:
            _push(h.opens, h.n, _OPENS, (opens << _WHO_BITS) | patient)


@_compiled
def _count_keeper(p, h, patient, by):
    held = h.held[patient]
    if held != NONE:
        if p.component[held] != NONE:
            h.keepers[p.component[held]] += by
            h.n[_LOOK_FOR_CIRCLES] = 1


@_compiled
def _minimum_wait_over(p, w, h, patient, now):
    if h.state[patient] == _WAITING:
        step = w.step[h.row[patient]]
        for lane in range(p.lane_from[step], p.lane_from[step + 1]):
            if p.lane_after[lane] > 0 and h.since[patient] + p.lane_after[lane] == now:
                _join(p, w, h, patient, lane)


@_compiled
def _people_free(p, h, step):
    for e in range(p.bundle_from[step], p.bundle_from[step + 1]):
        group = p.bundle_group[e]
        if h.used[group] + p.bundle_people[e] > h.level[group]:
            return False
    return True


@_compiled
def _can_start(p, h, lane):
    place = p.lane_place[lane]
    if place != NONE and h.used[place] >= h.level[place]:
        return False
    return _people_free(p, h, p.lane_step[lane])


@_compiled
def _goes_first(p, w, h, lane, other):
    """Order of service between the heads of two lanes."""
    a, b = p.priority[p.lane_step[lane]], p.priority[p.lane_step[other]]
    if a != b:
        return a < b
    a, b = p.lane_number[lane] > 0, p.lane_number[other] > 0
    if a != b:
        return b
    one, two = h.node_patient[h.head[lane]], h.node_patient[h.head[other]]
    if one != two:
        return _before(w, h, one, two)
    return p.lane_number[lane] < p.lane_number[other]


@_compiled
def _end_of(p, w, row, now, run_end):
    """When the step ends: after its length or, for a discharge, at its hour of that day."""
    end, wall = now + w.duration[row], w.wall[row]
    if wall == NONE:
        return end
    shifted = max(end + p.shift[w.step[row]], 0)
    days = w.day_starts.size - 1
    day = min(shifted // MS_DAY + 1, days)
    while w.day_starts[day] > shifted:
        day -= 1
    while day < days and w.day_starts[day + 1] <= shifted:
        day += 1
    while day < days:
        length = w.day_starts[day + 1] - w.day_starts[day]
        local = wall + (length - MS_DAY if wall >= _CLOCKS_CHANGE_BY else 0)
        hour = w.day_starts[day] + min(max(local, 0), length - 1)
        if hour > now:
            return hour
        day += 1
    return max(end, run_end)


@_compiled
def _vacate(p, h, place, now, cleaned):
    if cleaned or p.turnaround[place] == 0:
        h.used[place] -= 1
        _touch(p, h, place)
    else:
        _push(h.turns, h.n, _TURNS, ((now + p.turnaround[place]) << _WHO_BITS) | place)


@_compiled
def _start(p, w, h, story, patient, place, now, run_end, swap):
    """Take the place and the people at once; give up the place kept."""
    row = h.row[patient]
    step = w.step[row]
    _leave_lanes(h, patient)
    h.n[_WAIT] -= 1
    _count_keeper(p, h, patient, -1)
    for e in range(p.bundle_from[step], p.bundle_from[step + 1]):
        h.used[p.bundle_group[e]] += p.bundle_people[e]
    held = h.held[patient]
    if (p.in_place[step] == 1 or held != NONE) and row != w.first[patient]:
        story.left[row - 1] = now
    if p.in_place[step] == 1:
        place = held
    else:
        if place != NONE:
            h.used[place] += 1
        if held != NONE:
            _vacate(p, h, held, now, swap)
        h.held[patient] = place
    h.state[patient] = _STARTED
    story.started[row] = now
    story.place[row] = place
    _push(h.ends, h.n, _ENDS, (_end_of(p, w, row, now, run_end) << _WHO_BITS) | patient)


@_compiled
def _finish(p, w, h, story, patient, now):
    """Free the people; free the place unless kept; ask for the next step."""
    row = h.row[patient]
    step = w.step[row]
    story.ended[row] = now
    for e in range(p.bundle_from[step], p.bundle_from[step + 1]):
        h.used[p.bundle_group[e]] -= p.bundle_people[e]
        _touch(p, h, p.bundle_group[e])
    goes_on = row + 1 < w.first[patient + 1]
    if not (goes_on and p.keeps[step] == 1 and h.held[patient] != NONE):
        story.left[row] = now
        if h.held[patient] != NONE:
            _vacate(p, h, h.held[patient], now, False)
            h.held[patient] = NONE
    h.state[patient] = 0
    if goes_on:
        h.row[patient] = row + 1
        _ask(p, w, h, story, patient, now, now)


@_compiled
def _admit(p, w, h, story, patient, now, run_end):
    """A patient arrives, or is found where he is when the run begins."""
    row = w.first[patient]
    h.row[patient] = row
    if w.held[patient] != NONE:
        h.held[patient] = w.held[patient]
        h.used[w.held[patient]] += 1
    if row == w.first[patient + 1]:
        return
    if w.origin[patient] != 1:
        _ask(p, w, h, story, patient, now if w.origin[patient] == 0 else w.since[patient], now)
        return
    step = w.step[row]
    for e in range(p.bundle_from[step], p.bundle_from[step + 1]):
        h.used[p.bundle_group[e]] += p.bundle_people[e]
    story.requested[row] = w.since[patient]
    story.started[row] = w.since[patient]
    story.place[row] = h.held[patient]
    h.state[patient] = _STARTED
    _push(h.ends, h.n, _ENDS, (_end_of(p, w, row, now, run_end) << _WHO_BITS) | patient)


@_compiled
def _serve(p, w, h, story, now, run_end):
    """Start by order until no lane that was touched can start."""
    while True:
        best, i = NONE, 0
        while i < h.n[_CANDIDATES]:
            lane = h.candidates[i]
            if h.head[lane] == NONE or not _can_start(p, h, lane):
                h.is_candidate[lane] = 0
                h.n[_CANDIDATES] -= 1
                h.candidates[i] = h.candidates[h.n[_CANDIDATES]]
                continue
            if best == NONE or _goes_first(p, w, h, lane, best):
                best = lane
            i += 1
        if best == NONE:
            return
        patient = h.node_patient[h.head[best]]
        _start(p, w, h, story, patient, p.lane_place[best], now, run_end, False)


@_compiled
def _circles_possible(h):
    """Two keepers or more wait within one part of the house, and something about them has changed.

    An attempt that found no circle need not be made again until then.
    """
    if h.n[_LOOK_FOR_CIRCLES] == 0:
        return False
    for c in range(h.keepers.size):
        if h.keepers[c] > 1:
            return True
    return False


@_compiled
def _edges(p, w, h):
    """Find, for every pair (held place -> wanted place), the first in order who would make that move.

    Leaves the edges in order of service in ``edge_found`` (held x places + wanted), with the patient
    and lane of each in ``edge_who`` and ``edge_via``; returns their number.
    """
    places, count = p.turnaround.size, 0
    for lane in p.circle_lanes:
        place = p.lane_place[lane]
        if h.head[lane] == NONE or not _people_free(p, h, p.lane_step[lane]):
            continue
        node = h.head[lane]
        while node != NONE:
            patient = h.node_patient[node]
            held = h.held[patient]
            if held != NONE and held != place and p.component[held] == p.component[place]:
                edge = held * places + place
                if h.edge_who[edge] == NONE:
                    h.edge_found[count] = edge
                    count += 1
                if h.edge_who[edge] == NONE or _entry_first(
                    p, w, h, patient, lane, h.edge_who[edge], h.edge_via[edge]
                ):
                    h.edge_who[edge], h.edge_via[edge] = patient, lane
            node = h.node_next[node]
    for i in range(1, count):
        edge, j = h.edge_found[i], i
        while j > 0 and _edge_first(p, w, h, edge, h.edge_found[j - 1]):
            h.edge_found[j] = h.edge_found[j - 1]
            j -= 1
        h.edge_found[j] = edge
    return count


@_compiled
def _edge_first(p, w, h, edge, other):
    return _entry_first(p, w, h, h.edge_who[edge], h.edge_via[edge], h.edge_who[other], h.edge_via[other])


@_compiled
def _entry_first(p, w, h, one, lane, two, other):
    """Order of service between two entries of the lines."""
    a, b = p.priority[p.lane_step[lane]], p.priority[p.lane_step[other]]
    if a != b:
        return a < b
    a, b = p.lane_number[lane] > 0, p.lane_number[other] > 0
    if a != b:
        return b
    if one != two:
        return _before(w, h, one, two)
    return p.lane_number[lane] < p.lane_number[other]


@_compiled
def _shortest_circle(p, h, edges, first):
    """Put the edges from ``first`` back to the place it holds in ``circle``, last first; their number.

    0 if there is no way back.
    """
    places = p.turnaround.size
    h.came_by[:] = NONE
    goal, start = first // places, first % places
    h.came_by[start] = first
    h.queue[0] = start
    read, filled = 0, 1
    while read < filled:
        here = h.queue[read]
        read += 1
        for e in range(edges):
            edge = h.edge_found[e]
            to = edge % places
            if edge // places == here and h.came_by[to] == NONE:
                h.came_by[to] = edge
                h.queue[filled] = to
                filled += 1
        if h.came_by[goal] != NONE:
            length, edge = 0, h.came_by[goal]
            while True:
                h.circle[length] = edge
                length += 1
                if edge == first:
                    return length
                edge = h.came_by[edge // places]
    return 0


@_compiled
def _people_free_for(p, h, length):
    """The bundles of all in the circle together are free."""
    h.need[:] = 0
    for i in range(length):
        step = p.lane_step[h.edge_via[h.circle[i]]]
        for e in range(p.bundle_from[step], p.bundle_from[step + 1]):
            h.need[p.bundle_group[e]] += p.bundle_people[e]
    for group in range(h.need.size):
        if h.need[group] > 0 and h.used[group] + h.need[group] > h.level[group]:
            return False
    return True


@_compiled
def _exchange(p, w, h, story, now, run_end):
    """The first keeper in order who closes a circle moves, with the shortest circle back to him."""
    h.n[_LOOK_FOR_CIRCLES] = 0
    edges, moved = _edges(p, w, h), False
    for first in range(edges):
        length = _shortest_circle(p, h, edges, h.edge_found[first])
        if length > 0 and _people_free_for(p, h, length):
            for i in range(length - 1, -1, -1):
                edge = h.circle[i]
                place = p.lane_place[h.edge_via[edge]]
                _start(p, w, h, story, h.edge_who[edge], place, now, run_end, True)
            h.n[_EXCHANGES] += 1
            moved = True
            break
    for e in range(edges):
        h.edge_who[h.edge_found[e]] = NONE
    return moved


@_compiled
def _top(heap, size):
    return heap[0] >> _WHO_BITS if size > 0 else _NEVER


@_compiled
def _next_instant(p, w, h, arrivals, changes):
    now = min(_top(h.ends, h.n[_ENDS]), min(_top(h.turns, h.n[_TURNS]), _top(h.opens, h.n[_OPENS])))
    if arrivals < w.arrival.size:
        now = min(now, max(w.arrival[arrivals], 0))
    if changes < p.change_at.size:
        now = min(now, p.change_at[changes])
    return now


@_compiled
def _run(p, w, h, story, run_end, most_waiting):
    """Play the whole run; the instant at which a guard stopped it, or -1."""
    arrivals, changes = 0, 0
    while True:
        now = _next_instant(p, w, h, arrivals, changes)
        if now >= run_end:
            return NONE
        while changes < p.change_at.size and p.change_at[changes] == now:
            what = p.change_what[changes]
            h.level[what] = p.change_level[changes]
            _touch(p, h, what)
            changes += 1
        while _top(h.ends, h.n[_ENDS]) == now:
            _finish(p, w, h, story, _pop(h.ends, h.n, _ENDS) & _WHO, now)
        while _top(h.turns, h.n[_TURNS]) == now:
            place = _pop(h.turns, h.n, _TURNS) & _WHO
            h.used[place] -= 1
            _touch(p, h, place)
        while arrivals < w.arrival.size and w.arrival[arrivals] <= now:
            _admit(p, w, h, story, arrivals, now, run_end)
            arrivals += 1
        while _top(h.opens, h.n[_OPENS]) == now:
            _minimum_wait_over(p, w, h, _pop(h.opens, h.n, _OPENS) & _WHO, now)
        _serve(p, w, h, story, now, run_end)
        while _circles_possible(h) and _exchange(p, w, h, story, now, run_end):
            _serve(p, w, h, story, now, run_end)
        if h.n[_WAIT] > most_waiting:
            return now


def _new_house(p: Program, w: Patients, most_places: int) -> House:
    n, lanes, nodes = w.key.size, p.lane_place.size, w.key.size * most_places + 1
    counts = np.zeros(8, np.int64)
    chain = np.arange(1, nodes + 1, dtype=np.int64)

    def none(size: int) -> IntArray:
        return np.full(size, NONE, np.int64)

    return House(
        n=counts,
        level=p.level.copy(),
        used=np.zeros_like(p.level),
        ends=np.empty(n + 1, np.int64),
        turns=np.empty(w.step.size + n + 1, np.int64),
        opens=np.empty(w.step.size * most_places + 1, np.int64),
        row=np.zeros(n, np.int64),
        state=np.zeros(n, np.int64),
        held=none(n),
        since=np.zeros(n, np.int64),
        nodes=none(n),
        node_patient=np.empty(nodes, np.int64),
        node_lane=np.empty(nodes, np.int64),
        node_next=np.empty(nodes, np.int64),
        node_before=np.empty(nodes, np.int64),
        node_sibling=chain,
        head=none(lanes),
        tail=none(lanes),
        is_candidate=np.zeros(lanes, np.int64),
        candidates=np.empty(lanes + 1, np.int64),
        keepers=np.zeros(max(int(p.component.max(initial=NONE)) + 1, 1), np.int64),
        edge_who=none(p.turnaround.size**2),
        edge_via=none(p.turnaround.size**2),
        edge_found=none(p.turnaround.size**2),
        came_by=none(p.turnaround.size),
        queue=none(p.turnaround.size),
        circle=none(p.turnaround.size),
        need=np.zeros_like(p.level),
    )


def simulate_kernel(case: Case, workload: Workload, schedule: Schedule) -> Trace:
    """Play one replication with the compiled kernel.

    Raises
    ------
    UsageError
        More patients or a longer run than a packed event can hold.
    """
    if workload.patients > _WHO or workload.end >= 1 << (63 - _WHO_BITS):
        raise UsageError(
            f"{workload.patients:,} patients over {workload.end:,} ms do not fit the kernel's packed events "
            f"(at most {_WHO:,} patients); ask for fewer days a replication"
        )
    program = compile_program(case, workload, schedule)
    columns = {c: np.asarray(getattr(workload, c), np.int64) for c in Patients._fields[:-1]}
    patients = Patients(**columns, day_starts=np.asarray(workload.clock.day_starts))
    rows = workload.step.size
    story = Story(np.full(rows, NONE, np.int64), *(np.full(rows, UNSET, np.int64) for _ in range(4)))
    house = _new_house(program, patients, int(np.diff(program.lane_from).max(initial=1)))
    stopped = int(_run(program, patients, house, story, workload.end, MOST_WAITING))
    return Trace(
        workload=workload,
        schedule=schedule,
        places=tuple(case.hospital.everywhere),
        steps=number_steps(case.hospital),
        classes=tuple(case.hospital.classes),
        place=story.place.astype(np.int32),
        requested=story.requested,
        started=story.started,
        ended=story.ended,
        left=story.left,
        exchanges=int(house.n[_EXCHANGES]),
        engine="kernel",
        stopped_at=None if stopped == NONE else stopped,
    )
