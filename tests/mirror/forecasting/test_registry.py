"""A model is loaded only if every byte is the one that was registered."""

import json

import numpy as np
import pytest
import torch

from forecasting.registry import ModelCorrupt, load_model, register
from forecasting.service import forecast
from tests.mirror.forecasting.test_service import a_history
from twin.errors import NotFound, UsageError


@pytest.fixture(scope="module")
def made():
    history = a_history(150, series=1)
    return history, forecast(history, 7, n_paths=0, made_by="lstm")


@pytest.fixture
def stored(made, tmp_path):
    history, result = made
    return tmp_path, register(tmp_path, history, result, config={"seed": 0})


def test_a_registered_model_comes_back_with_its_weights(made, stored):
    folder, name = stored

    model = load_model(folder, name)

    for ours, theirs in zip(model.networks, made[1].champion.networks, strict=True):
        for key, tensor in ours.state_dict().items():
            assert torch.equal(tensor, theirs.state_dict()[key])
    assert model.card["learned_until"] == str(made[0].as_of)


def test_no_flipped_bit_is_loaded(stored):
    folder, name = stored
    chance = np.random.default_rng(0)
    for kind in ("safetensors", "json"):
        path = folder / f"{name}.{kind}"
        whole = path.read_bytes()
        for bit in chance.integers(8 * len(whole), size=100):
            broken = bytearray(whole)
            broken[bit // 8] ^= 1 << (bit % 8)
            path.write_bytes(broken)
            with pytest.raises(ModelCorrupt):
                load_model(folder, name)
        path.write_bytes(whole)
    load_model(folder, name)


@pytest.mark.parametrize("length", [0, 1, 100])
def test_a_truncated_model_is_not_loaded(stored, length):
    folder, name = stored
    path = folder / f"{name}.safetensors"
    path.write_bytes(path.read_bytes()[:length])

    with pytest.raises(ModelCorrupt):
        load_model(folder, name)


def test_a_model_of_other_levels_does_not_fit(stored):
    import hashlib

    folder, name = stored
    card = json.loads((folder / f"{name}.json").read_text())
    card["inputs"]["levels"] = [0.5]
    page = json.dumps(card).encode()
    (folder / f"{name}.json").write_bytes(page)
    entries = json.loads((folder / "register.json").read_text())
    entries[name]["card"] = hashlib.sha256(page).hexdigest()
    (folder / "register.json").write_text(json.dumps(entries))

    with pytest.raises(ModelCorrupt, match="levels"):
        load_model(folder, name)


def test_a_model_that_saw_its_future_is_not_registered(made, tmp_path):
    history, _ = made
    earlier = forecast(history.until(20), 7, n_paths=0, made_by="base")

    with pytest.raises(UsageError, match="after the forecast begins"):
        register(tmp_path, history, earlier, config={})


def test_an_unknown_model_is_not_found(tmp_path):
    with pytest.raises(NotFound):
        load_model(tmp_path, "nothing")
