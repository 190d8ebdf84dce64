"""The decorator of the passes: this package, and the words that it takes from ``stays``, are its source."""

from __future__ import annotations

from pathlib import Path

from twin.compiling import compiler

_HERE = Path(__file__).parent
_FILES = (*_HERE.glob("*.py"), _HERE.parent / "stays.py")
#: a pass, or a part of one
compiled = compiler("measures", _FILES)
#: a small part, put into whatever calls it
small = compiler("measures", _FILES, inside=True)
