"""Words and options that all plans share: tables of ``NAME=NUMBER``, targets, what the proof says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twin.plan import Certificate, Selection

Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="MEASURE<=LEVEL",
        help="Reach this level (or >=) in place of the usual targets; may be repeated.",
    ),
]


def numbers_of(option: str, texts: Iterable[str], what: str) -> dict[str, int]:
    """``name=number`` as numbers.

    Raises
    ------
    ConfigError
        With every text that is not a name and a number, and every name with two numbers.
    """
    from twin.errors import ConfigError, Problem

    table: dict[str, int] = {}
    problems = []
    for text in texts:
        name, _, number = text.partition("=")
        if not (number.isascii() and number.isdigit()):
            rule = f"WARD={what.upper()} with a whole number of {what}, 0 or more"
            problems.append(Problem(option, text, rule))
        elif table.get(name, int(number)) != int(number):
            problems.append(Problem(option, text, f"contradicts {name}={table[name]}", "keep one of the two"))
        else:
            table[name] = int(number)
    if problems:
        raise ConfigError("the command line", problems)
    return table


def targets_in_words(proof: Certificate) -> list[str]:
    """A line for each target: whether it holds, its expected level, its share of futures."""
    return [
        f"  {'holds' if r.holds else 'fails'}  {r.target.name}, {r.target.limit} {r.target.unit}: "
        f"expected {r.expected:.3g} (95 % bound {r.bound95:.3g}), met in {r.share_of_futures:.0%} "
        f"of futures (asked: {r.target.share:.0%}{_certain(r.share_bound95)})"
        for r in proof.targets
    ]


def _certain(share: float | None) -> str:
    return "" if share is None else f"; of all futures at least {share:.0%}, 95 % sure"


def _chosen(chosen: Selection | None) -> list[str]:
    """How sure the choice among finalists is."""
    if chosen is None:
        return []
    more = f"at most {chosen.within:,.0f} more than the best" if chosen.within else "the least"
    return [
        f"Played on {chosen.futures} training futures it costs {more} of {chosen.finalists} finalists, "
        f"{chosen.confidence:.0%} sure."
    ]


def proof_in_words(proof: Certificate) -> list[str]:
    """The last lines: what the certificate says, and how to repeat it."""
    return [
        "",
        f"Certificate {'holds' if proof.holds else 'does not hold'}, {proof.wording}; {proof.bound_note}.",
        *_chosen(proof.selection),
        f"Attempt {proof.attempt} to certify it. "
        * (proof.attempt > 1)
        + f"Trained on {proof.train_paths} futures, certified on {proof.certify_paths} others. "
        f"To repeat: {proof.command}",
    ]


def listed(title: str, rows: Sequence[str]) -> list[str]:
    """A titled list, or nothing where it is empty."""
    return ["", title, *(f"  {row}" for row in rows)] if rows else []
