"""The pack that comes with the house: small, of this version's inputs, made by the script beside it."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from forecasting import pretrained
from forecasting.contest import hold_contest
from forecasting.pretrained import PACK, pack_for
from forecasting.schema import schema_hash
from forecasting.service import forecast
from tests.mirror.forecasting.test_service import a_history

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "pretrain"


@pytest.fixture(scope="module")
def script():
    loader = importlib.machinery.SourceFileLoader("pretrain", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("pretrain", loader))
    loader.exec_module(module)
    return module


def test_the_shipped_pack_fits_and_is_small():
    assert pack_for("D") is not None, "the network's inputs changed: run python scripts/pretrain"
    assert sum(file.stat().st_size for file in PACK.iterdir()) < 1_000_000


def test_the_pack_is_made_by_the_script_as_it_stands():
    card = json.loads((PACK / "D.json").read_text())

    assert card["data_sha256"] == hashlib.sha256(SCRIPT.read_bytes()).hexdigest()


def test_where_the_pack_has_nothing_training_begins_anew():
    assert pack_for("W") is None


def test_a_pack_of_other_inputs_is_refused_in_words_and_not_used(tmp_path, monkeypatch, caplog):
    shutil.copytree(PACK, tmp_path / "pack")
    page = tmp_path / "pack" / "D.json"
    page.write_text(page.read_text().replace('"hidden": 4', '"hidden": 3', 1))
    card = json.loads(page.read_text())
    page.write_text(json.dumps({**card, "schema_sha256": schema_hash(card["inputs"])}))
    monkeypatch.setattr(pretrained, "PACK", tmp_path / "pack")
    pack_for.cache_clear()

    assert pack_for("D") is None
    assert "E_MODEL_CONTRACT" in caplog.text and "hidden" in caplog.text
    pack_for.cache_clear()


def test_the_same_panels_teach_the_same_network(script, monkeypatch):
    monkeypatch.setattr(script, "BATCHES", 3)
    once, again = (script._learn(5, 200, "GB-ENG", None) for _ in range(2))

    assert all(torch.equal(once[name], again[name]) for name in once)


def test_the_made_up_hospitals_look_like_hospitals(script):
    values, calendar = script.panel(3, "GB-ENG")

    assert values.shape == (script.SERIES, script.DAYS) and (values >= 0).all()
    assert (values == np.rint(values)).all()
    sunday = calendar.position[: script.DAYS] == 6
    ratio = values[:, sunday].mean(axis=1) / values[:, ~sunday].mean(axis=1)
    assert ratio.min() < 0.75 and ratio.max() > 0.9  # planned work rests on Sundays, emergencies do not


def test_a_history_too_short_to_teach_a_network_may_still_be_served_by_the_pack():
    history = a_history(140, series=1)
    judged: list[float] = []

    def contest(*args, **options):
        champion = hold_contest(*args, **options, warm=pack_for("D"))
        judged.extend(champion.scores.values())
        return champion

    result = forecast(history, 28, n_paths=0, country="none", contest=contest)

    assert len(judged) >= 2  # base and pack were compared on recent days, whichever serves
    assert np.isfinite(result.champion.quantiles).all()
