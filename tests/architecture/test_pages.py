"""The pages: a purpose on each, nothing of the machine it was written on, README's commands are real."""

import ast
import importlib
import inspect
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from dashboards.cli import COMMANDS

HOUSE = Path(__file__).resolve().parents[2]
PACKAGES = ("twin", "forecasting", "optimization", "scenarios", "dashboards")
MODULES = sorted(
    str(page.relative_to(HOUSE)) for package in PACKAGES for page in (HOUSE / package).rglob("*.py")
)
LEFT_BEHIND = {
    "a path of one machine": re.compile(r"(?<![\w.~}])/(home|root|Users|work)/\w"),
    "a note to finish it later": re.compile(r"\b(TODO|FIXME|XXX)\b"),
}
README = HOUSE / "README.md"


def pages() -> list[Path]:
    """Every text of the project that git keeps or would keep."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=HOUSE, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("pages: this copy is no git repository")
    kept = (HOUSE / name for name in listed.stdout.splitlines())
    binary = {".woff2", ".png", ".parquet", ".ico"}
    return [page for page in kept if page.is_file() and page.suffix not in binary and page != Path(__file__)]


def readme_commands(program: str) -> list[str]:
    blocks = re.findall(r"```\w*\n(.*?)```", README.read_text(), flags=re.DOTALL)
    lines = [line.strip().split("  #")[0] for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match(rf"(\w+=\S+ )*{program} ", line)]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_begins_with_its_purpose(module: str):
    assert ast.get_docstring(ast.parse((HOUSE / module).read_text())), module


@pytest.mark.parametrize("thing", LEFT_BEHIND)
def test_nothing_is_left_behind(thing: str):
    found = [
        f"{page.relative_to(HOUSE)}:{number}: {line.strip()[:80]}"
        for page in pages()
        for number, line in enumerate(page.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if LEFT_BEHIND[thing].search(line)
    ]

    assert found == []


def test_readme_names_real_commands_and_options():
    named = readme_commands("twin")

    assert named
    for line in named:
        words = shlex.split(line)
        command = words[words.index("twin") + 1]
        assert command in COMMANDS, line
        function = importlib.import_module(f"dashboards.cli.{COMMANDS[command][0]}").command
        known = _options(function)
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            assert option in known, f"{option} in {line}"


def _options(function):
    """The options of a command, as they are typed."""
    known = set()
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        notes = getattr(parameter.annotation, "__metadata__", ())  # typer keeps the first name as a default
        told = [d for m in notes for d in (m.default, *(m.param_decls or ())) if str(d).startswith("--")]
        known.update(told or ["--" + name.replace("_", "-")])
    return known


def test_readme_names_real_make_targets():
    targets = set(re.findall(r"^([\w-]+):", (HOUSE / "Makefile").read_text(), flags=re.MULTILINE))
    named = readme_commands("make")

    assert named
    for line in named:
        assert line.split("make ")[1].split()[0] in targets, line
