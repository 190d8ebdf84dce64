"""The command line ``twin``: one short file a command, loaded only when that command is called.

Results go to standard output, everything else to standard error. Errors that a person can mend are
told in their own words with the exit code of DESIGN: 0 ok, 1 failed, 2 usage or configuration,
3 bad or stale data, 4 infeasible, 5 degraded, 75 locked; anything else is one line and a file.
"""

import functools
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.errors import TwinError

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Make a workspace: a hospital to edit and a simulated year of records."),
    "import": ("import_records", "Read records in, all or nothing, faults told by row."),
    "listen": ("listen", "Take HL7 v2 messages over the network into the records."),
    "records": ("records", "Say what records the workspace holds."),
    "forecast": ("forecast", "Forecast demand from a history file or the workspace's records."),
    "backtest": ("backtest", "Score the forecast on the past beside simple rivals."),
    "simulate": ("simulate", "Play a hospital's coming weeks many times and measure them."),
    "optimize": ("optimize", "Plan beds, with certificate and explanation."),
    "plans": ("plans", "List the plans that were made, show one, approve or withdraw it."),
    "compare": ("compare", "Compare what-if scenarios with the base on the same patients."),
    "run": ("run", "The main job: forecast, simulate, optimize, check, store, report."),
    "nightly": ("nightly", "The main job for cron: locked, and done once for a date and its data."),
    "report": ("report", "Write the report of a finished run."),
    "serve": ("serve", "Open the app in a browser, with its worker."),
    "worker": ("worker", "Do the queued work of a workspace."),
    "status": ("status", "Say what has run, what is running and what waits."),
    "doctor": ("doctor", "Check the installation and the workspace."),
    "verify": ("verify", "Compare the twin with answers that others have proved."),
    "backup": ("backup", "Write everything that the workspace keeps into one file."),
    "restore": ("restore", "Make a workspace from a backup."),
    "audit": ("audit", "Verify or list the account of who did what."),
    "schema": ("schema", "Print the JSON Schema of hospital.toml."),
}
"""Each command's name, the module beside this file that holds its ``command`` function, and its help."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``twin`` and leave with its exit code.

    Parameters
    ----------
    arguments
        The words after ``twin``; those of the process when omitted.

    Raises
    ------
    SystemExit
        Always, with the exit code.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _build(words)(args=words, prog_name="twin", standalone_mode=True)
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        code = _say("cancelled", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (head, less) has left
        code = 0
    except Exception as fault:  # noqa: BLE001 - the one place where every fault becomes words and a code
        code = _tell(fault, words)
    sys.exit(code)


def _build(words: Sequence[str]) -> Callable[..., None]:
    """Build the application with only the called command's module loaded."""
    import typer

    app = typer.Typer(
        help="A digital twin of a hospital: forecast demand, simulate patient flow, plan beds, with proof.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(invoke_without_command=True)
    def _root(version: bool = typer.Option(False, "--version", help="Print the version and leave.")) -> None:
        if version:
            from importlib.metadata import version as installed

            typer.echo(installed("hospital-twin"))
            raise typer.Exit

    called = next((word for word in words if not word.startswith("-")), None)
    for name, (module, purpose) in COMMANDS.items():
        function = _load(module, words) if name == called else _only_listed
        app.command(name, help=None if name == called else purpose, short_help=purpose)(function)
    return app


def _load(module: str, words: Sequence[str]) -> Callable[..., None]:
    page = importlib.import_module(f"{__name__}.{module}")
    command: Callable[..., None] = page.command_of(words) if hasattr(page, "command_of") else page.command

    @functools.wraps(command)
    def cancellable(*given: object, **named: object) -> None:
        try:
            command(*given, **named)
        except KeyboardInterrupt:  # told here, because typer would call it a failure
            raise SystemExit(_say("cancelled", 130)) from None

    return cancellable


def _only_listed() -> None:
    """Stand in a list of commands for one that was not called."""


def _tell(fault: Exception, words: Sequence[str]) -> int:
    """Say a fault in one place: our own in their words, any other in one line and a file."""
    if os.environ.get("TWIN_DEBUG") == "1":
        traceback.print_exception(fault)
    from twin.errors import TwinError

    if isinstance(fault, TwinError):
        return _say_refusal(fault, words)
    log = _log_place(words) / "twin-error.log"
    with log.open("a", encoding="utf-8") as page:
        page.write(f"twin {' '.join(words)}\n")
        traceback.print_exception(fault, file=page)
    first_line = (str(fault).splitlines() or [""])[0]
    return _say(
        f"something went wrong inside the twin: {type(fault).__name__}: {first_line}; details in {log}", 1
    )


def _say_refusal(fault: "TwinError", words: Sequence[str]) -> int:
    """Say one of our own faults: in words and, where ``--json`` asks for it, as one document too."""
    if "--json" in words:
        import json

        print(json.dumps({"error": fault.as_table()}, indent=2, ensure_ascii=False))
    return _say(fault.told(), fault.exit_code)


def _say(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _log_place(words: Sequence[str]) -> Path:
    """The workspace when it is there, a folder for temporary files otherwise."""
    named = [after for word, after in pairwise(words) if word == "--workspace"]
    named += [word.removeprefix("--workspace=") for word in words if word.startswith("--workspace=")]
    workspace = Path([os.environ.get("TWIN_WORKSPACE") or "workspace", *named][-1])
    return workspace if workspace.is_dir() and os.access(workspace, os.W_OK) else Path(tempfile.gettempdir())
