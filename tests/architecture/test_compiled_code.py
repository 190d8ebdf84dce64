"""Compiled code knows nothing of files outside its hash: not a function, not a constant.

Numba keeps machine code in a folder named by a hash of files (``twin.compiling``). A constant is frozen
into that code, so it has to come from one of these files too, or an edit of it would go unseen.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from twin import compiling

HOUSE = Path(__file__).resolve().parents[2]
TWIN = HOUSE / "twin"
#: the modules that make a decorator for the rest of their package
DECORATORS = sorted(
    file
    for file in TWIN.rglob("*.py")
    if file != Path(compiling.__file__) and " compiler(" in file.read_text()
)


def made_by(decorator: Path) -> tuple[set[Path], set[str]]:
    """Files in the hash of what a module's decorators compile, and the decorators' names."""
    files: set[Path] = set()

    def mark(function: object) -> object:
        return function

    def keep(package: str, of: Iterable[Path], **options: object) -> object:
        files.update(Path(file).resolve() for file in (*of, *compiling.WORDS))
        return mark

    spec = importlib.util.spec_from_file_location("decorators_of_a_test", decorator)
    module = importlib.util.module_from_spec(spec)
    before, compiling.compiler = compiling.compiler, keep
    try:
        spec.loader.exec_module(module)
    finally:
        compiling.compiler = before
    return files, {name for name, value in vars(module).items() if value is mark}


def file_of(module: str) -> Path | None:
    """The file of one of our modules; none of other people's."""
    path = HOUSE.joinpath(*module.split("."))
    found = [p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()]
    return found[0] if found else None


def imported(file: Path) -> dict[str, tuple[str, str]]:
    """Names that a file imports: (module, name there)."""
    names: dict[str, tuple[str, str]] = {}
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: (alias.name, "") for alias in node.names}
    return names


def defined_in(module: str, name: str) -> Path | None:
    """The file of ours in which a name gets its value; none if it is of other people's."""
    inside = file_of(f"{module}.{name}") if name else None
    if inside is not None:
        return inside  # a module
    file = file_of(module)
    if file is None:
        return None
    again = imported(file).get(name)
    return file if again is None else defined_in(*again)


def compiled_parts(file: Path, decorators: set[str]) -> Iterator[ast.FunctionDef]:
    """Functions of a file that are compiled."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            if decorators & {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}:
                yield node


def constants(file: Path) -> Iterator[ast.stmt]:
    """What a file sets as it is imported."""
    yield from (n for n in ast.parse(file.read_text()).body if isinstance(n, ast.Assign | ast.AnnAssign))


def strangers(files: set[Path], decorators: set[str]) -> list[str]:
    """Names that compiled code of these files, or a constant in them, takes from files of ours outside."""
    found = []
    for file in sorted(files):
        names = imported(file)
        parts = [*compiled_parts(file, decorators)]
        takers = [(part.name, part) for part in parts]
        takers += [(f"line {line.lineno}", line) for line in constants(file) if line.value is not None]
        for taker, tree in takers:
            used = ast.walk(tree.value) if isinstance(tree, ast.Assign | ast.AnnAssign) else ast.walk(tree)
            for name in sorted({node.id for node in used if isinstance(node, ast.Name)} & set(names)):
                source = defined_in(*names[name])
                if source is not None and source not in files:
                    found.append(f"{file.name} {taker}: {name} of {source.relative_to(HOUSE)}")
    return found


def test_there_are_packages_that_compile():
    assert TWIN / "engine" / "compiled.py" in DECORATORS


@pytest.mark.parametrize("decorator", DECORATORS, ids=lambda file: file.parent.name)
def test_what_is_compiled_takes_its_names_from_files_in_its_hash(decorator):
    assert strangers(*made_by(decorator)) == []


@pytest.mark.parametrize("decorator", DECORATORS, ids=lambda file: file.parent.name)
def test_all_compiled_parts_of_a_package_are_in_its_hash(decorator):
    files, decorators = made_by(decorator)

    with_parts = {file for file in decorator.parent.rglob("*.py") if any(compiled_parts(file, decorators))}

    assert with_parts
    assert with_parts <= files


def test_a_constant_of_another_file_is_found():
    files, decorators = made_by(TWIN / "engine" / "compiled.py")

    found = strangers({file for file in files if file.parent.name == "engine"}, decorators)

    assert any("NONE of twin/drawing/origins.py" in line for line in found)
    assert any("UNSET of twin/trace.py" in line for line in found)
