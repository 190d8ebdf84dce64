"""Where compiled kernels are kept: a folder that changes with the engine's source.

Numba does not see an edit in another file, so the folder's name is a hash of every file of this
package, of Numba's version and of the processor. Import this before Numba.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path


def source_key() -> str:
    """Hash of the engine's source files, Numba's version and the processor."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    digest.update(f"{version('numba')} {platform.machine()} {_processor()}".encode())
    return digest.hexdigest()[:24]


def set_cache_folder() -> Path:
    """Point Numba at the folder of this source; a temporary one where the usual cannot be written."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "hospital-twin" / "kernel" / source_key()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="hospital-twin-kernel-"))
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
