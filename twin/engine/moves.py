"""Moves: what a patient does: ask, start, finish, arrive; and what that takes and frees."""

from __future__ import annotations

from twin.calendar import CLOCKS_CHANGE_BY
from twin.engine.compiled import compiled
from twin.engine.heap import push
from twin.engine.lanes import join, leave_lanes, touch
from twin.engine.state import ENDS, LOOK_FOR_CIRCLES, OPENS, STARTED, TURNS, WAIT, WAITING, WHO_BITS
from twin.units import MS_DAY
from twin.workload import NONE


@compiled
def people_free(p, h, step):
    """The whole bundle of a step is free."""
    for e in range(p.bundle_from[step], p.bundle_from[step + 1]):
        group = p.bundle_group[e]
        if h.used[group] + p.bundle_people[e] > h.level[group]:
            return False
    return True


@compiled
def count_keeper(p, h, patient, by):
    """Count a waiting patient who holds a place in or out."""
    held = h.held[patient]
    if held != NONE:
        if p.component[held] != NONE:
            h.keepers[p.component[held]] += by
            h.n[LOOK_FOR_CIRCLES] = 1


@compiled
def ask(p, w, h, story, patient, since, now):
    """Join the lane of every place that may be taken now; later ones after their minimum wait."""
    step = w.step[h.row[patient]]
    story.requested[h.row[patient]] = since
    h.state[patient] = WAITING
    h.since[patient] = since
    h.n[WAIT] += 1
    count_keeper(p, h, patient, 1)
    for lane in range(p.lane_from[step], p.lane_from[step + 1]):
        opens = since + p.lane_after[lane]
        if opens <= now:
            join(p, w, h, patient, lane)
        else:
            push(h.opens, h.n, OPENS, (opens << WHO_BITS) | patient)


@compiled
def minimum_wait_over(p, w, h, patient, now):
    """Join the lanes whose minimum wait ends now, if still waiting."""
    if h.state[patient] == WAITING:
        step = w.step[h.row[patient]]
        for lane in range(p.lane_from[step], p.lane_from[step + 1]):
            if p.lane_after[lane] > 0 and h.since[patient] + p.lane_after[lane] == now:
                join(p, w, h, patient, lane)


@compiled
def end_of(p, w, row, now, run_end):
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
        local = wall + (length - MS_DAY if wall >= CLOCKS_CHANGE_BY else 0)
        hour = w.day_starts[day] + min(max(local, 0), length - 1)
        if hour > now:
            return hour
        day += 1
    return max(end, run_end)


@compiled
def vacate(p, h, place, now, cleaned):
    """Give up one unit of a place, after its turnaround."""
    if cleaned or p.turnaround[place] == 0:
        h.used[place] -= 1
        touch(p, h, place)
    else:
        push(h.turns, h.n, TURNS, ((now + p.turnaround[place]) << WHO_BITS) | place)


@compiled
def start(p, w, h, story, patient, place, now, run_end, swap):
    """Take the place and the people at once; give up the place kept."""
    row = h.row[patient]
    step = w.step[row]
    leave_lanes(h, patient)
    h.n[WAIT] -= 1
    count_keeper(p, h, patient, -1)
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
            vacate(p, h, held, now, swap)
        h.held[patient] = place
    h.state[patient] = STARTED
    story.started[row] = now
    story.place[row] = place
    push(h.ends, h.n, ENDS, (end_of(p, w, row, now, run_end) << WHO_BITS) | patient)


@compiled
def finish(p, w, h, story, patient, now):
    """Free the people; free the place unless kept; ask for the next step."""
    row = h.row[patient]
    step = w.step[row]
    story.ended[row] = now
    for e in range(p.bundle_from[step], p.bundle_from[step + 1]):
        h.used[p.bundle_group[e]] -= p.bundle_people[e]
        touch(p, h, p.bundle_group[e])
    goes_on = row + 1 < w.first[patient + 1]
    if not (goes_on and p.keeps[step] == 1 and h.held[patient] != NONE):
        story.left[row] = now
        if h.held[patient] != NONE:
            vacate(p, h, h.held[patient], now, False)
            h.held[patient] = NONE
    h.state[patient] = 0
    if goes_on:
        h.row[patient] = row + 1
        ask(p, w, h, story, patient, now, now)


@compiled
def admit(p, w, h, story, patient, now, run_end):
    """A patient arrives, or is found where he is when the run begins."""
    row = w.first[patient]
    h.row[patient] = row
    if w.held[patient] != NONE:
        h.held[patient] = w.held[patient]
        h.used[w.held[patient]] += 1
    if row == w.first[patient + 1]:
        return
    if w.origin[patient] != 1:
        ask(p, w, h, story, patient, now if w.origin[patient] == 0 else w.since[patient], now)
        return
    step = w.step[row]
    for e in range(p.bundle_from[step], p.bundle_from[step + 1]):
        h.used[p.bundle_group[e]] += p.bundle_people[e]
    story.requested[row] = w.since[patient]
    story.started[row] = w.since[patient]
    story.place[row] = h.held[patient]
    h.state[patient] = STARTED
    push(h.ends, h.n, ENDS, (end_of(p, w, row, now, run_end) << WHO_BITS) | patient)
