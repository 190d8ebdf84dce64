"""The registry: trained networks on file, each known by the hash of its own bytes.

A model is two files: weights (safetensors, never pickle) and a card (JSON). The name of both is a number
in order of registration and the hash of the card, and the card holds the hash of the weights: so every
byte is checked at every load, and no list beside the files can be damaged. What does not match is not
loaded, and the newest model that is whole serves in its place.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from forecasting.card import (
    Card,
    ModelContract,
    ModelCorrupt,
    ModelHash,
    ModelRefused,
    read_card,
    strict_json,
)
from forecasting.heads import LEVELS
from forecasting.lstm import DemandLSTM
from forecasting.schema import TOLD, differences, schema_hash, schema_of
from forecasting.service import ForecastResult
from twin.errors import NotFound, TwinError, UsageError
from twin.files import write_whole
from twin.records.history import History

__all__ = [
    "ModelContract", "ModelCorrupt", "ModelHash", "ModelRefused", "StoredModel", "data_hash", "is_of_a_model",
    "keep", "last_good", "load_model", "names_of", "read_model", "register",
]  # fmt: skip

KEPT = 5  # models of one kind kept; the older ones are removed (assumed: a month of weekly trainings)
LARGEST = 64 * 2**20  # bytes of weights that are read (assumed: ours have a hundredth of it)
LARGEST_CARD = 2**20  # bytes
_NAME = re.compile(r"\d{6}-[0-9a-f]{32}")


@dataclass(frozen=True)
class StoredModel:
    """A model as loaded.

    Attributes
    ----------
    networks : that serve together; none where the base serves alone
    learner : the network that was judged on recent origins it had not seen, to learn on from
    """

    name: str
    networks: tuple[DemandLSTM, ...]
    card: Card
    learner: DemandLSTM | None = None


def register(
    folder: Path,
    history: History,
    result: ForecastResult,
    *,
    config: dict[str, Any],
    guard: list[list[float]] | None = None,
    replays: bool = False,
    metrics: dict[str, Any] | None = None,
) -> str:
    """Write what a forecast was made with and return its name; where the base serves, a card alone says so.

    Parameters
    ----------
    guard, replays
        As ``forecasting.serving`` measured them: without them the model can be learned on from, and not
        be served as it is.
    metrics
        More to keep beside the scores on recent origins.

    Raises
    ------
    UsageError
        The history ends after the forecast begins: the model has seen its own future. (``E_LEAKAGE``)
    """
    if history.as_of > result.stamps[0]:
        raise UsageError(
            f"the model learned until {history.as_of}, after the forecast begins {result.stamps[0]}; "
            "train it on the history before that",
            code="E_LEAKAGE",
        )
    champion = result.champion
    networks = champion.networks
    made = champion.made
    schema = schema_of(history.frequency)
    told = (champion.learner or networks[0]).lstm.input_size - len(schema["names"]) if networks else 0
    schema["names"] += [f"{TOLD}_{k}" for k in range(told)]  # covariates that the user brought
    every = networks if champion.learner is None else (*networks, champion.learner)
    data = weights_of([network.state_dict() for network in every])
    share = [0.0] if made is None or not networks else [float(x) for x in _flat(made.share)]
    card = Card(
        format="hospital-twin model 1",
        code_version=version("hospital-twin"),
        weights={"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)},  # type: ignore[arg-type]
        networks=len(networks),
        learner=champion.learner is not None,
        inputs=schema,  # type: ignore[arg-type]
        schema_sha256=schema_hash(schema),
        data_sha256=data_hash(history),
        series=len(history.ids),
        periods=len(history.stamps),
        train_end=str(history.as_of),
        origin=str(result.stamps[0]),
        frequency=history.frequency,
        horizon=len(result.stamps),
        future_steps=int(every[0].start.shape[0]) if every else 1,
        share=share,
        guard=guard or [],
        replays=replays,
        reason=champion.reason,
        challenger="" if champion.challenger is None else champion.made_by,  # type: ignore[arg-type]
        config=config,
        metrics={"recent_origins": champion.scores, **(metrics or {})},
    )
    return keep(folder, card, data)


def keep(folder: Path, card: Card, data: bytes) -> str:
    """Write weights and card under the next number, the card last, and remove models that are too old.

    The newest ``KEPT`` stay, and of all models the two newest that load: the one that serves and the last
    good one before it.
    """
    page = page_of(card)
    held = names_of(folder)
    number = int(held[0][:6]) + 1 if held else 1
    name = f"{number:06d}-{hashlib.sha256(page).hexdigest()[:32]}"
    write_whole(folder / f"{name}.safetensors", data)
    write_whole(folder / f"{name}.json", page)
    every = names_of(folder)
    whole = islice((one for one in every if _loads(folder, one)), 2)
    for old in set(every[KEPT:]).difference(whole):
        for kind in ("json", "safetensors"):
            (folder / f"{old}.{kind}").unlink(missing_ok=True)
    return name


def _loads(folder: Path, name: str) -> bool:
    try:
        load_model(folder, name)
    except ModelRefused:
        return False
    return True


def is_of_a_model(name: str) -> bool:
    """Whether a file's name is one that this registry gives, also to one that is being written."""
    stem, _, kind = name.removeprefix(".").partition(".")
    return bool(_NAME.fullmatch(stem)) and kind.split(".")[0] in ("json", "safetensors")


def page_of(card: Card) -> bytes:
    """A card as it stands on file."""
    return json.dumps(card.model_dump(), indent=1, sort_keys=True, allow_nan=False).encode()


def weights_of(states: list[dict[str, Tensor]]) -> bytes:
    """The weights of several networks as safetensors, the same bytes for the same weights."""
    return save(
        {
            f"{k}.{name}": tensor.contiguous()
            for k, state in enumerate(states)
            for name, tensor in state.items()
        }
    )


def names_of(folder: Path) -> list[str]:
    """Models registered in a folder, the newest first."""
    if not folder.is_dir():
        return []
    found = {path.stem for path in folder.iterdir() if path.suffix in (".json", ".safetensors")}
    return sorted((name for name in found if _NAME.fullmatch(name)), reverse=True)


def last_good(folder: Path) -> tuple[StoredModel | None, tuple[ModelRefused, ...]]:
    """The newest model that is whole and fits this version, and why each newer one was refused."""
    refused: list[ModelRefused] = []
    for name in names_of(folder):
        try:
            return load_model(folder, name), tuple(refused)
        except ModelRefused as error:
            refused.append(error)
    return None, tuple(refused)


def load_model(folder: Path, name: str) -> StoredModel:
    """Load a registered model, with every byte checked before it is used.

    Raises
    ------
    ModelCorrupt
        A file is gone, cut short, or no model; ``ModelHash``: its bytes differ from those registered;
        ``ModelContract``: it was made for other inputs. (exit code 3)
    NotFound
        No such model is registered. (exit code 2)
    """
    if not _NAME.fullmatch(name) or name not in names_of(folder):
        raise NotFound(f'no model "{_printable(name)}" is registered in {folder}')
    page = _bytes(folder / f"{name}.json", LARGEST_CARD)
    if not page:
        raise ModelCorrupt(f"{name}.json is empty")
    if hashlib.sha256(page).hexdigest()[:32] != name[7:]:
        raise ModelHash(f"{name}.json does not have the bytes that were registered; not loaded")
    return read_model(name, page, _bytes(folder / f"{name}.safetensors", LARGEST))


def read_model(name: str, page: bytes, data: bytes) -> StoredModel:
    """The model of a card and weights, as ``load_model`` reads them; the card's own hash is the caller's."""
    card = read_card(f"{name}.json", page)
    if len(data) != card.weights.size:
        told = f"{name}.safetensors has {len(data)} bytes, registered were {card.weights.size}"
        raise ModelCorrupt(f"{told}; not loaded")
    found = hashlib.sha256(data).hexdigest()
    if found != card.weights.sha256:
        told = f"{name}.safetensors has hash {found[:16]}..., registered was {card.weights.sha256[:16]}..."
        raise ModelHash(f"{told}; not loaded")
    _check_contract(name, card)
    every = _networks(name, card, _tensors(name, data))
    return StoredModel(name, every[: card.networks], card, every[-1] if card.learner else None)


def data_hash(history: History, periods: int | None = None) -> str:
    """SHA-256 of the names, stamps and counts of a history, or of its first ``periods`` alone."""
    until = len(history.stamps) if periods is None else periods
    page = hashlib.sha256("\n".join(history.ids).encode())
    page.update(history.stamps[:until].to_numpy().astype("datetime64[s]").astype("int64").tobytes())
    page.update(history.values[:, :until].tobytes())
    return page.hexdigest()


def _check_contract(name: str, card: Card) -> None:
    theirs = card.inputs.model_dump()
    if schema_hash(theirs) != card.schema_sha256:
        raise ModelContract(f"the card of model {name} has the hash of another schema of inputs")
    told = differences(theirs, schema_of(card.frequency))
    if told:
        raise ModelContract(
            f"model {name} was made for other inputs: {'; '.join(told)}; train anew, or rebuild it"
        )


def _tensors(name: str, data: bytes) -> dict[str, Tensor]:
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise ModelCorrupt(f"{name}.safetensors: a header of {length} bytes in {len(data)}")
    strict_json(f"the header of {name}.safetensors", data[8 : 8 + length])
    try:
        return load(data)
    except (SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise ModelCorrupt(f"{name}.safetensors is not in the format of safetensors: {error}") from error


def _networks(name: str, card: Card, weights: dict[str, Tensor]) -> tuple[DemandLSTM, ...]:
    """Networks of this version with these weights; every tensor must be there, of its shape, and finite."""
    each = card.inputs.periods_each_step
    networks = []
    for k in range(card.networks + card.learner):
        network = DemandLSTM(
            len(card.inputs.names), each, torch.zeros((card.future_steps * each, len(LEVELS)))
        )
        own = {key: weights.pop(f"{k}.{key}", None) for key in network.state_dict()}
        for key, tensor in network.state_dict().items():
            found = own[key]
            if found is None or found.shape != tensor.shape or found.dtype != tensor.dtype:
                said = "is missing" if found is None else f"is {tuple(found.shape)} of {found.dtype}"
                wanted = f"the network's is {tuple(tensor.shape)} of {tensor.dtype}"
                raise ModelContract(f"model {name}: the tensor {k}.{key} {said}; {wanted}")
            if not bool(torch.isfinite(found).all()):
                raise ModelCorrupt(f"model {name}: the tensor {k}.{key} holds numbers that are not finite")
        network.load_state_dict(own)
        networks.append(network.eval())
    if weights:
        raise ModelContract(f"model {name} has tensors that no network of ours has: {sorted(weights)[0]}")
    return tuple(networks)


def _bytes(path: Path, most: int) -> bytes:
    """The bytes of a regular file; a link, a folder, a pipe or a file too large is refused unread."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ModelCorrupt(f"{path.name} cannot be read: {error.strerror}") from error
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode):
        os.close(handle)
        raise ModelCorrupt(f"{path.name} is no regular file")
    with os.fdopen(handle, "rb") as file:
        if about.st_size > most:
            raise ModelCorrupt(f"{path.name} has {about.st_size:,} bytes; at most {most:,} are read")
        return file.read(most + 1)


def _flat(share: Any) -> list[float]:
    values = [float(x) for x in torch.as_tensor(share).flatten().tolist()]
    if not all(math.isfinite(x) for x in values):
        raise TwinError("the share of the network in a forecast is not a number")
    return values


def _printable(name: str) -> str:
    return name.encode("unicode_escape").decode()[:80]
