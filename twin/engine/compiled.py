"""How the kernel's parts are compiled: once for all hospitals, kept on disk, without the interpreter's lock.

No part makes an array, so none needs its references counted; counting them took most of the time.
All whole numbers are of 64 bits: Numba would compile a part again for each constant it is called with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twin.engine.cache import set_cache_folder

set_cache_folder()

from numba import njit, types  # noqa: E402  (the cache folder must be known first)


def compiled(function: Callable[..., Any]) -> Any:
    """One part of the kernel, compiled when it is first called."""
    part = njit(cache=True, nogil=True, _nrt=False)(function)
    usual = part.get_call_template

    def for_whole_numbers(arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return usual(tuple(_kind(kind) for kind in arguments), named)

    part.get_call_template = for_whole_numbers
    return part


def _kind(kind: Any) -> Any:
    plain = types.unliteral(kind)
    return types.int64 if isinstance(plain, types.Integer) else plain
