"""The store on both databases: each test that takes ``store`` holds on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from twin.store import Store, open_store

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> str | None:
    """An empty database's address; None for SQLite in the workspace."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def opened(tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Store]]:
    """Open the same store as often as a test has processes to play."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    stores: list[Store] = []

    def open_one() -> Store:
        stores.append(open_store(tmp_path, url))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    return opened()
