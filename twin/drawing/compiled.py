"""The decorator of the compiled parts of drawing, and the sources that are part of their machine code."""

from __future__ import annotations

from pathlib import Path

from twin.compiling import compiler

_HERE = Path(__file__).parent
compiled = compiler(
    "drawing",
    [*_HERE.glob("*.py"), *(_HERE.parent / f"{name}.py" for name in ("streams", "calendar", "units"))],
)
