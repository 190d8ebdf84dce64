"""The registry: trained networks on file, each known by the hash of its own bytes.

A model is two files: weights (safetensors, never pickle) and a card (JSON: what it reads and writes,
the data it learned from, its scores). Both hashes are checked at every load; what does not match is
not loaded.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from forecasting.heads import LEVELS
from forecasting.lstm import DemandLSTM
from forecasting.service import ForecastResult
from twin.errors import BadData, NotFound, UsageError
from twin.files import write_whole
from twin.records.history import History


class ModelCorrupt(BadData):
    """A model file does not have the bytes it was registered with, or is not a model of ours."""


@dataclass(frozen=True)
class StoredModel:
    """A model as loaded: its networks and its card."""

    name: str
    networks: tuple[DemandLSTM, ...]
    card: dict[str, Any]


def register(folder: Path, history: History, result: ForecastResult, *, config: dict[str, Any]) -> str | None:
    """Write the networks of a forecast and enter them in the register.

    Returns
    -------
    str or None
        The model's name (the first 16 hex digits of its hash); None where the base serves and there is
        no network to keep.

    Raises
    ------
    UsageError
        The history ends after the forecast begins: the model has seen its own future.
    """
    if history.as_of > result.stamps[0]:
        raise UsageError(
            f"the model learned until {history.as_of}, after the forecast begins {result.stamps[0]}"
        )
    networks = result.champion.networks
    if not networks:
        return None
    weights = {
        f"{k}.{name}": tensor.contiguous()
        for k, net in enumerate(networks)
        for name, tensor in net.state_dict().items()
    }
    data = save(weights)
    digest = hashlib.sha256(data).hexdigest()
    card = {
        "sha256": digest,
        "networks": len(networks),
        "inputs": networks[0].describe_inputs(),
        "data_sha256": data_hash(history),
        "learned_until": str(history.as_of),
        "frequency": history.frequency,
        "horizon": len(result.stamps),
        "config": config,
        "scores": result.champion.scores,
        "reason": result.champion.reason,
    }
    name = digest[:16]
    page = json.dumps(card, indent=1, sort_keys=True).encode()
    write_whole(folder / f"{name}.safetensors", data)
    write_whole(folder / f"{name}.json", page)
    entries = _entries(folder) | {name: {"weights": digest, "card": hashlib.sha256(page).hexdigest()}}
    write_whole(folder / "register.json", json.dumps(entries, indent=1, sort_keys=True).encode())
    return name


def load_model(folder: Path, name: str) -> StoredModel:
    """Load a registered model, with every byte checked before it is read.

    Raises
    ------
    ModelCorrupt
        Weights or card differ from what was registered, or do not fit each other. (exit code 3)
    NotFound
        No such model is registered. (exit code 2)
    """
    entry = _entries(folder).get(name)
    if entry is None:
        raise NotFound(f'no model "{name}" is registered in {folder}')
    page = _checked(folder / f"{name}.json", entry["card"])
    data = _checked(folder / f"{name}.safetensors", entry["weights"])
    try:
        card = json.loads(page)
        weights = load(data)
        networks = tuple(_network(card["inputs"], weights, k) for k in range(card["networks"]))
    except (SafetensorError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise ModelCorrupt(f"model {name} does not fit its card: {error}") from error
    return StoredModel(name, networks, card)


def data_hash(history: History) -> str:
    """SHA-256 of the names, stamps and counts of a history."""
    page = hashlib.sha256("\n".join(history.ids).encode())
    page.update(history.stamps.to_numpy().astype("datetime64[s]").astype("int64").tobytes())
    page.update(history.values.tobytes())
    return page.hexdigest()


def _network(inputs: dict[str, Any], weights: dict[str, torch.Tensor], k: int) -> DemandLSTM:
    """One network of a model; the card's contract must be the one this version works to."""
    if inputs["levels"] != list(LEVELS):
        raise ValueError(f"its quantile levels are {inputs['levels']}, ours {list(LEVELS)}")
    own = {name.partition(".")[2]: tensor for name, tensor in weights.items() if name.startswith(f"{k}.")}
    each = int(inputs["periods_each_step"])
    start = torch.zeros((int(inputs["future_steps"]) * each, len(LEVELS)))
    network = DemandLSTM(int(inputs["features"]), each, start)
    network.load_state_dict(own)
    return network.eval()


def _checked(path: Path, digest: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelCorrupt(f"{path.name} cannot be read: {error.strerror}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise ModelCorrupt(
            f"{path.name} has hash {found[:16]}..., registered was {digest[:16]}...; not loaded"
        )
    return data


def _entries(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / "register.json"
    if not path.exists():
        return {}
    try:
        entries = json.loads(path.read_bytes())
    except ValueError as error:
        raise ModelCorrupt(f"{path.name} is not a register: {error}") from error
    if not isinstance(entries, dict):
        raise ModelCorrupt(f"{path.name} is not a register")
    return entries
