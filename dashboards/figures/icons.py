"""The small signs beside words (Lucide, ISC licence kept with them). A sign never stands without its word."""

from __future__ import annotations

from functools import cache
from pathlib import Path

ASSETS = Path(__file__).parent.parent / "assets"


@cache
def icon(name: str, size: int = 18) -> str:
    """The drawing of one sign, hidden from screen readers because the word beside it says the same."""
    drawn = (ASSETS / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    inner = drawn[drawn.index(">", drawn.index("<svg")) + 1 : drawn.index("</svg>")]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 24 24" '
        'fill="none" '
        f'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" '
        f'aria-hidden="true">{"".join(inner.split(chr(10))).strip()}</svg>'
    )


@cache
def mark(size: int = 28) -> str:
    """The mark of the twin, also the sign of its browser tab."""
    drawn = (ASSETS / "mark.svg").read_text(encoding="utf-8").strip()
    return drawn.replace("<svg ", f'<svg width="{size}" height="{size}" aria-hidden="true" ', 1)
