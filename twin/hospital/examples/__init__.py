"""Examples: hospitals of one page each, from published models, to copy and to change.

Each says in its first lines where its numbers come from and what the source found; a test holds the twin
to those figures. ``twin simulate --example urgent_care`` plays one.
"""

from __future__ import annotations

from importlib import resources

from twin.errors import NotFound, did_you_mean


def example_names() -> tuple[str, ...]:
    """Names of the examples."""
    files = (f.name for f in resources.files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


def example(name: str) -> str:
    """Text of an example's description.

    Raises
    ------
    NotFound
        There is no such example; the message names the nearest.
    """
    if name not in example_names():
        raise NotFound(f'no example "{name}"; {did_you_mean(name, example_names())}')
    return (resources.files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
