"""Examples: hospitals of one page each, from published models, to copy and to change.

Each says in its first lines where its numbers come from and what the source found; a test holds the twin
to those figures. ``twin simulate --example urgent_care`` plays one, for as long as :func:`example_run` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from twin.errors import NotFound, did_you_mean


@dataclass(frozen=True)
class ExampleRun:
    """The run in which an example shows what its source found.

    Attributes
    ----------
    days, warm_up : [days]
    why : the reason for so many
    """

    days: int
    warm_up: int
    replications: int
    why: str


_RUNS = {
    "mmc": ExampleRun(28, 56, 20, "theory tells of the steady state"),
    "ward": ExampleRun(365, 56, 20, "few come a day, so a month would tell little"),
    "clinic": ExampleRun(28, 56, 20, "each morning stands for itself; by then appointments are booked"),
    "urgent_care": ExampleRun(1, 0, 200, "its source plays one day from an empty centre"),
    "stroke_pathway": ExampleRun(
        1825, 1095, 20, "its source plays five years after three that fill the beds"
    ),
}


def example_names() -> tuple[str, ...]:
    """Names of the examples."""
    files = (f.name for f in resources.files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


def example_run(name: str) -> ExampleRun:
    """The run that shows what an example's source found.

    Raises
    ------
    NotFound
        There is no such example; the message names the nearest.
    """
    _refuse_unknown(name)
    return _RUNS[name]


def _refuse_unknown(name: str) -> None:
    if name not in example_names():
        raise NotFound(f'no example "{name}"; {did_you_mean(name, example_names())}')


def example(name: str) -> str:
    """Text of an example's description.

    Raises
    ------
    NotFound
        There is no such example; the message names the nearest.
    """
    _refuse_unknown(name)
    return (resources.files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
