"""Origins: how a patient is there when the run begins, and on which cue one comes."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

#: columns of patients or of steps by name, all of one length
Columns = dict[str, NDArray[Any]]

#: ways in which a patient is there when the run begins: not yet; in a step; waits for one; on a list;
#: booked; was stopped in a step and waits to go on. ``ON_CUE``: comes when another patient's row says so
ARRIVES, IN_STEP, WAITING, LISTED, BOOKED, STOPPED, ON_CUE = range(7)
#: what gives a patient the cue to come: that a row's place is given up; that its patient is out of the
#: house; that the row ends; that the place which its patient kept, waiting, when the run began is given up
PLACE_LEFT, HOUSE_LEFT, STEP_ENDED, HELD_LEFT = range(4)
#: arrival of a patient who comes on a cue: after every run [ms]
FAR = 1 << 62
#: no such value
NONE = -1
