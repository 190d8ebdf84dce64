"""A model is loaded only if every byte is the one that was registered, and it reads what we write."""

import json

import numpy as np
import pytest
import torch

from forecasting.registry import KEPT, data_hash, last_good, load_model, names_of, register
from forecasting.schema import differences, schema_of
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
    assert model.card.train_end == str(made[0].as_of)
    assert model.card.data_sha256 == data_hash(made[0])


def test_the_card_says_what_it_learned_from_and_how_good_it_was(made, stored):
    folder, name = stored

    card = json.loads((folder / f"{name}.json").read_text())

    assert card["inputs"]["names"] == schema_of("D")["names"]
    assert card["train_end"] <= card["origin"]
    assert card["metrics"]["recent_origins"]["base"] > 0
    assert card["config"] == {"seed": 0}
    assert card["code_version"]


def test_a_forecast_of_the_base_is_registered_as_such(made, tmp_path):
    history, _ = made
    result = forecast(history, 7, n_paths=0, made_by="base")

    model = load_model(tmp_path, register(tmp_path, history, result, config={}))

    assert model.networks == () and model.card.share == [0.0]


def test_the_newest_model_serves_and_old_ones_are_removed(made, tmp_path):
    history, result = made

    names = [register(tmp_path, history, result, config={"night": k}) for k in range(KEPT + 2)]

    assert names_of(tmp_path) == names[:1:-1]
    assert len(list(tmp_path.iterdir())) == 2 * KEPT
    model, refused = last_good(tmp_path)
    assert model is not None and model.name == names[-1] and refused == ()


def test_a_model_that_saw_its_future_is_not_registered(made, tmp_path):
    history, _ = made
    earlier = forecast(history.until(20), 7, n_paths=0, made_by="base")

    with pytest.raises(UsageError, match="after the forecast begins") as refused:
        register(tmp_path, history, earlier, config={})

    assert refused.value.code == "E_LEAKAGE"
    assert names_of(tmp_path) == []


def test_an_unknown_model_is_not_found(tmp_path):
    with pytest.raises(NotFound):
        load_model(tmp_path, "nothing")


@pytest.mark.parametrize("frequency", ["h", "D", "W", "MS"])
def test_a_schema_differs_from_itself_in_nothing_and_notices_order_scale_and_width(frequency):
    ours = schema_of(frequency)

    assert differences(ours, ours) == []
    swapped = {**ours, "names": [*ours["names"][1:], ours["names"][0]]}
    assert "another order" in differences(swapped, ours)[0]
    scaled = {**ours, "probe": [2 * x + 0.1 for x in ours["probe"]]}
    assert "scaled otherwise" in differences(scaled, ours)[0]
    assert "hidden" in differences({**ours, "hidden": 7}, ours)[0]


def test_what_a_user_brings_is_no_part_of_the_schema():
    ours = schema_of("D")

    assert differences({**ours, "names": [*ours["names"], "told_flu"]}, ours) == []


def test_the_probe_is_what_the_inputs_say(made):
    assert np.isfinite(schema_of("D")["probe"]).all()
    assert len(schema_of("D")["probe"]) == len(schema_of("D")["names"])
