"""``twin records``: what records a workspace holds, how new they are and where they have gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twin.records.quality import Finding
    from twin.workspace import Holdings

_SHOWN = 5  # gap days named one by one


def command(workspace: Workspace = DEFAULT_WORKSPACE, json: AsJson = False) -> None:
    """Say what records the workspace holds, how new they are and where they have gaps."""
    from twin.workspace import Workspace as Folder

    holdings = Folder(workspace).holdings()
    say(holdings if json else words(holdings), json)


def words(holdings: Holdings) -> str:
    """Holdings for a person to read."""
    lines = [
        f"records   {holdings.made_by}, {holdings.encounters:,} encounters, {holdings.stays:,} stays",
        f"days      {holdings.days:,}, from {holdings.begins}",
        f"as of     {holdings.as_of:%Y-%m-%d %H:%M}, the last instant of the data",
        f"in house  {holdings.in_house:,} patients hold a place, {holdings.waiting:,} wait for a step",
        "",
    ]
    if not holdings.streams:
        lines.append("no whole day yet: arrivals a day cannot be told")
    width = max((len(name) for name in holdings.streams), default=6)
    lines.append(f"{'stream':<{width}}  {'patients':>9}  {'a day':>8}  {'last 28 days':>12}")
    for name, row in holdings.streams.items():
        daily, lately = row["mean_a_day"], row["mean_of_last_28_days"]
        lines.append(f"{name:<{width}}  {row['patients']:>9,}  {daily:>8,.1f}  {lately:>12,.1f}")
    for name, days in holdings.gaps.items():
        shown = ", ".join(str(day) for day in days[:_SHOWN]) + (", ..." if len(days) > _SHOWN else "")
        lines.append(
            f"gap: {name} has nobody on {len(days)} usually busy day{'s' if len(days) > 1 else ''}: {shown}"
        )
    if holdings.streams and not holdings.gaps:
        lines.append("no day without arrivals where a stream is usually busy")
    return "\n".join(lines + _tables(holdings) + findings_in_words(holdings.findings))


def _tables(holdings: Holdings) -> list[str]:
    """What was brought in, a line a table."""
    if not holdings.tables:
        return []
    many = "s" if holdings.imports != 1 else ""
    lines = ["", f"{holdings.imports} import{many}", f"{'table':<18}{'rows':>12}  from              to"]
    for name, table in holdings.tables.items():
        first, last = (f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (table.first, table.last))
        lines.append(f"{name:<18}{table.rows:>12,}  {first:<16}  {last}")
    return lines


def findings_in_words(findings: Sequence[Finding]) -> list[str]:
    """What is wrong or odd, the worst first; of errors what to do, too."""
    lines = ["", "findings"] if findings else []
    for found in findings:
        share = f" of {found.of:,}" if found.of else ""
        lines.append(f"{found.severity:<8} {found.title}: {found.count:,}{share}  [{found.code}]")
        if found.severity == "error":
            lines += [f"{'':<8} {line}" for line in found.detail.splitlines()]
    return lines
