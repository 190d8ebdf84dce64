"""The decorator of the kernel's parts: all of this package's files are its source."""

from __future__ import annotations

from pathlib import Path

from twin.compiling import compiler

compiled = compiler("kernel", Path(__file__).parent.glob("*.py"))
