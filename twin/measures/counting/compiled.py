"""The decorator of the passes: this package and the constants it takes from elsewhere are its source."""

from __future__ import annotations

from pathlib import Path

from twin.compiling import compiler

_HERE = Path(__file__).parent
_TWIN = _HERE.parents[1]

compiled = compiler(
    "measures",
    [
        *_HERE.glob("*.py"),
        *(_TWIN / name for name in ("trace.py", "units.py", "drawing/origins.py", "measures/stays.py")),
    ],
)
