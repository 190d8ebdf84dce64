"""The command line: every listed command is there, is quick to list, and tells faults in one place."""

import importlib
import inspect
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards.cli import COMMANDS, main
from twin.errors import BadData

HEAVY = ("torch", "dash", "plotly", "pyomo", "highspy", "numba", "pandas", "sqlalchemy", "simpy", "scipy")
TWIN = Path(sys.executable).with_name("twin")


def loaded_after(words: list[str]) -> set[str]:
    program = (
        "import sys; from dashboards.cli import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        f"print('loaded:', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    return set(said.splitlines()[-1].removeprefix("loaded:").split())


def test_help_lists_every_command():
    said = subprocess.run([TWIN, "--help"], capture_output=True, text=True, check=True).stdout

    assert all(f" {name} " in said for name in COMMANDS)


def test_help_takes_half_a_second_of_work():
    subprocess.run([TWIN, "--help"], capture_output=True, check=True)  # compiles pages once
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    subprocess.run([TWIN, "--help"], capture_output=True, check=True)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime <= 0.5


def test_help_loads_no_heavy_library():
    assert loaded_after(["--help"]) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_loads_no_heavy_library(name: str):
    assert loaded_after([name, "--help"]) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_listed_command_is_there_and_says_what_it_does(name: str):
    command = importlib.import_module(f"dashboards.cli.{COMMANDS[name][0]}").command

    assert inspect.getdoc(command)


def test_an_unknown_command_is_a_usage_error():
    said = subprocess.run([TWIN, "admit"], capture_output=True, text=True, check=False)

    assert said.returncode == 2
    assert "admit" in said.stderr


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (BadData("row 3 has no date"), 3, "row 3 has no date"),
        (KeyboardInterrupt(), 130, "cancelled"),
        (
            ZeroDivisionError("no beds"),
            1,
            "something went wrong inside the twin: ZeroDivisionError: no beds; details in",
        ),
    ],
)
def test_a_fault_becomes_words_and_an_exit_code(fault, code, words, monkeypatch, capsys, tmp_path):
    import dashboards.cli as cli

    def command() -> None:
        raise fault

    monkeypatch.setitem(sys.modules, "dashboards.cli.faulty", type(sys)("faulty"))
    sys.modules["dashboards.cli.faulty"].command = command
    monkeypatch.setitem(cli.COMMANDS, "faulty", ("faulty", "Fails."))
    monkeypatch.setenv("TWIN_WORKSPACE", str(tmp_path))

    with pytest.raises(SystemExit) as end:
        main(["faulty"])

    assert end.value.code == code
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert (tmp_path / "twin-error.log").exists() == (code == 1)
