"""``twin optimize staffing``: people of the groups that work at steps, with certificate and explanation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Cluster, Seed, Workspace, note
from dashboards.cli.planning.beds import APPROVED
from dashboards.cli.planning.keeping import deliver
from dashboards.cli.planning.wording import Targets, listed, numbers_of, proof_in_words, targets_in_words

if TYPE_CHECKING:
    from optimization.staffing.answer import StaffingAnswer
    from twin.hospital import Hospital

What = Annotated[str, typer.Argument(metavar="staffing", help="What to plan.", show_default=False)]
Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        metavar="GROUP",
        help="Plan this group; may be repeated.",
        show_default="all that work at steps",
    ),
]
Shifts = Annotated[
    list[str] | None,
    typer.Option(
        "--shift",
        metavar="HH:MM-HH:MM",
        help="A shift of groups that have none of their own; may be repeated.",
        show_default="eight hours, eight a day",
    ),
]
People = Annotated[
    list[str] | None,
    typer.Option("--people", metavar="GROUP=PEOPLE", help="Employed in a group; may be repeated."),
]
Wages = Annotated[
    list[str] | None,
    typer.Option(
        "--wage", metavar="GROUP=PAY", help="Basic pay an hour; may be repeated.", show_default="17"
    ),
]
Pins = Annotated[
    list[str] | None,
    typer.Option(
        "--pin", metavar="GROUP/SHIFT=PEOPLE", help="People on a shift of every day; may be repeated."
    ),
]


def command(
    what: What = "staffing",
    out: Annotated[Path | None, typer.Option("--out", help="Write the plan to this TOML file.")] = None,
    days: Annotated[int, typer.Option("--days", help="Days to plan.")] = 28,
    replications: Annotated[
        int, typer.Option("--replications", help="Futures: half to learn from, half to prove the plan on.")
    ] = 100,
    group: Groups = None,
    share: Annotated[
        float, typer.Option("--share", help="Of each group's tasks that start in time. [%]")
    ] = 80,
    limit: Annotated[float, typer.Option("--limit", help="In time means within so long. [min]")] = 30,
    shift: Shifts = None,
    people: People = None,
    wage: Wages = None,
    pin: Pins = None,
    notice: Annotated[int, typer.Option("--notice", help="Days whose staffing stays as decided.")] = 1,
    target: Targets = None,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="FILE",
            help="Only add people to the plan of this file; approved: the one that holds.",
        ),
    ] = None,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Of the search. [s]")] = 60,
    seed: Seed = 1,
    cluster: Cluster = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Plan who comes to which shift so that work starts in time; prove it on futures it has not seen."""
    from dashboards.cli.optimize import refuse_other_kinds
    from dashboards.cli.status import existing
    from dashboards.services.files_asked import refuse_file
    from optimization.beds.targets import read_targets
    from optimization.staffing.hospital import plan_hospital
    from optimization.staffing.house import USUAL_SHIFTS, Asked
    from scenarios.base_case import base_case
    from twin.errors import UsageError
    from twin.plan import Plan
    from twin.replications.where import on_cluster
    from twin.store import open_store

    refuse_other_kinds(what, "staffing")
    if out is not None:
        refuse_file(out, "--out")
    asked = Asked(
        groups=tuple(group or ()),
        share=share / 100,
        limit_minutes=limit,
        shifts=tuple(shift) if shift else USUAL_SHIFTS,
        people=numbers_of("--people", people or [], "people"),
        wages={name: float(pay) for name, pay in numbers_of("--wage", wage or [], "pay").items()},
        pins=_pins(pin or []),
        notice=notice,
        least_change=keep is not None,
    )
    others = tuple(replace(t, share=0.0) for t in read_targets(target)) if target else None
    in_force = Plan.read(keep) if keep is not None and keep != APPROVED else None
    with open_store(existing(workspace)) as store:
        base = base_case(workspace, store, days=days)
    if keep == APPROVED and not base.decided:
        raise UsageError("--keep approved: no approved plan holds on these days; twin plans lists them all")
    note(f"demand: {base.origin}")
    case = base.case if in_force is None else base.case.with_(plan=in_force)
    told = {"--group": group, "--shift": shift, "--people": people, "--wage": wage, "--pin": pin}
    told |= {"--target": target}
    with on_cluster(cluster):
        answer = plan_hospital(
            case,
            base.window,
            asked,
            seed=seed,
            replications=replications,
            targets=others,
            time_limit=time_limit,
            words=_again(told, days=days, share=share, limit=limit, notice=notice, keep=keep),
        )
    answer = replace(answer, notes=(*answer.notes, f"demand: {base.origin}"))
    told_words = _words(answer, case.hospital)
    deliver("staffing", answer, told_words, workspace=workspace, out=out, json=json, origin=base.origin)


def _pins(texts: Sequence[str]) -> dict[tuple[str, str], int]:
    """``group/shift=people`` as numbers.

    Raises
    ------
    ConfigError
        A text without a shift, beside what no number is.
    """
    from twin.errors import ConfigError, Problem

    wrong = [text for text in texts if "/" not in text.partition("=")[0]]
    if wrong:
        raise ConfigError(
            "the command line", [Problem("--pin", text, "GROUP/SHIFT=PEOPLE") for text in wrong]
        )
    pins = {}
    for name, people in numbers_of("--pin", texts, "people").items():
        group, _, shift = name.partition("/")
        pins[group, shift] = people
    return pins


def _again(
    told: dict[str, list[str] | None],
    *,
    days: int,
    share: float,
    limit: float,
    notice: int,
    keep: str | None,
) -> str:
    """The options of this question, to repeat it."""
    words = [f"--days {days} --share {share:g} --limit {limit:g} --notice {notice}"]
    words += [f'{option} "{text}"' for option, texts in told.items() for text in texts or ()]
    words += [f"--keep {keep}"] * (keep is not None)
    return " ".join(words)


def _words(answer: StaffingAnswer, hospital: Hospital) -> str:
    because, proof = answer.explanation, answer.certificate
    lines = [because.headline]
    for group in answer.week:
        lines += ["", *_table(hospital.staff[group].title, answer.by_day(group))]
    lines += ["", *because.sentences, "", "Targets, on futures the plan has not seen:"]
    lines += targets_in_words(proof)
    lines += listed("What binds:", because.binds)
    lines += listed("One more:", [f"{what}: {brings}" for what, brings in because.one_more])
    lines += listed("Still short:", because.short)
    lines += listed("Note:", answer.notes)
    return "\n".join([*lines, *proof_in_words(proof)])


def _table(title: str, week: dict[str, dict[str, int]]) -> list[str]:
    """People of a group by shift and weekday; shifts that nobody works are left out."""
    shifts = [
        s for s in dict.fromkeys(s for day in week.values() for s in day) if any(d[s] for d in week.values())
    ]
    width = max([len(title), *map(len, shifts)])
    rows = [f"{title:<{width}}" + "".join(f"{day:>5}" for day in week)]
    return rows + [f"{s:<{width}}" + "".join(f"{week[day][s]:>5}" for day in week) for s in shifts]
