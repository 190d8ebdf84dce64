"""The card of a model: what it reads, what it learned from and until when, how good it was.

A card is JSON, read strictly: every field has its type, none may be missing or unknown, no name comes
twice, no number is infinite, and it is not nested deeper than a card is.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twin.errors import BadData
from twin.records.periods import Frequency

DEEPEST = 12  # arrays and objects in each other; a card of ours needs 5
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Real = Annotated[float, Field(allow_inf_nan=False)]


class ModelRefused(BadData):
    """A model that is not loaded, and why."""


class ModelCorrupt(ModelRefused):
    """A file of a model that is gone, cut short, or not what a model is made of."""

    code = "E_MODEL_CORRUPT"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code = type(self).code


class ModelHash(ModelCorrupt):
    """A file of a model with other bytes than were registered."""

    code = "E_MODEL_HASH"


class ModelContract(ModelCorrupt):
    """A whole model that was made for other inputs: other features, order, scale, levels or width."""

    code = "E_MODEL_CONTRACT"


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Weights(_Part):
    """The file beside the card."""

    sha256: Hash
    size: Annotated[int, Field(ge=8)]


class Inputs(_Part):
    """The schema of what the network reads and writes (see ``forecasting.schema``)."""

    names: list[str]
    season: int
    periods_each_step: Annotated[int, Field(ge=1, le=24)]
    past_steps: Annotated[int, Field(ge=1)]
    hidden: Annotated[int, Field(ge=1, le=4096)]
    levels: list[Real]
    probe: list[Real]


class Card(_Part):
    """What is known of a model.

    Attributes
    ----------
    networks, learner : how many networks serve, and whether the one that was judged is kept too
    inputs, schema_sha256 : the schema of its inputs, and the hash of that
    data_sha256, series, periods : of the history it learned from
    train_end : the last instant it learned from; never after ``origin``
    origin : the first instant it was made to forecast
    share : of the network in what serves, one number or one a series; 0 where the base serves alone
    guard : how far each level is moved from the middle, a row a lead; then a row a series, its width
    replays : whether the forecast it was registered with can be made again from weights and card
    challenger : who served in place of base and networks, which are then kept to learn on from; empty: nobody
    metrics : scores on recent origins that it had not learned from, by contestant
    """

    format: Literal["hospital-twin model 1"]
    code_version: str
    weights: Weights
    networks: Annotated[int, Field(ge=0, le=16)]
    learner: bool
    inputs: Inputs
    schema_sha256: Hash
    data_sha256: Hash
    series: Annotated[int, Field(ge=1)]
    periods: Annotated[int, Field(ge=1)]
    train_end: str
    origin: str
    frequency: Frequency
    horizon: Annotated[int, Field(ge=1)]
    future_steps: Annotated[int, Field(ge=1)]
    share: Annotated[list[Real], Field(min_length=1)]
    guard: list[list[Real]]
    replays: bool
    reason: str
    challenger: Literal["", "seasonal_naive", "lightgbm"] = ""
    config: dict[str, Any]
    metrics: dict[str, Any]


def read_card(name: str, data: bytes) -> Card:
    """The card in these bytes.

    Raises
    ------
    ModelCorrupt
        It is no card; the fault is told. (exit code 3)
    """
    try:
        return Card.model_validate(strict_json(name, data))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelCorrupt(f"{name} is no card of a model: {where}: {first['msg']}") from error


def strict_json(name: str, data: bytes) -> Any:
    """JSON with each name once, finite numbers and bounded depth.

    Raises
    ------
    ModelCorrupt
        It is not that.
    """
    depth = deepest = 0
    for byte in data:
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise ModelCorrupt(f"{name} is nested {deepest} deep; a card at most {DEEPEST}")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except ValueError as error:
        raise ModelCorrupt(f"{name} is not JSON: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(name for k, (name, _) in enumerate(pairs) if name in dict(pairs[:k]))
        raise ValueError(f'"{twice}" comes twice')
    return made


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no number")
