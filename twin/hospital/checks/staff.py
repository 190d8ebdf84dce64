"""Staff: people come by shifts or by a calendar; who floats stands in for others alone."""

from __future__ import annotations

from collections.abc import Iterator

from twin.errors import Problem
from twin.hospital.checks.pathways import steps_of
from twin.hospital.checks.tables import Table, number_of, table_of, tables, unknown


def check_staff(raw: Table) -> Iterator[Problem]:
    """Staff groups and the bundles that they are in."""
    groups = dict(tables(raw, "staff"))
    pools = {name: table.get("float_pool") for name, table in groups.items()}
    for name, table in groups.items():
        path, pool = f"staff.{name}", pools[name]
        if table_of(table, "shifts"):
            for key in ("on_duty", "calendar"):
                if table.get(key):
                    rule = "the shifts say who is on duty"
                    yield Problem(f"{path}.{key}", table[key], rule, f"leave out {key}, or the shifts")
        elif number_of(table, "absence") > 0:
            rule = "is drawn for each shift, and there are none"
            yield Problem(f"{path}.absence", table["absence"], rule, "give the group its shifts")
        yield from unknown(f"{path}.float_pool", pool, groups, "staff group")
        if pool == name:
            yield Problem(f"{path}.float_pool", pool, "a group does not stand in for itself", "name another")
        elif isinstance(pool, str) and pools.get(pool) is not None:
            rule = "floats from a pool itself"
            yield Problem(
                f"{path}.float_pool", pool, rule, f'name its pool, "{pools[pool]}", or leave it out'
            )
    yield from _bundles(raw, pools)


def _bundles(raw: Table, pools: dict[str, object]) -> Iterator[Problem]:
    for name, pathway in tables(raw, "pathways"):
        for i, step in enumerate(steps_of(pathway)):
            path, staff = f"pathways.{name}.steps.{i}.staff", table_of(step, "staff")
            for group in staff:
                yield from unknown(f"{path}.{group}", group, pools, "staff group")
                pool = pools.get(group)
                if isinstance(pool, str) and pool in staff and pool != group:
                    rule = f'the pool of "{group}", which the step needs too'
                    yield Problem(f"{path}.{pool}", pool, rule, "ask for one of them alone")
