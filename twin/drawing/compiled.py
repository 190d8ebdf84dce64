"""The decorator of the compiled parts of drawing, and the sources that are part of their machine code."""

from __future__ import annotations

from pathlib import Path

import llvmlite.binding
from numba import types
from numba.extending import get_cython_function_address

from twin.compiling import compiler

_HERE = Path(__file__).parent
compiled = compiler(
    "drawing",
    [*_HERE.glob("*.py"), *(_HERE.parent / f"{name}.py" for name in ("streams", "calendar", "units"))],
)

# SciPy's own function, found by name when machine code is loaded: its address is another in each process
llvmlite.binding.add_symbol(
    "twin_gammaincinv", get_cython_function_address("scipy.special.cython_special", "gammaincinv")
)
#: inverse in x of the regularised lower incomplete gamma function P(k, x)
gammaincinv = types.ExternalFunction("twin_gammaincinv", types.float64(types.float64, types.float64))
