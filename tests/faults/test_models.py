"""Bad days of the models: flipped bits, torn and forged files, models of other hospitals' networks.

Each is done to the newer of two registered models. It is never loaded, it is told why, and the older one,
the last good, serves.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import re
import shutil
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from forecasting.card import read_card
from forecasting.registry import (
    ModelContract,
    ModelCorrupt,
    ModelHash,
    ModelRefused,
    StoredModel,
    last_good,
    load_model,
    names_of,
    page_of,
    register,
    weights_of,
)
from forecasting.schema import schema_hash
from forecasting.service import forecast
from scenarios.nights import STALE, stale_night
from tests.faults.bad_inputs import Book
from tests.mirror.forecasting.test_service import a_history
from twin.errors import NotFound, UsageError
from twin.store import open_store

BOOK = Book("forecast")
Harm = Callable[[Path, str, StoredModel], str | None]


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> Path:
    """Two nights' models of a small hospital, each made before the days it forecasts."""
    folder = tmp_path_factory.mktemp("models")
    history = a_history(150, series=1)
    for held in (1, 0):
        known = history.until(held)
        register(folder, known, forecast(known, 7, n_paths=0, made_by="lstm"), config={"held": held})
    return folder


@pytest.fixture
def folder(nights: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(nights, tmp_path / "models"))


def refusal(folder: Path) -> ModelRefused:
    """Why the newer model is refused; the older one serves in its place."""
    newer, older = names_of(folder)
    with pytest.raises(ModelRefused) as alone:
        load_model(folder, newer)
    served, refused = last_good(folder)
    assert served is not None and served.name == older
    assert [str(error) for error in refused] == [str(alone.value)]
    assert alone.value.exit_code == 3
    return alone.value


# ---- flipped bits --------------------------------------------------------------------------------


@BOOK.answers_to("B095", "one flipped bit in the checkpoint")
def flipped_bits(folder: Path) -> None:
    newer, older = names_of(folder)
    chance = np.random.default_rng(95)
    codes = set()
    for kind, flips in (("safetensors", 700), ("json", 300)):
        path = folder / f"{newer}.{kind}"
        whole = path.read_bytes()
        for bit in chance.integers(8 * len(whole), size=flips):
            broken = bytearray(whole)
            broken[bit // 8] ^= 1 << (bit % 8)
            path.write_bytes(broken)
            with pytest.raises(ModelRefused) as refused:
                load_model(folder, newer)
            codes.add(refused.value.code)
        assert last_good(folder)[0].name == older
        path.write_bytes(whole)
    assert codes == {"E_MODEL_HASH"}
    assert last_good(folder)[0].name == newer


@BOOK.answers_to("B094", "checkpoint file truncated at 60 points")
def truncated(folder: Path) -> None:
    path = folder / f"{names_of(folder)[0]}.safetensors"
    whole = path.read_bytes()
    for length in np.linspace(0, len(whole) - 1, 60).astype(int):
        path.write_bytes(whole[:length])
        assert refusal(folder).code == "E_MODEL_CORRUPT"


def test_no_flipped_bit_of_weights_or_card_is_loaded(folder):
    flipped_bits(folder)


def test_no_truncated_model_is_loaded(folder):
    truncated(folder)


# ---- hostile files -------------------------------------------------------------------------------


def forged(folder: Path, name: str, card: dict[str, object] | bytes, data: bytes | None = None) -> None:
    """Put another card (and weights) under a name that agrees with the card's hash, as a forger would."""
    whole = (folder / f"{name}.safetensors").read_bytes() if data is None else data
    if isinstance(card, dict):
        if data is not None:
            card = {**card, "weights": {"sha256": hashlib.sha256(whole).hexdigest(), "size": len(whole)}}
        card = json.dumps(card).encode()
    for kind in ("json", "safetensors"):
        (folder / f"{name}.{kind}").unlink()
    other = f"{name[:6]}-{hashlib.sha256(card).hexdigest()[:32]}"
    (folder / f"{other}.json").write_bytes(card)
    (folder / f"{other}.safetensors").write_bytes(whole)


class Bomb:
    """A pickle that would act when it is read."""

    def __reduce__(self):
        return os.mkdir, ("read_by_pickle",)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps(Bomb()))
    return buffer.getvalue()


def whole(model: StoredModel) -> bytes:
    return weights_of([n.state_dict() for n in (*model.networks, model.learner)])


def tensors(model: StoredModel) -> dict[str, torch.Tensor]:
    return load(whole(model))


def changed(model: StoredModel, key: str, change: Callable[[torch.Tensor], torch.Tensor]) -> bytes:
    own = tensors(model)
    return save({**own, key: change(own[key]).contiguous()})


def twice(data: bytes) -> bytes:
    """The same safetensors with its first tensor named twice in the header."""
    length = struct.unpack("<Q", data[:8])[0]
    header = data[8 : 8 + length].decode().rstrip()
    name, about = next(iter(json.loads(header).items()))
    header = f'{{"{name}":{json.dumps(about)},{header[1:]}'
    header += " " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header.encode() + data[8 + length :]


def nan(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.clone()
    tensor.view(-1)[3] = float("nan")
    return tensor


def fields(model: StoredModel) -> dict[str, object]:
    return model.card.model_dump()


def with_inputs(model: StoredModel, **inputs: object) -> dict[str, object]:
    """A card that was written for other inputs, with their right hash."""
    schema = {**model.card.inputs.model_dump(), **inputs}
    return {**fields(model), "inputs": schema, "schema_sha256": schema_hash(schema)}


def the_weights(data: Callable[[StoredModel], bytes]) -> Harm:
    """Other weights with a card forged to agree: only what they hold can give them away."""
    return lambda folder, name, model: forged(folder, name, fields(model), data(model))


def the_card(card: Callable[[StoredModel], dict[str, object] | bytes]) -> Harm:
    return lambda folder, name, model: forged(folder, name, card(model))


def as_it_is(data: bytes, kind: str = "safetensors") -> Harm:
    def harm(folder: Path, name: str, model: StoredModel) -> None:
        (folder / f"{name}.{kind}").write_bytes(data)

    return harm


def card_of_another(folder: Path, name: str, model: StoredModel) -> None:
    shutil.copy(folder / f"{names_of(folder)[1]}.json", folder / f"{name}.json")


def weights_of_another(folder: Path, name: str, model: StoredModel) -> None:
    shutil.copy(folder / f"{names_of(folder)[1]}.safetensors", folder / f"{name}.safetensors")


def link_outside(folder: Path, name: str, model: StoredModel) -> None:
    path = folder / f"{name}.safetensors"
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")


def a_folder(folder: Path, name: str, model: StoredModel) -> None:
    (folder / f"{name}.safetensors").unlink()
    (folder / f"{name}.safetensors").mkdir()


def a_pipe(folder: Path, name: str, model: StoredModel) -> None:
    (folder / f"{name}.json").unlink()
    os.mkfifo(folder / f"{name}.json")


def gone(kind: str) -> Harm:
    return lambda folder, name, model: (folder / f"{name}.{kind}").unlink()


def too_large(folder: Path, name: str, model: StoredModel) -> None:
    os.truncate(folder / f"{name}.safetensors", 10**12)  # a file of holes: nothing of it is read


BIAS = "0.head.out.bias"
HEADER = struct.pack("<Q", 2**63 - 1)
HOSTILE: dict[str, tuple[Harm, type[ModelRefused], str]] = {
    "empty weights": (as_it_is(b""), ModelCorrupt, "0 bytes"),
    "empty card": (as_it_is(b"", "json"), ModelCorrupt, "empty"),
    "no weights": (gone("safetensors"), ModelCorrupt, "cannot be read"),
    "no card": (gone("json"), ModelCorrupt, "cannot be read"),
    "pickle": (the_weights(lambda m: pickle.dumps(Bomb()) + bytes(99)), ModelCorrupt, "header"),
    "zip of a pickle": (the_weights(lambda m: zipped()), ModelCorrupt, "header"),
    "huge header": (the_weights(lambda m: HEADER + b"{}" + bytes(99)), ModelCorrupt, "header of"),
    "header no JSON": (the_weights(lambda m: struct.pack("<Q", 4) + b"{{{{"), ModelCorrupt, "not JSON"),
    "a tensor named twice": (
        the_weights(lambda m: twice(whole(m))),
        ModelCorrupt, "comes twice",
    ),
    "tail cut off, hash forged": (
        the_weights(lambda m: whole(m)[:-4]),
        ModelCorrupt, "format of safetensors",
    ),
    "another type": (the_weights(lambda m: changed(m, BIAS, torch.Tensor.double)), ModelContract, "float64"),
    "another shape": (the_weights(lambda m: changed(m, BIAS, lambda t: t[:-1])), ModelContract, "tensor"),
    "not a number": (the_weights(lambda m: changed(m, BIAS, nan)), ModelCorrupt, "not finite"),
    "a tensor too many": (
        the_weights(lambda m: save({**tensors(m), "9.extra": torch.zeros(3)})),
        ModelContract, "9.extra",
    ),
    "no tensors": (the_weights(lambda m: save({})), ModelContract, "is missing"),
    "card of another model": (card_of_another, ModelHash, "registered"),
    "weights of another model": (weights_of_another, ModelHash, "registered"),
    "link out of the folder": (link_outside, ModelCorrupt, "cannot be read"),
    "a folder": (a_folder, ModelCorrupt, "no regular file"),
    "a pipe": (a_pipe, ModelCorrupt, "no regular file"),
    "too large": (too_large, ModelCorrupt, "at most"),
    "wrong types": (the_card(lambda m: {**fields(m), "networks": "two"}), ModelCorrupt, "networks"),
    "a number for a text": (the_card(lambda m: {**fields(m), "origin": 3}), ModelCorrupt, "origin"),
    "a field too many": (the_card(lambda m: {**fields(m), "run": "rm"}), ModelCorrupt, "run"),
    "a field too few": (
        the_card(lambda m: {k: v for k, v in fields(m).items() if k != "train_end"}),
        ModelCorrupt, "train_end",
    ),
    "no object": (the_card(lambda m: b"[1, 2]"), ModelCorrupt, "no card"),
    "not UTF-8": (the_card(lambda m: b"\xff\xfe{}"), ModelCorrupt, "not JSON"),
    "endless numbers": (
        the_card(lambda m: page_of(m.card).replace(b'"horizon": 7', b'"horizon": Infinity')),
        ModelCorrupt, "no number",
    ),
    "nested deep": (the_card(lambda m: b"[" * 100_000 + b"]" * 100_000), ModelCorrupt, "100000 deep"),
    "a field twice": (
        the_card(lambda m: b'{"horizon": 99,' + page_of(m.card)[1:]), ModelCorrupt, "comes twice"
    ),
    "a million networks": (the_card(lambda m: {**fields(m), "networks": 10**6}), ModelCorrupt, "networks"),
    "schema's hash of another": (
        the_card(lambda m: {**fields(m), "schema_sha256": "0" * 64}), ModelContract, "another schema"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_no_hostile_file_is_loaded_and_the_last_good_model_serves(folder, what, monkeypatch):
    monkeypatch.chdir(folder.parent)
    harm, kind, told = HOSTILE[what]
    newer = names_of(folder)[0]

    harm(folder, newer, load_model(folder, newer))

    error = refusal(folder)
    assert type(error) is kind, error
    assert told in str(error)
    assert not (folder.parent / "read_by_pickle").exists()


def test_an_unreadable_model_is_not_loaded(folder, monkeypatch):
    secret = f"{names_of(folder)[0]}.safetensors"
    opened = os.open

    def refuse(path, flags, *rest, **more):
        if Path(path).name == secret:  # as the system does to everybody but root
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *rest, **more)

    monkeypatch.setattr("forecasting.registry.os.open", refuse)

    assert "Permission denied" in str(refusal(folder))


@pytest.mark.parametrize("name", ["../models", "/etc/passwd", "000001-", "a\x00b", "..%2f", ".", ""])
def test_a_name_that_leads_elsewhere_is_no_model(folder, name):
    with pytest.raises(NotFound, match="no model"):
        load_model(folder, name)


def test_where_no_model_is_whole_none_serves_and_each_is_told(folder):
    for name in names_of(folder):
        (folder / f"{name}.safetensors").write_bytes(b"torn")

    served, refused = last_good(folder)

    assert served is None
    assert [error.code for error in refused] == ["E_MODEL_CORRUPT"] * 2


# ---- models of other networks, and of the future -------------------------------------------------


@BOOK.answers_to("B097", "checkpoint of another model / other feature order / other scaler")
def other_inputs(folder: Path) -> None:
    name = names_of(folder)[0]
    model = load_model(folder, name)
    names, probe = model.card.inputs.names, model.card.inputs.probe
    others = {
        "another order": {"names": [names[1], names[0], *names[2:]]},
        "scaled otherwise": {"probe": [2 * x + 0.1 for x in probe]},
        "other inputs": {"names": [*names[:-1], "moon"]},
        "hidden": {"hidden": 7},
        "levels": {"levels": [0.5]},
    }
    for told, inputs in others.items():
        forged(folder, names_of(folder)[0], with_inputs(model, **inputs))
        error = refusal(folder)
        assert error.code == "E_MODEL_CONTRACT"
        assert told in str(error)


def test_a_model_of_other_inputs_is_refused_in_words(folder):
    other_inputs(folder)


@BOOK.answers_to("B098", "model trained on data after the forecast origin")
def seen_future(folder: Path) -> None:
    history = a_history(150, series=1)
    earlier = forecast(history.until(20), 7, n_paths=0, made_by="base")
    before = names_of(folder)
    with pytest.raises(UsageError) as refused:
        register(folder, history, earlier, config={})
    assert refused.value.code == "E_LEAKAGE"
    assert names_of(folder) == before


def test_a_model_that_saw_its_future_is_not_registered(folder):
    seen_future(folder)


@BOOK.answers_to("B100", "nightly job finds no new data")
def no_new_data(folder: Path) -> None:
    """The old forecast is kept and recorded as stale, stamped with its age; the night's exit code is 3."""
    with open_store(folder) as store:
        night = store.runs.start("nightly", {}, owner="a test", key="nightly:data")
        store.runs.finish(night, {"source_key": "records"})
        before = store.runs.by_key("nightly:data")
        found = stale_night(store, before, datetime(2026, 1, 5), {}, "nightly:data")
        assert found is not None and found.kept == night.run_id
        assert f"{STALE} done" in [f"{run.kind} {run.state}" for run in store.runs.list()]
        assert store.runs.get(found.run_id).summary["age_hours"] == pytest.approx(37, abs=0.1)
        assert "made 37 hours ago" in found.told
        assert stale_night(store, before, datetime(2026, 1, 5), {}, "nightly:data").run_id == found.run_id


def test_a_night_without_new_data_is_recorded_as_stale(tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    later = datetime.now(UTC) + timedelta(hours=37)
    monkeypatch.setattr("scenarios.nights.now", lambda: later)
    no_new_data(tmp_path)


@pytest.mark.parametrize("name", ["B094", "B095", "B097", "B098", "B100"])
def test_the_list_asks_what_was_answered(name):
    listed = BOOK.skip_unless_listed()

    words, answer = BOOK.answers[name]

    assert listed[name].input == words
    text = Path(__file__).read_text()
    assert answer.__name__ in text
    assert all(code in text for code in re.findall(r"E_[A-Z_]+", listed[name].expected))


def test_a_card_that_is_read_is_the_card_that_was_written(folder):
    model = load_model(folder, names_of(folder)[0])

    assert read_card("again", page_of(model.card)) == model.card
