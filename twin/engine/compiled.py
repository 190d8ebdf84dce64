"""The decorators of the kernel's parts: all of this package's files are their source."""

from __future__ import annotations

from pathlib import Path

from twin.compiling import compiler

_FILES = tuple(Path(__file__).parent.glob("*.py"))
#: a part of the kernel
compiled = compiler("kernel", _FILES)
#: a small one, put into whatever calls it
small = compiler("kernel", _FILES, inside=True)
