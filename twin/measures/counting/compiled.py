"""The decorator of the passes: this package, and the words that it takes from ``stays``, are its source."""

from __future__ import annotations

from pathlib import Path

from twin.compiling import compiler

_HERE = Path(__file__).parent

compiled = compiler("measures", [*_HERE.glob("*.py"), _HERE.parent / "stays.py"])
