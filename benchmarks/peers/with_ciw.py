"""The common small model in ciw: a network of nodes.

Two things are said in other words. A cubicle kept while boarding is ciw's blocking of type I: wards have no
queue, so who is routed to a full ward stays at the node before and keeps its server. Those who come from home
would then be turned away, so they wait at a node of their own, blocked likewise; of both, who was blocked
first goes first. And a node has one kind of server: the doctor beside the cubicle is a node class of our own,
which begins nobody without a doctor, and gives him back at the end of service, blocked or not.
"""

from __future__ import annotations

import ciw
import small_model as model
from small_model import Notes

TRIAGE, SEEN, FIRST_WARD = 1, 2, 3
WARDS = range(FIRST_WARD, FIRST_WARD + len(model.WARDS))
AT_HOME = WARDS.stop
CLINIC = AT_HOME + 1
NODES = CLINIC


class Cubicles(ciw.Node):
    """Cubicles whose service needs a doctor too; the doctor goes when it ends, blocked or not."""

    def __init__(self, id_: int, simulation: ciw.Simulation) -> None:
        super().__init__(id_, simulation)
        self.doctors = model.DOCTORS

    def find_free_server(self, ind):
        return super().find_free_server(ind) if self.doctors else None

    def attach_server(self, server, individual):
        self.doctors -= 1
        super().attach_server(server, individual)

    def begin_service_if_possible_release(self, next_individual, newly_free_server):
        if self.doctors:
            super().begin_service_if_possible_release(next_individual, newly_free_server)

    def finish_service(self):
        self.doctors += 1
        super().finish_service()
        server = self.find_free_server(None)
        if server is not None:
            self.begin_service_if_possible_release(None, server)


def only(**given: object) -> list:
    """A value for each node; None for those not named."""
    values = [None] * NODES
    for name, value in given.items():
        values[{"triage": TRIAGE, "seen": SEEN, "at_home": AT_HOME, "clinic": CLINIC}[name] - 1] = value
    return values


def routes(**ways: dict[int, float]) -> list[list[float]]:
    """A routing matrix from {node: share} of each node; the rest leaves."""
    named = {"triage": TRIAGE, "seen": SEEN, "at_home": AT_HOME, "clinic": CLINIC}
    matrix = [[0.0] * NODES for _ in range(NODES)]
    for name, to in ways.items():
        for node, share in to.items():
            matrix[named[name] - 1][node - 1] = share
    return matrix


def lognormal(length: model.Lognormal) -> ciw.dists.Distribution:
    return ciw.dists.Lognormal(length.mu, length.sigma)


def network() -> ciw.network.Network:
    mean = {gap.patient_class: gap.mean for gap in model.GAPS}
    arrivals, routing = {}, {}
    for name in mean:
        door = {"emergency": "triage", "clinic": "clinic"}.get(name, "at_home")
        arrivals[name] = only(**{door: ciw.dists.Exponential(1 / mean[name])})
    routing["emergency"] = routes(triage={SEEN: 1.0}, seen=dict(zip(WARDS, model.TO_WARD, strict=True)))
    routing["clinic"] = routes()
    for name, ward in model.PLANNED.items():
        routing[name] = routes(at_home={WARDS[ward]: 1.0})
    services = [
        lognormal(model.TRIAGE),
        lognormal(model.SEEN),
        *map(lognormal, model.STAYS),
        ciw.dists.Deterministic(0.0),
        lognormal(model.CONSULTATION),
    ]
    infinite = float("inf")
    return ciw.create_network(
        arrival_distributions=arrivals,
        service_distributions=dict.fromkeys(mean, services),
        routing=routing,
        number_of_servers=[model.TRIAGE_NURSES, model.CUBICLES, *model.BEDS, infinite, model.ROOMS],
        queue_capacities=[infinite, infinite, *(0 for _ in WARDS), infinite, infinite],
    )


def run(days: int, seed: int) -> Notes:
    """One run from an empty house."""
    ciw.seed(seed)
    classes = [ciw.Node] * NODES
    classes[SEEN - 1] = Cubicles
    simulation = ciw.Simulation(network(), node_class=classes)
    simulation.simulate_until_max_time(days * model.DAY)
    return Records(simulation)


class Records(Notes):
    """What ciw recorded itself; read when the run is over and its time was taken."""

    def __init__(self, simulation: ciw.Simulation) -> None:
        super().__init__()
        self.simulation = simulation
        self.patients = simulation.nodes[0].number_of_individuals

    def measures(self, days: int) -> dict[str, float]:
        for record in self.simulation.get_all_records(only=["service"], include_incomplete=True):
            self.note(record, days * model.DAY)
        return super().measures(days)

    def note(self, record, end: float) -> None:
        waits = {TRIAGE: self.triage, SEEN: self.cubicle, CLINIC: self.clinic}.get(record.node)
        if waits is not None and record.waiting_time is not None:
            waits.append((record.arrival_date, record.waiting_time))
        if record.destination in WARDS:
            blocked = {SEEN: self.boarding, AT_HOME: self.planned}[record.node]
            blocked.append((record.service_end_date, record.time_blocked))
        if record.node in WARDS:
            until = end if record.exit_date is None else record.exit_date
            self.beds.append((record.node - FIRST_WARD, record.service_start_date, until))


if __name__ == "__main__":
    model.main(run, f"ciw {ciw.__version__}")
