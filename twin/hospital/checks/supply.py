"""Supplies: items and trays that exist, policies that order, reserves that leave something for the others."""

from __future__ import annotations

from collections.abc import Iterator

from twin.errors import Problem
from twin.hospital.checks.tables import Table, circles, names, number_of, table_of, tables, unknown, wall_of


def check_supply(raw: Table) -> Iterator[Problem]:
    """Items, trays and kits."""
    for name in sorted(set(names(raw, "items")) & set(names(raw, "trays"))):
        yield Problem(f"trays.{name}", None, "an item has this name already", "one name a supply")
    for name, item in tables(raw, "items"):
        yield from _policy(f"items.{name}", item)
        yield from _reserve(f"items.{name}", item)
    yield from _substitutes(raw)
    yield from _trays(raw)
    yield from _kits(raw)


def _policy(path: str, item: Table) -> Iterator[Problem]:
    if not isinstance(item.get("policy"), dict):
        return
    policy, path = table_of(item, "policy"), f"{path}.policy"
    if ("order_quantity" in policy) == ("order_up_to" in policy):
        rule = "exactly one of order_quantity and order_up_to says how much is ordered"
        yield Problem(path, None, rule, "leave one out" if "order_quantity" in policy else "give one of them")
    point, up_to = number_of(policy, "reorder_point"), number_of(policy, "order_up_to")
    if up_to <= point:
        rule = f"not above the reorder point, {point:g}: such an order is of nothing"
        yield Problem(f"{path}.order_up_to", policy["order_up_to"], rule, "order up to more, or order later")
    if wall_of(policy, "review_at", "06:00") is None:
        yield Problem(f"{path}.review_at", policy.get("review_at"), 'a time of day "HH:MM"', "", "E_CALENDAR")


def _reserve(path: str, item: Table) -> Iterator[Problem]:
    reserve, policy = number_of(item, "reserve", 0), table_of(item, "policy")
    most = number_of(policy, "order_up_to") if policy else number_of(item, "stock")
    if reserve > 0 and reserve >= most and "order_quantity" not in policy:
        rule = f"all that is ever there ({most:g}): nobody but emergencies would get any"
        yield Problem(f"{path}.reserve", item["reserve"], rule, "a smaller reserve, or more stock")


def _substitutes(raw: Table) -> Iterator[Problem]:
    items = dict(tables(raw, "items"))
    trays, arrows = names(raw, "trays"), {}
    for name, item in items.items():
        path, other = f"items.{name}.substitute", item.get("substitute")
        if other in trays and other not in items:
            yield Problem(path, other, "is a tray; an item stands in for an item", "name an item")
        else:
            yield from unknown(path, other, items, "item")
        arrows[name] = [other] if isinstance(other, str) else []
    for way in circles(arrows):
        rule = "stands in for itself" if len(way) == 1 else "items that stand in for each other in a circle"
        told = " -> ".join((*way, way[0]))
        yield Problem(f"items.{way[0]}.substitute", told, rule, "leave one of them out")


def _trays(raw: Table) -> Iterator[Problem]:
    classes = dict(tables(raw, "classes"))
    for name, tray in tables(raw, "trays"):
        path, way = f"trays.{name}", tray.get("patient_class")
        yield from unknown(f"{path}.patient_class", way, classes, "patient class")
        if isinstance(way, str) and way in classes and classes[way].get("of") != "tray":
            rule = "is no way of a tray"
            yield Problem(
                f"{path}.patient_class", way, rule, f'say of = "tray" in classes.{way}, or name another'
            )
        reserve, owned = number_of(tray, "reserve", 0), number_of(tray, "owned")
        if reserve > 0 and reserve >= owned:
            rule = f"all that are owned ({owned:g}): nobody but emergencies would get one"
            yield Problem(f"{path}.reserve", tray["reserve"], rule, "a smaller reserve, or more trays")


def _kits(raw: Table) -> Iterator[Problem]:
    trays = dict(tables(raw, "trays"))
    supplies = [*names(raw, "items"), *trays]
    for name, kit in tables(raw, "kits"):
        for entry, units in table_of(kit, "contents").items():
            path = f"kits.{name}.contents.{entry}"
            yield from unknown(path, entry, supplies, "item or tray")
            owned = number_of(trays.get(entry, {}), "owned")
            if isinstance(units, int) and units > owned:
                yield Problem(path, units, f"more than the {owned:g} trays owned", "own more, or take fewer")
