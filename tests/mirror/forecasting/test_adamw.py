"""The network's steps are those of torch's own optimizer, without what that loads."""

import subprocess
import sys

import torch

from forecasting.adamw import AdamW


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.SiLU(), torch.nn.Linear(7, 2))


def learn(net: torch.nn.Module, step, forget) -> list[torch.Tensor]:
    chance = torch.Generator().manual_seed(1)
    for _ in range(20):
        loss = net(torch.randn(8, 5, generator=chance)).square().mean()
        forget()
        loss.backward()
        step()
    return [part.detach() for part in net.parameters()]


def test_it_steps_as_torch_does():
    ours, theirs = network(), network()
    own = AdamW(ours.parameters(), lr=3e-3, weight_decay=1e-2)
    other = torch.optim.AdamW(theirs.parameters(), lr=3e-3, weight_decay=1e-2)

    left, right = learn(ours, own.step, own.forget), learn(theirs, other.step, other.zero_grad)

    for a, b in zip(left, right, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)


def test_learning_does_not_load_the_compiler():
    code = (
        "import sys, torch; from forecasting.adamw import AdamW; p = torch.nn.Parameter(torch.ones(3));"
        "o = AdamW([p], lr=0.1, weight_decay=0.0); p.sum().backward(); o.step();"
        "torch.nn.utils.clip_grad_norm_([p], 1.0); print('torch._dynamo' in sys.modules, p[0].item() < 1)"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.split() == ["False", "True"]
