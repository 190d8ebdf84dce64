"""``twin schema``: the JSON Schema of hospital.toml, with units."""

from __future__ import annotations

from dashboards.cli.options import say


def command() -> None:
    """Print the JSON Schema of hospital.toml."""
    from twin.hospital.schema import hospital_schema

    say(hospital_schema(), json=True)
