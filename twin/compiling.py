"""Compiling: how parts of the twin become machine code, and where that is kept from one run to the next.

Numba keeps compiled code beside a file's date and does not see an edit in another file, though the
code of that file may be part of what it keeps. So each package that compiles has a folder of its own,
whose name is a hash of all its files, of Numba's version and of the processor: code of an older source
is never found again, and is cleared away once newer ones have taken its place. Compiled code calls only
compiled code of files in the same hash, and takes its constants from them too; a test holds it to that.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numba import config, njit, types

#: compiled sources of one package that are kept; older ones are cleared away (assumed: a few branches)
_KEPT = 8
_HERE = Path(__file__).parent
#: files that are part of every hash: the way of compiling itself, and the words of the twin whose constants
#: compiled code, or a constant beside it, may take
WORDS = (
    Path(__file__),
    *(_HERE / name for name in ("units.py", "calendar.py", "trace.py", "drawing/origins.py", "once.py")),
)


def compiler(
    package: str, files: Iterable[Path], *, inside: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """The decorator that compiles the parts of a package.

    Parts are compiled when they are first called, once for all hospitals, and run without the
    interpreter's lock. None makes an array, so none needs its references counted: counting them took
    most of the time. All whole numbers are of 64 bits: Numba would compile a part again for each
    constant that it is called with.

    Parameters
    ----------
    package
        Name of the folder under which the code is kept.
    files
        Every file whose code or constants may be part of what is compiled, beside ``WORDS``.
    inside
        The code of such a part is put into every part that calls it: for small ones, called often.
    """
    if runs_plain(package):
        return lambda function: function
    folder = cache_folder(package, tuple(sorted({*files, *WORDS})))

    def compiled(function: Callable[..., Any]) -> Any:
        before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
        try:
            part = njit(cache=True, nogil=True, _nrt=False, forceinline=inside)(function)
        finally:
            config.CACHE_DIR = before
        usual = part.get_call_template

        def for_whole_numbers(arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
            return usual(tuple(_kind(kind) for kind in arguments), named)

        part.get_call_template = for_whole_numbers
        return part

    return compiled


def runs_plain(package: str) -> bool:
    """Whether a package's parts stay plain functions, slow but open to a debugger.

    ``TWIN_UNCOMPILED`` names it; the kernel can run so.
    """
    return package == os.environ.get("TWIN_UNCOMPILED")


def _kind(kind: Any) -> Any:
    plain = types.unliteral(kind)
    return types.int64 if isinstance(plain, types.Integer) else plain


@cache
def cache_folder(package: str, files: tuple[Path, ...]) -> Path:
    """Folder of the machine code of these files; a temporary one where the usual cannot be written."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    above = home / "hospital-twin" / package
    folder = above / source_key(files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        os.utime(folder)
        _clear_away(above)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix=f"hospital-twin-{package}-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def source_key(files: Iterable[Path]) -> str:
    """Hash of source files, Numba's version, what it is told by its environment, and the processor."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    told = sorted((k, v) for k, v in os.environ.items() if k.startswith("NUMBA_") and k != "NUMBA_CACHE_DIR")
    digest.update(f"{version('numba')} {told} {platform.machine()} {_processor()}".encode())
    return digest.hexdigest()[:24]


def _clear_away(above: Path) -> None:
    """Remove the folders that were not used for longest, beyond the few that are kept."""
    folders = sorted((f for f in above.iterdir() if f.is_dir()), key=lambda f: f.stat().st_mtime)
    for folder in folders[:-_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
