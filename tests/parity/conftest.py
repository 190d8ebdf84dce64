"""Every story is told by each engine."""

from __future__ import annotations

import pytest

from twin.engine import ENGINES, Engine


@pytest.fixture(params=ENGINES)
def engine(request) -> Engine:
    """The engine that tells the story."""
    return request.param
