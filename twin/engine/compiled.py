"""How the kernel's parts are compiled: once for all hospitals, kept on disk, without the interpreter's lock.

No part makes an array, so none needs its references counted; counting them took most of the time.
"""

from __future__ import annotations

from twin.engine.cache import set_cache_folder

set_cache_folder()

from numba import njit  # noqa: E402  (the cache folder must be known first)

compiled = njit(cache=True, nogil=True, _nrt=False)
