"""A disk that loses its power: what was asked of it, and what it may hold when the power is back.

What a file was given stays pending until the file is synced, what a folder was told (a name made, moved or
taken away) until the folder is synced. At a cut everything synced is there; of the rest chance decides,
sector by sector: nothing of it, all up to some instant and one write torn, or any part of it in any order.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from pathlib import Path

SECTORS = (512, 4096)
WAYS = ("nothing", "in order", "any")


@dataclass(eq=False)
class File:
    """The content of a file: what is safe, and what was asked since."""

    safe: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # (offset, data) or (size, None)

    def write(self, offset: int, data: bytes) -> None:
        self.pending.append((offset, data))

    def truncate(self, size: int) -> None:
        self.pending.append((size, None))

    def sync(self) -> None:
        for place, data in self.pending:
            if data is None:
                _resize(self.safe, place)
            else:
                _put(self.safe, place, data)
        self.pending.clear()

    def after_cut(self, chance: random.Random, sector: int) -> bytes:
        """One of the contents that the disk may hold."""
        way = chance.choice(WAYS)
        left = bytearray(self.safe)
        if way == "nothing" or not self.pending:
            return bytes(left)
        if way == "in order":
            last = chance.randrange(len(self.pending))
            kept = [(0, 1.0)] * last + [(0, chance.random())]
        else:
            last = len(self.pending) - 1
            kept = [(0, chance.random())] * len(self.pending)
        sizes = [len(left)]
        for (place, data), (_, share) in zip(self.pending, kept, strict=False):
            if data is None:
                sizes.append(place)
                if chance.random() < share:
                    _resize(left, place)
                continue
            sizes.append(max(sizes[-1], place + len(data)))
            for start, piece in _sectors(place, data, sector):
                if share == 1.0 or chance.random() < share:
                    _put(left, start, piece)
        if way == "any":  # the size is kept apart from the content: too short, or long and never written
            _resize(left, chance.choice(sizes))
        return bytes(left)


@dataclass(eq=False)
class Folder:
    """The marker of a folder among the names."""


Named = File | Folder
Change = tuple[tuple[str, Named | None], ...]  # names set or taken away in one step


class Disk:
    """Files and folders below ``root``, by name: as programs see them, and as they are safe."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: dict[str, Named] = {}
        self.safe: dict[str, Named] = {}
        self.pending: dict[str, list[Change]] = {}

    @classmethod
    def of(cls, root: Path) -> Disk:
        """A disk on which everything below ``root`` has been safe for long."""
        disk = cls(root)
        for path in sorted(root.rglob("*")):
            named = Folder() if path.is_dir() else File(bytearray(path.read_bytes()))
            disk.seen[str(path)] = disk.safe[str(path)] = named
        return disk

    def file(self, path: str) -> File | None:
        found = self.seen.get(path)
        return found if isinstance(found, File) else None

    def make(self, path: str, named: Named | None = None) -> Named:
        """A new name: a file, unless told."""
        made = File() if named is None else named
        self._change(path, ((path, made),))
        return made

    def remove(self, path: str) -> None:
        if path in self.seen:
            self._change(path, ((path, None),))

    def rename(self, old: str, new: str) -> None:
        """One step, as file systems with a journal have it: never both names, never neither."""
        moved = [name for name in self.seen if name == old or name.startswith(f"{old}/")]
        sets = [(new + name.removeprefix(old), self.seen[name]) for name in moved]
        self._change(new, (*[(name, None) for name in moved], *sets))

    def sync_folder(self, path: str) -> None:
        for change in self.pending.pop(path, []):
            _apply(self.safe, change)

    def after_cut(self, chance: random.Random) -> dict[str, bytes | None]:
        """What may be there: content by path relative to the root, None for a folder."""
        names, sector = dict(self.safe), chance.choice(SECTORS)
        for changes in self.pending.values():
            way, first = chance.choice(WAYS), chance.randrange(len(changes) + 1) if changes else 0
            for n, change in enumerate(changes):
                if (way == "in order" and n < first) or (way == "any" and chance.random() < 0.5):
                    _apply(names, change)
        there: dict[str, bytes | None] = {}
        for name in sorted(names):
            parents = Path(name).relative_to(self.root).parents
            if all(str(self.root / above) in names for above in parents if above != Path(".")):
                named = names[name]
                content = None if isinstance(named, Folder) else named.after_cut(chance, sector)
                there[str(Path(name).relative_to(self.root))] = content
        return there

    def _change(self, path: str, change: Change) -> None:
        _apply(self.seen, change)
        self.pending.setdefault(str(Path(path).parent), []).append(change)


def lay_out(there: dict[str, bytes | None], folder: Path) -> None:
    """Write what a cut left into an empty folder."""
    folder.mkdir(parents=True)
    for name, content in there.items():
        path = folder / name
        if content is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(content)


def _apply(names: dict[str, Named], change: Change) -> None:
    for name, named in change:
        if named is None:
            names.pop(name, None)
        else:
            names[name] = named


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        _resize(content, offset)
    content[offset : offset + len(data)] = data


def _resize(content: bytearray, size: int) -> None:
    if len(content) > size:
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))


def _sectors(offset: int, data: bytes, sector: int) -> list[tuple[int, bytes]]:
    """The parts of a write that go to the disk each at once."""
    cuts = [offset, *range((offset // sector + 1) * sector, offset + len(data), sector), offset + len(data)]
    return [(a, data[a - offset : b - offset]) for a, b in itertools.pairwise(cuts) if b > a]
