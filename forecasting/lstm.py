"""The global LSTM: one network for every series of a file.

It reads how far the recent past lay from the base, walks on through the known calendar of the coming
days, and says for each period how the base should be moved and how sure one can be. It never sees the
size of a series, only units of its own spread, so large and small wards teach each other.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from forecasting.heads import LEVELS, QuantileHead

HIDDEN = 40  # assumed: 24 learns too little of holidays on daily panels, 80 costs three times the time


class DemandLSTM(nn.Module):
    """Past and future steps in one walk; quantiles of the future ones.

    Input ``steps`` has axes (batch, past + future step, feature); a step is one period, or one day of
    24 hours. Output has axes (batch, future period, level), in units of spread around the base.
    """

    start: Tensor

    def __init__(self, features: int, each: int, start: Tensor) -> None:
        """``start``: the base's own quantiles by lead, shape (future period, level)."""
        super().__init__()
        self.each = each
        self.register_buffer("start", start.unflatten(0, (-1, each)).float())
        self.lstm = nn.LSTM(features, HIDDEN, batch_first=True)
        self.head = QuantileHead(HIDDEN + features, each)

    def forward(self, steps: Tensor) -> Tensor:
        """Quantiles for every future period, shape (batch, period, level)."""
        ahead = self.start.shape[0]
        hidden, _ = self.lstm(steps)
        late = torch.cat([hidden[:, -ahead:], steps[:, -ahead:]], dim=-1)
        return self.head(late, self.start).flatten(1, 2)

    def describe_inputs(self) -> dict[str, object]:
        """What the network reads and writes, for the model card and its check at loading."""
        return {
            "features": self.lstm.input_size,
            "hidden": self.lstm.hidden_size,
            "periods_each_step": self.each,
            "future_steps": int(self.start.shape[0]),
            "levels": list(LEVELS),
        }
