"""From the main job to a what-if on the page, with a worker process that really simulates a hospital."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from dashboards.services import whatif
from tests.mirror.scenarios.conftest import TOWN

PATIENCE = 60_000  # a cold worker on a busy machine loads, forecasts and simulates first [ms]


@pytest.fixture
def town(tmp_path: Path, house, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple]:
    """A served town hospital with sixty days of history and a worker of its own."""
    (tmp_path / "hospital.toml").write_text(TOWN)
    daily = np.random.default_rng(4).poisson(20, 60)
    days = [date.today() - timedelta(days=60 - i) for i in range(60)]
    rows = [f"ED,{day},{y}" for day, y in zip(days, daily, strict=True)]
    history = tmp_path / "history.csv"
    history.write_text("\n".join(["unique_id,ds,y", *rows]) + "\n")
    monkeypatch.setattr(whatif, "DAYS", 7)
    monkeypatch.setattr(whatif, "REPLICATIONS", 4)
    worker = subprocess.Popen([sys.executable, "-m", "dashboards.worker", str(tmp_path)])
    yield house, {"history": str(history), "days": 7, "replications": 4}
    worker.terminate()
    worker.wait(10)


def test_an_answer_fills_the_page_and_a_whatif_is_simulated_against_it(town, watched):
    house, asked = town
    watched.goto(house.url)
    house.store.runs.add("run", asked)

    expect(watched.locator("#plan")).to_be_visible(timeout=PATIENCE)
    expect(watched.locator("#notices")).to_contain_text("Base forecast in use")
    expect(watched.locator("#notices")).not_to_contain_text("starts empty")
    expect(watched.locator("#made")).to_contain_text("Run ")

    watched.get_by_role("link", name="What-if", exact=True).click()
    watched.get_by_label("Extra open beds").fill("4")
    watched.get_by_label("Extra open beds").blur()
    watched.get_by_role("button", name="Run", exact=True).click()

    expect(watched.locator("#whatif-table")).to_contain_text("4 of 4 replications", timeout=PATIENCE)
    expect(watched.locator("#whatif-table")).to_contain_text("Open beds, mean")
    expect(watched.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    assert watched.said == []
