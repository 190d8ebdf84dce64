"""The pack: networks that come with the house, taught on simulated hospitals, for a hospital that begins.

A hospital with a few months of records has too few holidays and shifts to learn from. The pack has seen
many made-up ones, and goes on from there. It is rebuilt by ``scripts/pretrain`` whenever the inputs of the
network change; an old one is then refused in words, and training begins anew.
"""

from __future__ import annotations

import hashlib
import logging
from functools import cache
from pathlib import Path

from forecasting.card import ModelContract
from forecasting.registry import read_model
from forecasting.warm import Warm
from twin.records.periods import Frequency

PACK = Path(__file__).parent / "pack"
_log = logging.getLogger("twin.forecasting")


@cache
def pack_for(frequency: Frequency) -> Warm | None:
    """What training begins from for histories of this frequency; None where the pack has nothing for it.

    Raises
    ------
    ModelCorrupt
        A file of the pack is damaged: the house was not installed whole.
    """
    card, weights = PACK / f"{frequency}.json", PACK / f"{frequency}.safetensors"
    if not card.exists():
        return None
    page, data = card.read_bytes(), weights.read_bytes()
    try:
        model = read_model(f"pack-{frequency}", page, data)
    except ModelContract as error:
        _log.warning("the shipped pack is not used: %s  [%s]", error, error.code)
        return None
    state = model.networks[0].state_dict()
    return Warm(state, tuple(network.state_dict() for network in model.networks))


def pack_hash(frequency: Frequency) -> str:
    """SHA-256 of the pack's card, which holds the hash of its weights."""
    return hashlib.sha256((PACK / f"{frequency}.json").read_bytes()).hexdigest()
