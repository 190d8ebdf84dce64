"""Options that many commands share, and the one way in which a command says its result.

A command declares ``workspace: Workspace = DEFAULT_WORKSPACE`` and ``json: AsJson = False``, and ends
with ``say(result, json)``: words for a person, or one JSON document for a machine.
"""

import dataclasses
import json as json_format
from collections.abc import Mapping
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT_WORKSPACE = Path("workspace")

Workspace = Annotated[
    Path,
    typer.Option("--workspace", envvar="TWIN_WORKSPACE", file_okay=False, help="Hospital and runs."),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        envvar="TWIN_CLUSTER",
        metavar="ADDRESS",
        help="Play replications on the Dask cluster whose scheduler is there: tcp://HOST:8786.",
        show_default=False,
    ),
]
Challengers = Annotated[
    list[str] | None,
    typer.Option(
        "--challenger",
        metavar="NAME",
        help="Let this one serve too where it foretells recent weeks best: lightgbm. May be repeated.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]
LARGEST_SEED = 2**63 - 1


def seed_of(text: str | int) -> int:
    """A seed as it was typed, or a refusal in words."""
    from twin.errors import UsageError

    digits = str(text).strip()
    if digits.isascii() and digits.isdigit() and int(digits[:40]) <= LARGEST_SEED:
        return int(digits)
    rule = f"a seed is a whole number from 0 to {LARGEST_SEED:,}"
    raise UsageError(f'--seed "{digits[:40]}": {rule}; with the same one a run is the same', code="E_SEED")


Seed = Annotated[
    int, typer.Option("--seed", parser=seed_of, metavar="INTEGER", help="The seed of all chance.")
]


def say(result: Any, json: bool = False) -> None:
    """Print a result on standard output.

    Parameters
    ----------
    result
        A text, a mapping, a dataclass or a pydantic model. With ``json`` it is printed as one JSON
        document; without, a text is printed as it is and a mapping as one ``name  value`` a line.
    json
        Print JSON.
    """
    if json:
        typer.echo(json_format.dumps(_plain(result), indent=2, ensure_ascii=False, allow_nan=False))
    elif isinstance(result, str):
        typer.echo(result)
    else:
        typer.echo(_lines(_plain(result)))


def note(message: str) -> None:
    """Say something beside the result, on standard error."""
    typer.echo(message, err=True)


def _plain(value: Any) -> Any:
    """The same value in JSON's own types."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):  # JSON has neither "not a number" nor infinity
        return None
    if hasattr(value, "tolist"):  # NumPy's arrays and numbers
        return _plain(value.tolist())
    if isinstance(value, Path):
        return str(value)
    return value


def _lines(value: Any, indent: str = "") -> str:
    if not isinstance(value, dict):
        return f"{indent}{value}"
    width = max((len(name) for name in value), default=0)
    return "\n".join(
        f"{indent}{name}\n{_lines(item, indent + '  ')}" if isinstance(item, dict)
        else f"{indent}{name:<{width}}  {_number(item)}"
        for name, item in value.items()
    )  # fmt: skip


def _number(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
